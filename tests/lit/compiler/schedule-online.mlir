// The portable schedule of the online router's sweeps: the same loops, over lists that need no cursor. A barrier stands before
// each sweep but the first, so the closing one finds the sets of every warp. Each sweep loads its own query tile, since both
// precisions through all sweeps are more registers than a thread has.

// RUN: thrift-opt %s --thrift-schedule=exp2=poly | FileCheck %s

// CHECK-LABEL: thrift.kernel @online
// CHECK:         threads = 128 : i32
// CHECK:         %[[R:.+]] = thrift.start_router
// CHECK-NOT:     thrift.load %q_low
// CHECK:         thrift.load %q[
// CHECK-NOT:     thrift.barrier
// CHECK:         thrift.seek seeds(%{{.+}}) causal blocks(64 x 64) by %[[R]]
// CHECK:         %[[SEEDED:.+]]:4 = scf.for
// CHECK:           thrift.next seeds after(
// CHECK:         thrift.load %q_low
// CHECK:         thrift.barrier
// CHECK-NEXT:    thrift.seek rest(%{{.+}}) causal blocks(64 x 64) by %[[R]]
// CHECK:         scf.for
// CHECK-SAME:      iter_args(%[[S:.+]] = %[[SEEDED]]#0
// CHECK:           %[[X:.+]] = thrift.dot %{{.+}}, %{{.+}} {scale_log2 = 14 : i32}
// CHECK-NEXT:      %[[K:.+]] = thrift.promote %[[X]], %[[S]] at(%{{.+}}) by %[[R]] {exp2 = "poly", logit_scale_log2 = 14 : i32} : <64 x 64, f32, accumulator>
// CHECK-NEXT:      thrift.online_softmax %[[K]], %[[S]] scale(%c) {exp2 = "poly", guard, logit_scale_log2 = 14 : i32}
// CHECK:         thrift.load %q[
// CHECK:         thrift.barrier
// CHECK-NEXT:    thrift.seek promoted(%{{.+}}) causal blocks(64 x 64) by %[[R]]
// CHECK:           %[[Y:.+]] = thrift.dot
// CHECK-NEXT:      %[[K:.+]] = thrift.keep_promoted %[[Y]] at(%{{.+}}) by %[[R]] : <64 x 64, f32, accumulator>
// CHECK-NEXT:      thrift.online_softmax %[[K]]
thrift.kernel @online dims(batch, q_heads, q_tiles, q_len, kv_len)
    (%q : !thrift.view<[batch, q_heads, q_len, 64], f16>, %k : !thrift.view<[batch, q_heads, kv_len, 64], f16>,
     %v : !thrift.view<[batch, q_heads, kv_len, 64], f16>,
     %q_low : !thrift.view<[batch, q_heads, q_len, 64], nvfp4>, %k_low : !thrift.view<[batch, q_heads, kv_len, 64], nvfp4>,
     %v_low : !thrift.view<[batch, q_heads, 64, kv_len], nvfp4>, %d : !thrift.decisions<[batch, q_heads, q_tiles] by 16>,
     %o : !thrift.view<[batch, q_heads, q_len, 64], f16>, %c : f32, %tau : f32, %lambda : f32, %n : i32, %top : i32) {
  %b, %h, %i = thrift.program_id(batch, q_heads, q_tiles)
  %q_i = thrift.load %q[%b, %h, %i] : !thrift.view<[batch, q_heads, q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %q_l = thrift.load %q_low[%b, %h, %i] : !thrift.view<[batch, q_heads, q_len, 64], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %r = thrift.start_router %d[%b, %h, %i] causal blocks(64 x 64) seeds(%n, %n) cap(%n, %top) thresholds(%tau, %lambda) scale(%c)
     : !thrift.decisions<[batch, q_heads, q_tiles] by 16> -> !thrift.router<64 by 16>
  %s1 = thrift.sweep seeds(%i) causal by %r : !thrift.router<64 by 16> with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%b, %h, %j] : !thrift.view<[batch, q_heads, kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%b, %h, %j] : !thrift.view<[batch, q_heads, kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w) : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %s2 = thrift.sweep rest(%i) causal by %r : !thrift.router<64 by 16> with(%s1) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k_low[%b, %h, %j] : !thrift.view<[batch, q_heads, kv_len, 64], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
    %x = thrift.dot %q_l, %k_j : !thrift.tile<64 x 64, nvfp4>, !thrift.tile<64 x 64, nvfp4> -> !thrift.tile<64 x 64, f32>
    %y = thrift.promote %x, %s at(%j) by %r : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>, !thrift.router<64 by 16>
    %w, %t = thrift.online_softmax %y, %s scale(%c) {guard} : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v_low[%b, %h, %j] : !thrift.view<[batch, q_heads, 64, kv_len], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
    %u = thrift.accumulate %p, %v_j transposed, %t sum(%w) : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, nvfp4>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %s3 = thrift.sweep promoted(%i) causal by %r : !thrift.router<64 by 16> with(%s2) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%b, %h, %j] : !thrift.view<[batch, q_heads, kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %y = thrift.keep_promoted %x at(%j) by %r : !thrift.tile<64 x 64, f32>, !thrift.router<64 by 16>
    %w, %t = thrift.online_softmax %y, %s scale(%c) {guard} : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%b, %h, %j] : !thrift.view<[batch, q_heads, kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w) : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %o_i, %lse = thrift.finish %s3 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %o_i, %o[%b, %h, %i] : !thrift.tile<64 x 64, f32>, !thrift.view<[batch, q_heads, q_len, 64], f16>
}
