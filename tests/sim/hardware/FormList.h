//===- FormList.h - the table of forms --------------------------------------===//
//
// Builds kernels around instructions. The files of forms/ call this; `allForms` is what everybody else uses.
//
// `(a|b|c)` in a line stands for one form with each alternative; several of them for all combinations.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_HARDWARE_FORMLIST_H
#define THRIFTJIT_TESTS_SIM_HARDWARE_FORMLIST_H

#include "tests/sim/hardware/Form.h"
#include "tests/sim/hardware/Operands.h"

#include <string_view>

namespace thrift::sim::hardware {

/// "add.(rn|rz)(|.ftz).f32" gives four texts.
std::vector<std::string> alternatives(const std::string &text);

/// What a form needs beside its lines, if each CTA is a case. In the body, %out and %in are the addresses of the case,
/// %t is the thread's index.
struct CtaForm {
  std::string group, name;
  std::string body;
  std::string before; ///< module scope: shared variables
  uint32_t threads = 32;
  uint32_t outBytes = 4;
  std::vector<Operand> operands; ///< at most one: %in
  uint32_t cases = 16, storedCases = 4;
  Judge judge;
  std::shared_ptr<const TensorOperand> tensor; ///< %map is its address
};

class FormList {
public:
  /// The forms that follow belong to this family.
  void family(const std::string &name) { family_ = name; }

  /// A thread for each case: registers %d and %a, %b, %c in the widths of the kinds (8 bits in 16), and for use in
  /// between %x %y %z (32 bits), %h %g (16), %u %v (64), %p %q (predicates). The form is named after its first
  /// instruction, or `name`.
  void elementwise(const std::string &code, Kind d, const std::vector<Kind> &sources, Judge judge = {},
                   const std::string &name = "");
  void cta(const CtaForm &form);

  const std::vector<Form> &forms() const { return forms_; }

private:
  std::string family_;
  std::vector<Form> forms_;
};

void addIntegerForms(FormList &list);
void addLogicForms(FormList &list);
void addFloatForms(FormList &list);
void addHalfForms(FormList &list);
void addConvertForms(FormList &list);
void addCompareForms(FormList &list);
void addApproximateForms(FormList &list);
void addWarpForms(FormList &list);
void addMemoryForms(FormList &list);
void addAtomicForms(FormList &list);
void addMatrixForms(FormList &list);
void addMmaForms(FormList &list);
void addWgmmaForms(FormList &list);
void addTensorCopyForms(FormList &list);
void addTensorMapReplaceForms(FormList &list);
void addBulkCopyForms(FormList &list);
void addMbarrierForms(FormList &list);

/// Every form, made once.
const std::vector<Form> &allForms();

} // namespace thrift::sim::hardware

#endif // THRIFTJIT_TESTS_SIM_HARDWARE_FORMLIST_H
