// Every type prints as it is written: with names before binding, with numbers after, with layouts after scheduling.

// RUN: thrift-opt %s -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -mlir-print-op-generic | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -emit-bytecode | thrift-opt -allow-unregistered-dialect | FileCheck %s

// CHECK: view = !thrift.view<[batch, kv_heads, kv_len, head_dim], high>
"use"() {view = !thrift.view<[batch, kv_heads, kv_len, head_dim], high>} : () -> ()
// CHECK: view = !thrift.view<[2, 8, 1000, 128], nvfp4>
"use"() {view = !thrift.view<[2, 8, 1000, 128], nvfp4>} : () -> ()
// From one to five dimensions.
// CHECK: view = !thrift.view<[n], f32>
"use"() {view = !thrift.view<[n], f32>} : () -> ()
// CHECK: view = !thrift.view<[a, b, c, d, 64], bf16>
"use"() {view = !thrift.view<[a,b,c,d,64], bf16>} : () -> ()

// CHECK: tile = !thrift.tile<block_q x head_dim, high>
"use"() {tile = !thrift.tile<block_q x head_dim, high>} : () -> ()
// CHECK: tile = !thrift.tile<128 x 64, fp8>
"use"() {tile = !thrift.tile<128 x 64, fp8>} : () -> ()
// A number and a name.
// CHECK: tile = !thrift.tile<1 x head_dim, f32>
"use"() {tile = !thrift.tile<1 x head_dim, f32>} : () -> ()
// CHECK: tile = !thrift.tile<16 x 64, f32, accumulator>
"use"() {tile = !thrift.tile<16 x 64, f32, accumulator>} : () -> ()
// CHECK: tile = !thrift.tile<block_q x 64, qk, operand_a_widened>
"use"() {tile = !thrift.tile<block_q x 64, qk, operand_a_widened>} : () -> ()
// The separator is a legal name, and so is a format where an extent stands.
// CHECK: tile = !thrift.tile<x x f16, f16>
"use"() {tile = !thrift.tile<x x f16, f16>} : () -> ()
// The largest extent there is.
// CHECK: tile = !thrift.tile<9223372036854775807 x 1, f32>
"use"() {tile = !thrift.tile<9223372036854775807 x 1, f32>} : () -> ()

// CHECK: state = !thrift.softmax<block_q x value_dim>
"use"() {state = !thrift.softmax<block_q x value_dim>} : () -> ()
// CHECK: state = !thrift.softmax<128 x 64>
"use"() {state = !thrift.softmax<128 x 64>} : () -> ()

// CHECK: routes = !thrift.routes<[batch, q_heads, q_tiles]>
"use"() {routes = !thrift.routes<[batch, q_heads, q_tiles]>} : () -> ()
// CHECK: routes = !thrift.routes<[1, 32, 64]>
"use"() {routes = !thrift.routes<[1, 32, 64]>} : () -> ()

// CHECK: ring = !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>
"use"() {ring = !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>} : () -> ()

// CHECK: decisions = !thrift.decisions<[batch, q_heads, q_tiles] by granule>
"use"() {decisions = !thrift.decisions<[batch, q_heads, q_tiles] by granule>} : () -> ()
// CHECK: decisions = !thrift.decisions<[1, 32, 64] by 16>
"use"() {decisions = !thrift.decisions<[1, 32, 64] by 16>} : () -> ()

// CHECK: router = !thrift.router<block_q by granule>
"use"() {router = !thrift.router<block_q by granule>} : () -> ()
// CHECK: router = !thrift.router<128 by 32>
"use"() {router = !thrift.router<128 by 32>} : () -> ()
