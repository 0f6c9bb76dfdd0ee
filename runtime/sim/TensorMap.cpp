//===- TensorMap.cpp - descriptions of tensors for TMA ----------------------===//
//
// The rules are those of the CUDA Driver API, "Tensor Map Object Management", cuTensorMapEncodeTiled. Of
// 8,000 random descriptions, good and bad, with Hopper's types and swizzles, driver 580 on an H100 accepted none that
// is refused here; the 74 that it alone refused had boxes beyond kMaxBoxBytes, a rule that was fitted to it afterwards.
//
//===----------------------------------------------------------------------===//

#include "runtime/sim/TensorMap.h"

#include "runtime/sim/machine/TensorMapLayout.h"

#include <cstring>

namespace thrift::sim {

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

namespace {

struct ElementFacts {
  const char *name;
  unsigned bits;
  bool isFloat;
};
constexpr ElementFacts kElements[kNumTensorElements] = {
    {"u8", 8, false},       {"u16", 16, false},  {"u32", 32, false},      {"s32", 32, false},
    {"u64", 64, false},     {"s64", 64, false},  {"f16", 16, true},       {"f32", 32, true},
    {"f32_ftz", 32, true},  {"f64", 64, true},   {"bf16", 16, true},      {"tf32", 32, true},
    {"tf32_ftz", 32, true}, {"b4x16", 4, false}, {"b4x16_p64", 4, false}, {"b6x16_p32", 6, false},
};

const ElementFacts &factsOf(TensorElement element) { return kElements[static_cast<unsigned>(element)]; }

} // namespace

const char *tensorElementName(TensorElement element) { return factsOf(element).name; }

bool tensorElementNamed(std::string_view name, TensorElement &element) {
  for (unsigned i = 0; i < kNumTensorElements; ++i)
    if (kElements[i].name == name) {
      element = static_cast<TensorElement>(i);
      return true;
    }
  return false;
}

unsigned tensorElementBits(TensorElement element) { return factsOf(element).bits; }
bool isFloatingPoint(TensorElement element) { return factsOf(element).isFloat; }

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

static std::string indexed(const char *field, unsigned index) {
  return std::string(field) + "[" + std::to_string(index) + "]";
}

static Status notMultiple(std::string field, uint64_t value, uint64_t of, const char *unit) {
  return Status::invalid(std::move(field), std::to_string(value) + unit, "multiples of " + std::to_string(of));
}

static Status checkDimensions(const TensorMapDescription &map, bool isPadded) {
  for (unsigned i = 0; i < map.rank; ++i)
    if (map.dims[i] == 0 || map.dims[i] > uint64_t(1) << 32)
      return Status::invalid(indexed("dims", i), std::to_string(map.dims[i]), "1 to 4294967296");
  if (isPadded && map.dims[0] % 128 != 0)
    return notMultiple("dims[0]", map.dims[0], 128, " elements");
  if (map.element == TensorElement::U4Align8 && map.dims[0] % 2 != 0)
    return notMultiple("dims[0]", map.dims[0], 2, " elements");
  for (unsigned i = 0; i + 1 < map.rank; ++i) {
    if (map.strides[i] % (isPadded ? 32 : 16) != 0)
      return notMultiple(indexed("strides", i), map.strides[i], isPadded ? 32 : 16, " bytes");
    if (map.strides[i] >= uint64_t(1) << 40)
      return Status::invalid(indexed("strides", i), std::to_string(map.strides[i]) + " bytes", "less than 2^40 bytes");
  }
  return Status::ok();
}

// What the driver allows a box beyond its documentation: the shared memory of an SM. It rounds the steps down, the
// hardware up: what does not fit is found when the map is used.
static constexpr uint64_t kMaxBoxBytes = 228 * 1024;

static Status checkBox(const TensorMapDescription &map, bool isPadded) {
  for (unsigned i = 0; i < map.rank; ++i) {
    if (map.box[i] == 0 || map.box[i] > 256)
      return Status::invalid(indexed("box", i), std::to_string(map.box[i]), "1 to 256");
    if (map.elementStrides[i] == 0 || map.elementStrides[i] > 8)
      return Status::invalid(indexed("elementStrides", i), std::to_string(map.elementStrides[i]), "1 to 8");
  }
  if (isPadded && map.box[0] != 128)
    return Status::invalid("box[0]", std::to_string(map.box[0]),
                           "128 for " + std::string(tensorElementName(map.element)));
  uint32_t innerBits = map.box[0] * tensorElementBits(map.element);
  if (innerBits % 128 != 0)
    return Status::invalid("box[0]",
                           std::to_string(map.box[0]) + " elements of " +
                               std::to_string(tensorElementBits(map.element)) + " bits",
                           "multiples of 16 bytes");
  uint64_t boxBytes = innerBits / 8;
  for (unsigned i = 1; i < map.rank; ++i)
    boxBytes *= map.box[i] / map.elementStrides[i];
  if (boxBytes > kMaxBoxBytes)
    return Status::invalid("box", std::to_string(boxBytes) + " bytes",
                           "at most " + std::to_string(kMaxBoxBytes) + " bytes");
  // A gap belongs to the row that the swizzle moves.
  uint32_t innerBytes = isPadded ? map.box[0] : innerBits / 8;
  if (uint32_t span = Swizzle(map.swizzle).span(); span != 0 && innerBytes > span)
    return Status::invalid("box[0]", std::to_string(innerBytes) + " bytes",
                           "at most the " + std::to_string(span) + " bytes of the swizzle");
  return Status::ok();
}

Status checkTensorMap(const TensorMapDescription &map) {
  if (static_cast<unsigned>(map.element) >= kNumTensorElements)
    return Status::invalid("element", std::to_string(static_cast<unsigned>(map.element)), "0 to 15");
  if (static_cast<unsigned>(map.swizzle) >= kNumSwizzleModes)
    return Status::invalid("swizzle", std::to_string(static_cast<unsigned>(map.swizzle)), "0 to 6");
  if (map.rank == 0 || map.rank > kMaxTensorRank)
    return Status::invalid("rank", std::to_string(map.rank), "1 to 5");
  if (map.interleave != TensorInterleave::None)
    return Status::unsupported("interleave", map.interleave == TensorInterleave::B16 ? "16 bytes" : "32 bytes",
                               "none; the simulator has no interleaved layouts");
  bool isPadded = map.element == TensorElement::U4Align16 || map.element == TensorElement::U6Align16;
  if (uint64_t align = isPadded ? 32 : 16; map.address % align != 0)
    return notMultiple("address", map.address, align, "");
  if (Status status = checkDimensions(map, isPadded); !status)
    return status;
  if (Status status = checkBox(map, isPadded); !status)
    return status;
  bool fitsPadded = map.swizzle == SwizzleMode::None || map.swizzle == SwizzleMode::B128 ||
                    map.swizzle == SwizzleMode::B128Atom32 ||
                    (map.swizzle == SwizzleMode::B128Atom64 && map.element == TensorElement::U6Align16);
  if (isPadded && !fitsPadded)
    return Status::invalid("swizzle", std::to_string(static_cast<unsigned>(map.swizzle)),
                           "none, 128 B or 128 B with atoms of 32 B for " +
                               std::string(tensorElementName(map.element)) +
                               (map.element == TensorElement::U6Align16 ? ", and of 64 B for its stores" : ""));
  if (map.fill == TensorFill::NaN && !isFloatingPoint(map.element))
    return Status::invalid("fill", "NaN", "zero for " + std::string(tensorElementName(map.element)));
  return Status::ok();
}

//===----------------------------------------------------------------------===//
// The 128 bytes
//===----------------------------------------------------------------------===//

namespace {

/// How tensormap.replace names a swizzle.
struct SwizzleCode {
  uint8_t mode, atomicity;
};
constexpr SwizzleCode kSwizzleCodes[kNumSwizzleModes] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {3, 1}, {3, 2}, {3, 3}};

} // namespace

Result<TensorMapBytes> encodeTensorMap(const TensorMapDescription &description) {
  if (Status status = checkTensorMap(description); !status)
    return status;
  TensorMapLayout map;
  map.address = description.address;
  map.rankLessOne = static_cast<uint8_t>(description.rank - 1);
  for (unsigned i = 0; i < description.rank; ++i) {
    map.dimsLessOne[i] = static_cast<uint32_t>(description.dims[i] - 1);
    map.boxLessOne[i] = static_cast<uint8_t>(description.box[i] - 1);
    map.elementStridesLessOne[i] = static_cast<uint8_t>(description.elementStrides[i] - 1);
    if (i != 0)
      map.strides[i - 1] = description.strides[i - 1];
  }
  map.element = static_cast<uint8_t>(description.element);
  map.interleave = static_cast<uint8_t>(description.interleave);
  map.swizzleMode = kSwizzleCodes[static_cast<unsigned>(description.swizzle)].mode;
  map.swizzleAtomicity = kSwizzleCodes[static_cast<unsigned>(description.swizzle)].atomicity;
  map.fill = static_cast<uint8_t>(description.fill);
  TensorMapBytes bytes;
  std::memcpy(bytes.data(), &map, sizeof map);
  return bytes;
}

Result<TensorMapDescription> decodeTensorMap(const uint8_t *bytes) {
  TensorMapLayout map;
  std::memcpy(&map, bytes, sizeof map);
  static constexpr TensorMapLayout kZero;
  if (std::memcmp(&map, &kZero, sizeof map) == 0)
    return Status(StatusCode::InvalidArgument, "the 128 bytes of the tensor map are all zero");
  bool isMap = std::memcmp(map.zero, kZero.zero, sizeof map.zero) == 0 && map.rankLessOne < kMaxTensorRank &&
               map.element < kNumTensorElements && map.interleave <= 2 && map.fill <= 1;
  if (!isMap)
    return Status(StatusCode::InvalidArgument,
                  "the 128 bytes are no tensor map that encodeTensorMap or tensormap.replace has made");
  TensorMapDescription description;
  unsigned swizzle = 0;
  while (swizzle < kNumSwizzleModes &&
         (kSwizzleCodes[swizzle].mode != map.swizzleMode || kSwizzleCodes[swizzle].atomicity != map.swizzleAtomicity))
    ++swizzle;
  if (swizzle == kNumSwizzleModes)
    return Status::invalid("swizzle",
                           "mode " + std::to_string(map.swizzleMode) + " with atomicity " +
                               std::to_string(map.swizzleAtomicity),
                           "atomicity 0 but for mode 3, 128 B");
  description.swizzle = static_cast<SwizzleMode>(swizzle);
  description.address = map.address;
  description.rank = map.rankLessOne + 1u;
  for (unsigned i = 0; i < description.rank; ++i) {
    description.dims[i] = uint64_t(map.dimsLessOne[i]) + 1;
    description.box[i] = map.boxLessOne[i] + 1u;
    description.elementStrides[i] = map.elementStridesLessOne[i] + 1u;
    if (i != 0)
      description.strides[i - 1] = map.strides[i - 1];
  }
  description.element = static_cast<TensorElement>(map.element);
  description.interleave = static_cast<TensorInterleave>(map.interleave);
  description.fill = static_cast<TensorFill>(map.fill);
  if (Status status = checkTensorMap(description); !status)
    return status;
  return description;
}

//===----------------------------------------------------------------------===//
// tensormap.replace
//===----------------------------------------------------------------------===//

std::string replaceField(TensorMapLayout &map, TensorMapField field, unsigned ordinal, uint64_t value) {
  auto notIn = [&](uint64_t first, uint64_t last) -> std::string {
    if (value >= first && value <= last)
      return "";
    return "the new value is " + std::to_string(value) + "; allowed: " + std::to_string(first) + " to " +
           std::to_string(last);
  };
  std::string problem;
  unsigned lastOrdinal = field == TensorMapField::GlobalStride ? kMaxTensorRank - 2 : kMaxTensorRank - 1;
  if (ordinal > lastOrdinal)
    return "the ordinal is " + std::to_string(ordinal) + "; allowed: 0 to " + std::to_string(lastOrdinal);
  switch (field) {
  case TensorMapField::GlobalAddress:
    map.address = value;
    break;
  case TensorMapField::GlobalStride:
    map.strides[ordinal] = value;
    break;
  case TensorMapField::Rank:
    problem = notIn(0, kMaxTensorRank - 1);
    map.rankLessOne = static_cast<uint8_t>(value);
    break;
  case TensorMapField::BoxDim:
    problem = notIn(1, 256);
    map.boxLessOne[ordinal] = static_cast<uint8_t>(value - 1);
    break;
  case TensorMapField::GlobalDim:
    problem = notIn(1, 0xFFFFFFFFu);
    map.dimsLessOne[ordinal] = static_cast<uint32_t>(value - 1);
    break;
  case TensorMapField::ElementStride:
    problem = notIn(1, 8);
    map.elementStridesLessOne[ordinal] = static_cast<uint8_t>(value - 1);
    break;
  case TensorMapField::ElementType:
    problem = notIn(0, kNumTensorElements - 1);
    map.element = static_cast<uint8_t>(value);
    break;
  case TensorMapField::InterleaveLayout:
    problem = notIn(0, 2);
    map.interleave = static_cast<uint8_t>(value);
    break;
  case TensorMapField::SwizzleMode:
    problem = notIn(0, 3);
    map.swizzleMode = static_cast<uint8_t>(value);
    break;
  case TensorMapField::SwizzleAtomicity:
    problem = notIn(0, 3);
    map.swizzleAtomicity = static_cast<uint8_t>(value);
    break;
  case TensorMapField::FillMode:
    problem = notIn(0, 1);
    map.fill = static_cast<uint8_t>(value);
    break;
  }
  return problem;
}

} // namespace thrift::sim
