//===- Comparison.h - a buffer against what it must hold -----------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_COMPARISON_H
#define THRIFTJIT_TOOLS_PTXSIM_COMPARISON_H

#include "tools/ptx-sim/LaunchFile.h"
#include "tools/ptx-sim/TensorFiles.h"

namespace thrift::ptxsim {

struct Comparison {
  std::string buffer;
  uint64_t elements = 0, wrong = 0;
  double absolute = 0, relative = 0; ///< what was allowed
  double maxAbs = 0, relL2 = 0;      ///< NaN where a NaN or an infinity stands on one side only
  std::string firstWrong;            ///< "[1, 3] is 0.5, expected 0.25"; empty if none

  bool passed() const { return wrong == 0; }
};

/// Element by element, as numbers: |actual - expected| <= absolute + relative * |expected|. Infinities are equal to
/// themselves, NaN is equal to NaN, and to nothing else. Shapes agree.
Comparison compare(const std::string &buffer, const HostTensor &actual, const HostTensor &expected,
                   const Expectation &allowed);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_COMPARISON_H
