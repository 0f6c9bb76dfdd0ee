// The fused kernel: attention over all keys that a query tile can see, each KV block in the precision that it deserves.
//
// One program owns one query tile of one head. It carries a single softmax state (row maximum, row sum, accumulator)
// through every visible block: the blocks that the routes name run in `high`, all others in the packed low formats.
// Names between < and > are parameters: thrift-specialize binds them, for one target. Names in dims(...) are known at launch.

thrift.kernel @prefill<block_q, block_kv, head_dim, value_dim, high, qk, pv, p, mask, budget>
    dims(batch, q_heads, kv_heads, q_len, kv_len, q_tiles)
    (%q      : !thrift.view<[batch, q_heads,  q_len,  head_dim],  high>,
     %k      : !thrift.view<[batch, kv_heads, kv_len, head_dim],  high>,
     %v      : !thrift.view<[batch, kv_heads, kv_len, value_dim], high>,
     %q_low  : !thrift.view<[batch, q_heads,  q_len,  head_dim],  qk>,
     %k_low  : !thrift.view<[batch, kv_heads, kv_len, head_dim],  qk>,
     %v_low  : !thrift.view<[batch, kv_heads, value_dim, kv_len], pv>,   // transposed: packed dots contract over rows
     %routes : !thrift.routes<[batch, q_heads, q_tiles]>,
     %o      : !thrift.view<[batch, q_heads,  q_len,  value_dim], high>,
     %lse    : !thrift.view<[batch, q_heads,  q_len], f32>,
     %softmax_scale : f32) {

  %b, %h, %i = thrift.program_id(batch, q_heads, q_tiles)
  %g         = thrift.kv_head %h

  %q_i     = thrift.load %q[%b, %h, %i]
           : !thrift.view<[batch, q_heads, q_len, head_dim], high> -> !thrift.tile<block_q x head_dim, high>
  %q_low_i = thrift.load %q_low[%b, %h, %i]
           : !thrift.view<[batch, q_heads, q_len, head_dim], qk> -> !thrift.tile<block_q x head_dim, qk>
  %nothing = thrift.empty_softmax : !thrift.softmax<block_q x value_dim>

  %all = thrift.sweep visible(%i) mask with(%nothing) : !thrift.softmax<block_q x value_dim> {
  ^bb0(%j : i32, %s : !thrift.softmax<block_q x value_dim>):

    %next = thrift.route by %routes[%b, %h, %i], %j budget(budget)
          : !thrift.routes<[batch, q_heads, q_tiles]> -> !thrift.softmax<block_q x value_dim>
    high {
      %k_j   = thrift.load %k[%b, %g, %j]
             : !thrift.view<[batch, kv_heads, kv_len, head_dim], high> -> !thrift.tile<block_kv x head_dim, high>
      %x     = thrift.dot %q_i, %k_j poison
             : !thrift.tile<block_q x head_dim, high>, !thrift.tile<block_kv x head_dim, high>
             -> !thrift.tile<block_q x block_kv, f32>
      %x_m   = thrift.mask %x at(%i, %j) mask : !thrift.tile<block_q x block_kv, f32>

      %w, %t = thrift.online_softmax %x_m, %s scale(%softmax_scale)      // new maximum, state rescaled to it
             : !thrift.tile<block_q x block_kv, f32>, !thrift.softmax<block_q x value_dim>

      %w_h   = thrift.quantize %w : !thrift.tile<block_q x block_kv, f32> -> !thrift.tile<block_q x block_kv, high>
      %v_j   = thrift.load %v[%b, %g, %j]
             : !thrift.view<[batch, kv_heads, kv_len, value_dim], high> -> !thrift.tile<block_kv x value_dim, high>
      %u     = thrift.accumulate %w_h, %v_j, %t sum(%w)                  // adds P V and the row sums
             : !thrift.tile<block_q x block_kv, high>, !thrift.tile<block_kv x value_dim, high>,
               !thrift.softmax<block_q x value_dim>, !thrift.tile<block_q x block_kv, f32>
      thrift.yield %u : !thrift.softmax<block_q x value_dim>
    } low {
      %k_j   = thrift.load %k_low[%b, %g, %j]
             : !thrift.view<[batch, kv_heads, kv_len, head_dim], qk> -> !thrift.tile<block_kv x head_dim, qk>
      %x     = thrift.dot %q_low_i, %k_j                                 // block scales are part of the format
             : !thrift.tile<block_q x head_dim, qk>, !thrift.tile<block_kv x head_dim, qk>
             -> !thrift.tile<block_q x block_kv, f32>
      %x_m   = thrift.mask %x at(%i, %j) mask : !thrift.tile<block_q x block_kv, f32>

      %w, %t = thrift.online_softmax %x_m, %s scale(%softmax_scale)
             : !thrift.tile<block_q x block_kv, f32>, !thrift.softmax<block_q x value_dim>

      %w_l   = thrift.quantize %w : !thrift.tile<block_q x block_kv, f32> -> !thrift.tile<block_q x block_kv, p>
      %v_j   = thrift.load %v_low[%b, %g, %j]
             : !thrift.view<[batch, kv_heads, value_dim, kv_len], pv> -> !thrift.tile<value_dim x block_kv, pv>
      %u     = thrift.accumulate %w_l, %v_j transposed, %t sum(%w)
             : !thrift.tile<block_q x block_kv, p>, !thrift.tile<value_dim x block_kv, pv>,
               !thrift.softmax<block_q x value_dim>, !thrift.tile<block_q x block_kv, f32>
      thrift.yield %u : !thrift.softmax<block_q x value_dim>
    }
    thrift.yield %next : !thrift.softmax<block_q x value_dim>
  }

  %o_i, %lse_i = thrift.finish %all : !thrift.softmax<block_q x value_dim>
               -> !thrift.tile<block_q x value_dim, f32>, !thrift.tile<block_q x 1, f32>
  thrift.store %o_i, %o[%b, %h, %i]
             : !thrift.tile<block_q x value_dim, f32>, !thrift.view<[batch, q_heads, q_len, value_dim], high>
  thrift.store %lse_i, %lse[%b, %h, %i]
             : !thrift.tile<block_q x 1, f32>, !thrift.view<[batch, q_heads, q_len], f32>
}

// thrift-partition-routes makes two sweeps of this one, one over each list, because a softmax state does not depend on the
// order in which blocks reach it; thrift-peel-masks then splits off the blocks that the mask cuts, and thrift-schedule says
// who loads, who multiplies and how many stages lie between them. Each step can be printed:
//
//   thriftjit emit prefill --target sm_80 --stage specialized      (or scheduled, nvvm, llvm, ptx)
