//===- ReadTensor.cpp - elements of a view as numbers -----------------------------------------===//

#include "runtime/reference/ReadTensor.h"
#include "dialect/formats/Float16.h"

namespace thrift {

template <typename T>
static void readContiguous(const TensorView &view, int64_t offset, int64_t count, T *out) {
  switch (view.dtype) {
  case DType::F32: {
    const float *in = static_cast<const float *>(view.data) + offset;
    for (int64_t i = 0; i < count; ++i)
      out[i] = in[i];
    return;
  }
  case DType::F16: {
    const uint16_t *in = static_cast<const uint16_t *>(view.data) + offset;
    for (int64_t i = 0; i < count; ++i)
      out[i] = f32FromF16(in[i]);
    return;
  }
  case DType::BF16: {
    const uint16_t *in = static_cast<const uint16_t *>(view.data) + offset;
    for (int64_t i = 0; i < count; ++i)
      out[i] = f32FromBf16(in[i]);
    return;
  }
  case DType::I32:
  case DType::U8:
    break;
  }
  assert(false && "not a floating-point tensor");
}

void readRow(const TensorView &view, int64_t b, int64_t h, int64_t token, float *row) {
  readContiguous(view, view.offset(b, h, token), view.shape[3], row);
}

Result<std::vector<double>> toDoubles(const TensorView &view, std::string_view field) {
  if (Status status = validate(view, field); !status)
    return status;
  if (view.dtype != DType::F16 && view.dtype != DType::BF16 && view.dtype != DType::F32)
    return Status::invalid(std::string(field) + ".dtype", std::string(name(view.dtype)), "f16, bf16, f32");
  std::vector<double> elements(static_cast<size_t>(view.numElements()));
  if (elements.empty())
    return elements;
  int64_t channels = view.shape[view.rank - 1];
  std::array<int64_t, TensorView::kMaxRank> index = {};
  for (double *row = elements.data(), *end = row + elements.size(); row != end; row += channels) {
    int64_t offset = 0;
    for (int d = 0; d + 1 < view.rank; ++d)
      offset += index[d] * view.stride[d];
    readContiguous(view, offset, channels, row);
    for (int d = view.rank - 2; d >= 0 && ++index[d] == view.shape[d]; --d)
      index[d] = 0;
  }
  return elements;
}

} // namespace thrift
