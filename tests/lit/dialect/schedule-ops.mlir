// What a schedule adds: rings, copies, waits, slices and places in lists.

// RUN: thrift-opt %s -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -mlir-print-op-generic | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -emit-bytecode | thrift-opt -allow-unregistered-dialect | FileCheck %s

// CHECK-LABEL: thrift.kernel @copies
// CHECK:         %[[RING:.+]] = thrift.alloc at 4096 : <2 x !thrift.tile<64 x 128, f16, shared>>
// CHECK-NEXT:    %[[YES:.+]] = arith.constant true
// CHECK-NEXT:    thrift.copy %k[%b, %j] to %[[RING]][%n] if(%[[YES]]) : <[heads, len, 128], f16>, <2 x !thrift.tile<64 x 128, f16, shared>>
// CHECK-NEXT:    thrift.commit
// CHECK-NEXT:    thrift.wait 1
// CHECK-NEXT:    thrift.barrier
// CHECK-NEXT:    %[[TILE:.+]] = thrift.slot %[[RING]][%n] : <2 x !thrift.tile<64 x 128, f16, shared>> -> <64 x 128, f16, shared>
// CHECK-NEXT:    thrift.slice %[[TILE]] from %j : <64 x 128, f16, shared> -> <16 x 128, f16, groups>
// CHECK-NEXT:    thrift.slice %[[TILE]] columns from %j : <64 x 128, f16, shared> -> <64 x 32, f16, groups>
// CHECK-NEXT:    %[[SCALE:.+]] = thrift.block_scale %[[TILE]] : <64 x 128, f16, shared>
// CHECK-NEXT:    thrift.block_scale %[[TILE]] power_of_two : <64 x 128, f16, shared>
// CHECK-NEXT:    thrift.quantize %{{.+}} transposed by %[[SCALE]] : <64 x 32, f16, groups> -> <32 x 64, fp8, groups>
thrift.kernel @copies dims(heads, len) (%k : !thrift.view<[heads, len, 128], f16>, %b : i32, %j : i32, %n : i32)
    attributes {threads = 128 : i32, shared_bytes = 36864 : i32} {
  %ring = thrift.alloc at 4096 : !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>
  %yes = arith.constant true
  thrift.copy %k[%b, %j] to %ring[%n] if(%yes) : !thrift.view<[heads, len, 128], f16>, !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>>
  thrift.commit
  thrift.wait 1
  thrift.barrier
  %0 = thrift.slot %ring[%n] : !thrift.ring<2 x !thrift.tile<64 x 128, f16, shared>> -> !thrift.tile<64 x 128, f16, shared>
  %1 = thrift.slice %0 from %j : !thrift.tile<64 x 128, f16, shared> -> !thrift.tile<16 x 128, f16, groups>
  %2 = thrift.slice %0 columns from %j : !thrift.tile<64 x 128, f16, shared> -> !thrift.tile<64 x 32, f16, groups>
  %3 = thrift.block_scale %0 : !thrift.tile<64 x 128, f16, shared>
  %4 = thrift.block_scale %0 power_of_two : !thrift.tile<64 x 128, f16, shared>
  %5 = thrift.quantize %2 transposed by %3 : !thrift.tile<64 x 32, f16, groups> -> !thrift.tile<32 x 64, fp8, groups>
}

// CHECK-LABEL: thrift.kernel @lists<mask>
// CHECK:         %count, %j, %cursor = thrift.seek visible(%i) mask blocks(128 x 64)
// CHECK-NEXT:    thrift.seek visible(%i) causal interior blocks(128 x 64)
// CHECK-NEXT:    thrift.seek low(%i) none boundary blocks(64 x 64) by %r[%b, %h, %i] : !thrift.routes<[batch, q_heads, q_tiles]>
// CHECK-NEXT:    %{{.+}}, %next_cursor = thrift.next visible after(%j, %cursor)
// CHECK-NEXT:    thrift.next high after(%{{.+}}, %next_cursor) by %r[%b, %h, %i] : !thrift.routes<[batch, q_heads, q_tiles]>
thrift.kernel @lists<mask> dims(batch, q_heads, q_tiles, q_len, kv_len)
    (%r : !thrift.routes<[batch, q_heads, q_tiles]>, %b : i32, %h : i32, %i : i32) {
  %0:3 = thrift.seek visible(%i) mask blocks(128 x 64)
  %1:3 = thrift.seek visible(%i) causal interior blocks(128 x 64)
  %2:3 = thrift.seek low(%i) none boundary blocks(64 x 64) by %r[%b, %h, %i] : !thrift.routes<[batch, q_heads, q_tiles]>
  %3:2 = thrift.next visible after(%0#1, %0#2)
  %4:2 = thrift.next high after(%3#0, %3#1) by %r[%b, %h, %i] : !thrift.routes<[batch, q_heads, q_tiles]>
}
