// Quantised groups of the formats other than nvfp4, with and without conversion instructions, and their places in the packed
// layout sm100.

// RUN: thrift-opt %s --thrift-to-nvvm | FileCheck %s --check-prefixes=CHECK,PORTABLE
// RUN: thrift-opt %s --thrift-to-nvvm='conversions=fp8' | FileCheck %s --check-prefixes=CHECK,FP8
// RUN: thrift-opt %s --thrift-to-nvvm='packed-layout=sm100 conversions=fp4' | FileCheck %s --check-prefixes=CHECK,SM100

// Two threads share a group of mxfp4: they exchange the largest magnitude, and the first one writes the scale. In sm100 the
// two groups of 64 channels fill half of a word of the atom, so their threads write zeros two bytes behind.
// CHECK-LABEL:   llvm.func @mxfp4(
// CHECK-COUNT-15: llvm.intr.maximum
// CHECK:         %[[OTHER:.+]] = nvvm.shfl.sync bfly
// CHECK-NEXT:    llvm.intr.maximum(%{{.+}}, %[[OTHER]])
// PORTABLE-NOT:  llvm.nvvm.ff.to
// FP8-NOT:       llvm.nvvm.ff.to
// SM100:         llvm.call_intrinsic "llvm.nvvm.ff.to.ue8m0x2.rp.satfinite"(%[[X:.+]], %[[X]]) : (f32, f32) -> i16
// SM100-COUNT-8: llvm.call_intrinsic "llvm.nvvm.ff.to.e2m1x2.rn.satfinite"
// CHECK:         llvm.store %{{.+}}, %{{.+}} {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<1>
// CHECK:         %[[FIRST:.+]] = llvm.icmp "eq"
// CHECK:         scf.if %[[FIRST]] {
// CHECK:           llvm.store %{{.+}}, %{{.+}} {alignment = 1 : i64} : i8, !llvm.ptr<1>
// SM100-NEXT:      scf.if
// SM100:             llvm.store %{{.+}}, %{{.+}} {alignment = 1 : i64} : i8, !llvm.ptr<1>
// The last 64 tokens of a head may have to fill an atom of 128.
// SM100:           scf.if
// SM100:             llvm.store %{{.+}}, %{{.+}} {alignment = 1 : i64} : i8, !llvm.ptr<1>
// SM100-NEXT:        scf.if
// SM100:               llvm.store %{{.+}}, %{{.+}} {alignment = 1 : i64} : i8, !llvm.ptr<1>
// CHECK-NOT:     llvm.store
// CHECK:         llvm.return
thrift.kernel @mxfp4 dims(len) (%y : !thrift.view<[len, 64], mxfp4>, %t : i32, %first : i32)
    attributes {threads = 128 : i32, shared_bytes = 8192 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<64 x 64, f16, shared>>
  %x = thrift.slot %ring[%t] : !thrift.ring<1 x !thrift.tile<64 x 64, f16, shared>> -> !thrift.tile<64 x 64, f16, shared>
  %g = thrift.slice %x from %first : !thrift.tile<64 x 64, f16, shared> -> !thrift.tile<32 x 64, f16, groups>
  %p = thrift.quantize %g : !thrift.tile<32 x 64, f16, groups> -> !thrift.tile<32 x 64, mxfp4, groups>
  thrift.store %p, %y[%t] from %first of !thrift.tile<64 x 64, mxfp4> : !thrift.tile<32 x 64, mxfp4, groups>, !thrift.view<[len, 64], mxfp4>
}

// Each warp finds the scale of the whole tile by itself; 64 x 64 values are 512 chunks. One thread writes it. 16 bytes of
// elements go to one place where the layout keeps tokens in order, to four where they are permuted.
// CHECK-LABEL:   llvm.func @fp8(
// CHECK:         scf.for %{{.+}} = %{{.+}} to %{{.+}} step %{{.+}} iter_args(%{{.+}} = %{{.+}}) -> (i32)
// CHECK:           llvm.load %{{.+}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
// CHECK-COUNT-8:   llvm.intr.smax
// CHECK:         }
// CHECK-COUNT-5: nvvm.shfl.sync bfly
// CHECK-NOT:     nvvm.barrier
// CHECK:         llvm.fdiv
// PORTABLE-NOT:  llvm.nvvm.ff.to
// FP8-COUNT-8:   llvm.call_intrinsic "llvm.nvvm.ff.to.e4m3x2.rn"
// SM100-COUNT-8: llvm.call_intrinsic "llvm.nvvm.ff.to.e4m3x2.rn"
// PORTABLE-COUNT-4: llvm.store %{{.+}}, %{{.+}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
// FP8-COUNT-4:   llvm.store %{{.+}}, %{{.+}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
// SM100:         llvm.store %{{.+}}, %{{.+}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
// CHECK:         scf.if
// CHECK:           llvm.store %{{.+}}, %{{.+}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
// CHECK-NOT:     llvm.store
// CHECK:         llvm.return
thrift.kernel @fp8 dims(len) (%y : !thrift.view<[64, len], fp8>, %t : i32, %first : i32)
    attributes {threads = 128 : i32, shared_bytes = 8192 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<64 x 64, bf16, shared>>
  %x = thrift.slot %ring[%t] : !thrift.ring<1 x !thrift.tile<64 x 64, bf16, shared>> -> !thrift.tile<64 x 64, bf16, shared>
  %s = thrift.block_scale %x power_of_two : !thrift.tile<64 x 64, bf16, shared>
  %g = thrift.slice %x columns from %first : !thrift.tile<64 x 64, bf16, shared> -> !thrift.tile<64 x 32, bf16, groups>
  %p = thrift.quantize %g transposed by %s : !thrift.tile<64 x 32, bf16, groups> -> !thrift.tile<32 x 64, fp8, groups>
  thrift.store %p, %y[%t] from %first of !thrift.tile<64 x 64, fp8> : !thrift.tile<32 x 64, fp8, groups>, !thrift.view<[64, len], fp8>
}
