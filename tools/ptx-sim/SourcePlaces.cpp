//===- SourcePlaces.cpp - the source line that an instruction was made from ----===//

#include "tools/ptx-sim/SourcePlaces.h"

#include "runtime/sim/ptx/Parser.h"

namespace thrift::ptxsim {

namespace ptx = sim::ptx;

// A place that is inlined into itself is a mistake of the PTX.
static constexpr int kMaxInlined = 8;

static std::string describe(const ptx::Module &module, uint32_t index) {
  std::string text;
  for (int depth = 0; index < module.locations.size() && depth < kMaxInlined; ++depth) {
    const ptx::Location &location = module.locations[index];
    if (location.file < module.files.size() && location.line != 0)
      text += (text.empty() ? "" : ", inlined at ") + module.files[location.file].path + ":" +
              std::to_string(location.line) + ":" + std::to_string(location.column);
    index = location.inlinedAt;
  }
  return text;
}

static uint32_t locationAt(const ptx::Module &module, unsigned line) {
  for (const ptx::Function &function : module.functions)
    for (const ptx::Instruction &instruction : function.instructions)
      if (instruction.line == line)
        return instruction.location;
  return ptx::kNone;
}

std::vector<std::string> sourcePlaces(std::string_view text, const std::vector<sim::Finding> &findings) {
  std::vector<std::string> places(findings.size());
  if (findings.empty())
    return places;
  Result<ptx::Module> module = ptx::parse(text);
  if (!module)
    return places;
  for (size_t i = 0; i < findings.size(); ++i)
    places[i] = describe(*module, locationAt(*module, findings[i].line));
  return places;
}

} // namespace thrift::ptxsim
