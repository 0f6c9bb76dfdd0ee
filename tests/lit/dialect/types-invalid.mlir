// What a type may hold, and how it is written.

// RUN: thrift-opt %s -allow-unregistered-dialect -split-input-file -verify-diagnostics

// expected-error @below {{an extent is positive, got 0}}
"use"() {tile = !thrift.tile<0 x 64, f16>} : () -> ()

// -----

// expected-error @below {{an extent is positive, got -64}}
"use"() {tile = !thrift.tile<128 x -64, f16>} : () -> ()

// -----

// expected-error @below {{integer value too large}}
"use"() {tile = !thrift.tile<9223372036854775808 x 64, f16>} : () -> ()

// -----

// expected-error @below {{expected an extent: a positive integer or the name of a parameter}}
"use"() {tile = !thrift.tile<"rows" x 64, f16>} : () -> ()

// -----

// expected-error @below {{expected an extent: a positive integer or the name of a parameter}}
"use"() {tile = !thrift.tile<? x 64, f16>} : () -> ()

// -----

// expected-error @below {{a tile has 2 to 2 extents, got 1}}
"use"() {tile = !thrift.tile<64, f16>} : () -> ()

// -----

// expected-error @below {{a tile has 2 to 2 extents, got 3}}
"use"() {tile = !thrift.tile<2 x 64 x 64, f16>} : () -> ()

// -----

// `64x64` is a number and then the name `x64`: extents stand apart.
// expected-error @below {{expected ','}}
"use"() {tile = !thrift.tile<64x64, f16>} : () -> ()

// -----

// expected-error @below {{expected ','}}
"use"() {tile = !thrift.tile<64 x 64>} : () -> ()

// -----

// expected-error @below {{expected a format or the name of a parameter}}
"use"() {tile = !thrift.tile<64 x 64, 16>} : () -> ()

// -----

// expected-error @below {{expected a layout, got striped}}
"use"() {tile = !thrift.tile<64 x 64, f16, striped>} : () -> ()

// -----

// expected-error @below {{expected valid keyword}}
"use"() {tile = !thrift.tile<64 x 64, f16, >} : () -> ()

// -----

// expected-error @below {{expected '>'}}
"use"() {tile = !thrift.tile<64 x 64, f16, shared, shared>} : () -> ()

// -----

// expected-error @below {{expected '['}}
"use"() {view = !thrift.view<64, f16>} : () -> ()

// -----

// expected-error @below {{expected an extent: a positive integer or the name of a parameter}}
"use"() {view = !thrift.view<[], f16>} : () -> ()

// -----

// expected-error @below {{a view has 1 to 5 extents, got 6}}
"use"() {view = !thrift.view<[a, b, c, d, e, f], f16>} : () -> ()

// -----

// Extents of views are separated by commas.
// expected-error @below {{expected ']'}}
"use"() {view = !thrift.view<[a x b], f16>} : () -> ()

// -----

// expected-error @below {{expected a format or the name of a parameter}}
"use"() {view = !thrift.view<[a, b], "f16">} : () -> ()

// -----

// expected-error @below {{a softmax state has 2 to 2 extents, got 1}}
"use"() {state = !thrift.softmax<64>} : () -> ()

// -----

// A state is f32: it takes no format.
// expected-error @below {{expected '>'}}
"use"() {state = !thrift.softmax<64 x 64, f32>} : () -> ()

// -----

// expected-error @below {{a list of routes has 3 to 3 extents, got 2}}
"use"() {routes = !thrift.routes<[batch, q_tiles]>} : () -> ()

// -----

// expected-error @below {{invalid kind of type specified: expected thrift.tile, but found '!thrift.view<[64, 64], f16>'}}
// expected-error @below {{failed to parse Thrift_RingType parameter 'tile' which is to be a `::thrift::TileType`}}
"use"() {ring = !thrift.ring<2 x !thrift.view<[64, 64], f16>>} : () -> ()

// -----

// expected-error @below {{unknown  type `tensor` in dialect `thrift`}}
"use"() {tensor = !thrift.tensor<4>} : () -> ()

// -----

// expected-error @below {{a tensor of decisions has 3 to 3 extents, got 2}}
"use"() {decisions = !thrift.decisions<[batch, q_heads] by 16>} : () -> ()

// -----

// expected-error @below {{expected 'by'}}
"use"() {decisions = !thrift.decisions<[batch, q_heads, q_tiles]>} : () -> ()

// -----

// expected-error @below {{a router's granule divides its rows, got 128 rows by 48}}
"use"() {router = !thrift.router<128 by 48>} : () -> ()

// -----

// expected-error @below {{an extent is positive, got 0}}
"use"() {router = !thrift.router<128 by 0>} : () -> ()
