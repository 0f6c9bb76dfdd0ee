// A schedule can be edited by hand. A tile whose layout is not the one that an op's instructions take is a diagnostic.

// RUN: thrift-opt %s -split-input-file -verify-diagnostics --thrift-to-nvvm

thrift.kernel @queries_in_shared (%n : i32) attributes {threads = 128 : i32, shared_bytes = 16384 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>
  %x = thrift.slot %ring[%n] : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>> -> !thrift.tile<64 x 64, f16, shared>
  // expected-error @below {{'thrift.dot' op the portable target takes queries in operand_a, got '!thrift.tile<64 x 64, f16, shared>'}}
  %y = thrift.dot %x, %x : !thrift.tile<64 x 64, f16, shared>, !thrift.tile<64 x 64, f16, shared> -> !thrift.tile<64 x 64, f32, accumulator>
}

// -----

thrift.kernel @logits_in_groups dims(len) (%q : !thrift.view<[len, 64], f16>, %n : i32) attributes {threads = 128 : i32, shared_bytes = 16384 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>
  %k = thrift.slot %ring[%n] : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>> -> !thrift.tile<64 x 64, f16, shared>
  %a = thrift.load %q[%n] : !thrift.view<[len, 64], f16> -> !thrift.tile<64 x 64, f16, operand_a>
  // expected-error @below {{'thrift.dot' op the portable target takes logits in accumulator, got '!thrift.tile<64 x 64, f32, groups>'}}
  %y = thrift.dot %a, %k : !thrift.tile<64 x 64, f16, operand_a>, !thrift.tile<64 x 64, f16, shared> -> !thrift.tile<64 x 64, f32, groups>
}

// -----

thrift.kernel @mask_in_shared dims(kv_len) (%n : i32) attributes {threads = 128 : i32, shared_bytes = 32768 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, f32, shared>>
  %x = thrift.slot %ring[%n] : !thrift.ring<2 x !thrift.tile<64 x 64, f32, shared>> -> !thrift.tile<64 x 64, f32, shared>
  // expected-error @below {{'thrift.mask' op the portable target takes logits in accumulator, got '!thrift.tile<64 x 64, f32, shared>'}}
  %y = thrift.mask %x at(%n, %n) none : !thrift.tile<64 x 64, f32, shared>
}

// -----

thrift.kernel @softmax_in_shared (%n : i32, %c : f32) attributes {threads = 128 : i32, shared_bytes = 32768 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, f32, shared>>
  %x = thrift.slot %ring[%n] : !thrift.ring<2 x !thrift.tile<64 x 64, f32, shared>> -> !thrift.tile<64 x 64, f32, shared>
  %s = thrift.empty_softmax : !thrift.softmax<64 x 64>
  // expected-error @below {{'thrift.online_softmax' op the portable target takes logits in accumulator, got '!thrift.tile<64 x 64, f32, shared>'}}
  %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32, shared>, !thrift.softmax<64 x 64>
}

// -----

thrift.kernel @p_in_shared (%n : i32) attributes {threads = 128 : i32, shared_bytes = 16384 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>
  %x = thrift.slot %ring[%n] : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>> -> !thrift.tile<64 x 64, f16, shared>
  %s = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %w, %lse = thrift.finish %s : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32, accumulator>, !thrift.tile<64 x 1, f32, accumulator>
  // expected-error @below {{'thrift.accumulate' op the portable target takes P in operand_a, got '!thrift.tile<64 x 64, f16, shared>'}}
  %t = thrift.accumulate %x, %x, %s sum(%w)
     : !thrift.tile<64 x 64, f16, shared>, !thrift.tile<64 x 64, f16, shared>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32, accumulator>
}

// -----

thrift.kernel @output_in_shared () attributes {threads = 128 : i32, shared_bytes = 16384 : i32} {
  %s = thrift.empty_softmax : !thrift.softmax<64 x 64>
  // expected-error @below {{'thrift.finish' op the portable target takes the output in accumulator, got '!thrift.tile<64 x 64, f32, shared>'}}
  %o, %lse = thrift.finish %s : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32, shared>, !thrift.tile<64 x 1, f32, accumulator>
}

// -----

thrift.kernel @rounded_to_shared () attributes {threads = 128 : i32, shared_bytes = 16384 : i32} {
  %s = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %o, %lse = thrift.finish %s : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32, accumulator>, !thrift.tile<64 x 1, f32, accumulator>
  // expected-error @below {{'thrift.quantize' op the portable target takes a quantised tile in operand_a or operand_a_widened, got '!thrift.tile<64 x 64, f16, shared>'}}
  %p = thrift.quantize %o : !thrift.tile<64 x 64, f32, accumulator> -> !thrift.tile<64 x 64, f16, shared>
}

// -----

thrift.kernel @slice_of_registers (%n : i32) attributes {threads = 128 : i32, shared_bytes = 16384 : i32} {
  %s = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %o, %lse = thrift.finish %s : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32, accumulator>, !thrift.tile<64 x 1, f32, accumulator>
  // expected-error @below {{'thrift.slice' op the portable target takes a tile to slice in shared, got '!thrift.tile<64 x 64, f32, accumulator>'}}
  %g = thrift.slice %o from %n : !thrift.tile<64 x 64, f32, accumulator> -> !thrift.tile<32 x 64, f32, groups>
}

// -----

thrift.kernel @slice_to_fragments (%n : i32) attributes {threads = 128 : i32, shared_bytes = 16384 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>
  %x = thrift.slot %ring[%n] : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>> -> !thrift.tile<64 x 64, f16, shared>
  // expected-error @below {{'thrift.slice' op the portable target takes a slice in groups, got '!thrift.tile<32 x 64, f16, accumulator>'}}
  %g = thrift.slice %x from %n : !thrift.tile<64 x 64, f16, shared> -> !thrift.tile<32 x 64, f16, accumulator>
}

// -----

// A slice that does not say where it starts.
thrift.kernel @store_without_start dims(len) (%y : !thrift.view<[len, 64], nvfp4>, %n : i32) attributes {threads = 128 : i32, shared_bytes = 16384 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>
  %x = thrift.slot %ring[%n] : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>> -> !thrift.tile<64 x 64, f16, shared>
  %g = thrift.slice %x from %n : !thrift.tile<64 x 64, f16, shared> -> !thrift.tile<32 x 64, f16, groups>
  %p = thrift.quantize %g : !thrift.tile<32 x 64, f16, groups> -> !thrift.tile<32 x 64, nvfp4, groups>
  // expected-error @below {{'thrift.store' op the portable target stores groups from a row of a whole tile, got none}}
  thrift.store %p, %y[%n] : !thrift.tile<32 x 64, nvfp4, groups>, !thrift.view<[len, 64], nvfp4>
}

// -----

// Groups of values that were never packed.
thrift.kernel @store_values dims(len) (%y : !thrift.view<[len, 64], f16>, %n : i32) attributes {threads = 128 : i32, shared_bytes = 16384 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>
  %x = thrift.slot %ring[%n] : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>> -> !thrift.tile<64 x 64, f16, shared>
  %g = thrift.slice %x from %n : !thrift.tile<64 x 64, f16, shared> -> !thrift.tile<32 x 64, f16, groups>
  // expected-error @below {{'thrift.store' op the portable target cannot store '!thrift.tile<32 x 64, f16, groups>'}}
  thrift.store %g, %y[%n] from %n of !thrift.tile<64 x 64, f16> : !thrift.tile<32 x 64, f16, groups>, !thrift.view<[len, 64], f16>
}

// -----

// A kernel without shared memory says so: the attribute is part of a schedule.
// expected-error @below {{kernel @half_scheduled has no schedule; run thrift-schedule first}}
thrift.kernel @half_scheduled () attributes {threads = 128 : i32} {
}

// -----

// Widened operands have an order of columns of their own, and P has that in which V is widened.
thrift.kernel @order_of_queries dims(len) (%q : !thrift.view<[len, 64], nvfp4>, %n : i32) attributes {threads = 128 : i32, shared_bytes = 16384 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, nvfp4, shared>>
  %k = thrift.slot %ring[%n] : !thrift.ring<2 x !thrift.tile<64 x 64, nvfp4, shared>> -> !thrift.tile<64 x 64, nvfp4, shared>
  %a = thrift.load %q[%n] : !thrift.view<[len, 64], nvfp4> -> !thrift.tile<64 x 64, nvfp4, operand_a>
  // expected-error @below {{'thrift.dot' op the portable target takes queries in operand_a_widened, got '!thrift.tile<64 x 64, nvfp4, operand_a>'}}
  %y = thrift.dot %a, %k : !thrift.tile<64 x 64, nvfp4, operand_a>, !thrift.tile<64 x 64, nvfp4, shared> -> !thrift.tile<64 x 64, f32, accumulator>
}

// -----

thrift.kernel @order_of_p (%n : i32) attributes {threads = 128 : i32, shared_bytes = 16384 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, fp8, shared>>
  %v = thrift.slot %ring[%n] : !thrift.ring<2 x !thrift.tile<64 x 64, fp8, shared>> -> !thrift.tile<64 x 64, fp8, shared>
  %s = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %w, %lse = thrift.finish %s : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32, accumulator>, !thrift.tile<64 x 1, f32, accumulator>
  %p = thrift.quantize %w : !thrift.tile<64 x 64, f32, accumulator> -> !thrift.tile<64 x 64, f16, operand_a_widened>
  // expected-error @below {{'thrift.accumulate' op the portable target takes P in operand_a, got '!thrift.tile<64 x 64, f16, operand_a_widened>'}}
  %t = thrift.accumulate %p, %v transposed, %s sum(%w)
     : !thrift.tile<64 x 64, f16, operand_a_widened>, !thrift.tile<64 x 64, fp8, shared>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32, accumulator>
}

// -----

thrift.kernel @groups_to_f16 (%n : i32) attributes {threads = 128 : i32, shared_bytes = 8192 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<64 x 64, f16, shared>>
  %x = thrift.slot %ring[%n] : !thrift.ring<1 x !thrift.tile<64 x 64, f16, shared>> -> !thrift.tile<64 x 64, f16, shared>
  %g = thrift.slice %x from %n : !thrift.tile<64 x 64, f16, shared> -> !thrift.tile<32 x 64, f16, groups>
  // expected-error @below {{'thrift.quantize' op the portable target quantises groups to formats with scales, got '!thrift.tile<32 x 64, bf16, groups>'}}
  %y = thrift.quantize %g : !thrift.tile<32 x 64, f16, groups> -> !thrift.tile<32 x 64, bf16, groups>
}

// -----

thrift.kernel @scale_of_32_columns (%n : i32) attributes {threads = 128 : i32, shared_bytes = 8192 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<64 x 32, f16, shared>>
  %x = thrift.slot %ring[%n] : !thrift.ring<1 x !thrift.tile<64 x 32, f16, shared>> -> !thrift.tile<64 x 32, f16, shared>
  // expected-error @below {{'thrift.block_scale' op the portable target scales f16 or bf16 tiles with a multiple of 64 columns, got '!thrift.tile<64 x 32, f16, shared>'}}
  %s = thrift.block_scale %x : !thrift.tile<64 x 32, f16, shared>
}
