//===- Swizzle.h - how shared memory is shuffled ----------------------------===//
//
// Tensor copies, wgmma and tcgen05 can shuffle the 16-byte chunks of every 128-byte line of shared memory, so that the
// rows of a tile fall into different banks (PTX ISA "Swizzling Modes"). The shuffle is an exclusive or among the bits
// of the absolute shared address; where a tile starts does not matter. Chunks of a line, as they lie in memory:
//
//   line        128 B              64 B               32 B               128 B, atom 32 B   128 B, atom 64 B
//    0     0 1 2 3 4 5 6 7    0 1 2 3 4 5 6 7    0 1 2 3 4 5 6 7    01 23 45 67        0123 4567
//    1     1 0 3 2 5 4 7 6    1 0 3 2 5 4 7 6    1 0 3 2 5 4 7 6    23 01 67 45        4567 0123
//    2     2 3 0 1 6 7 4 5    2 3 0 1 6 7 4 5    (repeats)          45 67 01 23        (repeats)
//    3     3 2 1 0 7 6 5 4    3 2 1 0 7 6 5 4                       67 45 23 01
//    4     4 5 6 7 0 1 2 3    (repeats)                             (repeats)
//   ...
//   address bits
//          [6:4] ^= [9:7]     [5:4] ^= [8:7]     [4] ^= [7]         [6:5] ^= [8:7]     [6] ^= [7]
//
// "Atom 32 B, flip 8 B" is the fourth, with the halves of each chunk swapped in odd lines: [3] ^= [7] as well.
// The bits on the right never change, so that swizzling twice gives the address back.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_MACHINE_SWIZZLE_H
#define THRIFTJIT_RUNTIME_SIM_MACHINE_SWIZZLE_H

#include <cstdint>

namespace thrift::sim {

/// The numbers are those of the driver's CUtensorMapSwizzle.
enum class SwizzleMode : uint8_t { None, B32, B64, B128, B128Atom32, B128Atom32Flip8, B128Atom64 };
constexpr unsigned kNumSwizzleModes = 7;

class Swizzle {
public:
  constexpr explicit Swizzle(SwizzleMode mode) : facts_(kFacts[static_cast<unsigned>(mode)]) {}

  /// Where the byte lies that without swizzle would lie at shared address `address`; and back.
  constexpr uint32_t operator()(uint32_t address) const {
    return address ^ (address >> facts_.shift & facts_.mask) ^ (address >> 4 & facts_.flip);
  }
  /// The longest row of a tile, in bytes: the swizzle moves nothing farther. 0 where there is no swizzle.
  constexpr uint32_t span() const { return facts_.span; }
  /// Bytes that keep their order.
  constexpr uint32_t atom() const { return facts_.atom; }
  /// After this many bytes the pattern repeats.
  constexpr uint32_t period() const { return facts_.period; }

private:
  struct Facts {
    uint32_t shift, mask, flip, span, atom, period;
  };
  static constexpr Facts kFacts[kNumSwizzleModes] = {
      {0, 0, 0, 0, 16, 16},         // None
      {3, 0x10, 0, 32, 16, 256},    // B32
      {3, 0x30, 0, 64, 16, 512},    // B64
      {3, 0x70, 0, 128, 16, 1024},  // B128
      {2, 0x60, 0, 128, 32, 512},   // B128Atom32
      {2, 0x60, 0x08, 128, 8, 512}, // B128Atom32Flip8
      {1, 0x40, 0, 128, 64, 256},   // B128Atom64
  };

  Facts facts_;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_MACHINE_SWIZZLE_H
