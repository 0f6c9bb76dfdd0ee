//===- TensorMaps.cpp - tensor maps of a launch file ---------------------------===//

#include "tools/ptx-sim/TensorMaps.h"

#include "runtime/sim/TensorMap.h"

#include <algorithm>
#include <cstring>

namespace thrift::ptxsim {

namespace {

template <typename T>
struct Word {
  const char *name;
  T value;
};

constexpr Word<sim::TensorInterleave> kInterleaves[] = {
    {"none", sim::TensorInterleave::None}, {"16B", sim::TensorInterleave::B16}, {"32B", sim::TensorInterleave::B32}};
constexpr Word<sim::SwizzleMode> kSwizzles[] = {{"none", sim::SwizzleMode::None},
                                                {"32B", sim::SwizzleMode::B32},
                                                {"64B", sim::SwizzleMode::B64},
                                                {"128B", sim::SwizzleMode::B128},
                                                {"128B_atom_32B", sim::SwizzleMode::B128Atom32},
                                                {"128B_atom_32B_flip_8B", sim::SwizzleMode::B128Atom32Flip8},
                                                {"128B_atom_64B", sim::SwizzleMode::B128Atom64}};
constexpr Word<sim::TensorFill> kFills[] = {{"zeros", sim::TensorFill::Zero}, {"nan", sim::TensorFill::NaN}};

template <typename T, size_t N>
Status parseWord(const Word<T> (&words)[N], const std::string &text, const std::string &path, T &value) {
  std::string allowed;
  for (const Word<T> &word : words) {
    if (text == word.name) {
      value = word.value;
      return Status::ok();
    }
    allowed.append(allowed.empty() ? "" : ", ").append(word.name);
  }
  return Status::invalid(path, "\"" + text + "\"", allowed);
}

/// Bytes from the first to behind the last element. The dimensions are at most 2^32, the strides less than 2^40.
unsigned __int128 extentOf(const sim::TensorMapDescription &map) {
  unsigned __int128 bytes = (static_cast<unsigned __int128>(map.dims[0]) * sim::tensorElementBits(map.element) + 7) / 8;
  for (unsigned i = 1; i < map.rank; ++i)
    bytes += static_cast<unsigned __int128>(map.dims[i] - 1) * map.strides[i - 1];
  return bytes;
}

} // namespace

Status encodeMap(const TensorMapValue &value, uint64_t address, uint64_t bytes, const std::string &path, uint8_t *out) {
  sim::TensorMapDescription map;
  if (!sim::tensorElementNamed(value.element, map.element)) {
    std::string allowed;
    for (unsigned i = 0; i < sim::kNumTensorElements; ++i)
      allowed.append(i ? ", " : "").append(sim::tensorElementName(static_cast<sim::TensorElement>(i)));
    return Status::invalid(path + ".element", "\"" + value.element + "\"", allowed + "; u8 for 8-bit floats");
  }
  if (Status status = parseWord(kInterleaves, value.interleave, path + ".interleave", map.interleave); !status)
    return status;
  if (Status status = parseWord(kSwizzles, value.swizzle, path + ".swizzle", map.swizzle); !status)
    return status;
  if (Status status = parseWord(kFills, value.fill, path + ".fill", map.fill); !status)
    return status;
  map.rank = static_cast<unsigned>(value.dims.size());
  map.address = address;
  std::copy(value.dims.begin(), value.dims.end(), map.dims.begin());
  std::copy(value.strides.begin(), value.strides.end(), map.strides.begin());
  std::copy(value.box.begin(), value.box.end(), map.box.begin());
  std::copy(value.elementStrides.begin(), value.elementStrides.end(), map.elementStrides.begin());
  Result<sim::TensorMapBytes> encoded = sim::encodeTensorMap(map);
  if (!encoded) {
    const Status &why = encoded.status();
    std::string field = why.field();
    if (field == "address") // which the file does not know; buffers are aligned to 256 bytes
      return Status::invalid(path + ".buffer_offset", std::to_string(value.start.offset), why.allowed());
    if (constexpr std::string_view kOurs = "elementStrides"; field.compare(0, kOurs.size(), kOurs) == 0)
      field.replace(0, kOurs.size(), "element_strides");
    return why.code() == StatusCode::Unsupported ? Status::unsupported(path + "." + field, why.value(), why.allowed())
                                                 : Status::invalid(path + "." + field, why.value(), why.allowed());
  }
  if (extentOf(map) > bytes)
    return Status::invalid(path + ".dims", "a tensor that ends behind its buffer",
                           "one within the " + std::to_string(bytes) + " bytes from its start");
  std::memcpy(out, encoded->data(), encoded->size());
  return Status::ok();
}

} // namespace thrift::ptxsim
