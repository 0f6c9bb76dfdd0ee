// Sweeps over lists of KV blocks, and the two ways of choosing a precision.

// RUN: thrift-opt %s -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -mlir-print-op-generic | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -emit-bytecode | thrift-opt -allow-unregistered-dialect | FileCheck %s

// CHECK-LABEL: thrift.kernel @visible<block_q, mask>
// CHECK:         %[[S:.+]] = thrift.sweep visible(%i) mask with(%{{.+}}) : !thrift.softmax<block_q x 64> {
// CHECK-NEXT:    ^bb0(%[[J:.+]]: i32, %[[STATE:.+]]: !thrift.softmax<block_q x 64>):
// CHECK-NEXT:      %[[NEXT:.+]] = "use"(%[[J]], %[[STATE]])
// CHECK-NEXT:      thrift.yield %[[NEXT]] : <block_q x 64>
// CHECK-NEXT:    }
// CHECK-NEXT:    thrift.sweep visible(%i) none interior with(%[[S]]) : !thrift.softmax<block_q x 64> {
// CHECK:         thrift.sweep visible(%i) causal boundary with(%[[S]]) : !thrift.softmax<block_q x 64> attributes {note = "x"} {
thrift.kernel @visible<block_q, mask> dims(q_len, kv_len) (%i : i32) {
  %0 = thrift.empty_softmax : !thrift.softmax<block_q x 64>
  %1 = thrift.sweep visible(%i) mask with(%0) : !thrift.softmax<block_q x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<block_q x 64>):
    %t = "use"(%j, %s) : (i32, !thrift.softmax<block_q x 64>) -> !thrift.softmax<block_q x 64>
    thrift.yield %t : !thrift.softmax<block_q x 64>
  }
  %2 = thrift.sweep visible(%i) none interior with(%1) : !thrift.softmax<block_q x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<block_q x 64>):
    thrift.yield %s : !thrift.softmax<block_q x 64>
  }
  %3 = thrift.sweep visible(%i) causal boundary with(%1) : !thrift.softmax<block_q x 64> attributes {note = "x"} {
  ^bb0(%j : i32, %s : !thrift.softmax<block_q x 64>):
    thrift.yield %s : !thrift.softmax<block_q x 64>
  }
}

// CHECK-LABEL: thrift.kernel @listed
// CHECK:         thrift.sweep low(%i) causal by %r[%b, %h, %i] : !thrift.routes<[batch, q_heads, q_tiles]> with(%{{.+}}) : !thrift.softmax<128 x 64> {
// CHECK:         thrift.sweep high(%i) causal boundary by %r[%b, %h, %i] : !thrift.routes<[batch, q_heads, q_tiles]> with(%{{.+}}) : !thrift.softmax<128 x 64> {
thrift.kernel @listed dims(batch, q_heads, q_tiles, q_len, kv_len)
    (%r : !thrift.routes<[batch, q_heads, q_tiles]>, %b : i32, %h : i32, %i : i32) {
  %0 = thrift.empty_softmax : !thrift.softmax<128 x 64>
  %1 = thrift.sweep low(%i) causal by %r[%b, %h, %i] : !thrift.routes<[batch, q_heads, q_tiles]> with(%0) : !thrift.softmax<128 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
    thrift.yield %s : !thrift.softmax<128 x 64>
  }
  %2 = thrift.sweep high(%i) causal boundary by %r[%b, %h, %i] : !thrift.routes<[batch, q_heads, q_tiles]> with(%1) : !thrift.softmax<128 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
    thrift.yield %s : !thrift.softmax<128 x 64>
  }
}

// CHECK-LABEL: thrift.kernel @by_list<budget>
// CHECK:         %[[S:.+]] = thrift.empty_softmax
// CHECK-NEXT:    %[[T:.+]] = thrift.route by %r[%b, %h, %i], %j budget(budget) : !thrift.routes<[batch, q_heads, q_tiles]> -> !thrift.softmax<128 x 64>
// CHECK-NEXT:    high {
// CHECK-NEXT:      %[[HIGH:.+]] = "exact"(%[[S]])
// CHECK-NEXT:      thrift.yield %[[HIGH]] : <128 x 64>
// CHECK-NEXT:    } low {
// CHECK-NEXT:      %[[LOW:.+]] = "packed"(%[[S]])
// CHECK-NEXT:      thrift.yield %[[LOW]] : <128 x 64>
// CHECK-NEXT:    }
// CHECK-NEXT:    "use"(%[[T]])
thrift.kernel @by_list<budget> dims(batch, q_heads, q_tiles)
    (%r : !thrift.routes<[batch, q_heads, q_tiles]>, %b : i32, %h : i32, %i : i32, %j : i32) {
  %0 = thrift.empty_softmax : !thrift.softmax<128 x 64>
  %1 = thrift.route by %r[%b, %h, %i], %j budget(budget) : !thrift.routes<[batch, q_heads, q_tiles]> -> !thrift.softmax<128 x 64>
  high {
    %2 = "exact"(%0) : (!thrift.softmax<128 x 64>) -> !thrift.softmax<128 x 64>
    thrift.yield %2 : !thrift.softmax<128 x 64>
  } low {
    %2 = "packed"(%0) : (!thrift.softmax<128 x 64>) -> !thrift.softmax<128 x 64>
    thrift.yield %2 : !thrift.softmax<128 x 64>
  }
  "use"(%1) : (!thrift.softmax<128 x 64>) -> ()
}

// CHECK-LABEL: thrift.kernel @by_promotion<rows>
// CHECK:         thrift.route promote(%[[X:.+]]#0, %[[X]]#1) at(%j) by %[[R:.+]] budget(mixed) : !thrift.tile<rows x 64, f32>, !thrift.router<rows by 16> -> !thrift.softmax<rows x 64>
// CHECK-NEXT:    high {
// CHECK:         } low {
// CHECK:         thrift.route promote(%{{.+}}, %{{.+}}) at(%j) by %[[R]] budget(all_high) {note = 1 : i64} : !thrift.tile<rows x 64, f32>
thrift.kernel @by_promotion<rows> (%j : i32) {
  %x, %s = "source"() : () -> (!thrift.tile<rows x 64, f32>, !thrift.softmax<rows x 64>)
  %r = "source"() : () -> !thrift.router<rows by 16>
  %0 = thrift.route promote(%x, %s) at(%j) by %r budget(mixed) : !thrift.tile<rows x 64, f32>, !thrift.router<rows by 16> -> !thrift.softmax<rows x 64>
  high {
    thrift.yield %s : !thrift.softmax<rows x 64>
  } low {
    thrift.yield %s : !thrift.softmax<rows x 64>
  }
  %1 = thrift.route promote(%x, %s) at(%j) by %r budget(all_high) {note = 1} : !thrift.tile<rows x 64, f32>, !thrift.router<rows by 16> -> !thrift.softmax<rows x 64>
  high {
    thrift.yield %s : !thrift.softmax<rows x 64>
  } low {
    thrift.yield %s : !thrift.softmax<rows x 64>
  }
}
