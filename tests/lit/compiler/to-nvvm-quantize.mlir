// Block means and group quantisers on shared tiles: one column, or one group of 16 values, for each thread.

// RUN: thrift-opt %s --thrift-to-nvvm | FileCheck %s

// The rows that exist are added in ascending order and multiplied by a correctly rounded 1 / n. Thread t has column t mod 64.
// CHECK-LABEL: llvm.func @summarize(
// CHECK-SAME:    %[[LEN:[a-z0-9]+]]: i32, %[[T:[a-z0-9]+]]: i32)
// CHECK:         %[[FIRST:.+]] = llvm.mul %[[T]], %{{[0-9]+}}
// CHECK:         %[[LEFT:.+]] = llvm.sub %[[LEN]], %[[FIRST]]
// CHECK:         %[[ROWS:.+]] = llvm.intr.smin(%[[LEFT]], %{{[0-9]+}}
// CHECK:         %[[THREAD:.+]] = nvvm.read.ptx.sreg.tid.x
// CHECK-NEXT:    llvm.urem %[[THREAD]], %{{[0-9]+}}
// CHECK:         %[[SUM:.+]] = scf.for %{{.+}} = %{{.+}} to %[[ROWS]] step %{{.+}} iter_args(%[[SO_FAR:.+]] = %{{.+}}) -> (f32)
// CHECK:           %[[BITS:.+]] = llvm.load %{{.+}} {alignment = 2 : i64} : !llvm.ptr<3> -> i16
// CHECK-NEXT:      %[[HALF:.+]] = llvm.bitcast %[[BITS]] : i16 to f16
// CHECK-NEXT:      %[[VALUE:.+]] = llvm.fpext %[[HALF]] : f16 to f32
// CHECK-NEXT:      llvm.fadd %[[SO_FAR]], %[[VALUE]]
// CHECK:         %[[N:.+]] = llvm.sitofp %[[ROWS]]
// CHECK-NEXT:    %[[INVERSE:.+]] = llvm.fdiv %{{.+}}, %[[N]]
// CHECK-NEXT:    llvm.fmul %[[SUM]], %[[INVERSE]]
thrift.kernel @summarize dims(len) (%t : i32) attributes {threads = 128 : i32, shared_bytes = 4096 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<32 x 64, f16, shared>>
  %x = thrift.slot %ring[%t] : !thrift.ring<1 x !thrift.tile<32 x 64, f16, shared>> -> !thrift.tile<32 x 64, f16, shared>
  %m = thrift.summarize %x rows(%t of len) : !thrift.tile<32 x 64, f16, shared> -> !thrift.tile<1 x 64, f32, columns>
}

// bf16 is widened by moving its bits.
// CHECK-LABEL: llvm.func @summarize_bf16(
// CHECK:         %[[BITS:.+]] = llvm.load %{{.+}} {alignment = 2 : i64} : !llvm.ptr<3> -> i16
// CHECK-NEXT:    %[[WORD:.+]] = llvm.zext %[[BITS]] : i16 to i32
// CHECK-NEXT:    %[[UPPER:.+]] = llvm.shl %[[WORD]], %{{[0-9]+}}
// CHECK-NEXT:    llvm.bitcast %[[UPPER]] : i32 to f32
thrift.kernel @summarize_bf16 dims(len) (%t : i32) attributes {threads = 128 : i32, shared_bytes = 4096 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<32 x 64, bf16, shared>>
  %x = thrift.slot %ring[%t] : !thrift.ring<1 x !thrift.tile<32 x 64, bf16, shared>> -> !thrift.tile<32 x 64, bf16, shared>
  %m = thrift.summarize %x rows(%t of len) : !thrift.tile<32 x 64, bf16, shared> -> !thrift.tile<1 x 64, f32, columns>
}

// Along columns: 16 channels of one row are two chunks of 16 bytes. The largest magnitude over 6 gives the scale, its
// inverse the elements; eight of them are a word. A group that is not finite has elements 0 and scale 0x7F.
// CHECK-LABEL: llvm.func @along_columns(
// CHECK-COUNT-2: llvm.load %{{.+}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<8xi16>
// CHECK-COUNT-15: llvm.intr.maximum
// CHECK:         %[[BITS:.+]] = llvm.bitcast %{{.+}} : f32 to i32
// CHECK-NEXT:    %[[BAD:.+]] = llvm.icmp "uge" %[[BITS]], %{{[0-9]+}}
// CHECK-NEXT:    %[[RATIO:.+]] = llvm.fdiv %{{.+}}, %{{.+}} : f32
// CHECK-NEXT:    llvm.intr.minnum(%[[RATIO]],
// CHECK:         %[[CODE:.+]] = llvm.select %{{.+}}, %{{.+}}, %{{.+}} : i1, i32
// CHECK-NEXT:    %[[ZERO:.+]] = llvm.icmp "eq" %[[CODE]], %{{[0-9]+}}
// CHECK:         %[[QUOTIENT:.+]] = llvm.fdiv
// CHECK-NEXT:    %[[INVERSE:.+]] = llvm.select %[[ZERO]], %{{.+}}, %[[QUOTIENT]] : i1, f32
// CHECK-COUNT-16: llvm.fmul %{{.+}}, %[[INVERSE]] : f32
// CHECK:         %[[HIGH:.+]] = llvm.select %[[BAD]], %{{[0-9]+}}{{.*}}, %{{.+}} : i1, i32
// CHECK-NEXT:    %[[SCALE:.+]] = llvm.select %[[BAD]], %{{[0-9]+}}, %[[CODE]] : i1, i32
// CHECK:         %[[WORDS:.+]] = llvm.insertelement %[[HIGH]], %{{.+}} : vector<2xi32>
// CHECK-NEXT:    llvm.store %[[WORDS]], %{{.+}} {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<1>
// CHECK:         %[[BYTE:.+]] = llvm.trunc %[[SCALE]] : i32 to i8
// CHECK:         llvm.store %[[BYTE]], %{{.+}} {alignment = 1 : i64} : i8, !llvm.ptr<1>
// CHECK-NOT:     llvm.store
thrift.kernel @along_columns dims(len) (%y : !thrift.view<[len, 64], nvfp4>, %t : i32, %first : i32)
    attributes {threads = 128 : i32, shared_bytes = 4096 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<32 x 64, f16, shared>>
  %x = thrift.slot %ring[%t] : !thrift.ring<1 x !thrift.tile<32 x 64, f16, shared>> -> !thrift.tile<32 x 64, f16, shared>
  %g = thrift.slice %x from %first : !thrift.tile<32 x 64, f16, shared> -> !thrift.tile<32 x 64, f16, groups>
  %p = thrift.quantize %g : !thrift.tile<32 x 64, f16, groups> -> !thrift.tile<32 x 64, nvfp4, groups>
  thrift.store %p, %y[%t] from %first of !thrift.tile<32 x 64, nvfp4> : !thrift.tile<32 x 64, nvfp4, groups>, !thrift.view<[len, 64], nvfp4>
}

// Along rows: 16 tokens of one channel are read one by one, and written where the fragments of P V will look for them: two
// bytes for each lane of a quad, 8 bytes apart.
// CHECK-LABEL: llvm.func @along_rows(
// CHECK-COUNT-16: llvm.load %{{.+}} {alignment = 2 : i64} : !llvm.ptr<3> -> i16
// CHECK-NOT:     llvm.load
// CHECK:         %[[SCALE:.+]] = llvm.select %{{.+}}, %{{[0-9]+}}, %{{.+}} : i1, i32
// CHECK:         llvm.store %{{.+}}, %[[AT:.+]] {alignment = 2 : i64} : i16, !llvm.ptr<1>
// CHECK:         %[[AT8:.+]] = llvm.getelementptr %[[AT]][8]
// CHECK:         llvm.store %{{.+}}, %[[AT8]] {alignment = 2 : i64} : i16, !llvm.ptr<1>
// CHECK:         %[[AT16:.+]] = llvm.getelementptr %[[AT]][16]
// CHECK:         llvm.store %{{.+}}, %[[AT16]] {alignment = 2 : i64} : i16, !llvm.ptr<1>
// CHECK:         %[[AT24:.+]] = llvm.getelementptr %[[AT]][24]
// CHECK:         llvm.store %{{.+}}, %[[AT24]] {alignment = 2 : i64} : i16, !llvm.ptr<1>
// CHECK:         llvm.store %{{.+}}, %{{.+}} {alignment = 1 : i64} : i8, !llvm.ptr<1>
// CHECK-NOT:     llvm.store
thrift.kernel @along_rows dims(len) (%y : !thrift.view<[64, len], nvfp4>, %t : i32, %first : i32)
    attributes {threads = 128 : i32, shared_bytes = 8192 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<64 x 64, f16, shared>>
  %x = thrift.slot %ring[%t] : !thrift.ring<1 x !thrift.tile<64 x 64, f16, shared>> -> !thrift.tile<64 x 64, f16, shared>
  %g = thrift.slice %x columns from %first : !thrift.tile<64 x 64, f16, shared> -> !thrift.tile<64 x 32, f16, groups>
  %p = thrift.quantize %g transposed : !thrift.tile<64 x 32, f16, groups> -> !thrift.tile<32 x 64, nvfp4, groups>
  thrift.store %p, %y[%t] from %first of !thrift.tile<64 x 64, nvfp4> : !thrift.tile<32 x 64, nvfp4, groups>, !thrift.view<[64, len], nvfp4>
}
