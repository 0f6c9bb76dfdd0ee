//===- HardwareTest.cpp - the simulator against what an H100 answered -------===//
//
// Makes kernels and operands of all forms anew, runs them in the simulator and compares with the stored vectors.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/hardware/FormList.h"
#include "tests/sim/hardware/Results.h"
#include "tests/sim/hardware/SimRun.h"

#include "tests/Repetition.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace thrift::sim::hardware {

namespace {

const Vectors &storedVectors() {
  static const Vectors vectors = [] {
    Result<Vectors> read = readVectors(THRIFTJIT_TEST_DATA "/sim/hardware/h100.vectors");
    EXPECT_TRUE(read) << read.status().message();
    return read ? *read : Vectors();
  }();
  return vectors;
}

std::vector<std::string> families() {
  std::vector<std::string> names;
  for (const Form &form : allForms())
    if (names.empty() || names.back() != form.family)
      names.push_back(form.family);
  return names;
}

std::map<std::string, const Record *> recordsByName() {
  std::map<std::string, const Record *> records;
  for (const Record &record : storedVectors().records)
    records[record.form] = &record;
  return records;
}

class Hardware : public testing::TestWithParam<std::string> {};

TEST_P(Hardware, AgreesWithTheSimulator) {
  const Vectors &vectors = storedVectors();
  std::map<std::string, const Record *> records = recordsByName();
  size_t checked = 0;
  for (const Form &form : allForms()) {
    if (form.family != GetParam())
      continue;
    auto record = records.find(form.name);
    ASSERT_NE(record, records.end()) << form.name << " was never run on a GPU";
    FormResult result = checkRecord(form, *record->second, vectors.seed);
    EXPECT_TRUE(result.status) << form.name << ": " << result.status.message();
    EXPECT_NE(result.comparison.values, 0u) << form.name;
    EXPECT_EQ(result.comparison.beyond, 0u) << form.name << ": " << result.comparison.beyond << " of "
                                            << result.comparison.values << " values; " << result.comparison.first;
    ++checked;
  }
  EXPECT_GT(checked, 0u);
}

std::string nameOfCase(const testing::TestParamInfo<std::string> &info) {
  std::string name = info.param;
  for (char &c : name)
    c = c == ' ' ? '_' : c;
  return name;
}
INSTANTIATE_TEST_SUITE_P(Families, Hardware, testing::ValuesIn(families()), nameOfCase);

} // namespace

/// A kernel that a GPU runs as it should has no races, and its result does not depend on when operations are performed.
TEST(HardwareDelivery, ChangesNothingAndTheCheckerIsContent) {
  static const std::set<std::string> kFamilies = {"memory",     "bulk copy", "tensor copy",
                                                  "tensor map", "mbarrier",  "wgmma"};
  const Vectors &vectors = storedVectors();
  std::map<std::string, const Record *> records = recordsByName();
  size_t number = 0, checked = 0;
  for (const Form &form : allForms()) {
    if (kFamilies.count(form.family) == 0 || records.count(form.name) == 0 || ++number % repetitions(3, 30) != 0)
      continue;
    for (Delivery delivery : {Delivery::Eager, Delivery::Lazy, Delivery::Random}) {
      Options options;
      options.delivery = delivery;
      options.checkRaces = true;
      options.seed = number;
      std::vector<Finding> findings;
      const Record &record = *records[form.name];
      Result<std::vector<uint8_t>> output = runInSimulator(form, vectors.seed, record.cases, options, &findings);
      ASSERT_TRUE(output) << form.name << ": " << output.status().message();
      EXPECT_EQ(compareWithRecord(form, record, *output).differing, 0u) << form.name;
      EXPECT_TRUE(findings.empty()) << form.name << ": " << findings.front().describe();
    }
    ++checked;
  }
  EXPECT_GT(checked, 20u);
}

TEST(HardwareVectors, HoldNothingElse) {
  std::map<std::string, const Form *> forms;
  for (const Form &form : allForms())
    forms[form.name] = &form;
  const Vectors &vectors = storedVectors();
  EXPECT_EQ(vectors.generator, kGeneratorVersion);
  EXPECT_FALSE(vectors.device.empty());
  EXPECT_FALSE(vectors.driver.empty());
  EXPECT_EQ(vectors.records.size(), forms.size());
  for (const Record &record : vectors.records)
    EXPECT_EQ(forms.count(record.form), 1u) << record.form;
}

} // namespace thrift::sim::hardware
