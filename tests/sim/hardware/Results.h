//===- Results.h - all forms of a file of vectors, in the simulator ---------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_RESULTS_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_RESULTS_H

#include "tests/sim/hardware/Comparison.h"

#include <ostream>

namespace thrift::sim::hardware {

struct FormResult {
  const Form *form = nullptr;
  uint32_t cases = 0;
  Status status; ///< of the simulator; Unsupported where it lacks the instruction
  Comparison comparison;

  bool agrees() const { return status && comparison.beyond == 0; }
};

/// Runs in the simulator what the record holds. InvalidArgument when it was made by another kernel or other operands.
FormResult checkRecord(const Form &form, const Record &record, uint64_t seed);

/// A table in Markdown: one line for each group of forms.
void writeTable(std::ostream &out, const Vectors &vectors, const std::vector<FormResult> &results);

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_RESULTS_H
