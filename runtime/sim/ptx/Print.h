//===- Print.h - the tree as PTX text ----------------------------------------===//
//
// One instruction with the names of the source, for findings; or a whole module as PTX that an assembler accepts, with
// names of our own for whatever blocks may have named twice. Printing and parsing again gives the same module.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_PTX_PRINT_H
#define THRIFTJIT_RUNTIME_SIM_PTX_PRINT_H

#include "runtime/sim/ptx/Ast.h"

#include <string>

namespace thrift::sim::ptx {

/// "@!%p1 ld.global.v2.b32 {%r1, _}, [%rd2+16]". Labels are printed as instruction numbers: "bra $17".
std::string print(const Module &module, const Function &function, const Instruction &instruction);

/// Variables in their order, prototypes, then bodies. Target options, debug information and aliases
/// are left out.
std::string print(const Module &module);

} // namespace thrift::sim::ptx

#endif // THRIFTJIT_RUNTIME_SIM_PTX_PRINT_H
