// The online router: what starts it, what decides, and its lists.

// RUN: thrift-opt %s -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -mlir-print-op-generic | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -emit-bytecode | thrift-opt -allow-unregistered-dialect | FileCheck %s

// CHECK-LABEL: thrift.kernel @router<block_q, granule, mask>
// CHECK:         %[[R:.+]] = thrift.start_router %d[%b, %h, %i] mask blocks(block_q x 64) seeds(%n, %n) cap(%n, %n) thresholds(%x, %x) scale(%x) : <[batch, q_heads, q_tiles] by granule> -> <block_q by granule>
// CHECK:         thrift.promote %{{.+}}#0, %{{.+}}#1 at(%j) by %[[R]] : <block_q x 64, f32>, <block_q x 128>, <block_q by granule>
// CHECK:         thrift.promote %{{.+}}#0, %{{.+}}#1 at(%j) by %[[R]] times(%x) : <block_q x 64, f32>,
// CHECK:         thrift.keep_promoted %{{.+}}#0 at(%j) by %[[R]] : <block_q x 64, f32>, <block_q by granule>
thrift.kernel @router<block_q, mask, granule> dims(batch, q_heads, q_tiles, q_len, kv_len)
    (%d : !thrift.decisions<[batch, q_heads, q_tiles] by granule>, %b : i32, %h : i32, %i : i32, %j : i32, %n : i32, %x : f32) {
  %r = thrift.start_router %d[%b, %h, %i] mask blocks(block_q x 64) seeds(%n, %n) cap(%n, %n) thresholds(%x, %x) scale(%x)
     : !thrift.decisions<[batch, q_heads, q_tiles] by granule> -> !thrift.router<block_q by granule>
  %l, %s = "source"() : () -> (!thrift.tile<block_q x 64, f32>, !thrift.softmax<block_q x 128>)
  %k = thrift.promote %l, %s at(%j) by %r : !thrift.tile<block_q x 64, f32>, !thrift.softmax<block_q x 128>, !thrift.router<block_q by granule>
  %t = thrift.promote %l, %s at(%j) by %r times(%x) : !thrift.tile<block_q x 64, f32>, !thrift.softmax<block_q x 128>, !thrift.router<block_q by granule>
  %m = thrift.keep_promoted %l at(%j) by %r : !thrift.tile<block_q x 64, f32>, !thrift.router<block_q by granule>
}

// CHECK-LABEL: thrift.kernel @lists
// CHECK:         thrift.sweep seeds(%i) causal by %[[R:.+]] : !thrift.router<128 by 16> with(
// CHECK:         thrift.sweep rest(%i) causal interior by %[[R]] : !thrift.router<128 by 16> with(
// CHECK:         thrift.seek promoted(%i) causal blocks(128 x 64) by %[[R]] : !thrift.router<128 by 16>
// CHECK:         thrift.next rest after(%{{.+}}, %{{.+}}) by %[[R]] : !thrift.router<128 by 16>
thrift.kernel @lists dims(q_len, kv_len) (%i : i32) {
  %r, %0 = "source"() : () -> (!thrift.router<128 by 16>, !thrift.softmax<128 x 64>)
  %1 = thrift.sweep seeds(%i) causal by %r : !thrift.router<128 by 16> with(%0) : !thrift.softmax<128 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
    thrift.yield %s : !thrift.softmax<128 x 64>
  }
  %2 = thrift.sweep rest(%i) causal interior by %r : !thrift.router<128 by 16> with(%1) : !thrift.softmax<128 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
    thrift.yield %s : !thrift.softmax<128 x 64>
  }
  %3:3 = thrift.seek promoted(%i) causal blocks(128 x 64) by %r : !thrift.router<128 by 16>
  %4:2 = thrift.next rest after(%3#1, %3#2) by %r : !thrift.router<128 by 16>
}
