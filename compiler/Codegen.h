//===- Codegen.h - LLVM IR to PTX -------------------------------------------===//

#ifndef THRIFTJIT_COMPILER_CODEGEN_H
#define THRIFTJIT_COMPILER_CODEGEN_H

#include "compiler/targets/Target.h"

#include "llvm/Support/Error.h"

#include <memory>

namespace llvm {
class Module;
}

namespace thrift {

/// Sets triple and data layout, and runs the optimisation pipeline.
llvm::Error optimize(llvm::Module &module, const Target &target);
/// PTX of an optimised module, at the lowest version that knows the chip.
llvm::Expected<std::string> emitPtx(llvm::Module &module, const Target &target);

} // namespace thrift

#endif // THRIFTJIT_COMPILER_CODEGEN_H
