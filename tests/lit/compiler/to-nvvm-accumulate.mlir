// P in registers: rounding, and P V on mma.sync.

// RUN: thrift-opt %s --thrift-to-nvvm | FileCheck %s

// Two f32 become one pair, the first in the lower half; 16 keys are four pairs. V's rows are keys, so ldmatrix transposes.
// CHECK-LABEL: llvm.func @f16(
// CHECK-SAME:    %[[C:[a-z0-9]+]]: f32
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.nvvm.ff2f16x2.rn"(%{{.+}}, %{{.+}}) : (f32, f32) -> vector<2xf16>
// CHECK-NOT:     llvm.call_intrinsic
// CHECK-COUNT-4: nvvm.ldmatrix %{{.+}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<col>, num = 4 : i32,
// CHECK-NOT:     nvvm.ldmatrix
// CHECK:         llvm.return
thrift.kernel @f16 (%c : f32, %n : i32) attributes {threads = 32 : i32, shared_bytes = 2048 : i32} {
  %r = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<16 x 64, f16, shared>>
  %v = thrift.slot %r[%n] : !thrift.ring<1 x !thrift.tile<16 x 64, f16, shared>> -> !thrift.tile<16 x 64, f16, shared>
  %s = thrift.empty_softmax : !thrift.softmax<16 x 64>
  %e = thrift.empty_softmax : !thrift.softmax<16 x 16>
  %w, %lse = thrift.finish %e : !thrift.softmax<16 x 16> -> !thrift.tile<16 x 16, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  %p = thrift.quantize %w : !thrift.tile<16 x 16, f32, accumulator> -> !thrift.tile<16 x 16, f16, operand_a>
  %t = thrift.accumulate %p, %v, %s sum(%w)
     : !thrift.tile<16 x 16, f16, operand_a>, !thrift.tile<16 x 64, f16, shared>, !thrift.softmax<16 x 64>, !thrift.tile<16 x 16, f32, accumulator>
}

// CHECK-LABEL: llvm.func @bf16(
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.nvvm.ff2bf16x2.rn"(%{{.+}}, %{{.+}}) : (f32, f32) -> vector<2xbf16>
// CHECK-COUNT-8: nvvm.mma.sync {{.+}} {{{.*}}multiplicandAPtxType = #nvvm.mma_type<bf16>{{.*}}} : (i32, i32, f32)
// CHECK-NOT:     nvvm.mma.sync
// CHECK:         llvm.return
thrift.kernel @bf16 (%c : f32, %n : i32) attributes {threads = 32 : i32, shared_bytes = 2048 : i32} {
  %r = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<16 x 64, bf16, shared>>
  %v = thrift.slot %r[%n] : !thrift.ring<1 x !thrift.tile<16 x 64, bf16, shared>> -> !thrift.tile<16 x 64, bf16, shared>
  %s = thrift.empty_softmax : !thrift.softmax<16 x 64>
  %e = thrift.empty_softmax : !thrift.softmax<16 x 16>
  %w, %lse = thrift.finish %e : !thrift.softmax<16 x 16> -> !thrift.tile<16 x 16, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  %p = thrift.quantize %w : !thrift.tile<16 x 16, f32, accumulator> -> !thrift.tile<16 x 16, bf16, operand_a>
  %t = thrift.accumulate %p, %v, %s sum(%w)
     : !thrift.tile<16 x 16, bf16, operand_a>, !thrift.tile<16 x 64, bf16, shared>, !thrift.softmax<16 x 64>, !thrift.tile<16 x 16, f32, accumulator>
}

// Packed V: 8 channels by 64 tokens. P carries the factor 2^7 that widening takes out. A lane's 16 tokens are one load of
// 8 bytes, and the four scales of a channel one word.
// CHECK-LABEL: llvm.func @nvfp4(
// CHECK:         %[[FACTOR:.+]] = llvm.mlir.constant(1.280000e+02 : f32) : f32
// CHECK:         llvm.fmul %{{.+}}, %[[FACTOR]] : f32
// CHECK-COUNT-16: llvm.call_intrinsic "llvm.nvvm.ff2f16x2.rn"
// CHECK-NOT:     llvm.call_intrinsic
// CHECK:         llvm.load %{{.+}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xi32>
// CHECK-NEXT:    llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<3> -> i32
// CHECK-NOT:     nvvm.ldmatrix
// CHECK-COUNT-4: nvvm.mma.sync {{.+}} : (vector<2xf16>, vector<2xf16>, f32)
// CHECK-NOT:     nvvm.mma.sync
// CHECK:         llvm.return
thrift.kernel @nvfp4 (%c : f32, %n : i32) attributes {threads = 32 : i32, shared_bytes = 288 : i32} {
  %r = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<8 x 64, nvfp4, shared>>
  %v = thrift.slot %r[%n] : !thrift.ring<1 x !thrift.tile<8 x 64, nvfp4, shared>> -> !thrift.tile<8 x 64, nvfp4, shared>
  %s = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %e = thrift.empty_softmax : !thrift.softmax<16 x 64>
  %w, %lse = thrift.finish %e : !thrift.softmax<16 x 64> -> !thrift.tile<16 x 64, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  %p = thrift.quantize %w {scale_log2 = 7 : i32} : !thrift.tile<16 x 64, f32, accumulator> -> !thrift.tile<16 x 64, f16, operand_a_widened>
  %t = thrift.accumulate %p, %v transposed, %s sum(%w)
     : !thrift.tile<16 x 64, f16, operand_a_widened>, !thrift.tile<8 x 64, nvfp4, shared>, !thrift.softmax<16 x 8>, !thrift.tile<16 x 64, f32, accumulator>
}

// mxfp4 is widened to bf16, by two multiplications with powers of two: 4 words of two scales each, 8 values to a word.
// CHECK-LABEL: llvm.func @mxfp4(
// CHECK-COUNT-16: llvm.call_intrinsic "llvm.nvvm.ff2bf16x2.rn"
// CHECK:         llvm.load %{{.+}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xi32>
// CHECK-NEXT:    llvm.load %{{.+}} {alignment = 2 : i64} : !llvm.ptr<3> -> i16
// CHECK-COUNT-8: llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"
// CHECK-COUNT-2: nvvm.mma.sync {{.+}} {{{.*}}multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>
// CHECK-COUNT-8: llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"
// CHECK-COUNT-2: nvvm.mma.sync {{.+}} : (i32, i32, f32)
// CHECK-NOT:     nvvm.mma.sync
// CHECK:         llvm.return
thrift.kernel @mxfp4 (%n : i32) attributes {threads = 32 : i32, shared_bytes = 272 : i32} {
  %r = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<8 x 64, mxfp4, shared>>
  %v = thrift.slot %r[%n] : !thrift.ring<1 x !thrift.tile<8 x 64, mxfp4, shared>> -> !thrift.tile<8 x 64, mxfp4, shared>
  %s = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %e = thrift.empty_softmax : !thrift.softmax<16 x 64>
  %w, %lse = thrift.finish %e : !thrift.softmax<16 x 64> -> !thrift.tile<16 x 64, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  %p = thrift.quantize %w : !thrift.tile<16 x 64, f32, accumulator> -> !thrift.tile<16 x 64, bf16, operand_a_widened>
  %t = thrift.accumulate %p, %v transposed, %s sum(%w)
     : !thrift.tile<16 x 64, bf16, operand_a_widened>, !thrift.tile<8 x 64, mxfp4, shared>, !thrift.softmax<16 x 8>, !thrift.tile<16 x 64, f32, accumulator>
}

// fp8: bytes become f16 by moving bits. The block's sum starts from zero and joins the accumulator by one fma with its scale.
// CHECK-LABEL: llvm.func @fp8(
// CHECK:         %[[SCALE:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<3> -> f32
// CHECK:         %[[UNDO:.+]] = llvm.fmul %[[SCALE]], %{{.+}} : f32
// CHECK:         llvm.load %{{.+}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xi32>
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.nvvm.prmt"
// CHECK:         nvvm.mma.sync {{.+}} C[%[[ZERO:[0-9]+]], %[[ZERO]], %[[ZERO]], %[[ZERO]]] {{.+}} : (vector<2xf16>, vector<2xf16>, f32)
// CHECK-COUNT-3: nvvm.mma.sync
// CHECK-NOT:     nvvm.mma.sync
// CHECK-COUNT-4: llvm.intr.fma(%{{.+}}, %[[UNDO]], %{{.+}})
// CHECK:         llvm.return
thrift.kernel @fp8 (%n : i32) attributes {threads = 32 : i32, shared_bytes = 528 : i32} {
  %r = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<8 x 64, fp8, shared>>
  %v = thrift.slot %r[%n] : !thrift.ring<1 x !thrift.tile<8 x 64, fp8, shared>> -> !thrift.tile<8 x 64, fp8, shared>
  %s = thrift.empty_softmax : !thrift.softmax<16 x 8>
  %e = thrift.empty_softmax : !thrift.softmax<16 x 64>
  %w, %lse = thrift.finish %e : !thrift.softmax<16 x 64> -> !thrift.tile<16 x 64, f32, accumulator>, !thrift.tile<16 x 1, f32, accumulator>
  %p = thrift.quantize %w : !thrift.tile<16 x 64, f32, accumulator> -> !thrift.tile<16 x 64, f16, operand_a>
  %t = thrift.accumulate %p, %v transposed, %s sum(%w)
     : !thrift.tile<16 x 64, f16, operand_a>, !thrift.tile<8 x 64, fp8, shared>, !thrift.softmax<16 x 8>, !thrift.tile<16 x 64, f32, accumulator>
}
