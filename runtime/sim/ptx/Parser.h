//===- Parser.h - PTX text to an abstract syntax tree -----------------------===//
//
// parse() reads what LLVM's NVPTX backend and nvcc write, and nothing else: any construct it does not know is an error
// that names line, column and text. No input makes it crash, hang or recurse deeply; time and memory are linear.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_PTX_PARSER_H
#define THRIFTJIT_RUNTIME_SIM_PTX_PARSER_H

#include "runtime/Status.h"
#include "runtime/sim/ptx/Ast.h"

#include <string>
#include <string_view>
#include <vector>

namespace thrift::sim::ptx {

/// Sizes beyond which text is rejected. Real files stay far below; hostile ones must not exhaust memory.
struct ParseLimits {
  size_t textBytes = size_t(64) << 20;
  uint32_t functions = 1u << 17;                 ///< prototypes included
  uint32_t nesting = 64;                         ///< of `{ }` blocks in a body
  uint32_t registers = 1u << 20;                 ///< per function
  uint64_t allRegisters = 1u << 26;              ///< of all functions together
  uint32_t operands = 512;                       ///< of one instruction, elements included (a tcgen05.ld .x128 has 129)
  uint32_t opcodeBytes = 512;                    ///< of an opcode with its modifiers
  uint64_t variableBytes = uint64_t(1) << 32;    ///< of one .global or .const variable
  uint64_t initializerBytes = uint64_t(1) << 28; ///< of all initialisers together
  uint32_t frameBytes = 1u << 24; ///< of a parameter block, a local frame, or the shared memory of a kernel
  uint32_t reachable = 1u << 24;  ///< functions and variables that kernels may reach, summed over kernels
};

struct ParseOptions {
  ParseLimits limits;
  /// Functions that may be called without a definition in the module, because the machine provides them.
  std::vector<std::string> builtins = {"vprintf", "__assertfail", "malloc", "free"};
};

/// Where and why parsing stopped.
struct Diagnostic {
  StatusCode code = StatusCode::Ok; ///< InvalidArgument: not PTX. Unsupported: PTX that this parser does not read
  uint32_t line = 0, column = 0;    ///< from 1
  std::string message;              ///< the sentence, without the place
  std::string text;                 ///< the line of the source, shortened
};

/// The module, or a status whose message is "line L, column C: sentence: `text of the line`".
Result<Module> parse(std::string_view text, const ParseOptions &options = {}, Diagnostic *diagnostic = nullptr);

} // namespace thrift::sim::ptx

#endif // THRIFTJIT_RUNTIME_SIM_PTX_PARSER_H
