//===- Stages.h - the road from a template to machine code ------------------===//
//
//   template -> specialized -> scheduled -> nvvm -> llvm -> ptx -> cubin
//
// Up to nvvm a stage is MLIR, and the road to it a named pass pipeline; thrift-opt runs each on the output of the one
// before.

#ifndef THRIFTJIT_COMPILER_STAGES_H
#define THRIFTJIT_COMPILER_STAGES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

#include <optional>
#include <string>

namespace thrift {

enum class Stage { Template, Specialized, Scheduled, Nvvm, Llvm, Ptx, Cubin };

/// "specialized" and so on; nothing for other words.
std::optional<Stage> parseStage(llvm::StringRef name);
llvm::StringRef stageName(Stage stage);
/// Every name, for messages.
std::string stageNames();

struct SpecializeStageOptions : mlir::PassPipelineOptions<SpecializeStageOptions> {
  ListOption<std::string> bind{*this, "bind", llvm::cl::desc("name=value pairs, separated by commas")};
};

struct ScheduleStageOptions : mlir::PassPipelineOptions<ScheduleStageOptions> {
  Option<std::string> target{*this, "target", llvm::cl::desc("the lowering"), llvm::cl::init("portable")};
  Option<int64_t> stages{*this, "stages", llvm::cl::desc("slots of each ring"), llvm::cl::init(2)};
  Option<std::string> exp2{*this, "exp2", llvm::cl::desc("approx or poly"), llvm::cl::init("approx")};
  Option<int64_t> alignment{*this, "alignment", llvm::cl::desc("of the rows of tensors, in bytes: 16 or 2"),
                            llvm::cl::init(16)};
  Option<int64_t> sharedLimit{*this, "shared-limit", llvm::cl::desc("bytes that one CTA may use"),
                              llvm::cl::init(101376)};
  Option<bool> watchdog{*this, "watchdog", llvm::cl::desc("bound every wait for an mbarrier"), llvm::cl::init(false)};
};

struct NvvmStageOptions : mlir::PassPipelineOptions<NvvmStageOptions> {
  Option<std::string> target{*this, "target", llvm::cl::desc("the lowering"), llvm::cl::init("portable")};
  Option<std::string> packedLayout{*this, "packed-layout", llvm::cl::desc("of packed tensors that are written"),
                                   llvm::cl::init("portable")};
  Option<std::string> conversions{*this, "conversions", llvm::cl::desc("that are instructions: none, fp8, fp4"),
                                  llvm::cl::init("none")};
};

/// template -> specialized
void buildSpecializedStage(mlir::OpPassManager &pm, const SpecializeStageOptions &options);
/// specialized -> scheduled
void buildScheduledStage(mlir::OpPassManager &pm, const ScheduleStageOptions &options);
/// scheduled -> nvvm
void buildNvvmStage(mlir::OpPassManager &pm, const NvvmStageOptions &options);

/// thrift-stage-specialized, thrift-stage-scheduled, thrift-stage-nvvm.
void registerStagePipelines();

} // namespace thrift

#endif // THRIFTJIT_COMPILER_STAGES_H
