// Damaged text never crashes, hangs, or yields a tree with an index out of range. Runs that are bounded and repeat
// exactly; meant to be run with sanitizers as well.

#include "Samples.h"
#include "Snippets.h"

#include <iterator>
#include <random>
#include <string>

namespace thrift::sim::ptx {

/// Parses; what is accepted must survive printing and parsing again, and what is refused must say where and why.
static bool survives(const std::string &text) {
  Diagnostic diagnostic;
  Result<Module> module = parse(text, {}, &diagnostic);
  if (module) {
    std::string text = print(*module);
    Result<Module> again = parse(text);
    EXPECT_TRUE(again) << again.status().message();
    EXPECT_TRUE(!again || print(*again) == text);
    return true;
  }
  EXPECT_FALSE(diagnostic.message.empty());
  EXPECT_GE(diagnostic.line, 1u);
  EXPECT_GE(diagnostic.column, 1u);
  EXPECT_NE(diagnostic.code, StatusCode::Ok);
  return false;
}

class Fuzz : public ::testing::TestWithParam<const char *> {};

TEST_P(Fuzz, everyTruncation) {
  std::string text = readSample(GetParam());
  for (size_t size = 0; size < text.size(); size += 7)
    survives(text.substr(0, size));
}

TEST_P(Fuzz, changedBytes) {
  std::string text = readSample(GetParam());
  std::mt19937 random(20240229);
  const std::string kInteresting = ".,;:{}[]()<>|!@+-=_%$\"/*0129aflxU \n\t\\\x01\xff";
  size_t accepted = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string damaged = text;
    int changes = 1 + static_cast<int>(random() % 4);
    for (int change = 0; change < changes; ++change) {
      size_t place = random() % damaged.size();
      switch (random() % 4) {
      case 0:
        damaged[place] = static_cast<char>(random());
        break;
      case 1:
        damaged[place] = kInteresting[random() % kInteresting.size()];
        break;
      case 2:
        damaged.erase(place, 1 + random() % 8);
        break;
      default:
        damaged.insert(place, 1, kInteresting[random() % kInteresting.size()]);
      }
    }
    accepted += survives(damaged);
  }
  // Comments and names in declarations can change without harm; most of a file cannot.
  EXPECT_LT(accepted, 1200u);
}

TEST_P(Fuzz, movedPieces) {
  std::string text = readSample(GetParam());
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string damaged = text;
    size_t from = random() % damaged.size();
    std::string piece = damaged.substr(from, 1 + random() % 200);
    if (random() % 2)
      damaged.erase(from, piece.size());
    damaged.insert(random() % (damaged.size() + 1), piece);
    survives(damaged);
  }
}

INSTANTIATE_TEST_SUITE_P(Samples, Fuzz, ::testing::ValuesIn(kSamples), sampleName);

TEST(FuzzTokens, randomSequences) {
  const char *kTokens[] = {".version 9.0",
                           ".target sm_90a",
                           ".address_size 64",
                           ".entry",
                           ".func",
                           "k",
                           "(",
                           ")",
                           "{",
                           "}",
                           ".param",
                           ".reg",
                           ".b32",
                           ".u64",
                           ".b8",
                           "%r<4>",
                           "%r1",
                           ";",
                           ",",
                           "[",
                           "]",
                           "+",
                           "-",
                           "!",
                           "@",
                           "%p",
                           "bra",
                           "L",
                           ":",
                           "call",
                           "ret",
                           "mov.u32",
                           "0x10",
                           "0f3F800000",
                           "1.5",
                           "_",
                           "|",
                           ".global",
                           ".shared",
                           ".align 8",
                           "=",
                           "generic",
                           ".branchtargets",
                           ".callprototype",
                           ".calltargets",
                           ".loc 1 2 3",
                           ".file 1 \"a\"",
                           ".section .debug_str",
                           ".pragma \"x\"",
                           ".extern",
                           "brx.idx",
                           "%tid.x",
                           ".alias",
                           "<",
                           ">",
                           "\n"};
  std::mt19937 random(11);
  for (int round = 0; round < 20000; ++round) {
    std::string text = round % 2 ? header() : header() + ".entry k(.param .u64 a) { .reg .b32 %r<4>; .reg .pred %p;\n";
    size_t count = random() % 40;
    for (size_t i = 0; i < count; ++i)
      text += std::string(kTokens[random() % std::size(kTokens)]) + " ";
    survives(text);
  }
}

} // namespace thrift::sim::ptx
