//===- Form.h - a kernel of one instruction, its operands, its judge --------===//
//
// A form is one instruction with its modifiers, in the smallest kernel that feeds it and writes down its result. It has
// cases: an elementwise form has one in each thread, all others have one in each CTA. Inputs and output of a case lie
// one after the other in their buffers, so that a run with fewer cases gives the beginning of a run with more.
//
// The entry is called `test` and takes the address of the output, the addresses of the operands, then for elementwise
// forms the number of cases (.u32), for forms with a tensor map the map by value (.align 64 .b8[128]).
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_FORM_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_FORM_H

#include "tests/sim/hardware/Random.h"
#include "tests/sim/hardware/TensorMap.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace thrift::sim::hardware {

/// Raised when kernels or operands change, so that vectors of another generator are not compared by mistake.
constexpr uint32_t kGeneratorVersion = 1;

/// How two results are compared.
enum class Number : uint8_t {
  Bits,     ///< equal or not
  F32,      ///<
  F16,      ///<
  BF16,     ///< values of this format, see Tolerance
  F64Upper, ///< the upper word of an f64 whose lower word is zero
};

/// What the PTX ISA promises of an approximation, as a distance from the exact result. The simulator rounds correctly,
/// so the two may differ by this and half a unit in the last place. The fields add up.
struct Tolerance {
  double ulps = 0, absolute = 0, relative = 0;
};

struct Judge {
  uint32_t width = 4; ///< bytes that are compared and counted as one
  Number number = Number::Bits;
  Tolerance tolerance{};
};

/// An input buffer: `bytes` for each case.
struct Operand {
  uint32_t bytes;
  std::function<void(Random &random, uint32_t index, uint8_t *data)> fill;
};

/// What a tensor map of a form describes.
struct TensorOperand {
  TensorMap map;
  bool isOutput = false; ///< the map describes the output buffer, else a buffer of its own
  Operand data{0, {}};   ///< of the buffer of its own, filled once for all cases
};

struct Form {
  std::string family;   ///< a file of forms/
  std::string group;    ///< a line of the table of results
  std::string name;     ///< unique
  std::string ptx;      ///< a whole module
  uint32_t threads = 0; ///< of a CTA; 0: elementwise
  std::vector<Operand> operands;
  uint32_t outBytes = 4; ///< of a case
  uint32_t cases = 1;
  uint32_t storedCases = 1; ///< the first of them, whose results are kept in the repository
  Judge judge;
  std::shared_ptr<const TensorOperand> tensor;

  bool isElementwise() const { return threads == 0; }
};

/// Threads of a CTA of an elementwise form: no multiple of a power of two beyond the warp.
constexpr uint32_t kElementwiseThreads = 96;
/// What the output buffer holds before a launch.
constexpr uint8_t kUntouched = 0xA5;

struct LaunchSize {
  uint32_t grid, block;
};
inline LaunchSize launchSize(const Form &form, uint32_t cases) {
  if (form.isElementwise())
    return {(cases + kElementwiseThreads - 1) / kElementwiseThreads, kElementwiseThreads};
  return {cases, form.threads};
}

/// The input buffers of the first `cases` cases.
std::vector<std::vector<uint8_t>> makeOperands(const Form &form, uint64_t seed, uint32_t cases);
/// The buffer that the form's tensor map describes, if it is not the output.
std::vector<uint8_t> makeTensor(const Form &form, uint64_t seed);
/// Stands for kernel and operands: vectors recorded for another one mean nothing.
uint64_t fingerprint(const Form &form, uint64_t seed, uint32_t cases);

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_FORM_H
