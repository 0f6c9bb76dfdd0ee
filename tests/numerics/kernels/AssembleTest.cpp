//===- AssembleTest.cpp - ptxas accepts every kernel, without spills ----------===//

#include "compiler/Compiler.h"
#include "compiler/Rules.h"
#include "runtime/Assembler.h"
#include "runtime/Environment.h"
#include "templates/Templates.h"

#include <gtest/gtest.h>

using namespace thrift;

namespace {

std::vector<KernelSpec> specs(const std::string &kernel) {
  std::vector<KernelSpec> all;
  for (DType dtype : {DType::F16, DType::BF16})
    for (int64_t headDim : {64, 128})
      for (Mask mask : {Mask::None, Mask::Causal})
        for (Budget budget : {Budget::Mixed, Budget::AllLow, Budget::AllHigh})
          for (int64_t blockKv : {64, 128}) {
            KernelSpec spec;
            spec.kernel = kernel;
            spec.dtype = dtype;
            spec.headDim = spec.valueDim = headDim;
            spec.mask = mask;
            spec.budget = budget;
            spec.blockKv = blockKv;
            bool onlyPrefill = mask == Mask::None || budget != Budget::Mixed;
            if (kernel == "prefill" || !onlyPrefill || (kernel == "prefill_online" && budget == Budget::Mixed))
              all.push_back(spec);
          }
  // The other low pairs, where registers are scarcest.
  for (const char *pair : {"mxfp4", "fp8", "nvfp4:fp8", "mxfp4:fp8", "nvfp4:f16"})
    for (Budget budget : {Budget::Mixed, Budget::AllLow})
      for (int64_t blockKv : {64, 128}) {
        KernelSpec spec;
        spec.kernel = kernel;
        spec.low = *LowPair::parse(pair);
        spec.budget = budget;
        spec.blockKv = blockKv;
        if (kernel != "rank" && (kernel == "prefill" || budget == Budget::Mixed))
          all.push_back(spec);
      }
  return all;
}

/// Known and open: widened in registers, V in fp8 and both tiers in one kernel, 128 channels spill 20 or 28 bytes.
bool isKnownToSpill(const KernelSpec &spec, const Target &target) {
  return target.lowering == "portable" && spec.isPrefill() && spec.budget == Budget::Mixed &&
         spec.low.pv == LowFormat::Fp8 && spec.headDim == 128;
}

void expectNoSpills(const Assembler &assembler, const KernelSpec &spec, const Target &target, const char *exp2) {
  SCOPED_TRACE(std::string(target.name) + " " + spec.print() + " exp2=" + exp2);
  CompileRequest request;
  request.source = findTemplate(spec.kernel)->text;
  request.spec = spec;
  request.config.exp2 = exp2;
  request.target = &target;
  llvm::Expected<CompiledModule> module = Compiler().compile(request);
  if (!module) {
    ADD_FAILURE() << llvm::toString(module.takeError());
    return;
  }
  Result<Assembled> assembled = assembler.assemble(module->text, std::string(target.chip));
  ASSERT_TRUE(assembled) << assembled.status().message();
  ASSERT_EQ(assembled->entries.size(), module->kernels.size());
  for (const EntryStatistics &entry : assembled->entries) {
    EXPECT_EQ(entry.spillStoreBytes, 0) << entry.entry;
    EXPECT_EQ(entry.spillLoadBytes, 0) << entry.entry;
  }
}

/// A target and a kernel.
class Assemble : public testing::TestWithParam<std::tuple<const char *, const char *>> {};

} // namespace

// All specs for the oldest target, the default ones for the others: code differs between targets of one lowering only
// in the chip.
TEST_P(Assemble, EverySpecWithoutSpills) {
  Result<Environment> environment = Environment::read();
  ASSERT_TRUE(environment);
  Result<Assembler> assembler = Assembler::find(*environment);
  if (!assembler)
    GTEST_SKIP() << assembler.status().message();
  auto [name, kernel] = GetParam();
  const Target &target = *findTarget(name);
  int assembled = 0;
  for (KernelSpec spec : specs(kernel)) {
    spec.granule = defaultGranule(target);
    bool whole = target.name == "sm_80" || target.name == "sm_100a";
    bool typical = spec.dtype == DType::F16 && spec.headDim == 128 && spec.mask == Mask::Causal && spec.blockKv == 64;
    if ((!whole && !typical) || isKnownToSpill(spec, target) || !checkRules(spec, {}, target).empty())
      continue;
    expectNoSpills(*assembler, spec, target, "approx");
    if (typical)
      expectNoSpills(*assembler, spec, target, "poly");
    ++assembled;
  }
  EXPECT_GT(assembled, 0);
}
INSTANTIATE_TEST_SUITE_P(Targets, Assemble,
                         testing::Combine(testing::Values("sm_80", "sm_90a", "sm_100a", "sm_103a", "sm_120a"),
                                          testing::Values("quantize", "rank", "prefill", "prefill_online")),
                         [](const testing::TestParamInfo<Assemble::ParamType> &info) {
                           return std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param);
                         });
