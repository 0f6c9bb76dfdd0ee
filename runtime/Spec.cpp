//===- Spec.cpp - what attention a plan computes ----------------------------===//

#include "runtime/Spec.h"

#include <cmath>
#include <sstream>

using namespace thrift;

int64_t thrift::budgetPpm(const Spec &spec) { return std::llround(spec.budget * 1e6); }

static std::string spell(double value) {
  std::ostringstream stream;
  stream << value;
  return stream.str();
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
  if (spec.select != "block_mean")
    return Status::unsupported("select", spec.select, "block_mean");
  if (spec.rule != "per_row" && spec.rule != "published")
    return Status::invalid("rule", spec.rule, "per_row, published");
  return Status::ok();
}

std::string thrift::print(const Spec &spec) {
  std::ostringstream stream;
  stream << "target=" << spec.target << " dtype=" << name(spec.dtype) << " head_dim=" << spec.headDim
         << " value_dim=" << spec.valueDim << " causal=" << spec.causal << " low=" << spec.low.print()
         << " block_q=" << spec.blockQ << " block_kv=" << spec.blockKv << " select=" << spec.select << " budget_ppm="
         << budgetPpm(spec) << " top_k=" << (spec.topK ? std::to_string(*spec.topK) : "none") << " rule=" << spec.rule
         << " min_blocks=" << spec.minBlocks << " sink=" << spec.sink << " local=" << spec.local << " exp2=" << spec.exp2
         << " stages=" << spec.stages;
  return stream.str();
}
