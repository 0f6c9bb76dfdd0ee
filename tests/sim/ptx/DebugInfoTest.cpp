// Source locations reach the instructions; debug sections are read and dropped.

#include "Snippets.h"

namespace thrift::sim::ptx {

TEST(DebugInfo, locationsApplyUntilTheNextOne) {
  Module module =
      parsed(kernelText("mov.u32 %r1, 0;\n.loc 2 20 5\nmov.u32 %r1, 1;\nmov.u32 %r1, 2;\n.loc 1 21 0\nret;") +
             ".file 1 \"a.cu\"\n.file 2 \"b.h\", 1700000000, 4096\n");
  const Function &kernel = kernelOf(module);
  ASSERT_EQ(module.files.size(), 2u);
  EXPECT_EQ(kernel.instructions[0].location, kNone);
  EXPECT_EQ(kernel.instructions[1].location, 0u);
  EXPECT_EQ(kernel.instructions[2].location, 0u);
  const Location &first = module.locations[0], &second = module.locations[1];
  EXPECT_EQ(module.files[first.file].path, "b.h");
  EXPECT_EQ(first.line, 20u);
  EXPECT_EQ(first.column, 5u);
  EXPECT_EQ(first.inlinedAt, kNone);
  EXPECT_EQ(module.files[second.file].path, "a.cu");
  EXPECT_EQ(kernel.instructions[3].location, 1u);
}

TEST(DebugInfo, inlinedCalls) {
  Module module = parsed(kernelText(".loc 1 10 3\nmov.u32 %r1, 0;\n"
                                    ".loc 1 99 1, function_name $L__info_string0+4, inlined_at 1 10 3\nret;") +
                         ".file 1 \"a.cu\"\n.section .debug_str\n{\n$L__info_string0:\n.b8 95,90,0\n}\n");
  const Location &inner = module.locations[kernelOf(module).instructions[1].location];
  EXPECT_EQ(inner.line, 99u);
  ASSERT_NE(inner.inlinedAt, kNone);
  EXPECT_EQ(module.locations[inner.inlinedAt].line, 10u);
}

TEST(DebugInfo, locationsDoNotLeakIntoTheNextFunction) {
  Module module = parsed(header() + ".file 1 \"a.cu\"\n.func f() { .loc 1 5 0\nret; }\n.func g() { ret; }\n.loc 1 7 0\n"
                                    ".func h() { ret; }\n");
  EXPECT_NE(module.functions[0].instructions[0].location, kNone);
  EXPECT_EQ(module.functions[1].instructions[0].location, kNone);
  EXPECT_EQ(module.locations[module.functions[2].instructions[0].location].line, 7u);
}

TEST(DebugInfo, sections) {
  Module module = parsed(header() + ".section .debug_info\n{\n.b32 .debug_abbrev\n.b8 108,103,0\n.b64 $L__tmp1\n"
                                    ".b64 a+8\n.b32 $L__b-$L__a\n.b16 -2\nlabel:\n}\n.section .debug_loc { }\n");
  EXPECT_TRUE(module.functions.empty());
}

} // namespace thrift::sim::ptx
