//===- Rules.h - which specs a target can build -----------------------------===//
//
// The table is asked before any IR exists, so that no input reaches a fatal error of the code generator, and so that a
// refusal names every rule that fails. Pure C++.

#ifndef THRIFTJIT_COMPILER_RULES_H
#define THRIFTJIT_COMPILER_RULES_H

#include "compiler/KernelSpec.h"
#include "compiler/targets/Target.h"

#include <string>
#include <vector>

namespace thrift {

/// One rule that a spec breaks: the field, the value seen, the values allowed.
struct Violation {
  std::string field, value, allowed;
  std::string message() const { return field + " is " + value + "; allowed: " + allowed; }
};

/// Every rule that fails, in the table's order; empty if the spec can be built.
std::vector<Violation> checkRules(const KernelSpec &spec, const KernelConfig &config, const Target &target);

/// The first one that the table allows: what a plan takes where none is asked for.
int64_t defaultGranule(const Target &target);

} // namespace thrift

#endif // THRIFTJIT_COMPILER_RULES_H
