//===- CubinImage.h - is this really a whole cubin? -------------------------===//
//
// The driver takes a cubin without a length and trusts the sizes that its ELF headers state, so a truncated file would
// make it read past the end. This check comes first.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_CUDA_CUBINIMAGE_H
#define THRIFTJIT_RUNTIME_CUDA_CUBINIMAGE_H

#include "runtime/Status.h"

#include <string_view>

namespace thrift::cuda {

/// Ok when `image` is a 64-bit little-endian ELF file for the CUDA machine whose tables and sections lie inside it.
Status checkCubin(std::string_view image);

} // namespace thrift::cuda

#endif // THRIFTJIT_RUNTIME_CUDA_CUBINIMAGE_H
