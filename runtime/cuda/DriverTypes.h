//===- DriverTypes.h - the few CUDA driver types that ThriftJIT uses --------===//
//
// Our own declarations of the driver's handles and constants, so that neither building nor running needs the CUDA
// toolkit. Values are from the CUDA 13.0 driver API reference; tests/runtime/CudaHeaderTest.cpp compares every one of
// them, and every signature of Symbols.def, with the real header where that is installed.
//
//===----------------------------------------------------------------------===//

#ifndef THRIFTJIT_RUNTIME_CUDA_DRIVERTYPES_H
#define THRIFTJIT_RUNTIME_CUDA_DRIVERTYPES_H

#include <cstddef>
#include <cstdint>

namespace thrift::cuda {

using DeviceOrdinal = int;                      // CUdevice
using DeviceAddress = unsigned long long;       // CUdeviceptr
using ContextHandle = struct OpaqueContext *;   // CUcontext
using ModuleHandle = struct OpaqueModule *;     // CUmodule
using FunctionHandle = struct OpaqueFunction *; // CUfunction
using StreamHandle = struct OpaqueStream *;     // CUstream
using EventHandle = struct OpaqueEvent *;       // CUevent

/// CUresult. The driver may return values that are not listed here.
enum class DriverResult : int {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NotInitialized = 3,
  Deinitialized = 4,
  StubLibrary = 34,
  DeviceUnavailable = 46,
  NoDevice = 100,
  InvalidDevice = 101,
  InvalidImage = 200,
  NoBinaryForGpu = 209,
  InvalidPtx = 218,
  UnsupportedPtxVersion = 222,
  NotFound = 500,
  SystemNotReady = 802,
  SystemDriverMismatch = 803,
  CompatNotSupportedOnDevice = 804,
  Unknown = 999,
};

/// CUdevice_attribute
enum class DeviceAttribute : int {
  MaxThreadsPerBlock = 1,
  MultiprocessorCount = 16,
  L2CacheSize = 38,
  ComputeCapabilityMajor = 75,
  ComputeCapabilityMinor = 76,
  MaxSharedMemoryPerBlockOptin = 97,
};

/// CUfunction_attribute
enum class FunctionAttribute : int {
  MaxThreadsPerBlock = 0,
  SharedSizeBytes = 1,
  LocalSizeBytes = 3,
  NumRegs = 4,
  MaxDynamicSharedSizeBytes = 8,
};

/// CUjit_option
enum class JitOption : int {
  ErrorLogBuffer = 5,
  ErrorLogBufferSizeBytes = 6,
};

/// CUtensorMapDataType; the elements that TensorMap.h has.
enum class TensorDataType : int {
  Uint8 = 0,
  Float16 = 6,
  Bfloat16 = 9,
};

/// CUtensorMapInterleave
enum class TensorInterleave : int {
  None = 0,
};

/// CUtensorMapSwizzle
enum class TensorSwizzle : int {
  None = 0,
  Bytes32 = 1,
  Bytes64 = 2,
  Bytes128 = 3,
};

/// CUtensorMapL2promotion
enum class TensorL2Promotion : int {
  Bytes128 = 2,
};

/// CUtensorMapFloatOOBfill; "none" fills with zeros.
enum class TensorOutOfBoundsFill : int {
  None = 0,
};

/// CUtensorMap. The driver wants it aligned to 64 bytes; cuda.h says 128 since CUDA 13.
struct alignas(128) OpaqueTensorMap {
  uint64_t opaque[16];
};

/// CUdriverProcAddressQueryResult
enum class ProcAddressQuery : int {
  Success = 0,
  SymbolNotFound = 1,
  VersionNotSufficient = 2,
};

constexpr uint64_t kProcAddressLegacyStream = 1;   // CU_GET_PROC_ADDRESS_LEGACY_STREAM
constexpr unsigned kStreamNonBlocking = 1;         // CU_STREAM_NON_BLOCKING
constexpr unsigned kEventDefault = 0;              // CU_EVENT_DEFAULT
constexpr uintptr_t kLaunchParamEnd = 0;           // CU_LAUNCH_PARAM_END
constexpr uintptr_t kLaunchParamBufferPointer = 1; // CU_LAUNCH_PARAM_BUFFER_POINTER
constexpr uintptr_t kLaunchParamBufferSize = 2;    // CU_LAUNCH_PARAM_BUFFER_SIZE

} // namespace thrift::cuda

#endif // THRIFTJIT_RUNTIME_CUDA_DRIVERTYPES_H
