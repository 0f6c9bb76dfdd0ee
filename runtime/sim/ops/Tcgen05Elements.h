//===- Tcgen05Elements.h - 4- and 6-bit elements in 16-byte chunks ------------===//
//
// Where elements of 4 and 6 bits meet instructions that work on bytes, 16 of them share a chunk of 16 bytes, packed at
// its beginning, and the rest is padding that nobody reads.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_OPS_TCGEN05ELEMENTS_H
#define THRIFTJIT_RUNTIME_SIM_OPS_TCGEN05ELEMENTS_H

#include <cstdint>
#include <cstring>

namespace thrift::sim {

enum class ChunkPacking : uint8_t {
  None,     ///< 16 bytes of data
  B4x16P64, ///< 16 elements of 4 bits, 8 bytes of padding
  B6x16P32, ///< 16 elements of 6 bits, 4 bytes of padding
};

/// Bytes of a chunk that are data.
constexpr uint32_t dataBytes(ChunkPacking packing) {
  return packing == ChunkPacking::None ? 16 : packing == ChunkPacking::B4x16P64 ? 8 : 12;
}

/// The element of 4 bits in the middle of its byte.
constexpr unsigned kNibbleShift = 2;

/// A chunk into 16 bytes: containers of one byte each where it is packed.
inline void expandChunk(ChunkPacking packing, const uint8_t *chunk, uint8_t *bytes) {
  switch (packing) {
  case ChunkPacking::None:
    std::memcpy(bytes, chunk, 16);
    break;
  case ChunkPacking::B4x16P64:
    for (unsigned i = 0; i < 16; ++i)
      bytes[i] = static_cast<uint8_t>((chunk[i / 2] >> (i % 2 * 4) & 0xF) << kNibbleShift);
    break;
  case ChunkPacking::B6x16P32:
    for (unsigned i = 0; i < 16; ++i) {
      unsigned bit = 6 * i, pair = chunk[bit / 8];
      if (bit % 8 > 2)
        pair |= static_cast<unsigned>(chunk[bit / 8 + 1]) << 8;
      bytes[i] = static_cast<uint8_t>(pair >> bit % 8 & 0x3F);
    }
    break;
  }
}

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_OPS_TCGEN05ELEMENTS_H
