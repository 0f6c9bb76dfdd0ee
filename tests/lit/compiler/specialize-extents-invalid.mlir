// Only a number can be an extent: a format, a mask or a budget class there is a diagnostic, in every type and attribute.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics \
// RUN:   --thrift-specialize=bind=number=64,format=f16,mask=causal,budget=mixed

// expected-error @below {{after binding: an extent is an integer or a name, got #thrift.format<f16>}}
thrift.kernel @view<number, format, mask, budget> dims(n) (%x : !thrift.view<[n, format], f16>) {
}

// -----

// expected-error @below {{after binding: an extent is an integer or a name, got #thrift.format<f16>}}
thrift.kernel @routes<number, format, mask, budget> dims(b, h) (%r : !thrift.routes<[b, h, format]>) {
}

// -----

thrift.kernel @tile<number, format, mask, budget> () {
  // expected-error @below {{after binding: an extent is an integer or a name, got #thrift.mask<causal>}}
  %x = "source"() : () -> !thrift.tile<mask x 64, f16>
}

// -----

thrift.kernel @state<number, format, mask, budget> () {
  // expected-error @below {{after binding: an extent is an integer or a name, got #thrift.budget<mixed>}}
  %s = thrift.empty_softmax : !thrift.softmax<64 x budget>
}

// -----

thrift.kernel @ring<number, format, mask, budget> () {
  // expected-error @below {{after binding: an extent is an integer or a name, got #thrift.format<f16>}}
  %r = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<format x 64, f16, shared>>
}

// -----

// In a type that stands only in a region's argument.
thrift.kernel @argument<number, format, mask, budget> () {
  // expected-error @below {{after binding: an extent is an integer or a name, got #thrift.format<f16>}}
  "outer"() ({
  ^bb0(%s : !thrift.softmax<format x 64>):
    "inner"() : () -> ()
  }) : () -> ()
}

// -----

thrift.kernel @block<number, format, mask, budget> dims(b, h, t, n, q_len, kv_len)
    (%s : !thrift.view<[t, n], f32>, %r : !thrift.routes<[b, h, t]>, %i : i32) {
  // expected-error @below {{'thrift.select' op expected a positive extent or a parameter, got #thrift.format<f16>}}
  thrift.select %s[%i] for(%i) causal blocks(format x 64) budget(%i, %i, %i) forced(%i, %i) into %r[%i, %i, %i]
    : !thrift.view<[t, n], f32>, !thrift.routes<[b, h, t]>
}

// -----

thrift.kernel @select_mask<number, format, mask, budget> dims(b, h, t, n, q_len, kv_len)
    (%s : !thrift.view<[t, n], f32>, %r : !thrift.routes<[b, h, t]>, %i : i32) {
  // expected-error @below {{'thrift.select' op expected a mask or a parameter, got 64 : i64}}
  thrift.select %s[%i] for(%i) number blocks(128 x 64) budget(%i, %i, %i) forced(%i, %i) into %r[%i, %i, %i]
    : !thrift.view<[t, n], f32>, !thrift.routes<[b, h, t]>
}

// -----

thrift.kernel @seek_mask<number, format, mask, budget> dims(q_len, kv_len) (%i : i32) {
  // expected-error @below {{'thrift.seek' op expected a mask or a parameter, got #thrift.budget<mixed>}}
  %n, %j, %c = thrift.seek visible(%i) budget blocks(128 x 64)
}
