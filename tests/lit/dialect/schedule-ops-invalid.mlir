// What a schedule's ops refuse. Numbers are those of the op documentation.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// G1: another format.
%r, %n = "source"() : () -> (!thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>, i32)
// expected-error @below {{'thrift.slot' op the ring holds '!thrift.tile<64 x 128, f16, shared>', not '!thrift.tile<64 x 128, bf16, shared>'}}
%x = thrift.slot %r[%n] : !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>> -> !thrift.tile<64 x 128, bf16, shared>

// -----

// G1: another layout.
%r, %n = "source"() : () -> (!thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>, i32)
// expected-error @below {{'thrift.slot' op the ring holds '!thrift.tile<64 x 128, f16, shared>', not '!thrift.tile<64 x 128, f16>'}}
%x = thrift.slot %r[%n] : !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>> -> !thrift.tile<64 x 128, f16>

// -----

// X1: rows of a slice have all columns.
%x, %r = "source"() : () -> (!thrift.tile<64 x 128, f16, shared>, i32)
// expected-error @below {{'thrift.slice' op cannot take '!thrift.tile<64 x 32, f16, groups>' from '!thrift.tile<64 x 128, f16, shared>'}}
%y = thrift.slice %x from %r : !thrift.tile<64 x 128, f16, shared> -> !thrift.tile<64 x 32, f16, groups>

// -----

// X1: columns of a slice have all rows.
%x, %r = "source"() : () -> (!thrift.tile<64 x 128, f16, shared>, i32)
// expected-error @below {{'thrift.slice' op cannot take '!thrift.tile<16 x 128, f16, groups>' from '!thrift.tile<64 x 128, f16, shared>'}}
%y = thrift.slice %x columns from %r : !thrift.tile<64 x 128, f16, shared> -> !thrift.tile<16 x 128, f16, groups>

// -----

// X1: a slice does not convert.
%x, %r = "source"() : () -> (!thrift.tile<64 x 128, f16, shared>, i32)
// expected-error @below {{'thrift.slice' op cannot take '!thrift.tile<16 x 128, f32, groups>' from '!thrift.tile<64 x 128, f16, shared>'}}
%y = thrift.slice %x from %r : !thrift.tile<64 x 128, f16, shared> -> !thrift.tile<16 x 128, f32, groups>

// -----

%i = "source"() : () -> i32
// expected-error @below {{expected a list (visible, low, high, seeds, rest, promoted), got every}}
%n, %j, %c = thrift.seek every(%i) causal blocks(128 x 64)

// -----

%i = "source"() : () -> i32
// expected-error @below {{expected a mask or the name of a parameter}}
%n, %j, %c = thrift.seek visible(%i) "causal" blocks(128 x 64)

// -----

%i = "source"() : () -> i32
// expected-error @below {{expected 'blocks'}}
%n, %j, %c = thrift.seek visible(%i) causal inner blocks(128 x 64)

// -----

// expected-error @below {{expected attribute value}}
thrift.wait

// -----

// expected-error @below {{invalid kind of attribute specified}}
%r = thrift.alloc at "start" : !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>

// -----

// B1
%x = "source"() : () -> !thrift.tile<64 x 128, f32, shared>
// expected-error @below {{'thrift.block_scale' op expected an f16 or bf16 tile, got '!thrift.tile<64 x 128, f32, shared>'}}
%s = thrift.block_scale %x : !thrift.tile<64 x 128, f32, shared>
