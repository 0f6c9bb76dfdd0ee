//===- LowPairsTest.cpp - every low pair against float64 `emulated`, in the simulator -===//
//
// Storage formats differ per pair, and with them widening, scales, the format of P and what V is read from. Lengths
// break tiles; there are more and fewer queries than keys, and grouped heads.

#include "tests/numerics/kernels/KernelRun.h"

#include <gtest/gtest.h>

using namespace thrift;
using namespace thrift::test;

namespace {

struct PairCase {
  const char *pair;
  int64_t headDim;
  DType dtype;
  bool causal;
};

std::ostream &operator<<(std::ostream &stream, const PairCase &c) {
  return stream << c.pair << " " << c.headDim << " " << name(c.dtype) << (c.causal ? " causal" : " full");
}

class LowPairs : public testing::TestWithParam<PairCase> {};

void expectEmulated(const Spec &spec, const Problem &problem) {
  SCOPED_TRACE(print(spec));
  Result<Plan> plan = simulator().plan(spec);
  ASSERT_TRUE(plan) << plan.status().message();
  Tensors tensors = makeTensors(problem, spec);
  Result<Answer> answer = run(simulator(), *plan, tensors);
  ASSERT_TRUE(answer) << answer.status().message();
  EXPECT_EQ(compareWithEmulated(*answer, *plan, tensors), "");
}

Spec specOf(const PairCase &c, double budget) {
  Spec spec;
  spec.low = *LowPair::parse(c.pair);
  spec.headDim = spec.valueDim = c.headDim;
  spec.dtype = c.dtype;
  spec.causal = c.causal;
  spec.budget = budget;
  return spec;
}

Problem problemOf(int64_t qLen, int64_t kvLen) {
  Problem problem;
  problem.qHeads = 2;
  problem.qLen = qLen;
  problem.kvLen = kvLen;
  return problem;
}

constexpr const char *kMainPairs[] = {"nvfp4", "mxfp4", "fp8", "nvfp4:fp8", "mxfp4:fp8", "nvfp4:f16"};
constexpr const char *kOtherPairs[] = {"nvfp4:mxfp4", "mxfp4:nvfp4", "mxfp4:f16", "fp8:nvfp4", "fp8:mxfp4",
                                       "fp8:f16",     "f16:nvfp4",   "f16:mxfp4", "f16:fp8",   "f16"};

std::vector<PairCase> pairCases() {
  std::vector<PairCase> cases;
  for (const char *pair : kMainPairs)
    for (int64_t headDim : {64, 128})
      for (DType dtype : {DType::F16, DType::BF16})
        for (bool causal : {false, true})
          cases.push_back({pair, headDim, dtype, causal});
  for (const char *pair : kOtherPairs) {
    cases.push_back({pair, 128, DType::F16, true});
    cases.push_back({pair, 64, DType::BF16, false});
  }
  return cases;
}

} // namespace

TEST_P(LowPairs, MatchesEmulated) {
  expectEmulated(specOf(GetParam(), 0), problemOf(75, 139));
  expectEmulated(specOf(GetParam(), 0.3), problemOf(131, 205));
}
INSTANTIATE_TEST_SUITE_P(Pairs, LowPairs, testing::ValuesIn(pairCases()));

TEST(LowPairsShapes, MoreQueriesThanKeysWideBlocksAndAnyStrides) {
  for (const char *pair : kMainPairs) {
    Spec spec = specOf({pair, 64, DType::F16, true}, 0.4);
    expectEmulated(spec, problemOf(190, 65));
    spec.blockKv = 128;
    expectEmulated(spec, problemOf(70, 300));
    spec.alignment = 2;
    spec.valueDim = 128;
    spec.blockKv = 64;
    spec.stages = 3;
    Problem padded = problemOf(70, 210);
    padded.padding = 3;
    padded.tokensFirst = true;
    expectEmulated(spec, padded);
  }
}

TEST(LowPairsShapes, LargeAndSmallValues) {
  // Scales far from one: 2^-7 and 2^8 of fp8's V, mxfp4's exponents; logits stay moderate.
  for (const char *pair : kMainPairs)
    for (float spread : {8.0f, 0.01f}) {
      Problem problem = problemOf(66, 130);
      problem.spread = spread;
      expectEmulated(specOf({pair, 128, DType::BF16, true}, 0), problem);
    }
}

TEST(LowPairsPlan, UnloweredValuesAreNotPacked) {
  Result<Plan> packed = simulator().plan(specOf({"nvfp4:fp8", 128, DType::F16, true}, 0.05));
  Result<Plan> plain = simulator().plan(specOf({"nvfp4:f16", 128, DType::F16, true}, 0.05));
  ASSERT_TRUE(packed && plain);
  EXPECT_EQ(packed->launches(), 5);
  EXPECT_EQ(plain->launches(), 4) << "no kernel packs V";
  EXPECT_EQ(plain->launches(/*packed=*/true), 3);
  Extents extents{1, 1, 1, 128, 128};
  Result<PackedKV> layout = plain->packedLayout(extents), whole = packed->packedLayout(extents);
  ASSERT_TRUE(layout && whole);
  EXPECT_EQ(layout->valueElements, layout->end);
  EXPECT_EQ(layout->valueElements, whole->valueElements) << "keys lie alike";
  EXPECT_EQ(whole->end, whole->valueElements + 128 * 128 + 256) << "V's bytes and two scales, aligned";
}
