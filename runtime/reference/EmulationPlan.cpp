//===- EmulationPlan.cpp - the roundings that a kernel is allowed -----------------------------===//

#include "runtime/reference/EmulationPlan.h"
#include "dialect/formats/Float16.h"
#include "dialect/formats/Quantize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace thrift {

std::string_view name(PFormat format) {
  switch (format) {
  case PFormat::F32:
    return "f32";
  case PFormat::F16:
    return "f16";
  case PFormat::BF16:
    return "bf16";
  case PFormat::Fp8:
    return "fp8";
  case PFormat::Mxfp4:
    return "mxfp4";
  case PFormat::Nvfp4:
    return "nvfp4";
  }
  return "?";
}

/// Consecutive keys that share a scale.
static int64_t scaleGroup(PFormat format) {
  if (format == PFormat::Nvfp4)
    return kNvfp4Group;
  return format == PFormat::Mxfp4 ? kMxfp4Group : 1;
}

PRule EmulationPlan::pRule(PFormat format, int exponent) {
  bool grouped = scaleGroup(format) > 1;
  return {format, exponent, grouped ? Denominator::Rounded : Denominator::Unrounded};
}

Result<EmulationPlan> EmulationPlan::portable(LowPair low, DType inputType, RoutingBlock block) {
  if (inputType != DType::F16 && inputType != DType::BF16)
    return Status::invalid("dtype", std::string(name(inputType)), "f16, bf16");
  EmulationPlan plan;
  plan.block = block;
  plan.low = low;
  plan.highP = pRule(inputType == DType::F16 ? PFormat::F16 : PFormat::BF16);
  switch (low.pv) {
  case LowFormat::Nvfp4:
    plan.lowP = pRule(PFormat::F16, 7);
    break;
  case LowFormat::Fp8:
    plan.lowP = pRule(PFormat::F16);
    break;
  case LowFormat::Mxfp4:
    plan.lowP = pRule(PFormat::BF16);
    break;
  case LowFormat::F16:
    plan.lowP = plan.highP;
    break;
  }
  return plan;
}

Result<EmulationPlan> EmulationPlan::sm100(LowPair low, DType inputType, RoutingBlock block) {
  Result<EmulationPlan> plan = portable(low, inputType, block);
  if (!plan)
    return plan;
  switch (low.pv) {
  case LowFormat::Nvfp4:
    plan->lowP = pRule(PFormat::Nvfp4);
    break;
  case LowFormat::Mxfp4:
    plan->lowP = pRule(PFormat::Mxfp4);
    break;
  case LowFormat::Fp8:
    plan->lowP = pRule(PFormat::Fp8);
    break;
  case LowFormat::F16:
    plan->lowP = plan->highP;
    break;
  }
  return plan;
}

bool operator==(const EmulationPlan &a, const EmulationPlan &b) {
  return a.block == b.block && a.updateKeys() == b.updateKeys() && a.low == b.low && a.lowP == b.lowP &&
         a.highP == b.highP && a.headroomBits == b.headroomBits && a.highFirst == b.highFirst &&
         a.descending == b.descending;
}

static constexpr int kLargestPExponent = 15;

/// Headroom bits for which the largest p, 2^t, does not overflow: f16 ends at 2^16, and e4m3(256 p) at p = 1.75.
static int mostHeadroom(const PRule &rule) {
  if (rule.format == PFormat::F16)
    return std::min(kLargestPExponent, kLargestPExponent - rule.exponent);
  return rule.format == PFormat::Fp8 ? 0 : kLargestPExponent;
}

Status validate(const EmulationPlan &plan, const AttentionShape &shape) {
  if (Status status = validate(plan.block); !status)
    return status;
  if (plan.keysPerUpdate < 0 || plan.block.kv % plan.updateKeys() != 0)
    return Status::invalid("keys_per_update", std::to_string(plan.keysPerUpdate),
                           "divisors of block_kv, " + std::to_string(plan.block.kv));
  if (int64_t group = scaleGroup(plan.low.qk); group > 1 && shape.headDim % group != 0)
    return Status::invalid("head_dim", std::to_string(shape.headDim),
                           "multiples of " + std::to_string(group) + ", the scale group of " +
                               std::string(name(plan.low.qk)));
  if (int64_t group = scaleGroup(plan.low.pv); group > 1 && plan.block.kv % group != 0)
    return Status::invalid("block_kv", std::to_string(plan.block.kv),
                           "multiples of " + std::to_string(group) + ", the scale group of " +
                               std::string(name(plan.low.pv)));
  for (const PRule *rule : {&plan.lowP, &plan.highP}) {
    if (plan.updateKeys() % scaleGroup(rule->format) != 0)
      return Status::invalid("keys_per_update", std::to_string(plan.updateKeys()),
                             "multiples of " + std::to_string(scaleGroup(rule->format)) + ", the scale group of P in " +
                                 std::string(name(rule->format)));
    if (rule->exponent < -kLargestPExponent || rule->exponent > kLargestPExponent)
      return Status::invalid("p_exponent", std::to_string(rule->exponent), "-15 to 15");
    if (int most = mostHeadroom(*rule); plan.headroomBits < 0 || plan.headroomBits > most)
      return Status::invalid("headroom_bits", std::to_string(plan.headroomBits),
                             "0 to " + std::to_string(most) + " with P in " + std::string(name(rule->format)));
  }
  return Status::ok();
}

/// A group of P in a format with block scales, in f32 like the kernels.
static void roundGroup(PFormat format, int headroomBits, double *p, int64_t count) {
  std::array<float, std::max(kNvfp4Group, kMxfp4Group)> values;
  std::array<uint8_t, std::max(kNvfp4Group, kMxfp4Group)> codes;
  std::copy_n(p, count, values.begin());
  if (format == PFormat::Nvfp4) {
    uint8_t scale = quantizeNvfp4P(values.data(), count, headroomBits, codes.data());
    dequantizeNvfp4P(codes.data(), count, scale, headroomBits, values.data());
  } else {
    uint8_t scale = quantizeMxfp4(values.data(), count, codes.data());
    dequantizeMxfp4(codes.data(), count, scale, values.data());
  }
  std::copy_n(values.begin(), count, p);
}

void roundP(const PRule &rule, int headroomBits, double *p, int64_t count) {
  double factor = std::ldexp(1.0, rule.exponent), inverse = std::ldexp(1.0, -rule.exponent);
  switch (rule.format) {
  case PFormat::F32:
    return;
  case PFormat::F16:
    for (int64_t i = 0; i < count; ++i)
      p[i] = f32FromF16(f16FromF32(static_cast<float>(p[i] * factor))) * inverse;
    return;
  case PFormat::BF16:
    for (int64_t i = 0; i < count; ++i)
      p[i] = f32FromBf16(bf16FromF32(static_cast<float>(p[i] * factor))) * inverse;
    return;
  case PFormat::Fp8:
    for (int64_t i = 0; i < count; ++i)
      p[i] = dequantizeFp8P(quantizeFp8P(static_cast<float>(p[i])));
    return;
  case PFormat::Mxfp4:
  case PFormat::Nvfp4:
    for (int64_t i = 0, group = scaleGroup(rule.format); i < count; i += group)
      roundGroup(rule.format, headroomBits, p + i, std::min(group, count - i));
    return;
  }
}

} // namespace thrift
