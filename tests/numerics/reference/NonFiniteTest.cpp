//===- NonFiniteTest.cpp - where infinities and NaN go ----------------------------------------===//

#include "runtime/reference/BoundCheck.h"
#include "runtime/reference/Emulated.h"
#include "runtime/reference/Exact.h"
#include "runtime/reference/NonFiniteRows.h"
#include "runtime/reference/Router.h"
#include "tests/numerics/reference/AttentionCase.h"

#include <cmath>
#include <limits>

using namespace thrift;

static constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
static constexpr float kInf = std::numeric_limits<float>::infinity();
static constexpr RoutingBlock kBlock{32, 64};

static AttentionCase causalCase(double softcap = 0) {
  AttentionShape shape;
  shape.qHeads = 2;
  shape.qLen = 100;
  shape.kvLen = 150;
  shape.headDim = shape.valueDim = 32;
  shape.causal = true;
  shape.softcap = softcap;
  return makeCase(shape);
}

TEST(ClassifyRows, AKeySpoilsTheRowsThatSeeItAndItsTile) {
  AttentionCase problem = causalCase();
  problem.k.set(0, 0, 70, 3, kNan); // visible from row 20 on, in block 1, which query block 0 sees from row 14 on
  Result<std::vector<RowState>> states = classifyRows(problem.inputs(), problem.shape, kBlock);
  THRIFT_ASSERT_OK(states);
  ASSERT_EQ(states->size(), 200u);
  for (int64_t row = 0; row < 100; ++row)
    for (int64_t head = 0; head < 2; ++head)
      EXPECT_EQ((*states)[head * 100 + row], row < 20 ? RowState::Either : RowState::NonFinite) << row;
}

TEST(ClassifyRows, AQuerySpoilsItsRowAndMaySpoilItsBlock) {
  AttentionCase problem = causalCase();
  problem.q.set(0, 1, 40, 0, kInf);
  Result<std::vector<RowState>> states = classifyRows(problem.inputs(), problem.shape, kBlock);
  THRIFT_ASSERT_OK(states);
  for (int64_t row = 0; row < 100; ++row) {
    EXPECT_EQ((*states)[row], RowState::Finite);
    RowState expected = row == 40 ? RowState::NonFinite : row / 32 == 1 ? RowState::Either : RowState::Finite;
    EXPECT_EQ((*states)[100 + row], expected) << row;
  }
}

TEST(ClassifyRows, RowsThatSeeNothingAreFinite) {
  AttentionShape shape;
  shape.qLen = 64;
  shape.kvLen = 16;
  shape.headDim = shape.valueDim = 16;
  shape.causal = true;
  AttentionCase problem = makeCase(shape);
  problem.q.set(0, 0, 5, 0, kNan);
  problem.v.set(0, 0, 15, 0, kNan); // only the last row sees it
  Result<std::vector<RowState>> states = classifyRows(problem.inputs(), problem.shape, RoutingBlock{16, 16});
  THRIFT_ASSERT_OK(states);
  EXPECT_EQ((*states)[20], RowState::Finite);
  EXPECT_EQ((*states)[63], RowState::NonFinite);
  EXPECT_EQ((*states)[62], RowState::Either);
  EXPECT_EQ((*states)[5], RowState::Either); // shares a block with itself; its output is 0
}

namespace {

struct Spoiler {
  const char *label;
  void (*spoil)(AttentionCase &);
  double softcap = 0;
};

class NonFinite : public testing::TestWithParam<Spoiler> {};

/// Every row is what its state says.
void expectStates(const AttentionOutput &out, const AttentionShape &shape, const std::vector<RowState> &states) {
  for (size_t row = 0; row < states.size(); ++row) {
    bool finite = true;
    for (int64_t d = 0; d < shape.valueDim; ++d)
      finite &= std::isfinite(out.o[row * static_cast<size_t>(shape.valueDim) + d]);
    if (states[row] != RowState::Either) {
      EXPECT_EQ(finite, states[row] == RowState::Finite) << "row " << row;
    }
  }
}

} // namespace

TEST_P(NonFinite, SpoilsTheRowsThatSeeItAndNoOthers) {
  AttentionCase problem = causalCase(GetParam().softcap);
  GetParam().spoil(problem);
  Result<std::vector<RowState>> states = classifyRows(problem.inputs(), problem.shape, kBlock);
  THRIFT_ASSERT_OK(states);

  Result<AttentionOutput> reference = exact(problem.inputs(), problem.shape);
  THRIFT_ASSERT_OK(reference);
  expectStates(*reference, problem.shape, *states);
  for (size_t row = 0; row < states->size(); ++row)
    if ((*states)[row] == RowState::Either) { // plain attention has no tiles to share
      EXPECT_TRUE(std::isfinite(reference->o[row * 32])) << row;
    }

  for (const char *low : {"nvfp4", "mxfp4", "fp8", "f16"})
    for (PFormat p : {PFormat::F16, PFormat::Nvfp4}) {
      EmulationPlan plan = *EmulationPlan::portable(*LowPair::parse(low), DType::F16, kBlock);
      plan.lowP = EmulationPlan::pRule(p);
      for (int64_t topK : {0, 1, 100}) {
        RouteBudget budget;
        budget.topK = topK;
        Result<Routes> routes = routeByBlockMean(problem.inputs(), problem.shape, kBlock, budget);
        THRIFT_ASSERT_OK(routes);
        Result<AttentionOutput> out = emulated(problem.inputs(), problem.shape, *routes, plan, {0, true});
        THRIFT_ASSERT_OK(out);
        expectStates(*out, problem.shape, *states);
        BoundOptions options;
        options.states = &*states;
        EXPECT_TRUE(checkOutput(out->o, *out, problem.shape, options)->passed);
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Inputs, NonFinite,
                         testing::Values(Spoiler{"NanInK", [](AttentionCase &c) { c.k.set(0, 0, 120, 3, kNan); }},
                                         Spoiler{"InfInK", [](AttentionCase &c) { c.k.set(0, 0, 120, 3, kInf); }},
                                         Spoiler{"MinusInfInK", [](AttentionCase &c) { c.k.set(0, 0, 70, 3, -kInf); }},
                                         Spoiler{"InfInFirstKey", [](AttentionCase &c) { c.k.set(0, 0, 0, 0, kInf); }},
                                         Spoiler{"InfInKUnderSoftCap",
                                                 [](AttentionCase &c) { c.k.set(0, 0, 70, 3, kInf); }, 2.0},
                                         Spoiler{"NanInV", [](AttentionCase &c) { c.v.set(0, 0, 120, 3, kNan); }},
                                         Spoiler{"InfInV", [](AttentionCase &c) { c.v.set(0, 0, 90, 31, -kInf); }},
                                         Spoiler{"NanInQ", [](AttentionCase &c) { c.q.set(0, 1, 33, 7, kNan); }},
                                         Spoiler{"InfInQ", [](AttentionCase &c) { c.q.set(0, 0, 99, 7, kInf); }},
                                         Spoiler{"Several",
                                                 [](AttentionCase &c) {
                                                   c.q.set(0, 0, 5, 7, -kInf);
                                                   c.k.set(0, 0, 140, 0, kNan);
                                                   c.v.set(0, 0, 141, 0, kInf);
                                                 }}),
                         [](const auto &info) { return info.param.label; });
