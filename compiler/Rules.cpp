//===- Rules.cpp - which specs a target can build ---------------------------===//

#include "compiler/Rules.h"

#include "compiler/targets/sm100/MatrixLayout.h"

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
      {"portable", "low.qk", [](S s, C) { return word(name(s.low.qk)); }, {"nvfp4", "mxfp4", "fp8", "f16"}},
      {"portable", "low.pv", [](S s, C) { return word(name(s.low.pv)); }, {"nvfp4", "mxfp4", "fp8", "f16"}},
      // A granule is the rows of one warp, so that its vote needs no other warp.
      {"portable", "granule", [](S s, C) { return std::to_string(s.granule); }, {"16"}},
      {"portable", "stages", [](S, C c) { return std::to_string(c.stages); }, {"2", "3", "4"}},
      {"portable", "alignment", [](S, C c) { return std::to_string(c.alignment); }, {"16", "2"}},
      {"portable", "exp2", [](S, C c) { return c.exp2; }, {"approx", "poly"}},
      {"sm100", "kernel", [](S s, C) { return s.kernel; }, {"quantize", "rank", "prefill", "prefill_online"}},
      {"sm100", "dtype", [](S s, C) { return word(name(s.dtype)); }, {"f16", "bf16"}},
      {"sm100", "head_dim", [](S s, C) { return std::to_string(s.headDim); }, {"64", "128"}},
      {"sm100", "value_dim", [](S s, C) { return std::to_string(s.valueDim); }, {"64", "128"}},
      {"sm100", "block_q", [](S s, C) { return std::to_string(s.blockQ); }, {"128"}}, // the lanes of tensor memory
      {"sm100", "block_kv", [](S s, C) { return std::to_string(s.blockKv); }, {"64", "128"}},
      {"sm100", "low.qk", [](S s, C) { return word(name(s.low.qk)); }, {"nvfp4", "mxfp4", "fp8"}},
      {"sm100", "low.pv", [](S s, C) { return word(name(s.low.pv)); }, {"nvfp4", "mxfp4", "fp8", "f16"}},
      // The rows of a warp, as above; other kernels have none.
      {"sm100",
       "granule",
       [](S s, C) { return s.kernel == "prefill_online" ? std::to_string(s.granule) : "32"; },
       {"32"}},
      {"sm100", "stages", [](S, C c) { return std::to_string(c.stages); }, {"2", "3", "4"}},
      {"sm100", "alignment", [](S, C c) { return std::to_string(c.alignment); }, {"16"}}, // of tensor maps
      {"sm100", "exp2", [](S, C c) { return c.exp2; }, {"approx", "poly"}},
  };
  return rules;
}

/// Bytes of a tile of K or V in shared memory: elements, then scales, padded to 16 bytes.
int64_t tileBytes(LowFormat format, int64_t elements) {
  if (format == LowFormat::F16)
    return elements * 2;
  int64_t group = scaleGroup(format);
  return elements * elementBits(format) / 8 + (group ? elements / group : 16);
}

/// Bytes of shared memory that the rings of the sweep with the widest operands take.
int64_t portableSharedBytes(const KernelSpec &spec, const KernelConfig &config) {
  LowPair widest = spec.budget == Budget::AllLow ? spec.low : LowPair{LowFormat::F16, LowFormat::F16};
  return config.stages *
         (tileBytes(widest.qk, spec.blockKv * spec.headDim) + tileBytes(widest.pv, spec.blockKv * spec.valueDim));
}

ElementFormat elementFormat(LowFormat format) {
  switch (format) {
  case LowFormat::Nvfp4:
    return ElementFormat::NVFP4;
  case LowFormat::Mxfp4:
    return ElementFormat::MXFP4;
  case LowFormat::Fp8:
    return ElementFormat::FP8;
  case LowFormat::F16:
    break;
  }
  return ElementFormat::F16;
}

/// Bytes of the sm100 schedule: a query tile and two rings for each tier, places for the scales of P, and its
/// mbarriers.
int64_t sm100SharedBytes(const KernelSpec &spec, const KernelConfig &config) {
  constexpr int64_t mbarriers = 512; // more than there are
  int64_t bytes = mbarriers;
  auto addTier = [&](ElementFormat qk, ElementFormat pv) {
    bytes += sm100::slotBytes(qk, spec.blockQ, spec.headDim) +
             config.stages *
                 (sm100::slotBytes(qk, spec.blockKv, spec.headDim) + sm100::slotBytes(pv, spec.valueDim, spec.blockKv));
    if (hasGroupScales(pv))
      bytes += sm100::slotBytes(pv, spec.blockQ, spec.blockKv);
  };
  if (spec.budget != Budget::AllHigh)
    addTier(elementFormat(spec.low.qk), elementFormat(spec.low.pv));
  if (spec.budget != Budget::AllLow)
    addTier(ElementFormat::F16, ElementFormat::F16);
  return bytes;
}

int64_t sharedBytes(const KernelSpec &spec, const KernelConfig &config, const Target &target) {
  return multipliesPacked(target) ? sm100SharedBytes(spec, config) : portableSharedBytes(spec, config);
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
  // 128 probabilities, their scales in two levels and the router's numbers are more than a thread has, too.
  if (violations.empty() && spec.kernel == "prefill_online" && target.lowering == "sm100" && spec.blockKv > 64 &&
      spec.low.pv == LowFormat::Mxfp4)
    violations.push_back({"block_kv", std::to_string(spec.blockKv),
                          "64 with the online router and low.pv mxfp4 (target " + std::string(target.name) + ")"});
  if (int64_t bytes = violations.empty() && spec.isPrefill() ? sharedBytes(spec, config, target) : 0;
      bytes > target.sharedLimit)
    violations.push_back({"shared memory", std::to_string(bytes) + " bytes",
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
