// The fused kernel with the online router: no ranking, the low logits decide inside the sweep.
//
// The router's seeds (the first blocks and those around the diagonal) run high first, so that every row has a mass to be
// compared with. All other blocks come in descending order: their logits are computed low, and a granule of rows in which
// one of them is large against the mass so far promotes the block, which then runs `high` in a closing sweep; a granule
// whose logits are all negligible may skip it. Everything else runs low at once. `thrift.promote` has the formulas.
// Names between < and > are parameters; names in dims(...) are known at launch. prefill.mlir is the same by a ranked list.

thrift.kernel @prefill_online<block_q, block_kv, head_dim, value_dim, high, qk, pv, p, mask, granule>
    dims(batch, q_heads, kv_heads, q_len, kv_len, q_tiles)
    (%q      : !thrift.view<[batch, q_heads,  q_len,  head_dim],  high>,
     %k      : !thrift.view<[batch, kv_heads, kv_len, head_dim],  high>,
     %v      : !thrift.view<[batch, kv_heads, kv_len, value_dim], high>,
     %q_low  : !thrift.view<[batch, q_heads,  q_len,  head_dim],  qk>,
     %k_low  : !thrift.view<[batch, kv_heads, kv_len, head_dim],  qk>,
     %v_low  : !thrift.view<[batch, kv_heads, value_dim, kv_len], pv>,   // transposed: packed dots contract over rows
     %decisions : !thrift.decisions<[batch, q_heads, q_tiles] by granule>,
     %o      : !thrift.view<[batch, q_heads,  q_len,  value_dim], high>,
     %lse    : !thrift.view<[batch, q_heads,  q_len], f32>,
     %softmax_scale : f32,
     %tau : f32, %lambda : f32,                                          // promote at, skip below: shares of the mass
     %sink : i32, %local : i32, %budget_ppm : i32, %top_k : i32) {       // seeds; the most that a granule may promote

  %b, %h, %i = thrift.program_id(batch, q_heads, q_tiles)
  %g         = thrift.kv_head %h

  %q_i     = thrift.load %q[%b, %h, %i]
           : !thrift.view<[batch, q_heads, q_len, head_dim], high> -> !thrift.tile<block_q x head_dim, high>
  %q_low_i = thrift.load %q_low[%b, %h, %i]
           : !thrift.view<[batch, q_heads, q_len, head_dim], qk> -> !thrift.tile<block_q x head_dim, qk>
  %nothing = thrift.empty_softmax : !thrift.softmax<block_q x value_dim>
  %router  = thrift.start_router %decisions[%b, %h, %i] mask blocks(block_q x block_kv) seeds(%sink, %local)
             cap(%budget_ppm, %top_k) thresholds(%tau, %lambda) scale(%softmax_scale)
           : !thrift.decisions<[batch, q_heads, q_tiles] by granule> -> !thrift.router<block_q by granule>

  %all = thrift.sweep visible(%i) mask with(%nothing) : !thrift.softmax<block_q x value_dim> {
  ^bb0(%j : i32, %s : !thrift.softmax<block_q x value_dim>):

    %k_j = thrift.load %k_low[%b, %g, %j]
         : !thrift.view<[batch, kv_heads, kv_len, head_dim], qk> -> !thrift.tile<block_kv x head_dim, qk>
    %x   = thrift.dot %q_low_i, %k_j                                 // block scales are part of the format
         : !thrift.tile<block_q x head_dim, qk>, !thrift.tile<block_kv x head_dim, qk>
         -> !thrift.tile<block_q x block_kv, f32>
    %x_m = thrift.mask %x at(%i, %j) mask : !thrift.tile<block_q x block_kv, f32>

    %next = thrift.route promote(%x_m, %s) at(%j) by %router budget(mixed)
          : !thrift.tile<block_q x block_kv, f32>, !thrift.router<block_q by granule> -> !thrift.softmax<block_q x value_dim>
    high {
      %k_h   = thrift.load %k[%b, %g, %j]
             : !thrift.view<[batch, kv_heads, kv_len, head_dim], high> -> !thrift.tile<block_kv x head_dim, high>
      %y     = thrift.dot %q_i, %k_h poison
             : !thrift.tile<block_q x head_dim, high>, !thrift.tile<block_kv x head_dim, high>
             -> !thrift.tile<block_q x block_kv, f32>
      %y_m   = thrift.mask %y at(%i, %j) mask : !thrift.tile<block_q x block_kv, f32>

      %w, %t = thrift.online_softmax %y_m, %s scale(%softmax_scale)      // new maximum, state rescaled to it
             : !thrift.tile<block_q x block_kv, f32>, !thrift.softmax<block_q x value_dim>

      %w_h   = thrift.quantize %w : !thrift.tile<block_q x block_kv, f32> -> !thrift.tile<block_q x block_kv, high>
      %v_j   = thrift.load %v[%b, %g, %j]
             : !thrift.view<[batch, kv_heads, kv_len, value_dim], high> -> !thrift.tile<block_kv x value_dim, high>
      %u     = thrift.accumulate %w_h, %v_j, %t sum(%w)                  // adds P V and the row sums
             : !thrift.tile<block_q x block_kv, high>, !thrift.tile<block_kv x value_dim, high>,
               !thrift.softmax<block_q x value_dim>, !thrift.tile<block_q x block_kv, f32>
      thrift.yield %u : !thrift.softmax<block_q x value_dim>
    } low {
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

// thrift-partition-routes makes three sweeps of this one: the seeds high, the rest low with `thrift.promote` between logits
// and softmax, and the promoted blocks high. See each step with
//
//   thriftjit emit prefill --select online --target sm_80 --stage specialized      (or scheduled, nvvm, llvm, ptx)
