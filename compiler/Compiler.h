//===- Compiler.h - compiles one template for one spec ----------------------===//
//
//   Compiler compiler;
//   auto module = compiler.compile({text, spec, config, target});
//   module->text is PTX, module->kernels says how to launch each entry.
//
// Any stage can be the goal, and the text of any MLIR stage the start. Thread-safe: compilations share nothing.

#ifndef THRIFTJIT_COMPILER_COMPILER_H
#define THRIFTJIT_COMPILER_COMPILER_H

#include "compiler/KernelSpec.h"
#include "compiler/Stages.h"
#include "compiler/targets/Target.h"

#include "llvm/Support/Error.h"

#include <map>

namespace thrift {

/// A ring of mbarriers in a kernel's shared memory, 8 bytes each.
struct MBarrierInfo {
  std::string name;   ///< as the schedule calls it: "k_full"
  int64_t offset = 0; ///< of the first one, in bytes
  int64_t stages = 0;
};

/// How to launch one entry of a compiled module.
struct KernelInfo {
  std::string name;
  std::vector<std::string> abi;       ///< launch arguments in order: dimensions (i32), then what each argument spells
  std::vector<std::string> grid;      ///< dimensions that span the grid; the last one is x
  int64_t threads = 0;                ///< per CTA, along x
  int64_t sharedBytes = 0;            ///< dynamic shared memory
  std::vector<MBarrierInfo> barriers; ///< by which a watchdog's records are read
};

struct CompiledModule {
  std::string text;                                         ///< at the stage asked for
  std::vector<KernelInfo> kernels;                          ///< from stage nvvm on
  std::vector<std::pair<std::string, double>> milliseconds; ///< per stage
};

struct CompileRequest {
  std::string_view source; ///< a template, or a later stage's text
  KernelSpec spec;
  KernelConfig config;
  const Target *target = nullptr;
  Stage from = Stage::Template; ///< what `source` is: up to nvvm
  Stage to = Stage::Ptx;        ///< up to ptx
  std::string reproducerDir;    ///< where a failed compilation leaves a file to reproduce it; empty: nowhere
};

class Compiler {
public:
  /// Compiles, after asking the rule table. The error's text holds every diagnostic and, where a reproducer was
  /// written, the command that runs it.
  llvm::Expected<CompiledModule> compile(const CompileRequest &request) const;
};

} // namespace thrift

#endif // THRIFTJIT_COMPILER_COMPILER_H
