// Calls: direct, through a register, with blocks of .param variables, builtins.

#include "Snippets.h"

namespace thrift::sim::ptx {

constexpr const char *kSum = ".func (.param .b32 total) sum(.param .b32 a, .param .align 8 .b8 b[16]) { ret; }\n";

static std::string callBlock(const std::string &call) {
  return "{ // callseq 0, 0\n.reg .b32 temp_param_reg;\n.param .b32 param0;\nst.param.b32 [param0+0], %r1;\n"
         ".param .align 8 .b8 param1[16];\nst.param.b64 [param1+8], %rd1;\n.param .b32 retval0;\n" +
         call + "\nld.param.b32 %r2, [retval0+0];\n} // callseq 0\n";
}

TEST(Call, directWithBlock) {
  Module module = parsed(kernelText(callBlock("call.uni (retval0), \nsum, \n(\nparam0, \nparam1\n);"), kSum));
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.instructions.size(), 4u);
  Span<Operand> operands = kernel.operandsOf(kernel.instructions[2]);
  ASSERT_EQ(operands.size(), 3u);
  const Operand &callee = operands[Instruction::kCallCallee];
  EXPECT_EQ(callee.kind, OperandKind::Symbol);
  EXPECT_EQ(callee.symbol, SymbolKind::Function);
  EXPECT_EQ(callee.id, module.findFunction("sum"));
  Span<Operand> arguments = kernel.elementsOf(operands[Instruction::kCallArguments]);
  ASSERT_EQ(arguments.size(), 2u);
  EXPECT_EQ(arguments[1].symbol, SymbolKind::CallParam);
  EXPECT_EQ(kernel.callParams[arguments[1].id].name, "param1");
  EXPECT_EQ(kernel.elementsOf(operands[Instruction::kCallResults]).size(), 1u);
  EXPECT_EQ(print(module, kernel, kernel.instructions[2]), "call.uni (retval0), sum, (param0, param1)");
}

TEST(Call, frameOfCallParametersIsReused) {
  Module module = parsed(kernelText(callBlock("call.uni (retval0), sum, (param0, param1);") +
                                        callBlock("call.uni (retval0), sum, (param0, param1);"),
                                    kSum));
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.callParams.size(), 6u);
  const uint32_t kOffsets[] = {0, 8, 24, 0, 8, 24};
  for (size_t i = 0; i < 6; ++i)
    EXPECT_EQ(kernel.callParams[i].offset, kOffsets[i]) << i;
  EXPECT_EQ(kernel.callParamBytes, 28u);
}

TEST(Call, withoutOperands) {
  for (const char *call : {"call f;", "call.uni f;", "call.uni f, ();", "call.uni \nf, \n(\n);", "call (), f, ();"}) {
    Module module = parsed(kernelText(call, ".func f() { ret; }\n"));
    const Function &kernel = kernelOf(module);
    Span<Operand> operands = kernel.operandsOf(kernel.instructions[0]);
    ASSERT_EQ(operands.size(), 3u) << call;
    EXPECT_EQ(operands[Instruction::kCallResults].elementCount, 0u);
    EXPECT_EQ(operands[Instruction::kCallArguments].elementCount, 0u);
  }
}

TEST(Call, throughARegister) {
  Module module = parsed(kernelText(
      "{ .param .b32 param0; .param .b32 retval0;\n"
      "prototype_3 : .callprototype (.param .b32 _) _ (.param .b32 _);\ncall (retval0), %rd2, (param0), prototype_3; "
      "}\n"
      "{ none: .callprototype ()_ (); call %rd3, (), none; }\n{ bare: .callprototype _; call %rd3, bare; }"));
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.prototypes.size(), 3u);
  EXPECT_EQ(kernel.prototypes[0].name, "prototype_3");
  EXPECT_EQ(kernel.prototypes[0].params[0].byteSize, 4u);
  Span<Operand> operands = kernel.operandsOf(kernel.instructions[0]);
  ASSERT_EQ(operands.size(), 4u);
  EXPECT_EQ(operands[Instruction::kCallCallee].kind, OperandKind::Register);
  EXPECT_EQ(operands[Instruction::kCallPrototype].kind, OperandKind::Prototype);
  EXPECT_EQ(print(module, kernel, kernel.instructions[0]), "call (retval0), %rd2, (param0), prototype_3");
}

TEST(Call, listOfTargets) {
  Module module =
      parsed(kernelText("T: .calltargets f, g;\ncall %rd1, (), T;", ".func f() { ret; }\n.func g() { ret; }\n"));
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.prototypes.size(), 1u);
  EXPECT_TRUE(kernel.prototypes[0].isTargetList);
  EXPECT_EQ(kernel.prototypes[0].targets, (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(kernel.callees, (std::vector<uint32_t>{0, 1}));
}

TEST(Call, recursionAndForwardDeclarations) {
  Module module =
      parsed(header() + ".func later(.param .b32 n);\n"
                        ".func early(.param .b32 n) { .param .b32 a; call.uni early, (a); call.uni later, (a); }\n"
                        ".func later(.param .b32 n) { .param .b32 a; call.uni early, (a); }\n"
                        ".entry k() { .param .b32 a; call.uni later, (a); }\n");
  EXPECT_EQ(kernelOf(module).callees.size(), 2u);
}

TEST(Call, builtinsNeedNoBody) {
  const char *kDeclarations = ".extern .func (.param .b32 r) vprintf(.param .b64 a, .param .b64 b);\n"
                              ".extern .func unused(.param .b64 a);\n";
  std::string body = "{ .param .b64 p0; .param .b64 p1; .param .b32 r0;\ncall.uni (r0), vprintf, (p0, p1); }";
  Module module = parsed(kernelText(body, kDeclarations));
  EXPECT_FALSE(module.functions[module.findFunction("vprintf")].isDefined);
  ParseOptions none;
  none.builtins.clear();
  Diagnostic diagnostic;
  EXPECT_FALSE(parse(kernelText(body, kDeclarations), none, &diagnostic));
  EXPECT_EQ(diagnostic.message, "function 'vprintf' is used but has no body in this module, and the simulator does not "
                                "provide it");
}

} // namespace thrift::sim::ptx
