// Sizes beyond the limits are refused with a sentence, and large inputs of every shape stay linear: each of these texts
// would take minutes or gigabytes if something were quadratic or recursive.

#include "Snippets.h"

#include <ctime>

namespace thrift::sim::ptx {

static std::string repeat(const std::string &text, size_t count) {
  std::string result;
  result.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i)
    result += text;
  return result;
}

static std::string messageOf(const std::string &text, const ParseOptions &options = {}) {
  Diagnostic found;
  return parse(text, options, &found) ? "accepted" : found.message;
}

/// Processor time, so that a busy machine does not matter. Generous for slow machines and sanitizers; quadratic work on
/// these sizes takes far longer.
static void expectFast(const std::string &text) {
  std::clock_t begin = std::clock();
  Result<Module> module = parse(text);
  double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_TRUE(module) << module.status().message();
  EXPECT_LT(seconds, 20.0) << text.size() << " bytes";
}

TEST(Limits, text) {
  ParseOptions options;
  options.limits.textBytes = 10;
  EXPECT_EQ(messageOf(header(), options), "text has 45 bytes; allowed: up to 10");
}

TEST(Limits, functions) {
  ParseOptions options;
  options.limits.functions = 2;
  EXPECT_EQ(messageOf(header() + ".func a(); .func b(); .func a();", options), "accepted");
  EXPECT_EQ(messageOf(header() + ".func a(); .func b(); .func c();", options), "module has more than 2 functions");
}

TEST(Limits, nesting) {
  EXPECT_EQ(messageOf(kernelText(repeat("{", 63) + repeat("}", 63))), "accepted");
  EXPECT_EQ(messageOf(kernelText(repeat("{", 64) + repeat("}", 64))), "more than 64 nested blocks");
  EXPECT_EQ(messageOf(kernelText(repeat("{", 1000000))), "more than 64 nested blocks");
}

TEST(Limits, bracketsDoNotRecurse) {
  EXPECT_NE(messageOf(kernelText("mov.b64 " + repeat("{", 1000000))), "accepted");
  EXPECT_NE(messageOf(kernelText("mov.b64 " + repeat("[", 1000000))), "accepted");
  EXPECT_NE(messageOf(kernelText("mov.b64 " + repeat("-", 1000000))), "accepted");
  EXPECT_NE(messageOf(kernelText("mov.b64 " + repeat("!", 1000000))), "accepted");
  EXPECT_NE(messageOf(kernelText("call " + repeat("(", 1000000))), "accepted");
  EXPECT_NE(messageOf(header() + ".global .u32 x[2] = " + repeat("{", 1000000)), "accepted");
  EXPECT_NE(messageOf(header() + ".global .u32 x" + repeat("[1]", 1000000)), "accepted");
  EXPECT_NE(messageOf(header() + ".func " + repeat("(", 1000000)), "accepted");
}

TEST(Limits, registers) {
  EXPECT_EQ(messageOf(kernelText(".reg .b32 %q<4294967295>;")),
            "number of registers is 4294967295; allowed: 0 to 1048526");
  ParseOptions options;
  options.limits.registers = 50;
  EXPECT_EQ(messageOf(kernelText(".reg .b32 one;"), options),
            "more registers than the allowed 50 of a function or 67108864 of a module");
  std::string function = " { .reg .b32 %r<1000000>; ret; }\n";
  std::string text = header();
  for (int i = 0; i < 100; ++i)
    text += ".func f" + std::to_string(i) + "()" + function;
  EXPECT_NE(messageOf(text), "accepted") << "a hundred million registers in 5 kB of text";
}

TEST(Limits, operands) {
  std::string list = "%r1" + repeat(", %r1", 127);
  EXPECT_EQ(messageOf(kernelText("tcgen05.ld.sync.aligned.32x32b.x128.b32 {" + list + "}, [%r2];")), "accepted");
  EXPECT_EQ(messageOf(kernelText("mov.b64 {%r1" + repeat(", %r1", 1000000) + "}, %rd1;")),
            "an instruction has more than 512 operands");
  EXPECT_EQ(messageOf(kernelText("mov.b64 %r1" + repeat(", {%r1, %r1}", 1000) + ";")),
            "an instruction has more than 512 operands");
}

TEST(Limits, opcodes) {
  EXPECT_EQ(messageOf(kernelText("add" + repeat(".x", 1000000) + " %r1, %r1, 1;")),
            "opcode has more than 512 characters");
  EXPECT_EQ(messageOf(kernelText("add" + repeat(" .x", 1000000) + " %r1, %r1, 1;")),
            "opcode has more than 512 characters");
}

TEST(Limits, initializers) {
  EXPECT_EQ(messageOf(header() + ".global .b8 x[4][1000000000] = {{1}, {1}, {1}};"),
            "initial values have more than 268435456 bytes");
}

TEST(Limits, frames) {
  std::string kDepot = ".local .b8 a[10000000]; .local .b8 b[10000000];";
  EXPECT_EQ(messageOf(kernelText(kDepot)), "frame of space .local has more than 16777216 bytes");
  EXPECT_EQ(messageOf(kernelText("{ .param .b8 a[16777216]; .param .b32 b; }")),
            "frame of space .param has more than 16777216 bytes");
  EXPECT_EQ(messageOf(header() + ".entry k(.param .b8 a[10000000], .param .b8 b[10000000]) {ret;}"),
            "parameters have more than 16777216 bytes");
  EXPECT_EQ(messageOf(kernelText("mov.u32 %r1, a; mov.u32 %r1, b;", ".shared .b8 a[10000000], b[10000000];\n")),
            "shared memory of kernel 'k' has more than 16777216 bytes");
}

TEST(Limits, reachableFunctions) {
  std::string text = header();
  for (int i = 0; i < 300; ++i)
    text += ".func f" + std::to_string(i) + "() { " + (i ? "call f" + std::to_string(i - 1) + "; " : "") + "ret; }\n";
  for (int i = 0; i < 300; ++i)
    text += ".entry k" + std::to_string(i) + "() { call f299; ret; }\n";
  EXPECT_EQ(messageOf(text), "accepted");
  ParseOptions options;
  options.limits.reachable = 10000;
  EXPECT_EQ(messageOf(text, options), "kernels reach more than 10000 functions and variables in total");
}

TEST(Limits, manyInstructionsAndLabels) {
  std::string body;
  for (int i = 0; i < 200000; ++i)
    body += "$L" + std::to_string(i) + ": add.s32 %r1, %r2, " + std::to_string(i) + ";\n@%p1 bra $L" +
            std::to_string(i ^ 1) + ";\n";
  expectFast(kernelText(body));
}

TEST(Limits, manyBranchesOutOfDeepBlocks) {
  expectFast(kernelText(repeat("{", 60) + repeat("bra OUT;\n", 200000) + repeat("}", 60) + "OUT:"));
}

TEST(Limits, manyBlocks) {
  expectFast(kernelText(repeat("{ .reg .pred P1; W: mov.pred P1, -1; @P1 bra D; bra W; D: }\n", 100000)));
}

TEST(Limits, manyDeclarations) {
  std::string registers, globals, functions;
  for (int i = 0; i < 100000; ++i) {
    registers += ".reg .b32 a" + std::to_string(i) + ";\n";
    globals += ".global .u32 g" + std::to_string(i) + ";\n";
    functions += ".func f" + std::to_string(i) + "() { ret; }\n";
  }
  expectFast(kernelText(registers));
  expectFast(header() + globals);
  expectFast(header() + functions);
  expectFast(kernelText("ret;", globals + functions));
}

TEST(Limits, numberedPrefixesThatEndInDigits) {
  std::string registers;
  for (int i = 0; i < 1000; ++i)
    registers += ".reg .b32 %q" + std::to_string(i) + "<2>;\n";
  expectFast(kernelText(registers + repeat("mov.u32 %q9991, %q121;\n", 100000)));
}

TEST(Limits, largeInitializersAndSections) {
  expectFast(header() + ".global .b8 x[2000000] = {1" + repeat(",1", 1999999) + "};\n");
  expectFast(header() + ".section .debug_info {\n" + repeat(".b8 1,2,3,4\n", 300000) + "}\n");
  expectFast(header() + repeat("// comment\n/* more */\n", 300000));
}

} // namespace thrift::sim::ptx
