//===- WgmmaOperation.cpp - one wgmma of a warpgroup ------------------------===//

#include "runtime/sim/ops/WgmmaOperation.h"

#include "dialect/formats/Float16.h"
#include "runtime/sim/ops/Access.h"

#include <algorithm>
#include <cstring>

namespace thrift::sim {

static constexpr WgmmaType kTypes[] = {
    {Ty::F16, MmaElement::F16, kMmaF16, kMmaF16ToF16, true, true, false},
    {Ty::BF16, MmaElement::BF16, kMmaF16, kMmaF16ToF16, false, true, false},
    {Ty::TF32, MmaElement::TF32, kMmaTf32, kMmaTf32, false, false, false},
    {Ty::E4M3, MmaElement::E4M3, kWgmmaFp8, kWgmmaFp8ToF16, true, false, true},
    {Ty::E5M2, MmaElement::E5M2, kWgmmaFp8, kWgmmaFp8ToF16, true, false, true},
};

const WgmmaType *findWgmmaType(Ty type) {
  for (const WgmmaType &facts : kTypes)
    if (facts.type == type)
      return &facts;
  return nullptr;
}

uint32_t WgmmaShape::pack() const {
  return n | static_cast<uint32_t>(a - kTypes) << 12 | static_cast<uint32_t>(b - kTypes) << 16 | uint32_t(f16) << 20 |
         uint32_t(fragments) << 21 | uint32_t(negate) << 22 | uint32_t(majorA == MatrixMajor::MN) << 23 |
         uint32_t(majorB == MatrixMajor::MN) << 24;
}

WgmmaShape WgmmaShape::unpack(uint32_t flags) {
  WgmmaShape shape;
  shape.n = flags & 0xFFF;
  shape.a = &kTypes[flags >> 12 & 15];
  shape.b = &kTypes[flags >> 16 & 15];
  shape.f16 = flags >> 20 & 1;
  shape.fragments = flags >> 21 & 1;
  shape.negate = flags >> 22 & 1;
  shape.majorA = flags >> 23 & 1 ? MatrixMajor::MN : MatrixMajor::K;
  shape.majorB = flags >> 24 & 1 ? MatrixMajor::MN : MatrixMajor::K;
  return shape;
}

//===----------------------------------------------------------------------===//
// The queue
//===----------------------------------------------------------------------===//

/// The wgmmas of a warpgroup are performed in the order of their issue.
static uint32_t orderOf(const Warp &warp) {
  return static_cast<uint32_t>(AsyncKind::Wgmma) << 24 | (warp.index / kWarpgroupWarps + 1);
}

WgmmaOperation::WgmmaOperation(Warp &warp, const Inst &inst, uint32_t number)
    : AsyncOperation(AsyncKind::Wgmma, warp, inst, -1), shape_(WgmmaShape::unpack(inst.flags)), registers_(inst.list),
      number_(number), firstWarp_(warp.index / kWarpgroupWarps * kWarpgroupWarps) {
  order = orderOf(warp);
}

WgmmaOperation::~WgmmaOperation() = default;

WgmmaOperation *WgmmaOperation::find(Warp &warp, uint32_t number) {
  const AsyncOperation *found = warp.cta.async.find([&](const AsyncOperation &operation) {
    return operation.kind == AsyncKind::Wgmma && operation.order == orderOf(warp) &&
           static_cast<const WgmmaOperation &>(operation).number_ == number;
  });
  return static_cast<WgmmaOperation *>(const_cast<AsyncOperation *>(found));
}

const AsyncOperation *WgmmaOperation::oldestIncomplete(Warp &warp, uint32_t number) {
  return warp.cta.async.find([&](const AsyncOperation &operation) {
    return operation.kind == AsyncKind::Wgmma && operation.order == orderOf(warp) &&
           static_cast<const WgmmaOperation &>(operation).number_ <= number && !operation.isReady();
  });
}

bool WgmmaOperation::performUpTo(Warp &warp, uint32_t number) {
  return warp.cta.async.performAll(warp.cta, [&](const AsyncOperation &operation) {
    return operation.kind == AsyncKind::Wgmma && operation.order == orderOf(warp) &&
           static_cast<const WgmmaOperation &>(operation).number_ <= number;
  });
}

//===----------------------------------------------------------------------===//
// Issue
//===----------------------------------------------------------------------===//

Step WgmmaOperation::join(Warp &warp, const Inst &inst, uint64_t descriptorA, uint64_t descriptorB, bool addsToD) {
  Cta &cta = warp.cta;
  if (joined_ == 0) {
    if (Step step = begin(warp, inst, descriptorA, descriptorB, addsToD); step != Step::Next)
      return step;
  } else if (warp.indexOf(inst) != pc) {
    return warp.fault(inst, Check::DivergentAligned, -1,
                      "the warps of a warpgroup issue different instructions: here, and " + describe(cta));
  } else if (descriptorA != descriptorA_ || descriptorB != descriptorB_ || addsToD != addsToD_) {
    const char *what = descriptorA != descriptorA_   ? "the descriptor of A"
                       : descriptorB != descriptorB_ ? "the descriptor of B"
                                                     : "scale-d";
    return warp.fault(inst, Check::Uniformity, -1,
                      std::string(what) + " is not that of warp " + std::to_string(this->warp->index) +
                          " of the same warpgroup");
  }
  if (!shape_.fragments)
    if (Step step = checkRowsOfA(warp, inst); step != Step::Next)
      return step;
  if (cta.races)
    if (Step step = checkOrder(warp, inst, "matrix B", chunksB_.data(), chunksB_.size()); step != Step::Next)
      return step;
  joined_ |= 1u << (warp.index - firstWarp_);
  return Step::Next;
}

/// The first warp: what is common to all.
Step WgmmaOperation::begin(Warp &warp, const Inst &inst, uint64_t descriptorA, uint64_t descriptorB, bool addsToD) {
  descriptorA_ = descriptorA;
  descriptorB_ = descriptorB;
  addsToD_ = addsToD;
  Cta &cta = warp.cta;
  if (cta.races)
    epoch_ = cta.races->begin(cta.races->streamOf(firstWarp_, Stream::Wgmma));
  if (!shape_.fragments)
    if (Step step = layOut(warp, inst, "A", descriptorA, shape_.majorA, kWgmmaM, chunksA_); step != Step::Next)
      return step;
  if (Step step = layOut(warp, inst, "B", descriptorB, shape_.majorB, shape_.n, chunksB_); step != Step::Next)
    return step;
  if (Step step = checkWritten(warp, inst, chunksB_.data(), chunksB_.size()); step != Step::Next)
    return step;
  cta.stats.sharedReadBytes += (chunksA_.size() + chunksB_.size()) * kChunkBytes;
  ++cta.stats.mmaInstructions;
  cta.stats.mmaMacs += uint64_t(kWgmmaM) * shape_.n * shape_.a->k();
  return Step::Next;
}

/// Decodes a descriptor; `size` is M or N.
Step WgmmaOperation::layOut(Warp &warp, const Inst &inst, const char *name, uint64_t descriptor, MatrixMajor major,
                            uint32_t size, std::vector<uint32_t> &addresses) {
  MatrixLayout layout;
  if (std::string complaint = decodeWgmmaDescriptor(descriptor, layout); !complaint.empty())
    return warp.fault(inst, Check::BadDescriptor, -1, std::string(name) + ": " + complaint);
  if (warp.cta.launch.options.lints && !layout.startsPattern())
    warp.note(inst, Check::BadDescriptor, Severity::Warning, -1,
              std::string(name) + " starts at shared byte " + std::to_string(layout.start()) +
                  ", inside a pattern of its swizzle, which begins at multiples of " +
                  std::to_string(Swizzle(layout.mode()).period()) + " bytes unless the base offset says otherwise");
  // Row by row: the rows of a K-major matrix are those of A or columns of B, those of an MN-major one are along k.
  uint32_t rows = major == MatrixMajor::K ? size : shape_.a->k();
  uint32_t chunks = major == MatrixMajor::K ? kWgmmaChunks : size * bitsOf(shape_.a->type) / 8 / kChunkBytes;
  addresses.resize(size_t(rows) * chunks);
  layout.chunks(major, 0, rows, chunks, addresses.data());
  uint32_t sharedBytes = warp.cta.sharedBytes, highest = 0;
  for (uint32_t address : addresses)
    highest = std::max(highest, address);
  if (highest + kChunkBytes > sharedBytes)
    return warp.fault(inst, Check::OutOfBounds, -1,
                      std::string("matrix ") + name + " reaches up to shared byte " +
                          std::to_string(highest + kChunkBytes - 1) + ", shared memory has " +
                          std::to_string(sharedBytes) + " bytes");
  return Step::Next;
}

/// Whether all bytes have arrived.
Step WgmmaOperation::checkWritten(Warp &warp, const Inst &inst, const uint32_t *addresses, size_t count) {
  const uint8_t *shadow = warp.cta.sharedShadow;
  for (size_t i = 0; i < count; ++i) {
    uint64_t words[2];
    std::memcpy(words, shadow + addresses[i], sizeof words);
    if (words[0] == kWritten64 && words[1] == kWritten64)
      continue;
    Places places;
    places.hasShadow = places.isShared = true;
    places.address[0] = reinterpret_cast<uint64_t>(warp.cta.shared + addresses[i]);
    places.shadow[0] = reinterpret_cast<uint64_t>(shadow + addresses[i]);
    return reportUninitialized(warp, inst, 1, places, kChunkBytes);
  }
  return Step::Next;
}

/// Whether the warp knows that the data is there, also for the async proxy.
Step WgmmaOperation::checkOrder(Warp &warp, const Inst &inst, const char *name, const uint32_t *addresses,
                                size_t count) {
  Actor actor{epoch_, &warp.cta.races->of(warp.index), /*async=*/true, warp.indexOf(inst)};
  std::string what = std::string("the read of ") + name;
  for (size_t i = 0; i < count; ++i)
    if (Step step = warp.cta.orderShared(actor, warp, -1, {addresses[i], kChunkBytes}, false, what.c_str());
        step != Step::Next)
      return step;
  return Step::Next;
}

Step WgmmaOperation::checkRowsOfA(Warp &warp, const Inst &inst) {
  // The warp's 16 rows: 16 lines of a K-major matrix, or two chunks of 8 in every line of an M-major one.
  uint32_t rank = warp.index - firstWarp_;
  uint32_t mine[kWgmmaM / kWarpgroupWarps * kWgmmaChunks];
  constexpr uint32_t kMine = sizeof mine / sizeof mine[0];
  for (uint32_t i = 0; i < kMine; ++i)
    mine[i] = shape_.majorA == MatrixMajor::K
                  ? chunksA_[kMine * rank + i]
                  : chunksA_[i / kWgmmaChunks * (kWgmmaM / 8) + kWgmmaChunks * rank + i % kWgmmaChunks];
  if (Step step = checkWritten(warp, inst, mine, kMine); step != Step::Next)
    return step;
  return warp.cta.races ? checkOrder(warp, inst, "matrix A", mine, kMine) : Step::Next;
}

//===----------------------------------------------------------------------===//
// The product
//===----------------------------------------------------------------------===//

// Register r of the accumulator in f32, lane 4g + q of warp w: row 16w + g + 8 (r / 2 % 2), column 8 (r / 4) + 2q + r
// % 2. Four lanes of one g are thus every other column of eight. The columns are kept in an order in which they are
// neighbours, so that registers move 16 bytes at a time:
//
//   column 8j +   0  1  2  3  4  5  6  7
//   is kept at    0  4  1  5  2  6  3  7     that is 8j + 4 (column % 2) + column / 2 % 4
static constexpr uint32_t keptAt(uint32_t column) { return (column & ~7u) + 4 * (column % 2) + column / 2 % 4; }

static constexpr uint32_t kMaxN = 256, kMaxK = 32;

struct WgmmaOperation::Sums {
  alignas(64) float values[kWgmmaM * kMaxN];
};

/// The next operation, if it goes on with the same accumulators in all warps: until it is performed, no register of
/// them is anybody's business.
WgmmaOperation *WgmmaOperation::successor(Cta &cta) const {
  WgmmaOperation *next = find(member(cta, 0), number_ + 1);
  if (!next || !next->isReady() || !next->addsToD_ || next->shape_.n != shape_.n || next->shape_.f16 != shape_.f16)
    return nullptr;
  bool same = std::equal(registers_, registers_ + shape_.accumulators(), next->registers_);
  return same ? next : nullptr;
}

/// Values of A, [64][k] or, M-major, [k][64].
void WgmmaOperation::bringA(Cta &cta, float *values) const {
  alignas(64) uint8_t codes[kWgmmaM * kWgmmaChunks * kChunkBytes];
  constexpr uint32_t kRowBytes = kWgmmaChunks * kChunkBytes;
  if (shape_.fragments) {
    // Register r, lane 4g + q: row 16w + g + 8 (r % 2), word 4 (r / 2) + q of the row.
    const uint32_t *places = registers_ + shape_.accumulators();
    for (uint32_t w = 0; w < kWarpgroupWarps; ++w)
      for (uint32_t r = 0; r < 4; ++r) {
        const uint32_t *plane = member(cta, w).plane<uint32_t>(places[r]);
        for (uint32_t g = 0; g < 8; ++g)
          std::memcpy(codes + (16 * w + g + 8 * (r % 2)) * kRowBytes + kChunkBytes * (r / 2), plane + 4 * g, 16);
      }
  } else {
    // Both layouts are stored line by line.
    for (size_t i = 0; i < chunksA_.size(); ++i)
      std::memcpy(codes + i * kChunkBytes, cta.shared + chunksA_[i], kChunkBytes);
  }
  uint32_t count = kWgmmaM * shape_.a->k();
  widenElements(shape_.a->element, codes, values, count);
  if (shape_.negate)
    for (uint32_t i = 0; i < count; ++i)
      values[i] = -values[i];
}

/// Values of B, columns in the order of keptAt: [n][k] or, N-major, [k][n].
void WgmmaOperation::bringB(Cta &cta, float *values) const {
  alignas(64) uint8_t codes[kMaxN * kWgmmaChunks * kChunkBytes];
  uint32_t n = shape_.n, k = shape_.b->k();
  const uint32_t *address = chunksB_.data();
  if (shape_.majorB == MatrixMajor::K) {
    for (uint32_t column = 0; column < n; ++column) {
      uint8_t *line = codes + keptAt(column) * kWgmmaChunks * kChunkBytes;
      for (uint32_t chunk = 0; chunk < kWgmmaChunks; ++chunk)
        std::memcpy(line + chunk * kChunkBytes, cta.shared + *address++, kChunkBytes);
    }
  } else {
    for (uint32_t i = 0; i < k * n; i += 8) {
      uint16_t eight[8], kept[8];
      std::memcpy(eight, cta.shared + *address++, sizeof eight);
      for (uint32_t column = 0; column < 8; ++column)
        kept[keptAt(column)] = eight[column];
      std::memcpy(codes + i * sizeof(uint16_t), kept, sizeof kept);
    }
  }
  widenElements(shape_.b->element, codes, values, size_t(n) * k);
}

void WgmmaOperation::bringAccumulators(Cta &cta, float *sums) const {
  uint32_t n = shape_.n;
  if (!addsToD_) {
    std::memset(sums, 0, sizeof(float) * kWgmmaM * n);
    return;
  }
  for (uint32_t w = 0; w < kWarpgroupWarps; ++w) {
    Warp &warp = member(cta, w);
    for (uint32_t r = 0; r < n / 2; r += shape_.f16 ? 2 : 1) {
      float *first = sums + (16 * w + 8 * (r / 2 % 2)) * n + 8 * (r / 4) + 4 * (r % 2);
      if (!shape_.f16) {
        const float *plane = warp.plane<float>(registers_[r]);
        for (uint32_t g = 0; g < 8; ++g)
          std::memcpy(first + g * n, plane + 4 * g, 16);
        continue;
      }
      // Registers r and r + 1 share one.
      const uint32_t *plane = warp.plane<uint32_t>(registers_[r / 2]);
      uint16_t halves[2 * kWarpSize];
      float wide[2 * kWarpSize];
      for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
        halves[lane] = static_cast<uint16_t>(plane[lane]);
        halves[kWarpSize + lane] = static_cast<uint16_t>(plane[lane] >> 16);
      }
      widenElements(MmaElement::F16, halves, wide, 2 * kWarpSize);
      for (uint32_t g = 0; g < 8; ++g) {
        std::memcpy(first + g * n, wide + 4 * g, 16);
        std::memcpy(first + g * n + 4, wide + kWarpSize + 4 * g, 16);
      }
    }
  }
}

void WgmmaOperation::storeAccumulators(Cta &cta, const float *sums) const {
  uint32_t n = shape_.n;
  for (uint32_t w = 0; w < kWarpgroupWarps; ++w) {
    Warp &warp = member(cta, w);
    for (uint32_t r = 0; r < n / 2; r += shape_.f16 ? 2 : 1) {
      const float *first = sums + (16 * w + 8 * (r / 2 % 2)) * n + 8 * (r / 4) + 4 * (r % 2);
      if (!shape_.f16) {
        float *plane = warp.plane<float>(registers_[r]);
        for (uint32_t g = 0; g < 8; ++g)
          std::memcpy(plane + 4 * g, first + g * n, 16);
        continue;
      }
      float wide[2 * kWarpSize];
      for (uint32_t g = 0; g < 8; ++g) {
        std::memcpy(wide + 4 * g, first + g * n, 16);
        std::memcpy(wide + kWarpSize + 4 * g, first + g * n + 4, 16);
      }
      uint32_t *plane = warp.plane<uint32_t>(registers_[r / 2]);
      for (uint32_t lane = 0; lane < kWarpSize; ++lane)
        plane[lane] = f16FromF32(wide[lane]) | uint32_t(f16FromF32(wide[kWarpSize + lane])) << 16;
    }
  }
}

bool WgmmaOperation::perform(Cta &cta) {
  alignas(64) float b[kMaxN * kMaxK], a[kWgmmaM * kMaxK];
  if (!sums_) {
    sums_.reset(new Sums); // not cleared
    bringAccumulators(cta, sums_->values);
  }
  float *sums = sums_->values;
  bringA(cta, a);
  bringB(cta, b);
  int m = kWgmmaM, n = static_cast<int>(shape_.n), k = static_cast<int>(shape_.a->k());
  ConstMatrix valuesA = shape_.majorA == MatrixMajor::K ? ConstMatrix{a, k, 1} : ConstMatrix{a, 1, m};
  ConstMatrix valuesB = shape_.majorB == MatrixMajor::K ? ConstMatrix{b, 1, k} : ConstMatrix{b, n, 1};
  mma(shape_.f16 ? shape_.a->toF16 : shape_.a->toF32, {m, n, k}, {shape_.a->element, valuesA},
      {shape_.b->element, valuesB}, {sums, n}, {sums, n});
  if (WgmmaOperation *next = successor(cta))
    next->sums_ = std::move(sums_);
  else
    storeAccumulators(cta, sums);
  return true;
}

} // namespace thrift::sim
