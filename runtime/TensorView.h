//===- TensorView.h - a tensor that belongs to the caller -------------------------------------===//
//
// Pointer, element type, shape and strides of a tensor in somebody else's memory, on the host or on a device. Functions
// say which of their views they only read; a view itself does not carry constness, so that one type serves every
// argument slot:
//
//   TensorView q = TensorView::readOnly(qBytes, DType::F16, {batch, heads, tokens, headDim});
//   TensorView o = TensorView::contiguous(oBytes, DType::F16, {batch, tokens, heads, headDim}).transposed(1, 2);
//   if (Status status = validateOutput(o, "o"); !status)
//     return status;
//
//===------------------------------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_TENSORVIEW_H
#define THRIFTJIT_RUNTIME_TENSORVIEW_H

#include "dialect/formats/Format.h"
#include "runtime/Status.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace thrift {

struct TensorView {
  static constexpr int kMaxRank = 6;

  void *data = nullptr;
  DType dtype = DType::F16;
  int rank = 0;
  std::array<int64_t, kMaxRank> shape = {};
  /// In elements. The last dimension is contiguous; zero repeats a dimension (inputs only); a dimension of one element
  /// may have any stride.
  std::array<int64_t, kMaxRank> stride = {};

  /// A row-major view.
  static TensorView contiguous(void *data, DType dtype, std::initializer_list<int64_t> shape) {
    TensorView view;
    view.data = data;
    view.dtype = dtype;
    view.rank = static_cast<int>(shape.size());
    std::copy_n(shape.begin(), std::min<size_t>(shape.size(), kMaxRank), view.shape.begin());
    // Unsigned, so that a shape whose product overflows stays defined until validate() names it.
    uint64_t step = 1;
    for (int d = std::min(view.rank, kMaxRank) - 1; d >= 0; --d) {
      view.stride[d] = static_cast<int64_t>(step);
      step *= static_cast<uint64_t>(std::max<int64_t>(view.shape[d], 1));
    }
    return view;
  }

  /// A row-major view of memory that the callee must not write.
  static TensorView readOnly(const void *data, DType dtype, std::initializer_list<int64_t> shape) {
    return contiguous(const_cast<void *>(data), dtype, shape);
  }

  /// The same memory with two dimensions exchanged: [B,S,H,D] read as [B,H,S,D] is transposed(1, 2).
  TensorView transposed(int a, int b) const {
    assert(a >= 0 && a < rank && b >= 0 && b < rank && "no such dimension");
    TensorView view = *this;
    std::swap(view.shape[a], view.shape[b]);
    std::swap(view.stride[a], view.stride[b]);
    return view;
  }

  /// Of a valid view.
  int64_t numElements() const {
    int64_t count = 1;
    for (int d = 0; d < rank; ++d)
      count *= shape[d];
    return count;
  }

  /// Distance of an element from `data`, in elements, for the leading indices of a valid view.
  template <typename... Index>
  int64_t offset(Index... index) const {
    static_assert(sizeof...(Index) <= kMaxRank, "more indices than dimensions");
    int64_t sum = 0;
    int d = 0;
    ((sum += static_cast<int64_t>(index) * stride[d++]), ...);
    return sum;
  }
};

/// `[2, 4, 256, 128]`.
inline std::string printShape(const TensorView &view) {
  std::string text = "[";
  for (int d = 0; d < std::min(view.rank, TensorView::kMaxRank); ++d)
    text += (d ? ", " : "") + std::to_string(view.shape[d]);
  return text + "]";
}

/// Whether `view`, an input called `field`, can be read: rank, lengths, strides, an extent that fits in 64 bits, a
/// pointer that is set and aligned to the element type.
inline Status validate(const TensorView &view, std::string_view field) {
  std::string prefix(field);
  if (view.rank < 1 || view.rank > TensorView::kMaxRank)
    return Status::invalid(prefix + ".rank", std::to_string(view.rank), "1 to " + std::to_string(TensorView::kMaxRank));
  int64_t elements = 1, lastOffset = 0, lastByte = 0;
  bool overflow = false;
  for (int d = 0; d < view.rank; ++d) {
    std::string index = "[" + std::to_string(d) + "]";
    if (view.shape[d] < 0)
      return Status::invalid(prefix + ".shape" + index, std::to_string(view.shape[d]), "0 or more");
    overflow |= __builtin_mul_overflow(elements, view.shape[d], &elements);
    if (view.shape[d] <= 1)
      continue;
    bool last = d + 1 == view.rank;
    if (last && view.stride[d] != 1)
      return Status::invalid(prefix + ".stride" + index, std::to_string(view.stride[d]),
                             "1 (the last dimension is contiguous)");
    if (view.stride[d] < 0)
      return Status::invalid(prefix + ".stride" + index, std::to_string(view.stride[d]), "0 or more");
    int64_t reach = 0;
    overflow |= __builtin_mul_overflow(view.shape[d] - 1, view.stride[d], &reach);
    overflow |= __builtin_add_overflow(lastOffset, reach, &lastOffset);
  }
  int64_t size = sizeInBytes(view.dtype);
  overflow |= __builtin_mul_overflow(lastOffset, size, &lastByte);
  if (overflow)
    return Status::invalid(prefix + ".shape", printShape(view), "an extent of less than 2^63 bytes");
  if (elements == 0)
    return Status::ok();
  if (!view.data)
    return Status::invalid(prefix + ".data", "null", "an address, since the tensor has elements");
  auto address = reinterpret_cast<uintptr_t>(view.data);
  if (address % static_cast<uintptr_t>(size) != 0)
    return Status::invalid(prefix + ".data",
                           "an address that is " + std::to_string(address % size) + " mod " + std::to_string(size),
                           "a multiple of the element size, " + std::to_string(size));
  return Status::ok();
}

/// Whether `view`, an output called `field`, can be written: as above, and no two elements share an address. The test
/// is that each stride is at least the extent of all faster dimensions, which every slice and permutation of a dense
/// tensor satisfies.
inline Status validateOutput(const TensorView &view, std::string_view field) {
  if (Status status = validate(view, field); !status)
    return status;
  if (view.numElements() == 0)
    return Status::ok();
  for (int d = 0; d < view.rank; ++d) {
    if (view.shape[d] <= 1)
      continue;
    int64_t extent = 1; // of the dimensions faster than d
    for (int e = 0; e < view.rank; ++e)
      if (view.shape[e] > 1 && (view.stride[e] < view.stride[d] || (view.stride[e] == view.stride[d] && e > d)))
        extent += (view.shape[e] - 1) * view.stride[e];
    if (view.stride[d] < extent)
      return Status::invalid(std::string(field) + ".stride[" + std::to_string(d) + "]", std::to_string(view.stride[d]),
                             std::to_string(extent) + " or more, so that no two elements share an address");
  }
  return Status::ok();
}

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_TENSORVIEW_H
