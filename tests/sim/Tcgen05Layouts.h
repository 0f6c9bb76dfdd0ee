//===- Tcgen05Layouts.h - the tests' own idea of operands in memory -----------===//
//
// Where elements of A and B lie in shared memory, written from the pictures of the canonical layouts: an atom of eight
// rows, with its chunks exchanged by a rule per row. Nothing is shared with the simulator's descriptors.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_TCGEN05LAYOUTS_H
#define THRIFTJIT_TESTS_SIM_TCGEN05LAYOUTS_H

#include "runtime/sim/arith/Elements.h"

#include <cstdint>
#include <vector>

namespace thrift::sim::test {

/// A matrix of `outer` rows of K elements in shared memory, as tcgen05 finds it.
struct SharedOperand {
  uint32_t span = 1; ///< chunks of 16 bytes in a row of an atom: 1 (no swizzle), 2, 4, 8
  bool mnMajor = false;
  uint32_t base = 0;  ///< shared address of the first atom, a multiple of 1024
  uint32_t kStep = 0; ///< K-major: which 32 bytes of the row this instruction reads
  uint32_t lbo = 0, sbo = 0;

  /// The shared address of chunk `chunk` of row `row`; MN-major: chunks along MN, rows are k.
  uint32_t chunk(uint32_t row, uint32_t chunk) const {
    uint32_t inAtom = row % 8, group = row / 8;
    if (span == 1)
      return mnMajor ? base + inAtom * 16 + group * lbo + chunk * sbo
                     : base + inAtom * 16 + group * sbo + (2 * kStep + chunk) * lbo;
    uint32_t exchange = span == 8 ? inAtom : span == 4 ? inAtom / 2 : inAtom / 4;
    if (mnMajor)
      return base + chunk / span * lbo + group * sbo + (inAtom * span + (chunk % span ^ exchange)) * 16;
    return base + group * sbo + (inAtom * span + ((2 * kStep + chunk) ^ exchange)) * 16;
  }

  uint64_t descriptor() const {
    uint64_t mode = span == 8 ? 2 : span == 4 ? 4 : span == 2 ? 6 : 0;
    uint32_t start = base;
    if (!mnMajor)
      start += span == 1 ? 2 * kStep * lbo : 32 * kStep;
    return uint64_t(start >> 4) | uint64_t(lbo >> 4) << 16 | uint64_t(sbo >> 4) << 32 | uint64_t(1) << 46 | mode << 61;
  }
};

/// 32 bytes of a row. `containers`: 4- and 6-bit elements as they are in TMEM, a byte each.
inline std::vector<uint8_t> packRow(MmaElement element, bool packedFp4, bool containers,
                                    const std::vector<uint32_t> &codes) {
  std::vector<uint8_t> bytes(32);
  auto putBits = [&](uint32_t bit, uint32_t count, uint32_t value) {
    for (uint32_t i = 0; i < count; ++i)
      if (value >> i & 1)
        bytes[(bit + i) / 8] |= static_cast<uint8_t>(1u << (bit + i) % 8);
  };
  auto width = static_cast<uint32_t>(bitsOf(element));
  for (uint32_t i = 0; i < codes.size(); ++i) {
    if (packedFp4 || width >= 8)
      putBits(i * width, width, codes[i]);
    else if (containers)
      putBits(8 * i + (width == 4 ? 2 : 0), width, codes[i]);
    else // sixteen elements at the beginning of sixteen bytes
      putBits(i / 16 * 128 + i % 16 * width, width, codes[i]);
  }
  return bytes;
}

} // namespace thrift::sim::test

#endif // THRIFTJIT_TESTS_SIM_TCGEN05LAYOUTS_H
