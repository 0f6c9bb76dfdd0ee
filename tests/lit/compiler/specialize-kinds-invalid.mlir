// Each case uses one of four parameters where a value of its kind cannot stand, or values that do not fit together.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics \
// RUN:   --thrift-specialize=bind=number=64,format=nvfp4,mask=causal,budget=mixed

// expected-error @below {{after binding: a view's format is a format or a name, got 64 : i64}}
thrift.kernel @number_as_format<number, format, mask, budget> dims(n) (%x : !thrift.view<[n, 64], number>) {
}

// -----

thrift.kernel @budget_as_format<number, format, mask, budget> () {
  // expected-error @below {{after binding: a tile's format is a format or a name, got #thrift.budget<mixed>}}
  %x = "source"() : () -> !thrift.tile<64 x 64, budget>
}

// -----

thrift.kernel @number_as_mask<number, format, mask, budget> dims(q_len, kv_len) (%i : i32) {
  %x = "source"() : () -> !thrift.tile<64 x 64, f32>
  // expected-error @below {{'thrift.mask' op expected a mask or a parameter, got 64 : i64}}
  %y = thrift.mask %x at(%i, %i) number : !thrift.tile<64 x 64, f32>
}

// -----

thrift.kernel @budget_as_mask<number, format, mask, budget> dims(q_len, kv_len) (%i : i32) {
  %s = thrift.empty_softmax : !thrift.softmax<64 x 64>
  // expected-error @below {{'thrift.sweep' op expected a mask or a parameter, got #thrift.budget<mixed>}}
  %t = thrift.sweep visible(%i) budget with(%s) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %u : !thrift.softmax<64 x 64>):
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
}

// -----

thrift.kernel @mask_as_budget<number, format, mask, budget> dims(b, h, t) (%r : !thrift.routes<[b, h, t]>, %i : i32) {
  %s = thrift.empty_softmax : !thrift.softmax<64 x 64>
  // expected-error @below {{'thrift.route' op expected a budget class or a parameter, got #thrift.mask<causal>}}
  %t = thrift.route by %r[%i, %i, %i], %i budget(mask) : !thrift.routes<[b, h, t]> -> !thrift.softmax<64 x 64>
  high {
    thrift.yield %s : !thrift.softmax<64 x 64>
  } low {
    thrift.yield %s : !thrift.softmax<64 x 64>
  }
}

// -----

// The right kinds that disagree: verifiers run again on what is bound.
thrift.kernel @format_with_scales<number, format, mask, budget> dims(n) (%x : !thrift.view<[n, 64], format>, %i : i32) {
  %o = "source"() : () -> !thrift.tile<64 x 64, f32>
  // expected-error @below {{'thrift.store' op cannot convert '!thrift.tile<64 x 64, f32>' to '!thrift.view<[n, 64], nvfp4>': formats with scales are made by thrift.quantize}}
  thrift.store %o, %x[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[n, 64], format>
}

// -----

// `number` is 64 after binding, so that the view's rows and the tile's agree: the tile holds both dimensions whole.
thrift.kernel @whole<number, format, mask, budget> dims(n) (%x : !thrift.view<[n, number, 32], f16>, %i : i32) {
  // expected-error @below {{'thrift.load' op needs 1 indices to take '!thrift.tile<64 x 32, f16>' from '!thrift.view<[n, 64, 32], f16>', got 2}}
  %y = thrift.load %x[%i, %i] : !thrift.view<[n, number, 32], f16> -> !thrift.tile<64 x 32, f16>
}
