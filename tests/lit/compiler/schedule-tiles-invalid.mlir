// Formats and shapes that the portable target has no instructions for: each is refused with what was asked, before any is
// chosen. One case for each reason; the list of what an op allows is spelled out in its first case.

// RUN: thrift-opt %s -split-input-file -verify-diagnostics --thrift-schedule

// Keys come through ldmatrix, which reads 16-bit values.
thrift.kernel @dot_f32 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f32>, %k : !thrift.view<[kv_len, 64], f32>, %v : !thrift.view<[kv_len, 64], f16>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f32> -> !thrift.tile<64 x 64, f32>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f32> -> !thrift.tile<64 x 64, f32>
    // expected-error @below {{'thrift.dot' op the portable target multiplies f16, bf16, nvfp4, mxfp4 or fp8 with a multiple of 64 channels, at most 512 (packed: 128), and a multiple of 16 keys, at most 256, got '!thrift.tile<64 x 64, f32>' and '!thrift.tile<64 x 64, f32>'}}
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// Only one FP4 format is widened.
thrift.kernel @dot_mxfp4 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], mxfp4>, %k : !thrift.view<[kv_len, 64], mxfp4>, %v : !thrift.view<[kv_len, 64], f16>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], mxfp4> -> !thrift.tile<64 x 64, mxfp4>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], mxfp4> -> !thrift.tile<64 x 64, mxfp4>
    // expected-error-re @below {{'thrift.dot' op the portable target {{.+}}got '!thrift.tile<64 x 64, mxfp4>' and '!thrift.tile<64 x 64, mxfp4>'}}
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, mxfp4>, !thrift.tile<64 x 64, mxfp4> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// FP8 is not widened.
thrift.kernel @dot_fp8 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], fp8>, %k : !thrift.view<[kv_len, 64], fp8>, %v : !thrift.view<[kv_len, 64], f16>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], fp8> -> !thrift.tile<64 x 64, fp8>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], fp8> -> !thrift.tile<64 x 64, fp8>
    // expected-error-re @below {{'thrift.dot' op the portable target {{.+}}got '!thrift.tile<64 x 64, fp8>' and '!thrift.tile<64 x 64, fp8>'}}
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, fp8>, !thrift.tile<64 x 64, fp8> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// A row of 32 channels is half of what the swizzle permutes.
thrift.kernel @dot_32 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 32], f16>, %k : !thrift.view<[kv_len, 32], f16>, %v : !thrift.view<[kv_len, 64], f16>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 32], f16> -> !thrift.tile<64 x 32, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 32], f16> -> !thrift.tile<64 x 32, f16>
    // expected-error-re @below {{'thrift.dot' op the portable target {{.+}}got '!thrift.tile<64 x 32, f16>' and '!thrift.tile<64 x 32, f16>'}}
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 32, f16>, !thrift.tile<64 x 32, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// So is the rest of a row of 96.
thrift.kernel @dot_96 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 96], f16>, %k : !thrift.view<[kv_len, 96], f16>, %v : !thrift.view<[kv_len, 64], f16>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 96], f16> -> !thrift.tile<64 x 96, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 96], f16> -> !thrift.tile<64 x 96, f16>
    // expected-error-re @below {{'thrift.dot' op the portable target {{.+}}got '!thrift.tile<64 x 96, f16>' and '!thrift.tile<64 x 96, f16>'}}
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 96, f16>, !thrift.tile<64 x 96, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// Packed rows too come in multiples of 64 channels: one group for each lane of a quad.
thrift.kernel @dot_nvfp4_48 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 48], nvfp4>, %k : !thrift.view<[kv_len, 48], nvfp4>, %v : !thrift.view<[kv_len, 64], f16>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 48], nvfp4> -> !thrift.tile<64 x 48, nvfp4>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 48], nvfp4> -> !thrift.tile<64 x 48, nvfp4>
    // expected-error-re @below {{'thrift.dot' op the portable target {{.+}}got '!thrift.tile<64 x 48, nvfp4>' and '!thrift.tile<64 x 48, nvfp4>'}}
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 48, nvfp4>, !thrift.tile<64 x 48, nvfp4> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// ldmatrix reads 16 keys at a time.
thrift.kernel @dot_8_keys dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[kv_len, 64], f16>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<8 x 64, f16>
    // expected-error-re @below {{'thrift.dot' op the portable target {{.+}}got '!thrift.tile<64 x 64, f16>' and '!thrift.tile<8 x 64, f16>'}}
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<8 x 64, f16> -> !thrift.tile<64 x 8, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 8, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 8, f32> -> !thrift.tile<64 x 8, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<8 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 8, f16>, !thrift.tile<8 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 8, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// 24 keys are one and a half.
thrift.kernel @dot_24_keys dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[kv_len, 64], f16>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<24 x 64, f16>
    // expected-error-re @below {{'thrift.dot' op the portable target {{.+}}got '!thrift.tile<64 x 64, f16>' and '!thrift.tile<24 x 64, f16>'}}
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<24 x 64, f16> -> !thrift.tile<64 x 24, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 24, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 24, f32> -> !thrift.tile<64 x 24, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<24 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 24, f16>, !thrift.tile<24 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 24, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// Queries are loaded once, straight into fragments.
thrift.kernel @queries_in_sweep dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[kv_len, 64], f16>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    // expected-error @below {{'thrift.dot' op the portable target multiplies queries that were loaded outside the sweep}}
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// Values come through ldmatrix, which reads 16-bit values.
thrift.kernel @values_f32 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[kv_len, 64], f32>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f32> -> !thrift.tile<64 x 64, f32>
    // expected-error @below {{'thrift.accumulate' op the portable target multiplies f16 by f16 and bf16 by bf16, with a multiple of 64 channels and of 16 keys, and f16 by nvfp4 or fp8 and bf16 by mxfp4, transposed, with a multiple of 8 channels and of 64 keys, at most 256 of each, got '!thrift.tile<64 x 64, f16>' and '!thrift.tile<64 x 64, f32>'}}
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// Only one FP4 format is widened.
thrift.kernel @values_mxfp4 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[64, kv_len], mxfp4>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, bf16>
    %v_j = thrift.load %v[%j] : !thrift.view<[64, kv_len], mxfp4> -> !thrift.tile<64 x 64, mxfp4>
    // expected-error-re @below {{'thrift.accumulate' op the portable target {{.+}}got '!thrift.tile<64 x 64, bf16>' and '!thrift.tile<64 x 64, mxfp4>'}}
    %u = thrift.accumulate %p, %v_j transposed, %t sum(%w)
       : !thrift.tile<64 x 64, bf16>, !thrift.tile<64 x 64, mxfp4>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// FP8 is not widened.
thrift.kernel @values_fp8 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[64, kv_len], fp8>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[64, kv_len], fp8> -> !thrift.tile<64 x 64, fp8>
    // expected-error-re @below {{'thrift.accumulate' op the portable target {{.+}}got '!thrift.tile<64 x 64, f16>' and '!thrift.tile<64 x 64, fp8>'}}
    %u = thrift.accumulate %p, %v_j transposed, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, fp8>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// Packed values are transposed in memory.
thrift.kernel @values_nvfp4_rows dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[kv_len, 64], nvfp4>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
    // expected-error-re @below {{'thrift.accumulate' op the portable target {{.+}}got '!thrift.tile<64 x 64, f16>' and '!thrift.tile<64 x 64, nvfp4>'}}
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, nvfp4>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// Values in 16 bits are not.
thrift.kernel @values_f16_columns dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[64, kv_len], f16>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[64, kv_len], f16> -> !thrift.tile<64 x 64, f16>
    // expected-error-re @below {{'thrift.accumulate' op the portable target {{.+}}got '!thrift.tile<64 x 64, f16>' and '!thrift.tile<64 x 64, f16>'}}
    %u = thrift.accumulate %p, %v_j transposed, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// Both factors of a product have one format.
thrift.kernel @p_f16_values_bf16 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], bf16>, %k : !thrift.view<[kv_len, 64], bf16>, %v : !thrift.view<[kv_len, 64], bf16>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], bf16> -> !thrift.tile<64 x 64, bf16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], bf16> -> !thrift.tile<64 x 64, bf16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, bf16>, !thrift.tile<64 x 64, bf16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], bf16> -> !thrift.tile<64 x 64, bf16>
    // expected-error-re @below {{'thrift.accumulate' op the portable target {{.+}}got '!thrift.tile<64 x 64, f16>' and '!thrift.tile<64 x 64, bf16>'}}
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, bf16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// Packed values become f16.
thrift.kernel @p_bf16_values_nvfp4 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[64, kv_len], nvfp4>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, bf16>
    %v_j = thrift.load %v[%j] : !thrift.view<[64, kv_len], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
    // expected-error-re @below {{'thrift.accumulate' op the portable target {{.+}}got '!thrift.tile<64 x 64, bf16>' and '!thrift.tile<64 x 64, nvfp4>'}}
    %u = thrift.accumulate %p, %v_j transposed, %t sum(%w)
       : !thrift.tile<64 x 64, bf16>, !thrift.tile<64 x 64, nvfp4>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// P fills 16-bit fragments.
thrift.kernel @p_f32 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[kv_len, 64], f16>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f32>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    // expected-error-re @below {{'thrift.accumulate' op the portable target {{.+}}got '!thrift.tile<64 x 64, f32>' and '!thrift.tile<64 x 64, f16>'}}
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// A row of 32 channels is half of what the swizzle permutes.
thrift.kernel @values_32 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[kv_len, 32], f16>, %o : !thrift.view<[q_len, 32], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 32>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 32> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 32>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 32>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 32], f16> -> !thrift.tile<64 x 32, f16>
    // expected-error-re @below {{'thrift.accumulate' op the portable target {{.+}}got '!thrift.tile<64 x 64, f16>' and '!thrift.tile<64 x 32, f16>'}}
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 32, f16>, !thrift.softmax<64 x 32>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 32>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 32> -> !thrift.tile<64 x 32, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 32, f32>, !thrift.view<[q_len, 32], f16>
}

// -----

// A packed tile holds 64 tokens.
thrift.kernel @values_32_tokens dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[64, kv_len], nvfp4>, %o : !thrift.view<[q_len, 64], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<32 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<32 x 64, f16> -> !thrift.tile<64 x 32, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 32, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 32, f32> -> !thrift.tile<64 x 32, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[64, kv_len], nvfp4> -> !thrift.tile<64 x 32, nvfp4>
    // expected-error-re @below {{'thrift.accumulate' op the portable target {{.+}}got '!thrift.tile<64 x 32, f16>' and '!thrift.tile<64 x 32, nvfp4>'}}
    %u = thrift.accumulate %p, %v_j transposed, %t sum(%w)
       : !thrift.tile<64 x 32, f16>, !thrift.tile<64 x 32, nvfp4>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 32, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// Eight channels are one product.
thrift.kernel @values_12_channels dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[12, kv_len], nvfp4>, %o : !thrift.view<[q_len, 12], f16>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 12>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 12> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 12>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 12>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[12, kv_len], nvfp4> -> !thrift.tile<12 x 64, nvfp4>
    // expected-error-re @below {{'thrift.accumulate' op the portable target {{.+}}got '!thrift.tile<64 x 64, f16>' and '!thrift.tile<12 x 64, nvfp4>'}}
    %u = thrift.accumulate %p, %v_j transposed, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<12 x 64, nvfp4>, !thrift.softmax<64 x 12>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 12>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 12> -> !thrift.tile<64 x 12, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 12, f32>, !thrift.view<[q_len, 12], f16>
}

// -----

// The output is rounded to 16 bits.
thrift.kernel @output_f32 dims(q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[kv_len, 64], f16>, %o : !thrift.view<[q_len, 64], f32>, %i : i32, %c : f32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  // expected-error @below {{'thrift.store' op the portable target stores outputs in f16 or bf16, means and a value per row in f32, got '!thrift.view<[q_len, 64], f32>'}}
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f32>
}

// -----

// Nothing says how many keys a block has.
thrift.kernel @no_keys dims(kv_len) (%i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  // expected-error @below {{'thrift.sweep' op the portable target needs a dot in a sweep: its keys say how large a block is}}
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    thrift.yield %s : !thrift.softmax<64 x 64>
  }
}

// -----

// Two sizes of blocks in one sweep.
thrift.kernel @two_sizes dims(q_len, kv_len) (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %i : i32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %k_2 = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<32 x 64, f16>
    // expected-error @below {{'thrift.dot' op the portable target takes blocks of one size in a sweep, got 64 and 32 keys}}
    %y = thrift.dot %q_i, %k_2 : !thrift.tile<64 x 64, f16>, !thrift.tile<32 x 64, f16> -> !thrift.tile<64 x 32, f32>
    thrift.yield %s : !thrift.softmax<64 x 64>
  }
}

// -----

// One warp for each 16 rows: all sweeps of a kernel have the same rows.
thrift.kernel @two_heights dims(kv_len, q_len) (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %i : i32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    thrift.yield %s : !thrift.softmax<64 x 64>
  }
  %q_2 = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<16 x 64, f16>
  %t0 = thrift.empty_softmax : !thrift.softmax<16 x 64>
  // expected-error @below {{'thrift.sweep' op the portable target needs as many query rows in each sweep of a kernel, got 64 and 16}}
  %t1 = thrift.sweep visible(%i) none with(%t0) : !thrift.softmax<16 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<16 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_2, %k_j : !thrift.tile<16 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<16 x 64, f32>
    thrift.yield %s : !thrift.softmax<16 x 64>
  }
}

// -----

// Copies run ahead of the sweep's body: what they need cannot be computed in it.
thrift.kernel @computed_index dims(batch, q_len, kv_len) (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[batch, kv_len, 64], f16>, %i : i32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %b = arith.addi %j, %i : i32
    // expected-error @below {{'thrift.load' op the portable target takes indices from outside the sweep, and its block}}
    %k_j = thrift.load %k[%b, %j] : !thrift.view<[batch, kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    thrift.yield %s : !thrift.softmax<64 x 64>
  }
}

// -----

// Groups are read as 16-bit values.
thrift.kernel @quantize_f32 dims(len, tiles) (%x : !thrift.view<[len, 64], f32>, %y : !thrift.view<[len, 64], nvfp4>, %t : i32) {
  %x_t = thrift.load %x[%t] : !thrift.view<[len, 64], f32> -> !thrift.tile<64 x 64, f32>
  // expected-error @below {{'thrift.quantize' op the portable target reads loaded f16 or bf16 tiles with a multiple of 64 columns, got '!thrift.tile<64 x 64, f32>'}}
  %p = thrift.quantize %x_t : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, nvfp4>
  thrift.store %p, %y[%t] : !thrift.tile<64 x 64, nvfp4>, !thrift.view<[len, 64], nvfp4>
}

// -----

// What is packed is not packed again.
thrift.kernel @quantize_nvfp4 dims(len, tiles) (%x : !thrift.view<[len, 64], nvfp4>, %y : !thrift.view<[len, 64], nvfp4>, %t : i32) {
  %x_t = thrift.load %x[%t] : !thrift.view<[len, 64], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
  // expected-error-re @below {{'thrift.quantize' op the portable target {{.+}}got '!thrift.tile<64 x 64, nvfp4>'}}
  %p = thrift.quantize %x_t : !thrift.tile<64 x 64, nvfp4> -> !thrift.tile<64 x 64, nvfp4>
  thrift.store %p, %y[%t] : !thrift.tile<64 x 64, nvfp4>, !thrift.view<[len, 64], nvfp4>
}

// -----

// 256 groups for 128 threads.
thrift.kernel @quantize_4096 dims(len, tiles) (%x : !thrift.view<[len, 4096], f16>, %y : !thrift.view<[len, 4096], nvfp4>, %t : i32) {
  %x_t = thrift.load %x[%t] : !thrift.view<[len, 4096], f16> -> !thrift.tile<2 x 4096, f16>
  // expected-error @below {{'thrift.quantize' op the portable target cannot slice '!thrift.tile<2 x 4096, f16, shared>' for 128 threads}}
  %p = thrift.quantize %x_t : !thrift.tile<2 x 4096, f16> -> !thrift.tile<2 x 4096, nvfp4>
  thrift.store %p, %y[%t] : !thrift.tile<2 x 4096, nvfp4>, !thrift.view<[len, 4096], nvfp4>
}

// -----

// A row of 32 channels is half of what the swizzle permutes.
thrift.kernel @quantize_32 dims(len, tiles) (%x : !thrift.view<[len, 32], f16>, %y : !thrift.view<[len, 32], nvfp4>, %t : i32) {
  %x_t = thrift.load %x[%t] : !thrift.view<[len, 32], f16> -> !thrift.tile<64 x 32, f16>
  // expected-error-re @below {{'thrift.quantize' op the portable target {{.+}}got '!thrift.tile<64 x 32, f16>'}}
  %p = thrift.quantize %x_t : !thrift.tile<64 x 32, f16> -> !thrift.tile<64 x 32, nvfp4>
  thrift.store %p, %y[%t] : !thrift.tile<64 x 32, nvfp4>, !thrift.view<[len, 32], nvfp4>
}

// -----

// Transposed, a packed tile holds 64 tokens.
thrift.kernel @quantize_32_tokens dims(len, tiles) (%x : !thrift.view<[len, 64], f16>, %y : !thrift.view<[64, len], nvfp4>, %t : i32) {
  %x_t = thrift.load %x[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<32 x 64, f16>
  // expected-error @below {{'thrift.quantize' op the portable target packs a multiple of 64 tokens, got '!thrift.tile<32 x 64, f16>'}}
  %p = thrift.quantize %x_t transposed : !thrift.tile<32 x 64, f16> -> !thrift.tile<64 x 32, nvfp4>
  thrift.store %p, %y[%t] : !thrift.tile<64 x 32, nvfp4>, !thrift.view<[64, len], nvfp4>
}

// -----

// Rows are read as 16-bit values.
thrift.kernel @summarize_f32 dims(len, tiles) (%x : !thrift.view<[len, 64], f32>, %y : !thrift.view<[tiles, 64], f32>, %t : i32) {
  %x_t = thrift.load %x[%t] : !thrift.view<[len, 64], f32> -> !thrift.tile<64 x 64, f32>
  // expected-error @below {{'thrift.summarize' op the portable target reads loaded f16 or bf16 tiles with a multiple of 64 columns, got '!thrift.tile<64 x 64, f32>'}}
  %m = thrift.summarize %x_t rows(%t of len) : !thrift.tile<64 x 64, f32> -> !thrift.tile<1 x 64, f32>
  thrift.store %m, %y[%t] : !thrift.tile<1 x 64, f32>, !thrift.view<[tiles, 64], f32>
}

// -----

// A thread has one column: 128 threads, 128 columns.
thrift.kernel @summarize_256 dims(len, tiles) (%x : !thrift.view<[len, 256], f16>, %y : !thrift.view<[tiles, 256], f32>, %t : i32) {
  %x_t = thrift.load %x[%t] : !thrift.view<[len, 256], f16> -> !thrift.tile<64 x 256, f16>
  // expected-error @below {{'thrift.summarize' op the portable target averages at most 128 columns, got '!thrift.tile<64 x 256, f16>'}}
  %m = thrift.summarize %x_t rows(%t of len) : !thrift.tile<64 x 256, f16> -> !thrift.tile<1 x 256, f32>
  thrift.store %m, %y[%t] : !thrift.tile<1 x 256, f32>, !thrift.view<[tiles, 256], f32>
}

// -----

// Means are f32 in memory.
thrift.kernel @means_f16 dims(len, tiles) (%x : !thrift.view<[len, 64], f16>, %y : !thrift.view<[tiles, 64], f16>, %t : i32) {
  %x_t = thrift.load %x[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %m = thrift.summarize %x_t rows(%t of len) : !thrift.tile<64 x 64, f16> -> !thrift.tile<1 x 64, f32>
  // expected-error-re @below {{'thrift.store' op the portable target {{.+}}got '!thrift.view<[tiles, 64], f16>'}}
  thrift.store %m, %y[%t] : !thrift.tile<1 x 64, f32>, !thrift.view<[tiles, 64], f16>
}

// -----

// A strided view is cut along its rows: chunks of 16 bytes lie along the last dimension.
thrift.kernel @columns dims(len, tiles) (%x : !thrift.view<[64, len], f16>, %y : !thrift.view<[tiles, 64], f32>, %t : i32) {
  // expected-error @below {{'thrift.load' op the portable target loads whole rows, got '!thrift.tile<64 x 64, f16>' of '!thrift.view<[64, len], f16>'}}
  %x_t = thrift.load %x[%t] : !thrift.view<[64, len], f16> -> !thrift.tile<64 x 64, f16>
  %m = thrift.summarize %x_t rows(%t of len) : !thrift.tile<64 x 64, f16> -> !thrift.tile<1 x 64, f32>
  thrift.store %m, %y[%t] : !thrift.tile<1 x 64, f32>, !thrift.view<[tiles, 64], f32>
}

// -----

// A packed view needs an index for its tiles, though there be only one.
thrift.kernel @packed_whole dims(q_len, kv_len) (%q : !thrift.view<[64, 64], nvfp4>, %k : !thrift.view<[kv_len, 64], nvfp4>, %i : i32) {
  // expected-error @below {{'thrift.load' op the portable target needs an index for the tiles of '!thrift.view<[64, 64], nvfp4>', got 0 indices}}
  %q_i = thrift.load %q[] : !thrift.view<[64, 64], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, nvfp4>, !thrift.tile<64 x 64, nvfp4> -> !thrift.tile<64 x 64, f32>
    thrift.yield %s : !thrift.softmax<64 x 64>
  }
}

// -----

// Quantisers and means read shared memory, not what a kernel has computed.
thrift.kernel @computed dims(len) (%y : !thrift.view<[len, 64], nvfp4>, %t : i32) {
  %s = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %o, %lse = thrift.finish %s : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  // expected-error-re @below {{'thrift.quantize' op the portable target {{.+}}got '!thrift.tile<64 x 64, f32>'}}
  %p = thrift.quantize %o : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, nvfp4>
  thrift.store %p, %y[%t] : !thrift.tile<64 x 64, nvfp4>, !thrift.view<[len, 64], nvfp4>
}

// -----

// Lanes take columns 32 apart.
thrift.kernel @rank_48 dims(tiles, blocks, q_len, kv_len)
    (%q : !thrift.view<[tiles, 48], f32>, %x : !thrift.view<[q_len, 48], f16>, %k : !thrift.view<[blocks, 48], f32>, %s : !thrift.view<[tiles, blocks], f32>, %i : i32) {
  %m = thrift.load %q[%i] : !thrift.view<[tiles, 48], f32> -> !thrift.tile<1 x 48, f32>
  // expected-error @below {{'thrift.rank' op the portable target ranks by loaded means with a multiple of 32 columns, at most 1024, got '!thrift.tile<1 x 48, f32>'}}
  thrift.rank %m, %k[] for(%i) causal blocks(64 x 64) into %s[%i]
    : !thrift.tile<1 x 48, f32>, !thrift.view<[blocks, 48], f32>, !thrift.view<[tiles, blocks], f32>
}

// -----

// Query means come from memory.
thrift.kernel @rank_computed dims(tiles, blocks, q_len, kv_len)
    (%q : !thrift.view<[tiles, 64], f32>, %x : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[blocks, 64], f32>, %s : !thrift.view<[tiles, blocks], f32>, %i : i32) {
  %x_i = thrift.load %x[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %m = thrift.summarize %x_i rows(%i of q_len) : !thrift.tile<64 x 64, f16> -> !thrift.tile<1 x 64, f32>
  // expected-error-re @below {{'thrift.rank' op the portable target {{.+}}got '!thrift.tile<1 x 64, f32>'}}
  thrift.rank %m, %k[] for(%i) causal blocks(64 x 64) into %s[%i]
    : !thrift.tile<1 x 64, f32>, !thrift.view<[blocks, 64], f32>, !thrift.view<[tiles, blocks], f32>
}

// -----

// Without a sweep 128 threads are four warps, hence 64 rows.
thrift.kernel @warps_without_rows dims(q_len) (%o : !thrift.view<[q_len, 64], f16>, %i : i32) {
  %s = thrift.empty_softmax : !thrift.softmax<16 x 64>
  // expected-error @below {{'thrift.finish' op the portable target keeps 64 rows in 128 threads, by a multiple of 8 channels, at most 256, got '!thrift.softmax<16 x 64>'}}
  %y, %lse = thrift.finish %s : !thrift.softmax<16 x 64> -> !thrift.tile<16 x 64, f32>, !thrift.tile<16 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<16 x 64, f32>, !thrift.view<[q_len, 64], f16>
}

// -----

// Parameters that are bound but not yet in place are as good as open.
// expected-error @below {{kernel @unsubstituted has open parameters; run thrift-specialize first}}
thrift.kernel @unsubstituted<rows = 64> dims(len, tiles) (%x : !thrift.view<[len, 64], f16>, %y : !thrift.view<[tiles, 64], f32>, %t : i32) {
  %x_t = thrift.load %x[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<rows x 64, f16>
  %m = thrift.summarize %x_t rows(%t of len) : !thrift.tile<rows x 64, f16> -> !thrift.tile<1 x 64, f32>
  thrift.store %m, %y[%t] : !thrift.tile<1 x 64, f32>, !thrift.view<[tiles, 64], f32>
}

// -----

// Routes are gone by now.
thrift.kernel @routed dims(b, h, t, q_len, kv_len)
    (%r : !thrift.routes<[b, h, t]>, %q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %i : i32) {
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    // expected-error @below {{'thrift.route' op has no schedule; run thrift-partition-routes first}}
    %t = thrift.route by %r[%i, %i, %i], %j budget(mixed) : !thrift.routes<[b, h, t]> -> !thrift.softmax<64 x 64>
    high {
      thrift.yield %s : !thrift.softmax<64 x 64>
    } low {
      thrift.yield %s : !thrift.softmax<64 x 64>
    }
    thrift.yield %t : !thrift.softmax<64 x 64>
  }
}
