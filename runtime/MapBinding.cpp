//===- MapBinding.cpp - from a map's name to its description ------------------===//

#include "runtime/MapBinding.h"

#include <cassert>
#include <charconv>
#include <string_view>

using namespace thrift;

namespace {

struct MappedName {
  const char *spelled;
  MappedTensor tensor;
  unsigned rank;
  TensorMapElement element; ///< f16 stands for bf16, too: of the same size
};

constexpr MappedName mappedNames[] = {
    {"q", MappedTensor::Q, 4, TensorMapElement::F16},       {"k", MappedTensor::K, 4, TensorMapElement::F16},
    {"v", MappedTensor::V, 4, TensorMapElement::F16},       {"q_low", MappedTensor::QLow, 3, TensorMapElement::U8},
    {"k_low", MappedTensor::KLow, 3, TensorMapElement::U8}, {"v_low", MappedTensor::VLow, 3, TensorMapElement::U8},
};

struct SwizzleName {
  uint32_t bytes;
  TensorMapSwizzle swizzle;
};

constexpr SwizzleName swizzleNames[] = {{0, TensorMapSwizzle::None},
                                        {32, TensorMapSwizzle::B32},
                                        {64, TensorMapSwizzle::B64},
                                        {128, TensorMapSwizzle::B128}};

constexpr std::string_view infix = ".map.";

/// Kernels count in 32 bits, and so do the coordinates of a copy.
constexpr int64_t largestExtent = (int64_t(1) << 31) - 1;

const MappedName &nameOf(MappedTensor tensor) {
  for (const MappedName &name : mappedNames)
    if (name.tensor == tensor)
      return name;
  assert(false && "no such tensor");
  return mappedNames[0];
}

bool parseNumber(std::string_view text, uint32_t &number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// "64x128": up to `rank` numbers, 1 for what is left out.
bool parseBox(std::string_view text, unsigned rank, std::array<uint32_t, kMaxTensorMapRank> &box) {
  box.fill(1);
  for (unsigned dim = 0; dim < rank; ++dim) {
    size_t end = text.find('x');
    if (!parseNumber(text.substr(0, end), box[dim]))
      return false;
    if (end == std::string_view::npos)
      return true;
    text.remove_prefix(end + 1);
  }
  return false;
}

std::string indexed(const MappedName &name, const char *property, unsigned dim) {
  return std::string(name.spelled) + "." + property + "[" + std::to_string(dim) + "]";
}

} // namespace

Result<MapRequest> MapRequest::parse(const std::string &spelled) {
  auto malformed = [&] {
    return Status::invalid("tensor map", "'" + spelled + "'",
                           "TENSOR.map.BOX.SWIZZLE: q, k, v (4 dimensions), q_low, k_low, v_low (3); a box such as "
                           "64x128; 0, 32, 64 or 128 bytes");
  };
  std::string_view text = spelled;
  size_t at = text.find(infix), last = text.rfind('.');
  if (at == text.npos || last < at + infix.size())
    return malformed();
  std::string_view tensor = text.substr(0, at);
  const MappedName *name = nullptr;
  for (const MappedName &each : mappedNames)
    if (tensor == each.spelled)
      name = &each;
  if (!name)
    return malformed();

  MapRequest request;
  request.tensor = name->tensor;
  request.rank = name->rank;
  uint32_t swizzle = 0;
  if (!parseBox(text.substr(at + infix.size(), last - at - infix.size()), name->rank, request.box) ||
      !parseNumber(text.substr(last + 1), swizzle))
    return malformed();
  const SwizzleName *known = nullptr;
  for (const SwizzleName &each : swizzleNames)
    if (swizzle == each.bytes)
      known = &each;
  if (!known)
    return malformed();
  request.swizzle = known->swizzle;

  // Whether any tensor at all can be copied in such boxes: one element as good as another.
  MapSource smallest{request.rank, name->element, kTensorMapAlignment, {1, 1, 1, 1}, {1, 1, 1, 1}};
  Result<TensorMapDescription> map = describeMap(request, smallest);
  if (!map)
    return map.status();
  if (Status status = validateTensorMap(*map); !status)
    return Status::invalid(spelled + ", " + status.field(), status.value(), status.allowed());
  return request;
}

MapSource MapSource::of(const TensorView &view) {
  assert(view.rank == 4 && (view.dtype == DType::F16 || view.dtype == DType::BF16) && "not a tensor of the caller's");
  MapSource source;
  source.rank = 4;
  source.element = view.dtype == DType::BF16 ? TensorMapElement::BF16 : TensorMapElement::F16;
  source.address = reinterpret_cast<uintptr_t>(view.data);
  for (unsigned dim = 0; dim < source.rank; ++dim) {
    source.dims[dim] = view.shape[3 - dim];
    source.strides[dim] = view.stride[3 - dim];
  }
  return source;
}

MapSource MapSource::of(uint64_t address, const RowsLayout &layout) {
  const PackedShape &shape = layout.shape;
  int64_t row = layout.rowBytes(), tokens = shape.paddedTokens();
  return {3, TensorMapElement::U8, address, {row, tokens, shape.batch * shape.heads}, {1, row, tokens * row}};
}

MapSource MapSource::of(uint64_t address, const TransposedLayout &layout) {
  const PackedShape &shape = layout.shape;
  int64_t channel = layout.channelBytes(), tiles = shape.batch * shape.heads * layout.tiles();
  return {3, TensorMapElement::U8, address, {channel, shape.channels, tiles}, {1, channel, shape.channels * channel}};
}

Result<TensorMapDescription> thrift::describeMap(const MapRequest &request, const MapSource &source) {
  const MappedName &name = nameOf(request.tensor);
  if (source.rank != request.rank)
    return Status(StatusCode::Internal,
                  std::string("a kernel maps ") + name.spelled + ", which this launch does not have");
  if (source.address % kTensorMapAlignment)
    return Status::invalid(name.spelled + std::string(".data"),
                           "an address that is " + std::to_string(source.address % kTensorMapAlignment) + " mod 16",
                           "a multiple of 16 bytes, for this kernel copies by tensor maps");
  TensorMapDescription map;
  map.element = source.element;
  map.rank = source.rank;
  map.address = source.address;
  map.box = request.box;
  map.swizzle = request.swizzle;
  const int64_t size = sizeInBytes(source.element), piece = kTensorMapAlignment / size;
  const int64_t strideLimit = static_cast<int64_t>(kTensorMapStrideLimit) / size;
  for (unsigned dim = 0; dim < source.rank; ++dim) {
    if (source.dims[dim] < 1 || source.dims[dim] > largestExtent)
      return Status::invalid(indexed(name, "shape", source.rank - 1 - dim), std::to_string(source.dims[dim]),
                             "1 to " + std::to_string(largestExtent));
    map.dims[dim] = static_cast<uint64_t>(source.dims[dim]);
    if (dim == 0)
      continue;
    // Nobody steps along a dimension of one element: the caller may have any stride there, the map may not.
    int64_t stride = source.dims[dim] == 1 ? piece : source.strides[dim];
    if (stride < 0 || stride % piece || stride >= strideLimit)
      return Status::invalid(indexed(name, "stride", source.rank - 1 - dim), std::to_string(stride),
                             "multiples of " + std::to_string(piece) + " from 0 to " +
                                 std::to_string(strideLimit - piece) + ", for this kernel copies by tensor maps");
    map.strides[dim - 1] = static_cast<uint64_t>(stride * size);
  }
  return map;
}
