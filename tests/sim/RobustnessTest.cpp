//===- RobustnessTest.cpp - damaged PTX never crashes or hangs --------------===//
//
// Whole kernels with a few tokens changed, loaded, decoded and run with random arguments and a small budget. Any
// outcome is fine that is a status; the sanitizers watch.
//
//===----------------------------------------------------------------------===//

#include "tests/sim/SimHarness.h"

#include <cctype>

namespace thrift::sim::test {

/// The text cut into words, numbers and single characters.
static std::vector<std::string> tokensOf(const std::string &text) {
  std::vector<std::string> tokens;
  for (size_t i = 0; i < text.size();) {
    size_t begin = i++;
    auto isWord = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '%';
    };
    if (isWord(text[begin]))
      while (i < text.size() && isWord(text[i]))
        ++i;
    tokens.push_back(text.substr(begin, i - begin));
  }
  return tokens;
}

static std::string damaged(const std::vector<std::string> &original, std::mt19937_64 &random) {
  std::vector<std::string> tokens = original;
  for (uint64_t changes = 1 + random() % 6; changes > 0; --changes) {
    std::string &token = tokens[random() % tokens.size()];
    switch (random() % 5) {
    case 0: // another token of the same text
      token = tokens[random() % tokens.size()];
      break;
    case 1:
      token.clear();
      break;
    case 2: // another number
      if (std::isdigit(static_cast<unsigned char>(token[0])))
        token = std::to_string(static_cast<int64_t>(random() >> random() % 64));
      break;
    case 3: // another register or modifier with a similar name
      if (!token.empty() && std::isdigit(static_cast<unsigned char>(token.back())))
        token.back() = static_cast<char>('0' + random() % 10);
      break;
    default:
      token += tokens[random() % tokens.size()];
      break;
    }
    if (token.empty())
      token = " ";
  }
  std::string text;
  for (const std::string &token : tokens)
    text += token;
  return text;
}

static void runAll(const std::string &text, std::mt19937_64 &random, unsigned &loaded, unsigned &finished) {
  Result<std::shared_ptr<Module>> module = Module::load(text);
  if (!module) {
    EXPECT_FALSE(module.status().message().empty());
    return;
  }
  ++loaded;
  for (const std::string &entry : (*module)->entries()) {
    Result<const Kernel *> kernel = (*module)->find(entry);
    if (!kernel)
      continue;
    Memory memory;
    uint64_t buffer = upload(memory, std::vector<uint32_t>(4096, 3));
    Arguments arguments;
    for (const ParameterInfo &parameter : (*kernel)->info().parameters) {
      std::vector<uint8_t> bytes(parameter.bytes);
      uint64_t value = parameter.bytes == 8 && random() % 4 ? buffer : random() % 300;
      std::memcpy(bytes.data(), &value, std::min<size_t>(bytes.size(), sizeof value));
      arguments.addBytes(bytes.data(), bytes.size());
    }
    Options options;
    options.threads = 1;
    options.instructionBudget = 20000;
    options.checkUninitialized = random() % 2;
    Report report = launch(**kernel, memory, {{2}, {64}, 1024}, arguments, options);
    finished += report.status.isOk();
  }
}

TEST(Robustness, DamagedKernels) {
  std::mt19937_64 random(2024);
  unsigned loaded = 0, finished = 0;
  for (const char *name : {"kernels.nvcc-sm_80.ptx", "kernels.clang-sm_100a.ptx"}) {
    std::vector<std::string> tokens = tokensOf(readData(name));
    for (int round = 0; round < 150; ++round)
      runAll(damaged(tokens, random), random, loaded, finished);
  }
  // Most changes hit one entry of many: the test is only worth something if enough of the text survives.
  EXPECT_GT(loaded, 30u);
  EXPECT_GT(finished, 30u);
}

/// Valid instructions, one to three parts of which are exchanged for others.
TEST(Robustness, DamagedInstructions) {
  // Each is: base, modifiers, operands.
  static const std::vector<std::vector<std::string>> kValid = {
      {"add", ".sat", ".s32", " %r0", ", %r1", ", %r2"},
      {"mad", ".wide", ".u32", " %d0", ", %r1", ", %r2", ", %d1"},
      {"bfe", ".s64", " %d0", ", %d1", ", %r1", ", %r2"},
      {"setp", ".lt", ".and", ".f32", " %p0|%p1", ", %r0", ", %r1", ", %p2"},
      {"selp", ".b64", " %d0", ", %d1", ", %d2", ", %p0"},
      {"mov", ".b64", " {%r0, %r1}", ", %d0"},
      {"cvt", ".rn", ".ftz", ".f16", ".f32", " %h0", ", %r1"},
      {"cvt", ".rzi", ".s64", ".f64", " %d0", ", %d1"},
      {"ld", ".shared", ".v2", ".u32", " {%r0, %r1}", ", [memory+8]"},
      {"st", ".global", ".v4", ".b32", " [%d0]", ", {%r0, %r1, %r2, %r3}"},
      {"atom", ".shared", ".add", ".u32", " %r0", ", [memory]", ", %r1"},
      {"red", ".global", ".add", ".noftz", ".f16x2", " [%d0]", ", %r1"},
      {"shfl", ".sync", ".bfly", ".b32", " %r0|%p0", ", %r1", ", 1", ", 31", ", -1"},
      {"vote", ".sync", ".ballot", ".b32", " %r0", ", %p0", ", -1"},
      {"match", ".all", ".sync", ".b64", " %r0|%p0", ", %d0", ", -1"},
      {"redux", ".sync", ".min", ".s32", " %r0", ", %r1", ", -1"},
      {"cp", ".async", ".ca", ".shared", ".global", " [memory]", ", [%d0]", ", 4", ", %r0"},
      {"cp", ".async", ".wait_group", " 1"},
      {"bar", ".red", ".popc", ".u32", " %r0", ", 0", ", 64", ", %p0"},
      {"barrier", ".sync", ".aligned", " 3", ", 32"},
      {"mma", ".sync", ".aligned", ".m16n8k8", ".row", ".col", ".f32", ".bf16", ".bf16", ".f32",
       " {%r0, %r1, %r2, %r3}", ", {%r0, %r1}", ", {%r2}", ", {%r0, %r1, %r2, %r3}"},
      {"ldmatrix", ".sync", ".aligned", ".m8n8", ".x2", ".trans", ".shared", ".b16", " {%r0, %r1}", ", [memory]"},
      {"lop3", ".b32", " %r0", ", %r1", ", %r2", ", %r3", ", 0x96"},
      {"prmt", ".b32", ".f4e", " %r0", ", %r1", ", %r2", ", %r3"},
      {"fma", ".rz", ".ftz", ".sat", ".f32", " %r0", ", %r1", ", %r2", ", %r3"},
      {"max", ".NaN", ".xorsign", ".abs", ".bf16x2", " %r0", ", %r1", ", %r2"},
      {"div", ".full", ".f32", " %r0", ", %r1", ", %r2"},
      {"rem", ".s64", " %d0", ", %d1", ", %d2"},
      {"ex2", ".approx", ".ftz", ".f32", " %r0", ", %r1"},
      {"cvta", ".to", ".shared", ".u64", " %d0", ", %d1"},
      {"isspacep", ".local", " %p0", ", %d0"},
      {"elect", ".sync", " %r0|%p0", ", -1"},
      {"bra", ".uni", " L"},
      {"mma",
       ".sync",
       ".aligned",
       ".m16n8k64",
       ".row",
       ".col",
       ".kind::mxf4nvf4",
       ".block_scale",
       ".scale_vec::4X",
       ".f32",
       ".e2m1",
       ".e2m1",
       ".f32",
       ".ue4m3",
       " {%r0, %r1, %r2, %r3}",
       ", {%r0, %r1, %r2, %r3}",
       ", {%r0, %r1}",
       ", {%r0, %r1, %r2, %r3}",
       ", %r0",
       ", {0, %h0}",
       ", %r1",
       ", {%h1, 3}"},
      {"mma", ".sync", ".aligned", ".m16n8k32", ".row", ".col", ".kind::f8f6f4", ".f16", ".e3m2", ".e5m2", ".f16",
       " {%r0, %r1}", ", {%r0, %r1, %r2, %r3}", ", {%r0, %r1}", ", {%r0, %r1}"},
      {"ldmatrix", ".sync", ".aligned", ".m16n16", ".x2", ".trans", ".shared", ".b8x16", ".b6x16_p32",
       " {%r0, %r1, %r2, %r3}", ", [memory]"},
      {"ldmatrix", ".sync", ".aligned", ".m8n16", ".x1", ".b8x16", ".b4x16_p64", " {%r0}", ", [%d0]"},
      {"stmatrix", ".sync", ".aligned", ".m16n8", ".x2", ".trans", ".b8", " [memory]", ", {%r0, %r1}"},
      {"cvt", ".rn", ".satfinite", ".relu", ".e2m3x2", ".f32", " %h0", ", %r1", ", %r2"},
      {"cvt", ".rs", ".bf16x2", ".f32", " %r0", ", %r1", ", %r2", ", %r3"},
      {"cvt", ".rp", ".ue8m0x2", ".bf16x2", " %h0", ", %r1"},
      {"cvt", ".pack", ".sat", ".s4", ".s32", ".b32", " %r0", ", %r1", ", %r2", ", %r3"},
      {"fma", ".rm", ".ftz", ".f32x2", " %d0", ", %d1", ", %d2", ", %d3"},
      {"fma", ".rp", ".sat", ".f32", ".bf16", " %r0", ", %h1", ", %h2", ", %r3"},
      {"min", ".NaN", ".abs", ".f32", " %r0", ", %r1", ", %r2", ", %r3"},
      {"redux", ".sync", ".max", ".abs", ".NaN", ".f32", " %r0", ", %r1", ", -1"},
      {"set", ".gtu", ".or", ".ftz", ".f16x2", ".f16x2", " %r0", ", %r1", ", %r2", ", !%p0"},
      {"setp", ".nan", ".bf16x2", " %p0|%p1", ", %r1", ", %r2"},
      {"lop3", ".or", ".b32", " %r0|%p0", ", %r1", ", %r2", ", %r3", ", 0x96", ", %p1"},
      {"st", ".global", ".v8", ".f32", " [%d0]", ", {%r0, _, %r2, %r3, %r0, %r1, _, %r3}"},
      {"atom", ".max", ".noftz", ".v2", ".bf16x2", " {%r0, %r1}", ", [%d0]", ", {%r2, %r3}"},
  };
  std::mt19937_64 random(7);
  unsigned decoded = 0, refused = 0;
  for (int round = 0; round < 9000; ++round) {
    std::vector<std::string> parts = kValid[random() % kValid.size()];
    for (uint64_t changes = random() % 4; changes > 0; --changes) {
      // Another part of the same kind: a modifier for a modifier, an operand for an operand.
      const std::vector<std::string> &other = kValid[random() % kValid.size()];
      std::string &part = parts[random() % parts.size()];
      const std::string &donor = other[random() % other.size()];
      if (part[0] == donor[0])
        part = donor;
    }
    std::string line = random() % 8 == 0 ? "@%p0 " : "";
    for (const std::string &part : parts)
      line += part;
    std::string text = header() +
                       ".shared .align 16 .b8 memory[256];\n.visible .entry test() {\n"
                       ".reg .b32 %r<4>; .reg .b64 %d<4>; .reg .b16 %h<4>; .reg .pred %p<4>;\n" +
                       line + ";\nL:\n ret;\n}\n";
    Result<std::shared_ptr<Module>> module = Module::load(text);
    if (!module)
      continue;
    Result<const Kernel *> kernel = (*module)->find("test");
    if (!kernel) {
      ++refused;
      EXPECT_NE(kernel.status().message().find("line "), std::string::npos) << line;
      continue;
    }
    ++decoded;
    Memory memory;
    Options options;
    options.threads = 1;
    options.instructionBudget = 5000;
    launch(**kernel, memory, {{1}, {32}}, Arguments(), options);
  }
  EXPECT_GT(decoded, 1000u);
  EXPECT_GT(refused, 1000u);
}

} // namespace thrift::sim::test
