//===- SmokeTest.cpp - a kernel from text to result -------------------------===//

#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

TEST(Smoke, AddsTwoVectors) {
  std::vector<float> a = floats(1000, 1), b = floats(1000, 2);
  std::vector<float> d = elementwise<float>("add.f32 %d, %a, %b;", a, b);
  ASSERT_EQ(d.size(), a.size());
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_EQ(bits(d[i]), canonicalBits(a[i] + b[i])) << i;
}

TEST(Smoke, StoresThreadIndex) {
  BodyRun run = runBody(R"(
    .reg .b64 %o;
    mul.wide.u32 %o, %t, 4;
    add.s64 %o, %o, %out;
    st.global.u32 [%o], %t;
  )", {});
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(run.out[i], i);
}

} // namespace thrift::sim::test
