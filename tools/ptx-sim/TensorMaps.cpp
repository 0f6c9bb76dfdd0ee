//===- TensorMaps.cpp - tensor maps of a launch file ---------------------------===//

#include "tools/ptx-sim/TensorMaps.h"

namespace thrift::ptxsim {

Status encodeMap(const TensorMapValue &, uint64_t, uint64_t, const std::string &path, uint8_t *) {
  return Status::unsupported(path, "given", "no tensor maps yet");
}

} // namespace thrift::ptxsim
