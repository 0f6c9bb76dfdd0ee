//===- Spec.cpp - what attention a plan computes ----------------------------===//

#include "runtime/Spec.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

using namespace thrift;

int64_t thrift::budgetPpm(const Spec &spec) {
  return std::llround((spec.isOnline() ? spec.online.budget : spec.budget) * 1e6);
}

static std::string spell(double value) {
  std::ostringstream stream;
  stream << value;
  return stream.str();
}

/// Different numbers, different words.
static std::string spellExactly(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

static Status validateOnline(const OnlineOptions &online) {
  if (!(online.tau > 0 && online.tau <= 1e6))
    return Status::invalid("tau", spell(online.tau), "above 0, at most 10^6: a share of the softmax mass");
  if (!(online.skip >= 0 && online.skip <= std::min(online.tau, 1.0)))
    return Status::invalid("skip", spell(online.skip),
                           "0 to the smaller one of tau and 1: a share of the softmax mass");
  if (!(online.budget >= 0 && online.budget <= 1))
    return Status::invalid("budget", spell(online.budget), "0 to 1, a share of the visible blocks");
  struct Count {
    const char *field;
    int64_t value;
  };
  for (auto [field, value] :
       {Count{"granule", online.granule}, Count{"sink", online.sink}, Count{"local", online.local}})
    if (value < 0 || value > (1 << 30))
      return Status::invalid(field, std::to_string(value), "0 to 2^30");
  return Status::ok();
}

Status thrift::validate(const Spec &spec) {
  if (spec.dtype != DType::F16 && spec.dtype != DType::BF16)
    return Status::invalid("dtype", std::string(name(spec.dtype)), "f16, bf16");
  struct Positive {
    const char *field;
    int64_t value;
  };
  for (auto [field, value] : {Positive{"head_dim", spec.headDim}, Positive{"value_dim", spec.valueDim},
                              Positive{"block_q", spec.blockQ}, Positive{"block_kv", spec.blockKv}})
    if (value < 1)
      return Status::invalid(field, std::to_string(value), "1 or more");
  if (!(spec.budget >= 0 && spec.budget <= 1))
    return Status::invalid("budget", spell(spec.budget), "0 to 1, a share of the visible blocks");
  constexpr int64_t most = 1 << 30; // block counts are 32-bit on the device
  auto counts = [&](const char *field, int64_t value) {
    return value >= 0 && value <= most ? Status::ok() : Status::invalid(field, std::to_string(value), "0 to 2^30");
  };
  if (spec.topK)
    if (Status status = counts("top_k", *spec.topK); !status)
      return status;
  if (Status status = counts("min_blocks", spec.minBlocks); !status)
    return status;
  if (Status status = counts("sink", spec.sink); !status)
    return status;
  if (Status status = counts("local", spec.local); !status)
    return status;
  if (spec.select != "block_mean" && !spec.isOnline())
    return Status::unsupported("select", spec.select, "block_mean, online");
  if (spec.isOnline())
    if (Status status = validateOnline(spec.online); !status)
      return status;
  if (spec.rule != "per_row" && spec.rule != "published")
    return Status::invalid("rule", spec.rule, "per_row, published");
  return Status::ok();
}

std::string thrift::print(const Spec &spec) {
  // Plans are looked up by this text, so it is made without streams.
  std::string text;
  text.reserve(256);
  auto add = [&](std::string_view field, std::string_view value) {
    text.append(text.empty() ? "" : " ").append(field).append("=").append(value);
  };
  auto count = [&](std::string_view field, int64_t value) { add(field, std::to_string(value)); };
  add("target", spec.target);
  add("dtype", name(spec.dtype));
  count("head_dim", spec.headDim);
  count("value_dim", spec.valueDim);
  count("causal", spec.causal);
  add("low", spec.low ? spec.low->print() : "default");
  count("block_q", spec.blockQ);
  count("block_kv", spec.blockKv);
  add("select", spec.select);
  count("budget_ppm", budgetPpm(spec));
  add("top_k", spec.topK ? std::to_string(*spec.topK) : "none");
  add("rule", spec.rule);
  count("min_blocks", spec.minBlocks);
  count("sink", spec.isOnline() ? spec.online.sink : spec.sink);
  count("local", spec.isOnline() ? spec.online.local : spec.local);
  if (spec.isOnline()) {
    add("tau", spellExactly(spec.online.tau));
    add("skip", spellExactly(spec.online.skip));
    count("granule", spec.online.granule);
  }
  add("exp2", spec.exp2);
  count("alignment", spec.alignment);
  count("stages", spec.stages);
  count("watchdog", spec.watchdog);
  return text;
}
