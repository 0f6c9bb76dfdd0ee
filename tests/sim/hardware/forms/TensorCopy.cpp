//===- TensorCopy.cpp - forms: cp.async.bulk.tensor -------------------------===//
//
// PTX ISA "Tensor copy: cp.async.bulk.tensor", tiled mode. Loads take their coordinates from memory, so that each case
// has others: inside, across every border, and outside. Stores have them in the instruction; their output is the
// tensor.
//
// What the ISA does not say, seen on an H100 (there it is CUDA_ERROR_ILLEGAL_INSTRUCTION):
//   - the innermost coordinate must be a multiple of 16 bytes, in loads and stores;
//   - a store may stick out at the end of a dimension, but no coordinate of it may be negative.
// And: the rows of a box that is narrower than the swizzle's span lie one span apart, the bytes between stay untouched,
// and the mbarrier counts the bytes of the box only.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/forms/CopyKernel.h"

namespace thrift::sim::hardware {

namespace {

constexpr uint32_t kGuard = 256; ///< bytes of the tile behind the box

const char *const kTypeNames[] = {"u8",  "u16", "u32",  "s32",     "u64",  "s64",     "f16",
                                  "f32", "f64", "bf16", "f32.ftz", "tf32", "tf32.ftz"};
constexpr TensorType kTypes[] = {TensorType::U8,     TensorType::U16,  TensorType::U32,    TensorType::S32,
                                 TensorType::U64,    TensorType::S64,  TensorType::F16,    TensorType::F32,
                                 TensorType::F64,    TensorType::BF16, TensorType::F32Ftz, TensorType::TF32,
                                 TensorType::TF32Ftz};
constexpr TensorType kFloats[] = {TensorType::F16,    TensorType::BF16, TensorType::F32,    TensorType::F64,
                                  TensorType::F32Ftz, TensorType::TF32, TensorType::TF32Ftz};
constexpr TensorSwizzle kSwizzles[] = {TensorSwizzle::None, TensorSwizzle::Bytes32, TensorSwizzle::Bytes64,
                                       TensorSwizzle::Bytes128};
uint32_t spanOf(TensorSwizzle swizzle) { return swizzle == TensorSwizzle::None ? 96 : 16u << uint32_t(swizzle); }

/// A small tensor whose innermost row holds two boxes of `innerBytes` and a bit, so that a box can stick out by a part
/// of 16 bytes. Rows are padded to the 16 bytes that strides need.
TensorMap smallMap(TensorType type, uint32_t rank, TensorSwizzle swizzle, uint32_t innerBytes) {
  static constexpr uint64_t kDims[] = {0, 21, 5, 4, 3};
  static constexpr uint32_t kBox[][kMaxRank] = {
      {0, 1, 1, 1, 1}, {0, 16, 1, 1, 1}, {0, 8, 3, 1, 1}, {0, 4, 3, 2, 1}, {0, 4, 2, 2, 2}};
  TensorMap map;
  map.type = type;
  map.rank = rank;
  map.swizzle = swizzle;
  for (uint32_t i = 0; i < kMaxRank; ++i) {
    map.dims[i] = i < rank ? kDims[i] : 1;
    map.box[i] = kBox[rank - 1][i];
  }
  map.box[0] = innerBytes / elementBytes(type);
  map.dims[0] = 2 * map.box[0] + 3;
  map.strides[0] = (map.dims[0] * elementBytes(type) + 15) / 16 * 16 + 16;
  for (uint32_t i = 1; i + 1 < kMaxRank; ++i)
    map.strides[i] = map.strides[i - 1] * map.dims[i] + 32;
  return map;
}

std::string mapName(const TensorMap &map) {
  std::string text = std::to_string(map.rank) + "d " + kTypeNames[size_t(map.type)] + " box ";
  for (uint32_t i = 0; i < map.rank; ++i)
    text += (i == 0 ? "" : "x") + std::to_string(map.box[i]);
  if (map.swizzle != TensorSwizzle::None)
    text += " swizzle " + std::to_string(spanOf(map.swizzle));
  bool steps = false;
  for (uint32_t i = 0; i < map.rank; ++i)
    steps |= map.steps[i] != 1;
  if (steps) {
    text += " steps ";
    for (uint32_t i = 0; i < map.rank; ++i)
      text += (i == 0 ? "" : "x") + std::to_string(map.steps[i]);
  }
  return text + (map.fill == TensorFill::NaN ? " NaN" : "");
}

/// Bytes of shared memory from the first to behind the last of a box.
uint32_t tileBytes(const TensorMap &map) {
  uint32_t inner = map.box[0] * elementBytes(map.type);
  uint32_t pitch = map.swizzle == TensorSwizzle::None ? inner : spanOf(map.swizzle);
  return boxBytes(map) / inner * pitch;
}

/// The coordinate at or before this one at which the hardware can start.
int32_t startAt(const TensorMap &map, uint32_t dimension, int32_t coordinate) {
  return dimension != 0 ? coordinate : coordinate & -static_cast<int32_t>(16 / elementBytes(map.type));
}

/// Values that a conversion on the way would change, in the width of the type.
void fillTensor(TensorType type, Random &random, uint8_t *data, size_t bytes) {
  uint32_t width = elementBytes(type);
  for (size_t i = 0; i + width <= bytes; i += width) {
    uint64_t value = width == 8   ? drawDouble(random)
                     : width == 4 ? drawFloat(random)
                     : width == 2 ? drawHalf(random)
                                  : random.word();
    std::memcpy(data + i, &value, width);
  }
}

std::shared_ptr<const TensorOperand> tensorOf(const TensorMap &map, bool isOutput) {
  auto tensor = std::make_shared<TensorOperand>();
  tensor->map = map;
  tensor->isOutput = isOutput;
  auto bytes = static_cast<uint32_t>((tensorBytes(map) + 15) / 16 * 16);
  tensor->data = {bytes,
                  [map, bytes](Random &random, uint32_t, uint8_t *data) { fillTensor(map.type, random, data, bytes); }};
  return tensor;
}

/// Five coordinates in eight words. The first cases are fixed: the origin, one border at a time, outside.
Operand coordinates(const TensorMap &map) {
  return {32, [map](Random &random, uint32_t index, uint8_t *data) {
            for (uint32_t i = 0; i < map.rank; ++i) {
              auto dim = static_cast<int32_t>(map.dims[i]), box = static_cast<int32_t>(map.box[i]);
              int32_t at = random.between(-box - 1, dim + 1);
              if (index == 0)
                at = 0;
              else if (index <= 2 * map.rank)
                at = (index - 1) / 2 != i ? 0 : index % 2 == 0 ? dim - box / 2 - 1 : -box / 2 - 1;
              else if (index % 3 == 0)
                at = random.between(0, dim > box ? dim - box : 0);
              putWord(data, i, static_cast<uint32_t>(startAt(map, i, at)));
            }
          }};
}

std::string coordinateList(uint32_t rank) {
  std::string text = "{";
  for (uint32_t i = 0; i < rank; ++i)
    text += (i == 0 ? "%c" : ", %c") + std::to_string(i);
  return text + "}";
}

struct LoadOptions {
  explicit LoadOptions(const char *groupSuffix) : group(groupSuffix) {}

  const char *group;
  std::string opcode;       ///< "": the plain one
  std::string before;       ///< runs in the copying thread
  std::string suffix;       ///< further operands
  uint32_t destination = 0; ///< offset in the tile
  std::string name;
};

void addLoad(FormList &list, const TensorMap &map, const LoadOptions &options) {
  uint32_t tile = (options.destination + tileBytes(map) + 3) / 4 * 4 + kGuard;
  std::string opcode = options.opcode.empty() ? "cp.async.bulk.tensor." + std::to_string(map.rank) +
                                                    "d.shared::cluster.global.mbarrier::complete_tx::bytes"
                                              : options.opcode;
  CtaForm form;
  form.group = "tensor load" + std::string(options.group);
  form.name = "tensor load " + mapName(map) + options.name +
              (options.destination == 0 ? "" : " at " + std::to_string(options.destination));
  form.threads = kCopyThreads;
  form.outBytes = loadOutBytes(tile);
  form.operands = {coordinates(map)};
  form.cases = form.storedCases = 16;
  form.before = copyVariables(tile);
  form.tensor = tensorOf(map, false);
  std::string prepare;
  for (uint32_t i = 0; i < map.rank; ++i)
    prepare += "  ld.global.b32 %c" + std::to_string(i) + ", [%in+" + std::to_string(4 * i) + "];\n";
  form.body =
      loadBody(tile, boxBytes(map), prepare,
               options.before + "  add.u32 %x, %tile, " + std::to_string(options.destination) + ";\n  " + opcode +
                   " [%x], [%map, " + coordinateList(map.rank) + "], [%barrier]" + options.suffix + ";\n");
  list.cta(form);
}

void addLoads(FormList &list) {
  LoadOptions ranks{", ranks and swizzles"};
  for (uint32_t rank = 1; rank <= kMaxRank; ++rank)
    for (TensorSwizzle swizzle : kSwizzles)
      for (TensorType type : {TensorType::U8, TensorType::F16, TensorType::U32, TensorType::U64})
        addLoad(list, smallMap(type, rank, swizzle, spanOf(swizzle)), ranks);

  // A box that is narrower than the swizzle's span.
  LoadOptions narrow{", narrow boxes"};
  for (TensorSwizzle swizzle : {TensorSwizzle::Bytes32, TensorSwizzle::Bytes64, TensorSwizzle::Bytes128})
    for (uint32_t inner = 16; inner < spanOf(swizzle); inner += 16)
      addLoad(list, smallMap(TensorType::U16, 2, swizzle, inner), narrow);

  LoadOptions types{", types"};
  for (TensorType type : kTypes)
    addLoad(list, smallMap(type, 2, TensorSwizzle::None, 64), types);
  for (TensorType type : kFloats)
    for (uint32_t rank : {1u, 3u}) {
      TensorMap map = smallMap(type, rank, TensorSwizzle::Bytes64, 64);
      map.fill = TensorFill::NaN;
      addLoad(list, map, types);
    }
}

void addLoadVariants(FormList &list) {
  // The swizzle follows the address in shared memory, not the place in the box.
  for (TensorSwizzle swizzle : kSwizzles)
    for (uint32_t destination : {128u, 256u, 384u, 512u, 896u}) {
      LoadOptions shifted{", destinations"};
      shifted.destination = destination;
      addLoad(list, smallMap(TensorType::F16, 2, swizzle, spanOf(swizzle)), shifted);
    }
  LoadOptions steps{", steps"};
  static constexpr uint32_t kSteps[][3] = {{1, 2, 1}, {1, 3, 1}, {1, 8, 1}, {1, 1, 2}, {1, 2, 2}, {2, 1, 1}};
  for (const auto &step : kSteps)
    for (TensorSwizzle swizzle : {TensorSwizzle::None, TensorSwizzle::Bytes128}) {
      TensorMap map = smallMap(TensorType::F16, 3, swizzle, spanOf(swizzle));
      for (uint32_t i = 0; i < 3; ++i)
        map.steps[i] = step[i];
      addLoad(list, map, steps);
    }
  TensorMap plain = smallMap(TensorType::F16, 2, TensorSwizzle::Bytes128, 128);
  LoadOptions spelled{", spellings"};
  spelled.name = ", .tile";
  spelled.opcode = "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes";
  addLoad(list, plain, spelled);
  spelled.name = ", .shared::cta";
  spelled.opcode = "cp.async.bulk.tensor.2d.shared::cta.global.tile.mbarrier::complete_tx::bytes";
  addLoad(list, plain, spelled);
  spelled.name = ", .L2::cache_hint";
  spelled.opcode = "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint";
  spelled.before = "  createpolicy.fractional.L2::evict_first.b64 %v, 1.0;\n";
  spelled.suffix = ", %v";
  addLoad(list, plain, spelled);
  spelled.name = ", prefetched";
  spelled.opcode = spelled.suffix = "";
  spelled.before = "  prefetch.tensormap [%map];\n"
                   "  cp.async.bulk.prefetch.tensor.2d.L2.global [%map, {%c0, %c1}];\n";
  addLoad(list, plain, spelled);
}

/// In the middle, or sticking out at the end of every dimension.
enum class Place { Inside, Beyond };
void addStore(FormList &list, const TensorMap &map, Place place, const std::string &spelling = "",
              uint32_t source = 0) {
  std::string coordinates;
  for (uint32_t i = 0; i < map.rank; ++i) {
    auto dim = static_cast<int32_t>(map.dims[i]), box = static_cast<int32_t>(map.box[i]);
    int32_t at = place == Place::Inside ? (dim > box ? (dim - box) / 2 : 0) : dim - box / 2 - 1;
    coordinates += (i == 0 ? "" : ", ") + std::to_string(startAt(map, i, at));
  }
  uint32_t tile = (source + tileBytes(map) + 3) / 4 * 4 + kGuard;
  CtaForm form;
  form.group = "tensor store";
  form.name = "tensor store " + mapName(map) + (place == Place::Inside ? " inside" : " beyond") +
              (spelling.empty() ? "" : ", " + spelling) + (source == 0 ? "" : " from " + std::to_string(source));
  form.threads = kCopyThreads;
  form.cases = form.storedCases = 1;
  form.tensor = tensorOf(map, true);
  form.outBytes = form.tensor->data.bytes;
  TensorType type = map.type;
  form.operands = {
      {tile, [type, tile](Random &random, uint32_t, uint8_t *data) { fillTensor(type, random, data, tile); }}};
  form.before = copyVariables(tile);
  form.body = storeBody(tile, "  add.u32 %x, %tile, " + std::to_string(source) + ";\n  cp.async.bulk.tensor." +
                                  std::to_string(map.rank) + "d.global.shared::cta" + spelling +
                                  ".bulk_group [%map, {" + coordinates + "}], [%x];\n");
  list.cta(form);
}

void addStores(FormList &list) {
  for (uint32_t rank = 1; rank <= kMaxRank; ++rank)
    for (TensorSwizzle swizzle : kSwizzles)
      for (TensorType type : {TensorType::F16, TensorType::U32})
        for (Place place : {Place::Inside, Place::Beyond})
          addStore(list, smallMap(type, rank, swizzle, spanOf(swizzle)), place);
  for (TensorType type : kTypes)
    addStore(list, smallMap(type, 2, TensorSwizzle::None, 64), Place::Inside);
  for (uint32_t inner : {16u, 32u, 48u, 96u})
    for (TensorSwizzle swizzle : {TensorSwizzle::Bytes64, TensorSwizzle::Bytes128})
      if (inner < spanOf(swizzle))
        addStore(list, smallMap(TensorType::U16, 2, swizzle, inner), Place::Inside);
  for (uint32_t source : {128u, 512u, 640u})
    addStore(list, smallMap(TensorType::F16, 2, TensorSwizzle::Bytes128, 128), Place::Inside, "", source);
  TensorMap stepped = smallMap(TensorType::F16, 3, TensorSwizzle::None, 96);
  stepped.steps[1] = 2;
  addStore(list, stepped, Place::Inside);
  addStore(list, stepped, Place::Beyond);
  addStore(list, smallMap(TensorType::F16, 2, TensorSwizzle::Bytes128, 128), Place::Inside, ".tile");
}

} // namespace

void addTensorCopyForms(FormList &list) {
  list.family("tensor copy");
  addLoads(list);
  addLoadVariants(list);
  addStores(list);
}

} // namespace thrift::sim::hardware
