// Bodies: guards, labels, blocks with names of their own, tables of labels, pragmas, lines.

#include "Snippets.h"

namespace thrift::sim::ptx {

/// The label operand of each branch, in order.
static std::vector<uint32_t> branchTargets(const Module &module) {
  std::vector<uint32_t> targets;
  const Function &kernel = kernelOf(module);
  for (const Instruction &instruction : kernel.instructions)
    for (const Operand &operand : kernel.operandsOf(instruction))
      if (operand.kind == OperandKind::Label)
        targets.push_back(operand.id);
  return targets;
}

TEST(Body, guardsAndLines) {
  Module module = parsed(kernelText("@%p1 add.s32 %r1, %r1, 1;\n@!%p2\nexit;\n@ ! %p3 bra L;\nL: ret;"));
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.instructions.size(), 4u);
  EXPECT_EQ(kernel.registerName(kernel.instructions[0].guard), "%p1");
  EXPECT_FALSE(kernel.instructions[0].guardNegated);
  EXPECT_TRUE(kernel.instructions[1].guardNegated);
  EXPECT_TRUE(kernel.instructions[2].guardNegated);
  EXPECT_EQ(kernel.instructions[3].guard, kNone);
  EXPECT_EQ(kernel.instructions[0].line, 6u);
  EXPECT_EQ(kernel.instructions[1].line, 7u);
  EXPECT_EQ(kernel.instructions[2].line, 9u);
  EXPECT_EQ(kernel.instructions[3].line, 10u);
}

TEST(Body, labelsForwardAndBackward) {
  Module module =
      parsed(kernelText("$L0: add.s32 %r1, %r1, 1;\n@%p1 bra $L1;\nbra.uni $L0;\n$L1: $L2:\nret;\nbra END; END:"));
  EXPECT_EQ(branchTargets(module), (std::vector<uint32_t>{3, 0, 5}));
  EXPECT_EQ(kernelOf(module).labels, (std::vector<uint32_t>{0, 3, 5})) << "a label may end the body";
}

TEST(Body, blocksReuseLabels) {
  std::string wait = "{ .reg .pred P1; LAB_WAIT: mbarrier.try_wait.parity.shared::cta.b64 P1, [%r1], %r2;\n"
                     "@P1 bra DONE; bra LAB_WAIT; DONE: }\n";
  Module module = parsed(kernelText(wait + wait));
  EXPECT_EQ(branchTargets(module), (std::vector<uint32_t>{3, 0, 6, 3}));
  const Function &kernel = kernelOf(module);
  EXPECT_NE(kernel.instructions[1].guard, kernel.instructions[4].guard) << "each block has a register of its own";
  EXPECT_EQ(kernel.registerName(kernel.instructions[4].guard), "P1");
}

TEST(Body, innerLabelHidesOuterOneEvenBeforeItsDeclaration) {
  Module module = parsed(kernelText("L: mov.u32 %r1, 1;\n{ bra L; mov.u32 %r2, 1; L: mov.u32 %r1, 2; }\nbra L;"));
  EXPECT_EQ(branchTargets(module), (std::vector<uint32_t>{3, 0}));
}

TEST(Body, blocksSeeLabelsAroundThem) {
  Module module = parsed(kernelText("{ { bra OUT; } }\nmov.u32 %r1, 1;\nOUT: ret;"));
  EXPECT_EQ(branchTargets(module), (std::vector<uint32_t>{2}));
}

TEST(Body, registersOfInnerBlocksShadow) {
  Module module =
      parsed(kernelText("{ .reg .f32 %r1, a; mov.f32 %r1, a; { .reg .b64 a; mov.b64 a, %rd1; } mov.f32 a, %r2; }\n"
                        "mov.u32 %r1, %r2;"));
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.instructions.size(), 4u);
  auto typeOfOperand = [&](size_t instruction, size_t operand) {
    return kernel.registerTypes[kernel.operandsOf(kernel.instructions[instruction])[operand].id];
  };
  EXPECT_EQ(typeOfOperand(0, 0), Type::F32);
  EXPECT_EQ(typeOfOperand(1, 0), Type::B64);
  EXPECT_EQ(typeOfOperand(2, 0), Type::F32);
  EXPECT_EQ(typeOfOperand(2, 1), Type::B32) << "%r2 is still the outer one";
  EXPECT_EQ(typeOfOperand(3, 0), Type::B32);
}

TEST(Body, tablesOfLabels) {
  Module module =
      parsed(kernelText("$table: .branchtargets $A,\n $B, $A;\nbrx.idx.uni %r1, $table;\n$A: ret;\n$B: exit;"));
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.branchTables.size(), 1u);
  EXPECT_EQ(kernel.branchTables[0], (std::vector<uint32_t>{1, 2, 1}));
  Span<Operand> operands = kernel.operandsOf(kernel.instructions[0]);
  EXPECT_EQ(operands[0].kind, OperandKind::Register);
  EXPECT_EQ(operands[1].kind, OperandKind::BranchTable);
  EXPECT_EQ(operands[1].id, 0u);
}

TEST(Body, namesWithoutPercent) {
  Module module =
      parsed(kernelText("{ .reg .b32 rx, ret0; .reg .pred p; setp.ne.b32 p, rx, 0; @p mov.b32 ret0, rx; }"));
  EXPECT_EQ(printed(module), (std::vector<std::string>{"setp.ne.b32 p, rx, 0", "@p mov.b32 ret0, rx"}));
}

TEST(Body, aLabelMayBeCalledLikeAnOpcodeOrARegister) {
  Module module = parsed(kernelText("add: bra add;\nP: bra P;\n{ .reg .b32 L; L: bra L; }"));
  EXPECT_EQ(branchTargets(module), (std::vector<uint32_t>{0, 1, 2}));
}

TEST(Body, pragmasRememberTheirPlace) {
  Module module = parsed(kernelText("ret;\n.pragma \"nounroll\", \"used_bytes_mask 0xff\";\nexit;"));
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.pragmas.size(), 2u);
  EXPECT_EQ(kernel.pragmas[1].text, "used_bytes_mask 0xff");
  EXPECT_EQ(kernel.pragmas[1].instruction, 1u);
  EXPECT_EQ(kernel.pragmas[1].line, 7u);
}

TEST(Body, globalsDeclaredInside) {
  Module module =
      parsed(kernelText(".global .u32 counter = 3;\n.const .b8 list[2] = {1, 2};\nld.global.u32 %r1, [counter];"));
  ASSERT_EQ(module.variables.size(), 2u);
  EXPECT_EQ(module.variables[0].function, module.findFunction("k"));
  EXPECT_EQ(module.findVariable("counter"), kNone) << "not a name of module scope";
}

TEST(Body, opcodesAreSharedAcrossFunctions) {
  Module module = parsed(header() + ".func f() { ret; }\n.func g() { ret; ret; }\n");
  EXPECT_EQ(module.opcodes.size(), 1u);
  EXPECT_EQ(module.functions[1].instructions.size(), 2u);
}

} // namespace thrift::sim::ptx
