//===- TmaCases.h - random tensor copies and what they must do --------------===//
//
// A case is a tensor map, coordinates and a place in shared memory; kernels that perform it as load or store; and a
// model of the result that shares nothing with the simulator: element by element, swizzles from the PTX ISA's tables.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_TMACASES_H
#define THRIFTJIT_TESTS_SIM_TMACASES_H

#include "runtime/sim/TensorMap.h"

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace thrift::sim::test {

struct TmaCase {
  TensorMapDescription map; ///< the address is filled in by whoever runs it
  std::array<int32_t, kMaxTensorRank> coordinates{};
  uint32_t shared = 0;         ///< offset of the box in the tile
  std::vector<uint8_t> tensor; ///< global memory; the map's address is its first byte
  std::vector<uint8_t> tile;   ///< shared memory before
  bool isStore = false;

  std::string describe() const;
  uint32_t copiedBytes() const; ///< what the mbarrier counts
};

struct TmaLimits {
  bool isStore = false;
  bool newTypes = false; ///< those of sm_100: sub-byte elements, swizzles with atoms
  bool negative = true;  ///< coordinates may be negative
  uint32_t maxBoxBytes = 8192;
};
TmaCase randomTmaCase(std::mt19937_64 &random, const TmaLimits &limits);

/// What the memory that is written holds afterwards: the tile of a load, the tensor of a store. `defined` says which
/// bytes of it are specified.
std::vector<uint8_t> modelTma(const TmaCase &each, std::vector<bool> &defined);

/// Kernels test(.param map, .param .u64 before, .param .u64 after, .param .u32 shared, .param .u32 bytes, c0 ... c4):
/// fill `tileBytes` of shared memory from `before`, do the copy, and write shared memory to `after` (loads).
std::string tmaKernel(unsigned rank, bool isStore, uint32_t tileBytes, const std::string &target,
                      const std::string &destination = "shared::cluster");

/// Bytes of shared memory in those kernels.
constexpr uint32_t kTileBytes = 16384;

} // namespace thrift::sim::test

#endif // THRIFTJIT_TESTS_SIM_TMACASES_H
