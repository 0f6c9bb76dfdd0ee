// Low operands in a format without scales are read from the caller's tensors; kernels that would have packed them go.

// RUN: thrift-opt %s -allow-unregistered-dialect --thrift-read-unpacked | FileCheck %s --implicit-check-not=@packs_nothing

// V lies the other way round: tiles are not transposed any more. K and Q lie alike; their product marks what is not finite.
// CHECK-LABEL: thrift.kernel @attention
// CHECK:         %[[T:.+]] = thrift.program_id(tiles)
// CHECK:         %[[Q:.+]] = thrift.load %q[%[[T]]] : <[len, 64], bf16> -> <128 x 64, bf16>
// CHECK-NEXT:    %[[K:.+]] = thrift.load %k[%[[T]]] : <[len, 64], bf16> -> <32 x 64, bf16>
// CHECK-NEXT:    thrift.dot %[[Q]], %[[K]] poison
// CHECK:         %[[V:.+]] = thrift.load %v[%[[T]]] : <[len, 64], bf16> -> <32 x 64, bf16>
// CHECK-NEXT:    thrift.accumulate %{{.+}}, %[[V]], %{{.+}} sum(%{{.+}}) : <128 x 32, bf16>, <32 x 64, bf16>, <128 x 64>, <128 x 32, f32>
thrift.kernel @attention dims(len, tiles)
    (%q : !thrift.view<[len, 64], bf16>, %k : !thrift.view<[len, 64], bf16>, %v : !thrift.view<[len, 64], bf16>,
     %q_low : !thrift.view<[len, 64], bf16>, %k_low : !thrift.view<[len, 64], bf16>, %v_low : !thrift.view<[64, len], bf16>) {
  %t = thrift.program_id(tiles)
  %w, %s = "source"() : () -> (!thrift.tile<128 x 32, f32>, !thrift.softmax<128 x 64>)
  %q_i = thrift.load %q_low[%t] : !thrift.view<[len, 64], bf16> -> !thrift.tile<128 x 64, bf16>
  %k_j = thrift.load %k_low[%t] : !thrift.view<[len, 64], bf16> -> !thrift.tile<32 x 64, bf16>
  %x = thrift.dot %q_i, %k_j : !thrift.tile<128 x 64, bf16>, !thrift.tile<32 x 64, bf16> -> !thrift.tile<128 x 32, f32>
  %p = thrift.quantize %x : !thrift.tile<128 x 32, f32> -> !thrift.tile<128 x 32, bf16>
  %v_j = thrift.load %v_low[%t] : !thrift.view<[64, len], bf16> -> !thrift.tile<64 x 32, bf16>
  %u = thrift.accumulate %p, %v_j transposed, %s sum(%w)
     : !thrift.tile<128 x 32, bf16>, !thrift.tile<64 x 32, bf16>, !thrift.softmax<128 x 64>, !thrift.tile<128 x 32, f32>
  "use"(%u) : (!thrift.softmax<128 x 64>) -> ()
}

// Packed operands stay.
// CHECK-LABEL: thrift.kernel @packed
// CHECK:         thrift.load %k_low[%{{.+}}] : <[len, 64], nvfp4> -> <32 x 64, nvfp4>
thrift.kernel @packed dims(len, tiles) (%k : !thrift.view<[len, 64], f16>, %k_low : !thrift.view<[len, 64], nvfp4>) {
  %t = thrift.program_id(tiles)
  %k_j = thrift.load %k_low[%t] : !thrift.view<[len, 64], nvfp4> -> !thrift.tile<32 x 64, nvfp4>
  "use"(%k_j) : (!thrift.tile<32 x 64, nvfp4>) -> ()
}

// What a kernel computes besides is still needed.
// CHECK-LABEL: thrift.kernel @means
// CHECK-NOT:     thrift.quantize
// CHECK:         thrift.store %{{.+}}, %k_mean[
// CHECK-NOT:     thrift.store
thrift.kernel @means dims(len, tiles)
    (%k : !thrift.view<[len, 64], f16>, %k_low : !thrift.view<[len, 64], f16>, %k_mean : !thrift.view<[tiles, 64], f32>) {
  %t = thrift.program_id(tiles)
  %x = thrift.load %k[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %m = thrift.summarize %x rows(%t of len) : !thrift.tile<64 x 64, f16> -> !thrift.tile<1 x 64, f32>
  %y = thrift.quantize %x : !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f16>
  thrift.store %m, %k_mean[%t] : !thrift.tile<1 x 64, f32>, !thrift.view<[tiles, 64], f32>
  thrift.store %y, %k_low[%t] : !thrift.tile<64 x 64, f16>, !thrift.view<[len, 64], f16>
}

thrift.kernel @packs_nothing dims(len, tiles) (%v : !thrift.view<[len, 64], f16>, %v_low : !thrift.view<[64, len], f16>) {
  %t = thrift.program_id(tiles)
  %x = thrift.load %v[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<128 x 64, f16>
  %y = thrift.quantize %x transposed : !thrift.tile<128 x 64, f16> -> !thrift.tile<64 x 128, f16>
  thrift.store %y, %v_low[%t] : !thrift.tile<64 x 128, f16>, !thrift.view<[64, len], f16>
}
