// Options that thrift-schedule and its stage refuse: what was asked, what is allowed.

// RUN: not thrift-opt %s --thrift-schedule=stages=1 2>&1 | FileCheck %s --check-prefix=STAGES
// RUN: not thrift-opt %s --thrift-schedule=stages=-2 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not thrift-opt %s --thrift-schedule=stages=two 2>&1 | FileCheck %s --check-prefix=WORD
// RUN: not thrift-opt %s --thrift-schedule=exp2=fast 2>&1 | FileCheck %s --check-prefix=EXP2
// RUN: not thrift-opt %s --thrift-schedule=target=sm_80 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not thrift-opt %s --thrift-stage-scheduled=target=sm_80 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not thrift-opt %s --thrift-schedule=warps=4 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// Two stages of K and of V, 64 x 64 f16 each, are 32 KiB: that much is enough, a byte less is not.
// RUN: thrift-opt %s --thrift-schedule=shared-limit=32768 | FileCheck %s --check-prefix=FITS
// RUN: not thrift-opt %s --thrift-schedule=shared-limit=32767 2>&1 | FileCheck %s --check-prefix=SHARED
// RUN: not thrift-opt %s --thrift-schedule="shared-limit=32768 stages=3" 2>&1 | FileCheck %s --check-prefix=SHARED3

// STAGES: error: stages is 1; allowed: 2 to 64
// NEGATIVE: error: stages is -2; allowed: 2 to 64
// WORD: 'two' value invalid for long
// EXP2: error: 'thrift.online_softmax' op exp2 is "fast"; allowed: approx, poly
// TARGET: error: target is "sm_80"; allowed: portable
// UNKNOWN: no such option warps
// FITS: shared_bytes = 32768 : i32
// SHARED: error: kernel @k needs 32768 bytes of shared memory, the target has 32767; fewer stages or smaller blocks need less
// SHARED3: error: kernel @k needs 49152 bytes of shared memory, the target has 32768; fewer stages or smaller blocks need less

thrift.kernel @k dims(tiles, q_len, kv_len)
    (%q : !thrift.view<[q_len, 64], f16>, %k : !thrift.view<[kv_len, 64], f16>, %v : !thrift.view<[kv_len, 64], f16>,
     %o : !thrift.view<[q_len, 64], f16>, %c : f32) {
  %i = thrift.program_id(tiles)
  %q_i = thrift.load %q[%i] : !thrift.view<[q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) none with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%j] : !thrift.view<[kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s1 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%i] : !thrift.tile<64 x 64, f32>, !thrift.view<[q_len, 64], f16>
}
