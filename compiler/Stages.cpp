//===- Stages.cpp - the pass pipelines between stages -----------------------===//

#include "compiler/Stages.h"

#include "compiler/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace thrift;

static constexpr std::pair<Stage, llvm::StringLiteral> names[] = {
    {Stage::Template, "template"},   {Stage::Specialized, "specialized"},
    {Stage::Scheduled, "scheduled"}, {Stage::Nvvm, "nvvm"},
    {Stage::Llvm, "llvm"},           {Stage::Ptx, "ptx"},
    {Stage::Cubin, "cubin"}};

std::optional<Stage> thrift::parseStage(StringRef name) {
  for (auto [stage, spelled] : names)
    if (spelled == name)
      return stage;
  return std::nullopt;
}

StringRef thrift::stageName(Stage stage) { return names[static_cast<size_t>(stage)].second; }

std::string thrift::stageNames() {
  return llvm::join(llvm::map_range(names, [](auto &pair) { return pair.second.str(); }), ", ");
}

void thrift::buildSpecializedStage(OpPassManager &pm, const SpecializeStageOptions &options) {
  SpecializeOptions specialize;
  specialize.bind.assign(options.bind.begin(), options.bind.end());
  pm.addPass(createSpecialize(std::move(specialize)));
}

void thrift::buildScheduledStage(OpPassManager &pm, const ScheduleStageOptions &options) {
  pm.addPass(createReadUnpacked());
  pm.addPass(createPartitionRoutes()); // after it: arguments that nothing reads any more disappear
  pm.addPass(createPeelMasks());       // after the partition: each list has an interior of its own
  pm.addPass(createSchedule(ScheduleOptions{options.target, options.stages, options.exp2, options.alignment,
                                            options.sharedLimit, options.watchdog}));
  pm.addPass(createCSEPass()); // for the reader: constants and rings once
}

void thrift::buildNvvmStage(OpPassManager &pm, const NvvmStageOptions &options) {
  pm.addPass(createToNVVM(ToNVVMOptions{options.target, options.packedLayout, options.conversions}));
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void thrift::registerStagePipelines() {
  PassPipelineRegistration<SpecializeStageOptions>("thrift-stage-specialized", "template -> specialized",
                                                   buildSpecializedStage);
  PassPipelineRegistration<ScheduleStageOptions>("thrift-stage-scheduled", "specialized -> scheduled",
                                                 buildScheduledStage);
  PassPipelineRegistration<NvvmStageOptions>("thrift-stage-nvvm", "scheduled -> nvvm", buildNvvmStage);
}
