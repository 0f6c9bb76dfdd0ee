//===- PtxMutator.cpp - changes that leave most of a PTX text valid ---------===//

#include "tests/fuzz/PtxMutator.h"

#include "runtime/sim/ptx/Statements.h"

#include <random>
#include <vector>

namespace thrift::sim {

namespace {

using Random = std::mt19937_64;

std::string_view textOf(std::string_view text, const ptx::StatementOperand &operand) {
  return text.substr(operand.begin, operand.length);
}

std::string spliced(std::string_view text, size_t begin, size_t length, std::string_view replacement) {
  return std::string(text.substr(0, begin)) + std::string(replacement) + std::string(text.substr(begin + length));
}

/// Numbers at which things go wrong.
std::string number(Random &random) {
  static constexpr int64_t kNumbers[] = {0,       1,          -1,           2,   3,   4,    7,    8,     15,    16,
                                         31,      32,         33,           63,  64,  127,  128,  255,   256,   512,
                                         1024,    4096,       227,          512, 511, 1023, 4095, 65535, 65536, 1048575,
                                         1048576, 2147483647, -2147483648ll};
  constexpr size_t kCount = sizeof kNumbers / sizeof kNumbers[0];
  return std::to_string(random() % 8 ? kNumbers[random() % kCount] : static_cast<int64_t>(random()));
}

std::string changeOperand(const std::string &text, const std::vector<ptx::Statement> &all, Random &random) {
  const ptx::Statement &statement = all[random() % all.size()];
  if (statement.operands.empty())
    return text;
  const ptx::StatementOperand &operand = statement.operands[random() % statement.operands.size()];
  if (random() % 3 == 0)
    return spliced(text, operand.begin, operand.length, number(random));
  // An operand of a statement that starts with the same word, if one is found soon.
  for (int attempt = 0; attempt < 8; ++attempt) {
    const ptx::Statement &other = all[random() % all.size()];
    if (other.operands.empty() || (attempt < 6 && other.parts[0] != statement.parts[0]))
      continue;
    return spliced(text, operand.begin, operand.length, textOf(text, other.operands[random() % other.operands.size()]));
  }
  return text;
}

std::string changeModifier(const std::string &text, const std::vector<ptx::Statement> &all, Random &random) {
  const ptx::Statement &statement = all[random() % all.size()], &other = all[random() % all.size()];
  if (statement.parts.size() < 2 || other.parts.size() < 2)
    return text;
  std::string_view part = statement.parts[1 + random() % (statement.parts.size() - 1)];
  std::string_view replacement = other.parts[1 + random() % (other.parts.size() - 1)];
  auto begin = static_cast<size_t>(part.data() - text.data());
  if (random() % 4 == 0) // the modifier goes, with its dot
    return spliced(text, begin - 1, part.size() + 1, "");
  return spliced(text, begin, part.size(), replacement);
}

std::string changeDigit(std::string text, Random &random) {
  for (int attempt = 0; attempt < 64; ++attempt) {
    char &c = text[random() % text.size()];
    if (c >= '0' && c <= '9') {
      c = static_cast<char>('0' + random() % 10);
      break;
    }
  }
  return text;
}

std::string changeOnce(const std::string &text, Random &random) {
  std::vector<ptx::Statement> all = ptx::statementsOf(text);
  if (all.empty() || text.empty())
    return text;
  const ptx::Statement &a = all[random() % all.size()], &b = all[random() % all.size()];
  std::string aText = text.substr(a.begin, a.length), bText = text.substr(b.begin, b.length);
  switch (random() % 8) {
  case 0:
    return spliced(text, a.begin, a.length, "");
  case 1:
    return spliced(text, a.begin, 0, bText + " ");
  case 2:
    return spliced(text, a.begin, a.length, bText);
  case 3:
    return changeDigit(text, random);
  case 4:
  case 5:
    return changeModifier(text, all, random);
  default:
    return changeOperand(text, all, random);
  }
}

} // namespace

std::string mutatePtx(const std::string &text, uint64_t seed) {
  Random random(seed);
  std::string result = text;
  for (uint64_t changes = 1 + random() % 4; changes > 0; --changes)
    result = changeOnce(result, random);
  return result;
}

} // namespace thrift::sim
