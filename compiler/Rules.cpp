//===- Rules.cpp - which specs a target can build ---------------------------===//

#include "compiler/Rules.h"

#include <algorithm>

using namespace thrift;

namespace {

/// A row: on targets with this lowering, the named field must have one of these values.
struct Rule {
  std::string_view lowering;
  std::string_view field;
  std::string (*value)(const KernelSpec &, const KernelConfig &);
  std::vector<std::string_view> allowed;
};

std::string word(std::string_view text) { return std::string(text); }

const std::vector<Rule> &table() {
  using S = const KernelSpec &;
  using C = const KernelConfig &;
  static const std::vector<Rule> rules = {
      {"portable", "kernel", [](S s, C) { return s.kernel; }, {"quantize", "rank", "prefill", "prefill_online"}},
      {"portable", "dtype", [](S s, C) { return word(name(s.dtype)); }, {"f16", "bf16"}},
      {"portable", "head_dim", [](S s, C) { return std::to_string(s.headDim); }, {"64", "128"}},
      {"portable", "value_dim", [](S s, C) { return std::to_string(s.valueDim); }, {"64", "128"}},
      {"portable", "block_q", [](S s, C) { return std::to_string(s.blockQ); }, {"64", "128"}},
      {"portable", "block_kv", [](S s, C) { return std::to_string(s.blockKv); }, {"64", "128"}},
      {"portable", "low.qk", [](S s, C) { return word(name(s.low.qk)); }, {"nvfp4"}},
      {"portable", "low.pv", [](S s, C) { return word(name(s.low.pv)); }, {"nvfp4"}},
      // A granule is the rows of one warp, so that its vote needs no other warp.
      {"portable", "granule", [](S s, C) { return std::to_string(s.granule); }, {"16"}},
      {"portable", "stages", [](S, C c) { return std::to_string(c.stages); }, {"2", "3", "4"}},
      {"portable", "alignment", [](S, C c) { return std::to_string(c.alignment); }, {"16", "2"}},
      {"portable", "exp2", [](S, C c) { return c.exp2; }, {"approx", "poly"}},
  };
  return rules;
}

/// Bytes of shared memory that the high sweep's rings take, the largest of a kernel.
int64_t sharedBytes(const KernelSpec &spec, const KernelConfig &config) {
  bool packedOnly = spec.budget == Budget::AllLow;
  int64_t elements = spec.blockKv * (spec.headDim + spec.valueDim);
  return config.stages * (packedOnly ? elements * 9 / 16 : elements * 2);
}

} // namespace

std::vector<Violation> thrift::checkRules(const KernelSpec &spec, const KernelConfig &config, const Target &target) {
  std::vector<Violation> violations;
  for (const Rule &rule : table()) {
    std::string value = rule.value(spec, config);
    if (rule.lowering != target.lowering ||
        std::find(rule.allowed.begin(), rule.allowed.end(), value) != rule.allowed.end())
      continue;
    std::string allowed;
    for (std::string_view choice : rule.allowed)
      allowed.append(allowed.empty() ? "" : ", ").append(choice);
    violations.push_back({std::string(rule.field), value, allowed + " (target " + std::string(target.name) + ")"});
  }
  // Logits, accumulator, P and Q of one tile live in registers; with 128 keys at head dim 128 they are more than a
  // thread has.
  bool wide = spec.blockKv > 64 && std::max(spec.headDim, spec.valueDim) > 64;
  if (violations.empty() && spec.isPrefill() && target.lowering == "portable" && wide)
    violations.push_back({"block_kv", std::to_string(spec.blockKv),
                          "64 with a head_dim or value_dim above 64 (target " + std::string(target.name) + ")"});
  if (violations.empty() && spec.isPrefill() && sharedBytes(spec, config) > target.sharedLimit)
    violations.push_back({"shared memory", std::to_string(sharedBytes(spec, config)) + " bytes",
                          "at most " + std::to_string(target.sharedLimit) + " on " + std::string(target.name) +
                              "; fewer stages or smaller blocks need less"});
  return violations;
}

int64_t thrift::defaultGranule(const Target &target) {
  for (const Rule &rule : table())
    if (rule.lowering == target.lowering && rule.field == "granule")
      return std::stoll(std::string(rule.allowed.front()));
  return KernelSpec().granule;
}
