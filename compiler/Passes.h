//===- Passes.h - constructors and options of the passes --------------------===//

#ifndef THRIFTJIT_COMPILER_PASSES_H
#define THRIFTJIT_COMPILER_PASSES_H

#include "dialect/ThriftDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace thrift {

#define GEN_PASS_DECL
#include "compiler/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Passes.h.inc"

} // namespace thrift

#endif // THRIFTJIT_COMPILER_PASSES_H
