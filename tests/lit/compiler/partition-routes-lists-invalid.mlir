// A route that does not decide over the sweep's own blocks cannot become lists.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics --thrift-partition-routes

// The sweep is over one list already.
thrift.kernel @listed dims(b, h, t, kv_len) (%r : !thrift.routes<[b, h, t]>, %i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep high(%i) none by %r[%i, %i, %i] : !thrift.routes<[b, h, t]> with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    // expected-error @below {{'thrift.route' op in a sweep over high blocks; allowed: visible}}
    %t = thrift.route by %r[%i, %i, %i], %j budget(mixed) : !thrift.routes<[b, h, t]> -> !thrift.softmax<64 x 64>
    high {
      thrift.yield %s : !thrift.softmax<64 x 64>
    } low {
      thrift.yield %s : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
  "use"(%s1) : (!thrift.softmax<64 x 64>) -> ()
}

// -----

// It asks about another block than the sweep's.
thrift.kernel @other_block dims(b, h, t, kv_len) (%r : !thrift.routes<[b, h, t]>, %i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    // expected-error @below {{'thrift.route' op decides about another block than the sweep's}}
    %t = thrift.route by %r[%i, %i, %i], %i budget(mixed) : !thrift.routes<[b, h, t]> -> !thrift.softmax<64 x 64>
    high {
      thrift.yield %s : !thrift.softmax<64 x 64>
    } low {
      thrift.yield %s : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
  "use"(%s1) : (!thrift.softmax<64 x 64>) -> ()
}

// -----

// Which routes it reads is known only inside the sweep.
thrift.kernel @inner_index dims(b, h, t, kv_len, q_heads, kv_heads) (%r : !thrift.routes<[b, h, t]>, %i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %g = thrift.kv_head %j
    // expected-error @below {{'thrift.route' op needs routes and indices from outside the sweep}}
    %t = thrift.route by %r[%i, %g, %i], %j budget(mixed) : !thrift.routes<[b, h, t]> -> !thrift.softmax<64 x 64>
    high {
      thrift.yield %s : !thrift.softmax<64 x 64>
    } low {
      thrift.yield %s : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
  "use"(%s1) : (!thrift.softmax<64 x 64>) -> ()
}
