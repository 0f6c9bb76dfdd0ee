//===- RunInput.cpp - Q, K and V from a file ----------------------------------===//

#include "tools/thriftjit/RunInput.h"

#include "dialect/formats/Float16.h"
#include "tools/console/Numbers.h"

#include <cmath>

using namespace thrift;

static Status behind(const std::string &path, const Status &status) {
  if (status.field().empty())
    return Status(status.code(), path + ": " + status.message());
  std::string field = path + ": " + status.field();
  return status.code() == StatusCode::Unsupported ? Status::unsupported(field, status.value(), status.allowed())
                                                  : Status::invalid(field, status.value(), status.allowed());
}

/// Rank, type and extents of one tensor by itself.
static Status checkTensor(const TensorView &view, const std::string &field, bool f32Allowed) {
  if (view.rank != 4)
    return Status::invalid(field + ".rank", std::to_string(view.rank), "4: [batch, heads, tokens, channels]");
  if (view.dtype == DType::F32 && !f32Allowed)
    return Status::invalid(field + ".dtype", "f32",
                           "f16, bf16; or f32 with --dtype f16 or bf16, to which it is then rounded");
  if (view.dtype != DType::F16 && view.dtype != DType::BF16 && view.dtype != DType::F32)
    return Status::invalid(field + ".dtype", std::string(name(view.dtype)), "f16, bf16");
  for (int dim = 0; dim < 4; ++dim)
    if (view.shape[dim] < 1)
      return Status::invalid(field + ".shape[" + std::to_string(dim) + "]", std::to_string(view.shape[dim]),
                             "1 or more");
  return Status::ok();
}

/// That K and V belong to Q. Rank 4 throughout.
static Status checkTogether(const AttentionInputs &tensors) {
  const TensorView &q = tensors.q, &k = tensors.k, &v = tensors.v;
  for (const TensorView *view : {&k, &v})
    if (view->dtype != q.dtype)
      return Status::invalid(view == &k ? "k.dtype" : "v.dtype", std::string(name(view->dtype)),
                             std::string(name(q.dtype)) + ", as q has");
  struct Pair {
    const char *field;
    int64_t value;
    const char *other;
    int64_t expected;
  };
  for (const Pair &pair :
       {Pair{"k.shape[0]", k.shape[0], "q", q.shape[0]}, Pair{"v.shape[0]", v.shape[0], "q", q.shape[0]},
        Pair{"v.shape[1]", v.shape[1], "k", k.shape[1]}, Pair{"v.shape[2]", v.shape[2], "k", k.shape[2]},
        Pair{"k.shape[3]", k.shape[3], "q", q.shape[3]}})
    if (pair.value != pair.expected)
      return Status::invalid(pair.field, std::to_string(pair.value),
                             std::to_string(pair.expected) + ", as " + pair.other + " has");
  if (q.shape[1] % k.shape[1])
    return Status::invalid("q.shape[1]", std::to_string(q.shape[1]) + " query heads",
                           "a multiple of the " + std::to_string(k.shape[1]) + " heads of k");
  return Status::ok();
}

/// A copy of a row-major f32 tensor in `dtype`.
static Result<TensorView> roundTensor(const TensorView &view, DType dtype, std::vector<AlignedBytes> &storage) {
  int64_t count = view.numElements();
  Result<AlignedBytes> bytes = AlignedBytes::allocate(static_cast<uint64_t>(count * sizeInBytes(dtype)));
  if (!bytes)
    return bytes.status();
  const float *in = static_cast<const float *>(view.data);
  uint16_t *out = reinterpret_cast<uint16_t *>(bytes->data());
  for (int64_t i = 0; i < count; ++i)
    out[i] = dtype == DType::F16 ? f16FromF32(in[i]) : bf16FromF32(in[i]);
  storage.push_back(std::move(*bytes));
  return TensorView::contiguous(out, dtype, {view.shape[0], view.shape[1], view.shape[2], view.shape[3]});
}

/// Of a row-major f16 or bf16 tensor.
static Status checkFinite(const TensorView &view, const std::string &field, bool rounded) {
  const uint16_t *elements = static_cast<const uint16_t *>(view.data);
  for (int64_t i = 0, count = view.numElements(); i < count; ++i) {
    float value = view.dtype == DType::F16 ? f32FromF16(elements[i]) : f32FromBf16(elements[i]);
    if (std::isfinite(value))
      continue;
    std::string place;
    for (int64_t dim = 3, rest = i; dim >= 0; rest /= view.shape[dim], --dim)
      place = (dim ? ", " : "") + std::to_string(rest % view.shape[dim]) + place;
    return Status::invalid(field + "[" + place + "]",
                           printShort(value) +
                               (rounded ? ", rounded from f32 to " + std::string(name(view.dtype)) : ""),
                           "finite values, with which errors can be measured; --no-check runs others too");
  }
  return Status::ok();
}

Result<RunInput> thrift::readRunInput(const std::string &path, const RunInputOptions &options) {
  Result<SafetensorsFile> file = SafetensorsFile::open(path);
  if (!file)
    return file.status();
  RunInput input{std::move(*file), {}, {}, {}};
  struct Named {
    const char *name;
    TensorView *view;
  };
  const Named tensors[] = {{"q", &input.tensors.q}, {"k", &input.tensors.k}, {"v", &input.tensors.v}};
  for (const Named &tensor : tensors) {
    Result<TensorView> view = input.file.tensor(tensor.name);
    if (!view)
      return view.status();
    *tensor.view = *view;
    if (Status status = checkTensor(*view, tensor.name, options.round.has_value()); !status)
      return behind(path, status);
  }
  if (Status status = checkTogether(input.tensors); !status)
    return behind(path, status);
  input.fromF32 = input.tensors.q.dtype == DType::F32;
  for (const Named &tensor : tensors) {
    if (input.fromF32) {
      Result<TensorView> rounded = roundTensor(*tensor.view, *options.round, input.rounded);
      if (!rounded)
        return behind(path, rounded.status());
      *tensor.view = *rounded;
    }
    if (options.requireFinite)
      if (Status status = checkFinite(*tensor.view, tensor.name, input.fromF32); !status)
        return behind(path, status);
  }
  Result<AttentionShape> shape = AttentionShape::fromViews(input.tensors.q, input.tensors.k, input.tensors.v);
  if (!shape)
    return behind(path, shape.status());
  input.shape = *shape;
  return input;
}

Status thrift::reconcile(SpecRequest &request, const RunInput &input) {
  const AttentionShape &shape = input.shape;
  struct Extent {
    const char *option;
    std::optional<int64_t> asked;
    const char *tensor;
    int64_t found;
  };
  for (const Extent &extent :
       {Extent{"--head-dim", request.headDim, "q", shape.headDim},
        Extent{"--value-dim", request.valueDim, "v", shape.valueDim},
        Extent{"--batch", request.batch, "q", shape.batch}, Extent{"--q-heads", request.qHeads, "q", shape.qHeads},
        Extent{"--kv-heads", request.kvHeads, "k", shape.kvHeads}, Extent{"--q-len", request.qLen, "q", shape.qLen},
        Extent{"--kv-len", request.kvLen, "k", shape.kvLen}})
    if (extent.asked && *extent.asked != extent.found)
      return Status::invalid(extent.option, std::to_string(*extent.asked),
                             std::to_string(extent.found) + ", as " + extent.tensor +
                                 " of the input has; it may be left out");
  DType found = input.tensors.q.dtype;
  if (request.dtype && *request.dtype != found)
    return Status::invalid("--dtype", std::string(name(*request.dtype)),
                           std::string(name(found)) + ", as the input has; only f32 is converted");
  request.spec.dtype = found;
  request.spec.headDim = shape.headDim;
  request.spec.valueDim = shape.valueDim;
  return Status::ok();
}
