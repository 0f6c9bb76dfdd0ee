// thrift-peel-masks: interior blocks run without a mask, the others follow with it.

// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-peel-masks | FileCheck %s

// A second run finds nothing to do.
// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-peel-masks -o %t.once
// RUN: thrift-opt %t.once -allow-unregistered-dialect --thrift-peel-masks | diff %t.once -

// CHECK-LABEL: thrift.kernel @causal
// CHECK:         %[[EMPTY:.+]] = thrift.empty_softmax
// CHECK-NEXT:    %[[INNER:.+]] = thrift.sweep visible(%i) causal interior with(%[[EMPTY]])
// CHECK-NEXT:    ^bb0(%[[J:.+]]: i32, %[[S:.+]]: !thrift.softmax<64 x 64>):
// CHECK-NEXT:      %[[X:.+]] = "logits"(%[[J]])
// CHECK-NOT:       thrift.mask
// CHECK-NEXT:      %probabilities{{.*}}, %[[T:next.*]] = thrift.online_softmax %[[X]], %[[S]] scale(%c) : <64 x 64, f32>
// CHECK-NEXT:      thrift.yield %[[T]]
// CHECK-NEXT:    }
// CHECK-NEXT:    %[[ALL:.+]] = thrift.sweep visible(%i) causal boundary with(%[[INNER]])
// CHECK-NEXT:    ^bb0(%[[J:.+]]: i32, %[[S:.+]]: !thrift.softmax<64 x 64>):
// CHECK-NEXT:      %[[X:.+]] = "logits"(%[[J]])
// CHECK-NEXT:      %[[M:.+]] = thrift.mask %[[X]] at(%i, %[[J]]) causal
// A row of the boundary may have seen no key.
// CHECK-NEXT:      %probabilities{{.*}}, %[[T:next.*]] = thrift.online_softmax %[[M]], %[[S]] scale(%c) {guard} : <64 x 64, f32>
// CHECK-NEXT:      thrift.yield %[[T]]
// CHECK-NEXT:    }
// CHECK-NEXT:    "use"(%[[ALL]])
// CHECK-NEXT:  }
thrift.kernel @causal dims(q_len, kv_len) (%i : i32, %c : f32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) causal with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %x = "logits"(%j) : (i32) -> !thrift.tile<64 x 64, f32>
    %y = thrift.mask %x at(%i, %j) causal : !thrift.tile<64 x 64, f32>
    %p, %t = thrift.online_softmax %y, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
  "use"(%s1) : (!thrift.softmax<64 x 64>) -> ()
}

// `none` hides the keys past the end, so its last block is peeled as well; before binding, the mask is a name.
// CHECK-LABEL: thrift.kernel @open<mask>
// CHECK:         thrift.sweep visible(%i) mask interior
// CHECK-NOT:       thrift.mask
// CHECK:         thrift.sweep visible(%i) mask boundary
// CHECK:           thrift.mask %{{.+}} at(%i, %{{.+}}) mask
// CHECK:         thrift.sweep visible(%i) none interior
// CHECK:         thrift.sweep visible(%i) none boundary
thrift.kernel @open<mask> dims(q_len, kv_len) (%i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) mask with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %x = "logits"(%j) : (i32) -> !thrift.tile<64 x 64, f32>
    %y = thrift.mask %x at(%i, %j) mask : !thrift.tile<64 x 64, f32>
    %t = "use"(%y, %s) : (!thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>) -> !thrift.softmax<64 x 64>
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
  %s2 = thrift.sweep visible(%i) none with(%s1) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %x = "logits"(%j) : (i32) -> !thrift.tile<64 x 64, f32>
    %y = thrift.mask %x at(%i, %j) none : !thrift.tile<64 x 64, f32>
    %t = "use"(%y, %s) : (!thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>) -> !thrift.softmax<64 x 64>
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
  "use"(%s2) : (!thrift.softmax<64 x 64>) -> ()
}

// A low list has an interior of its own. A high list is short: it stays whole, and its rows are guarded.
// CHECK-LABEL: thrift.kernel @listed
// CHECK:         %[[A:.+]] = thrift.sweep low(%i) causal interior by %r[%i, %i, %i]
// CHECK-NOT:       thrift.mask
// CHECK:           thrift.online_softmax %{{.+}}, %{{.+}} scale(%c) : <64 x 64, f32>
// CHECK:         %[[B:.+]] = thrift.sweep low(%i) causal boundary by %r[%i, %i, %i] : !thrift.routes<[b, h, t]> with(%[[A]])
// CHECK:           thrift.mask
// CHECK:           thrift.online_softmax %{{.+}}, %{{.+}} scale(%c) {guard}
// CHECK:         thrift.sweep high(%i) causal by %r[%i, %i, %i] : !thrift.routes<[b, h, t]> with(%[[B]])
// CHECK:           thrift.mask
// CHECK:           thrift.online_softmax %{{.+}}, %{{.+}} scale(%c) {guard}
// CHECK-NOT:     thrift.sweep
thrift.kernel @listed dims(b, h, t, q_len, kv_len) (%r : !thrift.routes<[b, h, t]>, %i : i32, %c : f32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep low(%i) causal by %r[%i, %i, %i] : !thrift.routes<[b, h, t]> with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %x = "logits"(%j) : (i32) -> !thrift.tile<64 x 64, f32>
    %y = thrift.mask %x at(%i, %j) causal : !thrift.tile<64 x 64, f32>
    %p, %t = thrift.online_softmax %y, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
  %s2 = thrift.sweep high(%i) causal by %r[%i, %i, %i] : !thrift.routes<[b, h, t]> with(%s1) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %x = "logits"(%j) : (i32) -> !thrift.tile<64 x 64, f32>
    %y = thrift.mask %x at(%i, %j) causal : !thrift.tile<64 x 64, f32>
    %p, %t = thrift.online_softmax %y, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
}

// Nothing is masked, or the part is chosen already: nothing to peel.
// CHECK-LABEL: thrift.kernel @unmasked
// CHECK:         thrift.sweep visible(%i) causal with
// CHECK-NOT:     interior
// CHECK:         thrift.sweep visible(%i) causal boundary with
// CHECK-NEXT:    ^bb0
// CHECK-NEXT:      "logits"
// CHECK-NEXT:      thrift.mask
// CHECK-NOT:     thrift.sweep
thrift.kernel @unmasked dims(q_len, kv_len) (%i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) causal with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    thrift.yield %s : !thrift.softmax<64 x 64>
  }
  %s2 = thrift.sweep visible(%i) causal boundary with(%s1) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %x = "logits"(%j) : (i32) -> !thrift.tile<64 x 64, f32>
    %y = thrift.mask %x at(%i, %j) causal : !thrift.tile<64 x 64, f32>
    %t = "use"(%y, %s) : (!thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>) -> !thrift.softmax<64 x 64>
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
}
