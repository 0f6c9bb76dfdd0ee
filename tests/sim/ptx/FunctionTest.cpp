// Heads of modules and functions: versions, parameters and their places, launch bounds, prototypes.

#include "Snippets.h"

namespace thrift::sim::ptx {

TEST(Module, header) {
  Module module = parsed(".version 8.7\n.target sm_100a, debug\n.address_size 64\n");
  EXPECT_EQ(module.versionMajor, 8u);
  EXPECT_EQ(module.versionMinor, 7u);
  EXPECT_EQ(module.target, "sm_100a");
  EXPECT_EQ(module.targetOptions, std::vector<std::string>{"debug"});
  EXPECT_EQ(module.addressSize, 64u);
  EXPECT_EQ(parsed(".version 7.10\n.target sm_80\n.address_size 64").versionMinor, 10u);
}

TEST(Function, parametersFollowOneAnother) {
  Module module =
      parsed(header() + ".entry k(.param .u8 a, .param .u64 b, .param .align 64 .b8 c[130], .param .u16 d,\n"
                        ".param .f64 e, .param .b32 f) { ret; }\n");
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.params.size(), 6u);
  const uint32_t kOffsets[] = {0, 8, 64, 194, 200, 208};
  const uint32_t kBytes[] = {1, 8, 130, 2, 8, 4};
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(kernel.params[i].offset, kOffsets[i]) << i;
    EXPECT_EQ(kernel.params[i].byteSize, kBytes[i]) << i;
    EXPECT_EQ(kernel.params[i].isArray, i == 2) << i;
  }
  EXPECT_EQ(kernel.paramBytes, 212u);
  EXPECT_TRUE(kernel.isEntry);
  EXPECT_TRUE(kernel.isDefined);
}

TEST(Function, pointerAttributes) {
  Module module = parsed(header() + ".entry k(.param .u64 .ptr .global .align 16 a, .param .u64 .ptr .align 1 b,\n"
                                    ".param .b64 .ptr .shared c, .param .u64 d) { ret; }\n");
  const std::vector<Param> &params = kernelOf(module).params;
  ASSERT_EQ(params.size(), 4u);
  EXPECT_TRUE(params[0].isPointer);
  EXPECT_EQ(params[0].pointerSpace, Space::Global);
  EXPECT_EQ(params[0].pointerAlignment, 16u);
  EXPECT_EQ(params[0].alignment, 8u);
  EXPECT_EQ(params[1].pointerSpace, Space::Generic);
  EXPECT_EQ(params[1].pointerAlignment, 1u);
  EXPECT_EQ(params[2].pointerSpace, Space::Shared);
  EXPECT_EQ(params[2].pointerAlignment, 0u);
  EXPECT_FALSE(params[3].isPointer);
}

TEST(Function, withoutParameters) {
  Module module = parsed(header() + ".entry k() { ret; }\n.entry l { ret; }\n.func f() { ret; }\n");
  EXPECT_EQ(module.functions.size(), 3u);
  EXPECT_EQ(kernelOf(module).paramBytes, 0u);
}

TEST(Function, launchBounds) {
  Module module = parsed(header() + ".visible .entry k()\n.maxntid 128, 2\n.reqntid 64\n.minnctapersm 2\n"
                                    ".maxnctapersm 4\n.maxnreg 168\n.reqnctapercluster 2, 1, 3\n.maxclusterrank 8\n"
                                    ".explicitcluster\n.blocksareclusters\n.pragma \"nounroll\";\n{ ret; }\n");
  const LaunchBounds &bounds = kernelOf(module).bounds;
  EXPECT_EQ(bounds.maxThreads, (std::array<uint32_t, 3>{128, 2, 1}));
  EXPECT_EQ(bounds.requiredThreads, (std::array<uint32_t, 3>{64, 1, 1}));
  EXPECT_EQ(bounds.requiredCluster, (std::array<uint32_t, 3>{2, 1, 3}));
  EXPECT_EQ(bounds.minBlocksPerSm, 2u);
  EXPECT_EQ(bounds.maxBlocksPerSm, 4u);
  EXPECT_EQ(bounds.maxRegisters, 168u);
  EXPECT_EQ(bounds.maxClusterRank, 8u);
  EXPECT_TRUE(bounds.explicitCluster);
  EXPECT_TRUE(bounds.blocksAreClusters);
  ASSERT_EQ(kernelOf(module).pragmas.size(), 1u);
  EXPECT_EQ(kernelOf(module).pragmas[0].text, "nounroll");
}

TEST(Function, resultsAndPrototypes) {
  Module module =
      parsed(header() + ".func (.param .align 8 .b8 r[24]) f(.param .b32 a);\n"
                        ".visible .func (.param .align 8 .b8 out[24]) f(.param .b32 b) .noreturn { exit; }\n"
                        ".func (.param .align 8 .b8 r[24]) f(.param .b32 a);\n");
  ASSERT_EQ(module.functions.size(), 1u);
  const Function &f = module.functions[0];
  EXPECT_TRUE(f.isDefined);
  EXPECT_TRUE(f.isNoReturn);
  EXPECT_FALSE(f.isEntry);
  EXPECT_EQ(f.resultBytes, 24u);
  EXPECT_EQ(f.results[0].name, "out");
  EXPECT_EQ(f.params[0].name, "b");
  EXPECT_EQ(f.line, 5u);
}

TEST(Function, aliasesGiveWayToTheirTarget) {
  Module module = parsed(kernelText("call.uni a;\nret;", ".func f() { ret; }\n.func a();\n.global .u64 t = a;\n") +
                         ".alias a, f;\n");
  const Function &kernel = kernelOf(module);
  uint32_t f = module.findFunction("f");
  EXPECT_EQ(kernel.operandsOf(kernel.instructions[0])[Instruction::kCallCallee].id, f);
  EXPECT_EQ(module.variables[0].relocations[0].id, f);
  EXPECT_EQ(module.functions[module.findFunction("a")].aliasOf, f);
  EXPECT_EQ(kernel.callees, std::vector<uint32_t>{f});
}

} // namespace thrift::sim::ptx
