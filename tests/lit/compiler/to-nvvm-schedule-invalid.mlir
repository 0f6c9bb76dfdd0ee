// A schedule can be edited by hand: threads and shared memory that do not fit what the kernel holds are diagnostics.

// RUN: timeout 60 thrift-opt %s -split-input-file -verify-diagnostics --thrift-to-nvvm

// 32 threads are one warp, hence 16 rows.
thrift.kernel @one_warp dims(len) (%o : !thrift.view<[len, 64], f16>, %i : i32) attributes {threads = 32 : i32, shared_bytes = 0 : i32} {
  // expected-error-re @below {{'thrift.empty_softmax' op the portable target keeps 16 rows in 32 threads{{.+}}got '!thrift.softmax<64 x 64>'}}
  %s = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %y, %lse = thrift.finish %s : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32, accumulator>, !thrift.tile<64 x 1, f32, accumulator>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32, accumulator>, !thrift.view<[len, 64], f16>
}

// -----

// Votes and shuffles take whole warps.
// expected-error @below {{kernel @part_of_a_warp has 100 threads; allowed: multiples of 32, at most 1024}}
thrift.kernel @part_of_a_warp () attributes {threads = 100 : i32, shared_bytes = 0 : i32} {
}

// -----

// expected-error @below {{kernel @many has 2048 threads; allowed: multiples of 32, at most 1024}}
thrift.kernel @many () attributes {threads = 2048 : i32, shared_bytes = 0 : i32} {
}

// -----

thrift.kernel @short_memory (%n : i32) attributes {threads = 128 : i32, shared_bytes = 8192 : i32} {
  // expected-error @below {{'thrift.alloc' op ends at byte 16384, kernel @short_memory has 8192 bytes of shared memory}}
  %ring = thrift.alloc at 0 : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>
}

// -----

// cp.async and ldmatrix take addresses that are multiples of 16.
thrift.kernel @odd_offset (%n : i32) attributes {threads = 128 : i32, shared_bytes = 32768 : i32} {
  // expected-error @below {{'thrift.alloc' op starts at byte 3; allowed: multiples of 16}}
  %ring = thrift.alloc at 3 : !thrift.ring<2 x !thrift.tile<64 x 64, f16, shared>>
}

// -----

// Shapes that thrift-schedule refuses are refused here as well: 12 keys are one matrix and a half.
thrift.kernel @twelve_keys dims(len) (%q : !thrift.view<[len, 64], f16>, %n : i32) attributes {threads = 32 : i32, shared_bytes = 4096 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<12 x 64, f16, shared>>
  %k = thrift.slot %ring[%n] : !thrift.ring<1 x !thrift.tile<12 x 64, f16, shared>> -> !thrift.tile<12 x 64, f16, shared>
  %a = thrift.load %q[%n] : !thrift.view<[len, 64], f16> -> !thrift.tile<16 x 64, f16, operand_a>
  // expected-error-re @below {{'thrift.dot' op the portable target {{.+}}got '!thrift.tile<16 x 64, f16, operand_a>' and '!thrift.tile<12 x 64, f16, shared>'}}
  %x = thrift.dot %a, %k : !thrift.tile<16 x 64, f16, operand_a>, !thrift.tile<12 x 64, f16, shared> -> !thrift.tile<16 x 12, f32, accumulator>
}

// -----

// 96 channels are a lane's word too many for its scales.
thrift.kernel @packed_96 dims(len) (%q : !thrift.view<[len, 96], nvfp4>, %n : i32) attributes {threads = 32 : i32, shared_bytes = 4096 : i32} {
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<16 x 96, nvfp4, shared>>
  %k = thrift.slot %ring[%n] : !thrift.ring<1 x !thrift.tile<16 x 96, nvfp4, shared>> -> !thrift.tile<16 x 96, nvfp4, shared>
  %a = thrift.load %q[%n] : !thrift.view<[len, 96], nvfp4> -> !thrift.tile<16 x 96, nvfp4, operand_a_widened>
  // expected-error-re @below {{'thrift.dot' op the portable target {{.+}}got '!thrift.tile<16 x 96, nvfp4, operand_a_widened>' and '!thrift.tile<16 x 96, nvfp4, shared>'}}
  %x = thrift.dot %a, %k : !thrift.tile<16 x 96, nvfp4, operand_a_widened>, !thrift.tile<16 x 96, nvfp4, shared> -> !thrift.tile<16 x 16, f32, accumulator>
}

// -----

thrift.kernel @four_channels (%n : i32) attributes {threads = 32 : i32, shared_bytes = 4096 : i32} {
  // expected-error-re @below {{'thrift.empty_softmax' op the portable target keeps 16 rows in 32 threads{{.+}}got '!thrift.softmax<16 x 4>'}}
  %s = thrift.empty_softmax : !thrift.softmax<16 x 4>
}

// -----

// Copies are unrolled over a tile, which no memory holds.
thrift.kernel @large_tile dims(len) (%x : !thrift.view<[len, 2147483648], f16>, %n : i32) attributes {threads = 128 : i32, shared_bytes = 8192 : i32} {
  %yes = arith.constant true
  // expected-error-re @below {{'thrift.alloc' op ends at byte {{[0-9]+}}, kernel @large_tile has 8192 bytes of shared memory}}
  %ring = thrift.alloc at 0 : !thrift.ring<1 x !thrift.tile<64 x 2147483648, f16, shared>>
  thrift.copy %x[%n] to %ring[%n] if(%yes) : !thrift.view<[len, 2147483648], f16>, !thrift.ring<1 x !thrift.tile<64 x 2147483648, f16, shared>>
}
