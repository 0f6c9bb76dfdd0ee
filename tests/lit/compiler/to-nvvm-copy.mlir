// thrift.copy becomes 16-byte cp.async, spread over the CTA's threads.

// RUN: thrift-opt %s --thrift-to-nvvm --cse | FileCheck %s

// 32 rows of 64 f16 are 256 chunks: two for each of 128 threads. A row past the end asks for no bytes, which fills the chunk
// with zeros; its address is row 0 of the tensor, so that it never leaves it.
// CHECK-LABEL: llvm.func @strided(
// CHECK-SAME:    %{{[^ ]+}}: i32, %[[LEN:[a-z0-9]+]]: i32, %[[K:[a-z0-9]+]]: !llvm.ptr<1>, %[[S0:[a-z0-9]+]]: i64, %[[S1:[a-z0-9]+]]: i64, %[[B:[a-z0-9]+]]: i32, %[[J:[a-z0-9]+]]: i32)
// CHECK-DAG:     %[[CHUNK:.+]] = llvm.mlir.constant(16 : i32) : i32
// CHECK-DAG:     %[[ROWS:.+]] = llvm.mlir.constant(32 : i32) : i32
// CHECK-DAG:     %[[NONE:.+]] = llvm.mlir.constant(0 : i32) : i32
// CHECK:         %[[MORE:.+]] = arith.cmpi slt, %[[B]], %[[J]]
// CHECK:         scf.if %[[MORE]] {
// CHECK:           %[[B64:.+]] = llvm.sext %[[B]] : i32 to i64
// CHECK:           llvm.mul %[[B64]], %[[S0]]
// CHECK:           %[[FIRST:.+]] = llvm.mul %[[J]], %[[ROWS]]
// CHECK:           %[[THREAD:.+]] = nvvm.read.ptx.sreg.tid.x
// CHECK:           %[[ROW:.+]] = llvm.udiv
// CHECK:           %[[ABSOLUTE:.+]] = llvm.add %[[FIRST]], %[[ROW]]
// CHECK-NEXT:      %[[EXISTS:.+]] = llvm.icmp "slt" %[[ABSOLUTE]], %[[LEN]]
// CHECK:           llvm.select %[[EXISTS]], %[[ROW]], %{{.+}} : i1, i32
// CHECK:           llvm.xor
// CHECK:           %[[BYTES:.+]] = llvm.select %[[EXISTS]], %[[CHUNK]], %[[NONE]] : i1, i32
// CHECK:           nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 16, cache = cg, %[[BYTES]] : !llvm.ptr<3>, !llvm.ptr<1>, i32
// CHECK:           nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 16, cache = cg, %{{.+}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
// CHECK-NOT:       nvvm.cp.async.shared.global
// CHECK:         }
thrift.kernel @strided dims(batch, len) (%k : !thrift.view<[batch, len, 64], f16>, %b : i32, %j : i32)
    attributes {threads = 128 : i32, shared_bytes = 8192 : i32} {
  %more = arith.cmpi slt, %b, %j : i32
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<32 x 64, f16, shared>>
  thrift.copy %k[%b, %j] to %ring[%j] if(%more) : !thrift.view<[batch, len, 64], f16>, !thrift.ring<2 x !thrift.tile<32 x 64, f16, shared>>
}

// The same bytes for bf16; 16 rows are one chunk for each thread.
// CHECK-LABEL: llvm.func @bfloat(
// CHECK-COUNT-1: nvvm.cp.async.shared.global {{.+}}, 16, cache = cg, %{{.+}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
// CHECK-NOT:     nvvm.cp.async.shared.global
thrift.kernel @bfloat dims(len) (%k : !thrift.view<[len, 64], bf16>, %j : i32) attributes {threads = 128 : i32, shared_bytes = 4096 : i32} {
  %yes = arith.constant true
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<16 x 64, bf16, shared>>
  thrift.copy %k[%j] to %ring[%j] if(%yes) : !thrift.view<[len, 64], bf16>, !thrift.ring<2 x !thrift.tile<16 x 64, bf16, shared>>
}

// Packed tiles are contiguous and padded in memory: no bound is checked. 64 x 64 values are 128 chunks of elements, one for
// each thread, and 16 of scales, which lie 2048 bytes behind them in shared memory.
// CHECK-LABEL: llvm.func @packed(
// CHECK-SAME:    %{{[^ ]+}}: i32, %{{[^ ]+}}: i32, %[[ELEMENTS:[a-z0-9]+]]: !llvm.ptr<1>, %[[SCALES:[a-z0-9]+]]: !llvm.ptr<1>,
// CHECK-DAG:     %[[TILE:.+]] = llvm.mlir.constant(2048 : i64) : i64
// CHECK-DAG:     %[[SCALE_TILE:.+]] = llvm.mlir.constant(256 : i64) : i64
// CHECK-DAG:     %[[SCALE_CHUNKS:.+]] = llvm.mlir.constant(16 : i32) : i32
// CHECK-DAG:     %[[EO:.+]] = llvm.mul %[[LINEAR:.+]], %[[TILE]] : i64
// CHECK-DAG:     %[[E:.+]] = llvm.getelementptr %[[ELEMENTS]][%[[EO]]]
// CHECK-DAG:     %[[SO:.+]] = llvm.mul %[[LINEAR]], %[[SCALE_TILE]] : i64
// CHECK-DAG:     %[[S:.+]] = llvm.getelementptr %[[SCALES]][%[[SO]]]
// CHECK:         %[[FROM:.+]] = llvm.getelementptr %[[E]]
// CHECK:         nvvm.cp.async.shared.global %{{.+}}, %[[FROM]], 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
// CHECK:         %[[HAS:.+]] = llvm.icmp "slt" %{{.+}}, %[[SCALE_CHUNKS]]
// CHECK:         scf.if %[[HAS]] {
// CHECK:           %[[FROM:.+]] = llvm.getelementptr %[[S]]
// CHECK:           llvm.getelementptr %{{.+}}[2048]
// CHECK:           nvvm.cp.async.shared.global %{{.+}}, %[[FROM]], 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
// CHECK:         }
// CHECK-NOT:     nvvm.cp.async.shared.global
thrift.kernel @packed dims(batch, len) (%k : !thrift.view<[batch, len, 64], nvfp4>, %b : i32, %j : i32)
    attributes {threads = 128 : i32, shared_bytes = 4608 : i32} {
  %yes = arith.constant true
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, nvfp4, shared>>
  thrift.copy %k[%b, %j] to %ring[%j] if(%yes) : !thrift.view<[batch, len, 64], nvfp4>, !thrift.ring<2 x !thrift.tile<64 x 64, nvfp4, shared>>
}
