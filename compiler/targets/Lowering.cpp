//===- Lowering.cpp - the table of lowerings --------------------------------===//

#include "compiler/targets/Lowering.h"

#include "llvm/ADT/StringExtras.h"

using namespace thrift;

static constexpr Lowering table[] = {
    {"portable", portable::schedule, portable::convertToNVVM},
    {"sm100", sm100::schedule, sm100::convertToNVVM},
};

const Lowering *thrift::findLowering(llvm::StringRef name) {
  for (const Lowering &lowering : table)
    if (lowering.name == name)
      return &lowering;
  return nullptr;
}

std::string thrift::lowerings() {
  return llvm::join(llvm::map_range(table, [](const Lowering &lowering) { return lowering.name.str(); }), ", ");
}
