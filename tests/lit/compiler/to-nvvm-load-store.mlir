// Query tiles from memory into fragments, results from fragments to memory.

// RUN: thrift-opt %s --thrift-to-nvvm | FileCheck %s

// Two rows of 16 channels are four words. Rows past the end repeat the last one: they are computed and never stored.
// CHECK-LABEL: llvm.func @load_operand(
// CHECK-SAME:    %[[LEN:[a-z0-9]+]]: i32, %[[Q:[a-z0-9]+]]: !llvm.ptr<1>, %[[STRIDE:[a-z0-9]+]]: i64, %[[I:[a-z0-9]+]]: i32)
// CHECK:         %[[FIRST:.+]] = llvm.mul %[[I]], %{{[0-9]+}}
// CHECK:         %[[LEFT:.+]] = llvm.sub %[[LEN]], %[[FIRST]]
// CHECK-NEXT:    %[[LAST:.+]] = llvm.sub %[[LEFT]], %{{[0-9]+}}
// CHECK:         %[[ROW:.+]] = llvm.intr.smin(%{{.+}}, %[[LAST]]
// CHECK-NEXT:    %[[ABSOLUTE:.+]] = llvm.add %[[FIRST]], %[[ROW]]
// CHECK-NEXT:    %[[WIDE:.+]] = llvm.sext %[[ABSOLUTE]] : i32 to i64
// CHECK-NEXT:    llvm.mul %[[WIDE]], %[[STRIDE]]
// CHECK:         llvm.intr.smin(%{{.+}}, %[[LAST]]
// CHECK-COUNT-4: llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1>
// CHECK-NOT:     llvm.load
thrift.kernel @load_operand dims(len) (%q : !thrift.view<[len, 16], bf16>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %0 = thrift.load %q[%i] : !thrift.view<[len, 16], bf16> -> !thrift.tile<16 x 16, bf16, operand_a>
}

// A row of 64 means: two for each lane, 32 columns apart.
// CHECK-LABEL: llvm.func @load_lanes(
// CHECK:         llvm.load %[[AT:.+]] {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK:         %[[NEXT:.+]] = llvm.getelementptr %[[AT]][128]
// CHECK-NEXT:    llvm.load %[[NEXT]] {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK-NOT:     llvm.load
thrift.kernel @load_lanes dims(tiles) (%q : !thrift.view<[tiles, 64], f32>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %0 = thrift.load %q[%i] : !thrift.view<[tiles, 64], f32> -> !thrift.tile<1 x 64, f32, lanes>
}

// Each of the two rows is written if it exists; two f32 become one word, the first in the lower half.
// CHECK-LABEL: llvm.func @store_f16(
// CHECK-SAME:    %[[LEN:[a-z0-9]+]]: i32,
// CHECK:         %[[EXISTS:.+]] = llvm.icmp "slt" %{{.+}}, %[[LEN]]
// CHECK-NEXT:    scf.if %[[EXISTS]] {
// CHECK:           %[[PAIR:.+]] = llvm.call_intrinsic "llvm.nvvm.ff2f16x2.rn"(%{{.+}}, %{{.+}}) : (f32, f32) -> vector<2xf16>
// CHECK-NEXT:      %[[WORD:.+]] = llvm.bitcast %[[PAIR]] : vector<2xf16> to i32
// CHECK-NEXT:      llvm.store %[[WORD]], %{{.+}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
// CHECK-NEXT:    }
// CHECK:         %[[EXISTS:.+]] = llvm.icmp "slt" %{{.+}}, %[[LEN]]
// CHECK-NEXT:    scf.if %[[EXISTS]] {
// CHECK:           llvm.store %{{.+}}, %{{.+}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
// CHECK-NEXT:    }
// CHECK-NOT:     llvm.store
thrift.kernel @store_f16 dims(len) (%o : !thrift.view<[len, 8], f16>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %s = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %y, %lse = thrift.finish %s : !thrift.softmax<16 x 8> -> !thrift.tile<16 x 8, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  thrift.store %y, %o[%i] : !thrift.tile<16 x 8, f32, accumulator>, !thrift.view<[len, 8], f16>
}

// CHECK-LABEL: llvm.func @store_bf16(
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.nvvm.ff2bf16x2.rn"(%{{.+}}, %{{.+}}) : (f32, f32) -> vector<2xbf16>
// CHECK-NOT:     llvm.call_intrinsic
thrift.kernel @store_bf16 dims(len) (%o : !thrift.view<[len, 8], bf16>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %s = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %y, %lse = thrift.finish %s : !thrift.softmax<16 x 8> -> !thrift.tile<16 x 8, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  thrift.store %y, %o[%i] : !thrift.tile<16 x 8, f32, accumulator>, !thrift.view<[len, 8], bf16>
}

// One lane of each quad writes a row's log-sum-exp, unless the caller passed no vector.
// CHECK-LABEL: llvm.func @store_vector(
// CHECK-SAME:    %[[LEN:[a-z0-9]+]]: i32, %[[LSE:[a-z0-9]+]]: !llvm.ptr<1>,
// CHECK:         %[[NULL:.+]] = llvm.mlir.zero : !llvm.ptr<1>
// CHECK-NEXT:    %[[WANTED:.+]] = llvm.icmp "ne" %[[LSE]], %[[NULL]]
// CHECK:         %[[FIRST:.+]] = llvm.icmp "eq" %{{.+}}, %{{[0-9]+}}
// CHECK-NEXT:    %[[BOTH:.+]] = llvm.and %[[WANTED]], %[[FIRST]]
// CHECK-NEXT:    scf.if %[[BOTH]] {
// CHECK:           %[[EXISTS:.+]] = llvm.icmp "slt" %{{.+}}, %[[LEN]]
// CHECK-NEXT:      scf.if %[[EXISTS]] {
// CHECK:             llvm.store %{{.+}}, %{{.+}} {alignment = 4 : i64} : f32, !llvm.ptr<1>
// CHECK:           scf.if
// CHECK:             llvm.store %{{.+}}, %{{.+}} {alignment = 4 : i64} : f32, !llvm.ptr<1>
// CHECK-NOT:     llvm.store
thrift.kernel @store_vector dims(len) (%v : !thrift.view<[2, len], f32>, %b : i32, %i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %s = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %y, %lse = thrift.finish %s : !thrift.softmax<16 x 8> -> !thrift.tile<16 x 8, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  thrift.store %lse, %v[%b, %i] : !thrift.tile<16 x 1, f32, accumulator>, !thrift.view<[2, len], f32>
}

// Threads past the last column hold a copy, which is not written.
// CHECK-LABEL: llvm.func @store_columns(
// CHECK:         %[[THREAD:.+]] = nvvm.read.ptx.sreg.tid.x
// CHECK:         %[[MINE:.+]] = llvm.icmp "slt" %{{.+}}, %{{[0-9]+}}{{.*}} : i32
// CHECK-NEXT:    scf.if %[[MINE]] {
// CHECK:           llvm.store %{{.+}}, %{{.+}} {alignment = 4 : i64} : f32, !llvm.ptr<1>
// CHECK-NEXT:    }
// CHECK-NEXT:    llvm.return
thrift.kernel @store_columns dims(len, tiles) (%m : !thrift.view<[tiles, 64], f32>, %t : i32) attributes {threads = 128 : i32, shared_bytes = 4096 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<32 x 64, f16, shared>>
  %x = thrift.slot %ring[%t] : !thrift.ring<1 x !thrift.tile<32 x 64, f16, shared>> -> !thrift.tile<32 x 64, f16, shared>
  %y = thrift.summarize %x rows(%t of len) : !thrift.tile<32 x 64, f16, shared> -> !thrift.tile<1 x 64, f32, columns>
  thrift.store %y, %m[%t] : !thrift.tile<1 x 64, f32, columns>, !thrift.view<[tiles, 64], f32>
}
