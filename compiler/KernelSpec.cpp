//===- KernelSpec.cpp - what is asked of the compiler -----------------------===//

#include "compiler/KernelSpec.h"

using namespace thrift;

std::string_view thrift::name(Mask mask) { return mask == Mask::None ? "none" : "causal"; }

std::string_view thrift::name(Budget budget) {
  switch (budget) {
  case Budget::Mixed:
    return "mixed";
  case Budget::AllLow:
    return "all_low";
  case Budget::AllHigh:
    return "all_high";
  }
  return "";
}

/// A low format as templates spell it; f16 means that the product is not lowered, and stands for the inputs' type.
static std::string_view spellLow(LowFormat format, DType dtype) {
  return format == LowFormat::F16 ? name(dtype) : name(format);
}

/// P in the format that multiplies V: where that is widened f16, except over mxfp4, whose scales overflow f16.
static std::string_view spellP(LowFormat pv, DType dtype) {
  if (pv == LowFormat::F16)
    return name(dtype);
  return pv == LowFormat::Mxfp4 ? "bf16" : "f16";
}

std::vector<std::pair<std::string, std::string>> KernelSpec::bindings(bool multipliesPacked) const {
  auto word = [](std::string_view text) { return std::string(text); };
  std::vector<std::pair<std::string, std::string>> all = {{"block_q", std::to_string(blockQ)},
                                                          {"block_kv", std::to_string(blockKv)},
                                                          {"head_dim", std::to_string(headDim)},
                                                          {"value_dim", std::to_string(valueDim)},
                                                          {"high", word(name(dtype))},
                                                          {"qk", word(spellLow(low.qk, dtype))},
                                                          {"pv", word(spellLow(low.pv, dtype))},
                                                          {"p", word(multipliesPacked ? spellLow(low.pv, dtype) : spellP(low.pv, dtype))},
                                                          {"mask", word(name(mask))},
                                                          {"budget", word(name(budget))}};
  if (kernel == "prefill_online")
    all.emplace_back("granule", std::to_string(granule));
  return all;
}

std::string KernelSpec::print() const {
  std::string text = kernel;
  for (const auto &[parameter, value] : bindings())
    text += " " + parameter + "=" + value;
  return text;
}

bool thrift::operator==(const KernelSpec &a, const KernelSpec &b) { return a.print() == b.print(); }

std::string KernelConfig::print() const {
  return "stages=" + std::to_string(stages) + " exp2=" + exp2 + " alignment=" + std::to_string(alignment) +
         " watchdog=" + (watchdog ? "on" : "off");
}
