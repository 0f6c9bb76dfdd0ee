// What the sm100 schedule has no instructions for.

// RUN: thrift-opt %s -split-input-file -verify-diagnostics --thrift-schedule=target=sm100

// 64 rows do not fill tensor memory.
thrift.kernel @rows dims(batch, heads, q_len, kv_len, tiles)
    (%q : !thrift.view<[batch, heads, q_len, 64], f16>, %k : !thrift.view<[batch, heads, kv_len, 64], f16>, %o : !thrift.view<[batch, heads, q_len, 64], f16>, %c : f32) {
  %b, %h, %i = thrift.program_id(batch, heads, tiles)
  %q_i = thrift.load %q[%b, %h, %i] : !thrift.view<[batch, heads, q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  // expected-error @below {{'thrift.sweep' op the sm100 target multiplies 128 queries with 64 or 128 keys}}
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%b, %h, %j] : !thrift.view<[batch, heads, kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %k[%b, %h, %j] : !thrift.view<[batch, heads, kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w) : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %o_i, %l = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %o_i, %o[%b, %h, %i] : !thrift.tile<64 x 64, f32>, !thrift.view<[batch, heads, q_len, 64], f16>
}

// -----

// P and V in two formats.
thrift.kernel @formats dims(batch, heads, q_len, kv_len, tiles)
    (%q : !thrift.view<[batch, heads, q_len, 64], f16>, %k : !thrift.view<[batch, heads, kv_len, 64], f16>, %v : !thrift.view<[batch, heads, 64, kv_len], fp8>, %o : !thrift.view<[batch, heads, q_len, 64], f16>, %c : f32) {
  %b, %h, %i = thrift.program_id(batch, heads, tiles)
  %q_i = thrift.load %q[%b, %h, %i] : !thrift.view<[batch, heads, q_len, 64], f16> -> !thrift.tile<128 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<128 x 64>
  // expected-error @below {{'thrift.sweep' op the sm100 target multiplies P and V in one format}}
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<128 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
    %k_j = thrift.load %k[%b, %h, %j] : !thrift.view<[batch, heads, kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%b, %h, %j] : !thrift.view<[batch, heads, 64, kv_len], fp8> -> !thrift.tile<64 x 64, fp8>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<128 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<128 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>
    %p = thrift.quantize %w : !thrift.tile<128 x 64, f32> -> !thrift.tile<128 x 64, f16>
    %u = thrift.accumulate %p, %v_j transposed, %t sum(%w) : !thrift.tile<128 x 64, f16>, !thrift.tile<64 x 64, fp8>, !thrift.softmax<128 x 64>, !thrift.tile<128 x 64, f32>
    thrift.yield %u : !thrift.softmax<128 x 64>
  }
  %o_i, %l = thrift.finish %s1 : !thrift.softmax<128 x 64> -> !thrift.tile<128 x 64, f32>, !thrift.tile<128 x 1, f32>
  thrift.store %o_i, %o[%b, %h, %i] : !thrift.tile<128 x 64, f32>, !thrift.view<[batch, heads, q_len, 64], f16>
}

// -----

// A sweep that does not multiply V.
thrift.kernel @form dims(batch, heads, q_len, kv_len, tiles)
    (%q : !thrift.view<[batch, heads, q_len, 64], f16>, %k : !thrift.view<[batch, heads, kv_len, 64], f16>, %o : !thrift.view<[batch, heads, q_len, 64], f16>, %c : f32) {
  %b, %h, %i = thrift.program_id(batch, heads, tiles)
  %q_i = thrift.load %q[%b, %h, %i] : !thrift.view<[batch, heads, q_len, 64], f16> -> !thrift.tile<128 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<128 x 64>
  // expected-error @below {{'thrift.sweep' op the sm100 target schedules sweeps of one dot, one online_softmax, one quantize and one accumulate}}
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<128 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<128 x 64>):
    %k_j = thrift.load %k[%b, %h, %j] : !thrift.view<[batch, heads, kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<128 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<128 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>
    thrift.yield %t : !thrift.softmax<128 x 64>
  }
  %o_i, %l = thrift.finish %s1 : !thrift.softmax<128 x 64> -> !thrift.tile<128 x 64, f32>, !thrift.tile<128 x 1, f32>
  thrift.store %o_i, %o[%b, %h, %i] : !thrift.tile<128 x 64, f32>, !thrift.view<[batch, heads, q_len, 64], f16>
}
