//===- GeneratorTest.cpp - the table of forms, its operands, its comparisons -===//

#include "tests/sim/hardware/Comparison.h"
#include "tests/sim/hardware/FormList.h"
#include "tests/sim/hardware/Operands.h"
#include "tests/sim/hardware/SimRun.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <set>

namespace thrift::sim::hardware {

TEST(HardwareForms, AlternativesMakeAllCombinations) {
  EXPECT_EQ(alternatives("mov"), std::vector<std::string>{"mov"});
  EXPECT_EQ(alternatives("a(x|y)b(|z)"), (std::vector<std::string>{"axb", "axbz", "ayb", "aybz"}));
}

TEST(HardwareForms, HaveNamesOfTheirOwnAndSensibleSizes) {
  std::set<std::string> names;
  for (const Form &form : allForms()) {
    EXPECT_TRUE(names.insert(form.name).second) << form.name;
    EXPECT_GT(form.outBytes, 0u) << form.name;
    EXPECT_GT(form.storedCases, 0u) << form.name;
    EXPECT_LE(form.storedCases, form.cases) << form.name;
    EXPECT_FALSE(form.family.empty() || form.group.empty()) << form.name;
  }
  EXPECT_GE(names.size(), 200u);
}

TEST(HardwareForms, FewerCasesAreTheBeginningOfMore) {
  for (const Form &form : allForms()) {
    if (form.family == "wgmma" && form.name.find("m64n8k") == std::string::npos)
      continue; // large, and made by the same code
    std::vector<std::vector<uint8_t>> few = makeOperands(form, 7, 1), more = makeOperands(form, 7, 2);
    ASSERT_EQ(few.size(), more.size());
    for (size_t i = 0; i < few.size(); ++i)
      EXPECT_TRUE(std::equal(few[i].begin(), few[i].end(), more[i].begin())) << form.name;
  }
}

TEST(HardwareForms, FingerprintsKnowSeedCasesAndKernel) {
  Form form = allForms().front();
  uint64_t original = fingerprint(form, 1, 64);
  EXPECT_EQ(fingerprint(form, 1, 64), original);
  EXPECT_NE(fingerprint(form, 2, 64), original);
  EXPECT_NE(fingerprint(form, 1, 63), original);
  form.ptx += "\n";
  EXPECT_NE(fingerprint(form, 1, 64), original);
}

TEST(HardwareOperands, ReachTheEdges) {
  Random random(1);
  std::set<uint64_t> words;
  bool nan = false, subnormal = false, infinity = false;
  for (int i = 0; i < 4000; ++i) {
    words.insert(drawInteger(32, random));
    uint32_t exponent, bits = drawFloat(random);
    exponent = bits >> 23 & 0xFF;
    nan |= exponent == 0xFF && (bits & 0x7FFFFF) != 0;
    infinity |= exponent == 0xFF && (bits & 0x7FFFFF) == 0;
    subnormal |= exponent == 0 && (bits & 0x7FFFFF) != 0;
  }
  for (uint64_t edge : {0x0ull, 0x1ull, 0x7FFFFFFFull, 0x80000000ull, 0xFFFFFFFFull})
    EXPECT_EQ(words.count(edge), 1u) << edge;
  EXPECT_TRUE(nan && subnormal && infinity);
}

TEST(HardwareOperands, ElementsAreFiniteUnlessTheyShallNotBe) {
  Random random(2);
  for (int i = 0; i < 20000; ++i) {
    Spread spread = static_cast<Spread>(i % 3);
    EXPECT_NE(drawElement(MatrixFormat::E4M3, spread, random) & 0x7F, 0x7Fu);
    EXPECT_LT(drawElement(MatrixFormat::E5M2, spread, random) & 0x7F, 0x7Cu);
    EXPECT_LT(drawElement(MatrixFormat::F16, spread, random) & 0x7FFF, 0x7C00u);
    EXPECT_LT(drawElement(MatrixFormat::BF16, spread, random) & 0x7FFF, 0x7F80u);
  }
}

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

template <typename T>
static std::vector<uint8_t> bytesOf(const std::vector<T> &values) {
  const auto *first = reinterpret_cast<const uint8_t *>(values.data());
  return {first, first + values.size() * sizeof(T)};
}
static Comparison compare(Judge judge, const std::vector<uint32_t> &gpu, const std::vector<uint32_t> &simulated) {
  Form form;
  form.outBytes = 4;
  form.judge = judge;
  Record record;
  record.cases = static_cast<uint32_t>(gpu.size());
  record.bytes = bytesOf(gpu);
  return compareWithRecord(form, record, bytesOf(simulated));
}

TEST(HardwareComparison, BitsAreEqualOrNot) {
  Comparison result = compare({}, {1, 2, 3}, {1, 2, 4});
  EXPECT_EQ(result.values, 3u);
  EXPECT_EQ(result.differing, 1u);
  EXPECT_EQ(result.beyond, 1u);
  EXPECT_NE(result.first.find("case 2"), std::string::npos) << result.first;
}

TEST(HardwareComparison, ToleranceIsInUnitsOfTheLastPlace) {
  Judge judge{4, Number::F32, {1, 0, 0}};
  EXPECT_EQ(compare(judge, {0x3F800001}, {0x3F800000}).beyond, 0u);
  EXPECT_EQ(compare(judge, {0x3F800002}, {0x3F800000}).beyond, 1u);
  EXPECT_DOUBLE_EQ(compare(judge, {0x3F800002}, {0x3F800000}).largestUlps, 2);
  // Zero and the smallest number are neighbours; one and its negative are not.
  EXPECT_EQ(compare(judge, {0x80000000}, {0x00000001}).beyond, 0u);
  EXPECT_EQ(compare(judge, {0xBF800000}, {0x3F800000}).beyond, 1u);
}

TEST(HardwareComparison, NothingIsNearANanOrAnInfinity) {
  Judge judge{4, Number::F32, {1e30, 1e30, 1e30}};
  EXPECT_EQ(compare(judge, {0x7FC00000}, {0x7FFFFFFF}).beyond, 1u);
  EXPECT_EQ(compare(judge, {0x7F800000}, {0x7F7FFFFF}).beyond, 1u);
  EXPECT_EQ(compare(judge, {0x7FFFFFFF}, {0x7FFFFFFF}).beyond, 0u);
}

TEST(HardwareComparison, HashesTellWhichKiB) {
  Form form;
  form.outBytes = 4096;
  std::vector<uint8_t> output(4096, 1);
  Record record;
  record.cases = 1;
  record.hashed = true;
  record.bytes = hashOutput(output);
  EXPECT_EQ(record.bytes.size(), 32u);
  EXPECT_EQ(compareWithRecord(form, record, output).differing, 0u);
  output[2050] = 2;
  Comparison result = compareWithRecord(form, record, output);
  EXPECT_EQ(result.beyond, 1u);
  EXPECT_NE(result.first.find("byte 2048"), std::string::npos) << result.first;
}

TEST(HardwareComparison, LengthsMatter) {
  EXPECT_GT(compare({}, {1, 2}, {1}).beyond, 0u);
  EXPECT_GT(compare({}, {1}, {1, 2}).beyond, 0u);
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

static std::string temporaryFile() { return testing::TempDir() + "hardware-vectors"; }

TEST(HardwareFile, IsReadAsItWasWritten) {
  Vectors vectors;
  vectors.seed = 5;
  vectors.device = "a GPU";
  vectors.driver = "1.2";
  vectors.records = {{"add.u32", 77, 2, false, {1, 2, 3, 4, 5, 6, 7, 8}}, {"empty", 78, 0, true, {}}};
  ASSERT_TRUE(writeVectors(temporaryFile(), vectors));
  Result<Vectors> read = readVectors(temporaryFile());
  ASSERT_TRUE(read) << read.status().message();
  EXPECT_EQ(read->seed, 5u);
  EXPECT_EQ(read->device, "a GPU");
  ASSERT_EQ(read->records.size(), 2u);
  EXPECT_EQ(read->records[0].form, "add.u32");
  EXPECT_EQ(read->records[0].fingerprint, 77u);
  EXPECT_EQ(read->records[0].bytes, vectors.records[0].bytes);
  EXPECT_TRUE(read->records[1].hashed);
}

TEST(HardwareFile, DamageIsNoticed) {
  Vectors vectors;
  vectors.device = vectors.driver = "x";
  vectors.records = {{"add.u32", 77, 2, false, {1, 2, 3, 4, 5, 6, 7, 8}}};
  ASSERT_TRUE(writeVectors(temporaryFile(), vectors));
  std::ifstream in(temporaryFile(), std::ios::binary);
  std::string whole((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (size_t length = 0; length < whole.size(); ++length) {
    std::ofstream(temporaryFile(), std::ios::binary) << whole.substr(0, length);
    EXPECT_FALSE(readVectors(temporaryFile())) << length;
  }
  std::ofstream(temporaryFile(), std::ios::binary) << whole << "x";
  EXPECT_FALSE(readVectors(temporaryFile()));
  std::remove(temporaryFile().c_str());
  EXPECT_EQ(readVectors(temporaryFile()).status().code(), StatusCode::IoError);
}

TEST(HardwareFile, CondensingKeepsTheFirstCases) {
  std::vector<Form> forms;
  for (const Form &form : allForms())
    if (form.name == "add.u32" || form.name == "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32")
      forms.push_back(form);
  ASSERT_EQ(forms.size(), 2u);
  Vectors vectors;
  for (const Form &form : forms) {
    Result<std::vector<uint8_t>> output = runInSimulator(form, 1, form.cases);
    ASSERT_TRUE(output) << output.status().message();
    vectors.records.push_back({form.name, fingerprint(form, 1, form.cases), form.cases, false, *output});
  }
  Vectors condensed = condense(vectors, forms, 1, 2048);
  ASSERT_EQ(condensed.records.size(), 2u);
  EXPECT_FALSE(condensed.records[0].hashed);
  EXPECT_TRUE(condensed.records[1].hashed);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(condensed.records[i].cases, forms[i].storedCases);
    Result<std::vector<uint8_t>> output = runInSimulator(forms[i], 1, forms[i].storedCases);
    ASSERT_TRUE(output);
    EXPECT_EQ(compareWithRecord(forms[i], condensed.records[i], *output).differing, 0u);
  }
}

} // namespace thrift::sim::hardware
