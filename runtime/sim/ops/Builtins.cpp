//===- Builtins.cpp - vprintf and __assertfail ------------------------------===//

#include "runtime/sim/ops/Builtins.h"

#include "runtime/sim/ops/Access.h"

#include <cstdio>

namespace thrift::sim {

/// The argument at `offset` of the lane's local memory.
template <typename T>
static T argument(Warp &warp, unsigned lane, uint32_t offset) {
  T value;
  std::memcpy(&value, warp.local + size_t(warp.program.info.localBytes) * lane + offset, sizeof value);
  return value;
}

/// A string of at most this length is read from simulated memory.
static constexpr size_t kMaxText = 1 << 16;
/// What a CTA may print; the rest is dropped. CUDA's own buffer has 1 MiB by default.
static constexpr size_t kMaxPrinted = 1 << 20;

static std::string readText(Warp &warp, unsigned lane, uint64_t address) {
  std::string text;
  while (text.size() < kMaxText) {
    const uint8_t *byte = hostPointer(warp, lane, address + text.size(), 1);
    if (!byte || *byte == 0)
      break;
    text.push_back(static_cast<char>(*byte));
  }
  return text;
}

/// Formats like CUDA's printf: every argument stands at its natural alignment in the buffer, floats are doubles.
static std::string format(Warp &warp, unsigned lane, const std::string &pattern, uint64_t arguments) {
  std::string out;
  uint64_t offset = 0;
  auto next = [&](uint64_t bytes) {
    offset = (offset + bytes - 1) / bytes * bytes;
    uint64_t bits = 0;
    if (const uint8_t *data = hostPointer(warp, lane, arguments + offset, bytes))
      std::memcpy(&bits, data, bytes);
    offset += bytes;
    return bits;
  };
  auto print = [&out](const std::string &spec, auto value) {
    char text[512];
    std::snprintf(text, sizeof text, spec.c_str(), value);
    out += text;
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out += pattern[i];
      continue;
    }
    std::string spec = "%";
    unsigned longs = 0;
    for (++i; i < pattern.size() && std::strchr("-+ #0123456789.*hlLjzt", pattern[i]); ++i) {
      if (pattern[i] == '*')
        spec += std::to_string(static_cast<int32_t>(next(4)));
      else if (std::strchr("lLjzt", pattern[i]))
        ++longs;
      else if (pattern[i] != 'h')
        spec += pattern[i];
    }
    if (i == pattern.size())
      break;
    char kind = pattern[i];
    switch (kind) {
    case 'd':
    case 'i':
      longs ? print(spec + "lld", static_cast<long long>(next(8)))
            : print(spec + kind, static_cast<int>(static_cast<uint32_t>(next(4))));
      break;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
      longs ? print(spec + "ll" + kind, static_cast<unsigned long long>(next(8)))
            : print(spec + kind, static_cast<unsigned>(next(4)));
      break;
    case 'c':
      print(spec + kind, static_cast<int>(static_cast<uint32_t>(next(4))));
      break;
    case 's':
      out += readText(warp, lane, next(8));
      break;
    case 'p':
      print(spec + kind, reinterpret_cast<void *>(next(8)));
      break;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'a':
    case 'A': {
      uint64_t bits = next(8);
      double value;
      std::memcpy(&value, &bits, sizeof value);
      print(spec + kind, value);
      break;
    }
    case '%':
      out += '%';
      break;
    default:
      out += spec + kind;
      break;
    }
  }
  return out;
}

/// int vprintf(const char *format, const void *arguments)
static Step runVprintf(Warp &warp, const Inst &inst, uint32_t mask) {
  for (LaneIterator it(mask); it; ++it) {
    unsigned lane = *it;
    std::string pattern = readText(warp, lane, argument<uint64_t>(warp, lane, inst.list[0]));
    if (warp.cta.printed.size() < kMaxPrinted)
      warp.cta.printed += format(warp, lane, pattern, argument<uint64_t>(warp, lane, inst.list[1]));
    if (inst.count > 2) {
      size_t place = size_t(warp.program.info.localBytes) * lane + inst.list[2];
      int32_t count = 0;
      std::memcpy(warp.local + place, &count, sizeof count);
      std::memset(warp.localShadow + place, 1, sizeof count);
    }
  }
  return Step::Next;
}

/// void __assertfail(const char *message, const char *file, unsigned line, const char *function, size_t charSize)
static Step runAssertfail(Warp &warp, const Inst &inst, uint32_t mask) {
  unsigned lane = lowestLane(mask);
  std::string message = readText(warp, lane, argument<uint64_t>(warp, lane, inst.list[0]));
  std::string file = readText(warp, lane, argument<uint64_t>(warp, lane, inst.list[1]));
  uint32_t line = argument<uint32_t>(warp, lane, inst.list[2]);
  return warp.fault(inst, Check::Assertion, static_cast<int>(lane),
                    "assertion failed: " + message + " at " + file + ":" + std::to_string(line));
}

Handler findBuiltin(std::string_view name, size_t arguments, size_t results) {
  if (name == "vprintf" && arguments == 2)
    return &runVprintf;
  if (name == "__assertfail" && arguments == 5 && results == 0)
    return &runAssertfail;
  return nullptr;
}

} // namespace thrift::sim
