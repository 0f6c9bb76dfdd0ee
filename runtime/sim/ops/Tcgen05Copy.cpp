//===- Tcgen05Copy.cpp - from shared memory into TMEM -------------------------===//
//
// PTX ISA "tcgen05.cp". A matrix of rows of 32 or 16 bytes, where a K-major descriptor says, becomes 8 or 4 columns.
// Row i goes to these lanes:
//
//     128x256b, 128x128b        i
//     4x256b                    the lane of the address + 32 i: one lane of each quadrant
//     64x128b.warpx2::02_13     i  and  i + 64
//     64x128b.warpx2::01_23     i, i + 32  for i < 32,  else  i + 32, i + 64
//     32x128b.warpx4            i, i + 32, i + 64, i + 96: scale factors
//
// 4- and 6-bit elements can be widened to bytes on the way. 16 of them lie in the first 8 or 12 of 16 bytes, and each
// becomes the container that kind::f8f6f4 and kind::mxf8f6f4 read:
//
//     b4x16_p64    element i = nibble i             byte  0 0 s e e m 0 0
//     b6x16_p32    element i = bits 6 i to 6 i + 5  byte  0 0 x x x x x x
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/machine/MatrixDescriptor.h"
#include "runtime/sim/ops/Tcgen05.h"
#include "runtime/sim/ops/Tcgen05Elements.h"

#include <cstring>

namespace thrift::sim {

namespace {

enum class Spread : uint8_t { Once, PerQuadrant, Pairs02And13, Pairs01And23, All };

struct CopyShape {
  std::string_view name, multicast;
  uint32_t rows, chunks;
  Spread spread;
};
constexpr CopyShape kShapes[] = {
    {"128x256b", "", 128, 2, Spread::Once},
    {"4x256b", "", 4, 2, Spread::PerQuadrant},
    {"128x128b", "", 128, 1, Spread::Once},
    {"64x128b", "warpx2::02_13", 64, 1, Spread::Pairs02And13},
    {"64x128b", "warpx2::01_23", 64, 1, Spread::Pairs01And23},
    {"32x128b", "warpx4", 32, 1, Spread::All},
};

/// Inst: address a + e, descriptor b, shape and packing in flags.
constexpr uint32_t kShapeMask = 0xFF;
constexpr unsigned kPackingShift = 8;

/// The lanes that row `row` goes to.
unsigned lanesOf(Spread spread, uint32_t row, uint32_t lane, uint32_t (&lanes)[4]) {
  switch (spread) {
  case Spread::Once:
    lanes[0] = row;
    return 1;
  case Spread::PerQuadrant:
    lanes[0] = lane + 32 * row;
    return 1;
  case Spread::Pairs02And13:
    lanes[0] = row, lanes[1] = row + 64;
    return 2;
  case Spread::Pairs01And23:
    lanes[0] = row + row / 32 * 32, lanes[1] = lanes[0] + 32;
    return 2;
  case Spread::All:
    for (uint32_t quadrant = 0; quadrant < 4; ++quadrant)
      lanes[quadrant] = row + 32 * quadrant;
    return 4;
  }
  return 0;
}

class TmemCopy : public TmemOperation {
public:
  TmemCopy(Warp &warp, const Inst &inst, int lane, const MatrixLayout &layout, uint32_t address)
      : TmemOperation(AsyncKind::TmemCopy, warp, inst, lane), shape_(kShapes[inst.flags & kShapeMask]),
        packing_(static_cast<ChunkPacking>(inst.flags >> kPackingShift)), lane_(tmemLane(address)),
        column_(tmemColumn(address)), addresses_(size_t(shape_.rows) * shape_.chunks) {
    layout.chunks(MatrixMajor::K, 0, shape_.rows, shape_.chunks, addresses_.data());
    uint32_t columns = shape_.chunks * kChunkBytes / 4;
    writes = {shape_.spread == Spread::PerQuadrant ? TmemRegion::ofQuadrants(lane_, 1, column_, columns)
                                                   : TmemRegion::of(0, kTmemLanes, column_, columns)};
  }

  /// Of each chunk the bytes that are data.
  uint32_t bytesPerChunk() const { return dataBytes(packing_); }
  const std::vector<uint32_t> &addresses() const { return addresses_; }

  bool perform(Cta &cta) override {
    for (uint32_t row = 0; row < shape_.rows; ++row)
      for (uint32_t chunk = 0; chunk < shape_.chunks; ++chunk) {
        uint32_t words[kChunkBytes / 4], lanes[4];
        expandChunk(packing_, cta.shared + addresses_[row * shape_.chunks + chunk], reinterpret_cast<uint8_t *>(words));
        unsigned count = lanesOf(shape_.spread, row, lane_, lanes);
        for (unsigned i = 0; i < count; ++i)
          for (uint32_t word = 0; word < kChunkBytes / 4; ++word)
            *cta.tmem->cells(lanes[i], column_ + chunk * (kChunkBytes / 4) + word) = words[word];
      }
    return true;
  }

private:
  const CopyShape &shape_;
  ChunkPacking packing_;
  uint32_t lane_, column_;
  std::vector<uint32_t> addresses_;
};

Step copyOne(Warp &warp, const Inst &inst, unsigned lane) {
  Cta &cta = warp.cta;
  const CopyShape &shape = kShapes[inst.flags & kShapeMask];
  int who = static_cast<int>(lane);
  uint32_t address = warp.plane<uint32_t>(inst.a)[lane] + inst.e;
  bool perQuadrant = shape.spread == Spread::PerQuadrant;
  if (perQuadrant ? tmemLane(address) >= 32 : tmemLane(address) != 0)
    return warp.fault(inst, Check::TmemMisuse, who,
                      "the lane of the TMEM address is " + std::to_string(tmemLane(address)) +
                          "; allowed: " + (perQuadrant ? "0 to 31" : "0"));
  MatrixLayout layout;
  if (std::string error = decodeTcgen05Descriptor(warp.plane<uint64_t>(inst.b)[lane], layout); !error.empty())
    return warp.fault(inst, Check::BadDescriptor, who, std::move(error));
  auto copy = std::make_unique<TmemCopy>(warp, inst, who, layout, address);
  if (Step step = admit(warp, inst, *copy, Stream::Tcgen05); step != Step::Next)
    return step;
  for (uint32_t from : copy->addresses())
    if (Step step = readShared(warp, inst, *copy, from, copy->bytesPerChunk()); step != Step::Next)
      return step;
  cta.stats.sharedReadBytes += copy->addresses().size() * copy->bytesPerChunk();
  cta.stats.tmemWriteBytes += uint64_t(perQuadrant ? 4 : kTmemLanes) * shape.chunks * kChunkBytes;
  Tmem::Thread &thread = cta.tmem->thread(warp, lane);
  ++thread.uncommitted;
  thread.pc = copy->pc;
  return cta.async.issue(cta, std::move(copy)) ? Step::Next : Step::Fault;
}

Step runCopy(Warp &warp, const Inst &inst, uint32_t mask) {
  for (LaneIterator lane(mask); lane; ++lane)
    if (Step step = copyOne(warp, inst, *lane); step != Step::Next)
      return step;
  return Step::Next;
}

} // namespace

void decodeTcgen05Copy(Form &form) {
  takeCtaGroup(form);
  int shape = -1;
  for (int i = 0; i < static_cast<int>(sizeof kShapes / sizeof kShapes[0]); ++i)
    if (form.opcode().has(kShapes[i].name) && (kShapes[i].multicast.empty() || form.opcode().has(kShapes[i].multicast)))
      shape = i;
  if (shape < 0)
    return form.noSuchForm();
  form.take(kShapes[shape].name);
  form.take(kShapes[shape].multicast);
  ChunkPacking packing = ChunkPacking::None;
  if (form.take("b8x16")) {
    int source = form.takeOne({"b4x16_p64", "b6x16_p32"});
    if (source < 0)
      return form.invalid("the source format is missing");
    packing = source == 0 ? ChunkPacking::B4x16P64 : ChunkPacking::B6x16P32;
  }
  form.inst.flags = static_cast<uint32_t>(shape) | static_cast<uint32_t>(packing) << kPackingShift;
  takeTmemAddress(form, 0, form.inst.a, form.inst.e);
  form.b(1, Ty::B64);
  form.use(&runCopy);
}

} // namespace thrift::sim
