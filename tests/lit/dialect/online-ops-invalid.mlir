// The online router with parts that do not fit.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// U1
%d = "source"() : () -> !thrift.decisions<[b, h, t] by 16>
%i, %x = "source"() : () -> (i32, f32)
// expected-error @below {{'thrift.start_router' op expected decisions with 3 indices, got 2}}
%r = thrift.start_router %d[%i, %i] causal blocks(128 x 64) seeds(%i, %i) cap(%i, %i) thresholds(%x, %x) scale(%x)
   : !thrift.decisions<[b, h, t] by 16> -> !thrift.router<128 by 16>

// -----

// U2
%d = "source"() : () -> !thrift.decisions<[b, h, t] by 16>
%i, %x = "source"() : () -> (i32, f32)
// expected-error @below {{'thrift.start_router' op decisions and router differ in granule: '!thrift.decisions<[b, h, t] by 16>' and '!thrift.router<128 by 32>'}}
%r = thrift.start_router %d[%i, %i, %i] causal blocks(128 x 64) seeds(%i, %i) cap(%i, %i) thresholds(%x, %x) scale(%x)
   : !thrift.decisions<[b, h, t] by 16> -> !thrift.router<128 by 32>

// -----

// U3
%d = "source"() : () -> !thrift.decisions<[b, h, t] by 16>
%i, %x = "source"() : () -> (i32, f32)
// expected-error @below {{'thrift.start_router' op expected a router for the rows of a query tile, got '!thrift.router<128 by 16>'}}
%r = thrift.start_router %d[%i, %i, %i] causal blocks(64 x 64) seeds(%i, %i) cap(%i, %i) thresholds(%x, %x) scale(%x)
   : !thrift.decisions<[b, h, t] by 16> -> !thrift.router<128 by 16>

// -----

// K7: the diagonal stands at kv_len - q_len, also without a mask.
thrift.kernel @k dims(b, h, t, kv_len) (%d : !thrift.decisions<[b, h, t] by 16>, %i : i32, %x : f32) {
  // expected-error @below {{'thrift.start_router' op needs the dimension q_len, which kernel @k does not have}}
  %r = thrift.start_router %d[%i, %i, %i] none blocks(128 x 64) seeds(%i, %i) cap(%i, %i) thresholds(%x, %x) scale(%x)
     : !thrift.decisions<[b, h, t] by 16> -> !thrift.router<128 by 16>
}

// -----

// U4: the state's rows.
%x, %s = "source"() : () -> (!thrift.tile<128 x 64, f32>, !thrift.softmax<64 x 64>)
%r, %j = "source"() : () -> (!thrift.router<128 by 16>, i32)
// expected-error @below {{'thrift.promote' op logits and state differ in rows: '!thrift.tile<128 x 64, f32>' and '!thrift.softmax<64 x 64>'}}
%y = thrift.promote %x, %s at(%j) by %r : !thrift.tile<128 x 64, f32>, !thrift.softmax<64 x 64>, !thrift.router<128 by 16>

// -----

// U4: the router's rows.
%x, %s = "source"() : () -> (!thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>)
%r, %j = "source"() : () -> (!thrift.router<128 by 16>, i32)
// expected-error @below {{'thrift.promote' op expected f32 logits with the rows of '!thrift.router<128 by 16>', got '!thrift.tile<64 x 64, f32>'}}
%y = thrift.promote %x, %s at(%j) by %r : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>, !thrift.router<128 by 16>

// -----

// U4: the format.
%x, %r, %j = "source"() : () -> (!thrift.tile<128 x 64, f16>, !thrift.router<128 by 16>, i32)
// expected-error @below {{'thrift.keep_promoted' op expected f32 logits with the rows of '!thrift.router<128 by 16>', got '!thrift.tile<128 x 64, f16>'}}
%y = thrift.keep_promoted %x at(%j) by %r : !thrift.tile<128 x 64, f16>, !thrift.router<128 by 16>
