//===- WgmmaHarness.h - one wgmma in a kernel, and what it must give --------===//
//
// A kernel that fills shared memory from a buffer, loads accumulators (and A, if it is in registers), runs a wgmma and
// stores the accumulators; and the same in plain C++: layouts as the manual writes them (CanonicalLayout.h), sums in
// integers (MmaReference.h).
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_WGMMAHARNESS_H
#define THRIFTJIT_TESTS_SIM_WGMMAHARNESS_H

#include "runtime/sim/arith/MmaReference.h"
#include "tests/sim/CanonicalLayout.h"
#include "tests/sim/SimHarness.h"
#include "tests/sim/arith/Operands.h"

namespace thrift::sim::test {

/// A matrix in shared memory. Offsets in bytes.
struct SharedMatrix {
  MatrixMajor major = MatrixMajor::K;
  unsigned swizzleBits = 0; ///< 0 none, 1 32 B, 2 64 B, 3 128 B
  uint32_t start = 0, leading = 0, stride = 0;

  uint64_t descriptor() const { return encode(start, leading, stride) | wgmmaBits(swizzleBits); }
};

struct WgmmaCase {
  std::string typeA = "f16", typeB = "f16", typeD = "f32";
  uint32_t n = 64;
  bool fragments = false; ///< A in registers
  bool addsToD = true;
  int scaleA = 1, scaleB = 1;
  SharedMatrix a, b;

  MmaElement elementA() const { return elementNamed(typeA); }
  MmaElement elementB() const { return elementNamed(typeB); }
  uint32_t bytesOfA() const { return bitsOf(elementA()) / 8; }
  uint32_t k() const { return 32 / bytesOfA(); }
  uint32_t accumulators() const { return typeD == "f16" ? n / 4 : n / 2; }
  const MmaModel &model() const;
  /// "wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {%d0, ...}, %da, %db, %scale, 1, 1, 0, 0;"
  std::string instruction(const std::string &accumulator = "%d") const;

  static MmaElement elementNamed(const std::string &type);
};

/// Inputs: shared memory, then accumulators and registers of A by thread.
struct WgmmaData {
  std::vector<uint8_t> shared;
  std::vector<uint32_t> accumulators, fragments; ///< [thread][register]

  std::vector<uint32_t> words() const;
};

constexpr uint32_t kWgmmaSharedBytes = 48 * 1024;

/// Random data, elements in these styles.
WgmmaData randomData(const WgmmaCase &test, Style styleA, Style styleB, std::mt19937_64 &random);

/// What the accumulators must be: [thread][register].
std::vector<uint32_t> expectedOf(const WgmmaCase &test, const WgmmaData &data);

/// The parts of the kernel's body; `%t` counts the threads of one warpgroup.
struct WgmmaBody {
  std::string declare, fill, fence, load, fenceRegisters, multiply, commit, wait, store;

  explicit WgmmaBody(const WgmmaCase &test);
  std::string text() const;
};

BodyOptions wgmmaOptions(const WgmmaCase &test, const WgmmaData &data);

} // namespace thrift::sim::test

#endif // THRIFTJIT_TESTS_SIM_WGMMAHARNESS_H
