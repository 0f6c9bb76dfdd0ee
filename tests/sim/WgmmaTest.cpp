//===- WgmmaTest.cpp - wgmma against plain C++, bit for bit -----------------===//

#include "tests/sim/WgmmaHarness.h"

#include <algorithm>

namespace thrift::sim::test {

static const std::pair<const char *, const char *> kTypes[] = {{"f16", "f32"},  {"f16", "f16"},  {"bf16", "f32"},
                                                               {"tf32", "f32"}, {"e4m3", "f32"}, {"e5m2", "f32"},
                                                               {"e4m3", "f16"}, {"e5m2", "f16"}};

/// A place for a matrix with `size` rows or columns: any offsets at which it stays in shared memory.
static SharedMatrix randomPlace(MatrixMajor major, uint32_t size, uint32_t bytes, std::mt19937_64 &random) {
  while (true) {
    SharedMatrix matrix;
    matrix.major = major;
    matrix.swizzleBits = random() % 4;
    // Steps along K begin inside a pattern.
    matrix.start = static_cast<uint32_t>(random() % 24) * 1024 + static_cast<uint32_t>(random() % 8) * 16;
    matrix.leading = static_cast<uint32_t>(random() % 64) * 16;
    matrix.stride = static_cast<uint32_t>(random() % 64) * 16;
    if (random() % 4 == 0)
      matrix.leading = 1024;
    if (random() % 2 == 0)
      matrix.stride = 256u << matrix.swizzleBits >> 1;
    CanonicalLayout layout = canonical(major, matrix.swizzleBits, bytes, matrix.leading / bytes, matrix.stride / bytes);
    uint32_t highest = 0;
    for (uint32_t mn = 0; mn < size; ++mn)
      for (uint32_t k = 0; k < 32 / bytes; ++k)
        highest = std::max(highest, layout.byteOf(matrix.start, mn, k));
    if (highest + bytes <= kWgmmaSharedBytes)
      return matrix;
  }
}

static WgmmaCase randomCase(size_t type, std::mt19937_64 &random) {
  WgmmaCase test;
  test.typeA = test.typeB = kTypes[type].first;
  test.typeD = kTypes[type].second;
  if (test.bytesOfA() == 1 && random() % 2)
    test.typeB = test.typeA == "e4m3" ? "e5m2" : "e4m3";
  test.n = 8 * (1 + static_cast<uint32_t>(random() % 32));
  test.fragments = random() % 3 == 0;
  test.addsToD = random() % 4 != 0;
  test.scaleA = random() % 4 ? 1 : -1;
  test.scaleB = random() % 4 ? 1 : -1;
  bool transposable = test.bytesOfA() == 2;
  auto major = [&] { return transposable && random() % 2 ? MatrixMajor::MN : MatrixMajor::K; };
  test.a = randomPlace(major(), 64, test.bytesOfA(), random);
  test.b = randomPlace(major(), test.n, test.bytesOfA(), random);
  return test;
}

static void expectEqual(const WgmmaCase &test, const std::vector<uint32_t> &expected, const BodyRun &run) {
  ASSERT_TRUE(run.report.status) << run.report.status.message() << "\n" << test.instruction();
  size_t wrong = 0;
  for (size_t i = 0; i < expected.size(); ++i)
    if (expected[i] != run.out[i] && wrong++ == 0)
      ADD_FAILURE() << test.instruction() << "\nA: swizzle " << test.a.swizzleBits << " start " << test.a.start
                    << ", B: swizzle " << test.b.swizzleBits << " start " << test.b.start << "\nthread "
                    << i / test.accumulators() << " register " << i % test.accumulators() << ": expected " << std::hex
                    << expected[i] << ", got " << run.out[i];
  EXPECT_EQ(wrong, 0u);
}

TEST(Wgmma, RandomShapesTypesAndLayouts) {
  for (size_t type = 0; type < sizeof kTypes / sizeof kTypes[0]; ++type) {
    std::mt19937_64 random(100 + type);
    for (int run = 0; run < 40; ++run) {
      WgmmaCase test = randomCase(type, random);
      auto style = [&] { return run % 2 ? Style::Ordinary : static_cast<Style>(random() % kStyles); };
      WgmmaData data = randomData(test, style(), style(), random);
      BodyOptions options = wgmmaOptions(test, data);
      options.options.delivery = static_cast<Delivery>(run % 3);
      options.options.seed = static_cast<uint64_t>(run);
      expectEqual(test, expectedOf(test, data), runBody(WgmmaBody(test).text(), options));
      if (HasFailure())
        return;
    }
  }
}

TEST(Wgmma, EveryN) {
  std::mt19937_64 random(7);
  for (uint32_t n = 8; n <= 256; n += 8)
    for (bool f16 : {false, true}) {
      WgmmaCase test;
      test.n = n;
      test.typeD = f16 ? "f16" : "f32";
      test.a = {MatrixMajor::K, 3, 0, 0, 1024};
      test.b = {MatrixMajor::MN, 3, 8192, 2048, 1024};
      WgmmaData data = randomData(test, Style::Ordinary, Style::Ordinary, random);
      expectEqual(test, expectedOf(test, data), runBody(WgmmaBody(test).text(), wgmmaOptions(test, data)));
      if (HasFailure())
        return;
    }
}

/// A real tile: [n][128 bytes] with the swizzle of a tensor copy, and steps along K by adding to the start address.
TEST(Wgmma, AccumulatesAlongK) {
  for (Delivery delivery : {Delivery::Lazy, Delivery::Eager, Delivery::Random}) {
    WgmmaCase test;
    test.n = 96;
    test.a = {MatrixMajor::K, 3, 0, 0, 1024};
    test.b = {MatrixMajor::K, 3, 16384, 0, 1024};
    std::mt19937_64 random(11);
    WgmmaData data = randomData(test, Style::Ordinary, Style::Ordinary, random);
    for (uint8_t &byte : data.shared) // small numbers
      byte = random() % 2 ? 0x3C : static_cast<uint8_t>(random() % 64 + (random() % 2 ? 128 : 0));
    WgmmaBody body(test);
    std::string steps;
    std::vector<uint32_t> expected = data.accumulators;
    for (uint32_t step = 0; step < 4; ++step) {
      steps += body.multiply;
      if (step < 3)
        steps += "add.s64 %da, %da, 2; add.s64 %db, %db, 2;\n";
      if (step == 1)
        steps += body.commit;
      WgmmaCase part = test;
      part.a.start += 32 * step;
      part.b.start += 32 * step;
      WgmmaData input = data;
      input.accumulators = expected;
      expected = expectedOf(part, input);
    }
    body.multiply = steps;
    BodyOptions options = wgmmaOptions(test, data);
    options.options.delivery = delivery;
    BodyRun run = runBody(body.text(), options);
    expectEqual(test, expected, run);
    EXPECT_EQ(run.report.statistics.mmaInstructions, 4u);
    EXPECT_EQ(run.report.statistics.mmaMacs, 4u * 64 * 96 * 16);
    EXPECT_TRUE(run.report.findings.empty()) << run.report.findings.front().describe();
  }
}

/// Two warpgroups, each with its own accumulators; groups that are waited for one by one.
TEST(Wgmma, WarpgroupsAndGroups) {
  WgmmaCase test;
  test.n = 32;
  test.a = {MatrixMajor::K, 3, 0, 0, 1024};
  test.b = {MatrixMajor::K, 2, 16384, 0, 512};
  std::mt19937_64 random(13);
  WgmmaData data = randomData(test, Style::Ordinary, Style::Ordinary, random);
  WgmmaBody body(test);
  body.fill = "setp.ne.u32 %more, %g, 0; @%more bra FILLED;\n" + body.fill;
  body.declare = ".reg .b32 %e<16>, %g;\n shr.u32 %g, %t, 7; and.b32 %t, %t, 127;\n" + body.declare;
  std::string copy, sum;
  for (int i = 0; i < 16; ++i) {
    copy += "mov.b32 %e" + std::to_string(i) + ", 0;\n";
    sum += "xor.b32 %d" + std::to_string(i) + ", %d" + std::to_string(i) + ", %e" + std::to_string(i) + ";\n";
  }
  body.load += copy;
  // The first group is complete after wait_group 1: its registers may be used, those of the second not yet.
  body.wait = body.commit + "wgmma.wait_group.sync.aligned 1;\n" + "xor.b32 %d0, %d0, 0;\n" +
              "wgmma.wait_group.sync.aligned 0;\n" + sum;
  body.multiply += body.commit + test.instruction("%e");
  body.commit = "";
  // Only one warpgroup stores, picked by %ctaid.
  body.store = "mov.u32 %i, %ctaid.x; setp.ne.u32 %more, %i, %g; @%more bra END;\n" + body.store + "END:\n";
  WgmmaData zero = data;
  zero.accumulators.assign(data.accumulators.size(), 0);
  std::vector<uint32_t> expected = expectedOf(test, data), fromZero = expectedOf(test, zero);
  for (size_t i = 0; i < expected.size(); ++i)
    expected[i] ^= fromZero[i];
  for (uint64_t seed = 0; seed < 6; ++seed) {
    BodyOptions options = wgmmaOptions(test, data);
    options.threads = 256;
    options.ctas = 2;
    options.options.delivery = seed % 2 ? Delivery::Random : Delivery::Lazy;
    options.options.seed = seed;
    expectEqual(test, expected, runBody(body.text(), options));
  }
}

/// Chains on two accumulators that take turns, over several groups; each accumulator is free after its own last wait.
TEST(Wgmma, AlternatingAccumulators) {
  WgmmaCase test;
  test.n = 16;
  test.a = {MatrixMajor::K, 3, 0, 0, 1024};
  test.b = {MatrixMajor::K, 1, 16384, 0, 256};
  std::mt19937_64 random(19);
  WgmmaData data = randomData(test, Style::Ordinary, Style::Ordinary, random);
  WgmmaBody body(test);
  const std::string kOther = test.instruction("%e") + "\n", kOne = "wgmma.wait_group.sync.aligned 1;\n";
  body.declare = ".reg .b32 %e<8>;\n" + body.declare;
  std::string sum;
  for (int i = 0; i < 8; ++i) {
    std::string name = std::to_string(i);
    body.load += "mov.b32 %e" + name + ", %d" + name + ";\n";
    sum += "xor.b32 %d" + name + ", %d" + name + ", %e" + name + ";\n";
  }
  // d twice, e three times; e's last is in the last group.
  body.multiply += kOther + body.commit + body.multiply + kOther + body.commit + kOther + body.commit + kOne +
                   "mov.b32 %d3, %d3;\n" + body.wait + sum;
  body.commit = body.wait = "";
  std::vector<uint32_t> twice, thrice;
  WgmmaData step = data;
  for (int i = 0; i < 3; ++i) {
    step.accumulators = expectedOf(test, step);
    (i == 1 ? twice : thrice) = step.accumulators;
  }
  for (size_t i = 0; i < twice.size(); ++i)
    twice[i] ^= thrice[i];
  for (uint64_t seed = 0; seed < 9; ++seed) {
    BodyOptions options = wgmmaOptions(test, data);
    options.options.delivery = static_cast<Delivery>(seed % 3);
    options.options.seed = seed;
    expectEqual(test, twice, runBody(body.text(), options));
    // One group earlier d is not complete.
    std::string early = body.text();
    early.replace(early.find(kOne), kOne.size(), "wgmma.wait_group.sync.aligned 2;\n");
    Finding finding = expectError(early, Check::RegisterInFlight, options);
    EXPECT_NE(finding.text.find("mov.b32 %d3"), std::string::npos) << finding.describe();
  }
}

/// Accumulators of the same shape that overlap: performed in order, as any registers would be.
TEST(Wgmma, OverlappingAccumulators) {
  WgmmaCase test;
  test.n = 16;
  test.a = {MatrixMajor::K, 3, 0, 0, 1024};
  test.b = {MatrixMajor::K, 1, 16384, 0, 256};
  std::mt19937_64 random(23);
  WgmmaData data = randomData(test, Style::Ordinary, Style::Ordinary, random);
  WgmmaBody body(test);
  // The halves exchanged.
  std::string turned = test.instruction();
  turned.replace(turned.find('{'), turned.find('}') + 1 - turned.find('{'), "{%d4, %d5, %d6, %d7, %d0, %d1, %d2, %d3}");
  body.multiply += turned + "\n" + body.multiply;
  auto turn = [](std::vector<uint32_t> &words) {
    for (size_t i = 0; i < words.size(); i += 8)
      std::rotate(&words[i], &words[i + 4], &words[i] + 8);
  };
  WgmmaData step = data;
  step.accumulators = expectedOf(test, step);
  turn(step.accumulators);
  step.accumulators = expectedOf(test, step);
  turn(step.accumulators);
  std::vector<uint32_t> expected = expectedOf(test, step);
  for (Delivery delivery : {Delivery::Lazy, Delivery::Eager, Delivery::Random}) {
    BodyOptions options = wgmmaOptions(test, data);
    options.options.delivery = delivery;
    expectEqual(test, expected, runBody(body.text(), options));
  }
}

TEST(Wgmma, Special) {
  // Infinity times zero in one row, NaN in one column.
  WgmmaCase test;
  test.n = 16;
  test.b = {MatrixMajor::K, 0, 16384, 128, 256};
  test.a = {MatrixMajor::K, 0, 0, 128, 256};
  std::mt19937_64 random(17);
  for (Style style : {Style::AnyCode, Style::OneSpecial, Style::Small, Style::Large, Style::Sparse}) {
    WgmmaData data = randomData(test, style, style, random);
    expectEqual(test, expectedOf(test, data), runBody(WgmmaBody(test).text(), wgmmaOptions(test, data)));
  }
}

/// What a sum looks like when nothing is computed twice: ones times ones.
TEST(Wgmma, CountsK) {
  WgmmaCase test;
  test.n = 8;
  test.addsToD = false;
  test.b = {MatrixMajor::K, 0, 16384, 128, 256};
  std::mt19937_64 random(1);
  WgmmaData data = randomData(test, Style::Ordinary, Style::Ordinary, random);
  for (size_t i = 0; i < data.shared.size(); ++i)
    data.shared[i] = i % 2 ? 0x3C : 0;
  BodyRun run = runBody(WgmmaBody(test).text(), wgmmaOptions(test, data));
  ASSERT_TRUE(run.report.status) << run.report.status.message();
  for (uint32_t word : run.out)
    ASSERT_EQ(f32(word), 16.0f);
}

} // namespace thrift::sim::test
