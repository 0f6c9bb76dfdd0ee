//===- JitBenchmark.cpp - from spec to PTX, from disk, and plan lookup --------===//
//
//   build/tests/jit-benchmark --benchmark_min_time=1
//
// Goals (DESIGN 10), one core, release build: cold 150 ms a kernel, warm from disk 5 ms.

#include "compiler/Compiler.h"
#include "runtime/Context.h"
#include "templates/Templates.h"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

using namespace thrift;

/// Template text to PTX in process, nothing cached.
static void coldJit(benchmark::State &state, const char *kernel, const char *target, Budget budget) {
  CompileRequest request;
  request.source = findTemplate(kernel)->text;
  request.spec.kernel = kernel;
  request.spec.budget = budget;
  request.target = findTarget(target);
  for (auto _ : state) {
    llvm::Expected<CompiledModule> module = Compiler().compile(request);
    if (!module) {
      state.SkipWithError(llvm::toString(module.takeError()).c_str());
      return;
    }
    benchmark::DoNotOptimize(module->text.data());
  }
}

BENCHMARK_CAPTURE(coldJit, prefill_mixed_sm_80, "prefill", "sm_80", Budget::Mixed)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(coldJit, prefill_all_low_sm_80, "prefill", "sm_80", Budget::AllLow)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(coldJit, prefill_all_high_sm_80, "prefill", "sm_80", Budget::AllHigh)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(coldJit, quantize_sm_80, "quantize", "sm_80", Budget::Mixed)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(coldJit, rank_sm_80, "rank", "sm_80", Budget::Mixed)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(coldJit, prefill_mixed_sm_100a, "prefill", "sm_100a", Budget::Mixed)->Unit(benchmark::kMillisecond);

static std::shared_ptr<Context> compileOnly(benchmark::State &state) {
  ContextOptions options;
  options.device = "none";
  Result<std::shared_ptr<Context>> context = Context::create(options);
  if (!context)
    state.SkipWithError(context.status().message().c_str());
  return context ? *context : nullptr;
}

static Spec namedSpec() {
  Spec spec;
  spec.target = "sm_80";
  return spec;
}

/// A plan of three kernels in a fresh context, with everything on disk.
static void warmFromDisk(benchmark::State &state) {
  if (auto first = compileOnly(state))
    (void)bool(first->plan(namedSpec()));
  for (auto _ : state) {
    state.PauseTiming();
    std::shared_ptr<Context> context = compileOnly(state);
    state.ResumeTiming();
    Result<Plan> plan = context->plan(namedSpec());
    if (!plan)
      state.SkipWithError(plan.status().message().c_str());
    for (const PlanKernel &kernel : plan->kernels())
      if (kernel.origin != "cache")
        state.SkipWithError("a kernel was compiled, not read");
    state.PauseTiming();
    context.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(warmFromDisk)->Unit(benchmark::kMillisecond);

/// The same plan again in the same context.
static void planLookup(benchmark::State &state) {
  std::shared_ptr<Context> context = compileOnly(state);
  Result<Plan> kept = context->plan(namedSpec());
  if (!kept)
    state.SkipWithError(kept.status().message().c_str());
  Spec spec = namedSpec();
  for (auto _ : state) {
    Result<Plan> plan = context->plan(spec);
    benchmark::DoNotOptimize(plan);
  }
}
BENCHMARK(planLookup)->Unit(benchmark::kMicrosecond);

int main(int argc, char **argv) {
  // A cache of this run's own: the user's stays as it is.
  std::filesystem::path cache = std::filesystem::temp_directory_path() / "thriftjit-benchmark-cache";
  std::filesystem::remove_all(cache);
  setenv("THRIFTJIT_CACHE_DIR", cache.c_str(), 1);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  std::filesystem::remove_all(cache);
}
