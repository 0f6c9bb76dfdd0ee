//===- TensorFiles.h - tensors of .npy and .safetensors files ------------------===//

#ifndef THRIFTJIT_TOOLS_PTXSIM_TENSORFILES_H
#define THRIFTJIT_TOOLS_PTXSIM_TENSORFILES_H

#include "tools/ptx-sim/ElementType.h"
#include "tools/safetensors/Safetensors.h"

#include <map>
#include <string>
#include <vector>

namespace thrift::ptxsim {

/// Row-major, in host memory.
struct HostTensor {
  const ElementType *type = nullptr;
  std::vector<int64_t> shape;
  std::string bytes;

  uint64_t elements() const { return bytes.size() / static_cast<uint64_t>(type->bytes); }
};

/// "[2, 3]"
std::string printShape(const std::vector<int64_t> &shape);

/// Reads tensors; a .safetensors file is opened once.
class TensorReader {
public:
  /// `tensor` is for .safetensors files. The type is what the file says; `wanted`, where given, may be another one
  /// that the file can hold without saying so: bf16 in an .npy file of u2, u8 in a .safetensors file of F8_E8M0.
  Result<HostTensor> read(const std::string &path, const std::string &tensor, const ElementType *wanted);

private:
  Result<HostTensor> readSafetensors(const std::string &path, const std::string &tensor, const ElementType *wanted);

  std::map<std::string, SafetensorsFile> files_;
};

/// Writes tensors; those of one .safetensors file are written together, by `finish`.
class TensorWriter {
public:
  Status write(const std::string &path, const std::string &tensor, const HostTensor &value);
  Status finish();

private:
  std::map<std::string, std::map<std::string, HostTensor>> files_;
};

} // namespace thrift::ptxsim

#endif // THRIFTJIT_TOOLS_PTXSIM_TENSORFILES_H
