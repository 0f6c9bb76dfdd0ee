//===- TmaCases.cpp - random tensor copies and what they must do ------------===//

#include "tests/sim/TmaCases.h"

#include <algorithm>
#include <cstring>

namespace thrift::sim::test {

std::string TmaCase::describe() const {
  std::string text = std::string(isStore ? "store " : "load ") + tensorElementName(map.element) + " swizzle " +
                     std::to_string(static_cast<unsigned>(map.swizzle)) + (map.fill == TensorFill::NaN ? " NaN" : "");
  auto list = [&](const char *name, auto values, unsigned count) {
    text += std::string(" ") + name + " {";
    for (unsigned i = 0; i < count; ++i)
      text += (i ? "," : "") + std::to_string(values[i]);
    text += "}";
  };
  list("dims", map.dims, map.rank);
  list("strides", map.strides, map.rank - 1);
  list("box", map.box, map.rank);
  list("steps", map.elementStrides, map.rank);
  list("at", coordinates, map.rank);
  return text + " shared " + std::to_string(shared);
}

static uint32_t stepsOf(const TensorMapDescription &map, unsigned dim) {
  return dim == 0 ? map.box[0] : (map.box[dim] + map.elementStrides[dim] - 1) / map.elementStrides[dim];
}

uint32_t TmaCase::copiedBytes() const {
  uint32_t elements = 1;
  for (unsigned i = 0; i < map.rank; ++i)
    elements *= stepsOf(map, i);
  return elements * tensorElementBits(map.element) / 8;
}

namespace {

// PTX ISA "Swizzling Modes": which 16-byte chunk of the data lies in each chunk of a line, for successive lines.
struct SwizzleTable {
  uint32_t span; // of a row
  unsigned lines;
  const char *chunks[8];
};
const SwizzleTable kSwizzleTables[] = {
    {0, 1, {"01234567"}},
    {32, 2, {"01234567", "10325476"}},
    {64, 4, {"01234567", "10325476", "23016745", "32107654"}},
    {128, 8, {"01234567", "10325476", "23016745", "32107654", "45670123", "54761032", "67452301", "76543210"}},
    {128, 4, {"01234567", "23016745", "45670123", "67452301"}},
    {128, 4, {"01234567", "23016745", "45670123", "67452301"}},
    {128, 2, {"01234567", "45670123"}},
};

} // namespace

//===----------------------------------------------------------------------===//
// Random cases
//===----------------------------------------------------------------------===//

TmaCase randomTmaCase(std::mt19937_64 &random, const TmaLimits &limits) {
  auto pick = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  };
  TmaCase each;
  TensorMapDescription &map = each.map;
  each.isStore = limits.isStore;
  map.rank = static_cast<unsigned>(pick(1, 5));
  do
    map.element = static_cast<TensorElement>(pick(0, limits.newTypes ? 15 : 12));
  while (limits.isStore && map.element == TensorElement::U4Align16);
  map.swizzle = static_cast<SwizzleMode>(pick(0, limits.newTypes ? 6 : 3));
  bool isPadded = map.element == TensorElement::U4Align16 || map.element == TensorElement::U6Align16;
  if (isPadded)
    map.swizzle = std::array{SwizzleMode::None, SwizzleMode::B128, SwizzleMode::B128Atom32}[random() % 3];
  if (isFloatingPoint(map.element) && random() % 3 == 0)
    map.fill = TensorFill::NaN;

  const unsigned bits = tensorElementBits(map.element);
  const unsigned unit = isPadded ? 128 : map.element == TensorElement::U4Align8 ? 2 : 1; // of sizes
  const unsigned start = isPadded ? 128 : 128 / bits;                                    // of coordinates
  uint32_t span = kSwizzleTables[static_cast<unsigned>(map.swizzle)].span;
  uint32_t budget = limits.maxBoxBytes;
  for (unsigned i = 0; i < map.rank; ++i) {
    if (i == 0) {
      // A multiple of 16 bytes that fits the swizzle; the span itself most of the time.
      uint32_t grain = 128 / bits, most = std::min(256u, span != 0 ? span * 8 / bits : 256u) / grain;
      map.box[0] =
          isPadded ? 128 : grain * static_cast<uint32_t>(span != 0 && random() % 4 != 0 ? most : pick(1, most));
      budget /= std::max(span, isPadded ? 128u : map.box[0] * bits / 8);
    } else {
      map.elementStrides[i] = random() % 4 == 0 ? static_cast<uint32_t>(pick(1, 8)) : 1;
      map.box[i] = static_cast<uint32_t>(pick(1, std::min<uint32_t>(20, std::max(budget, 1u))));
      budget /= stepsOf(map, i);
    }
    map.dims[i] = i == 0 ? unit * static_cast<uint64_t>(pick(1, std::max<uint32_t>(2, map.box[0] * 3 / unit)))
                         : static_cast<uint64_t>(pick(1, 12));
  }
  uint64_t pitch = (map.dims[0] * bits + 7) / 8, grain = isPadded ? 32 : 16;
  for (unsigned i = 0; i + 1 < map.rank; ++i) {
    pitch = (pitch + grain - 1) / grain * grain + grain * static_cast<uint64_t>(random() % 3);
    map.strides[i] = pitch;
    pitch *= map.dims[i + 1];
  }
  for (unsigned i = 0; i < map.rank; ++i) {
    auto size = static_cast<int64_t>(map.dims[i]), box = static_cast<int64_t>(map.box[i]);
    int64_t at = 0;
    switch (random() % 4) {
    case 0: // somewhere around
      at = pick(-box - 2, size + 2);
      break;
    case 1: // across the end
      at = size - pick(0, box);
      break;
    case 2: // far away
      at = random() % 16 == 0 ? pick(-2000000000, 2000000000) : pick(0, size - 1);
      break;
    default: // inside
      at = pick(0, std::max<int64_t>(0, size - box));
      break;
    }
    if (!limits.negative)
      at = std::max<int64_t>(at, 0);
    if (i == 0)
      at = at / start * start;
    each.coordinates[i] = static_cast<int32_t>(at);
  }
  each.tensor.resize(pitch + 64);
  for (uint8_t &byte : each.tensor)
    byte = static_cast<uint8_t>(random());
  each.tile.resize(kTileBytes);
  for (uint8_t &byte : each.tile)
    byte = static_cast<uint8_t>(random());
  each.shared = 128 * static_cast<uint32_t>(random() % 32);
  return each;
}

//===----------------------------------------------------------------------===//
// The model
//===----------------------------------------------------------------------===//

namespace {

/// Where byte `address` goes.
uint32_t swizzled(SwizzleMode mode, uint32_t address) {
  const SwizzleTable &table = kSwizzleTables[static_cast<unsigned>(mode)];
  uint32_t line = address / 128, chunk = address / 16 % 8, byte = address % 16;
  const char *row = table.chunks[line % table.lines];
  uint32_t place = 0;
  while (static_cast<uint32_t>(row[place] - '0') != chunk)
    ++place;
  if (mode == SwizzleMode::B128Atom32Flip8 && line % 2 == 1)
    byte ^= 8;
  return line * 128 + place * 16 + byte;
}

/// What an H100 makes of an element that it loads as tf32: 10 bits of fraction remain.
uint64_t roundedToTf32(uint64_t bits) {
  float value;
  auto word = static_cast<uint32_t>(bits);
  std::memcpy(&value, &word, sizeof value);
  if (value != value)
    return 0x7FFFE000;
  if ((word & 0x7F800000) == 0x7F800000)
    return word;
  // The distances to the two neighbours, as integers.
  uint32_t below = word & 0xFFFFE000, above = below + 0x2000, rest = word - below;
  bool up = rest > 0x1000 || (rest == 0x1000 && (below >> 13) % 2 == 1);
  return up ? above : below;
}

unsigned bitOf(const std::vector<uint8_t> &bytes, uint64_t bit) { return bytes[bit / 8] >> (bit % 8) & 1; }
void setBit(std::vector<uint8_t> &bytes, uint64_t bit, unsigned value) {
  bytes[bit / 8] = static_cast<uint8_t>((bytes[bit / 8] & ~(1u << bit % 8)) | value << bit % 8);
}

} // namespace

std::vector<uint8_t> modelTma(const TmaCase &each, std::vector<bool> &defined) {
  const TensorMapDescription &map = each.map;
  const unsigned bits = tensorElementBits(map.element);
  // Bits of shared memory from one group of 16 elements to the next, from element to element, and bytes between rows.
  bool isPadded = map.element == TensorElement::U4Align16 || map.element == TensorElement::U6Align16;
  unsigned group = isPadded ? 128 : 16 * bits;
  unsigned pitch = each.isStore && map.element == TensorElement::U6Align16 ? 8 : bits;
  uint32_t rowBytes = std::max(map.box[0] * group / 128, kSwizzleTables[static_cast<unsigned>(map.swizzle)].span);
  bool isRounded = map.element == TensorElement::TF32 || map.element == TensorElement::TF32Ftz;

  std::vector<uint8_t> result = each.isStore ? each.tensor : each.tile;
  defined.assign(result.size(), true);
  std::array<uint32_t, kMaxTensorRank> step{};
  uint32_t row = each.shared;
  while (true) {
    bool inside = true;
    int64_t globalBit = 0;
    for (unsigned i = 0; i < map.rank; ++i) {
      int64_t at = each.coordinates[i] + int64_t(step[i]) * (i == 0 ? 1 : map.elementStrides[i]);
      auto size = static_cast<int64_t>(map.dims[i]);
      if (i == 0 && each.isStore) // whole 16 bytes
        size = (size * bits + 127) / 128 * 128 / bits;
      inside = inside && at >= 0 && at < size;
      globalBit += i == 0 ? at * int64_t(bits) : at * static_cast<int64_t>(map.strides[i - 1]) * 8;
    }
    uint64_t value = map.fill == TensorFill::NaN ? 0x7FF77FF77FF77FF7 : 0;
    if (inside && !each.isStore) {
      value = 0;
      for (unsigned bit = 0; bit < bits; ++bit)
        value |= uint64_t(bitOf(each.tensor, static_cast<uint64_t>(globalBit) + bit)) << bit;
      if (isRounded)
        value = roundedToTf32(value);
    }
    uint32_t column = step[0];
    for (unsigned bit = 0; bit < bits; ++bit) {
      uint64_t at = uint64_t(row) * 8 + column / 16 * group + column % 16 * pitch + bit;
      at = uint64_t(swizzled(map.swizzle, static_cast<uint32_t>(at / 8))) * 8 + at % 8;
      if (!each.isStore)
        setBit(result, at, value >> bit & 1);
      else if (inside)
        setBit(result, static_cast<uint64_t>(globalBit) + bit, bitOf(each.tile, at));
    }
    if (isPadded && !each.isStore && column % 16 == 15)
      for (uint32_t byte = row + column / 16 * 16 + 2 * bits; byte % 16 != 0; ++byte)
        defined[swizzled(map.swizzle, byte)] = false;
    unsigned dim = 0;
    while (dim < map.rank && ++step[dim] == stepsOf(map, dim))
      step[dim++] = 0;
    if (dim == map.rank)
      return result;
    if (dim > 0)
      row += rowBytes;
  }
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

std::string tmaKernel(unsigned rank, bool isStore, uint32_t tileBytes, const std::string &target,
                      const std::string &destination) {
  std::string coordinates;
  for (unsigned i = 0; i < rank; ++i)
    coordinates += (i ? ", %c" : "%c") + std::to_string(i);
  std::string copy =
      isStore ? "cp.async.bulk.tensor." + std::to_string(rank) + "d.global.shared::cta.tile.bulk_group [%map, {" +
                    coordinates + "}], [%s];\n    cp.async.bulk.commit_group;\n    cp.async.bulk.wait_group 0;\n"
              : "mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], %n;\n    cp.async.bulk.tensor." +
                    std::to_string(rank) + "d." + destination +
                    ".global.tile.mbarrier::complete_tx::bytes [%s], [%map, {" + coordinates + "}], [bar];\n";
  std::string wait = isStore ? "" : R"(
WAIT:
    mbarrier.try_wait.parity.shared::cta.b64 %q, [bar], 0;
    @!%q bra WAIT;
)";
  return ".version 8.7\n.target " + target + R"(
.address_size 64
.shared .align 1024 .b8 tile[)" +
         std::to_string(tileBytes) + R"(];
.shared .align 8 .b64 bar;
.visible .entry test(.param .align 64 .b8 map[128], .param .u64 before, .param .u64 after, .param .u32 shared,
                     .param .u32 bytes, .param .u32 c0, .param .u32 c1, .param .u32 c2, .param .u32 c3, .param .u32 c4)
{
    .reg .b64 %map, %g, %o;
    .reg .b32 %t, %s, %i, %w, %n, %c<5>;
    .reg .pred %p, %q;
    mov.u32 %t, %tid.x;
    ld.param.u64 %g, [before];
    cvta.to.global.u64 %g, %g;
    shl.b32 %i, %t, 2;
FILL:
    cvt.u64.u32 %o, %i;
    add.u64 %o, %o, %g;
    ld.global.u32 %w, [%o];
    mov.u32 %s, tile;
    add.u32 %s, %s, %i;
    st.shared.u32 [%s], %w;
    add.u32 %i, %i, 512;
    setp.lt.u32 %p, %i, )" +
         std::to_string(tileBytes) + R"(;
    @%p bra FILL;
    setp.eq.u32 %p, %t, 0;
    @%p mbarrier.init.shared::cta.b64 [bar], 1;
    fence.proxy.async.shared::cta;
    bar.sync 0;
    @!%p bra DONE;
    mov.b64 %map, map;
    cvta.param.u64 %map, %map;
    mov.u32 %s, tile;
    ld.param.u32 %i, [shared];
    add.u32 %s, %s, %i;
    ld.param.u32 %n, [bytes];
    ld.param.u32 %c0, [c0];
    ld.param.u32 %c1, [c1];
    ld.param.u32 %c2, [c2];
    ld.param.u32 %c3, [c3];
    ld.param.u32 %c4, [c4];
    )" + copy +
         R"(
DONE:)" + wait +
         R"(
    bar.sync 0;
    ld.param.u64 %g, [after];
    cvta.to.global.u64 %g, %g;
    shl.b32 %i, %t, 2;
DUMP:
    cvt.u64.u32 %o, %i;
    add.u64 %o, %o, %g;
    mov.u32 %s, tile;
    add.u32 %s, %s, %i;
    ld.shared.u32 %w, [%s];
    st.global.u32 [%o], %w;
    add.u32 %i, %i, 512;
    setp.lt.u32 %p, %i, )" +
         std::to_string(tileBytes) + R"(;
    @%p bra DUMP;
    ret;
}
)";
}

} // namespace thrift::sim::test
