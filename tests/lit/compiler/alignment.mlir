// Rows of the caller's tensors may start anywhere: `alignment=2` takes their 16-bit values one by one. What the compiler lays
// out itself, packed operands, scores and means, is aligned and stays as it is.

// RUN: thrift-opt %s --thrift-schedule=alignment=2 | FileCheck %s --check-prefix=TWO
// RUN: thrift-opt %s --thrift-schedule=alignment=16 | FileCheck %s --check-prefix=SIXTEEN --implicit-check-not=alignment
// RUN: thrift-opt %s --thrift-schedule=alignment=16 -o %t.16
// RUN: thrift-opt %s --thrift-schedule | diff %t.16 -
// RUN: thrift-opt %s --thrift-stage-scheduled=alignment=2 --thrift-stage-nvvm | FileCheck %s --check-prefix=NVVM

// TWO-LABEL:     thrift.kernel @attention
// TWO:           thrift.load %q[%{{.+}}] {alignment = 2 : i32} : <[q_len, 64], f16>
// TWO:           thrift.copy %k[%{{.+}}] to %{{.+}} {alignment = 2 : i32} : <[kv_len, 64], f16>
// TWO:           scf.for
// TWO:             thrift.copy %k[%{{.+}}] to %{{.+}} {alignment = 2 : i32} : <[kv_len, 64], f16>
// TWO:           thrift.store %{{.+}}, %o[%{{.+}}] {alignment = 2 : i32} : <64 x 64, f32, accumulator>, <[q_len, 64], f16>
// SIXTEEN-LABEL: thrift.kernel @attention

// Pairs of queries are put together from two loads. Keys become zero where their row does not exist, and are stored to shared
// memory one by one, without cp.async.
// NVVM-LABEL:    llvm.func @attention(
// NVVM-NOT:      nvvm.cp.async.shared.global
// NVVM:          %[[LOW:.+]] = llvm.load %{{.+}} {alignment = 2 : i64} : !llvm.ptr<1> -> i16
// NVVM:          %[[HIGH:.+]] = llvm.load %{{.+}} {alignment = 2 : i64} : !llvm.ptr<1> -> i16
// NVVM-DAG:      llvm.zext %[[LOW]] : i16 to i32
// NVVM-DAG:      llvm.zext %[[HIGH]] : i16 to i32
// NVVM:          %[[OR_ZERO:.+]] = llvm.select %{{.+}}, %{{.+}}, %{{.+}} : i1, i16
// NVVM-NEXT:     llvm.store %[[OR_ZERO]], %{{.+}} {alignment = 2 : i64} : i16, !llvm.ptr<3>
// NVVM-NOT:      nvvm.cp.async.shared.global
// NVVM:          llvm.call_intrinsic "llvm.nvvm.ff2f16x2.rn"
// NVVM:          llvm.store %{{.+}}, %{{.+}} {alignment = 2 : i64} : i16, !llvm.ptr<1>
// NVVM-NOT:      {alignment = 4 : i64} : i32, !llvm.ptr<1>
// NVVM:          llvm.return
thrift.kernel @attention dims(tiles, q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %o : !thrift.view<[q_len, 64], f16>, %c : f32) {
  %i = thrift.program_id(tiles)
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %k_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// The packed tensor is still written in words, and its scales in bytes.
// TWO-LABEL:     thrift.kernel @quantize
// TWO:           thrift.copy %x[%{{.+}}] to %{{.+}} {alignment = 2 : i32} : <[len, 64], f16>
// SIXTEEN-LABEL: thrift.kernel @quantize
// NVVM-LABEL:    llvm.func @quantize(
// NVVM-NOT:      nvvm.cp.async.shared.global
// NVVM:          llvm.load %{{.+}} {alignment = 2 : i64} : !llvm.ptr<1> -> i16
// NVVM:          llvm.store %{{.+}}, %{{.+}} {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<1>
// NVVM:          llvm.store %{{.+}}, %{{.+}} {alignment = 1 : i64} : i8, !llvm.ptr<1>
// NVVM:          llvm.return
thrift.kernel @quantize dims(tiles, len) (%x : !thrift.view<[len, 64], f16>, %low : !thrift.view<[len, 64], nvfp4>) {
  %t = thrift.program_id(tiles)
  %x_t = thrift.load %x[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %p = thrift.quantize %x_t : !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, nvfp4>
  thrift.store %p, %low[%t] : !thrift.tile<64 x 64, nvfp4>, !thrift.view<[len, 64], nvfp4>
}
