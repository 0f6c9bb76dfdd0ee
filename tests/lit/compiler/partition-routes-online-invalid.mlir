// Routes by promotion that thrift-partition-routes cannot split.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics --thrift-partition-routes

// One router serves all blocks of a sweep.
thrift.kernel @router_inside dims(kv_len) (%i : i32, %c : f32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %r = "router"() : () -> !thrift.router<64 by 16>
    %x = "logits"() : () -> !thrift.tile<64 x 64, f32>
    // expected-error @below {{'thrift.route' op needs a router from outside the sweep}}
    %t = thrift.route promote(%x, %s) at(%j) by %r budget(mixed) : !thrift.tile<64 x 64, f32>, !thrift.router<64 by 16> -> !thrift.softmax<64 x 64>
    high {
      %p, %u = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    } low {
      %p, %u = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
}

// -----

// Decisions are about the block at hand.
thrift.kernel @logits_outside dims(kv_len) (%i : i32, %c : f32) {
  %r = "router"() : () -> !thrift.router<64 by 16>
  %x = "logits"() : () -> !thrift.tile<64 x 64, f32>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    // expected-error @below {{'thrift.route' op decides from logits and state of the sweep's own body}}
    %t = thrift.route promote(%x, %s) at(%j) by %r budget(mixed) : !thrift.tile<64 x 64, f32>, !thrift.router<64 by 16> -> !thrift.softmax<64 x 64>
    high {
      %p, %u = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    } low {
      %p, %u = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
}

// -----

// And about what came before it.
thrift.kernel @state_outside dims(kv_len) (%i : i32, %c : f32) {
  %r = "router"() : () -> !thrift.router<64 by 16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %x = "logits"() : () -> !thrift.tile<64 x 64, f32>
    // expected-error @below {{'thrift.route' op decides from logits and state of the sweep's own body}}
    %t = thrift.route promote(%x, %s0) at(%j) by %r budget(mixed) : !thrift.tile<64 x 64, f32>, !thrift.router<64 by 16> -> !thrift.softmax<64 x 64>
    high {
      %p, %u = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    } low {
      %p, %u = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
}

// -----

// The sweep decides about its own block.
thrift.kernel @other_block dims(kv_len) (%i : i32, %c : f32) {
  %r = "router"() : () -> !thrift.router<64 by 16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %x = "logits"() : () -> !thrift.tile<64 x 64, f32>
    // expected-error @below {{'thrift.route' op decides about another block than the sweep's}}
    %t = thrift.route promote(%x, %s) at(%i) by %r budget(mixed) : !thrift.tile<64 x 64, f32>, !thrift.router<64 by 16> -> !thrift.softmax<64 x 64>
    high {
      %p, %u = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    } low {
      %p, %u = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
}

// -----

// Seeds and promoted blocks run high, the rest low: a kernel of one precision has no such router.
thrift.kernel @all_low dims(kv_len) (%i : i32, %c : f32) {
  %r = "router"() : () -> !thrift.router<64 by 16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %x = "logits"() : () -> !thrift.tile<64 x 64, f32>
    // expected-error @below {{'thrift.route' op by promotion has budget all_low; allowed: mixed}}
    %t = thrift.route promote(%x, %s) at(%j) by %r budget(all_low) : !thrift.tile<64 x 64, f32>, !thrift.router<64 by 16> -> !thrift.softmax<64 x 64>
    high {
      %p, %u = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    } low {
      %p, %u = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
      thrift.yield %u : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
}
