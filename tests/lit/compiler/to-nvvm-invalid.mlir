// What the portable conversion refuses: kernels without a schedule, and tiles that no instruction sequence handles.

// RUN: split-file %s %t
// RUN: not thrift-opt %t/unscheduled.mlir --thrift-to-nvvm 2>&1 | FileCheck %s --check-prefix=UNSCHEDULED
// RUN: not thrift-opt %t/unscheduled.mlir --thrift-stage-nvvm 2>&1 | FileCheck %s --check-prefix=UNSCHEDULED
// RUN: not thrift-opt %t/unscheduled.mlir --thrift-to-nvvm=target=sm_80 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: thrift-opt %t/tiles.mlir -allow-unregistered-dialect -split-input-file -verify-diagnostics --thrift-to-nvvm

// UNSCHEDULED: unscheduled.mlir:1:1: error: kernel @k has no schedule; run thrift-schedule first
// TARGET: error: target is "sm_80"; allowed: portable

//--- unscheduled.mlir
thrift.kernel @k dims(t) () {
  %t = thrift.program_id(t)
}
//--- tiles.mlir
thrift.kernel @load_f32 dims(len) (%x : !thrift.view<[len, 64], f32>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  // expected-error @below {{'thrift.load' op the portable target takes a loaded tile in operand_a or operand_a_widened or lanes, got '!thrift.tile<16 x 64, f32, accumulator>'}}
  %0 = thrift.load %x[%i] : !thrift.view<[len, 64], f32> -> !thrift.tile<16 x 64, f32, accumulator>
}

// -----

// FP4 with UE8M0 scales has no widening here.
thrift.kernel @load_mxfp4 dims(len) (%x : !thrift.view<[len, 64], mxfp4>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  // expected-error @below {{'thrift.load' op the portable target cannot load '!thrift.tile<16 x 64, mxfp4, operand_a_widened>'}}
  // expected-error @below {{failed to legalize operation 'thrift.load' that was explicitly marked illegal}}
  %0 = thrift.load %x[%i] : !thrift.view<[len, 64], mxfp4> -> !thrift.tile<16 x 64, mxfp4, operand_a_widened>
}

// -----

thrift.kernel @quantize_fp8_without_scale (%n : i32) attributes {threads = 128 : i32, shared_bytes = 8192 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<64 x 64, f16, shared>>
  %x = thrift.slot %ring[%n] : !thrift.ring<1 x !thrift.tile<64 x 64, f16, shared>> -> !thrift.tile<64 x 64, f16, shared>
  %g = thrift.slice %x from %n : !thrift.tile<64 x 64, f16, shared> -> !thrift.tile<32 x 64, f16, groups>
  // expected-error @below {{'thrift.quantize' op the portable target quantises to fp8 by a block's scale, got none}}
  // expected-error @below {{failed to legalize operation 'thrift.quantize' that was explicitly marked illegal}}
  %p = thrift.quantize %g : !thrift.tile<32 x 64, f16, groups> -> !thrift.tile<32 x 64, fp8, groups>
}

// -----

thrift.kernel @store_lanes dims(len) (%x : !thrift.view<[len, 64], f32>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %0 = thrift.load %x[%i] : !thrift.view<[len, 64], f32> -> !thrift.tile<1 x 64, f32, lanes>
  // expected-error @below {{'thrift.store' op the portable target takes a tile to store in accumulator or columns or groups, got '!thrift.tile<1 x 64, f32, lanes>'}}
  thrift.store %0, %x[%i] : !thrift.tile<1 x 64, f32, lanes>, !thrift.view<[len, 64], f32>
}

// -----

// Keys and values are read from shared memory.
thrift.kernel @keys_in_registers dims(len) (%x : !thrift.view<[len, 64], f16>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  %0 = thrift.load %x[%i] : !thrift.view<[len, 64], f16> -> !thrift.tile<16 x 64, f16, operand_a>
  // expected-error @below {{'thrift.dot' op the portable target takes keys in shared, got '!thrift.tile<16 x 64, f16, operand_a>'}}
  %1 = thrift.dot %0, %0 : !thrift.tile<16 x 64, f16, operand_a>, !thrift.tile<16 x 64, f16, operand_a> -> !thrift.tile<16 x 16, f32, accumulator>
}

// -----

// What a schedule should have replaced.
thrift.kernel @sweep dims(kv_len) (%i : i32) attributes {threads = 128 : i32, shared_bytes = 0 : i32} {
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  // expected-error @below {{failed to legalize operation 'thrift.sweep' that was explicitly marked illegal}}
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    thrift.yield %s : !thrift.softmax<64 x 64>
  }
}
