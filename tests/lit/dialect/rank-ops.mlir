// Summaries, scores and selection.

// RUN: thrift-opt %s -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect | thrift-opt -allow-unregistered-dialect | FileCheck %s
// RUN: thrift-opt %s -allow-unregistered-dialect -mlir-print-op-generic | thrift-opt -allow-unregistered-dialect | FileCheck %s

// CHECK-LABEL: thrift.kernel @summarize<head_dim, high>
// CHECK:         thrift.summarize %{{.+}} rows(%t of len) : <64 x head_dim, high> -> <1 x head_dim, f32>
// CHECK:         thrift.summarize %{{.+}} rows(%t of len) : <64 x 128, bf16, shared> -> <1 x 128, f32, columns>
thrift.kernel @summarize<head_dim, high> dims(len) (%t : i32) {
  %0 = "source"() : () -> !thrift.tile<64 x head_dim, high>
  %1 = thrift.summarize %0 rows(%t of len) : !thrift.tile<64 x head_dim, high> -> !thrift.tile<1 x head_dim, f32>
  %2 = "source"() : () -> !thrift.tile<64 x 128, bf16, shared>
  %3 = thrift.summarize %2 rows(%t of len) : !thrift.tile<64 x 128, bf16, shared> -> !thrift.tile<1 x 128, f32, columns>
}

// CHECK-LABEL: thrift.kernel @rank<block_kv, block_q, head_dim, mask>
// CHECK:         thrift.rank %{{.+}}, %k[%b, %g] for(%i) mask blocks(block_q x block_kv) into %s[%b, %h, %i] : <1 x head_dim, f32>, <[batch, kv_heads, kv_tiles, head_dim], f32>, <[batch, q_heads, q_tiles, kv_tiles], f32>
// CHECK:         thrift.rank %{{.+}}, %k[%b, %g] for(%i) causal blocks(128 x 64) into %s[%b, %h, %i] : <1 x head_dim, f32, lanes>,
thrift.kernel @rank<block_q, block_kv, head_dim, mask> dims(batch, q_heads, kv_heads, q_len, kv_len, q_tiles, kv_tiles)
    (%k : !thrift.view<[batch, kv_heads, kv_tiles, head_dim], f32>, %s : !thrift.view<[batch, q_heads, q_tiles, kv_tiles], f32>,
     %b : i32, %h : i32, %g : i32, %i : i32) {
  %0 = "source"() : () -> !thrift.tile<1 x head_dim, f32>
  thrift.rank %0, %k[%b, %g] for(%i) mask blocks(block_q x block_kv) into %s[%b, %h, %i]
    : !thrift.tile<1 x head_dim, f32>, !thrift.view<[batch, kv_heads, kv_tiles, head_dim], f32>,
      !thrift.view<[batch, q_heads, q_tiles, kv_tiles], f32>
  %1 = "source"() : () -> !thrift.tile<1 x head_dim, f32, lanes>
  thrift.rank %1, %k[%b, %g] for(%i) causal blocks(128 x 64) into %s[%b, %h, %i]
    : !thrift.tile<1 x head_dim, f32, lanes>, !thrift.view<[batch, kv_heads, kv_tiles, head_dim], f32>,
      !thrift.view<[batch, q_heads, q_tiles, kv_tiles], f32>
}

// CHECK-LABEL: thrift.kernel @select<block_kv, mask>
// CHECK:         thrift.select %s[%b, %h, %i] for(%i) mask blocks(128 x block_kv) budget(%ppm, %top_k, %min) forced(%sink, %local) into %r[%b, %h, %i] : <[batch, q_heads, q_tiles, kv_tiles], f32>, <[batch, q_heads, q_tiles]>
thrift.kernel @select<block_kv, mask> dims(batch, q_heads, q_len, kv_len, q_tiles, kv_tiles)
    (%s : !thrift.view<[batch, q_heads, q_tiles, kv_tiles], f32>, %r : !thrift.routes<[batch, q_heads, q_tiles]>,
     %ppm : i32, %top_k : i32, %min : i32, %sink : i32, %local : i32, %b : i32, %h : i32, %i : i32) {
  thrift.select %s[%b, %h, %i] for(%i) mask blocks(128 x block_kv) budget(%ppm, %top_k, %min) forced(%sink, %local)
    into %r[%b, %h, %i] : !thrift.view<[batch, q_heads, q_tiles, kv_tiles], f32>, !thrift.routes<[batch, q_heads, q_tiles]>
}
