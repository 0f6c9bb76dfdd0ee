//===- BoundCheck.cpp - is a kernel's output right? -------------------------------------------===//

#include "runtime/reference/BoundCheck.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace thrift {

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

double epsilonOf(PFormat format) {
  switch (format) {
  case PFormat::F32:
  case PFormat::F16:
    return 0x1p-10;
  case PFormat::BF16:
    return 0x1p-8;
  case PFormat::Fp8:
    return 0x1p-4;
  case PFormat::Mxfp4:
  case PFormat::Nvfp4:
    return 0x1p-2;
  }
  return 0;
}

double epsilonOf(const EmulationPlan &plan) {
  return std::max(epsilonOf(plan.lowP.format), epsilonOf(plan.highP.format));
}

namespace {

/// Half a unit in the last place, relative, and half the smallest subnormal.
struct OutputRounding {
  double relative, tiny;
};

/// Collects the elements of one tensor, row by row.
class Collector {
public:
  Collector(const AttentionShape &shape, const BoundOptions &options) : shape(shape), options(options) {}

  /// `count` values of row `index` (flat over batch, head and query); bounds are of finite expected values.
  template <typename BoundOf>
  void addRow(int64_t index, const double *actual, const double *expected, int64_t count, BoundOf boundOf) {
    auto finite = [](double x) { return std::isfinite(x); };
    bool actualFinite = std::all_of(actual, actual + count, finite);
    RowState state = options.states ? (*options.states)[static_cast<size_t>(index)] : RowState::Finite;
    if (state == RowState::Either && !actualFinite)
      return;
    if (state == RowState::NonFinite) {
      if (actualFinite)
        fail(index, 0, actual[0], expected[0]);
      return;
    }
    bool failed = false;
    for (int64_t c = 0; c < count; ++c)
      failed |= !addElement(index, c, actual[c], expected[c], boundOf(c));
    report.failedRows += failed;
  }

  BoundReport report;

private:
  bool addElement(int64_t index, int64_t channel, double actual, double expected, double bound) {
    double error = actual == expected ? 0 : std::fabs(actual - expected);
    double ratio = error == 0 ? 0 : error / bound;
    if (std::isnan(ratio))
      ratio = kInfinity;
    // The first element is recorded even when it is exact, so that a report always names a place.
    if (ratio > report.ratio || !seen)
      record(index, channel, actual, expected, bound, ratio);
    if (ratio <= 1)
      return true;
    report.passed = false;
    return false;
  }

  void fail(int64_t index, int64_t channel, double actual, double expected) {
    ++report.failedRows;
    report.passed = false;
    if (report.ratio < kInfinity)
      record(index, channel, actual, expected, 0, kInfinity);
  }

  void record(int64_t index, int64_t channel, double actual, double expected, double bound, double ratio) {
    seen = true;
    report.ratio = ratio;
    report.row = index % shape.qLen;
    report.head = index / shape.qLen % shape.qHeads;
    report.b = index / shape.qLen / shape.qHeads;
    report.channel = channel;
    report.actual = actual;
    report.expected = expected;
    report.bound = bound;
  }

  const AttentionShape &shape;
  const BoundOptions &options;
  bool seen = false;
};

} // namespace

static Result<OutputRounding> roundingOf(DType outputType) {
  switch (outputType) {
  case DType::F16:
    return OutputRounding{0x1p-11, 0x1p-25};
  case DType::BF16:
    return OutputRounding{0x1p-9, 0x1p-134};
  case DType::F32:
    return OutputRounding{0x1p-24, 0x1p-150};
  case DType::I32:
  case DType::U8:
    break;
  }
  return Status::invalid("output_type", std::string(name(outputType)), "f16, bf16, f32");
}

static Status checkSizes(size_t actual, size_t expected, int64_t elements, const AttentionShape &shape,
                         const BoundOptions &options) {
  auto needed = static_cast<size_t>(elements);
  if (actual != needed)
    return Status::invalid("actual.size", std::to_string(actual), std::to_string(needed));
  if (expected != needed)
    return Status::invalid("expected.size", std::to_string(expected), std::to_string(needed));
  auto rows = static_cast<size_t>(shape.batch * shape.qHeads * shape.qLen);
  if (options.states && options.states->size() != rows)
    return Status::invalid("states.size", std::to_string(options.states->size()), std::to_string(rows));
  return Status::ok();
}

Result<BoundReport> checkOutput(const std::vector<double> &actual, const AttentionOutput &expected,
                                const AttentionShape &shape, const BoundOptions &options) {
  if (Status status = validate(shape); !status)
    return status;
  Result<OutputRounding> rounding = roundingOf(options.outputType);
  if (!rounding)
    return rounding.status();
  int64_t rows = shape.batch * shape.qHeads * shape.qLen, width = shape.valueDim;
  if (Status status = checkSizes(actual.size(), expected.o.size(), rows * width, shape, options); !status)
    return status;
  if (expected.weight.size() != expected.o.size())
    return Status::invalid("expected.weight.size", std::to_string(expected.weight.size()),
                           std::to_string(expected.o.size()) + " (ReferenceOptions::withWeight)");
  Collector collector(shape, options);
  for (int64_t row = 0; row < rows; ++row) {
    const double *o = expected.o.data() + row * width, *weight = expected.weight.data() + row * width;
    collector.addRow(row, actual.data() + row * width, o, width, [&](int64_t c) {
      double unrounded = options.epsilon * weight[c];
      return unrounded + rounding->relative * (std::fabs(o[c]) + unrounded) + rounding->tiny;
    });
  }
  return collector.report;
}

Result<BoundReport> checkLse(const std::vector<double> &actual, const AttentionOutput &expected,
                             const AttentionShape &shape, const BoundOptions &options) {
  if (Status status = validate(shape); !status)
    return status;
  int64_t rows = shape.batch * shape.qHeads * shape.qLen;
  if (Status status = checkSizes(actual.size(), expected.lse.size(), rows, shape, options); !status)
    return status;
  Collector collector(shape, options);
  for (int64_t row = 0; row < rows; ++row) {
    const double *lse = expected.lse.data() + row;
    collector.addRow(row, actual.data() + row, lse, 1,
                     [&](int64_t) { return options.lseTolerance * std::max(1.0, std::fabs(*lse)); });
  }
  return collector.report;
}

std::string BoundReport::describe(std::string_view tensor) const {
  char text[256];
  std::snprintf(text, sizeof text, "[%lld, %lld, %lld, %lld] is %.9g, expected %.9g +- %.3g (%.3g times the bound)",
                static_cast<long long>(b), static_cast<long long>(head), static_cast<long long>(row),
                static_cast<long long>(channel), actual, expected, bound, ratio);
  std::string sentence = std::string(tensor) + text;
  if (passed)
    return sentence + "; all rows are within bounds";
  return sentence + "; " + std::to_string(failedRows) + (failedRows == 1 ? " row fails" : " rows fail");
}

} // namespace thrift
