//===- Results.cpp - all forms of a file of vectors, in the simulator -------===//

#include "tests/sim/hardware/Results.h"

#include "tests/sim/hardware/SimRun.h"

#include <cmath>
#include <cstdio>
#include <map>

namespace thrift::sim::hardware {

FormResult checkRecord(const Form &form, const Record &record, uint64_t seed) {
  FormResult result;
  result.form = &form;
  result.cases = record.cases;
  if (fingerprint(form, seed, record.cases) != record.fingerprint) {
    result.status =
        Status(StatusCode::InvalidArgument,
               "the vectors of " + form.name + " are of another kernel or other operands; record them again");
    return result;
  }
  Result<std::vector<uint8_t>> output = runInSimulator(form, seed, record.cases);
  if (output)
    result.comparison = compareWithRecord(form, record, *output);
  else
    result.status = output.status();
  return result;
}

namespace {
struct Line {
  std::string family;
  uint64_t forms = 0, cases = 0, values = 0, differing = 0, beyond = 0, missing = 0;
  double largestUlps = 0;

  void add(const FormResult &result) {
    ++forms;
    cases += result.cases;
    values += result.comparison.values;
    differing += result.comparison.differing;
    beyond += result.comparison.beyond;
    missing += !result.status;
    largestUlps = std::max(largestUlps, result.comparison.largestUlps);
  }
};

std::string ulps(double value) {
  if (value == 0)
    return "";
  if (std::isinf(value))
    return "not comparable";
  char text[32];
  std::snprintf(text, sizeof text, value < 10 ? "%.1f" : "%.0f", value);
  return text;
}
} // namespace

void writeTable(std::ostream &out, const Vectors &vectors, const std::vector<FormResult> &results) {
  std::vector<std::string> order;
  std::map<std::string, Line> lines;
  Line total;
  for (const FormResult &result : results) {
    std::string key = result.form->family + " | " + result.form->group;
    if (lines.find(key) == lines.end())
      order.push_back(key);
    lines[key].add(result);
    total.add(result);
  }
  out << vectors.device << ", driver " << vectors.driver << ", seed " << vectors.seed << ", generator "
      << vectors.generator << "\n\n"
      << "| family | instructions | forms | cases | values | not bit-equal | largest distance, ulp | beyond the bound "
         "| not run |\n"
      << "|---|---|---|---|---|---|---|---|---|\n";
  auto write = [&](const std::string &key, const Line &line) {
    out << "| " << key << " | " << line.forms << " | " << line.cases << " | " << line.values << " | " << line.differing
        << " | " << ulps(line.largestUlps) << " | " << line.beyond << " | " << line.missing << " |\n";
  };
  for (const std::string &key : order)
    write(key, lines[key]);
  write("all | ", total);
}

} // namespace thrift::sim::hardware
