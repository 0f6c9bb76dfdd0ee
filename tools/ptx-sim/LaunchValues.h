//===- LaunchValues.h - arguments and fields in a launch file ------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_LAUNCHVALUES_H
#define THRIFTJIT_TOOLS_PTXSIM_LAUNCHVALUES_H

#include "tools/ptx-sim/JsonPlace.h"
#include "tools/ptx-sim/LaunchFile.h"

namespace thrift::ptxsim {

/// Reads arguments, structs and numbers. Buffers are known by name.
class ValueParser {
public:
  explicit ValueParser(std::vector<std::string> bufferNames) : buffers_(std::move(bufferNames)) {}

  /// {"u32": 1}, {"buffer": "x"}, {"tensor_map": {...}}, {"bytes": 8, "fields": [...]}
  Value value(const JsonPlace &place) const;
  /// The object around "fields" may have other keys, which are the caller's business.
  std::vector<Field> fields(const JsonPlace &list, uint64_t bytes) const;

private:
  Value value(const JsonPlace &place, bool isField) const;
  PointerValue pointer(const JsonPlace &place) const;
  TensorMapValue tensorMap(const JsonPlace &place) const;

  std::vector<std::string> buffers_;
};

/// The bits of one element: a number, "nan", "inf", "-inf", or "0x3f80": bits as they are.
uint64_t parseElement(const ElementType &type, const JsonPlace &place);

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_LAUNCHVALUES_H
