//===- Driver.h - the CUDA driver library, loaded at run time ---------------===//
//
// Opens libcuda.so.1, resolves the functions of Symbols.def and initialises the driver. Failing is normal on a machine
// without a GPU: the Status (DeviceUnavailable) then says what is missing and what to do.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_CUDA_DRIVER_H
#define THRIFTJIT_RUNTIME_CUDA_DRIVER_H

#include "runtime/Status.h"
#include "runtime/cuda/DriverTypes.h"

#include <memory>
#include <string>

namespace thrift::cuda {

/// The functions of Symbols.def under their own names.
struct Symbols {
#define CUDA_SYMBOL(name, abi, parameters) DriverResult(*name) parameters = nullptr;
#include "runtime/cuda/Symbols.def"
};

constexpr const char *kDriverLibrary = "libcuda.so.1";

class Driver {
public:
  /// Loads and initialises the driver. The library stays loaded: libcuda does not survive being unloaded.
  static Result<std::shared_ptr<const Driver>> load(const std::string &library = kDriverLibrary);

  const Symbols &api() const { return api_; }
  /// Newest CUDA version that the driver supports: 1000 * major + 10 * minor.
  int version() const { return version_; }
  /// At least 1.
  int deviceCount() const { return deviceCount_; }

  /// The address of a driver function in the ABI of one CUDA version, or null: for callers who need more than
  /// Symbols.def has.
  void *find(const char *name, int abi) const;

  /// Ok, or the driver's name and text for `result`: "cuMemAlloc failed: CUDA_ERROR_OUT_OF_MEMORY (out of memory)".
  Status check(DriverResult result, const char *call) const;
  /// "CUDA_ERROR_OUT_OF_MEMORY (out of memory)"
  std::string explain(DriverResult result) const;

private:
  using GetProcAddress = DriverResult (*)(const char *name, void **address, int version, uint64_t flags,
                                          ProcAddressQuery *found);

  Driver() = default;
  Status resolve();
  Status initialize();

  GetProcAddress getProcAddress_ = nullptr;
  Symbols api_;
  int version_ = 0;
  int deviceCount_ = 0;
};

/// "13.0" for 13000.
std::string formatCudaVersion(int version);

} // namespace thrift::cuda

#endif // THRIFTJIT_RUNTIME_CUDA_DRIVER_H
