// thrift-specialize puts a value wherever a parameter's name stands.

// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-specialize=bind=rows=128,high=f16,mask=causal,budget=all_low | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-stage-specialized="bind=budget=all_low,mask=causal,high=f16,rows=128" | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-specialize=bind=rows=64,high=bf16,mask=none,budget=mixed | FileCheck %s --check-prefix=OTHER

// What is printed has no open parameter: binding nothing leaves it as it is.
// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-specialize=bind=rows=128,high=f16,mask=causal,budget=all_low \
// RUN:   | thrift-opt -allow-unregistered-dialect --thrift-specialize | FileCheck %s

// Extents and formats: in arguments, results, attributes; dimensions stay.
// CHECK-LABEL: thrift.kernel @types<high = f16, rows = 128>
// CHECK-NEXT:    dims(len, tiles)
// CHECK-NEXT:    (%x: !thrift.view<[len, 128], f16>,
// CHECK-NEXT:     %y: !thrift.view<[128, 64], nvfp4>) {
// CHECK:         thrift.load %x[%{{.+}}] : <[len, 128], f16> -> <64 x 128, f16>
// CHECK-NEXT:    %{{.+}} = thrift.empty_softmax : <128 x 64>
// CHECK-NEXT:    "use"() {formats = [#thrift.format<f16>, #thrift.format<f32>], ring = !thrift.ring<2 x !thrift.tile<128 x 64, f16>>}
// CHECK-NEXT:  }
// OTHER-LABEL: thrift.kernel @types<high = bf16, rows = 64>
// OTHER:         thrift.load %x[%{{.+}}] : <[len, 64], bf16> -> <64 x 64, bf16>
// OTHER:         thrift.empty_softmax : <64 x 64>
thrift.kernel @types<rows, high> dims(len, tiles) (%x : !thrift.view<[len, rows], high>, %y : !thrift.view<[rows, 64], nvfp4>) {
  %t = thrift.program_id(tiles)
  %0 = thrift.load %x[%t] : !thrift.view<[len, rows], high> -> !thrift.tile<64 x rows, high>
  %1 = thrift.empty_softmax : !thrift.softmax<rows x 64>
  "use"() {formats = [#thrift.param<high>, #thrift.format<f32>], ring = !thrift.ring<2 x !thrift.tile<rows x 64, high>>} : () -> ()
}

// Masks and budget classes: in nested regions too, with the types of their arguments.
// CHECK-LABEL: thrift.kernel @algorithm<budget = all_low, mask = causal, rows = 128>
// CHECK:         thrift.sweep visible(%{{.+}}) causal with(%{{.+}}) : !thrift.softmax<128 x 64> {
// CHECK-NEXT:    ^bb0(%{{.+}}: i32, %{{.+}}: !thrift.softmax<128 x 64>):
// CHECK-NEXT:      %{{.+}} = thrift.route by %r[%{{.+}}], %{{.+}} budget(all_low) : !thrift.routes<[batch, heads, tiles]> -> !thrift.softmax<128 x 64>
// CHECK:             thrift.mask %{{.+}} at(%{{.+}}) causal : <128 x 64, f32>
// OTHER-LABEL: thrift.kernel @algorithm<budget = mixed, mask = none, rows = 64>
// OTHER:         thrift.sweep visible(%{{.+}}) none with(%{{.+}}) : !thrift.softmax<64 x 64> {
// OTHER:           thrift.route by %r[%{{.+}}], %{{.+}} budget(mixed)
// OTHER:             thrift.mask %{{.+}} at(%{{.+}}) none : <64 x 64, f32>
thrift.kernel @algorithm<rows, mask, budget> dims(batch, heads, tiles, q_len, kv_len) (%r : !thrift.routes<[batch, heads, tiles]>) {
  %b, %h, %i = thrift.program_id(batch, heads, tiles)
  %0 = thrift.empty_softmax : !thrift.softmax<rows x 64>
  %1 = thrift.sweep visible(%i) mask with(%0) : !thrift.softmax<rows x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<rows x 64>):
    %2 = thrift.route by %r[%b, %h, %i], %j budget(budget) : !thrift.routes<[batch, heads, tiles]> -> !thrift.softmax<rows x 64>
    high {
      %x = "logits"() : () -> !thrift.tile<rows x 64, f32>
      %y = thrift.mask %x at(%i, %j) mask : !thrift.tile<rows x 64, f32>
      %u = "use"(%y, %s) : (!thrift.tile<rows x 64, f32>, !thrift.softmax<rows x 64>) -> !thrift.softmax<rows x 64>
      thrift.yield %u : !thrift.softmax<rows x 64>
    } low {
      thrift.yield %s : !thrift.softmax<rows x 64>
    }
    thrift.yield %2 : !thrift.softmax<rows x 64>
  }
}

// A parameter that the kernel binds itself is put in place too; kernels without a bound name are left alone.
// CHECK-LABEL: thrift.kernel @self<high = f16, width = 32>
// CHECK-NEXT:    ()
// CHECK-NEXT:    "use"() {tile = !thrift.tile<32 x 32, f16>}
thrift.kernel @self<width = 32, high> () {
  "use"() {tile = !thrift.tile<width x width, high>} : () -> ()
}
// CHECK-LABEL: thrift.kernel @none
// CHECK-NEXT:    dims(rows)
// CHECK-NEXT:    (%x: !thrift.view<[rows, 64], f32>) {
thrift.kernel @none dims(rows) (%x : !thrift.view<[rows, 64], f32>) {
}
