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
  s = spec;
  s.low.qk = LowFormat::Mxfp4;
  expect(s, "low.qk");
  s = spec;
  s.low.pv = LowFormat::Fp8;
  expect(s, "low.pv");
  EXPECT_EQ(fieldsOf(spec, {1, "approx", 16}), std::vector<std::string>{"stages"});
  EXPECT_EQ(fieldsOf(spec, {2, "fast", 16}), std::vector<std::string>{"exp2"});
  EXPECT_EQ(fieldsOf(spec, {2, "approx", 8}), std::vector<std::string>{"alignment"});
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

TEST(Rules, WideBlocksNeedSmallHeads) {
  KernelSpec spec;
  spec.blockKv = 128;
  EXPECT_EQ(fieldsOf(spec), std::vector<std::string>{"block_kv"}); // it would spill
  spec.headDim = spec.valueDim = 64;
  EXPECT_TRUE(fieldsOf(spec).empty());
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
