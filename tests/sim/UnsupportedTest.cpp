//===- UnsupportedTest.cpp - what is not simulated is said ------------------===//

#include "tests/sim/SimHarness.h"

namespace thrift::sim::test {

static std::string kernelWith(const std::string &line) {
  return header() +
         ".visible .entry test() {\n  .reg .b32 %r<8>; .reg .b64 %d<4>; .reg .b16 %h<4>; .reg .pred %p<4>;\n" + line +
         "\n  ret;\n}\n";
}

/// Line 6 of the text is the instruction.
static void expectUnsupported(const std::string &line, const std::string &reason) {
  Result<std::shared_ptr<Module>> module = Module::load(kernelWith(line));
  ASSERT_TRUE(module) << line << ": " << module.status().message();
  Result<const Kernel *> kernel = (*module)->find("test");
  ASSERT_FALSE(kernel) << line;
  EXPECT_NE(kernel.status().message().find("line 6: "), std::string::npos) << kernel.status().message();
  EXPECT_NE(kernel.status().message().find(reason), std::string::npos) << kernel.status().message();
}

TEST(Unsupported, InstructionsThatDoNotExistHere) {
  expectUnsupported("tex.1d.v4.f32.s32 {%r0,%r1,%r2,%r3}, [%d0, {%r4}];", "does not have this instruction");
  expectUnsupported("wgmma.fence.sync.aligned;", "wgmma needs the target sm_90a");
}

TEST(Unsupported, ModifiersAreNeverIgnored) {
  expectUnsupported("add.rz.s32 %r0, %r1, %r2;", "modifier .rz");
  expectUnsupported("xor.ftz.b32 %r0, %r1, %r2;", "modifier .ftz");
  expectUnsupported("ld.global.nonsense.u32 %r0, [%d0];", "modifier .nonsense");
  expectUnsupported("bar.sync.wide 0;", "modifier .wide");
  expectUnsupported("mma.sync.aligned.m16n8k16.row.col.sparse.f32.f16.f16.f32 {%r0,%r1,%r2,%r3}, {%r0,%r1,%r2,%r3}, "
                    "{%r4,%r5}, {%r0,%r1,%r2,%r3};",
                    "modifier .sparse");
}

TEST(Unsupported, CombinationsThatHaveNoForm) {
  expectUnsupported("add.sat.u32 %r0, %r1, %r2;", "combination");
  expectUnsupported("setp.lo.s32 %p0, %r1, %r2;", "combination");
  expectUnsupported("popc.b16 %r0, %h1;", "combination");
  expectUnsupported("mma.sync.aligned.m16n8k8.row.col.f32.e4m3.e4m3.f32 {%r0,%r1,%r2,%r3}, {%r0}, {%r4}, "
                    "{%r0,%r1,%r2,%r3};",
                    "combination");
  expectUnsupported(
      "mma.sync.aligned.m16n8k16.row.row.f32.f16.f16.f32 {%r0,%r1,%r2,%r3}, {%r0,%r1,%r2,%r3}, {%r4,%r5}, "
      "{%r0,%r1,%r2,%r3};",
      "shape or layout");
  expectUnsupported("cvt.rn.e4m3x2.f32 %h0, %r0, %r1;", "combination");
}

TEST(Unsupported, FloatFormsThatTheIsaDoesNotList) {
  auto rejected = [](const std::string &line) { return loadError(kernelWith(".reg .f32 %f<8>;" + line)); };
  EXPECT_EQ(rejected("max.abs.f32 %f0, %f1, %f2, %f3;"), "");
  for (const char *line : {
           // fma has no default rounding
           "fma.f32 %f0, %f1, %f2, %f3;",
           "mad.f32 %f0, %f1, %f2, %f3;",
           "fma.f32x2 %d0, %d1, %d2, %d3;",
           "fma.f16 %h0, %h1, %h2, %h3;",
           "fma.sat.f32.f16 %f0, %h1, %h2, %f1;",
           "fma.rz.f16 %h0, %h1, %h2, %h3;",
           // f32x2
           "add.sat.f32x2 %d0, %d1, %d2;",
           "mad.rn.f32x2 %d0, %d1, %d2, %d3;",
           "div.rn.f32x2 %d0, %d1, %d2;",
           "max.f32x2 %d0, %d1, %d2;",
           "neg.f32x2 %d0, %d1;",
           // min, max: .xorsign goes with .abs and two numbers, .abs alone with three
           "max.xorsign.f32 %f0, %f1, %f2;",
           "max.abs.f32 %f0, %f1, %f2;",
           "min.xorsign.abs.f32 %f0, %f1, %f2, %f3;",
           "min.xorsign.f16 %h0, %h1, %h2;",
           "min.abs.f16x2 %r0, %r1, %r2;",
           "max.f16 %h0, %h1, %h2, %h3;",
           "max.NaN.f64 %d0, %d1, %d2;",
           // .relu is for fma, and not with .sat
           "add.relu.f16x2 %r0, %r1, %r2;",
           "mul.rn.relu.bf16 %h0, %h1, %h2;",
           "fma.rn.sat.relu.f16 %h0, %h1, %h2, %h3;",
           "fma.rn.relu.f32 %f0, %f1, %f2, %f3;",
           "fma.rn.oob.f16 %h0, %h1, %h2, %h3;",
           // mixed precision
           "mul.f32.f16 %f0, %h1, %f1;",
           "add.ftz.f32.f16 %f0, %h1, %f1;",
           "add.f32.f16x2 %f0, %r1, %f1;",
           // functions need .approx or a rounding mode
           "ex2.f32 %f0, %f1;",
           "lg2.ftz.f32 %f0, %f1;",
           "tanh.f16 %h0, %h1;",
           "rcp.f32 %f0, %f1;",
           "sqrt.approx.rn.f32 %f0, %f1;",
           "div.f32 %f0, %f1, %f2;",
           "div.rn.sat.f32 %f0, %f1, %f2;",
           "ex2.approx.ftz.f16 %h0, %h1;",
           "ex2.approx.bf16x2 %r0, %r1;",
           "tanh.approx.ftz.bf16 %h0, %h1;",
           // redux
           "redux.sync.add.f32 %f0, %f1, -1;",
           "redux.sync.min.abs.s32 %r0, %r1, -1;",
           "redux.sync.and.NaN.b32 %r0, %r1, -1;",
           "redux.sync.min.f16 %h0, %h1, -1;",
       })
    EXPECT_NE(rejected(line), "") << line;
}

TEST(Unsupported, OperandsOfTheWrongWidth) {
  expectUnsupported("add.u32 %r0, %d1, %r2;", "%d1 has 64 bits, the instruction reads 32");
  expectUnsupported("add.u64 %r0, %d1, %d2;", "%r0 has 32 bits, the instruction writes 64");
  expectUnsupported("add.f32 %r0, %r1, 3;", "immediate of another kind");
  expectUnsupported("selp.b32 %r0, %r1, %r2, %r3;", "not a predicate");
  expectUnsupported("ld.global.u32 %h0, [%d0];", "narrower");
  expectUnsupported("ld.global.v2.u32 {%r0, %r1, %r2}, [%d0];", "3 elements");
  expectUnsupported("add.u32 %r0, %r1, %r2, %r3;", "operand 4");
  expectUnsupported("add.u32 %r0, %r1;", "operand 3 is missing");
}

TEST(Unsupported, OnlyTheEntryThatIsAskedFor) {
  std::string text = header() + ".visible .entry bad() { .reg .b32 %r0; wmma.load.a.sync.aligned.row.m16n16k16.f16 {%r0}, [0]; ret; "
                                "}\n.visible .entry good() { ret; }\n";
  Result<std::shared_ptr<Module>> module = Module::load(text);
  ASSERT_TRUE(module) << module.status().message();
  EXPECT_TRUE((*module)->find("good"));
  EXPECT_EQ((*module)->find("bad").status().code(), StatusCode::Unsupported);
}

TEST(Unsupported, CalledFunctionsCount) {
  std::string text = header() + R"(
.func helper() { wgmma.fence.sync.aligned; ret; }
.visible .entry test() { call helper; ret; }
)";
  EXPECT_NE(loadError(text).find("wgmma.fence"), std::string::npos) << loadError(text);
}

TEST(Unsupported, DeepChainsOfCalls) {
  std::string text = header() + ".func f0() { ret; }\n";
  for (int i = 1; i < 2000; ++i)
    text += ".func f" + std::to_string(i) + "() { call f" + std::to_string(i - 1) + "; ret; }\n";
  text += ".visible .entry test() { call f1999; ret; }\n";
  EXPECT_NE(loadError(text).find("call depth"), std::string::npos) << loadError(text);
}

TEST(Unsupported, HugeLocalMemory) {
  EXPECT_NE(loadError(kernelWith(".local .align 4 .b8 depot[600000];")).find("local memory"), std::string::npos);
}

TEST(Unsupported, AGuardThatIsNoPredicate) { EXPECT_NE(loadError(kernelWith("@%r0 add.u32 %r1, %r1, 1;")), ""); }

TEST(Unsupported, AddressesOfFunctionsMayBeStoredButNotCalled) {
  std::string text = header() + R"(
.func helper() { ret; }
.global .align 8 .u64 table[2] = {helper, helper};
.visible .entry good() { ret; }
.visible .entry test() {
  .reg .b64 %f;
  ld.global.u64 %f, [table];
  P: .callprototype _ ();
  call %f, P;
  ret;
})";
  EXPECT_EQ(loadError(text, "good"), "");
  EXPECT_NE(loadError(text).find("an indirect call"), std::string::npos) << loadError(text);
}

TEST(Unsupported, Recursion) {
  std::string text = header() + R"(
.func odd();
.func even() { call odd; ret; }
.func odd() { call even; ret; }
.visible .entry test() { call even; ret; }
)";
  EXPECT_NE(loadError(text).find("recursive"), std::string::npos) << loadError(text);
}

TEST(Invalid, UndefinedFunctions) {
  std::string text = header() + ".func missing();\n.visible .entry test() { call missing; ret; }\n";
  EXPECT_NE(loadError(text).find("missing"), std::string::npos) << loadError(text);
}

TEST(Invalid, BrokenTextIsAStatus) {
  for (std::string text :
       {"", "garbage", ".version 8.0", ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry test( {"})
    EXPECT_NE(loadError(text), "") << text;
  std::string narrow = ".version 8.0\n.target sm_80\n.address_size 32\n.visible .entry test() { ret; }\n";
  EXPECT_NE(loadError(narrow), "");
}

} // namespace thrift::sim::test
