// The layout of packed tensors and the conversions are options of the pass.

// RUN: not thrift-opt %s --thrift-to-nvvm=packed-layout=sm90 2>&1 | FileCheck %s --check-prefix=LAYOUT
// RUN: not thrift-opt %s --thrift-to-nvvm=conversions=all 2>&1 | FileCheck %s --check-prefix=CONVERSIONS
// RUN: thrift-opt %s -split-input-file -verify-diagnostics --thrift-to-nvvm=packed-layout=sm100

// LAYOUT: error: packed layout is 'sm90'; allowed: portable, sm100
// CONVERSIONS: error: conversions is "all"; allowed: none, fp8, fp4

// mma.sync finds packed operands where the portable layout has them.
thrift.kernel @copies dims(len) (%k : !thrift.view<[len, 64], nvfp4>, %n : i32) attributes {threads = 128 : i32, shared_bytes = 8192 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, nvfp4, shared>>
  %yes = arith.constant true
  // expected-error @below {{'thrift.copy' op the portable target reads packed tensors in layout portable, got sm100}}
  thrift.copy %k[%n] to %ring[%n] if(%yes) : !thrift.view<[len, 64], nvfp4>, !thrift.ring<2 x !thrift.tile<64 x 64, nvfp4, shared>>
}

// -----

thrift.kernel @loads dims(len) (%q : !thrift.view<[len, 64], nvfp4>, %n : i32) attributes {threads = 128 : i32, shared_bytes = 8192 : i32} {
  // expected-error @below {{'thrift.load' op the portable target reads packed tensors in layout portable, got sm100}}
  %a = thrift.load %q[%n] : !thrift.view<[len, 64], nvfp4> -> !thrift.tile<64 x 64, nvfp4, operand_a_widened>
}

// -----

// Half an atom is padded, other parts are not.
thrift.kernel @blocks_of_32 dims(len) (%y : !thrift.view<[len, 64], nvfp4>, %n : i32, %t : i32) attributes {threads = 128 : i32, shared_bytes = 4096 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<32 x 64, f16, shared>>
  %x = thrift.slot %ring[%n] : !thrift.ring<1 x !thrift.tile<32 x 64, f16, shared>> -> !thrift.tile<32 x 64, f16, shared>
  %g = thrift.slice %x from %n : !thrift.tile<32 x 64, f16, shared> -> !thrift.tile<32 x 64, f16, groups>
  %q = thrift.quantize %g : !thrift.tile<32 x 64, f16, groups> -> !thrift.tile<32 x 64, nvfp4, groups>
  // expected-error @below {{'thrift.store' op layout sm100 packs a multiple of 64 tokens, got '!thrift.tile<32 x 64, nvfp4>'}}
  thrift.store %q, %y[%t] from %n of !thrift.tile<32 x 64, nvfp4> : !thrift.tile<32 x 64, nvfp4, groups>, !thrift.view<[len, 64], nvfp4>
}
