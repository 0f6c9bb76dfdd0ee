// Packs Q, K and V once, for every later use: low-precision elements with their scales, and the mean of each block of Q and
// K, by which the router ranks. One program owns one block of tokens of one head; the tensor is read once.
//
// The bytes are those of dialect/formats/PACKED_LAYOUT.md, equal on every target.

thrift.kernel @quantize_q<block_q, head_dim, high, qk>
    dims(batch, q_heads, q_len, q_tiles)
    (%q      : !thrift.view<[batch, q_heads, q_len,   head_dim], high>,
     %q_low  : !thrift.view<[batch, q_heads, q_len,   head_dim], qk>,
     %q_mean : !thrift.view<[batch, q_heads, q_tiles, head_dim], f32>) {
  %b, %h, %i = thrift.program_id(batch, q_heads, q_tiles)
  %x      = thrift.load %q[%b, %h, %i]
          : !thrift.view<[batch, q_heads, q_len, head_dim], high> -> !thrift.tile<block_q x head_dim, high>
  %mean   = thrift.summarize %x rows(%i of q_len)
          : !thrift.tile<block_q x head_dim, high> -> !thrift.tile<1 x head_dim, f32>
  %packed = thrift.quantize %x : !thrift.tile<block_q x head_dim, high> -> !thrift.tile<block_q x head_dim, qk>
  thrift.store %mean, %q_mean[%b, %h, %i]
          : !thrift.tile<1 x head_dim, f32>, !thrift.view<[batch, q_heads, q_tiles, head_dim], f32>
  thrift.store %packed, %q_low[%b, %h, %i]
          : !thrift.tile<block_q x head_dim, qk>, !thrift.view<[batch, q_heads, q_len, head_dim], qk>
}

thrift.kernel @quantize_k<block_kv, head_dim, high, qk>
    dims(batch, kv_heads, kv_len, kv_tiles)
    (%k      : !thrift.view<[batch, kv_heads, kv_len,   head_dim], high>,
     %k_low  : !thrift.view<[batch, kv_heads, kv_len,   head_dim], qk>,
     %k_mean : !thrift.view<[batch, kv_heads, kv_tiles, head_dim], f32>) {
  %b, %g, %j = thrift.program_id(batch, kv_heads, kv_tiles)
  %x      = thrift.load %k[%b, %g, %j]
          : !thrift.view<[batch, kv_heads, kv_len, head_dim], high> -> !thrift.tile<block_kv x head_dim, high>
  %mean   = thrift.summarize %x rows(%j of kv_len)
          : !thrift.tile<block_kv x head_dim, high> -> !thrift.tile<1 x head_dim, f32>
  %packed = thrift.quantize %x : !thrift.tile<block_kv x head_dim, high> -> !thrift.tile<block_kv x head_dim, qk>
  thrift.store %mean, %k_mean[%b, %g, %j]
          : !thrift.tile<1 x head_dim, f32>, !thrift.view<[batch, kv_heads, kv_tiles, head_dim], f32>
  thrift.store %packed, %k_low[%b, %g, %j]
          : !thrift.tile<block_kv x head_dim, qk>, !thrift.view<[batch, kv_heads, kv_len, head_dim], qk>
}

// V is contracted over tokens, so its groups run along them and the packed tensor is its transpose.
thrift.kernel @quantize_v<block_kv, value_dim, high, pv>
    dims(batch, kv_heads, kv_len, kv_tiles)
    (%v     : !thrift.view<[batch, kv_heads, kv_len, value_dim], high>,
     %v_low : !thrift.view<[batch, kv_heads, value_dim, kv_len], pv>) {
  %b, %g, %j = thrift.program_id(batch, kv_heads, kv_tiles)
  %x      = thrift.load %v[%b, %g, %j]
          : !thrift.view<[batch, kv_heads, kv_len, value_dim], high> -> !thrift.tile<block_kv x value_dim, high>
  %packed = thrift.quantize %x transposed
          : !thrift.tile<block_kv x value_dim, high> -> !thrift.tile<value_dim x block_kv, pv>
  thrift.store %packed, %v_low[%b, %g, %j]
          : !thrift.tile<value_dim x block_kv, pv>, !thrift.view<[batch, kv_heads, value_dim, kv_len], pv>
}
