//===- WholeFile.h - a file as a string ------------------------------------------------------===//

#ifndef THRIFTJIT_TOOLS_SAFETENSORS_WHOLEFILE_H
#define THRIFTJIT_TOOLS_SAFETENSORS_WHOLEFILE_H

#include "runtime/Status.h"

#include <cstdint>
#include <string>

namespace thrift {

/// All bytes of a regular file; messages start with `path`. `kind` says what should be there: "a PTX file". A file of
/// more than `limit` bytes is refused.
Result<std::string> readWholeFile(const std::string &path, const std::string &kind, uint64_t limit = UINT64_MAX);

} // namespace thrift

#endif // THRIFTJIT_TOOLS_SAFETENSORS_WHOLEFILE_H
