// Names of kernels: ops that read a launch dimension need it, and a dimension cannot stand where the compiler needs a number.

// RUN: thrift-opt %s -split-input-file -verify-diagnostics

thrift.kernel @kv_head dims(q_heads) (%h : i32) {
  // expected-error @below {{'thrift.kv_head' op needs the dimension kv_heads, which kernel @kv_head does not have}}
  %g = thrift.kv_head %h
}

// -----

// The end of the keys is a mask too.
thrift.kernel @mask_none dims(q_len) (%i : i32) {
  %s = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %x, %lse = thrift.finish %s : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  // expected-error @below {{'thrift.mask' op needs the dimension kv_len, which kernel @mask_none does not have}}
  %y = thrift.mask %x at(%i, %i) none : !thrift.tile<64 x 64, f32>
}

// -----

thrift.kernel @mask_causal dims(kv_len) (%i : i32) {
  %s = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %x, %lse = thrift.finish %s : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  // expected-error @below {{'thrift.mask' op needs the dimension q_len, which kernel @mask_causal does not have}}
  %y = thrift.mask %x at(%i, %i) causal : !thrift.tile<64 x 64, f32>
}

// -----

thrift.kernel @sweep_none dims(tiles) (%i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  // expected-error @below {{'thrift.sweep' op needs the dimension kv_len, which kernel @sweep_none does not have}}
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    thrift.yield %s : !thrift.softmax<64 x 64>
  }
}

// -----

thrift.kernel @sweep_causal dims(kv_len) (%i : i32) {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  // expected-error @below {{'thrift.sweep' op needs the dimension q_len, which kernel @sweep_causal does not have}}
  %s1 = thrift.sweep visible(%i) causal with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    thrift.yield %s : !thrift.softmax<64 x 64>
  }
}

// -----

thrift.kernel @seek dims(q_len) (%i : i32) {
  // expected-error @below {{'thrift.seek' op needs the dimension kv_len, which kernel @seek does not have}}
  %n, %j, %c = thrift.seek visible(%i) none blocks(128 x 64)
}

// -----

// A parameter is no dimension: it is not known at launch.
thrift.kernel @summarize<rows> dims(len) (%x : !thrift.view<[len, 64], f16>, %t : i32) {
  %y = thrift.load %x[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<rows x 64, f16>
  // expected-error @below {{'thrift.summarize' op needs the dimension rows, which kernel @summarize does not have}}
  %m = thrift.summarize %y rows(%t of rows) : !thrift.tile<rows x 64, f16> -> !thrift.tile<1 x 64, f32>
}

// -----

thrift.kernel @rank dims(tiles, blocks, kv_len)
    (%q : !thrift.view<[tiles, 64], f32>, %k : !thrift.view<[blocks, 64], f32>, %s : !thrift.view<[tiles, blocks], f32>, %i : i32) {
  %m = thrift.load %q[%i] : !thrift.view<[tiles, 64], f32> -> !thrift.tile<1 x 64, f32>
  // expected-error @below {{'thrift.rank' op needs the dimension q_len, which kernel @rank does not have}}
  thrift.rank %m, %k[] for(%i) causal blocks(128 x 64) into %s[%i]
    : !thrift.tile<1 x 64, f32>, !thrift.view<[blocks, 64], f32>, !thrift.view<[tiles, blocks], f32>
}

// -----

// Diagonal blocks are found from both lengths, whatever the mask.
thrift.kernel @select dims(b, h, tiles, blocks, kv_len) (%s : !thrift.view<[tiles, blocks], f32>, %r : !thrift.routes<[b, h, tiles]>, %i : i32) {
  // expected-error @below {{'thrift.select' op needs the dimension q_len, which kernel @select does not have}}
  thrift.select %s[%i] for(%i) none blocks(128 x 64) budget(%i, %i, %i) forced(%i, %i) into %r[%i, %i, %i]
    : !thrift.view<[tiles, blocks], f32>, !thrift.routes<[b, h, tiles]>
}

// -----

thrift.kernel @state_extent dims(len) () {
  // expected-error @below {{'thrift.empty_softmax' op uses the dimension len where only a parameter may stand}}
  %s = thrift.empty_softmax : !thrift.softmax<len x 64>
}

// -----

thrift.kernel @tile_extent dims(len) (%x : !thrift.view<[len, 64], f16>) {
  // expected-error @below {{'thrift.load' op uses the dimension len where only a parameter may stand}}
  %y = thrift.load %x[] : !thrift.view<[len, 64], f16> -> !thrift.tile<len x 64, f16>
}

// -----

// expected-error @below {{'thrift.kernel' op uses the dimension format where only a parameter may stand}}
thrift.kernel @view_format dims(len, format) (%x : !thrift.view<[len, 64], format>) {
}

// -----

thrift.kernel @mask_name dims(q_len, kv_len) (%i : i32) {
  // expected-error @below {{'thrift.seek' op uses the dimension q_len where only a parameter may stand}}
  %n, %j, %c = thrift.seek visible(%i) q_len blocks(128 x 64)
}

// -----

thrift.kernel @block_size dims(tiles, blocks, q_len, kv_len)
    (%q : !thrift.view<[tiles, 64], f32>, %k : !thrift.view<[blocks, 64], f32>, %s : !thrift.view<[tiles, blocks], f32>, %i : i32) {
  %m = thrift.load %q[%i] : !thrift.view<[tiles, 64], f32> -> !thrift.tile<1 x 64, f32>
  // expected-error @below {{'thrift.rank' op uses the dimension q_len where only a parameter may stand}}
  thrift.rank %m, %k[] for(%i) causal blocks(q_len x 64) into %s[%i]
    : !thrift.tile<1 x 64, f32>, !thrift.view<[blocks, 64], f32>, !thrift.view<[tiles, blocks], f32>
}
