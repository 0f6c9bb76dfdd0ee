//===- RulesTest.cpp - what a target refuses --------------------------------===//

#include "compiler/Rules.h"

#include <gtest/gtest.h>

using namespace thrift;

namespace {

std::vector<std::string> fieldsOf(const KernelSpec &spec, const KernelConfig &config = {}, const char *target = "sm_80") {
  std::vector<std::string> fields;
  for (const Violation &violation : checkRules(spec, config, *findTarget(target)))
    fields.push_back(violation.field);
  return fields;
}

} // namespace

TEST(Rules, DefaultsPassOnEveryTarget) {
  for (const char *target : {"sm_80", "sm_86", "sm_89", "sm_90", "sm_90a", "sm_100", "sm_100a", "sm_103a", "sm_120a"})
    for (const char *kernel : {"quantize", "rank", "prefill"}) {
      KernelSpec spec;
      spec.kernel = kernel;
      EXPECT_TRUE(fieldsOf(spec, {}, target).empty()) << kernel << " on " << target;
    }
}

TEST(Rules, EachFieldIsChecked) {
  KernelSpec spec;
  auto expect = [](KernelSpec changed, const char *field) {
    EXPECT_EQ(fieldsOf(changed), std::vector<std::string>{field});
  };
  KernelSpec s = spec;
  s.kernel = "decode";
  expect(s, "kernel");
  s = spec;
  s.dtype = DType::F32;
  expect(s, "dtype");
  s = spec;
  s.headDim = 96;
  expect(s, "head_dim");
  s = spec;
  s.valueDim = 256;
  expect(s, "value_dim");
  s = spec;
  s.blockQ = 32;
  expect(s, "block_q");
  s = spec;
  s.blockKv = 32;
  expect(s, "block_kv");
  EXPECT_EQ(fieldsOf(spec, {1, "approx", 16}), std::vector<std::string>{"stages"});
  EXPECT_EQ(fieldsOf(spec, {2, "fast", 16}), std::vector<std::string>{"exp2"});
  EXPECT_EQ(fieldsOf(spec, {2, "approx", 8}), std::vector<std::string>{"alignment"});
}

TEST(Rules, PortableTargetsBuildEveryLowPair) {
  constexpr LowFormat formats[] = {LowFormat::F16, LowFormat::Fp8, LowFormat::Mxfp4, LowFormat::Nvfp4};
  for (LowFormat qk : formats)
    for (LowFormat pv : formats) {
      KernelSpec spec;
      spec.low = {qk, pv};
      EXPECT_TRUE(fieldsOf(spec).empty()) << spec.low.print();
    }
}

TEST(Rules, WhatIsNotLoweredIsSpelledLikeTheInputs) {
  KernelSpec spec;
  spec.dtype = DType::BF16;
  spec.low = *LowPair::parse("nvfp4:f16");
  auto valueOf = [&](const char *parameter) {
    for (const auto &[name, value] : spec.bindings())
      if (name == parameter)
        return value;
    return std::string("none");
  };
  EXPECT_EQ(valueOf("qk"), "nvfp4");
  EXPECT_EQ(valueOf("pv"), "bf16");
  EXPECT_EQ(valueOf("p"), "bf16");
  spec.low = *LowPair::parse("f16:mxfp4");
  EXPECT_EQ(valueOf("qk"), "bf16");
  EXPECT_EQ(valueOf("p"), "bf16");
  spec.low = *LowPair::parse("fp8");
  EXPECT_EQ(valueOf("p"), "f16");
}

TEST(Rules, SharedMemoryIsCountedAgainstTheTarget) {
  KernelSpec spec;
  spec.blockKv = 128; // 32 KiB a stage
  spec.headDim = spec.valueDim = 64;
  EXPECT_TRUE(fieldsOf(spec, {4, "approx", 16}, "sm_90a").empty());
  std::vector<Violation> broken = checkRules(spec, {4, "approx", 16}, *findTarget("sm_120a"));
  ASSERT_EQ(broken.size(), 1u);
  EXPECT_EQ(broken[0].field, "shared memory");
  EXPECT_EQ(broken[0].value, "131072 bytes");
  EXPECT_NE(broken[0].allowed.find("101376"), std::string::npos);
}

TEST(Rules, SharedMemoryOfPackedTilesFollowsTheirFormats) {
  // Two small limits around the two rings of an all-low kernel: 2 x 64 x 128 elements, times 2 stages.
  auto fits = [](const char *pair, int64_t limit) {
    KernelSpec spec;
    spec.low = *LowPair::parse(pair);
    spec.budget = Budget::AllLow;
    Target target = *findTarget("sm_80");
    target.sharedLimit = limit;
    return checkRules(spec, {}, target).empty();
  };
  for (auto [pair, bytes] : {std::pair("nvfp4", 18432), std::pair("mxfp4", 17408), std::pair("fp8", 32832),
                             std::pair("nvfp4:fp8", 25632), std::pair("nvfp4:f16", 41984)}) {
    EXPECT_TRUE(fits(pair, bytes)) << pair;
    EXPECT_FALSE(fits(pair, bytes - 1)) << pair;
  }
}

TEST(Rules, WideBlocksNeedSmallHeads) {
  KernelSpec spec;
  spec.blockKv = 128;
  EXPECT_EQ(fieldsOf(spec), std::vector<std::string>{"block_kv"}); // it would spill
  spec.headDim = spec.valueDim = 64;
  EXPECT_TRUE(fieldsOf(spec).empty());
}

TEST(Rules, EveryTargetHasALowPairOfItsOwn) {
  EXPECT_EQ(defaultLow(*findTarget("sm_80")).print(), "nvfp4");
  EXPECT_EQ(defaultLow(*findTarget("sm_103a")).print(), "nvfp4:fp8");
}

TEST(Rules, GranulesAreTheRowsOfAWarp) {
  KernelSpec spec;
  spec.kernel = "prefill_online";
  EXPECT_TRUE(fieldsOf(spec).empty());
  EXPECT_EQ(fieldsOf(spec, {}, "sm_100a"), std::vector<std::string>{"granule"});
  spec.granule = defaultGranule(*findTarget("sm_100a"));
  EXPECT_TRUE(fieldsOf(spec, {}, "sm_100a").empty());
  EXPECT_EQ(fieldsOf(spec), std::vector<std::string>{"granule"});
  spec.kernel = "prefill"; // has none
  spec.granule = 16;
  EXPECT_TRUE(fieldsOf(spec, {}, "sm_100a").empty());
}

TEST(Rules, WideBlocksOfTheOnlineRouterExcludeTwoLevelMxfp4) {
  KernelSpec spec;
  spec.kernel = "prefill_online";
  spec.granule = 32;
  spec.blockKv = 128;
  EXPECT_TRUE(fieldsOf(spec, {}, "sm_100a").empty());
  spec.low = *LowPair::parse("nvfp4:mxfp4");
  EXPECT_EQ(fieldsOf(spec, {}, "sm_100a"), std::vector<std::string>{"block_kv"}); // it would spill
  spec.blockKv = 64;
  EXPECT_TRUE(fieldsOf(spec, {}, "sm_100a").empty());
}

TEST(Rules, SpecsPrintDifferentlyExactlyWhenTheyDiffer) {
  KernelSpec a, b;
  EXPECT_EQ(a, b);
  b.blockKv = 128;
  EXPECT_NE(a, b);
  EXPECT_NE(a.print(), b.print());
  KernelConfig c, d;
  EXPECT_EQ(c, d);
  d.alignment = 2;
  EXPECT_NE(c, d);
  EXPECT_NE(c.print(), d.print());
}
