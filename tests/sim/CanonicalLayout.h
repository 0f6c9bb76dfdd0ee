//===- CanonicalLayout.h - matrix layouts as the manual writes them ---------===//
//
// An oracle for MatrixLayout: the table "Canonical Layouts" of the PTX ISA, as nested shapes and strides over elements.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_CANONICALLAYOUT_H
#define THRIFTJIT_TESTS_SIM_CANONICALLAYOUT_H

#include "runtime/sim/machine/MatrixDescriptor.h"

#include <cstdint>
#include <vector>

namespace thrift::sim::test {

/// One mode of a layout: (8,2):(4,32) takes index i to i % 8 * 4 + i / 8 * 32. The last extent is not needed.
struct CanonicalMode {
  std::vector<uint32_t> extents, strides;

  uint32_t operator()(uint32_t index) const {
    uint32_t offset = 0;
    for (size_t i = 0; i < strides.size(); ++i) {
      bool last = i + 1 == strides.size();
      offset += (last ? index : index % extents[i]) * strides[i];
      index = last ? 0 : index / extents[i];
    }
    return offset;
  }
};

/// mode<swizzle bits> o (mn):(k), in elements.
struct CanonicalLayout {
  unsigned swizzleBits;
  CanonicalMode mn, k;
  unsigned elementBytes;

  /// Swizzle<b,4,3>: bits 4 .. 4+b-1 of the address take an exclusive or with bits 7 .. 7+b-1.
  uint32_t byteOf(uint32_t start, uint32_t mnIndex, uint32_t kIndex) const {
    uint32_t address = start + (mn(mnIndex) + k(kIndex)) * elementBytes;
    for (unsigned bit = 0; bit < swizzleBits; ++bit)
      if (address >> (7 + bit) & 1)
        address ^= 1u << (4 + bit);
    return address;
  }
};

/// The table. `leading` and `stride` are in elements.
inline CanonicalLayout canonical(MatrixMajor major, unsigned swizzleBits, unsigned elementBytes, uint32_t leading,
                                 uint32_t stride) {
  uint32_t t = 16 / elementBytes, s = 1u << swizzleBits;
  if (major == MatrixMajor::MN) {
    if (swizzleBits == 0)
      return {0, {{t, 1}, {1, t, stride}}, {{8}, {t, leading}}, elementBytes};
    return {swizzleBits, {{t, s}, {1, t, leading}}, {{8}, {s * t, stride}}, elementBytes};
  }
  if (swizzleBits == 0)
    return {0, {{8}, {t, stride}}, {{t}, {1, leading}}, elementBytes};
  return {swizzleBits, {{8}, {s * t, stride}}, {{t}, {1, t}}, elementBytes};
}

/// The swizzle field of a descriptor of wgmma.
inline uint64_t wgmmaBits(unsigned swizzleBits) {
  static constexpr uint64_t kCodes[4] = {0, 3, 2, 1};
  return kCodes[swizzleBits] << 62;
}

/// The fields that all descriptors have.
inline uint64_t encode(uint32_t start, uint32_t leading, uint32_t stride) {
  return start >> 4 | uint64_t(leading >> 4) << 16 | uint64_t(stride >> 4) << 32;
}

} // namespace thrift::sim::test

#endif // THRIFTJIT_TESTS_SIM_CANONICALLAYOUT_H
