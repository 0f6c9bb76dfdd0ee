//===- Registration.h - the dialects and passes of the compiler -------------===//

#ifndef THRIFTJIT_COMPILER_REGISTRATION_H
#define THRIFTJIT_COMPILER_REGISTRATION_H

namespace mlir {
class DialectRegistry;
}

namespace thrift {

/// Every dialect that may stand in a module at some stage, with its translation to LLVM IR.
void registerThriftDialects(mlir::DialectRegistry &registry);

/// The passes by name, for thrift-opt and for reproducers. Process-wide: call it from a tool's main.
void registerCompilerPasses();

} // namespace thrift

#endif // THRIFTJIT_COMPILER_REGISTRATION_H
