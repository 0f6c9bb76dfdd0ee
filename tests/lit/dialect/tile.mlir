// Arithmetic on tiles and softmax states: with names before binding, with numbers after, with layouts after scheduling.

// RUN: thrift-opt %s -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -mlir-print-op-generic | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -emit-bytecode | thrift-opt -allow-unregistered-dialect | FileCheck %s

// CHECK-LABEL: thrift.kernel @dot<block_kv, block_q, head_dim, high>
// CHECK:         thrift.dot %{{.+}}#0, %{{.+}}#1 : <block_q x head_dim, high>, <block_kv x head_dim, high> -> <block_q x block_kv, f32>
// CHECK:         thrift.dot %{{.+}}#0, %{{.+}}#1 poison : <128 x 64, bf16>, <32 x 64, bf16> -> <128 x 32, f32>
// CHECK:         thrift.dot %{{.+}}#0, %{{.+}}#1 {scale_log2 = 14 : i32} : <16 x 64, nvfp4, operand_a_widened>, <8 x 64, nvfp4, shared> -> <16 x 8, f32, accumulator>
thrift.kernel @dot<block_q, block_kv, head_dim, high> () {
  %0, %1 = "source"() : () -> (!thrift.tile<block_q x head_dim, high>, !thrift.tile<block_kv x head_dim, high>)
  %2 = thrift.dot %0, %1 : !thrift.tile<block_q x head_dim, high>, !thrift.tile<block_kv x head_dim, high>
     -> !thrift.tile<block_q x block_kv, f32>
  %3, %4 = "source"() : () -> (!thrift.tile<128 x 64, bf16>, !thrift.tile<32 x 64, bf16>)
  %5 = thrift.dot %3, %4 poison : !thrift.tile<128 x 64, bf16>, !thrift.tile<32 x 64, bf16> -> !thrift.tile<128 x 32, f32>
  %6, %7 = "source"() : () -> (!thrift.tile<16 x 64, nvfp4, operand_a_widened>, !thrift.tile<8 x 64, nvfp4, shared>)
  %8 = thrift.dot %6, %7 {scale_log2 = 14 : i32}
     : !thrift.tile<16 x 64, nvfp4, operand_a_widened>, !thrift.tile<8 x 64, nvfp4, shared> -> !thrift.tile<16 x 8, f32, accumulator>
}

// CHECK-LABEL: thrift.kernel @mask<block, mask>
// CHECK:         thrift.mask %{{.+}} at(%i, %j) mask : <block x 64, f32>
// CHECK:         thrift.mask %{{.+}} at(%i, %j) causal : <128 x 64, f32>
// CHECK:         thrift.mask %{{.+}} at(%i, %j) none : <16 x 8, f32, accumulator>
thrift.kernel @mask<block, mask> dims(q_len, kv_len) (%i : i32, %j : i32) {
  %0 = "source"() : () -> !thrift.tile<block x 64, f32>
  %1 = thrift.mask %0 at(%i, %j) mask : !thrift.tile<block x 64, f32>
  %2 = "source"() : () -> !thrift.tile<128 x 64, f32>
  %3 = thrift.mask %2 at(%i, %j) causal : !thrift.tile<128 x 64, f32>
  %4 = "source"() : () -> !thrift.tile<16 x 8, f32, accumulator>
  %5 = thrift.mask %4 at(%i, %j) none : !thrift.tile<16 x 8, f32, accumulator>
}

// Results are named after what they are. Attributes at their default are not printed.
// CHECK-LABEL: thrift.kernel @online_softmax<rows>
// CHECK:         %[[S:.+]] = thrift.empty_softmax : <rows x 128>
// CHECK:         %probabilities, %next = thrift.online_softmax %{{.+}}, %[[S]] scale(%c) : <rows x 64, f32>, <rows x 128>
// CHECK:         %probabilities{{.*}}, %next{{.*}} = thrift.online_softmax %{{.+}}, %{{.+}} scale(%c) {exp2 = "poly", guard, logit_scale_log2 = 14 : i32} : <16 x 64, f32, accumulator>, <16 x 32>
thrift.kernel @online_softmax<rows> (%c : f32) {
  %0 = thrift.empty_softmax : !thrift.softmax<rows x 128>
  %1 = "source"() : () -> !thrift.tile<rows x 64, f32>
  %2:2 = thrift.online_softmax %1, %0 scale(%c) {exp2 = "approx", logit_scale_log2 = 0 : i32}
       : !thrift.tile<rows x 64, f32>, !thrift.softmax<rows x 128>
  %3 = thrift.empty_softmax : !thrift.softmax<16 x 32>
  %4 = "source"() : () -> !thrift.tile<16 x 64, f32, accumulator>
  %5:2 = thrift.online_softmax %4, %3 scale(%c) {exp2 = "poly", guard, logit_scale_log2 = 14 : i32}
       : !thrift.tile<16 x 64, f32, accumulator>, !thrift.softmax<16 x 32>
}

// CHECK-LABEL: thrift.kernel @quantize<low, rows>
// CHECK:         thrift.quantize %{{.+}} : <rows x 64, f16> -> <rows x 64, low>
// CHECK:         thrift.quantize %{{.+}} transposed : <rows x 64, f16> -> <64 x rows, low>
// CHECK:         thrift.quantize %{{.+}} transposed : <64 x 128, bf16> -> <128 x 64, nvfp4>
// CHECK:         thrift.quantize %{{.+}} {scale_log2 = 7 : i32} : <16 x 64, f32, accumulator> -> <16 x 64, f16, operand_a_widened>
thrift.kernel @quantize<rows, low> () {
  %0 = "source"() : () -> !thrift.tile<rows x 64, f16>
  %1 = thrift.quantize %0 : !thrift.tile<rows x 64, f16> -> !thrift.tile<rows x 64, low>
  %2 = thrift.quantize %0 transposed : !thrift.tile<rows x 64, f16> -> !thrift.tile<64 x rows, low>
  %3 = "source"() : () -> !thrift.tile<64 x 128, bf16>
  %4 = thrift.quantize %3 transposed : !thrift.tile<64 x 128, bf16> -> !thrift.tile<128 x 64, nvfp4>
  %5 = "source"() : () -> !thrift.tile<16 x 64, f32, accumulator>
  %6 = thrift.quantize %5 {scale_log2 = 7 : i32} : !thrift.tile<16 x 64, f32, accumulator> -> !thrift.tile<16 x 64, f16, operand_a_widened>
}

// V has one row per key, or one column.
// CHECK-LABEL: thrift.kernel @accumulate<high, keys, pv>
// CHECK:         thrift.accumulate %{{.+}}, %{{.+}}, %{{.+}} sum(%{{.+}}) : <128 x keys, high>, <keys x 32, high>, <128 x 32>, <128 x keys, f32>
// CHECK:         thrift.accumulate %{{.+}}, %{{.+}} transposed, %{{.+}} sum(%{{.+}}) : <128 x keys, f16>, <32 x keys, pv>, <128 x 32>, <128 x keys, f32>
// CHECK:         thrift.accumulate %{{.+}}, %{{.+}} transposed, %{{.+}} sum(%{{.+}}) : <128 x 64, f16, operand_a_widened>, <32 x 64, nvfp4, shared>, <128 x 32>, <128 x 64, f32, accumulator>
thrift.kernel @accumulate<keys, high, pv> () {
  %0 = thrift.empty_softmax : !thrift.softmax<128 x 32>
  %w = "source"() : () -> !thrift.tile<128 x keys, f32>
  %1, %2 = "source"() : () -> (!thrift.tile<128 x keys, high>, !thrift.tile<keys x 32, high>)
  %3 = thrift.accumulate %1, %2, %0 sum(%w)
     : !thrift.tile<128 x keys, high>, !thrift.tile<keys x 32, high>, !thrift.softmax<128 x 32>, !thrift.tile<128 x keys, f32>
  %4, %5 = "source"() : () -> (!thrift.tile<128 x keys, f16>, !thrift.tile<32 x keys, pv>)
  %6 = thrift.accumulate %4, %5 transposed, %3 sum(%w)
     : !thrift.tile<128 x keys, f16>, !thrift.tile<32 x keys, pv>, !thrift.softmax<128 x 32>, !thrift.tile<128 x keys, f32>
  %7, %8 = "source"() : () -> (!thrift.tile<128 x 64, f16, operand_a_widened>, !thrift.tile<32 x 64, nvfp4, shared>)
  %9 = "source"() : () -> !thrift.tile<128 x 64, f32, accumulator>
  %10 = thrift.accumulate %7, %8 transposed, %6 sum(%9)
      : !thrift.tile<128 x 64, f16, operand_a_widened>, !thrift.tile<32 x 64, nvfp4, shared>, !thrift.softmax<128 x 32>,
        !thrift.tile<128 x 64, f32, accumulator>
}

// CHECK-LABEL: thrift.kernel @finish<rows>
// CHECK:         %[[M:.+]] = thrift.merge %{{.+}}, %{{.+}} : <rows x 64>
// CHECK-NEXT:    %o, %lse = thrift.finish %[[M]] : <rows x 64> -> <rows x 64, f32>, <rows x 1, f32>
// CHECK:         %o{{.*}}, %lse{{.*}} = thrift.finish %{{.+}} : <16 x 64> -> <16 x 64, f32, accumulator>, <16 x 1, f32, accumulator>
thrift.kernel @finish<rows> () {
  %0:2 = "source"() : () -> (!thrift.softmax<rows x 64>, !thrift.softmax<rows x 64>)
  %1 = thrift.merge %0#0, %0#1 : !thrift.softmax<rows x 64>
  %2:2 = thrift.finish %1 : !thrift.softmax<rows x 64> -> !thrift.tile<rows x 64, f32>, !thrift.tile<rows x 1, f32>
  %3 = thrift.empty_softmax : !thrift.softmax<16 x 64>
  %4:2 = thrift.finish %3 : !thrift.softmax<16 x 64> -> !thrift.tile<16 x 64, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
}
