// The ranked router: scores every KV block that a query tile can see by the product of the two block means, and writes the
// best ones as the tile's route. The choice is exact and the same on every machine: f32 in a stated order, ties to the lower
// block.
//
// One program owns one query tile of one head. `scores` is scratch, one row per query tile.

thrift.kernel @rank<block_q, block_kv, head_dim, mask>
    dims(batch, q_heads, kv_heads, q_len, kv_len, q_tiles, kv_tiles)
    (%q_mean : !thrift.view<[batch, q_heads,  q_tiles,  head_dim], f32>,
     %k_mean : !thrift.view<[batch, kv_heads, kv_tiles, head_dim], f32>,
     %scores : !thrift.view<[batch, q_heads,  q_tiles,  kv_tiles], f32>,
     %routes : !thrift.routes<[batch, q_heads, q_tiles]>,
     %budget_ppm : i32, %top_k : i32, %min_blocks : i32, %sink : i32, %local : i32) {
  %b, %h, %i = thrift.program_id(batch, q_heads, q_tiles)
  %g         = thrift.kv_head %h

  %mean = thrift.load %q_mean[%b, %h, %i]
        : !thrift.view<[batch, q_heads, q_tiles, head_dim], f32> -> !thrift.tile<1 x head_dim, f32>
  thrift.rank %mean, %k_mean[%b, %g] for(%i) mask blocks(block_q x block_kv) into %scores[%b, %h, %i]
        : !thrift.tile<1 x head_dim, f32>, !thrift.view<[batch, kv_heads, kv_tiles, head_dim], f32>,
          !thrift.view<[batch, q_heads, q_tiles, kv_tiles], f32>
  thrift.select %scores[%b, %h, %i] for(%i) mask blocks(block_q x block_kv)
        budget(%budget_ppm, %top_k, %min_blocks) forced(%sink, %local) into %routes[%b, %h, %i]
        : !thrift.view<[batch, q_heads, q_tiles, kv_tiles], f32>, !thrift.routes<[batch, q_heads, q_tiles]>
}
