// Variables of every space, their sizes, places and initial values; registers.

#include "Snippets.h"

namespace thrift::sim::ptx {

static Variable variable(const std::string &declaration, const std::string &name = "x") {
  Module module = parsed(header() + declaration + "\n");
  uint32_t index = module.findVariable(name);
  if (index == kNone) {
    ADD_FAILURE() << "no variable " << name << " in " << declaration;
    return {};
  }
  return module.variables[index];
}

using Bytes = std::vector<uint8_t>;

TEST(Variable, sizesAndAlignment) {
  Variable plain = variable(".global .u32 x;");
  EXPECT_EQ(plain.byteSize, 4u);
  EXPECT_EQ(plain.alignment, 4u);
  EXPECT_FALSE(plain.isArray);
  EXPECT_FALSE(plain.isInitialized);
  Variable array = variable(".const .align 16 .b8 x[6][4];");
  EXPECT_EQ(array.space, Space::Const);
  EXPECT_EQ(array.byteSize, 24u);
  EXPECT_EQ(array.alignment, 16u);
  EXPECT_TRUE(array.isArray);
  Variable vector = variable(".global .v4 .f32 x[2];");
  EXPECT_EQ(vector.byteSize, 32u);
  EXPECT_EQ(vector.alignment, 16u);
  EXPECT_EQ(variable(".global .b128 x;").byteSize, 16u);
}

TEST(Variable, linkageAndAttributes) {
  EXPECT_EQ(variable(".visible .global .u32 x;").linkage, Linkage::Visible);
  EXPECT_EQ(variable(".weak .global .u32 x;").linkage, Linkage::Weak);
  EXPECT_EQ(variable(".common .global .u32 x;").linkage, Linkage::Common);
  EXPECT_EQ(variable(".extern .global .u32 x;").linkage, Linkage::Extern);
  EXPECT_TRUE(variable(".global .attribute(.managed) .align 4 .u32 x = 3;").isManaged);
  Variable dynamic = variable(".extern .shared .align 128 .b8 x[];");
  EXPECT_TRUE(dynamic.isUnsized);
  EXPECT_EQ(dynamic.byteSize, 0u);
}

TEST(Variable, severalInOneDeclaration) {
  Module module = parsed(header() + ".global .u16 a[2], b, c = 3;\n");
  ASSERT_EQ(module.variables.size(), 3u);
  EXPECT_EQ(module.variables[0].byteSize, 4u);
  EXPECT_EQ(module.variables[1].name, "b");
  EXPECT_EQ(module.variables[2].data, (Bytes{3, 0}));
}

TEST(Variable, aDefinitionReplacesItsExternDeclaration) {
  Module module = parsed(header() + ".extern .global .u32 x;\n.visible .global .u32 x = 5;\n.extern .global .u32 x;\n");
  ASSERT_EQ(module.variables.size(), 1u);
  EXPECT_EQ(module.variables[0].linkage, Linkage::Visible);
  EXPECT_EQ(module.variables[0].data, (Bytes{5, 0, 0, 0}));
}

TEST(Initializer, integersOfEveryWidth) {
  EXPECT_EQ(variable(".global .b8 x = -1;").data, (Bytes{0xFF}));
  EXPECT_EQ(variable(".global .u8 x = 255;").data, (Bytes{0xFF}));
  EXPECT_EQ(variable(".global .s16 x = -32768;").data, (Bytes{0x00, 0x80}));
  EXPECT_EQ(variable(".global .u32 x = 0x12345678;").data, (Bytes{0x78, 0x56, 0x34, 0x12}));
  EXPECT_EQ(variable(".global .u64 x = -6;").data, (Bytes{0xFA, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}));
  EXPECT_EQ(variable(".global .u32 x = +7;").data, (Bytes{7, 0, 0, 0}));
}

TEST(Initializer, floats) {
  EXPECT_EQ(variable(".global .f32 x = 0f3FC00000;").data, (Bytes{0, 0, 0xC0, 0x3F}));
  EXPECT_EQ(variable(".global .b32 x = 0f3FC00000;").data, (Bytes{0, 0, 0xC0, 0x3F}));
  EXPECT_EQ(variable(".global .f32 x = -1.5;").data, (Bytes{0, 0, 0xC0, 0xBF}));
  EXPECT_EQ(variable(".global .f64 x = 0dC004000000000000;").data, (Bytes{0, 0, 0, 0, 0, 0, 0x04, 0xC0}));
  EXPECT_EQ(variable(".global .f64 x = 1.0;").data, (Bytes{0, 0, 0, 0, 0, 0, 0xF0, 0x3F}));
}

TEST(Initializer, arraysAreAPrefixAndRowsArePadded) {
  Variable x = variable(".global .b8 x[8] = {1, 2};");
  EXPECT_TRUE(x.isInitialized);
  EXPECT_EQ(x.byteSize, 8u);
  EXPECT_EQ(x.data, (Bytes{1, 2}));
  EXPECT_EQ(variable(".global .b8 x[3][2] = {{1}, {2, 3}};").data, (Bytes{1, 0, 2, 3}));
  EXPECT_EQ(variable(".global .v2 .u16 x[2] = {{1, 2}, {3, 4}};").data, (Bytes{1, 0, 2, 0, 3, 0, 4, 0}));
  Variable counted = variable(".global .b16 x[] = {1, 2, 3};");
  EXPECT_FALSE(counted.isUnsized);
  EXPECT_EQ(counted.byteSize, 6u);
}

TEST(Initializer, addresses) {
  Module module = parsed(header() + ".func f();\n"
                                    ".global .b8 a[16];\n"
                                    ".global .u64 x[6] = {a, a+8, generic(a), generic(a)+-4, generic(a+2), 7};\n"
                                    ".global .u64 y = f;\n.func f() { ret; }\n");
  const Variable &x = module.variables[module.findVariable("x")];
  ASSERT_EQ(x.relocations.size(), 5u);
  EXPECT_EQ(x.data.size(), 48u);
  EXPECT_EQ(x.data[40], 7);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(x.relocations[i].offset, 8 * i);
    EXPECT_EQ(x.relocations[i].byteSize, 8);
    EXPECT_EQ(x.relocations[i].symbol, SymbolKind::Variable);
    EXPECT_EQ(x.relocations[i].id, module.findVariable("a"));
    EXPECT_EQ(x.relocations[i].isGeneric, i >= 2);
  }
  EXPECT_EQ(x.relocations[1].addend, 8);
  EXPECT_EQ(x.relocations[3].addend, -4);
  EXPECT_EQ(x.relocations[4].addend, 2);
  const Variable &y = module.variables[module.findVariable("y")];
  ASSERT_EQ(y.relocations.size(), 1u);
  EXPECT_EQ(y.relocations[0].symbol, SymbolKind::Function);
  EXPECT_EQ(y.relocations[0].id, module.findFunction("f"));
}

TEST(Initializer, bytesOfAnAddress) {
  Module module = parsed(header() + ".global .b8 a[16];\n"
                                    ".global .u8 x[4] = {1, 0xFF(generic(a)), 0xFF00(generic(a)+8), 0xFF0000(a+4)};\n");
  const Variable &x = module.variables[module.findVariable("x")];
  ASSERT_EQ(x.relocations.size(), 3u);
  EXPECT_EQ(x.data, (Bytes{1, 0, 0, 0}));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(x.relocations[i].offset, i + 1);
    EXPECT_EQ(x.relocations[i].byteSize, 1);
    EXPECT_EQ(x.relocations[i].shift, 8 * i);
  }
  EXPECT_TRUE(x.relocations[1].isGeneric);
  EXPECT_EQ(x.relocations[1].addend, 8);
  EXPECT_FALSE(x.relocations[2].isGeneric);
}

TEST(Register, rangesAndTypes) {
  Module module = parsed(kernelText(".reg .f64 a, %d<3>; .reg .b128 q; .reg .b8 low;\nret;"));
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.registerTypes.size(), 50u + 1 + 3 + 1 + 1);
  EXPECT_EQ(kernel.registerName(0), "%p0");
  EXPECT_EQ(kernel.registerTypes[0], Type::Pred);
  EXPECT_EQ(kernel.registerName(19), "%r9");
  EXPECT_EQ(kernel.registerName(50), "a");
  EXPECT_EQ(kernel.registerName(53), "%d2");
  EXPECT_EQ(kernel.registerTypes[53], Type::F64);
  EXPECT_EQ(kernel.registerTypes[54], Type::B128);
  EXPECT_EQ(kernel.registerTypes[55], Type::B8);
  EXPECT_EQ(kernel.registerName(56), "<no register>");
}

TEST(Register, aRangeOfNoneDeclaresNone) {
  Module module = parsed(kernelText(".reg .b32 %none<0>;\nret;"));
  EXPECT_EQ(kernelOf(module).registerTypes.size(), 50u);
}

TEST(Variable, localFrame) {
  Module module =
      parsed(kernelText(".local .align 16 .b8 __local_depot0[20];\n{ .local .u64 y; st.local.u64 [y], 1; }\n"
                        "mov.u64 %rd1, __local_depot0;"));
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(kernel.locals.size(), 2u);
  EXPECT_EQ(kernel.locals[0].offset, 0u);
  EXPECT_EQ(kernel.locals[1].offset, 24u);
  EXPECT_EQ(kernel.localBytes, 32u);
  EXPECT_EQ(kernel.localAlignment, 16u);
  EXPECT_EQ(kernel.locals[0].function, module.findFunction("k"));
}

} // namespace thrift::sim::ptx
