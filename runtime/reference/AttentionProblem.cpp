//===- AttentionProblem.cpp - what the references compute -------------------------------------===//

#include "runtime/reference/AttentionProblem.h"

#include <cmath>
#include <string>

namespace thrift {

/// Keeps products of extents far from overflow, and a mistyped length from asking for terabytes.
static constexpr int64_t kLargestExtent = int64_t(1) << 31;
static constexpr int64_t kLargestOutput = int64_t(1) << 33;

bool operator==(const AttentionShape &a, const AttentionShape &b) {
  return a.batch == b.batch && a.qHeads == b.qHeads && a.kvHeads == b.kvHeads && a.qLen == b.qLen &&
         a.kvLen == b.kvLen && a.headDim == b.headDim && a.valueDim == b.valueDim && a.causal == b.causal &&
         a.scale == b.scale && a.window == b.window && a.softcap == b.softcap;
}

Result<AttentionShape> AttentionShape::fromViews(const TensorView &q, const TensorView &k, const TensorView &v) {
  struct Named {
    const char *field;
    const TensorView &view;
  };
  for (const Named &tensor : {Named{"q", q}, Named{"k", k}, Named{"v", v}})
    if (tensor.view.rank != 4)
      return Status::invalid(std::string(tensor.field) + ".rank", std::to_string(tensor.view.rank),
                             "4 (batch, heads, tokens, channels)");
  AttentionShape shape;
  shape.batch = q.shape[0];
  shape.qHeads = q.shape[1];
  shape.kvHeads = k.shape[1];
  shape.qLen = q.shape[2];
  shape.kvLen = k.shape[2];
  shape.headDim = q.shape[3];
  shape.valueDim = v.shape[3];
  shape.scale = 1 / std::sqrt(static_cast<double>(shape.headDim));
  if (Status status = validate(AttentionInputs{q, k, v}, shape); !status)
    return status;
  return shape;
}

Status validate(const AttentionShape &shape) {
  struct Extent {
    const char *field;
    int64_t value, least;
  };
  for (const Extent &extent :
       {Extent{"batch", shape.batch, 1}, Extent{"q_heads", shape.qHeads, 1}, Extent{"kv_heads", shape.kvHeads, 1},
        Extent{"q_len", shape.qLen, 0}, Extent{"kv_len", shape.kvLen, 0}, Extent{"head_dim", shape.headDim, 1},
        Extent{"value_dim", shape.valueDim, 1}, Extent{"window", shape.window, 0}})
    if (extent.value < extent.least || extent.value > kLargestExtent)
      return Status::invalid(extent.field, std::to_string(extent.value), std::to_string(extent.least) + " to 2^31");
  if (shape.qHeads % shape.kvHeads != 0)
    return Status::invalid("q_heads", std::to_string(shape.qHeads),
                           "multiples of kv_heads, " + std::to_string(shape.kvHeads));
  if (!std::isfinite(shape.scale) || shape.scale <= 0)
    return Status::invalid("scale", std::to_string(shape.scale), "a finite number above 0");
  if (!std::isfinite(shape.softcap) || shape.softcap < 0)
    return Status::invalid("softcap", std::to_string(shape.softcap), "0 (none) or a finite number above 0");
  int64_t rows = 0, outputs = 0;
  if (__builtin_mul_overflow(shape.batch * shape.qHeads, shape.qLen, &rows) ||
      __builtin_mul_overflow(rows, shape.valueDim, &outputs) || outputs > kLargestOutput)
    return Status::invalid("q_len", std::to_string(shape.qLen),
                           "lengths for which the output has at most 2^33 elements");
  return Status::ok();
}

static Status validateInput(const TensorView &view, const char *field, std::array<int64_t, 4> extents) {
  if (view.rank != 4)
    return Status::invalid(std::string(field) + ".rank", std::to_string(view.rank),
                           "4 (batch, heads, tokens, channels)");
  if (Status status = validate(view, field); !status)
    return status;
  if (view.dtype != DType::F16 && view.dtype != DType::BF16 && view.dtype != DType::F32)
    return Status::invalid(std::string(field) + ".dtype", std::string(name(view.dtype)), "f16, bf16, f32");
  for (int d = 0; d < 4; ++d)
    if (view.shape[d] != extents[d])
      return Status::invalid(std::string(field) + ".shape[" + std::to_string(d) + "]", std::to_string(view.shape[d]),
                             std::to_string(extents[d]));
  return Status::ok();
}

Status validate(const AttentionInputs &inputs, const AttentionShape &shape) {
  if (Status status = validate(shape); !status)
    return status;
  if (Status status = validateInput(inputs.q, "q", {shape.batch, shape.qHeads, shape.qLen, shape.headDim}); !status)
    return status;
  if (Status status = validateInput(inputs.k, "k", {shape.batch, shape.kvHeads, shape.kvLen, shape.headDim}); !status)
    return status;
  if (Status status = validateInput(inputs.v, "v", {shape.batch, shape.kvHeads, shape.kvLen, shape.valueDim}); !status)
    return status;
  for (const TensorView *view : {&inputs.k, &inputs.v})
    if (view->dtype != inputs.q.dtype)
      return Status::invalid(view == &inputs.k ? "k.dtype" : "v.dtype", std::string(name(view->dtype)),
                             std::string(name(inputs.q.dtype)) + ", like q");
  return Status::ok();
}

AttentionOutput AttentionOutput::zeros(const AttentionShape &shape, const ReferenceOptions &options) {
  AttentionOutput out;
  out.lse.resize(static_cast<size_t>(shape.batch * shape.qHeads * shape.qLen));
  out.o.resize(out.lse.size() * static_cast<size_t>(shape.valueDim));
  if (options.withWeight)
    out.weight.resize(out.o.size());
  return out;
}

} // namespace thrift
