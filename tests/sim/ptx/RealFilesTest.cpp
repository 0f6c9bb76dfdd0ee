// What nvcc and LLVM wrote for the sources in tests/data/ptx: parsed, counted, printed, and parsed again.

#include "Samples.h"
#include "Snippets.h"

#include <set>
#include <string>

namespace thrift::sim::ptx {

class RealFile : public ::testing::TestWithParam<const char *> {};

TEST_P(RealFile, everyIndexIsInRange) {
  Module module = parsed(readSample(GetParam()));
  ASSERT_FALSE(module.functions.empty());
  for (const Function &function : module.functions) {
    EXPECT_TRUE(function.isDefined || !function.isEntry);
    for (const Instruction &instruction : function.instructions) {
      EXPECT_LT(instruction.opcode, module.opcodes.size());
      EXPECT_TRUE(instruction.guard == kNone || instruction.guard < function.registerTypes.size());
      EXPECT_LE(instruction.firstOperand + instruction.operandCount, function.operands.size());
    }
    for (const Operand &operand : function.operands) {
      switch (operand.kind) {
      case OperandKind::Register:
        EXPECT_LT(operand.id, function.registerTypes.size());
        break;
      case OperandKind::Label:
        EXPECT_LE(operand.id, function.instructions.size());
        break;
      default:
        EXPECT_LE(operand.firstElement + operand.elementCount, function.operands.size());
      }
    }
  }
}

TEST_P(RealFile, printingAndParsingAgainChangesNothing) {
  Module first = parsed(readSample(GetParam()));
  std::string text = print(first);
  Module second = parsed(text);
  EXPECT_EQ(print(second), text);
  for (const Function &function : first.functions) {
    if (function.aliasOf != kNone)
      continue;
    ASSERT_NE(second.findFunction(function.name), kNone) << function.name;
    const Function &again = second.functions[second.findFunction(function.name)];
    ASSERT_EQ(again.instructions.size(), function.instructions.size()) << function.name;
    EXPECT_EQ(again.labels, function.labels);
    EXPECT_EQ(again.registerTypes, function.registerTypes);
    EXPECT_EQ(again.paramBytes, function.paramBytes);
    EXPECT_EQ(again.sharedBytes, function.sharedBytes);
    EXPECT_EQ(again.dynamicSharedOffset, function.dynamicSharedOffset);
    for (size_t i = 0; i < function.instructions.size(); ++i)
      EXPECT_EQ(second.opcodes[again.instructions[i].opcode].text, first.opcodes[function.instructions[i].opcode].text);
  }
}

TEST_P(RealFile, linesOfInstructionsAscend) {
  Module module = parsed(readSample(GetParam()));
  for (const Function &function : module.functions)
    for (size_t i = 1; i < function.instructions.size(); ++i)
      EXPECT_LE(function.instructions[i - 1].line, function.instructions[i].line);
}

INSTANTIATE_TEST_SUITE_P(Samples, RealFile, ::testing::ValuesIn(kSamples), sampleName);

TEST(RealFiles, reduceHasItsConstantsSharedMemoryAndLocations) {
  Module module = parsed(readSample("reduce"));
  uint32_t index = module.findFunction("_Z6reducePfPKf6Windowi");
  ASSERT_NE(index, kNone);
  const Function &kernel = module.functions[index];
  EXPECT_EQ(kernel.bounds.maxThreads[0], 256u);
  EXPECT_EQ(kernel.bounds.minBlocksPerSm, 2u);
  ASSERT_EQ(kernel.params.size(), 4u);
  EXPECT_EQ(kernel.params[2].byteSize, 40u);
  EXPECT_EQ(kernel.sharedBytes, 128u);
  EXPECT_EQ(kernel.dynamicShared.size(), 1u);
  const Variable &weights = module.variables[module.findVariable("weights")];
  EXPECT_EQ(weights.space, Space::Const);
  EXPECT_EQ(weights.byteSize, 32u);
  EXPECT_EQ(weights.data[7], 0x3F);
  EXPECT_FALSE(module.locations.empty());
  EXPECT_EQ(module.files[0].path, "reduce.cu");
  bool someInlined = false;
  for (const Location &location : module.locations)
    someInlined |= location.inlinedAt != kNone;
  EXPECT_TRUE(someInlined);
}

TEST(RealFiles, callsReachWhatTheyMayCall) {
  Module module = parsed(readSample("calls"));
  const Function &kernel = module.functions[module.findFunction("_Z5callsP4PairPii")];
  std::set<std::string> callees;
  for (uint32_t id : kernel.callees)
    callees.insert(module.functions[id].name);
  for (const char *name : {"_Z5twicei", "_Z6squarei", "_Z6chooseii", "_Z9factoriali", "_Z6larger4PairS_", "_Z6finishv",
                           "vprintf", "__assertfail", "malloc", "free"})
    EXPECT_EQ(callees.count(name), 1u) << name;
  EXPECT_GT(kernel.localBytes, 0u);
  EXPECT_EQ(kernel.prototypes.size(), 1u);
}

TEST(RealFiles, switchHasItsTable) {
  Module module = parsed(readSample("switch"));
  const Function &choose = module.functions[module.findFunction("choose")];
  ASSERT_EQ(choose.branchTables.size(), 1u);
  ASSERT_EQ(choose.branchTables[0].size(), 6u);
  EXPECT_EQ(choose.branchTables[0][0], choose.branchTables[0][5]);
  const Function &kernel = module.functions[module.findFunction("switch")];
  EXPECT_EQ(kernel.bounds.requiredThreads[0], 128u);
  EXPECT_EQ(kernel.bounds.maxRegisters, 64u);
  EXPECT_EQ(module.functions[module.findFunction("also_choose")].aliasOf, module.findFunction("choose"));
}

TEST(RealFiles, hopperBlocksHaveTheirOwnLabels) {
  Module module = parsed(readSample("hopper"));
  const Function &kernel = module.functions[0];
  std::set<uint32_t> waits;
  for (size_t i = 0; i < kernel.instructions.size(); ++i)
    if (module.opcodes[kernel.instructions[i].opcode].text == "mbarrier.try_wait.parity.shared::cta.b64") {
      // try_wait; @P1 bra DONE; bra LAB_WAIT
      EXPECT_EQ(kernel.operandsOf(kernel.instructions[i + 1])[0].id, i + 3);
      EXPECT_EQ(kernel.operandsOf(kernel.instructions[i + 2])[0].id, i);
      waits.insert(kernel.instructions[i + 1].guard);
    }
  EXPECT_EQ(waits.size(), 2u);
}

TEST(RealFiles, valuesHaveTheirAddresses) {
  Module module = parsed(readSample("values"));
  const Variable &record = module.variables[module.findVariable("record")];
  ASSERT_EQ(record.relocations.size(), 1u);
  EXPECT_EQ(record.relocations[0].offset, 8u);
  EXPECT_EQ(record.relocations[0].addend, 8);
  const Variable &packed = module.variables[module.findVariable("packed")];
  ASSERT_EQ(packed.relocations.size(), 8u);
  EXPECT_EQ(packed.relocations[7].shift, 56);
  EXPECT_TRUE(packed.relocations[7].isGeneric);
  const Function &kernel = module.functions[module.findFunction("values")];
  EXPECT_EQ(kernel.sharedBytes, 513u);
  EXPECT_EQ(kernel.dynamicSharedOffset, 640u);
  EXPECT_EQ(kernel.bounds.requiredCluster, (std::array<uint32_t, 3>{2, 1, 1}));
}

} // namespace thrift::sim::ptx
