//===- DeviceRequest.h - which device somebody asks for ---------------------===//
//
// "auto", "cuda" (the first GPU), "cuda:2" or "sim", as a value.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_DEVICEREQUEST_H
#define THRIFTJIT_RUNTIME_DEVICEREQUEST_H

#include "runtime/Status.h"

#include <string>
#include <string_view>

namespace thrift {

struct DeviceRequest {
  enum class Kind { Auto, Cuda, Sim };

  Kind kind = Kind::Auto;
  int ordinal = -1; ///< of the GPU; -1 means the first usable one

  /// InvalidArgument blames `field`: an option or a variable.
  static Result<DeviceRequest> parse(std::string_view text, const std::string &field = "device");
  std::string print() const;

  friend bool operator==(const DeviceRequest &a, const DeviceRequest &b) {
    return a.kind == b.kind && a.ordinal == b.ordinal;
  }
};

} // namespace thrift

#endif // THRIFTJIT_RUNTIME_DEVICEREQUEST_H
