//===- ExactTest.cpp - float64 attention ------------------------------------------------------===//

#include "runtime/reference/Exact.h"
#include "tests/numerics/reference/AttentionCase.h"

#include <cmath>
#include <limits>

using namespace thrift;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Two float64 evaluations in different orders, of a few thousand terms.
static constexpr double kTight = 1e-12;

//===- By hand ----------------------------------------------------------------------------------===//

TEST(Exact, TwoKeysByHand) {
  AttentionShape shape;
  shape.qLen = 1;
  shape.kvLen = 2;
  shape.headDim = 1;
  shape.valueDim = 2;
  AttentionCase problem = makeCase(shape, DType::F32);
  problem.q.set(0, 0, 0, 0, 1);
  problem.k.set(0, 0, 0, 0, 2).set(0, 0, 1, 0, 0);
  problem.v.set(0, 0, 0, 0, 1).set(0, 0, 0, 1, -3).set(0, 0, 1, 0, 5).set(0, 0, 1, 1, 1);
  Result<AttentionOutput> out = exact(problem.inputs(), problem.shape, {1, true});
  THRIFT_ASSERT_OK(out);
  double p = std::exp(2) / (std::exp(2) + 1); // of the first key
  expectNear(out->o, {p * 1 + (1 - p) * 5, p * -3 + (1 - p) * 1}, kTight);
  expectNear(out->weight, {p * 1 + (1 - p) * 5, p * 3 + (1 - p) * 1}, kTight);
  expectNear(out->lse, {std::log(std::exp(2) + 1)}, kTight);
}

TEST(Exact, EqualScoresGiveTheMeanOfTheVisibleValues) {
  AttentionShape shape;
  shape.qLen = shape.kvLen = 100;
  shape.headDim = shape.valueDim = 16;
  shape.causal = true;
  AttentionCase problem = makeCase(shape);
  problem.k.fill(0);
  Result<AttentionOutput> out = exact(problem.inputs(), problem.shape);
  THRIFT_ASSERT_OK(out);
  for (int64_t d = 0; d < 16; ++d) {
    double sum = 0;
    for (int64_t i = 0; i < 100; ++i) {
      sum += problem.v.at(0, 0, i, d);
      EXPECT_NEAR(out->o[i * 16 + d], sum / static_cast<double>(i + 1), kTight);
    }
  }
  EXPECT_NEAR(out->lse[99], std::log(100.0), kTight);
}

TEST(Exact, LargeLogitsDoNotOverflow) {
  AttentionShape shape;
  shape.qLen = 1;
  shape.kvLen = 3;
  shape.headDim = shape.valueDim = 1;
  AttentionCase problem = makeCase(shape);
  problem.q.fill(60000);
  problem.k.set(0, 0, 0, 0, 60000).set(0, 0, 1, 0, -60000).set(0, 0, 2, 0, 60000);
  problem.v.set(0, 0, 0, 0, 1).set(0, 0, 1, 0, 100).set(0, 0, 2, 0, 3);
  Result<AttentionOutput> out = exact(problem.inputs(), problem.shape);
  THRIFT_ASSERT_OK(out);
  double logit = static_cast<double>(problem.q.at(0, 0, 0, 0)) * problem.k.at(0, 0, 0, 0);
  EXPECT_EQ(out->o[0], 2);
  EXPECT_NEAR(out->lse[0], logit + std::log(2), 1e-6);
}

//===- Against the definition -------------------------------------------------------------------===//

struct ExactCase {
  const char *label;
  AttentionShape shape;
  DType dtype = DType::F16;
  Layout layout = Layout::HeadsFirst;
};

static AttentionShape shapeOf(int64_t batch, int64_t qHeads, int64_t kvHeads, int64_t qLen, int64_t kvLen,
                              int64_t headDim, int64_t valueDim, bool causal, int64_t window = 0, double softcap = 0) {
  AttentionShape shape{batch, qHeads, kvHeads, qLen, kvLen, headDim, valueDim, causal};
  shape.window = window;
  shape.softcap = softcap;
  return shape;
}

class ExactDefinition : public testing::TestWithParam<ExactCase> {};

TEST_P(ExactDefinition, MatchesTheDoubleLoop) {
  AttentionCase problem = makeCase(GetParam().shape, GetParam().dtype, GetParam().layout);
  Result<AttentionOutput> out = exact(problem.inputs(), problem.shape, {0, true});
  THRIFT_ASSERT_OK(out);
  AttentionOutput expected = naiveAttention(problem);
  expectNear(out->o, expected.o, kTight);
  expectNear(out->weight, expected.weight, kTight);
  expectNear(out->lse, expected.lse, kTight);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ExactDefinition,
    testing::Values(ExactCase{"Full", shapeOf(1, 1, 1, 70, 130, 64, 64, false)},
                    ExactCase{"Causal", shapeOf(1, 2, 2, 130, 130, 64, 64, true)},
                    ExactCase{"CausalMoreKeys", shapeOf(1, 1, 1, 33, 129, 32, 48, true)},
                    ExactCase{"CausalMoreQueries", shapeOf(1, 1, 1, 129, 33, 32, 48, true)},
                    ExactCase{"OneQuery", shapeOf(1, 1, 1, 1, 65, 128, 128, true)},
                    ExactCase{"OneKey", shapeOf(1, 1, 1, 65, 1, 128, 128, false)},
                    ExactCase{"OneEach", shapeOf(1, 1, 1, 1, 1, 8, 8, true)},
                    ExactCase{"GroupOf2", shapeOf(2, 4, 2, 40, 70, 16, 16, true)},
                    ExactCase{"GroupOf8Batch3", shapeOf(3, 8, 1, 17, 31, 16, 16, true)},
                    ExactCase{"Bf16", shapeOf(1, 2, 1, 40, 70, 16, 16, true), DType::BF16},
                    ExactCase{"F32", shapeOf(1, 2, 1, 40, 70, 16, 16, true), DType::F32},
                    ExactCase{"TokensFirst", shapeOf(3, 4, 2, 40, 70, 16, 24, true), DType::F16, Layout::TokensFirst},
                    ExactCase{"OddDims", shapeOf(1, 1, 1, 20, 20, 13, 7, true)},
                    ExactCase{"Window", shapeOf(1, 1, 1, 150, 150, 16, 16, true, 20)},
                    ExactCase{"WindowOf1", shapeOf(1, 1, 1, 70, 70, 16, 16, true, 1)},
                    ExactCase{"WindowMoreKeys", shapeOf(1, 1, 1, 50, 200, 16, 16, true, 70)},
                    ExactCase{"WindowMoreQueries", shapeOf(1, 1, 1, 200, 50, 16, 16, true, 30)},
                    ExactCase{"WindowNotCausal", shapeOf(1, 1, 1, 100, 100, 16, 16, false, 10)},
                    ExactCase{"SoftCap", shapeOf(1, 2, 1, 40, 70, 64, 16, true, 0, 1.5)},
                    ExactCase{"SoftCapAndWindow", shapeOf(1, 2, 1, 90, 110, 64, 16, true, 33, 30)}),
    [](const auto &info) { return info.param.label; });

TEST(Exact, LayoutsAndThreadCountsAgreeBitForBit) {
  AttentionShape shape = shapeOf(2, 4, 2, 100, 150, 32, 32, true);
  AttentionCase heads = makeCase(shape, DType::F16, Layout::HeadsFirst);
  AttentionCase tokens = makeCase(shape, DType::F16, Layout::TokensFirst);
  Result<AttentionOutput> a = exact(heads.inputs(), heads.shape, {1, false});
  Result<AttentionOutput> b = exact(tokens.inputs(), tokens.shape, {5, false});
  THRIFT_ASSERT_OK(a);
  THRIFT_ASSERT_OK(b);
  EXPECT_EQ(a->o, b->o);
  EXPECT_EQ(a->lse, b->lse);
  EXPECT_TRUE(a->weight.empty());
}

TEST(Exact, RepeatedHeadsReadTheSameMemory) {
  AttentionShape shape = shapeOf(1, 2, 2, 30, 40, 16, 16, false);
  AttentionCase problem = makeCase(shape);
  AttentionInputs inputs = problem.inputs();
  inputs.k.stride[1] = inputs.v.stride[1] = 0;
  AttentionCase single = makeCase(shapeOf(1, 2, 1, 30, 40, 16, 16, false));
  for (int64_t j = 0; j < 40; ++j)
    for (int64_t d = 0; d < 16; ++d) {
      single.k.set(0, 0, j, d, problem.k.at(0, 0, j, d));
      single.v.set(0, 0, j, d, problem.v.at(0, 0, j, d));
    }
  Result<AttentionOutput> repeated = exact(inputs, problem.shape);
  Result<AttentionOutput> grouped = exact({inputs.q, single.k.view(), single.v.view()}, single.shape);
  THRIFT_ASSERT_OK(repeated);
  THRIFT_ASSERT_OK(grouped);
  EXPECT_EQ(repeated->o, grouped->o);
}

//===- Empty things -----------------------------------------------------------------------------===//

TEST(Exact, RowsThatSeeNoKeyAreZeroWithLseMinusInfinity) {
  AttentionCase problem = makeCase(shapeOf(1, 1, 1, 100, 30, 16, 16, true)); // the first 70 rows
  Result<AttentionOutput> out = exact(problem.inputs(), problem.shape, {0, true});
  THRIFT_ASSERT_OK(out);
  for (int64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(out->lse[i] == -kInfinity, i < 70) << i;
    for (int64_t d = 0; d < 16; ++d) {
      EXPECT_EQ(out->o[i * 16 + d] == 0, i < 70) << i;
      EXPECT_EQ(out->weight[i * 16 + d] == 0, i < 70) << i;
    }
  }
}

TEST(Exact, NoKeysAtAll) {
  AttentionCase problem = makeCase(shapeOf(1, 1, 1, 3, 0, 16, 16, false));
  Result<AttentionOutput> out = exact(problem.inputs(), problem.shape);
  THRIFT_ASSERT_OK(out);
  EXPECT_EQ(out->o, std::vector<double>(48, 0.0));
  EXPECT_EQ(out->lse, std::vector<double>(3, -kInfinity));
}

TEST(Exact, NoQueries) {
  AttentionCase problem = makeCase(shapeOf(1, 1, 1, 0, 10, 16, 16, true));
  Result<AttentionOutput> out = exact(problem.inputs(), problem.shape);
  THRIFT_ASSERT_OK(out);
  EXPECT_TRUE(out->o.empty());
  EXPECT_TRUE(out->lse.empty());
}

//===- Bad input --------------------------------------------------------------------------------===//

TEST(Exact, BadInputIsNamed) {
  AttentionCase good = makeCase(shapeOf(1, 4, 2, 8, 8, 16, 16, true));
  auto fieldOf = [&](auto spoil) {
    AttentionInputs inputs = good.inputs();
    AttentionShape shape = good.shape;
    spoil(inputs, shape);
    Status status = exact(inputs, shape).status();
    EXPECT_EQ(status.isOk(), status.allowed().empty());
    return status.field();
  };
  using Inputs = AttentionInputs &;
  using Shape = AttentionShape &;
  EXPECT_EQ(fieldOf([](Inputs, Shape) {}), "");
  EXPECT_EQ(fieldOf([](Inputs, Shape s) { s.kvHeads = 3; }), "q_heads");
  EXPECT_EQ(fieldOf([](Inputs, Shape s) { s.kvHeads = 0; }), "kv_heads");
  EXPECT_EQ(fieldOf([](Inputs, Shape s) { s.qLen = -1; }), "q_len");
  EXPECT_EQ(fieldOf([](Inputs, Shape s) { s.qLen = 9; }), "q.shape[2]");
  EXPECT_EQ(fieldOf([](Inputs, Shape s) { s.valueDim = 8; }), "v.shape[3]");
  EXPECT_EQ(fieldOf([](Inputs, Shape s) { s.scale = 0; }), "scale");
  EXPECT_EQ(fieldOf([](Inputs, Shape s) { s.scale = kInfinity; }), "scale");
  EXPECT_EQ(fieldOf([](Inputs, Shape s) { s.softcap = -1; }), "softcap");
  EXPECT_EQ(fieldOf([](Inputs, Shape s) { s.window = -1; }), "window");
  EXPECT_EQ(fieldOf([](Inputs i, Shape) { i.k.data = nullptr; }), "k.data");
  EXPECT_EQ(fieldOf([](Inputs i, Shape) { i.k.dtype = DType::BF16; }), "k.dtype");
  EXPECT_EQ(fieldOf([](Inputs i, Shape) { i.q.dtype = DType::U8; }), "q.dtype");
  EXPECT_EQ(fieldOf([](Inputs i, Shape) { i.v.rank = 3; }), "v.rank");
  EXPECT_EQ(fieldOf([](Inputs i, Shape) { i.v.stride[3] = 2; }), "v.stride[3]");
}

TEST(AttentionShape, IsReadOffTheViews) {
  AttentionCase problem = makeCase(shapeOf(2, 6, 3, 5, 7, 64, 32, false));
  AttentionInputs inputs = problem.inputs();
  Result<AttentionShape> shape = AttentionShape::fromViews(inputs.q, inputs.k, inputs.v);
  THRIFT_ASSERT_OK(shape);
  EXPECT_EQ(*shape, problem.shape);
  EXPECT_EQ(shape->scale, 0.125);
  EXPECT_EQ(AttentionShape::fromViews(inputs.q, inputs.v, inputs.v).status().field(), "k.shape[3]");
  inputs.k.rank = 2;
  EXPECT_EQ(AttentionShape::fromViews(inputs.q, inputs.k, inputs.v).status().field(), "k.rank");
  // More heads of K than of Q.
  EXPECT_EQ(AttentionShape::fromViews(problem.k.view(), problem.q.view(), problem.q.view()).status().field(),
            "q_heads");
}
