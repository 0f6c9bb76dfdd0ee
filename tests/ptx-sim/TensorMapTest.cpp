//===- TensorMapTest.cpp - tensor maps of launch files -------------------------===//

#include "runtime/sim/TensorMap.h"
#include "PtxSimRun.h"
#include "tools/npy/Npy.h"

using namespace thrift;
using namespace thrift::ptxsim;

namespace {

/// Copies the 128 bytes of its parameter to `out`, so that a test sees the map that a kernel gets.
const std::string kCopyMap = R"(.version 8.0
.target sm_90a
.address_size 64
.visible .entry copy(.param .align 64 .b8 map[128], .param .u64 out) {
  .reg .b64 %rd<4>; .reg .b32 %r;
  ld.param.u64 %rd1, [out];
  mov.b64 %rd2, map;
  mov.u32 %r, %tid.x;
  mul.wide.u32 %rd3, %r, 4;
  add.s64 %rd1, %rd1, %rd3;
  add.s64 %rd2, %rd2, %rd3;
  ld.param.u32 %r, [%rd2];
  st.global.u32 [%rd1], %r;
  ret;
}
)";

class TensorMaps : public PtxSim {
protected:
  void SetUp() override { writeFile(ptx, kCopyMap); }

  static std::string launch(const std::string &map) {
    return R"({"grid": 1, "block": 32, "buffers": {
      "x": {"dtype": "bf16", "shape": [128, 64], "init": "zeros"},
      "out": {"bytes": 128, "init": "zeros", "output": "out.npy"}},
      "arguments": [{"tensor_map": {"buffer": "x", )" +
           map + R"(}}, {"buffer": "out"}]})";
  }
  void expectMapError(const std::string &map, const std::string &sentence, int code = 2) {
    expectRefusal(run(launch(map)), code, json + ": arguments[0].tensor_map." + sentence);
  }
};

const std::string kGood = R"("element": "bf16", "dims": [64, 128], "strides": [128], "box": [64, 16])";

} // namespace

TEST_F(TensorMaps, KernelGetsWhatTheFileSays) {
  PtxSimResult result = run(launch(kGood + R"(, "swizzle": "128B", "fill": "nan", "element_strides": [1, 2])"));
  ASSERT_EQ(result.code, 0) << result.out << result.err;
  Result<NpyArray> bytes = readNpy(folder.file("out.npy"));
  ASSERT_TRUE(bytes);
  Result<sim::TensorMapDescription> map = sim::decodeTensorMap(reinterpret_cast<const uint8_t *>(bytes->data().data()));
  ASSERT_TRUE(map) << map.status().message();
  EXPECT_EQ(map->element, sim::TensorElement::BF16);
  EXPECT_EQ(map->rank, 2u);
  EXPECT_EQ(map->dims[0], 64u);
  EXPECT_EQ(map->dims[1], 128u);
  EXPECT_EQ(map->strides[0], 128u);
  EXPECT_EQ(map->box[0], 64u);
  EXPECT_EQ(map->box[1], 16u);
  EXPECT_EQ(map->elementStrides[1], 2u);
  EXPECT_EQ(map->swizzle, sim::SwizzleMode::B128);
  EXPECT_EQ(map->fill, sim::TensorFill::NaN);
}

TEST_F(TensorMaps, EverySwizzleHasAWord) {
  for (const char *word : {"none", "32B", "64B", "128B", "128B_atom_32B", "128B_atom_32B_flip_8B", "128B_atom_64B"}) {
    std::string map = R"("element": "bf16", "dims": [64, 128], "strides": [128], "box": [16, 16], "swizzle": ")";
    EXPECT_EQ(run(launch(map + word + "\"")).code, 0) << word;
  }
}

TEST_F(TensorMaps, Refusals) {
  expectMapError(R"("element": "fp16", "dims": [64], "box": [64])",
                 "element is \"fp16\"; allowed: u8, u16, u32, s32, u64, s64, f16, f32, f32_ftz, f64, bf16, tf32, "
                 "tf32_ftz, b4x16, b4x16_p64, b6x16_p32; u8 for 8-bit floats");
  expectMapError(kGood + R"(, "swizzle": "256B")",
                 "swizzle is \"256B\"; allowed: none, 32B, 64B, 128B, 128B_atom_32B, 128B_atom_32B_flip_8B, "
                 "128B_atom_64B");
  expectMapError(kGood + R"(, "interleave": "16B")",
                 "interleave is 16 bytes; allowed: none; the simulator has no interleaved layouts", 3);
  expectMapError(kGood + R"(, "fill": "ones")", "fill is \"ones\"; allowed: zeros, nan");
  expectMapError(kGood + R"(, "element_strides": [1, 9])", "element_strides[1] is 9; allowed: 1 to 8");
  expectMapError(kGood + R"(, "buffer_offset": 8)", "buffer_offset is 8; allowed: multiples of 16");
  expectMapError(R"("element": "bf16", "dims": [64, 129], "strides": [128], "box": [64, 16])",
                 "dims is a tensor that ends behind its buffer; allowed: one within the 16384 bytes from its start");
  expectMapError(kGood + R"(, "buffer_offset": 16)",
                 "dims is a tensor that ends behind its buffer; allowed: one within the 16368 bytes from its start");
  expectMapError(R"("element": "bf16", "dims": [4294967296, 4294967296], "strides": [1099511627760], "box": [64, 16])",
                 "dims is a tensor that ends behind its buffer; allowed: one within the 16384 bytes from its start");
  expectMapError(R"("element": "bf16", "dims": [64, 128], "strides": [120], "box": [64, 16])",
                 "strides[0] is 120 bytes; allowed: multiples of 16");
}
