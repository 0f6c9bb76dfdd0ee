// What the arithmetic on tiles and states refuses. Numbers are those of the op documentation.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// D1
%q, %k = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.tile<32 x 128, f16>)
// expected-error @below {{'thrift.dot' op contracted extents differ: lhs has 64 columns, rhs has 128}}
%x = thrift.dot %q, %k : !thrift.tile<128 x 64, f16>, !thrift.tile<32 x 128, f16> -> !thrift.tile<128 x 32, f32>

// -----

// D1: before binding, a name agrees with itself only.
%q, %k = "source"() : () -> (!thrift.tile<128 x head_dim, f16>, !thrift.tile<32 x 64, f16>)
// expected-error @below {{'thrift.dot' op contracted extents differ: lhs has head_dim columns, rhs has 64}}
%x = thrift.dot %q, %k : !thrift.tile<128 x head_dim, f16>, !thrift.tile<32 x 64, f16> -> !thrift.tile<128 x 32, f32>

// -----

// D2: the operands are not exchanged.
%q, %k = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.tile<32 x 64, f16>)
// expected-error @below {{'thrift.dot' op expected a result of 128 x 32, got 32 x 128}}
%x = thrift.dot %q, %k : !thrift.tile<128 x 64, f16>, !thrift.tile<32 x 64, f16> -> !thrift.tile<32 x 128, f32>

// -----

// D2: before binding.
%q, %k = "source"() : () -> (!thrift.tile<block_q x 64, f16>, !thrift.tile<block_kv x 64, f16>)
// expected-error @below {{'thrift.dot' op expected a result of block_q x block_kv, got block_q x block_q}}
%x = thrift.dot %q, %k : !thrift.tile<block_q x 64, f16>, !thrift.tile<block_kv x 64, f16> -> !thrift.tile<block_q x block_q, f32>

// -----

// D3
%q, %k = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.tile<32 x 64, f16>)
// expected-error @below {{'thrift.dot' op expected an f32 result, got '!thrift.tile<128 x 32, f16>'}}
%x = thrift.dot %q, %k : !thrift.tile<128 x 64, f16>, !thrift.tile<32 x 64, f16> -> !thrift.tile<128 x 32, f16>

// -----

// D3: a name is not f32, whatever it may be bound to.
%q, %k = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.tile<32 x 64, f16>)
// expected-error @below {{'thrift.dot' op expected an f32 result, got '!thrift.tile<128 x 32, acc>'}}
%x = thrift.dot %q, %k : !thrift.tile<128 x 64, f16>, !thrift.tile<32 x 64, f16> -> !thrift.tile<128 x 32, acc>

// -----

// D4
%q, %k = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.tile<32 x 64, bf16>)
// expected-error @below {{'thrift.dot' op operands differ in format: '!thrift.tile<128 x 64, f16>' and '!thrift.tile<32 x 64, bf16>'}}
%x = thrift.dot %q, %k : !thrift.tile<128 x 64, f16>, !thrift.tile<32 x 64, bf16> -> !thrift.tile<128 x 32, f32>

// -----

// D4: before binding.
%q, %k = "source"() : () -> (!thrift.tile<128 x 64, high>, !thrift.tile<32 x 64, qk>)
// expected-error @below {{'thrift.dot' op operands differ in format: '!thrift.tile<128 x 64, high>' and '!thrift.tile<32 x 64, qk>'}}
%x = thrift.dot %q, %k : !thrift.tile<128 x 64, high>, !thrift.tile<32 x 64, qk> -> !thrift.tile<128 x 32, f32>

// -----

%x, %i = "source"() : () -> (!thrift.tile<128 x 64, f32>, i32)
// expected-error @below {{'thrift.mask' op expected a mask or a parameter, got 1 : i64}}
%y = "thrift.mask"(%x, %i, %i) <{mask = 1}> : (!thrift.tile<128 x 64, f32>, i32, i32) -> !thrift.tile<128 x 64, f32>

// -----

%x, %i = "source"() : () -> (!thrift.tile<128 x 64, f32>, i32)
// expected-error @below {{expected a mask or the name of a parameter}}
%y = thrift.mask %x at(%i, %i) : !thrift.tile<128 x 64, f32>

// -----

%x, %i = "source"() : () -> (!thrift.tile<128 x 64, f32>, i32)
// expected-error @below {{'thrift.mask' op failed to verify that all of {logits, masked} have same type}}
%y = "thrift.mask"(%x, %i, %i) <{mask = #thrift.mask<none>}> : (!thrift.tile<128 x 64, f32>, i32, i32) -> !thrift.tile<64 x 64, f32>

// -----

// O1
%x, %s, %c = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.softmax<64 x 64>, f32)
// expected-error @below {{'thrift.online_softmax' op logits have 128 rows, the state has 64}}
%p, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<128 x 64, f32>, !thrift.softmax<64 x 64>

// -----

// O1: before binding.
%x, %s, %c = "source"() : () -> (!thrift.tile<block_q x 64, f32>, !thrift.softmax<128 x 64>, f32)
// expected-error @below {{'thrift.online_softmax' op logits have block_q rows, the state has 128}}
%p, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<block_q x 64, f32>, !thrift.softmax<128 x 64>

// -----

// O2
%x, %s, %c = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.softmax<128 x 64>, f32)
// expected-error @below {{'thrift.online_softmax' op expected f32 logits, got '!thrift.tile<128 x 64, f16>'}}
%p, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<128 x 64, f16>, !thrift.softmax<128 x 64>

// -----

// O2: probabilities have the logits' type.
%x, %s, %c = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>, f32)
// expected-error @below {{'thrift.online_softmax' op failed to verify that all of {logits, probabilities} have same type}}
%p, %t = "thrift.online_softmax"(%x, %s, %c)
  : (!thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>, f32) -> (!thrift.tile<128 x 64, f16>, !thrift.softmax<128 x 64>)

// -----

%x, %s, %c = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>, f32)
// expected-error @below {{'thrift.online_softmax' op exp2 is "fast"; allowed: approx, poly}}
%p, %t = thrift.online_softmax %x, %s scale(%c) {exp2 = "fast"} : !thrift.tile<128 x 64, f32>, !thrift.softmax<128 x 64>

// -----

// Q1
%x = "source"() : () -> !thrift.tile<64 x 128, f16>
// expected-error @below {{'thrift.quantize' op expected a result of 64 x 128, got 128 x 64}}
%y = thrift.quantize %x : !thrift.tile<64 x 128, f16> -> !thrift.tile<128 x 64, nvfp4>

// -----

// Q1
%x = "source"() : () -> !thrift.tile<64 x 128, f16>
// expected-error @below {{'thrift.quantize' op expected a result of 128 x 64, got 64 x 128}}
%y = thrift.quantize %x transposed : !thrift.tile<64 x 128, f16> -> !thrift.tile<64 x 128, nvfp4>

// -----

// Q1: before binding.
%x = "source"() : () -> !thrift.tile<block_kv x value_dim, high>
// expected-error @below {{'thrift.quantize' op expected a result of value_dim x block_kv, got value_dim x 64}}
%y = thrift.quantize %x transposed : !thrift.tile<block_kv x value_dim, high> -> !thrift.tile<value_dim x 64, pv>

// -----

// Q2
%x, %s = "source"() : () -> (!thrift.tile<64 x 128, f16>, f32)
// expected-error @below {{'thrift.quantize' op only fp8 is quantised by a block's scale, got '!thrift.tile<128 x 64, mxfp4>'}}
%y = thrift.quantize %x transposed by %s : !thrift.tile<64 x 128, f16> -> !thrift.tile<128 x 64, mxfp4>

// -----

// A1
%p, %v, %s = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.tile<32 x 64, f16>, !thrift.softmax<128 x 64>)
%w = "source"() : () -> !thrift.tile<128 x 64, f32>
// expected-error @below {{'thrift.accumulate' op p has 64 columns, V has 32 keys}}
%t = thrift.accumulate %p, %v, %s sum(%w)
  : !thrift.tile<128 x 64, f16>, !thrift.tile<32 x 64, f16>, !thrift.softmax<128 x 64>, !thrift.tile<128 x 64, f32>

// -----

// A1: one column per key.
%p, %v, %s = "source"() : () -> (!thrift.tile<128 x keys, f16>, !thrift.tile<keys x 64, pv>, !thrift.softmax<128 x 64>)
%w = "source"() : () -> !thrift.tile<128 x keys, f32>
// expected-error @below {{'thrift.accumulate' op p has keys columns, V has 64 keys}}
%t = thrift.accumulate %p, %v transposed, %s sum(%w)
  : !thrift.tile<128 x keys, f16>, !thrift.tile<keys x 64, pv>, !thrift.softmax<128 x 64>, !thrift.tile<128 x keys, f32>

// -----

// A2: rows.
%p, %v, %s = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.tile<64 x 32, f16>, !thrift.softmax<64 x 32>)
%w = "source"() : () -> !thrift.tile<128 x 64, f32>
// expected-error @below {{'thrift.accumulate' op expected a state of 128 x 32, got '!thrift.softmax<64 x 32>'}}
%t = thrift.accumulate %p, %v, %s sum(%w)
  : !thrift.tile<128 x 64, f16>, !thrift.tile<64 x 32, f16>, !thrift.softmax<64 x 32>, !thrift.tile<128 x 64, f32>

// -----

// A2: value dim, before binding.
%p, %v, %s = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.tile<value_dim x 64, pv>, !thrift.softmax<128 x head_dim>)
%w = "source"() : () -> !thrift.tile<128 x 64, f32>
// expected-error @below {{'thrift.accumulate' op expected a state of 128 x value_dim, got '!thrift.softmax<128 x head_dim>'}}
%t = thrift.accumulate %p, %v transposed, %s sum(%w)
  : !thrift.tile<128 x 64, f16>, !thrift.tile<value_dim x 64, pv>, !thrift.softmax<128 x head_dim>, !thrift.tile<128 x 64, f32>

// -----

// A3: shape.
%p, %v, %s = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.tile<64 x 32, f16>, !thrift.softmax<128 x 32>)
%w = "source"() : () -> !thrift.tile<128 x 32, f32>
// expected-error @below {{'thrift.accumulate' op expected f32 probabilities of 128 x 64, got '!thrift.tile<128 x 32, f32>'}}
%t = thrift.accumulate %p, %v, %s sum(%w)
  : !thrift.tile<128 x 64, f16>, !thrift.tile<64 x 32, f16>, !thrift.softmax<128 x 32>, !thrift.tile<128 x 32, f32>

// -----

// A3: format.
%p, %v, %s = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.tile<64 x 32, f16>, !thrift.softmax<128 x 32>)
// expected-error @below {{'thrift.accumulate' op expected f32 probabilities of 128 x 64, got '!thrift.tile<128 x 64, f16>'}}
%t = thrift.accumulate %p, %v, %s sum(%p)
  : !thrift.tile<128 x 64, f16>, !thrift.tile<64 x 32, f16>, !thrift.softmax<128 x 32>, !thrift.tile<128 x 64, f16>

// -----

// F1: shape of o.
%s = "source"() : () -> !thrift.softmax<128 x 64>
// expected-error @below {{'thrift.finish' op expected f32 tiles of 128 x 64 and 128 x 1, got '!thrift.tile<64 x 64, f32>' and '!thrift.tile<128 x 1, f32>'}}
%o, %lse = thrift.finish %s : !thrift.softmax<128 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<128 x 1, f32>

// -----

// F1: shape of the log-sum-exp.
%s = "source"() : () -> !thrift.softmax<rows x 64>
// expected-error @below {{'thrift.finish' op expected f32 tiles of rows x 64 and rows x 1, got '!thrift.tile<rows x 64, f32>' and '!thrift.tile<rows x 64, f32>'}}
%o, %lse = thrift.finish %s : !thrift.softmax<rows x 64> -> !thrift.tile<rows x 64, f32>, !thrift.tile<rows x 64, f32>

// -----

// F1: formats.
%s = "source"() : () -> !thrift.softmax<128 x 64>
// expected-error @below {{'thrift.finish' op expected f32 tiles of 128 x 64 and 128 x 1, got '!thrift.tile<128 x 64, f16>' and '!thrift.tile<128 x 1, f32>'}}
%o, %lse = thrift.finish %s : !thrift.softmax<128 x 64> -> !thrift.tile<128 x 64, f16>, !thrift.tile<128 x 1, f32>

// -----

%a, %b = "source"() : () -> (!thrift.softmax<128 x 64>, !thrift.softmax<128 x 32>)
// expected-error @below {{'thrift.merge' op requires the same type for all operands and results}}
%c = "thrift.merge"(%a, %b) : (!thrift.softmax<128 x 64>, !thrift.softmax<128 x 32>) -> !thrift.softmax<128 x 64>
