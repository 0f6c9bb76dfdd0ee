//===- CopyKernel.h - kernels around one bulk copy --------------------------===//
//
// What TensorCopy.cpp and BulkCopy.cpp share. Loads: a CTA fills a tile of shared memory with kUntouched bytes, copies
// into it, waits on an mbarrier and writes down the whole tile and whether the barrier's phase completed. The wait
// gives up after some time: a wrong byte count must not hang the GPU.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_FORMS_COPYKERNEL_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_FORMS_COPYKERNEL_H

#include "tests/sim/hardware/FormList.h"

namespace thrift::sim::hardware {

constexpr uint32_t kCopyThreads = 64;

/// Bytes of output of a load into a tile of `tileBytes`, a multiple of 4.
constexpr uint32_t loadOutBytes(uint32_t tileBytes) { return tileBytes + 4; }

inline std::string copyVariables(uint32_t tileBytes) {
  return ".shared .align 1024 .b8 tile[" + std::to_string(tileBytes) + "];\n.shared .align 8 .b64 barrier;\n";
}

/// `prepare` runs in every thread, `copy` in one; %tile and %barrier are addresses, `expected` the bytes that complete.
/// Registers for their use: %c0 .. %c4, %x (32 bits), %u, %v (64).
inline std::string loadBody(uint32_t tileBytes, uint32_t expected, const std::string &prepare,
                            const std::string &copy) {
  std::string words = std::to_string(tileBytes / 4), threads = std::to_string(kCopyThreads);
  return R"(
  .reg .b32 %tile, %barrier, %s, %i, %w, %x, %c<5>;
  .reg .b64 %g, %u, %v;
  .reg .pred %p, %first, %done;
  mov.u32 %tile, tile;
  mov.u32 %barrier, barrier;
  setp.eq.u32 %first, %t, 0;
  mov.u32 %i, %t;
  mad.lo.u32 %s, %t, 4, %tile;
FILL:
  st.shared.b32 [%s], 0xA5A5A5A5;
  add.u32 %s, %s, )" +
         std::to_string(4 * kCopyThreads) + ";\n  add.u32 %i, %i, " + threads + ";\n  setp.lt.u32 %p, %i, " + words +
         R"(;
  @%p bra FILL;
  @%first mbarrier.init.shared::cta.b64 [%barrier], 1;
  fence.proxy.async.shared::cta;
  bar.sync 0;
)" + prepare +
         "  @!%first bra WAIT;\n  mbarrier.arrive.expect_tx.shared::cta.b64 %u, [%barrier], " +
         std::to_string(expected) + ";\n" + copy + R"(WAIT:
  mov.u32 %i, 0;
AGAIN:
  mbarrier.try_wait.parity.shared::cta.b64 %done, [%barrier], 0;
  @%done bra WRITE;
  add.u32 %i, %i, 1;
  setp.lt.u32 %p, %i, 2000;
  @%p bra AGAIN;
WRITE:
  selp.b32 %w, 1, 0, %done;
  @%first st.global.b32 [%out+)" +
         std::to_string(tileBytes) + R"(], %w;
  mov.u32 %i, %t;
  mad.lo.u32 %s, %t, 4, %tile;
  mad.wide.u32 %g, %t, 4, %out;
DUMP:
  ld.shared.b32 %w, [%s];
  st.global.b32 [%g], %w;
  add.u32 %s, %s, )" +
         std::to_string(4 * kCopyThreads) + ";\n  add.u64 %g, %g, " + std::to_string(4 * kCopyThreads) +
         ";\n  add.u32 %i, %i, " + threads + ";\n  setp.lt.u32 %p, %i, " + words + ";\n  @%p bra DUMP;\n";
}

/// Fills the tile from the input, then `copy` runs in one thread: a copy out of shared memory in a bulk group.
inline std::string storeBody(uint32_t tileBytes, const std::string &copy) {
  return R"(
  .reg .b32 %tile, %s, %i, %w, %x;
  .reg .b64 %g, %u, %v;
  .reg .pred %p, %first;
  mov.u32 %tile, tile;
  setp.eq.u32 %first, %t, 0;
  mov.u32 %i, %t;
  mad.lo.u32 %s, %t, 4, %tile;
  mad.wide.u32 %g, %t, 4, %in;
FILL:
  ld.global.b32 %w, [%g];
  st.shared.b32 [%s], %w;
  add.u32 %s, %s, )" +
         std::to_string(4 * kCopyThreads) + ";\n  add.u64 %g, %g, " + std::to_string(4 * kCopyThreads) +
         ";\n  add.u32 %i, %i, " + std::to_string(kCopyThreads) + ";\n  setp.lt.u32 %p, %i, " +
         std::to_string(tileBytes / 4) + R"(;
  @%p bra FILL;
  fence.proxy.async.shared::cta;
  bar.sync 0;
  @!%first bra END;
)" + copy +
         R"(  cp.async.bulk.commit_group;
  cp.async.bulk.wait_group 0;
END:
)";
}

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_FORMS_COPYKERNEL_H
