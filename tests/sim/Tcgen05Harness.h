//===- Tcgen05Harness.h - kernels around a few tcgen05 instructions ----------===//
//
// A kernel of four warps that fills all of TMEM and shared memory, lets one thread issue some tcgen05 instructions,
// waits for their commit, and gives back all of TMEM. Registers of the middle part:
//
//   %tm   address of the 512 allocated columns      %data   shared byte kSharedData, where `shared` begins
//   %p0   thread 0; it alone runs `core`            %d0..%d7, %x0..%x7   64 and 32 bits, free
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_TCGEN05HARNESS_H
#define THRIFTJIT_TESTS_SIM_TCGEN05HARNESS_H

#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

constexpr uint32_t kTcLanes = 128, kTcColumns = 512;
constexpr uint32_t kSharedBarrier = 0, kSharedSlot = 16, kSharedData = 1024;

/// TMEM as [lane][column].
using TmemImage = std::vector<uint32_t>;
inline uint32_t &cellOf(TmemImage &image, uint32_t lane, uint32_t column) { return image[lane * kTcColumns + column]; }
inline uint32_t cellOf(const TmemImage &image, uint32_t lane, uint32_t column) {
  return image[lane * kTcColumns + column];
}
TmemImage randomTmem(std::mt19937_64 &random);

struct TcgenProgram {
  TmemImage tmem;
  std::vector<uint8_t> shared;
  std::string core;
  Options options;
};

struct TcgenRun {
  Report report;
  TmemImage tmem;
};
TcgenRun runTcgen(const TcgenProgram &program);

/// Registers, allocation of 512 columns to %tm, an mbarrier with count 1 at kSharedBarrier; ends behind a barrier.
std::string tcgenPrologue();
/// Deallocation.
std::string tcgenEpilogue();
/// All threads wait for a phase of the mbarrier.
std::string tcgenWait(const std::string &parity = "0", const std::string &label = "DONE");
/// Options of a body with these parts: four warps, shared memory.
BodyOptions tcgenOptions(const Options &options = {});

/// All policies, with races and lints on; several seeds of the random one.
std::vector<Options> allPolicies();

} // namespace thrift::sim::test

#endif // THRIFTJIT_TESTS_SIM_TCGEN05HARNESS_H
