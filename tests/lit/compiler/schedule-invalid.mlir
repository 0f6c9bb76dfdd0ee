// What the portable schedule refuses, and what it says.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics --thrift-schedule

// expected-error @below {{kernel @open has open parameters; run thrift-specialize first}}
thrift.kernel @open<rows> () {
}

// -----

thrift.kernel @rows dims(kv_len) (%i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<72 x 64>
  // expected-error @below {{'thrift.sweep' op the portable target needs a multiple of 16 query rows, at most 256, got 72}}
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<72 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<72 x 64>):
    thrift.yield %s : !thrift.softmax<72 x 64>
  }
}

// -----

thrift.kernel @more_rows dims(kv_len) (%i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<272 x 64>
  // expected-error @below {{'thrift.sweep' op the portable target needs a multiple of 16 query rows, at most 256, got 272}}
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<272 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<272 x 64>):
    thrift.yield %s : !thrift.softmax<272 x 64>
  }
}

// -----

thrift.kernel @computed_operand dims(kv_len) (%i : i32, %k : !thrift.view<[kv_len, 64], f16>) {
  %q = "source"() : () -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    // expected-error @below {{'thrift.dot' op the portable target multiplies tiles that were loaded}}
    %x = thrift.dot %q, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    thrift.yield %s : !thrift.softmax<64 x 64>
  }
}

// -----

thrift.kernel @packed_p dims(kv_len) (%i : i32, %v : !thrift.view<[64, kv_len], nvfp4>) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %w = "source"() : () -> !thrift.tile<64 x 64, f32>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, nvfp4>
    %v_j = thrift.load %v[%j] : !thrift.view<[64, kv_len], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
    // expected-error @below {{'thrift.accumulate' op the portable target multiplies V by P in f16 or bf16, got '!thrift.tile<64 x 64, nvfp4>'}}
    %u = thrift.accumulate %p, %v_j transposed, %s sum(%w)
       : !thrift.tile<64 x 64, nvfp4>, !thrift.tile<64 x 64, nvfp4>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
}

// -----

thrift.kernel @plain_copy dims(len, t) (%x : !thrift.view<[len, 64], f16>) {
  %t = thrift.program_id(t)
  // expected-error @below {{'thrift.load' op the portable target has no layout for a tile that is used this way}}
  %y = thrift.load %x[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<64 x 64, f16>
  thrift.store %y, %x[%t] : !thrift.tile<64 x 64, f16>, !thrift.view<[len, 64], f16>
}

// -----

thrift.kernel @rounding dims(len, t) (%x : !thrift.view<[len, 64], f16>, %y : !thrift.view<[len, 64], bf16>) {
  %t = thrift.program_id(t)
  %a = thrift.load %x[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<64 x 64, f16>
  // expected-error @below {{'thrift.quantize' op the portable target quantises to formats with scales, into a store}}
  %b = thrift.quantize %a : !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, bf16>
  thrift.store %b, %y[%t] : !thrift.tile<64 x 64, bf16>, !thrift.view<[len, 64], bf16>
}

// -----

thrift.kernel @stored_twice dims(len, t) (%x : !thrift.view<[len, 64], f16>, %y : !thrift.view<[len, 64], nvfp4>) {
  %t = thrift.program_id(t)
  %a = thrift.load %x[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<64 x 64, f16>
  // expected-error @below {{'thrift.quantize' op the portable target quantises to formats with scales, into a store}}
  %b = thrift.quantize %a : !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, nvfp4>
  thrift.store %b, %y[%t] : !thrift.tile<64 x 64, nvfp4>, !thrift.view<[len, 64], nvfp4>
  thrift.store %b, %y[%t] : !thrift.tile<64 x 64, nvfp4>, !thrift.view<[len, 64], nvfp4>
}

// -----

// 40 channels are two groups and a half.
thrift.kernel @groups dims(len, t) (%x : !thrift.view<[len, 40], f16>, %y : !thrift.view<[len, 40], nvfp4>) {
  %t = thrift.program_id(t)
  %a = thrift.load %x[%t] : !thrift.view<[len, 40], f16> -> !thrift.tile<64 x 40, f16>
  // expected-error @below {{'thrift.quantize' op the portable target cannot slice '!thrift.tile<64 x 40, f16, shared>' for 128 threads}}
  %b = thrift.quantize %a : !thrift.tile<64 x 40, f16> -> !thrift.tile<64 x 40, nvfp4>
  thrift.store %b, %y[%t] : !thrift.tile<64 x 40, nvfp4>, !thrift.view<[len, 40], nvfp4>
}

// -----

// 128 threads take 32 rows at a time.
thrift.kernel @slices dims(len, t) (%x : !thrift.view<[len, 64], f16>, %y : !thrift.view<[len, 64], nvfp4>) {
  %t = thrift.program_id(t)
  %a = thrift.load %x[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<16 x 64, f16>
  // expected-error @below {{'thrift.quantize' op the portable target cannot slice '!thrift.tile<16 x 64, f16, shared>' for 128 threads}}
  %b = thrift.quantize %a : !thrift.tile<16 x 64, f16> -> !thrift.tile<16 x 64, nvfp4>
  thrift.store %b, %y[%t] : !thrift.tile<16 x 64, nvfp4>, !thrift.view<[len, 64], nvfp4>
}
