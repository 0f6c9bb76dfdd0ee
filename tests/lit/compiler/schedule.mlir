// thrift-schedule for the portable target: layouts, rings and their offsets, a software-pipelined loop for each sweep.

// RUN: thrift-opt %s --thrift-schedule | FileCheck %s --check-prefixes=CHECK,TWO
// RUN: thrift-opt %s --thrift-schedule=stages=3 | FileCheck %s --check-prefixes=CHECK,THREE
// RUN: thrift-opt %s --thrift-schedule="target=portable stages=2 exp2=poly" | FileCheck %s --check-prefix=POLY

// The kernel takes a warp for each 16 query rows, and the larger sweep's rings: K and V in f16, stages times 8 KiB each.
// CHECK-LABEL: thrift.kernel @attention
// TWO:           attributes {shared_bytes = 32768 : i32, threads = 128 : i32} {
// THREE:         attributes {shared_bytes = 49152 : i32, threads = 128 : i32} {
// CHECK:         %[[ID:.+]]:2 = thrift.program_id(batch, tiles)

// Query tiles go straight into the fragments of the dot product that reads them.
// CHECK-NEXT:    %[[QL:.+]] = thrift.load %q_low[%[[ID]]#0, %[[ID]]#1] : <[batch, q_len, 64], nvfp4> -> <64 x 64, nvfp4, operand_a_widened>
// CHECK-NEXT:    %[[Q:.+]] = thrift.load %q[%[[ID]]#0, %[[ID]]#1] : <[batch, q_len, 64], f16> -> <64 x 64, f16, operand_a>
// CHECK-NEXT:    %[[EMPTY:.+]] = thrift.empty_softmax

// Packed tiles: 64 x 64 / 2 bytes of elements and 64 x 64 / 16 of scales.
// TWO-NEXT:      %[[KR:.+]] = thrift.alloc at 0 : <2 x !thrift.tile<64 x 64, nvfp4, shared>>
// TWO-NEXT:      %[[VR:.+]] = thrift.alloc at 4608 : <2 x !thrift.tile<64 x 64, nvfp4, shared>>
// THREE-NEXT:    %[[KR:.+]] = thrift.alloc at 0 : <3 x !thrift.tile<64 x 64, nvfp4, shared>>
// THREE-NEXT:    %[[VR:.+]] = thrift.alloc at 6912 : <3 x !thrift.tile<64 x 64, nvfp4, shared>>

// One block less than there are stages is under way before the loop; each has its own guard. Nobody has used the memory
// before, so no barrier has to say that it is free.
// CHECK-NEXT:    %[[COUNT:.+]], %[[J0:.+]], %[[C0:.+]] = thrift.seek visible(%[[ID]]#1) causal interior blocks(64 x 64)
// CHECK-NEXT:    %[[ZERO:.+]] = arith.constant 0 : i32
// CHECK-NEXT:    %[[MORE:.+]] = arith.cmpi slt, %[[ZERO]], %[[COUNT]]
// CHECK-NEXT:    thrift.copy %k_low[%[[ID]]#0, %[[J0]]] to %[[KR]][%[[ZERO]]] if(%[[MORE]])
// CHECK-NEXT:    thrift.copy %v_low[%[[ID]]#0, %[[J0]]] to %[[VR]][%[[ZERO]]] if(%[[MORE]])
// CHECK-NEXT:    thrift.commit
// CHECK-NEXT:    %[[J1:.+]], %[[C1:.+]] = thrift.next visible after(%[[J0]], %[[C0]])
// THREE-NEXT:    %[[N1:.+]] = arith.constant 1 : i32
// THREE-NEXT:    %[[MORE1:.+]] = arith.cmpi slt, %[[N1]], %[[COUNT]]
// THREE-NEXT:    thrift.copy %k_low[%[[ID]]#0, %[[J1]]] to %[[KR]][%[[N1]]] if(%[[MORE1]])
// THREE-NEXT:    thrift.copy %v_low[%[[ID]]#0, %[[J1]]] to %[[VR]][%[[N1]]] if(%[[MORE1]])
// THREE-NEXT:    thrift.commit
// THREE-NEXT:    %[[J2:.+]], %[[C2:.+]] = thrift.next visible after(%[[J1]], %[[C1]])

// The loop carries the state, the blocks in flight, and the place ahead of them.
// TWO:           %[[LOOP:.+]]:4 = scf.for %[[N:.+]] = %{{.+}} to %[[COUNT]] step %{{.+}} iter_args(%[[S:.+]] = %[[EMPTY]], %[[J:.+]] = %[[J0]], %[[JA:.+]] = %[[J1]], %[[CA:.+]] = %[[C1]])
// THREE:         %[[LOOP:.+]]:5 = scf.for %[[N:.+]] = %{{.+}} to %[[COUNT]] step %{{.+}} iter_args(%[[S:.+]] = %[[EMPTY]], %[[J:.+]] = %[[J0]], %[[JB:.+]] = %[[J1]], %[[JA:.+]] = %[[J2]], %[[CA:.+]] = %[[C2]])

// Block n has arrived when one group less than is under way may be pending.
// TWO-NEXT:        thrift.wait 0
// THREE-NEXT:      thrift.wait 1
// CHECK-NEXT:      thrift.barrier
// CHECK-NEXT:      %[[AHEAD:.+]] = arith.addi %[[N]], %{{.+}} : i32
// CHECK-NEXT:      %[[MORE:.+]] = arith.cmpi slt, %[[AHEAD]], %[[COUNT]]
// CHECK-NEXT:      thrift.copy %k_low[%[[ID]]#0, %[[JA]]] to %[[KR]][%[[AHEAD]]] if(%[[MORE]])
// CHECK-NEXT:      thrift.copy %v_low[%[[ID]]#0, %[[JA]]] to %[[VR]][%[[AHEAD]]] if(%[[MORE]])
// CHECK-NEXT:      thrift.commit
// CHECK-NEXT:      %[[JN:.+]], %[[CN:.+]] = thrift.next visible after(%[[JA]], %[[CA]])
// CHECK-NEXT:      %[[K:.+]] = thrift.slot %[[KR]][%[[N]]]
// CHECK-NEXT:      %[[V:.+]] = thrift.slot %[[VR]][%[[N]]]

// Widened operands carry powers of two, which the softmax undoes.
// CHECK-NEXT:      %[[X:.+]] = thrift.dot %[[QL]], %[[K]] {scale_log2 = 14 : i32} : <64 x 64, nvfp4, operand_a_widened>, <64 x 64, nvfp4, shared> -> <64 x 64, f32, accumulator>
// CHECK-NEXT:      %[[W:probabilities.*]], %[[T:next.*]] = thrift.online_softmax %[[X]], %[[S]] scale(%c) {logit_scale_log2 = 14 : i32} : <64 x 64, f32, accumulator>
// CHECK-NEXT:      %[[P:.+]] = thrift.quantize %[[W]] {scale_log2 = 7 : i32} : <64 x 64, f32, accumulator> -> <64 x 64, f16, operand_a_widened>
// CHECK-NEXT:      %[[U:.+]] = thrift.accumulate %[[P]], %[[V]] transposed, %[[T]] sum(%[[W]]) : <64 x 64, f16, operand_a_widened>, <64 x 64, nvfp4, shared>
// TWO-NEXT:        scf.yield %[[U]], %[[JA]], %[[JN]], %[[CN]]
// THREE-NEXT:      scf.yield %[[U]], %[[JB]], %[[JA]], %[[JN]], %[[CN]]
// CHECK-NEXT:    }

// The next sweep's rings take the same bytes: the barrier before it says that they are free. Its body is masked, so it
// looks at the block that it works on, not at the one ahead.
// TWO-NEXT:      %[[KR:.+]] = thrift.alloc at 0 : <2 x !thrift.tile<64 x 64, f16, shared>>
// TWO-NEXT:      %[[VR:.+]] = thrift.alloc at 16384 : <2 x !thrift.tile<64 x 64, f16, shared>>
// THREE-NEXT:    %[[KR:.+]] = thrift.alloc at 0 : <3 x !thrift.tile<64 x 64, f16, shared>>
// THREE-NEXT:    %[[VR:.+]] = thrift.alloc at 24576 : <3 x !thrift.tile<64 x 64, f16, shared>>
// CHECK-NEXT:    thrift.barrier
// CHECK-NEXT:    %[[COUNT:.+]], %{{.+}}, %{{.+}} = thrift.seek visible(%[[ID]]#1) causal boundary blocks(64 x 64)
// CHECK:         %[[LAST:.+]]:{{[45]}} = scf.for %{{.+}} = %{{.+}} to %[[COUNT]] step %{{.+}} iter_args(%[[S:.+]] = %[[LOOP]]#0, %[[J:[a-z0-9]+]] =
// CHECK:           %[[X:.+]] = thrift.dot %[[Q]], %{{.+}} poison : <64 x 64, f16, operand_a>, <64 x 64, f16, shared> -> <64 x 64, f32, accumulator>
// CHECK-NEXT:      %[[M:.+]] = thrift.mask %[[X]] at(%[[ID]]#1, %[[J]]) causal : <64 x 64, f32, accumulator>
// CHECK-NEXT:      %[[W:probabilities.*]], %[[T:next.*]] = thrift.online_softmax %[[M]], %[[S]] scale(%c) {guard}
// CHECK-NEXT:      thrift.quantize %[[W]] : <64 x 64, f32, accumulator> -> <64 x 64, f16, operand_a>
// CHECK:         }
// CHECK-NEXT:    %o{{.*}}, %lse{{.*}} = thrift.finish %[[LAST]]#0 : <64 x 64> -> <64 x 64, f32, accumulator>, <64 x 1, f32, accumulator>
// CHECK-NOT:     thrift.sweep

// POLY-LABEL: thrift.kernel @attention
// POLY:         thrift.online_softmax {{.+}} {exp2 = "poly", logit_scale_log2 = 14 : i32}
// POLY:         thrift.online_softmax {{.+}} {exp2 = "poly", guard}
thrift.kernel @attention dims(batch, tiles, q_len, kv_len)
    (%q : !thrift.view<[batch, q_len, 64], f16>, %k : !thrift.view<[batch, kv_len, 64], f16>, %v : !thrift.view<[batch, kv_len, 64], f16>,
     %q_low : !thrift.view<[batch, q_len, 64], nvfp4>, %k_low : !thrift.view<[batch, kv_len, 64], nvfp4>,
     %v_low : !thrift.view<[batch, 64, kv_len], nvfp4>, %o : !thrift.view<[batch, q_len, 64], f16>, %c : f32) {
  %b, %i = thrift.program_id(batch, tiles)
  %q_low_i = thrift.load %q_low[%b, %i] : !thrift.view<[batch, q_len, 64], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
  %q_i = thrift.load %q[%b, %i] : !thrift.view<[batch, q_len, 64], f16> -> !thrift.tile<64 x 64, f16>
  %s0 = thrift.empty_softmax : !thrift.softmax<64 x 64>
  %s1 = thrift.sweep visible(%i) causal interior with(%s0) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k_low[%b, %j] : !thrift.view<[batch, kv_len, 64], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
    %x = thrift.dot %q_low_i, %k_j : !thrift.tile<64 x 64, nvfp4>, !thrift.tile<64 x 64, nvfp4> -> !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %x, %s scale(%c) : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v_low[%b, %j] : !thrift.view<[batch, 64, kv_len], nvfp4> -> !thrift.tile<64 x 64, nvfp4>
    %u = thrift.accumulate %p, %v_j transposed, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, nvfp4>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %s2 = thrift.sweep visible(%i) causal boundary with(%s1) : !thrift.softmax<64 x 64> {
  ^bb0(%j : i32, %s : !thrift.softmax<64 x 64>):
    %k_j = thrift.load %k[%b, %j] : !thrift.view<[batch, kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %x = thrift.dot %q_i, %k_j poison : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16> -> !thrift.tile<64 x 64, f32>
    %m = thrift.mask %x at(%i, %j) causal : !thrift.tile<64 x 64, f32>
    %w, %t = thrift.online_softmax %m, %s scale(%c) {guard} : !thrift.tile<64 x 64, f32>, !thrift.softmax<64 x 64>
    %p = thrift.quantize %w : !thrift.tile<64 x 64, f32> -> !thrift.tile<64 x 64, f16>
    %v_j = thrift.load %v[%b, %j] : !thrift.view<[batch, kv_len, 64], f16> -> !thrift.tile<64 x 64, f16>
    %u = thrift.accumulate %p, %v_j, %t sum(%w)
       : !thrift.tile<64 x 64, f16>, !thrift.tile<64 x 64, f16>, !thrift.softmax<64 x 64>, !thrift.tile<64 x 64, f32>
    thrift.yield %u : !thrift.softmax<64 x 64>
  }
  %y, %lse = thrift.finish %s2 : !thrift.softmax<64 x 64> -> !thrift.tile<64 x 64, f32>, !thrift.tile<64 x 1, f32>
  thrift.store %y, %o[%b, %i] : !thrift.tile<64 x 64, f32>, !thrift.view<[batch, q_len, 64], f16>
}

// A kernel without a sweep streams: its tile is copied whole, then read in two ways. Slices of 32 rows give each of the
// 128 threads one group of 16 channels.
// CHECK-LABEL: thrift.kernel @quantize
// CHECK:         attributes {shared_bytes = 8192 : i32, threads = 128 : i32} {
// CHECK:         %[[T:.+]] = thrift.program_id(tiles)
// CHECK-NEXT:    %[[RING:.+]] = thrift.alloc at 0 : <1 x !thrift.tile<64 x 64, bf16, shared>>
// CHECK:         %[[YES:.+]] = arith.constant true
// CHECK-NEXT:    thrift.copy %x[%[[T]]] to %[[RING]][%{{.+}}] if(%[[YES]])
// CHECK-NEXT:    thrift.commit
// CHECK-NEXT:    thrift.wait 0
// CHECK-NEXT:    thrift.barrier
// CHECK-NEXT:    %[[X:.+]] = thrift.slot %[[RING]]
// CHECK-NEXT:    %[[MEAN:.+]] = thrift.summarize %[[X]] rows(%[[T]] of len) : <64 x 64, bf16, shared> -> <1 x 64, f32, columns>
// CHECK-NEXT:    thrift.store %[[MEAN]], %mean[%[[T]]]
// CHECK-DAG:     %[[FROM:.+]] = arith.constant 0 : i32
// CHECK-DAG:     %[[TO:.+]] = arith.constant 64 : i32
// CHECK-DAG:     %[[STEP:.+]] = arith.constant 32 : i32
// CHECK:         scf.for %[[FIRST:.+]] = %[[FROM]] to %[[TO]] step %[[STEP]]
// CHECK-NEXT:      %[[SLICE:.+]] = thrift.slice %[[X]] from %[[FIRST]] : <64 x 64, bf16, shared> -> <32 x 64, bf16, groups>
// CHECK-NEXT:      %[[PACKED:.+]] = thrift.quantize %[[SLICE]] : <32 x 64, bf16, groups> -> <32 x 64, nvfp4, groups>
// CHECK-NEXT:      thrift.store %[[PACKED]], %low[%[[T]]] from %[[FIRST]] of !thrift.tile<64 x 64, nvfp4> : <32 x 64, nvfp4, groups>, <[len, 64], nvfp4>
// CHECK-NEXT:    }
// CHECK-NEXT:  }
thrift.kernel @quantize dims(tiles, len)
    (%x : !thrift.view<[len, 64], bf16>, %low : !thrift.view<[len, 64], nvfp4>, %mean : !thrift.view<[tiles, 64], f32>) {
  %t = thrift.program_id(tiles)
  %x_t = thrift.load %x[%t] : !thrift.view<[len, 64], bf16> -> !thrift.tile<64 x 64, bf16>
  %m = thrift.summarize %x_t rows(%t of len) : !thrift.tile<64 x 64, bf16> -> !thrift.tile<1 x 64, f32>
  %p = thrift.quantize %x_t : !thrift.tile<64 x 64, bf16> -> !thrift.tile<64 x 64, nvfp4>
  thrift.store %m, %mean[%t] : !thrift.tile<1 x 64, f32>, !thrift.view<[tiles, 64], f32>
  thrift.store %p, %low[%t] : !thrift.tile<64 x 64, nvfp4>, !thrift.view<[len, 64], nvfp4>
}

// Along rows: slices are columns of the source, 8 groups of 16 rows by 16 columns.
// CHECK-LABEL: thrift.kernel @quantize_transposed
// CHECK:         shared_bytes = 16384 : i32
// CHECK-DAG:     %[[TO:.+]] = arith.constant 64 : i32
// CHECK-DAG:     %[[STEP:.+]] = arith.constant 16 : i32
// CHECK:         scf.for %[[FIRST:.+]] = %{{.+}} to %[[TO]] step %[[STEP]]
// CHECK-NEXT:      %[[SLICE:.+]] = thrift.slice %{{.+}} columns from %[[FIRST]] : <128 x 64, f16, shared> -> <128 x 16, f16, groups>
// CHECK-NEXT:      %[[PACKED:.+]] = thrift.quantize %[[SLICE]] transposed : <128 x 16, f16, groups> -> <16 x 128, nvfp4, groups>
// CHECK-NEXT:      thrift.store %[[PACKED]], %low[%{{.+}}] from %[[FIRST]] of !thrift.tile<64 x 128, nvfp4>
thrift.kernel @quantize_transposed dims(tiles, len) (%x : !thrift.view<[len, 64], f16>, %low : !thrift.view<[64, len], nvfp4>) {
  %t = thrift.program_id(tiles)
  %x_t = thrift.load %x[%t] : !thrift.view<[len, 64], f16> -> !thrift.tile<128 x 64, f16>
  %p = thrift.quantize %x_t transposed : !thrift.tile<128 x 64, f16> -> !thrift.tile<64 x 128, nvfp4>
  thrift.store %p, %low[%t] : !thrift.tile<64 x 128, nvfp4>, !thrift.view<[64, len], nvfp4>
}

// Means lie across the lanes of each warp; nothing goes through shared memory.
// CHECK-LABEL: thrift.kernel @rank
// CHECK:         attributes {shared_bytes = 0 : i32, threads = 128 : i32} {
// CHECK:         %[[MEAN:.+]] = thrift.load %q_mean[%{{.+}}] : <[tiles, 128], f32> -> <1 x 128, f32, lanes>
// CHECK-NEXT:    thrift.rank %[[MEAN]], %k_mean[]
thrift.kernel @rank dims(tiles, blocks, q_len, kv_len)
    (%q_mean : !thrift.view<[tiles, 128], f32>, %k_mean : !thrift.view<[blocks, 128], f32>, %scores : !thrift.view<[tiles, blocks], f32>) {
  %i = thrift.program_id(tiles)
  %m = thrift.load %q_mean[%i] : !thrift.view<[tiles, 128], f32> -> !thrift.tile<1 x 128, f32>
  thrift.rank %m, %k_mean[] for(%i) causal blocks(128 x 64) into %scores[%i]
    : !thrift.tile<1 x 128, f32>, !thrift.view<[blocks, 128], f32>, !thrift.view<[tiles, blocks], f32>
}
