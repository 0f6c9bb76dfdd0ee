//===- Snippets.h - small PTX texts around one construct ---------------------===//
//
// Wraps a body or declarations into a module, and fails the test with the parser's message where parsing should work.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_SIM_PTX_SNIPPETS_H
#define THRIFTJIT_TESTS_SIM_PTX_SNIPPETS_H

#include "runtime/sim/ptx/Parser.h"
#include "runtime/sim/ptx/Print.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace thrift::sim::ptx {

/// Three lines, so that declarations begin in line 4.
inline std::string header() { return ".version 9.0\n.target sm_90a\n.address_size 64\n"; }

/// A module of those declarations and a kernel with registers %p, %r, %rd, %f, %rs (10 of each) around `body`, which
/// begins in line 6 plus the lines of the declarations.
inline std::string kernelText(const std::string &body, const std::string &declarations = "") {
  return header() + declarations +
         ".visible .entry k(.param .u64 in, .param .align 8 .b8 box[24]) {\n"
         ".reg .pred %p<10>; .reg .b32 %r<10>; .reg .b64 %rd<10>; .reg .f32 %f<10>; .reg .b16 %rs<10>;\n" +
         body + "\n}\n";
}

inline Module parsed(const std::string &text) {
  Result<Module> module = parse(text);
  if (module)
    return std::move(*module);
  ADD_FAILURE() << module.status().message() << "\n" << text;
  return {};
}

/// The kernel of kernelText(body); `module` keeps what it refers to.
inline const Function &kernelOf(const Module &module) {
  static const Function kMissing;
  uint32_t index = module.findFunction("k");
  return index == kNone ? kMissing : module.functions[index];
}

/// The instructions of the kernel as text with the names of the source.
inline std::vector<std::string> printed(const Module &module) {
  std::vector<std::string> lines;
  const Function &kernel = kernelOf(module);
  for (const Instruction &instruction : kernel.instructions)
    lines.push_back(print(module, kernel, instruction));
  return lines;
}

} // namespace thrift::sim::ptx

#endif // THRIFTJIT_TESTS_SIM_PTX_SNIPPETS_H
