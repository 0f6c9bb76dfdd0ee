//===- Damage.h - damaged files, for tests of readers ----------------------------------------===//
//
//   std::string bytes = good;
//   damage(bytes, "0123456789{}[]\",:", 4, random);
//
//===-------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_TESTS_DAMAGE_H
#define THRIFTJIT_TESTS_DAMAGE_H

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

namespace thrift {

/// Replaces, inserts, removes or copies a few bytes, flips a bit of the first eight, or cuts the end off: one change,
/// or up to `mostChanges`. The characters of `plausible` keep a header plausible and get further than random ones.
inline void damage(std::string &bytes, std::string_view plausible, size_t mostChanges, std::mt19937 &random) {
  auto below = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  size_t changes = 1 + below(mostChanges);
  for (size_t i = 0; i < changes && !bytes.empty(); ++i) {
    size_t at = below(bytes.size());
    char replacement = below(3) ? plausible[below(plausible.size())] : static_cast<char>(below(256));
    switch (below(8)) {
    case 0:
      bytes.insert(at, 1, replacement);
      break;
    case 1:
      bytes.erase(at, 1 + below(4));
      break;
    case 2:
      bytes.resize(at);
      break;
    case 3:
      bytes.insert(at, bytes, below(bytes.size()), 1 + below(20));
      break;
    case 4:
      bytes[below(std::min<size_t>(bytes.size(), 8))] ^= static_cast<char>(1 << below(8));
      break;
    default:
      bytes[at] = replacement;
    }
  }
}

} // namespace thrift

#endif // THRIFTJIT_TESTS_DAMAGE_H
