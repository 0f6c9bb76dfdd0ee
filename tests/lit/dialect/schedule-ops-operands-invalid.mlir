// A schedule can be edited by hand: copies must fit their ring, places need the list that they are in, and counts make sense.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

%k, %n, %yes = "source"() : () -> (!thrift.view<[heads, len, 64], f16>, i32, i1)
%r = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>
// expected-error @below {{'thrift.copy' op needs 2 indices to take '!thrift.tile<64 x 64, f16, shared>' from '!thrift.view<[heads, len, 64], f16>', got 0}}
thrift.copy %k[] to %r[%n] if(%yes) : !thrift.view<[heads, len, 64], f16>, !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>

// -----

%k, %n, %yes = "source"() : () -> (!thrift.view<[heads, len, 128], f16>, i32, i1)
%r = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>
// expected-error @below {{'thrift.copy' op cuts both of the last two dimensions of '!thrift.view<[heads, len, 128], f16>' into '!thrift.tile<64 x 64, f16, shared>'}}
thrift.copy %k[%n, %n] to %r[%n] if(%yes) : !thrift.view<[heads, len, 128], f16>, !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>

// -----

%k, %n, %yes = "source"() : () -> (!thrift.view<[heads, len, 64], f16>, i32, i1)
%r = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, nvfp4, shared>>
// expected-error @below {{'thrift.copy' op view and tile differ in format: '!thrift.view<[heads, len, 64], f16>' and '!thrift.tile<64 x 64, nvfp4, shared>'}}
thrift.copy %k[%n, %n] to %r[%n] if(%yes) : !thrift.view<[heads, len, 64], f16>, !thrift.ring<2 x !thrift.tile<64 x 64, nvfp4, shared>>

// -----

%i = "source"() : () -> i32
// expected-error @below {{'thrift.seek' op over low blocks needs routes with three indices}}
%n, %j, %c = thrift.seek low(%i) causal blocks(128 x 64)

// -----

%i, %r = "source"() : () -> (i32, !thrift.routes<[b, h, t]>)
// expected-error @below {{'thrift.seek' op over high blocks needs routes with three indices}}
%n, %j, %c = thrift.seek high(%i) causal blocks(128 x 64) by %r[%i, %i] : !thrift.routes<[b, h, t]>

// -----

%i, %r = "source"() : () -> (i32, !thrift.routes<[b, h, t]>)
// expected-error @below {{'thrift.seek' op over visible blocks needs no routes}}
%n, %j, %c = thrift.seek visible(%i) causal blocks(128 x 64) by %r[%i, %i, %i] : !thrift.routes<[b, h, t]>

// -----

%i = "source"() : () -> i32
// expected-error @below {{'thrift.next' op over high blocks needs routes with three indices}}
%j, %c = thrift.next high after(%i, %i)

// -----

%i = "source"() : () -> i32
// expected-error @below {{'thrift.seek' op attribute 'block_kv' failed to satisfy constraint: 32-bit signless integer attribute whose value is positive}}
%n, %j, %c = thrift.seek visible(%i) causal blocks(128 x 0)

// -----

// expected-error @below {{a ring has at least one stage, got 0}}
%r = thrift.alloc at 0 : !thrift.ring<0 x !thrift.tile<64 x 64, f16, shared>>

// -----

// expected-error @below {{'thrift.alloc' op attribute 'offset' failed to satisfy constraint: 32-bit signless integer attribute whose value is non-negative}}
%r = thrift.alloc at -16 : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>

// -----

// expected-error @below {{'thrift.wait' op attribute 'pending' failed to satisfy constraint: 32-bit signless integer attribute whose value is non-negative}}
thrift.wait -1

// -----

// expected-error @below {{'thrift.kernel' op attribute 'threads' failed to satisfy constraint: 32-bit signless integer attribute whose value is positive}}
thrift.kernel @k () attributes {threads = 0 : i32, shared_bytes = 0 : i32} {
}

// -----

// expected-error @below {{'thrift.kernel' op attribute 'shared_bytes' failed to satisfy constraint: 32-bit signless integer attribute whose value is non-negative}}
thrift.kernel @k () attributes {threads = 32 : i32, shared_bytes = -1 : i32} {
}
