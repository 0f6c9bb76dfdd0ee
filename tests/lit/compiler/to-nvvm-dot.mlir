// thrift.dot becomes mma.sync m16n8k16; keys come through ldmatrix, or as packed words that are widened in registers.

// RUN: thrift-opt %s --thrift-to-nvvm | FileCheck %s

// 16 channels and 16 keys are one ldmatrix of four 8 x 8 matrices and two mma: four times along 64 channels.
// CHECK-LABEL: llvm.func @f16(
// CHECK-COUNT-16: llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> vector<2xf16>
// CHECK-NOT:     llvm.load
// CHECK:         %[[M:.+]] = nvvm.ldmatrix %{{.+}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<row>, num = 4 : i32, {{.*}} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
// CHECK-DAG:     %[[M0:.+]] = llvm.extractvalue %[[M]][0]
// CHECK-DAG:     %[[M1:.+]] = llvm.extractvalue %[[M]][1]
// CHECK-DAG:     %[[B0:.+]] = llvm.bitcast %[[M0]] : i32 to vector<2xf16>
// CHECK-DAG:     %[[B1:.+]] = llvm.bitcast %[[M1]] : i32 to vector<2xf16>
// CHECK:         %[[D:.+]] = nvvm.mma.sync A[%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}] B[%[[B0]], %[[B1]]] C[%[[ZERO:.+]], %[[ZERO]], %[[ZERO]], %[[ZERO]]] {{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 16>{{.*}} : (vector<2xf16>, vector<2xf16>, f32) -> !llvm.struct<(f32, f32, f32, f32)>
// CHECK:         %[[D0:.+]] = llvm.extractvalue %[[D]][0]
// CHECK:         nvvm.mma.sync
// The second 16 channels add to the first.
// CHECK:         nvvm.ldmatrix
// CHECK:         nvvm.mma.sync {{.+}} C[%[[D0]], %{{.+}}]
// CHECK-COUNT-5: nvvm.mma.sync
// CHECK-NOT:     nvvm.mma.sync
// A logit that is not finite becomes NaN: x * 0 + x.
// CHECK-COUNT-8: llvm.intr.fma(%[[X:[0-9a-z]+]], %{{.+}}, %{{.+}}) : (f32, f32, f32) -> f32
// CHECK:         llvm.return
thrift.kernel @f16 dims(q_len) (%q : !thrift.view<[q_len, 64], f16>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 2048 : i32} {
  %a = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<16 x 64, f16, operand_a>
  %r = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<16 x 64, f16, shared>>
  %k = thrift.slot %r[%i] : !thrift.ring<1 x !thrift.tile<16 x 64, f16, shared>> -> !thrift.tile<16 x 64, f16, shared>
  %x = thrift.dot %a, %k poison : !thrift.tile<16 x 64, f16, operand_a>, !thrift.tile<16 x 64, f16, shared> -> !thrift.tile<16 x 16, f32, accumulator>
}

// bf16 pairs stay words. Without `poison` nothing follows the products.
// CHECK-LABEL: llvm.func @bf16(
// CHECK-COUNT-8: nvvm.mma.sync {{.+}} {{{.*}}multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>{{.*}}} : (i32, i32, f32)
// CHECK-NOT:     nvvm.mma.sync
// CHECK-NOT:     llvm.intr.fma
// CHECK:         llvm.return
thrift.kernel @bf16 dims(q_len) (%q : !thrift.view<[q_len, 64], bf16>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 2048 : i32} {
  %a = thrift.load %q[%i] : !thrift.view<[q_len, 64], bf16> -> !thrift.tile<16 x 64, bf16, operand_a>
  %r = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<16 x 64, bf16, shared>>
  %k = thrift.slot %r[%i] : !thrift.ring<1 x !thrift.tile<16 x 64, bf16, shared>> -> !thrift.tile<16 x 64, bf16, shared>
  %x = thrift.dot %a, %k : !thrift.tile<16 x 64, bf16, operand_a>, !thrift.tile<16 x 64, bf16, shared> -> !thrift.tile<16 x 16, f32, accumulator>
}

// Packed queries: two rows of 16 values in two words, with one scale each. A lane owns 16 consecutive channels of a key,
// which is one group: 8 bytes and a scale. Its values are widened by moving bits, so that code 0x7F stays NaN.
// CHECK-LABEL: llvm.func @nvfp4(
// CHECK:         %[[CODE:.+]] = llvm.load %{{.+}} {alignment = 1 : i64} : !llvm.ptr<1> -> i8
// CHECK:         %[[SCALE:.+]] = llvm.zext %[[CODE]] : i8 to i32
// CHECK-NEXT:    %[[CARRY:.+]] = llvm.add %[[SCALE]], %{{[0-9]+}}
// CHECK-NEXT:    %[[NAN:.+]] = llvm.and %[[CARRY]], %{{[0-9]+}}
// CHECK-NEXT:    llvm.or %[[SCALE]], %[[NAN]]
// CHECK:         llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK:         llvm.load %{{.+}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xi32>
// CHECK:         llvm.load %{{.+}} {alignment = 1 : i64} : !llvm.ptr<3> -> i8
// CHECK-NOT:     nvvm.ldmatrix
// CHECK-COUNT-8: nvvm.mma.sync {{.+}} : (vector<2xf16>, vector<2xf16>, f32)
// CHECK-NOT:     nvvm.mma.sync
// CHECK:         llvm.return
thrift.kernel @nvfp4 dims(q_len) (%q : !thrift.view<[q_len, 64], nvfp4>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 576 : i32} {
  %a = thrift.load %q[%i] : !thrift.view<[q_len, 64], nvfp4> -> !thrift.tile<16 x 64, nvfp4, operand_a_widened>
  %r = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<16 x 64, nvfp4, shared>>
  %k = thrift.slot %r[%i] : !thrift.ring<1 x !thrift.tile<16 x 64, nvfp4, shared>> -> !thrift.tile<16 x 64, nvfp4, shared>
  %x = thrift.dot %a, %k {scale_log2 = 14 : i32}
     : !thrift.tile<16 x 64, nvfp4, operand_a_widened>, !thrift.tile<16 x 64, nvfp4, shared> -> !thrift.tile<16 x 16, f32, accumulator>
}

// mxfp4: a lane's 16 channels are half of a group, so two lanes read the same scale byte. Nothing has to be undone.
// CHECK-LABEL: llvm.func @mxfp4(
// CHECK:         llvm.load %{{.+}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xi32>
// CHECK:         llvm.load %{{.+}} {alignment = 1 : i64} : !llvm.ptr<3> -> i8
// CHECK-COUNT-16: llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"
// CHECK-COUNT-8: nvvm.mma.sync {{.+}} : (i32, i32, f32)
// CHECK-NOT:     nvvm.mma.sync
// CHECK:         llvm.return
thrift.kernel @mxfp4 dims(q_len) (%q : !thrift.view<[q_len, 64], mxfp4>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 544 : i32} {
  %a = thrift.load %q[%i] : !thrift.view<[q_len, 64], mxfp4> -> !thrift.tile<16 x 64, mxfp4, operand_a_widened>
  %r = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<16 x 64, mxfp4, shared>>
  %k = thrift.slot %r[%i] : !thrift.ring<1 x !thrift.tile<16 x 64, mxfp4, shared>> -> !thrift.tile<16 x 64, mxfp4, shared>
  %x = thrift.dot %a, %k : !thrift.tile<16 x 64, mxfp4, operand_a_widened>, !thrift.tile<16 x 64, mxfp4, shared> -> !thrift.tile<16 x 16, f32, accumulator>
}

// fp8: the scales of the two blocks multiply the sums, with the 2^16 that widening leaves out.
// CHECK-LABEL: llvm.func @fp8(
// CHECK:         %[[OF_Q:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK:         llvm.load %{{.+}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
// CHECK-COUNT-8: nvvm.mma.sync {{.+}} : (vector<2xf16>, vector<2xf16>, f32)
// CHECK-NOT:     nvvm.mma.sync
// CHECK:         %[[OF_K:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<3> -> f32
// CHECK-NEXT:    %[[BOTH:.+]] = llvm.fmul %[[OF_Q]], %[[OF_K]]
// CHECK-NEXT:    %[[SCALE:.+]] = llvm.fmul %[[BOTH]], %{{.+}} : f32
// CHECK-COUNT-8: llvm.fmul %{{.+}}, %[[SCALE]] : f32
// CHECK:         llvm.return
thrift.kernel @fp8 dims(q_len) (%q : !thrift.view<[q_len, 64], fp8>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 1040 : i32} {
  %a = thrift.load %q[%i] : !thrift.view<[q_len, 64], fp8> -> !thrift.tile<16 x 64, fp8, operand_a_widened>
  %r = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<16 x 64, fp8, shared>>
  %k = thrift.slot %r[%i] : !thrift.ring<1 x !thrift.tile<16 x 64, fp8, shared>> -> !thrift.tile<16 x 64, fp8, shared>
  %x = thrift.dot %a, %k : !thrift.tile<16 x 64, fp8, operand_a_widened>, !thrift.tile<16 x 64, fp8, shared> -> !thrift.tile<16 x 16, f32, accumulator>
}
