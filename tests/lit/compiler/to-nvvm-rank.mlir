// Scores of block means, and exact selection.

// RUN: thrift-opt %s --thrift-to-nvvm | FileCheck %s

// A warp scores one block at a time: partial sums by fused multiply-adds from zero, then a butterfly with falling distances.
// CHECK-LABEL: llvm.func @rank(
// CHECK:         %[[ZERO:.+]] = llvm.mlir.constant(0.000000e+00 : f32) : f32
// CHECK:         %[[Q0:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK:         %[[Q1:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK:         scf.for %[[J:.+]] = %{{.+}} to %{{.+}} step %{{[0-9]+}}
// CHECK:           %[[K0:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK:           %[[S0:.+]] = llvm.intr.fma(%[[Q0]], %[[K0]], %{{.+}})
// CHECK:           %[[K1:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK:           %[[S1:.+]] = llvm.intr.fma(%[[Q1]], %[[K1]], %[[S0]])
// CHECK:           nvvm.shfl.sync bfly %{{.+}}, %[[S1]], %{{[0-9]+}}
// CHECK:           nvvm.shfl.sync bfly %{{.+}}, %{{.+}}, %{{[0-9]+}}
// CHECK:           nvvm.shfl.sync bfly %{{.+}}, %{{.+}}, %{{[0-9]+}}
// CHECK:           nvvm.shfl.sync bfly %{{.+}}, %{{.+}}, %{{[0-9]+}}
// CHECK:           nvvm.shfl.sync bfly %{{.+}}, %{{.+}}, %{{[0-9]+}}
// CHECK-NEXT:      %[[SCORE:.+]] = llvm.fadd
// CHECK-NEXT:      %[[FIRST:.+]] = llvm.icmp "eq" %{{.+}}, %{{[0-9]+}}
// CHECK-NEXT:      scf.if %[[FIRST]] {
// CHECK:             llvm.store %[[SCORE]], %{{.+}} {alignment = 4 : i64} : f32, !llvm.ptr<1>
// CHECK:         llvm.return
thrift.kernel @rank dims(tiles, blocks, q_len, kv_len)
    (%q_mean : !thrift.view<[tiles, 64], f32>, %k_mean : !thrift.view<[blocks, 64], f32>, %scores : !thrift.view<[tiles, blocks], f32>, %i : i32)
    attributes {threads = 128 : i32, shared_bytes = 0 : i32} {
  %m = thrift.load %q_mean[%i] : !thrift.view<[tiles, 64], f32> -> !thrift.tile<1 x 64, f32, lanes>
  thrift.rank %m, %k_mean[] for(%i) causal blocks(128 x 64) into %scores[%i]
    : !thrift.tile<1 x 64, f32, lanes>, !thrift.view<[blocks, 64], f32>, !thrift.view<[tiles, blocks], f32>
}

// Selection follows a barrier and is one warp's work: the count, never past the capacity; a threshold, bit by bit, from
// votes on order-preserving keys; then ids in ascending order, ties from the left.
// CHECK-LABEL: llvm.func @select(
// CHECK-SAME:    %[[CAPACITY:[a-z0-9]+]]: i32, %[[PPM:[a-z0-9]+]]: i32, %[[TOP:[a-z0-9]+]]: i32, %[[MIN:[a-z0-9]+]]: i32, %[[SINK:[a-z0-9]+]]: i32, %[[LOCAL:[a-z0-9]+]]: i32, %[[I:[a-z0-9]+]]: i32)
// CHECK:         nvvm.barrier0
// CHECK:         scf.if %{{.+}} {
// CHECK:           llvm.intr.smax(%[[SINK]],
// CHECK:           %[[COUNT:.+]] = llvm.intr.smin(%{{.+}}, %[[CAPACITY]]
// CHECK:           llvm.store %[[COUNT]], %{{.+}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
// CHECK:           scf.for %{{.+}} = %{{.+}} to %{{[0-9]+}}{{.*}} step %{{[0-9]+}}{{.*}} iter_args
// CHECK:             %{{.+}} = scf.for
// NaN above everything but what is forced.
// CHECK:               llvm.fcmp "uno"
// CHECK:               %{{.+}} = nvvm.vote.sync ballot
// CHECK:               llvm.intr.ctpop
// CHECK:             llvm.icmp "sge" %{{.+}}, %[[COUNT]]
// CHECK:           llvm.sub %[[COUNT]],
// CHECK:           scf.for
// CHECK:             nvvm.vote.sync ballot
// CHECK:             %[[TAKEN:.+]] = llvm.and %{{.+}}, %{{.+}} : i1
// CHECK:             nvvm.vote.sync ballot
// CHECK:             scf.if
// CHECK:               llvm.store %{{.+}}, %{{.+}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
// CHECK:         llvm.return
thrift.kernel @select dims(b, h, tiles, blocks, q_len, kv_len)
    (%scores : !thrift.view<[tiles, blocks], f32>, %r : !thrift.routes<[b, h, tiles]>,
     %ppm : i32, %top : i32, %min : i32, %sink : i32, %local : i32, %i : i32) attributes {threads = 128 : i32, shared_bytes = 0 : i32} {
  thrift.select %scores[%i] for(%i) causal blocks(128 x 64) budget(%ppm, %top, %min) forced(%sink, %local) into %r[%i, %i, %i]
    : !thrift.view<[tiles, blocks], f32>, !thrift.routes<[b, h, tiles]>
}
