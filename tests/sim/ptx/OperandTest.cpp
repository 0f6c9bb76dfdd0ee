// Operands: every kind, as the decoder sees it.

#include "Snippets.h"

namespace thrift::sim::ptx {

/// Parses "opcode operands;" in the kernel of kernelText and gives access to the operands of the last instruction.
class Operands : public ::testing::Test {
protected:
  void parseOne(const std::string &instruction, const std::string &declarations = "") {
    module = parsed(kernelText(instruction, declarations));
    const Function &kernel = kernelOf(module);
    ASSERT_FALSE(kernel.instructions.empty());
    operands = kernel.operandsOf(kernel.instructions.back());
  }
  Span<Operand> elements(const Operand &operand) { return kernelOf(module).elementsOf(operand); }
  std::string registerName(uint32_t id) { return kernelOf(module).registerName(id); }
  const Opcode &opcode() { return module.opcodes[kernelOf(module).instructions.back().opcode]; }

  Module module;
  Span<Operand> operands;
};

TEST_F(Operands, registersAndOpcode) {
  parseOne("fma.rn.ftz.f32 %f1, %f2, %f3, %f4;");
  ASSERT_EQ(operands.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(operands[i].kind, OperandKind::Register);
    EXPECT_EQ(registerName(operands[i].id), "%f" + std::to_string(i + 1));
  }
  EXPECT_EQ(opcode().base, "fma");
  EXPECT_EQ(opcode().text, "fma.rn.ftz.f32");
  EXPECT_EQ(opcode().modifiers, (std::vector<std::string>{"rn", "ftz", "f32"}));
  EXPECT_TRUE(opcode().has("ftz"));
  EXPECT_FALSE(opcode().has("rz"));
}

TEST_F(Operands, modifiersKeepColons) {
  parseOne("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%rd1], %r2, [%r3];");
  EXPECT_EQ(opcode().modifiers,
            (std::vector<std::string>{"async", "bulk", "shared::cluster", "global", "mbarrier::complete_tx::bytes"}));
}

TEST_F(Operands, integers) {
  parseOne("prmt.b32 %r1, -1, 0x5410U, 18446744073709551615;");
  EXPECT_EQ(operands[1].kind, OperandKind::Immediate);
  EXPECT_EQ(operands[1].immediate, ImmediateKind::Integer);
  EXPECT_EQ(operands[1].offset(), -1);
  EXPECT_FALSE(operands[1].isUnsigned);
  EXPECT_EQ(operands[2].value, 0x5410u);
  EXPECT_TRUE(operands[2].isUnsigned);
  EXPECT_EQ(operands[3].value, UINT64_MAX);
  parseOne("mov.b64 %rd1, -9223372036854775808;");
  EXPECT_EQ(operands[1].offset(), INT64_MIN);
  parseOne("mov.pred %p1, -1;");
  EXPECT_EQ(operands[1].offset(), -1);
  parseOne("mov.u32 %r1, WARP_SZ;");
  EXPECT_EQ(operands[1].value, 32u);
}

TEST_F(Operands, floats) {
  parseOne("add.f32 %f1, 0f3F800000, 0d3FF0000000000000;");
  EXPECT_EQ(operands[1].immediate, ImmediateKind::F32);
  EXPECT_EQ(operands[1].value, 0x3F800000u);
  EXPECT_EQ(operands[2].immediate, ImmediateKind::F64);
  EXPECT_EQ(operands[2].value, 0x3FF0000000000000u);
  parseOne("mov.f32 %f1, -0.5;");
  EXPECT_EQ(operands[1].immediate, ImmediateKind::F64);
  EXPECT_EQ(operands[1].value, 0xBFE0000000000000u);
}

TEST_F(Operands, specialRegisters) {
  parseOne("mad.lo.s32 %r1, %ctaid.x, %ntid.y, %tid.z;");
  EXPECT_EQ(operands[1].kind, OperandKind::Special);
  EXPECT_EQ(operands[1].id, static_cast<uint32_t>(SpecialRegister::CtaIdX));
  EXPECT_EQ(operands[2].id, static_cast<uint32_t>(SpecialRegister::NtidY));
  EXPECT_EQ(operands[3].id, static_cast<uint32_t>(SpecialRegister::TidZ));
  parseOne("mov.u64 %rd1, %globaltimer;");
  EXPECT_EQ(operands[1].id, static_cast<uint32_t>(SpecialRegister::GlobalTimer));
  EXPECT_EQ(typeOf(SpecialRegister::GlobalTimer), Type::U64);
  EXPECT_EQ(typeOf(SpecialRegister::IsExplicitCluster), Type::Pred);
  parseOne(".reg .b32 %laneid;\nmov.u32 %laneid, 1;");
  EXPECT_EQ(operands[0].kind, OperandKind::Register) << "a declaration hides the special register";
}

TEST_F(Operands, everySpecialRegisterIsRecognised) {
  for (uint32_t id = 0; id < specialRegisterCount(); ++id) {
    parseOne("mov.u32 %r1, " + std::string(nameOf(static_cast<SpecialRegister>(id))) + ";");
    EXPECT_EQ(operands[1].id, id);
  }
}

TEST_F(Operands, addresses) {
  struct Case {
    const char *text;
    AddressBase base;
    int64_t offset;
  };
  const Case kCases[] = {
      {"[%rd1]", AddressBase::Register, 0},        {"[%rd1+16]", AddressBase::Register, 16},
      {"[%rd1+-16]", AddressBase::Register, -16},  {"[ smem + 4 ]", AddressBase::Symbol, 4},
      {"[smem+512+-8]", AddressBase::Symbol, 504}, {"[16]", AddressBase::Absolute, 16},
      {"[%r1+0x40]", AddressBase::Register, 64},
  };
  for (const Case &c : kCases) {
    parseOne(std::string("ld.shared.u32 %r2, ") + c.text + ";", ".shared .b8 smem[1024];\n");
    ASSERT_EQ(operands.size(), 2u) << c.text;
    EXPECT_EQ(operands[1].kind, OperandKind::Address) << c.text;
    EXPECT_EQ(operands[1].base, c.base) << c.text;
    EXPECT_EQ(operands[1].offset(), c.offset) << c.text;
    EXPECT_EQ(operands[1].elementCount, 0u) << c.text;
  }
}

TEST_F(Operands, addressesOfParametersAndLocals) {
  parseOne("ld.param.u32 %r1, [box+20];");
  EXPECT_EQ(operands[1].symbol, SymbolKind::Param);
  EXPECT_EQ(operands[1].id, 1u);
  EXPECT_EQ(operands[1].offset(), 20);
  parseOne(".local .b8 depot[8];\nst.local.u32 [depot+4], %r1;");
  EXPECT_EQ(operands[0].symbol, SymbolKind::Local);
  parseOne("{ .param .b32 param0;\nst.param.b32 [param0+0], %r1; }");
  EXPECT_EQ(operands[0].symbol, SymbolKind::CallParam);
}

TEST_F(Operands, tensorCoordinates) {
  parseOne("cp.async.bulk.tensor.3d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes.multicast::cluster"
           ".L2::cache_hint [%r1], [%rd1, {%r2, %r3, 5}], [%r4], {%rs1}, %rs2, %rd2;");
  ASSERT_EQ(operands.size(), 6u);
  const Operand &tensor = operands[1];
  EXPECT_EQ(tensor.kind, OperandKind::Address);
  EXPECT_EQ(registerName(tensor.id), "%rd1");
  ASSERT_EQ(tensor.elementCount, 1u);
  const Operand &coordinates = elements(tensor)[0];
  EXPECT_EQ(coordinates.kind, OperandKind::Vector);
  ASSERT_EQ(coordinates.elementCount, 3u);
  EXPECT_EQ(registerName(elements(coordinates)[1].id), "%r3");
  EXPECT_EQ(elements(coordinates)[2].value, 5u);
  EXPECT_EQ(operands[2].kind, OperandKind::Address);
  EXPECT_EQ(operands[3].kind, OperandKind::Vector);
  EXPECT_EQ(operands[4].kind, OperandKind::Register);
}

TEST_F(Operands, vectorsAndSinks) {
  parseOne("ld.global.v4.b32 {%r1, _, %r3, _}, [%rd1];");
  ASSERT_EQ(operands[0].elementCount, 4u);
  EXPECT_EQ(elements(operands[0])[0].kind, OperandKind::Register);
  EXPECT_EQ(elements(operands[0])[1].kind, OperandKind::Sink);
  parseOne("mov.b64 %rd1, {%r1, %r2};");
  EXPECT_EQ(operands[1].kind, OperandKind::Vector);
  parseOne("mov.b64 {_, %r2}, %rd1;");
  EXPECT_EQ(operands[0].elementCount, 2u);
  parseOne("st.global.v2.b64 [%rd1], {5, -1};");
  EXPECT_EQ(elements(operands[1])[1].offset(), -1);
  parseOne("atom.global.add.u32 _, [%rd1], 1;");
  EXPECT_EQ(operands[0].kind, OperandKind::Sink);
}

TEST_F(Operands, opcodeMayTouchItsOperands) {
  parseOne("tcgen05.ld.sync.aligned.32x32b.x2.b32{%r1, %r2},[%r3];");
  EXPECT_EQ(opcode().text, "tcgen05.ld.sync.aligned.32x32b.x2.b32");
  ASSERT_EQ(operands.size(), 2u);
  EXPECT_EQ(operands[0].elementCount, 2u);
  parseOne("tcgen05.st.sync.aligned.32x32b.x2.b32[%r3],{%r1, %r2};");
  EXPECT_EQ(operands[0].kind, OperandKind::Address);
}

TEST_F(Operands, whiteSpaceInsideAnOpcode) {
  parseOne("ld.global\n\t.v2 .b32 {%r1, %r2}, [%rd1];\nld.global.v2.b32 {%r1, %r2}, [%rd1];");
  EXPECT_EQ(module.opcodes.size(), 1u) << "both spellings are one opcode";
  EXPECT_EQ(opcode().text, "ld.global.v2.b32");
}

TEST_F(Operands, pairs) {
  parseOne("shfl.sync.down.b32 %r1|%p1, %r2, 1, 31, -1;");
  EXPECT_EQ(operands[0].kind, OperandKind::RegisterPair);
  EXPECT_EQ(registerName(operands[0].id), "%r1");
  EXPECT_EQ(registerName(operands[0].second), "%p1");
  parseOne("setp.lt.s32 %p1 | %p2, %r1, %r2;");
  EXPECT_EQ(registerName(operands[0].second), "%p2");
  parseOne("elect.sync _|%p1, -1;");
  EXPECT_EQ(operands[0].id, kNone);
  EXPECT_EQ(registerName(operands[0].second), "%p1");
  parseOne("shfl.sync.down.b32 %r1|_, %r2, 1, 31, -1;");
  EXPECT_EQ(operands[0].second, kNone);
}

TEST_F(Operands, negatedPredicates) {
  parseOne("setp.lt.and.s32 %p1, %r1, %r2, !%p3;");
  EXPECT_EQ(operands[3].kind, OperandKind::Register);
  EXPECT_TRUE(operands[3].negated);
  EXPECT_FALSE(operands[0].negated);
}

TEST_F(Operands, symbols) {
  parseOne("mov.u64 %rd1, table+8;", ".global .b8 table[16];\n");
  EXPECT_EQ(operands[1].kind, OperandKind::Symbol);
  EXPECT_EQ(operands[1].symbol, SymbolKind::Variable);
  EXPECT_EQ(operands[1].offset(), 8);
  parseOne("mov.u64 %rd1, f;", ".func f() { ret; }\n");
  EXPECT_EQ(operands[1].symbol, SymbolKind::Function);
  parseOne("mov.b64 %rd1, box;");
  EXPECT_EQ(operands[1].symbol, SymbolKind::Param);
  EXPECT_EQ(operands[1].id, 1u);
}

TEST_F(Operands, none) {
  parseOne("ret;");
  EXPECT_TRUE(operands.empty());
  EXPECT_TRUE(opcode().modifiers.empty());
}

TEST_F(Operands, printing) {
  for (const char *text : {"fma.rn.f32 %f1, %f2, 0f3F800000, %f4", "mov.f64 %rd1, 0d3FF0000000000000",
                           "@!%p3 st.shared.v2.b32 [%r1+-8], {%r2, 7U}", "shfl.sync.bfly.b32 %r1|%p1, %r2, 1, 31, -1",
                           "elect.sync _|%p1, -1", "setp.lt.or.s32 %p1, %r1, %tid.x, !%p2",
                           "cp.async.bulk.tensor.2d.shared::cluster.global.tile [%r1], [%rd1, {%r2, 0}], [%r3]",
                           "ld.param.u64 %rd1, [in]", "mov.b64 {_, %r2}, %rd1", "exit"}) {
    module = parsed(kernelText(std::string(text) + ";"));
    EXPECT_EQ(printed(module), std::vector<std::string>{text});
  }
}

} // namespace thrift::sim::ptx
