//===- TensorMapReplace.cpp - forms: tensor maps made by a kernel -----------===//
//
// PTX ISA "tensormap.replace", "tensormap.cp_fenceproxy". A warp writes every field of a map of zeros in shared memory,
// copies it to global memory and loads a box with it. The numbers of types and swizzles are those of tensormap.replace,
// which are not the driver's.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/forms/CopyKernel.h"

namespace thrift::sim::hardware {

namespace {

constexpr uint32_t kHeader = 64, kTensorBytes = 8192, kCases = 8;

struct MadeMap {
  const char *name;
  uint32_t type, bytes; ///< .elemtype and size of an element
  uint32_t rank;
  uint32_t box[3], dims[3], steps[3];
  uint32_t swizzle, fill;
};
constexpr MadeMap kMaps[] = {
    {"u8", 0, 1, 1, {96, 1, 1}, {201, 1, 1}, {1, 1, 1}, 0, 0},
    {"u16 swizzle 32", 1, 2, 2, {16, 8, 1}, {40, 13, 1}, {1, 1, 1}, 1, 0},
    {"u32 swizzle 64", 2, 4, 2, {16, 8, 1}, {37, 13, 1}, {1, 1, 1}, 2, 0},
    {"f16 swizzle 128", 6, 2, 2, {64, 8, 1}, {131, 13, 1}, {1, 1, 1}, 3, 0},
    {"f16 NaN", 6, 2, 2, {64, 8, 1}, {131, 13, 1}, {1, 1, 1}, 0, 1},
    {"f32 NaN", 7, 4, 2, {16, 8, 1}, {37, 13, 1}, {1, 1, 1}, 0, 1},
    {"f32.ftz", 8, 4, 2, {16, 8, 1}, {37, 13, 1}, {1, 1, 1}, 0, 0},
    {"f64", 9, 8, 2, {8, 8, 1}, {19, 13, 1}, {1, 1, 1}, 0, 0},
    {"bf16 3d", 10, 2, 3, {32, 4, 3}, {70, 7, 5}, {1, 1, 1}, 2, 0},
    {"tf32", 11, 4, 2, {16, 8, 1}, {37, 13, 1}, {1, 1, 1}, 0, 0},
    {"u16 3d steps", 1, 2, 3, {32, 4, 3}, {70, 7, 5}, {1, 2, 1}, 0, 0},
};

uint32_t strideOf(const MadeMap &map, uint32_t dimension) {
  uint32_t row = (map.dims[0] * map.bytes + 15) / 16 * 16 + 16;
  return dimension == 0 ? row : row * map.dims[1];
}

/// Coordinates in the first words, the tensor behind the header.
Operand coordinatesAndTensor(const MadeMap &map) {
  return {kHeader + kTensorBytes, [map](Random &random, uint32_t index, uint8_t *data) {
            for (uint32_t i = 0; i < map.rank; ++i) {
              int32_t at =
                  index == 0 ? 0 : random.between(-static_cast<int32_t>(map.box[i]), static_cast<int32_t>(map.dims[i]));
              putWord(data, i, static_cast<uint32_t>(i == 0 ? at & -static_cast<int32_t>(16 / map.bytes) : at));
            }
            for (uint32_t i = kHeader; i < kHeader + kTensorBytes; i += map.bytes) {
              uint64_t value = map.bytes == 8   ? drawDouble(random)
                               : map.bytes == 4 ? drawFloat(random)
                               : map.bytes == 2 ? drawHalf(random)
                                                : random.word();
              std::memcpy(data + i, &value, map.bytes);
            }
          }};
}

std::string replace(const char *field, const char *type, const std::string &operands) {
  return "  tensormap.replace.tile." + std::string(field) + ".shared::cta.b1024." + type + " [%m], " + operands + ";\n";
}

/// All fields, by the first warp.
std::string makeMap(const MadeMap &map) {
  auto text = [](uint32_t value) { return std::to_string(value); };
  std::string code = "  mov.u32 %m, made;\n  mad.lo.u32 %x, %t, 4, %m;\n  setp.lt.u32 %p, %t, 32;\n  @!%p bra MADE;\n"
                     "  st.shared.b32 [%x], 0;\n  bar.warp.sync -1;\n  setp.ne.u32 %p, %t, 0;\n  @%p bra FIELDS;\n"
                     "  add.u64 %v, %in, " +
                     text(kHeader) + ";\n" + replace("global_address", "b64", "%v") +
                     replace("rank", "b32", text(map.rank - 1));
  for (uint32_t i = 0; i < map.rank; ++i) {
    code += "  mov.b32 %x, " + text(map.box[i]) + ";\n" + replace("box_dim", "b32", text(i) + ", %x");
    code += "  mov.b32 %x, " + text(map.dims[i]) + ";\n" + replace("global_dim", "b32", text(i) + ", %x");
    code += "  mov.b32 %x, " + text(map.steps[i]) + ";\n" + replace("element_stride", "b32", text(i) + ", %x");
    if (i + 1 < map.rank)
      code += "  mov.b64 %v, " + text(strideOf(map, i)) + ";\n" + replace("global_stride", "b64", text(i) + ", %v");
  }
  code += replace("elemtype", "b32", text(map.type)) + replace("interleave_layout", "b32", "0") +
          replace("swizzle_mode", "b32", text(map.swizzle)) + replace("fill_mode", "b32", text(map.fill));
  return code + "FIELDS:\n  bar.warp.sync -1;\n  mov.b64 %u, maps;\n  mad.wide.u32 %u, %cta, 128, %u;\n"
                "  cvta.global.u64 %u, %u;\n"
                "  tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.gpu.sync.aligned "
                "[%u], [%m], 128;\nMADE:\n  bar.sync 0;\n"
                "  mov.b64 %map, maps;\n  mad.wide.u32 %map, %cta, 128, %map;\n  cvta.global.u64 %map, %map;\n"
                "  fence.proxy.tensormap::generic.acquire.gpu [%map], 128;\n";
}

void addMadeMap(FormList &list, const MadeMap &map) {
  uint32_t inner = map.box[0] * map.bytes, rows = 1;
  for (uint32_t i = 1; i < map.rank; ++i)
    rows *= (map.box[i] + map.steps[i] - 1) / map.steps[i];
  uint32_t tile = inner * rows + 256;
  CtaForm form;
  form.group = "tensormap.replace";
  form.name = "tensormap.replace, " + std::string(map.name);
  form.threads = kCopyThreads;
  form.outBytes = loadOutBytes(tile);
  form.operands = {coordinatesAndTensor(map)};
  form.cases = form.storedCases = kCases;
  form.before = ".global .align 128 .b8 maps[" + std::to_string(128 * kCases) +
                "];\n.shared .align 128 .b8 made[128];\n" + copyVariables(tile);
  std::string coordinates, loads;
  for (uint32_t i = 0; i < map.rank; ++i) {
    loads += "  ld.global.b32 %c" + std::to_string(i) + ", [%in+" + std::to_string(4 * i) + "];\n";
    coordinates += (i == 0 ? "%c" : ", %c") + std::to_string(i);
  }
  form.body =
      "  .reg .b32 %m;\n" + loadBody(tile, inner * rows, makeMap(map) + loads,
                                     "  cp.async.bulk.tensor." + std::to_string(map.rank) +
                                         "d.shared::cluster.global.mbarrier::complete_tx::bytes [%tile], [%map, {" +
                                         coordinates + "}], [%barrier];\n");
  list.cta(form);
}

} // namespace

void addTensorMapReplaceForms(FormList &list) {
  list.family("tensor map");
  for (const MadeMap &map : kMaps)
    addMadeMap(list, map);
}

} // namespace thrift::sim::hardware
