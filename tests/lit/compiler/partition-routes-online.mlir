// thrift-partition-routes on a route by promotion: seeds high, the rest low where it is decided, promoted blocks high.

// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-partition-routes | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-partition-routes --thrift-peel-masks | FileCheck %s --check-prefix=PEELED

// CHECK-LABEL: thrift.kernel @online
// CHECK:         %[[R:.+]] = "router"()
// CHECK:         %[[EMPTY:.+]] = thrift.empty_softmax
// CHECK-NEXT:    %[[SEEDED:.+]] = thrift.sweep seeds(%i) causal by %[[R]] : !thrift.router<64 by 16> with(%[[EMPTY]])
// CHECK-NEXT:    ^bb0(%[[J:.+]]: i32, %[[S:.+]]: !thrift.softmax<64 x 64>):
// No low logits here, and every row takes the block.
// CHECK-NOT:       nvfp4
// CHECK-NEXT:      %[[Y:.+]] = thrift.dot %[[Q:.+]]#0, %[[Q]]#1 poison
// CHECK-NEXT:      %[[M:.+]] = thrift.mask %[[Y]] at(%i, %[[J]]) causal
// CHECK-NEXT:      %{{.+}}, %[[T:next.*]] = thrift.online_softmax %[[M]], %[[S]] scale(%c) : <64 x 64, f32>
// CHECK-NEXT:      thrift.yield %[[T]]
// CHECK-NEXT:    }
// CHECK-NEXT:    %[[KEPT:.+]] = thrift.sweep rest(%i) causal by %[[R]] : !thrift.router<64 by 16> with(%[[SEEDED]])
// CHECK-NEXT:    ^bb0(%[[J:.+]]: i32, %[[S:.+]]: !thrift.softmax<64 x 64>):
// CHECK-NEXT:      %[[X:.+]] = thrift.dot %[[L:.+]]#0, %[[L]]#1 : <64 x 64, nvfp4>
// CHECK-NEXT:      %[[M:.+]] = thrift.mask %[[X]] at(%i, %[[J]]) causal
// CHECK-NEXT:      %[[K:.+]] = thrift.promote %[[M]], %[[S]] at(%[[J]]) by %[[R]]
// CHECK-NEXT:      %{{.+}}, %[[T:next.*]] = thrift.online_softmax %[[K]], %[[S]] scale(%c) {guard} : <64 x 64, f32>
// CHECK-NEXT:      thrift.yield %[[T]]
// CHECK-NEXT:    }
// CHECK-NEXT:    %[[ALL:.+]] = thrift.sweep promoted(%i) causal by %[[R]] : !thrift.router<64 by 16> with(%[[KEPT]])
// CHECK-NEXT:    ^bb0(%[[J:.+]]: i32, %[[S:.+]]: !thrift.softmax<64 x 64>):
// CHECK-NEXT:      %[[Y:.+]] = thrift.dot %[[Q:.+]]#0, %[[Q]]#1 poison
// CHECK-NEXT:      %[[M:.+]] = thrift.mask %[[Y]] at(%i, %[[J]]) causal
// CHECK-NEXT:      %[[K:.+]] = thrift.keep_promoted %[[M]] at(%[[J]]) by %[[R]]
// CHECK-NEXT:      %{{.+}}, %[[T:next.*]] = thrift.online_softmax %[[K]], %[[S]] scale(%c) {guard} : <64 x 64, f32>
// CHECK-NEXT:      thrift.yield %[[T]]
// CHECK-NEXT:    }
// CHECK-NEXT:    "use"(%[[ALL]])
// CHECK-NOT:     thrift.route

// The rest descends, so its boundary, which has the last blocks, comes before its interior. Short lists stay whole.
// PEELED-LABEL: thrift.kernel @online
// PEELED:         %[[SEEDED:.+]] = thrift.sweep seeds(%i) causal by
// PEELED:           thrift.mask
// PEELED:           thrift.online_softmax %{{.+}}, %{{.+}} scale(%c) {guard}
// PEELED:         %[[BOUNDARY:.+]] = thrift.sweep rest(%i) causal boundary by %{{.+}} with(%[[SEEDED]])
// PEELED:           thrift.mask
// PEELED:           thrift.promote
// PEELED:         %[[INTERIOR:.+]] = thrift.sweep rest(%i) causal interior by %{{.+}} with(%[[BOUNDARY]])
// PEELED-NEXT:    ^bb0(%[[J:.+]]: i32, %[[S:.+]]: !thrift.softmax<64 x 64>):
// PEELED-NEXT:      %[[X:.+]] = thrift.dot %[[L:.+]]#0, %[[L]]#1 : <64 x 64, nvfp4>
// PEELED-NEXT:      %[[K:.+]] = thrift.promote %[[X]], %[[S]] at(%[[J]])
// PEELED:         %[[ALL:.+]] = thrift.sweep promoted(%i) causal by %{{.+}} with(%[[INTERIOR]])
// PEELED:           thrift.mask
// PEELED:           thrift.keep_promoted
// PEELED-NOT:     thrift.sweep
// PEELED:         "use"(%[[ALL]])
thrift.kernel @online dims(q_len, kv_len) (%i : i32, %c : f32) {
  %r = "router"() : () -> !thrift.router<64 by 16>
  %q, %k = "high"() : () -> (!thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>)
  %q_low, %k_low = "low"() : () -> (!thrift.tile<64 x 64, nvfp4>, !thrift.tile<64 x 64, nvfp4>)
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) causal with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %x = thrift.dot %q_low, %k_low : !thrift.tile<64 x 64, nvfp4>, !thrift.tile<64 x 64, nvfp4> -> !thrift.tile<64 x 64, f32>
    %x_m = thrift.mask %x at(%i, %j) causal : !thrift.tile<64 x 64, f32>
    %t = thrift.route promote(%x_m, %s) at(%j) by %r budget(mixed) : !thrift.tile<64 x 64, f32>, !thrift.router<64 by 16> -> !thrift.softmax<64 x 64>
    high {
      %y = thrift.dot %q, %k poison : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
      %y_m = thrift.mask %y at(%i, %j) causal : !thrift.tile<64 x 64, f32>
      %p, %u = thrift.online_softmax %y_m, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    } low {
      %p, %u = thrift.online_softmax %x_m, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
  "use"(%s1) : (!thrift.softmax<64 x 64>) -> ()
}
