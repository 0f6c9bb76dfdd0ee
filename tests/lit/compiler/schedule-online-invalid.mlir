// Routers that the portable target cannot run, before and after the schedule.

// RUN: split-file %s %t
// RUN: thrift-opt %t/schedule.mlir -allow-unregistered-dialect -split-input-file -verify-diagnostics --thrift-schedule
// RUN: thrift-opt %t/lower.mlir -allow-unregistered-dialect -split-input-file -verify-diagnostics --thrift-to-nvvm

//--- schedule.mlir
// A granule of two warps would have to vote across them.
thrift.kernel @granule dims(b, h, t, q_len, kv_len) (%d : !thrift.decisions<[b, h, t] by 32>, %i : i32, %x : f32) {
  // expected-error @below {{'thrift.start_router' op the portable target routes 128 rows in 256 threads by granules of 16, got '!thrift.router<128 by 32>'}}
  %r = thrift.start_router %d[%i, %i, %i] causal blocks(128 x 64) seeds(%i, %i) cap(%i, %i) thresholds(%x, %x) scale(%x)
     : !thrift.decisions<[b, h, t] by 32> -> !thrift.router<128 by 32>
  %q = "source"() : () -> !thrift.tile<128 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<128 x 64>
  %s1 = thrift.sweep seeds(%i) causal by %r : !thrift.router<128 by 32> with(%s0) : !thrift.softmax<128 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
    thrift.yield %s : !thrift.softmax<128 x 64>
  }
}

// -----

// Decisions are made about logits of the sweep.
thrift.kernel @logits dims(b, h, t, q_len, kv_len) (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %i : i32) {
  %r = "router"() : () -> !thrift.router<128 by 16>
  %x = "logits"() : () -> !thrift.tile<128 x 64, f32>
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<128 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<128 x 64>
  %s1 = thrift.sweep visible(%i) causal with(%s0) : !thrift.softmax<128 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %y = thrift.dot %q_i, %k_j : !thrift.tile<128 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<128 x 64, f32>
    // expected-error @below {{'thrift.promote' op the portable target takes logits of a dot in the same sweep, got '!thrift.tile<128 x 64, f32>'}}
    %z = thrift.promote %x, %s at(%j) by %r : !thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>, !thrift.router<128 by 16>
    thrift.yield %s : !thrift.softmax<128 x 64>
  }
}

//--- lower.mlir
// Eight warps own 128 rows; this kernel has four.
thrift.kernel @threads dims(b, h, t, q_len, kv_len) (%d : !thrift.decisions<[b, h, t] by 16>, %i : i32, %x : f32)
    attributes {threads = 128 : i32, shared_bytes = 0 : i32} {
  // expected-error @below {{'thrift.start_router' op the portable target routes 64 rows in 128 threads by granules of 16, got '!thrift.router<128 by 16>'}}
  %r = thrift.start_router %d[%i, %i, %i] causal blocks(128 x 64) seeds(%i, %i) cap(%i, %i) thresholds(%x, %x) scale(%x)
     : !thrift.decisions<[b, h, t] by 16> -> !thrift.router<128 by 16>
}

// -----

thrift.kernel @layout dims(kv_len) () attributes {threads = 128 : i32, shared_bytes = 0 : i32} {
  %x, %r, %j = "source"() : () -> (!thrift.tile<64 x 64, f32, lanes>, !thrift.router<64 by 16>, i32)
  // expected-error @below {{'thrift.keep_promoted' op the portable target takes logits in accumulator, got '!thrift.tile<64 x 64, f32, lanes>'}}
  %y = thrift.keep_promoted %x at(%j) by %r : !thrift.tile<64 x 64, f32, lanes>, !thrift.router<64 by 16>
}
