// thrift-partition-routes: one clean sweep per precision, and what only the other precision used disappears.

// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-specialize=bind=budget=mixed --thrift-partition-routes | FileCheck %s --check-prefixes=CHECK,MIXED
// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-specialize=bind=budget=all_low --thrift-partition-routes | FileCheck %s --check-prefixes=CHECK,LOW
// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-specialize=bind=budget=all_high --thrift-partition-routes | FileCheck %s --check-prefixes=CHECK,HIGH

// A second run finds nothing to do.
// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-specialize=bind=budget=mixed --thrift-partition-routes -o %t.once
// RUN: thrift-opt %t.once -allow-unregistered-dialect --thrift-partition-routes | diff %t.once -

// Arguments: the mixed kernel keeps all that are read, the others neither routes nor the other precision's operands.
// CHECK-LABEL: thrift.kernel @attention
// CHECK-NEXT:    dims(batch, q_heads, q_tiles, q_len, kv_len)
// MIXED-NEXT:    (%k: !thrift.view<[batch, kv_len, 64], f16>,
// MIXED-NEXT:     %k_low: !thrift.view<[batch, kv_len, 64], nvfp4>,
// MIXED-NEXT:     %r: !thrift.routes<[batch, q_heads, q_tiles]>,
// MIXED-NEXT:     %o: !thrift.view<[batch, q_len, 64], f16>) {
// LOW-NEXT:      (%k_low: !thrift.view<[batch, kv_len, 64], nvfp4>,
// LOW-NEXT:       %o: !thrift.view<[batch, q_len, 64], f16>) {
// HIGH-NEXT:     (%k: !thrift.view<[batch, kv_len, 64], f16>,
// HIGH-NEXT:      %o: !thrift.view<[batch, q_len, 64], f16>) {

// CHECK:         %[[ID:.+]]:3 = thrift.program_id(batch, q_heads, q_tiles)

// The query tile of the other precision disappears too, though it is loaded outside the sweep.
// MIXED-NEXT:    %[[Q:.+]] = "query"() {precision = "high"}
// MIXED-NEXT:    %[[Q_LOW:.+]] = "query"() {precision = "low"}
// CHECK:         %[[EMPTY:.+]] = thrift.empty_softmax

// What stands beside the route is in both sweeps; the high one starts from where the low one ended.
// MIXED-NEXT:    %[[AFTER_LOW:.+]] = thrift.sweep low(%[[ID]]#2) causal by %r[%[[ID]]#0, %[[ID]]#1, %[[ID]]#2] : !thrift.routes<[batch, q_heads, q_tiles]> with(%[[EMPTY]])
// MIXED-NEXT:    ^bb0(%[[J:.+]]: i32, %[[S:.+]]: !thrift.softmax<64 x 64>):
// MIXED-NEXT:      %[[BEFORE:.+]] = "before"(%[[S]])
// MIXED-NEXT:      %[[K:.+]] = thrift.load %k_low[%[[ID]]#0, %[[J]]]
// MIXED-NEXT:      %[[U:.+]] = "packed"(%[[Q_LOW]], %[[K]], %[[BEFORE]])
// MIXED-NEXT:      %[[AFTER:.+]] = "after"(%[[U]])
// MIXED-NEXT:      thrift.yield %[[AFTER]]
// MIXED-NEXT:    }
// MIXED-NEXT:    %[[AFTER_HIGH:.+]] = thrift.sweep high(%[[ID]]#2) causal by %r[%[[ID]]#0, %[[ID]]#1, %[[ID]]#2] : !thrift.routes<[batch, q_heads, q_tiles]> with(%[[AFTER_LOW]])
// MIXED-NEXT:    ^bb0(%[[J:.+]]: i32, %[[S:.+]]: !thrift.softmax<64 x 64>):
// MIXED-NEXT:      %[[BEFORE:.+]] = "before"(%[[S]])
// MIXED-NEXT:      %[[K:.+]] = thrift.load %k[%[[ID]]#0, %[[J]]]
// MIXED-NEXT:      %[[U:.+]] = "exact"(%[[Q]], %[[K]], %[[BEFORE]])
// MIXED-NEXT:      %[[AFTER:.+]] = "after"(%[[U]])
// MIXED-NEXT:      thrift.yield %[[AFTER]]
// MIXED-NEXT:    }
// MIXED-NEXT:    thrift.finish %[[AFTER_HIGH]]

// LOW-NOT:       "exact"
// LOW:           %[[ALL:.+]] = thrift.sweep visible(%[[ID]]#2) causal with(%[[EMPTY]])
// LOW-NOT:       "exact"
// LOW:             "packed"
// LOW-NOT:       thrift.sweep
// LOW:           thrift.finish %[[ALL]]

// HIGH-NOT:      "packed"
// HIGH:          %[[ALL:.+]] = thrift.sweep visible(%[[ID]]#2) causal with(%[[EMPTY]])
// HIGH-NOT:      "packed"
// HIGH:            "exact"
// HIGH-NOT:      thrift.sweep
// HIGH:          thrift.finish %[[ALL]]
// CHECK-NOT:     thrift.route{{ }}
thrift.kernel @attention<budget> dims(batch, q_heads, q_tiles, q_len, kv_len)
    (%k : !thrift.view<[batch, kv_len, 64], f16>, %k_low : !thrift.view<[batch, kv_len, 64], nvfp4>,
     %r : !thrift.routes<[batch, q_heads, q_tiles]>, %o : !thrift.view<[batch, q_len, 64], f16>, %unused : f32) {
  %b, %h, %i = thrift.program_id(batch, q_heads, q_tiles)
  %q = "query"() {precision = "high"} : () -> !thrift.tile<64 x 64, f16>
  %q_low = "query"() {precision = "low"} : () -> !thrift.tile<64 x 64, nvfp4>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) causal with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %before = "before"(%s) : (!thrift.softmax<64 x 64>) -> !thrift.softmax<64 x 64>
    %t = thrift.route by %r[%b, %h, %i], %j budget(budget) : !thrift.routes<[batch, q_heads, q_tiles]> -> !thrift.softmax<64 x 64>
    high {
      %k_j = thrift.load %k[%b, %j] : !thrift.view<[batch, kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
      %u = "exact"(%q, %k_j, %before) : (!thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>) -> !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    } low {
      %k_j = thrift.load %k_low[%b, %j] : !thrift.view<[batch, kv_len, 64], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
      %u = "packed"(%q_low, %k_j, %before) : (!thrift.tile<64 x 64, nvfp4>, !thrift.tile<64 x 64, nvfp4>, !thrift.softmax<64 x 64>) -> !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    }
    %after = "after"(%t) : (!thrift.softmax<64 x 64>) -> !thrift.softmax<64 x 64>
    thrift.yield %after : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%b, %i] : !thrift.tile<64 x 64, f32>, !thrift.view<[batch, q_len, 64], f16>
}

// A region may yield a value from outside, and two sweeps of one kernel are split apart.
// CHECK-LABEL: thrift.kernel @twice
// MIXED:         %[[A:.+]] = thrift.sweep low(%i) none by %r[%i, %i, %i]
// MIXED:         %[[B:.+]] = thrift.sweep high(%i) none by %r[%i, %i, %i] : !thrift.routes<[b, h, t]> with(%[[A]])
// MIXED-NEXT:    ^bb0(%{{.+}}: i32, %[[S:.+]]: !thrift.softmax<64 x 64>):
// MIXED-NEXT:      thrift.yield %[[S]]
// MIXED-NEXT:    }
// MIXED-NEXT:    %[[C:.+]] = thrift.sweep low(%i) none interior by %r[%i, %i, %i] : !thrift.routes<[b, h, t]> with(%[[B]])
// MIXED:         %[[D:.+]] = thrift.sweep high(%i) none interior by %r[%i, %i, %i] : !thrift.routes<[b, h, t]> with(%[[C]])
// MIXED:         "use"(%[[D]])
// LOW:           thrift.sweep visible(%i) none with
// LOW:             "packed"
// LOW:           thrift.sweep visible(%i) none interior with
// HIGH:          thrift.sweep visible(%i) none with
// HIGH-NOT:        "packed"
// HIGH:          thrift.sweep visible(%i) none interior with
thrift.kernel @twice<budget> dims(b, h, t, kv_len) (%r : !thrift.routes<[b, h, t]>, %i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %t = thrift.route by %r[%i, %i, %i], %j budget(budget) : !thrift.routes<[b, h, t]> -> !thrift.softmax<64 x 64>
    high {
      thrift.yield %s : !thrift.softmax<64 x 64>
    } low {
      %u = "packed"(%s) : (!thrift.softmax<64 x 64>) -> !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
  %s2 = thrift.sweep visible(%i) none interior with(%s1) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %t = thrift.route by %r[%i, %i, %i], %j budget(budget) : !thrift.routes<[b, h, t]> -> !thrift.softmax<64 x 64>
    high {
      thrift.yield %s : !thrift.softmax<64 x 64>
    } low {
      thrift.yield %s : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
  "use"(%s2) : (!thrift.softmax<64 x 64>) -> ()
}

// Sweeps without a route stay as they are; arguments that nothing reads go.
// CHECK-LABEL: thrift.kernel @plain<budget =
// CHECK-NEXT:    dims(t, kv_len)
// CHECK-NEXT:    (%i: i32) {
// CHECK:         thrift.sweep visible(%i) none with
thrift.kernel @plain<budget> dims(t, kv_len) (%unread : !thrift.view<[t, 64], f16>, %i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    thrift.yield %s : !thrift.softmax<64 x 64>
  }
  "use"(%s1) : (!thrift.softmax<64 x 64>) -> ()
}
