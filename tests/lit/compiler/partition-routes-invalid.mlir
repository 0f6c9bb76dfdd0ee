// Routes that thrift-partition-routes cannot split.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics --thrift-partition-routes

thrift.kernel @two_routes dims(b, h, t, kv_len) (%r : !thrift.routes<[b, h, t]>, %i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %t = thrift.route by %r[%i, %i, %i], %j budget(mixed) : !thrift.routes<[b, h, t]> -> !thrift.softmax<64 x 64>
    high {
      thrift.yield %s : !thrift.softmax<64 x 64>
    } low {
      thrift.yield %s : !thrift.softmax<64 x 64>
    }
    // expected-error @below {{'thrift.route' op a sweep holds one route, this one has 2}}
    %u = thrift.route by %r[%i, %i, %i], %j budget(mixed) : !thrift.routes<[b, h, t]> -> !thrift.softmax<64 x 64>
    high {
      thrift.yield %t : !thrift.softmax<64 x 64>
    } low {
      thrift.yield %t : !thrift.softmax<64 x 64>
    }
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
}

// -----

// A route by promotion withholds P in its softmax: without one it cannot.
thrift.kernel @promotion dims(kv_len) (%i : i32) {
  %r = "router"() : () -> !thrift.router<64 by 16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %x = "logits"() : () -> !thrift.tile<64 x 64, f32>
    // expected-error @below {{'thrift.route' op by promotion needs one online_softmax in each region: that is where P becomes zero}}
    %t = thrift.route promote(%x, %s) at(%j) by %r budget(mixed) : !thrift.tile<64 x 64, f32>, !thrift.router<64 by 16> -> !thrift.softmax<64 x 64>
    high {
      thrift.yield %s : !thrift.softmax<64 x 64>
    } low {
      thrift.yield %s : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
}

// -----

thrift.kernel @open_budget<budget> dims(b, h, t, kv_len) (%r : !thrift.routes<[b, h, t]>, %i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    // expected-error @below {{'thrift.route' op needs a bound budget class, got #thrift.param<budget>}}
    %t = thrift.route by %r[%i, %i, %i], %j budget(budget) : !thrift.routes<[b, h, t]> -> !thrift.softmax<64 x 64>
    high {
      thrift.yield %s : !thrift.softmax<64 x 64>
    } low {
      thrift.yield %s : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
}
