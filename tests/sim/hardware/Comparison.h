//===- Comparison.h - do two results of a form agree? -----------------------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_COMPARISON_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_COMPARISON_H

#include "tests/sim/hardware/Vectors.h"

#include <string>
#include <vector>

namespace thrift::sim::hardware {

struct Comparison {
  uint64_t values = 0;    ///< compared: elements of judge.width bytes, or KiB where only hashes are known
  uint64_t differing = 0; ///< not the same bits
  uint64_t beyond = 0;    ///< further apart than the form allows
  double largestUlps = 0; ///< of those that differ
  std::string first;      ///< the first value beyond, in words
};

/// `output` is the simulator's for the cases of the record.
Comparison compareWithRecord(const Form &form, const Record &record, const std::vector<uint8_t> &output);

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_COMPARISON_H
