// thrift.load and thrift.store: which dimensions a tile cuts, before and after binding.

// RUN: thrift-opt %s -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -mlir-print-op-generic | thrift-opt -allow-unregistered-dialect | FileCheck %s

// CHECK-LABEL: thrift.kernel @parametric
// CHECK:         %[[X:.+]] = thrift.load %x[%{{.+}}, %{{.+}}] : <[heads, len, head_dim], high> -> <rows x head_dim, high>
// CHECK-NEXT:    thrift.store %[[X]], %x[%{{.+}}, %{{.+}}] : <rows x head_dim, high>, <[heads, len, head_dim], high>
thrift.kernel @parametric<rows, head_dim, high> dims(heads, len, tiles) (%x : !thrift.view<[heads, len, head_dim], high>) {
  %h, %t = thrift.program_id(heads, tiles)
  %0 = thrift.load %x[%h, %t] : !thrift.view<[heads, len, head_dim], high> -> !thrift.tile<rows x head_dim, high>
  thrift.store %0, %x[%h, %t] : !thrift.tile<rows x head_dim, high>, !thrift.view<[heads, len, head_dim], high>
}

// A tile cuts the rows, cuts the columns, or holds both whole.
// CHECK-LABEL: thrift.kernel @cuts
// CHECK:         thrift.load %x[%{{.+}}, %{{.+}}] : <[heads, 512, 64], f16> -> <128 x 64, f16>
// CHECK-NEXT:    thrift.load %x[%{{.+}}, %{{.+}}] : <[heads, 512, 64], f16> -> <512 x 32, f16>
// CHECK-NEXT:    thrift.load %x[%{{.+}}] : <[heads, 512, 64], f16> -> <512 x 64, f16>
// CHECK-NEXT:    thrift.load %y[%{{.+}}] : <[len, 64], f16> -> <128 x 64, f16>
// CHECK-NEXT:    thrift.load %z[] : <[16, 64], nvfp4> -> <16 x 64, nvfp4>
thrift.kernel @cuts dims(heads, len)
    (%x : !thrift.view<[heads, 512, 64], f16>, %y : !thrift.view<[len, 64], f16>, %z : !thrift.view<[16, 64], nvfp4>) {
  %h, %t = thrift.program_id(heads, len)
  %0 = thrift.load %x[%h, %t] : !thrift.view<[heads, 512, 64], f16> -> !thrift.tile<128 x 64, f16>
  %1 = thrift.load %x[%h, %t] : !thrift.view<[heads, 512, 64], f16> -> !thrift.tile<512 x 32, f16>
  %2 = thrift.load %x[%h] : !thrift.view<[heads, 512, 64], f16> -> !thrift.tile<512 x 64, f16>
  %3 = thrift.load %y[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<128 x 64, f16>
  %4 = thrift.load %z[] : !thrift.view<[16, 64], nvfp4> -> !thrift.tile<16 x 64, nvfp4>
}

// A column of single values takes its rows from the view's last dimension.
// CHECK-LABEL: thrift.kernel @vector
// CHECK:         thrift.store %{{.+}}, %lse[%{{.+}}, %{{.+}}] : <128 x 1, f32>, <[heads, len], f32>
thrift.kernel @vector dims(heads, len, tiles) (%lse : !thrift.view<[heads, len], f32>) {
  %h, %t = thrift.program_id(heads, tiles)
  %0 = "source"() : () -> !thrift.tile<128 x 1, f32>
  thrift.store %0, %lse[%h, %t] : !thrift.tile<128 x 1, f32>, !thrift.view<[heads, len], f32>
}

// Formats without scales convert in a store, in either direction; a name may stand for any of them.
// CHECK-LABEL: thrift.kernel @conversion
// CHECK:         thrift.store %{{.+}}, %o[%{{.+}}] : <64 x 64, f32>, <[len, 64], bf16>
// CHECK:         thrift.store %{{.+}}, %p[%{{.+}}] : <64 x 64, f32>, <[len, 64], high>
// CHECK:         thrift.store %{{.+}}, %q[%{{.+}}] : <64 x 64, nvfp4>, <[len, 64], nvfp4>
thrift.kernel @conversion<high> dims(len)
    (%o : !thrift.view<[len, 64], bf16>, %p : !thrift.view<[len, 64], high>, %q : !thrift.view<[len, 64], nvfp4>) {
  %t = thrift.program_id(len)
  %0 = "source"() : () -> !thrift.tile<64 x 64, f32>
  thrift.store %0, %o[%t] : !thrift.tile<64 x 64, f32>, !thrift.view<[len, 64], bf16>
  thrift.store %0, %p[%t] : !thrift.tile<64 x 64, f32>, !thrift.view<[len, 64], high>
  %1 = "source"() : () -> !thrift.tile<64 x 64, nvfp4>
  thrift.store %1, %q[%t] : !thrift.tile<64 x 64, nvfp4>, !thrift.view<[len, 64], nvfp4>
}

// What a schedule says of the rows' alignment; 16 is not printed.
// CHECK-LABEL: thrift.kernel @aligned
// CHECK:         %[[X:.+]] = thrift.load %x[%t] {alignment = 2 : i32} : <[len, 64], f16> -> <64 x 64, f16>
// CHECK-NEXT:    thrift.store %[[X]], %x[%t] {alignment = 2 : i32} : <64 x 64, f16>, <[len, 64], f16>
// CHECK-NEXT:    thrift.load %x[%t] : <[len, 64], f16> -> <64 x 64, f16>
thrift.kernel @aligned dims(len) (%x : !thrift.view<[len, 64], f16>, %t : i32) {
  %0 = thrift.load %x[%t] {alignment = 2 : i32} : !thrift.view<[len, 64], f16> -> !thrift.tile<64 x 64, f16>
  thrift.store %0, %x[%t] {alignment = 2 : i32} : !thrift.tile<64 x 64, f16>, !thrift.view<[len, 64], f16>
  %1 = thrift.load %x[%t] {alignment = 16 : i32} : !thrift.view<[len, 64], f16> -> !thrift.tile<64 x 64, f16>
}

// Part of a tile, as a schedule stores it.
// CHECK-LABEL: thrift.kernel @slice
// CHECK:         thrift.store %{{.+}}, %o[%{{.+}}] from %{{.+}} of !thrift.tile<64 x 128, nvfp4> : <16 x 128, nvfp4, groups>, <[len, 128], nvfp4>
thrift.kernel @slice dims(len) (%o : !thrift.view<[len, 128], nvfp4>, %first : i32) {
  %t = thrift.program_id(len)
  %0 = "source"() : () -> !thrift.tile<16 x 128, nvfp4, groups>
  thrift.store %0, %o[%t] from %first of !thrift.tile<64 x 128, nvfp4>
    : !thrift.tile<16 x 128, nvfp4, groups>, !thrift.view<[len, 128], nvfp4>
}
