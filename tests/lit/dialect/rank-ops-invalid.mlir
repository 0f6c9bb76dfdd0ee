// What summaries, scores and selection refuse. Numbers are those of the op documentation.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// Z1: one row.
%x, %t = "source"() : () -> (!thrift.tile<64 x 128, f16>, i32)
// expected-error @below {{'thrift.summarize' op expected one f32 row with the columns of '!thrift.tile<64 x 128, f16>', got '!thrift.tile<2 x 128, f32>'}}
%m = thrift.summarize %x rows(%t of len) : !thrift.tile<64 x 128, f16> -> !thrift.tile<2 x 128, f32>

// -----

// Z1: columns, before binding.
%x, %t = "source"() : () -> (!thrift.tile<64 x head_dim, f16>, i32)
// expected-error @below {{'thrift.summarize' op expected one f32 row with the columns of '!thrift.tile<64 x head_dim, f16>', got '!thrift.tile<1 x value_dim, f32>'}}
%m = thrift.summarize %x rows(%t of len) : !thrift.tile<64 x head_dim, f16> -> !thrift.tile<1 x value_dim, f32>

// -----

// Z1: format.
%x, %t = "source"() : () -> (!thrift.tile<64 x 128, f16>, i32)
// expected-error @below {{'thrift.summarize' op expected one f32 row with the columns of '!thrift.tile<64 x 128, f16>', got '!thrift.tile<1 x 128, f16>'}}
%m = thrift.summarize %x rows(%t of len) : !thrift.tile<64 x 128, f16> -> !thrift.tile<1 x 128, f16>

// -----

// N1: one row of means.
%q, %k, %s, %i = "source"() : () -> (!thrift.tile<64 x 128, f32>, !thrift.view<[b, n, 128], f32>, !thrift.view<[b, t, n], f32>, i32)
// expected-error @below {{'thrift.rank' op expected one f32 row of means and f32 key means with the same columns, got '!thrift.tile<64 x 128, f32>' and '!thrift.view<[b, n, 128], f32>' with 1 indices}}
thrift.rank %q, %k[%i] for(%i) causal blocks(128 x 64) into %s[%i, %i]
  : !thrift.tile<64 x 128, f32>, !thrift.view<[b, n, 128], f32>, !thrift.view<[b, t, n], f32>

// -----

// N1: the same columns.
%q, %k, %s, %i = "source"() : () -> (!thrift.tile<1 x 128, f32>, !thrift.view<[b, n, 64], f32>, !thrift.view<[b, t, n], f32>, i32)
// expected-error @below {{'thrift.rank' op expected one f32 row of means and f32 key means with the same columns, got '!thrift.tile<1 x 128, f32>' and '!thrift.view<[b, n, 64], f32>' with 1 indices}}
thrift.rank %q, %k[%i] for(%i) causal blocks(128 x 64) into %s[%i, %i]
  : !thrift.tile<1 x 128, f32>, !thrift.view<[b, n, 64], f32>, !thrift.view<[b, t, n], f32>

// -----

// N1: f32 key means.
%q, %k, %s, %i = "source"() : () -> (!thrift.tile<1 x 128, f32>, !thrift.view<[b, n, 128], f16>, !thrift.view<[b, t, n], f32>, i32)
// expected-error @below {{'thrift.rank' op expected one f32 row of means and f32 key means with the same columns, got '!thrift.tile<1 x 128, f32>' and '!thrift.view<[b, n, 128], f16>' with 1 indices}}
thrift.rank %q, %k[%i] for(%i) causal blocks(128 x 64) into %s[%i, %i]
  : !thrift.tile<1 x 128, f32>, !thrift.view<[b, n, 128], f16>, !thrift.view<[b, t, n], f32>

// -----

// N1: an index for each dimension but the blocks and the columns.
%q, %k, %s, %i = "source"() : () -> (!thrift.tile<1 x 128, f32>, !thrift.view<[b, n, 128], f32>, !thrift.view<[b, t, n], f32>, i32)
// expected-error @below {{'thrift.rank' op expected one f32 row of means and f32 key means with the same columns, got '!thrift.tile<1 x 128, f32>' and '!thrift.view<[b, n, 128], f32>' with 2 indices}}
thrift.rank %q, %k[%i, %i] for(%i) causal blocks(128 x 64) into %s[%i, %i]
  : !thrift.tile<1 x 128, f32>, !thrift.view<[b, n, 128], f32>, !thrift.view<[b, t, n], f32>

// -----

// N2: f32 scores.
%q, %k, %s, %i = "source"() : () -> (!thrift.tile<1 x 128, f32>, !thrift.view<[b, n, 128], f32>, !thrift.view<[b, t, n], f16>, i32)
// expected-error @below {{'thrift.rank' op expected f32 scores with 2 indices, got '!thrift.view<[b, t, n], f16>' with 2}}
thrift.rank %q, %k[%i] for(%i) causal blocks(128 x 64) into %s[%i, %i]
  : !thrift.tile<1 x 128, f32>, !thrift.view<[b, n, 128], f32>, !thrift.view<[b, t, n], f16>

// -----

// N2: indices.
%q, %k, %s, %i = "source"() : () -> (!thrift.tile<1 x 128, f32>, !thrift.view<[b, n, 128], f32>, !thrift.view<[b, t, n], f32>, i32)
// expected-error @below {{'thrift.rank' op expected f32 scores with 2 indices, got '!thrift.view<[b, t, n], f32>' with 3}}
thrift.rank %q, %k[%i] for(%i) causal blocks(128 x 64) into %s[%i, %i, %i]
  : !thrift.tile<1 x 128, f32>, !thrift.view<[b, n, 128], f32>, !thrift.view<[b, t, n], f32>

// -----

// N2 for thrift.select.
%s, %r, %i = "source"() : () -> (!thrift.view<[b, h, t, n], bf16>, !thrift.routes<[b, h, t]>, i32)
// expected-error @below {{'thrift.select' op expected f32 scores with 3 indices, got '!thrift.view<[b, h, t, n], bf16>' with 3}}
thrift.select %s[%i, %i, %i] for(%i) causal blocks(128 x 64) budget(%i, %i, %i) forced(%i, %i) into %r[%i, %i, %i]
  : !thrift.view<[b, h, t, n], bf16>, !thrift.routes<[b, h, t]>

// -----

// N3
%s, %r, %i = "source"() : () -> (!thrift.view<[b, h, t, n], f32>, !thrift.routes<[b, h, t]>, i32)
// expected-error @below {{'thrift.select' op expected three indices into the routes, got 2}}
thrift.select %s[%i, %i, %i] for(%i) causal blocks(128 x 64) budget(%i, %i, %i) forced(%i, %i) into %r[%i, %i]
  : !thrift.view<[b, h, t, n], f32>, !thrift.routes<[b, h, t]>

// -----

%s, %r, %i = "source"() : () -> (!thrift.view<[b, h, t, n], f32>, !thrift.routes<[b, h, t]>, i32)
// expected-error @below {{an extent is positive, got 0}}
thrift.select %s[%i, %i, %i] for(%i) causal blocks(128 x 0) budget(%i, %i, %i) forced(%i, %i) into %r[%i, %i, %i]
  : !thrift.view<[b, h, t, n], f32>, !thrift.routes<[b, h, t]>
