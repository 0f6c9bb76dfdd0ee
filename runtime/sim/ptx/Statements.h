//===- Statements.h - where the statements of a PTX text stand --------------===//
//
// A view of the text for tools that change it: each instruction with its place, guard, opcode parts and operands. Knows
// comments, strings, scopes and labels, and nothing of what instructions mean.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_PTX_STATEMENTS_H
#define THRIFTJIT_RUNTIME_SIM_PTX_STATEMENTS_H

#include <cstddef>
#include <string_view>
#include <vector>

namespace thrift::sim::ptx {

struct StatementOperand {
  size_t begin = 0, length = 0;
};

struct Statement {
  size_t begin = 0, length = 0;        ///< in the text, the semicolon included
  unsigned line = 0;                   ///< from 1
  std::string_view guard;              ///< "@%p1 " or "@!%p1 ", with the space behind it; empty if there is none
  std::vector<std::string_view> parts; ///< of the opcode: "mbarrier", "try_wait", "parity", ...
  std::vector<StatementOperand> operands;
  std::string_view function; ///< whose body it stands in
  bool isEntry = false;      ///< whether that is an .entry
};

/// The instructions in the bodies of all functions; directives are left out. The views point into `ptx`.
std::vector<Statement> statementsOf(std::string_view ptx);

} // namespace thrift::sim::ptx

#endif // THRIFTJIT_RUNTIME_SIM_PTX_STATEMENTS_H
