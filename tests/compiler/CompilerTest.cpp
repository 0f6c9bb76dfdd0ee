//===- CompilerTest.cpp - stages, determinism, failures ---------------------===//

#include "compiler/Compiler.h"
#include "templates/Templates.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

using namespace thrift;

namespace {

CompileRequest makeRequest(const char *kernel, Stage to = Stage::Ptx) {
  CompileRequest request;
  request.source = findTemplate(kernel)->text;
  request.spec.kernel = kernel;
  request.target = findTarget("sm_80");
  request.to = to;
  return request;
}

std::string compile(const CompileRequest &request) {
  llvm::Expected<CompiledModule> module = Compiler().compile(request);
  if (!module) {
    ADD_FAILURE() << llvm::toString(module.takeError());
    return "";
  }
  return module->text;
}

std::string failure(const CompileRequest &request) {
  llvm::Expected<CompiledModule> module = Compiler().compile(request);
  if (module) {
    ADD_FAILURE() << "compiled, but should not";
    return "";
  }
  return llvm::toString(module.takeError());
}

} // namespace

// Each stage's text, taken as input again, leads to the same PTX.
TEST(Compiler, EveryStageIsAcceptedBack) {
  for (const Template &kernel : templates()) {
    std::string name(kernel.name);
    std::string expected = compile(makeRequest(name.c_str()));
    ASSERT_NE(expected.find(".visible .entry"), std::string::npos);
    for (Stage stage : {Stage::Template, Stage::Specialized, Stage::Scheduled, Stage::Nvvm}) {
      SCOPED_TRACE(name + " from " + stageName(stage).str());
      std::string text = compile(makeRequest(name.c_str(), stage));
      CompileRequest request = makeRequest(name.c_str());
      request.source = text;
      request.from = stage;
      EXPECT_EQ(compile(request), expected);
    }
  }
}

TEST(Compiler, LlvmStageIsIrOfThatKernel) {
  std::string text = compile(makeRequest("rank", Stage::Llvm));
  EXPECT_NE(text.find("define ptx_kernel void @rank("), std::string::npos);
}

TEST(Compiler, SaysHowToLaunch) {
  llvm::Expected<CompiledModule> module = Compiler().compile(makeRequest("quantize"));
  ASSERT_TRUE(bool(module));
  ASSERT_EQ(module->kernels.size(), 3u);
  const KernelInfo &k = module->kernels[1];
  EXPECT_EQ(k.name, "quantize_k");
  EXPECT_EQ(k.threads, 128);
  EXPECT_EQ(k.sharedBytes, 64 * 128 * 2);
  EXPECT_EQ(k.grid, (std::vector<std::string>{"batch", "kv_heads", "kv_tiles"}));
  std::vector<std::string> abi = {"batch",      "kv_heads",       "kv_len",       "kv_tiles", "k",
                                  "k.stride.0", "k.stride.1",     "k.stride.2",   "k_low.elements", "k_low.scales",
                                  "k_mean",     "k_mean.stride.0", "k_mean.stride.1", "k_mean.stride.2"};
  EXPECT_EQ(k.abi, abi);
}

TEST(Compiler, AKernelWithoutProgramsIsOneCta) {
  CompileRequest request = makeRequest("rank");
  request.source = "thrift.kernel @alone () attributes {threads = 32 : i32, shared_bytes = 0 : i32} {}";
  request.from = Stage::Scheduled;
  llvm::Expected<CompiledModule> module = Compiler().compile(request);
  ASSERT_TRUE(bool(module));
  ASSERT_EQ(module->kernels.size(), 1u);
  EXPECT_TRUE(module->kernels[0].grid.empty());
}

// A caller passes no more than a kernel needs: no high operands in an all-low kernel, nothing packed in an all-high one.
TEST(Compiler, BudgetClassesDropOperands) {
  auto abiOf = [](Budget budget) {
    CompileRequest request = makeRequest("prefill");
    request.spec.budget = budget;
    llvm::Expected<CompiledModule> module = Compiler().compile(request);
    return module ? module->kernels.at(0).abi : std::vector<std::string>();
  };
  auto has = [](const std::vector<std::string> &abi, const char *name) {
    return std::find(abi.begin(), abi.end(), name) != abi.end();
  };
  auto mixed = abiOf(Budget::Mixed), low = abiOf(Budget::AllLow), high = abiOf(Budget::AllHigh);
  for (const char *name : {"q", "k", "v"}) {
    EXPECT_TRUE(has(mixed, name) && has(high, name) && !has(low, name)) << name;
  }
  for (const char *name : {"q_low.elements", "k_low.scales", "v_low.elements"}) {
    EXPECT_TRUE(has(mixed, name) && has(low, name) && !has(high, name)) << name;
  }
  EXPECT_TRUE(has(mixed, "routes.ids") && !has(low, "routes.ids") && !has(high, "routes.ids"));
}

TEST(Compiler, IsDeterministicAndReentrant) {
  std::string expected = compile(makeRequest("prefill"));
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (std::string &result : results)
    threads.emplace_back([&result] { result = compile(makeRequest("prefill")); });
  for (std::thread &thread : threads)
    thread.join();
  for (const std::string &result : results)
    EXPECT_EQ(result, expected);
}

TEST(Compiler, RefusesBeforeAnyIrExists) {
  CompileRequest request = makeRequest("prefill");
  request.spec.headDim = 96;
  request.config.stages = 9;
  std::string message = failure(request);
  EXPECT_NE(message.find("head_dim is 96; allowed: 64, 128"), std::string::npos) << message;
  EXPECT_NE(message.find("stages is 9; allowed: 2, 3, 4"), std::string::npos) << message; // every rule, not the first
}

TEST(Compiler, FailureLeavesAReproducer) {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / "thriftjit-reproducer-test";
  std::filesystem::remove_all(folder);
  // Legal until the schedule, which needs whole warps of rows.
  std::string text(findTemplate("prefill")->text);
  CompileRequest request = makeRequest("prefill");
  request.source = text;
  request.from = Stage::Template;
  std::string scheduled = compile(makeRequest("prefill", Stage::Specialized));
  for (size_t place; (place = scheduled.find("128 x 64, f32")) != std::string::npos;)
    scheduled.replace(place, 13, "120 x 64, f32");
  request.source = scheduled;
  request.from = Stage::Specialized;
  request.reproducerDir = folder.string();
  std::string message = failure(request);
  EXPECT_NE(message.find("failed: "), std::string::npos) << message;
  size_t place = message.find("reproduce with: thrift-opt --pass-pipeline='builtin.module(");
  ASSERT_NE(place, std::string::npos) << message;
  std::filesystem::path file = message.substr(message.rfind(' ') + 1);
  ASSERT_TRUE(std::filesystem::exists(file)) << file;
  std::ifstream stream(file);
  std::stringstream content;
  content << stream.rdbuf();
  EXPECT_NE(content.str().find("120 x 64, f32"), std::string::npos); // the very input
  std::filesystem::remove_all(folder);
}

TEST(Compiler, BadTextIsADiagnosticWithItsPlace) {
  CompileRequest request = makeRequest("prefill");
  request.source = "thrift.kernel @k<rows rows> () {}";
  std::string message = failure(request);
  EXPECT_NE(message.find(":1:"), std::string::npos) << message;
}

TEST(Compiler, StagesInTheWrongOrderAreRefused) {
  CompileRequest request = makeRequest("rank");
  request.from = Stage::Nvvm;
  request.to = Stage::Specialized;
  EXPECT_NE(failure(request).find("cannot go from stage nvvm to specialized"), std::string::npos);
  request.from = Stage::Ptx;
  EXPECT_NE(failure(request).find("starts from an MLIR stage"), std::string::npos);
}
