//===- MatrixDescriptor.cpp - matrix operands in shared memory --------------===//

#include "runtime/sim/machine/MatrixDescriptor.h"

namespace thrift::sim {

// Chunks along K of a K-major matrix lie side by side even beyond the span of the swizzle; "unlimited" here.
static constexpr uint32_t kAllChunks = 0x80000000u;

MatrixLayout::MatrixLayout(uint32_t start, uint32_t leading, uint32_t stride, SwizzleMode mode, uint32_t base)
    : start_(start), base_(base), mode_(mode), swizzle_(mode) {
  if (mode == SwizzleMode::None) {
    kSteps_ = {kChunkBytes, stride, 1, leading};
    mnSteps_ = {kChunkBytes, leading, 1, stride};
    return;
  }
  uint32_t span = swizzle_.span();
  kSteps_ = {span, stride, kAllChunks, 0};
  mnSteps_ = {span, stride, span / kChunkBytes, leading};
}

void MatrixLayout::chunks(MatrixMajor major, uint32_t first, uint32_t rows, uint32_t chunks,
                          uint32_t *addresses) const {
  const Steps &steps = major == MatrixMajor::K ? kSteps_ : mnSteps_;
  for (uint32_t row = first; row < first + rows; ++row) {
    uint32_t line = row % 8 * steps.row + row / 8 * steps.rowGroup;
    for (uint32_t group = 0; group < chunks; group += steps.span, line += steps.chunkGroup)
      for (uint32_t i = 0; i < steps.span && group + i < chunks; ++i)
        *addresses++ = place(line + i * kChunkBytes);
  }
}

bool MatrixLayout::startsPattern() const {
  // Steps along the major dimension stay in the first line.
  return mode_ == SwizzleMode::None || (start_ - base_) % swizzle_.period() < swizzle_.span();
}

static uint32_t bitsAt(uint64_t descriptor, unsigned first, unsigned count) {
  return static_cast<uint32_t>(descriptor >> first & ((uint64_t(1) << count) - 1));
}

static std::string descriptorText(uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x0000000000000000";
  for (unsigned digit = 0; digit < 16; ++digit)
    text[17 - digit] = kDigits[value >> (4 * digit) & 15];
  return text;
}

static std::string complain(uint64_t descriptor, const std::string &what) {
  return "matrix descriptor " + descriptorText(descriptor) + ": " + what;
}

/// What both generations have in common, once the swizzle is known.
static std::string decodeFields(uint64_t descriptor, SwizzleMode mode, MatrixLayout &layout) {
  if (bitsAt(descriptor, 14, 2) != 0 || bitsAt(descriptor, 30, 2) != 0)
    return complain(descriptor, "bits 15-14 and 31-30 must be 0; addresses and offsets are byte counts divided by 16");
  // Without a swizzle there is no pattern, and compilers leave any base offset there (Triton does for tcgen05.cp).
  uint32_t base = mode == SwizzleMode::None ? 0 : bitsAt(descriptor, 49, 3);
  // Bits 9-7 of the address; a pattern shorter than 1024 bytes repeats within them.
  layout = MatrixLayout(bitsAt(descriptor, 0, 14) * 16, bitsAt(descriptor, 16, 14) * 16,
                        bitsAt(descriptor, 32, 14) * 16, mode, base << 7);
  return "";
}

std::string decodeWgmmaDescriptor(uint64_t descriptor, MatrixLayout &layout) {
  static constexpr SwizzleMode kModes[4] = {SwizzleMode::None, SwizzleMode::B128, SwizzleMode::B64, SwizzleMode::B32};
  if (bitsAt(descriptor, 46, 3) != 0 || bitsAt(descriptor, 52, 10) != 0)
    return complain(descriptor, "bits 48-46 and 61-52 must be 0");
  return decodeFields(descriptor, kModes[bitsAt(descriptor, 62, 2)], layout);
}

std::string decodeTcgen05Descriptor(uint64_t descriptor, MatrixLayout &layout) {
  if (uint32_t constant = bitsAt(descriptor, 46, 3); constant != 1)
    return complain(descriptor, "bits 48-46 are " + std::to_string(constant) + "; allowed: 1");
  if (bitsAt(descriptor, 52, 9) != 0)
    return complain(descriptor, "bits 60-52 must be 0");
  switch (uint32_t swizzle = bitsAt(descriptor, 61, 3)) {
  case 0:
    return decodeFields(descriptor, SwizzleMode::None, layout);
  case 2:
    return decodeFields(descriptor, SwizzleMode::B128, layout);
  case 4:
    return decodeFields(descriptor, SwizzleMode::B64, layout);
  case 6:
    return decodeFields(descriptor, SwizzleMode::B32, layout);
  case 1:
    return complain(descriptor, "a swizzle of 128 bytes with atoms of 32 is not simulated");
  default:
    return complain(descriptor, "the swizzle is " + std::to_string(swizzle) + "; allowed: 0, 2, 4 and 6");
  }
}

} // namespace thrift::sim
