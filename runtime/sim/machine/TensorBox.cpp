//===- TensorBox.cpp - the part of a tensor that one instruction copies -----===//

#include "runtime/sim/machine/TensorBox.h"

#include <algorithm>
#include <cstring>

namespace thrift::sim {

namespace {

// 256 elements of 8 bytes.
constexpr uint32_t kMaxRowBytes = 2048;

// What an H100 puts outside of the tensor under OOB-NaN, whatever the type.
constexpr uint16_t kFillNaN = 0x7FF7;

/// An H100 rounds what it loads as tf32 to the nearest, ties to even, and has one NaN. Subnormals stay, also in
/// tf32.ftz; f32.ftz changes nothing.
uint32_t roundToTf32(uint32_t bits) {
  constexpr uint32_t kExponent = 0x7F800000, kFraction = 0x007FFFFF, kNaN = 0x7FFFE000, kDropped = 0x1FFF;
  if ((bits & kExponent) == kExponent)
    return bits & kFraction ? kNaN : bits;
  return (bits + kDropped / 2 + (bits >> 13 & 1)) & ~kDropped;
}

/// Steps k, 0 <= k < steps, for which 0 <= start + k * stride < dim: [first, end).
struct Steps {
  int64_t first = 0, end = 0;
  bool empty() const { return first >= end; }
};
Steps insideSteps(int64_t start, int64_t stride, int64_t steps, uint64_t dim) {
  Steps inside;
  inside.first = start >= 0 ? 0 : (-start + stride - 1) / stride;
  int64_t room = static_cast<int64_t>(dim) - start; // coordinates up to the end
  inside.end = room <= 0 ? 0 : std::min(steps, (room + stride - 1) / stride);
  return inside;
}

} // namespace

TensorBox::TensorBox(const TensorMapDescription &map, const int32_t *coordinates, uint32_t shared, Direction direction,
                     Rows rows)
    : map_(map), swizzle_(map.swizzle), shared_(shared), isRowList_(rows == Rows::List) {
  chunkData_ = map.element == TensorElement::U4Align16 ? 8 : map.element == TensorElement::U6Align16 ? 12 : kChunk;
  uint32_t bits = tensorElementBits(map.element);
  rowData_ = map.box[0] * bits / 8;
  rowBytes_ = rowData_ / chunkData_ * kChunk;
  rowPitch_ = std::max(rowBytes_, swizzle_.span());
  isRounded_ = map.element == TensorElement::TF32 || map.element == TensorElement::TF32Ftz;

  start_[0] = coordinates[0];
  steps_[0] = map.box[0];
  Steps columns = insideSteps(start_[0], 1, steps_[0], map.dims[0]);
  if (!columns.empty()) {
    validBegin_ = static_cast<uint32_t>(columns.first * bits / 8);
    validEnd_ = tensorEnd_ = static_cast<uint32_t>(columns.end * bits / 8);
    if (direction == Direction::Store)
      validEnd_ = (validEnd_ + kChunk - 1) / kChunk * kChunk;
  }
  if (isRowList_) {
    rows_ = 4;
    insideRows_ = 0;
    for (unsigned row = 0; row < 4; ++row) {
      rowCoordinates_[row] = coordinates[1 + row];
      insideRows_ += rowCoordinates_[row] >= 0 && rowCoordinates_[row] < static_cast<int64_t>(map.dims[1]);
    }
    return;
  }
  for (unsigned i = 1; i < map.rank; ++i) {
    start_[i] = coordinates[i];
    steps_[i] = (map.box[i] + map.elementStrides[i] - 1) / map.elementStrides[i];
    rows_ *= steps_[i];
    Steps inside = insideSteps(start_[i], map.elementStrides[i], steps_[i], map.dims[i]);
    insideRows_ *= inside.empty() ? 0 : static_cast<uint32_t>(inside.end - inside.first);
  }
}

/// Calls visit(row) in the order of shared memory.
template <typename Visit>
void TensorBox::forEachRow(Visit visit) const {
  uint32_t step[kMaxTensorRank] = {};
  Row row;
  row.shared = shared_;
  uint64_t origin = map_.address + static_cast<uint64_t>(start_[0] * int64_t(tensorElementBits(map_.element)) / 8);
  for (uint32_t i = 0; i < rows_; ++i) {
    row.global = origin;
    row.inside = true;
    for (unsigned dim = 1; dim < map_.rank; ++dim) {
      int64_t at = isRowList_ ? rowCoordinates_[i] : start_[dim] + int64_t(step[dim]) * map_.elementStrides[dim];
      row.inside &= at >= 0 && at < static_cast<int64_t>(map_.dims[dim]);
      row.global += static_cast<uint64_t>(at) * map_.strides[dim - 1];
    }
    visit(row);
    row.shared += rowPitch_;
    for (unsigned dim = 1; !isRowList_ && dim < map_.rank; ++dim) {
      if (++step[dim] < steps_[dim])
        break;
      step[dim] = 0;
    }
  }
}

//===----------------------------------------------------------------------===//
// Where it lies
//===----------------------------------------------------------------------===//

std::vector<SharedRange> TensorBox::ranges() const {
  if (rowPitch_ == rowBytes_)
    return {{shared_, static_cast<uint32_t>(extent())}};
  std::vector<SharedRange> pieces;
  forEachRow([&](const Row &row) {
    for (uint32_t offset = 0; offset < rowBytes_; offset += pieceBytes())
      pieces.push_back({swizzle_(row.shared + offset), pieceBytes()});
  });
  return pieces;
}

bool TensorBox::globalRange(uint64_t &first, uint64_t &bytes) const {
  first = bytes = 0;
  if (insideBytes() == 0)
    return true;
  __extension__ using Wide = unsigned __int128;
  Wide low = Wide(map_.address) +
             static_cast<uint64_t>(start_[0] * int64_t(tensorElementBits(map_.element)) / 8 + int64_t(validBegin_));
  Wide high = low + (validEnd_ - validBegin_);
  if (isRowList_) {
    uint64_t lowest = ~uint64_t(0), highest = 0;
    for (int64_t row : rowCoordinates_)
      if (row >= 0 && row < static_cast<int64_t>(map_.dims[1])) {
        lowest = std::min(lowest, static_cast<uint64_t>(row));
        highest = std::max(highest, static_cast<uint64_t>(row));
      }
    low += Wide(lowest) * map_.strides[0];
    high += Wide(highest) * map_.strides[0];
  } else {
    for (unsigned i = 1; i < map_.rank; ++i) {
      int64_t stride = map_.elementStrides[i];
      Steps inside = insideSteps(start_[i], stride, steps_[i], map_.dims[i]);
      low += Wide(static_cast<uint64_t>(start_[i] + inside.first * stride)) * map_.strides[i - 1];
      high += Wide(static_cast<uint64_t>(start_[i] + (inside.end - 1) * stride)) * map_.strides[i - 1];
    }
  }
  if (high > ~uint64_t(0))
    return false;
  first = static_cast<uint64_t>(low);
  bytes = static_cast<uint64_t>(high - low);
  return true;
}

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

/// Puts whole chunks where the swizzle wants them. `from` null: all are kWritten.
static void putChunks(Swizzle swizzle, uint32_t row, uint32_t bytes, const uint8_t *from, uint8_t *to) {
  constexpr uint32_t kChunk = 16;
  for (uint32_t offset = 0; offset < bytes; offset += kChunk)
    if (from)
      std::memcpy(to + swizzle(row + offset), from + offset, kChunk);
    else
      std::memset(to + swizzle(row + offset), kWritten, kChunk);
}

/// Puts the data of a row where the swizzle wants it; `shadow` null: all written. `sharedShadow` may be null: it is
/// somebody else's task.
void TensorBox::putRow(uint32_t row, const uint8_t *data, const uint8_t *shadow, uint8_t *shared, uint8_t *sharedShadow,
                       Shadow gap) const {
  uint32_t piece = pieceBytes(), pieceData = chunkData_ == kChunk ? piece : chunkData_;
  if (pieceData == kChunk) {
    putChunks(swizzle_, row, rowBytes_, data, shared);
    if (sharedShadow)
      putChunks(swizzle_, row, rowBytes_, shadow, sharedShadow);
    return;
  }
  for (uint32_t offset = 0; offset < rowBytes_; offset += piece, data += pieceData) {
    uint32_t at = swizzle_(row + offset);
    std::memcpy(shared + at, data, pieceData);
    if (!sharedShadow)
      continue;
    if (shadow) {
      std::memcpy(sharedShadow + at, shadow, pieceData);
      shadow += pieceData;
    } else {
      std::memset(sharedShadow + at, kWritten, pieceData);
    }
    // What a gap holds is not specified.
    std::memset(sharedShadow + at + pieceData, gap, piece - pieceData);
  }
}

void TensorBox::load(uint8_t *shared, uint8_t *sharedShadow, const Region *region, Shadow gap) const {
  uint8_t data[kMaxRowBytes], shadow[kMaxRowBytes], filled[kMaxRowBytes];
  const uint16_t pattern = map_.fill == TensorFill::NaN ? kFillNaN : 0;
  const uint32_t filledBytes = insideBytes() < copiedBytes() ? rowData_ : 0;
  for (uint32_t i = 0; i < filledBytes; i += sizeof pattern)
    std::memcpy(filled + i, &pattern, sizeof pattern);
  const bool watched = region && region->shadow;
  // Usually all of it becomes written, and lies in one piece.
  if (!watched && chunkData_ == kChunk && rowPitch_ == rowBytes_) {
    std::memset(sharedShadow + shared_, kWritten, extent());
    sharedShadow = nullptr;
  }
  forEachRow([&](const Row &row) {
    if (!row.inside || validBegin_ == validEnd_)
      return putRow(row.shared, filled, nullptr, shared, sharedShadow, gap);
    uint64_t at = row.global + validBegin_;
    const auto *source = reinterpret_cast<const uint8_t *>(at);
    const uint8_t *sourceShadow = watched ? region->shadow + (at - region->base) : nullptr;
    if (isRowInside() && !isRounded_)
      return putRow(row.shared, source, sourceShadow, shared, sharedShadow, gap);
    std::memcpy(data, filled, filledBytes);
    std::memcpy(data + validBegin_, source, validEnd_ - validBegin_);
    for (uint32_t i = validBegin_, bits; isRounded_ && i < validEnd_; i += sizeof bits) {
      std::memcpy(&bits, data + i, sizeof bits);
      bits = roundToTf32(bits);
      std::memcpy(data + i, &bits, sizeof bits);
    }
    if (!watched)
      return putRow(row.shared, data, nullptr, shared, sharedShadow, gap);
    std::memset(shadow, kWritten, rowData_);
    std::memcpy(shadow + validBegin_, sourceShadow, validEnd_ - validBegin_);
    putRow(row.shared, data, shadow, shared, sharedShadow, gap);
  });
}

//===----------------------------------------------------------------------===//
// Stores
//===----------------------------------------------------------------------===//

uint32_t TensorBox::firstUnwritten(const uint8_t *sharedShadow) const {
  uint32_t found = kNone;
  // Rows with gaps are inside or outside as a whole, and a store of them has no gaps but unused bits.
  uint32_t begin = chunkData_ == kChunk ? validBegin_ : 0, end = chunkData_ == kChunk ? tensorEnd_ : rowBytes_;
  if (validBegin_ == validEnd_)
    return kNone;
  forEachRow([&](const Row &row) {
    if (!row.inside || found != kNone)
      return;
    for (uint32_t offset = begin; offset < end;) {
      uint32_t at = swizzle_(row.shared + offset);
      if (uint64_t eight; offset % 8 == 0 && offset + 8 <= end) {
        std::memcpy(&eight, sharedShadow + at, 8);
        if (eight == kWritten64) {
          offset += 8;
          continue;
        }
      }
      if (sharedShadow[at] != kWritten) {
        found = at;
        return;
      }
      ++offset;
    }
  });
  return found;
}

/// Drops the two upper bits of each of 16 bytes.
static void packSixBits(const uint8_t *bytes, uint8_t *packed) {
  for (unsigned group = 0; group < 4; ++group, bytes += 4, packed += 3) {
    uint32_t bits = 0;
    for (unsigned i = 0; i < 4; ++i)
      bits |= uint32_t(bytes[i] & 0x3F) << (6 * i);
    for (unsigned i = 0; i < 3; ++i)
      packed[i] = static_cast<uint8_t>(bits >> (8 * i));
  }
}

std::vector<uint8_t> TensorBox::gather(const uint8_t *shared) const {
  std::vector<uint8_t> all;
  all.reserve(insideBytes());
  uint8_t data[kMaxRowBytes];
  uint32_t piece = pieceBytes();
  forEachRow([&](const Row &row) {
    if (!row.inside || validBegin_ == validEnd_)
      return;
    for (uint32_t offset = 0; offset < rowBytes_; offset += piece) {
      const uint8_t *from = shared + swizzle_(row.shared + offset);
      if (chunkData_ != kChunk)
        packSixBits(from, data + offset / kChunk * chunkData_);
      else if (piece == kChunk)
        std::memcpy(data + offset, from, kChunk);
      else
        std::memcpy(data + offset, from, piece);
    }
    all.insert(all.end(), data + validBegin_, data + validEnd_);
  });
  return all;
}

void TensorBox::scatter(const std::vector<uint8_t> &data, const Region &region) const {
  const uint8_t *from = data.data();
  uint32_t bytes = validEnd_ - validBegin_;
  if (bytes == 0)
    return;
  forEachRow([&](const Row &row) {
    if (!row.inside)
      return;
    uint64_t at = row.global + validBegin_;
    std::memcpy(reinterpret_cast<uint8_t *>(at), from, bytes);
    if (region.shadow)
      std::memset(region.shadow + (at - region.base), kWritten, bytes);
    from += bytes;
  });
}

} // namespace thrift::sim
