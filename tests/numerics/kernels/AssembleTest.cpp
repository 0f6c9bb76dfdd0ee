//===- AssembleTest.cpp - ptxas accepts every kernel, without spills ----------===//

#include "compiler/Compiler.h"
#include "compiler/Rules.h"
#include "runtime/Assembler.h"
#include "runtime/Environment.h"
#include "templates/Templates.h"

#include <gtest/gtest.h>

using namespace thrift;

namespace {

std::vector<KernelSpec> specs() {
  std::vector<KernelSpec> all;
  for (const Template &kernel : templates())
    for (DType dtype : {DType::F16, DType::BF16})
      for (int64_t headDim : {64, 128})
        for (Mask mask : {Mask::None, Mask::Causal})
          for (Budget budget : {Budget::Mixed, Budget::AllLow, Budget::AllHigh})
            for (int64_t blockKv : {64, 128}) {
              KernelSpec spec;
              spec.kernel = std::string(kernel.name);
              spec.dtype = dtype;
              spec.headDim = spec.valueDim = headDim;
              spec.mask = mask;
              spec.budget = budget;
              spec.blockKv = blockKv;
              bool onlyPrefill = mask == Mask::None || budget != Budget::Mixed;
              bool refused = !checkRules(spec, {}, *findTarget("sm_80")).empty();
              if (!refused && (spec.kernel == "prefill" || !onlyPrefill ||
                               (spec.kernel == "prefill_online" && budget == Budget::Mixed)))
                all.push_back(spec);
            }
  // The other low pairs, where registers are scarcest.
  for (const char *pair : {"mxfp4", "fp8", "nvfp4:fp8", "mxfp4:fp8", "nvfp4:f16"})
    for (const char *kernel : {"quantize", "prefill"})
      for (Budget budget : {Budget::Mixed, Budget::AllLow}) {
        KernelSpec spec;
        spec.kernel = kernel;
        spec.low = *LowPair::parse(pair);
        spec.budget = budget;
        if (spec.kernel == "prefill" || budget == Budget::Mixed)
          all.push_back(spec);
      }
  return all;
}

/// Known and open: widened in registers, V in fp8 and both tiers in one kernel, 128 channels spill 20 bytes.
bool isKnownToSpill(const KernelSpec &spec, const Target &target) {
  return target.lowering == "portable" && spec.kernel == "prefill" && spec.budget == Budget::Mixed &&
         spec.low.pv == LowFormat::Fp8 && spec.headDim == 128;
}

} // namespace

TEST(Assemble, EveryKernelOnEveryTargetWithoutSpills) {
  Result<Environment> environment = Environment::read();
  ASSERT_TRUE(environment);
  Result<Assembler> assembler = Assembler::find(*environment);
  if (!assembler)
    GTEST_SKIP() << assembler.status().message();
  // All specs for the oldest target, the default one for the others: code differs between targets only in the chip.
  for (const char *name : {"sm_80", "sm_90a", "sm_100a", "sm_103a", "sm_120a"})
    for (const KernelSpec &spec : specs()) {
      bool whole = std::string(name) == "sm_80";
      bool typical = spec.dtype == DType::F16 && spec.headDim == 128 && spec.mask == Mask::Causal && spec.blockKv == 64;
      const Target &target = *findTarget(name);
      if ((!whole && !typical) || isKnownToSpill(spec, target) || !checkRules(spec, {}, target).empty())
        continue;
      for (const char *exp2 : {"approx", "poly"}) {
        SCOPED_TRACE(std::string(name) + " " + spec.print() + " exp2=" + exp2);
        CompileRequest request;
        request.source = findTemplate(spec.kernel)->text;
        request.spec = spec;
        request.config.exp2 = exp2;
        request.target = &target;
        llvm::Expected<CompiledModule> module = Compiler().compile(request);
        if (!module) {
          std::string message = llvm::toString(module.takeError());
          ADD_FAILURE() << message;
          continue;
        }
        Result<Assembled> assembled = assembler->assemble(module->text, std::string(request.target->chip));
        ASSERT_TRUE(assembled) << assembled.status().message();
        ASSERT_EQ(assembled->entries.size(), module->kernels.size());
        for (const EntryStatistics &entry : assembled->entries) {
          EXPECT_EQ(entry.spillStoreBytes, 0) << entry.entry;
          EXPECT_EQ(entry.spillLoadBytes, 0) << entry.entry;
        }
      }
    }
}
