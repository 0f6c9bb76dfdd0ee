// The statement splitter against the parser: the same instructions, in the same order, on real files and on layouts
// that people and compilers write.

#include "runtime/sim/ptx/Statements.h"
#include "Samples.h"
#include "Snippets.h"

#include <algorithm>
#include <random>
#include <string>

namespace thrift::sim::ptx {

class SplitFile : public ::testing::TestWithParam<const char *> {};

TEST_P(SplitFile, findsTheInstructionsOfTheParser) {
  std::string text = readSample(GetParam());
  Module module = parsed(text);
  std::vector<Statement> statements = statementsOf(text);
  size_t found = 0;
  for (const Function &function : module.functions) { // in the order of their declarations, not of their bodies
    if (!function.isDefined || function.aliasOf != kNone)
      continue;
    auto next = std::find_if(statements.begin(), statements.end(),
                             [&](const Statement &statement) { return statement.function == function.name; });
    for (const Instruction &instruction : function.instructions) {
      ASSERT_NE(next, statements.end());
      const Statement &statement = *next++;
      ++found;
      const Opcode &opcode = module.opcodes[instruction.opcode];
      EXPECT_EQ(statement.line, instruction.line);
      ASSERT_EQ(statement.parts.size(), opcode.modifiers.size() + 1) << opcode.text;
      EXPECT_EQ(statement.parts[0], opcode.base);
      EXPECT_EQ(statement.function, function.name);
      EXPECT_EQ(statement.isEntry, function.isEntry);
      EXPECT_EQ(statement.guard.empty(), instruction.guard == kNone) << statement.guard;
      EXPECT_EQ(text[statement.begin + statement.length - 1], ';');
    }
  }
  EXPECT_EQ(found, statements.size());
}

INSTANTIATE_TEST_SUITE_P(Samples, SplitFile, ::testing::ValuesIn(kSamples), sampleName);

static std::vector<Statement> bodyOf(const std::string &body, std::string &text) {
  text = ".version 8.8\n.target sm_100a\n.address_size 64\n.visible .entry k(.param .u64 a)\n{\n" + body + "\n}\n";
  return statementsOf(text);
}

TEST(Statements, OperandsStandWhereTheyAre) {
  std::string text;
  std::vector<Statement> all =
      bodyOf("@!%p1 ld.shared.v4.b32 {%r1, _, %r3, %r4}, [%rd1 + 16];tcgen05.wait::ld.sync.aligned;", text);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].guard, "@!%p1 ");
  ASSERT_EQ(all[0].operands.size(), 2u);
  EXPECT_EQ(text.substr(all[0].operands[0].begin, all[0].operands[0].length), "{%r1, _, %r3, %r4}");
  EXPECT_EQ(text.substr(all[0].operands[1].begin, all[0].operands[1].length), "[%rd1 + 16]");
  ASSERT_EQ(all[1].parts.size(), 4u);
  EXPECT_EQ(all[1].parts[1], "wait::ld");
  EXPECT_EQ(all[1].line, 6u);
  EXPECT_TRUE(all[1].operands.empty());
}

TEST(Statements, ScopesLabelsCommentsAndDirectivesAreNoInstructions) {
  std::string text;
  std::vector<Statement> all = bodyOf("{ .reg .pred P1; // mov.b32 %r1, 0;\n"
                                      "LAB_WAIT: /* exit; */\n"
                                      " mbarrier.try_wait.parity.shared.b64 P1, [%r1], %r2;\n"
                                      " @P1 bra.uni DONE; bra.uni LAB_WAIT;\nDONE:\n}\n"
                                      ".loc 1 5 3\n.pragma \"nounroll;\";\nret;",
                                      text);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].parts[0], "mbarrier");
  EXPECT_EQ(all[1].guard, "@P1 ");
  EXPECT_EQ(all[2].parts[0], "bra");
  EXPECT_EQ(all[3].parts[0], "ret");
  EXPECT_EQ(all[3].line, 14u);
}

TEST(Statements, DamagedTextEnds) {
  std::string text = readSample("hopper").substr(0, 20000);
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string damaged = text.substr(0, 200 + random() % 4000);
    for (int i = 0; i < 8; ++i)
      damaged[random() % damaged.size()] = "{};.:@\"/*\n,[ a"[random() % 14];
    for (const Statement &statement : statementsOf(damaged)) {
      EXPECT_LE(statement.begin + statement.length, damaged.size());
      for (const StatementOperand &operand : statement.operands)
        EXPECT_LE(operand.begin + operand.length, damaged.size());
    }
  }
}

} // namespace thrift::sim::ptx
