//===- LaunchFile.h - what to launch, as a JSON file says it -------------------===//
//
// The values of a launch file, checked by themselves: names, types, ranges. No other file is opened and nothing is
// allocated here. README.md beside this file describes every field.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_LAUNCHFILE_H
#define THRIFTJIT_TOOLS_PTXSIM_LAUNCHFILE_H

#include "runtime/Status.h"
#include "tools/ptx-sim/ElementType.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace thrift::ptxsim {

//===----------------------------------------------------------------------===//
// Values: arguments, and fields of structs and buffers
//===----------------------------------------------------------------------===//

/// The bits of a number.
struct ScalarValue {
  const ElementType *type = nullptr;
  uint64_t bits = 0;
};

/// The address of a byte of a buffer.
struct PointerValue {
  size_t buffer = 0; ///< index into LaunchFile::buffers
  uint64_t offset = 0;
};

/// What cuTensorMapEncodeTiled takes; dimensions are innermost first.
struct TensorMapValue {
  PointerValue start;
  std::string element;
  std::vector<uint64_t> dims;
  std::vector<uint64_t> strides; ///< bytes; of the dimensions after the first
  std::vector<uint32_t> box;
  std::vector<uint32_t> elementStrides;
  std::string interleave, swizzle, fill;
};

struct Field;

/// Bytes with typed fields; what no field covers is zero.
struct StructValue {
  uint64_t bytes = 0;
  std::vector<Field> fields; ///< ascending, without overlaps
};

struct Value {
  std::string path; ///< in the launch file, for messages
  std::variant<ScalarValue, PointerValue, TensorMapValue, StructValue> content;

  uint64_t bytes() const;
};

struct Field {
  uint64_t offset = 0;
  Value value;
};

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

/// A tensor in a file; `tensor` is its name where the file is a .safetensors file.
struct TensorReference {
  std::string path; ///< in the launch file, for messages
  std::string file, tensor;
};

struct Uninitialized {};
/// Every element has these bits.
struct Fill {
  uint64_t bits = 0;
};
/// One element after the other, row-major.
struct Elements {
  std::vector<uint64_t> bits;
};
/// start, start + step, ...
struct Arange {
  long double start = 0, step = 1;
};
struct Uniform {
  uint64_t seed = 0;
  long double low = 0, high = 0; ///< for integers both can occur
};
struct Normal {
  uint64_t seed = 0;
  double mean = 0, deviation = 1;
};

using Contents = std::variant<Uninitialized, Fill, Elements, Arange, Uniform, Normal, TensorReference, StructValue>;

/// What a buffer must hold after the launch.
struct Expectation {
  std::string path;
  std::variant<TensorReference, Fill, Elements> values;
  /// |actual - expected| <= absolute + relative * |expected|
  double absolute = 0, relative = 0;
};

struct BufferSpec {
  std::string name, path;
  /// Both may be missing where the contents are a file, which then says them.
  const ElementType *type = nullptr;
  std::optional<std::vector<int64_t>> shape;
  Contents contents;
  std::optional<TensorReference> output;
  std::optional<Expectation> expected;
};

struct LaunchFile {
  std::string name;   ///< of the file, for messages
  std::string folder; ///< relative names of other files start here; "" is the current one
  std::optional<std::string> entry;
  std::array<uint32_t, 3> grid = {1, 1, 1};
  std::optional<std::array<uint32_t, 3>> block, cluster;
  uint32_t dynamicSharedBytes = 0;
  std::vector<BufferSpec> buffers;
  std::vector<Value> arguments;

  /// `file` as it can be opened.
  std::string resolve(const std::string &file) const;
};

/// `text` is the contents of the file called `name`.
Result<LaunchFile> parseLaunchFile(std::string_view text, const std::string &name);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_LAUNCHFILE_H
