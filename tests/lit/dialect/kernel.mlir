// thrift.kernel, thrift.program_id, thrift.kv_head: what is printed parses to the same.

// RUN: thrift-opt %s -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -mlir-print-op-generic | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -emit-bytecode | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -mlir-print-debuginfo | thrift-opt -allow-unregistered-dialect | FileCheck %s

// Parameters are printed in alphabetical order, dimensions and arguments as they were declared.
// CHECK-LABEL: thrift.kernel @open<head_dim, high, rows>
// CHECK-NEXT:    dims(heads, len, tiles)
// CHECK-NEXT:    (%x: !thrift.view<[heads, len, head_dim], high>,
// CHECK-NEXT:     %y: !thrift.view<[heads, len, head_dim], high>) {
// CHECK-NEXT:  %[[ID:.+]]:2 = thrift.program_id(heads, tiles)
// CHECK-NEXT:  %[[X:.+]] = thrift.load %x[%[[ID]]#0, %[[ID]]#1]
// CHECK-NEXT:  thrift.store %[[X]], %y[%[[ID]]#0, %[[ID]]#1]
// CHECK-NEXT:  }
thrift.kernel @open<rows, head_dim, high>
    dims(heads, len, tiles)
    (%x : !thrift.view<[heads, len, head_dim], high>,
     %y : !thrift.view<[heads, len, head_dim], high>) {
  %h, %t = thrift.program_id(heads, tiles)
  %tile = thrift.load %x[%h, %t] : !thrift.view<[heads, len, head_dim], high> -> !thrift.tile<rows x head_dim, high>
  thrift.store %tile, %y[%h, %t] : !thrift.tile<rows x head_dim, high>, !thrift.view<[heads, len, head_dim], high>
}

// Bound parameters of every kind stand beside open ones.
// CHECK-LABEL: thrift.kernel @bound<budget = all_low, high = bf16, mask = none, open, rows = 128>
thrift.kernel @bound<rows = 128, high = bf16, mask = none, budget = all_low, open> dims(n) (%x : !thrift.view<[n], f32>) {
}

// Every kind of argument.
// CHECK-LABEL: thrift.kernel @arguments
// CHECK-NEXT:    dims(b, h, t)
// CHECK-NEXT:    (%x: !thrift.view<[b, 64], nvfp4>,
// CHECK-NEXT:     %routes: !thrift.routes<[b, h, t]>,
// CHECK-NEXT:     %count: i32,
// CHECK-NEXT:     %scale: f32) {
thrift.kernel @arguments dims(b, h, t)
    (%x : !thrift.view<[b, 64], nvfp4>, %routes : !thrift.routes<[b, h, t]>, %count : i32, %scale : f32) {
}

// Nothing but a name, and the attributes that a schedule adds.
// CHECK-LABEL: thrift.kernel @least
// CHECK-NEXT:    () {
thrift.kernel @least () {
}
// CHECK-LABEL: thrift.kernel @scheduled
// CHECK-NEXT:    () attributes {shared_bytes = 4096 : i32, threads = 128 : i32} {
thrift.kernel @scheduled () attributes {threads = 128 : i32, shared_bytes = 4096 : i32} {
}

// CHECK-LABEL: thrift.kernel @"any name"
thrift.kernel @"any name" () {
}

// One to three dimensions span the grid; the same one may do so twice.
// CHECK-LABEL: thrift.kernel @ids
// CHECK:         %{{.+}} = thrift.program_id(t)
// CHECK-NEXT:    %[[ID:.+]]:3 = thrift.program_id(b, h, t)
// CHECK-NEXT:    %[[G:.+]] = thrift.kv_head %[[ID]]#1
// CHECK-NEXT:    %{{.+}}:2 = thrift.program_id(t, t)
// CHECK-NEXT:    "use"(%[[G]])
thrift.kernel @ids dims(b, h, t, q_heads, kv_heads) () {
  %0 = thrift.program_id(t)
  %1:3 = thrift.program_id(b, h, t)
  %2 = thrift.kv_head %1#1
  %3:2 = thrift.program_id(t, t)
  "use"(%2) : (i32) -> ()
}

// Names are any keywords, those of the dialect included.
// CHECK-LABEL: thrift.kernel @keywords<low, x>
// CHECK-NEXT:    dims(dims, high, thrift.x)
// CHECK:         "use"() {tile = !thrift.tile<x x low, f16>}
thrift.kernel @keywords<x, low> dims(dims, high, thrift.x) () {
  "use"() {tile = !thrift.tile<x x low, f16>} : () -> ()
}
