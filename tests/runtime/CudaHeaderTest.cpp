//===- CudaHeaderTest.cpp - our declarations against the real cuda.h --------===//
//
// Everything here is checked by the compiler. Functions are compared with the types of cudaTypedefs.h, which has one
// for each ABI of a function (PFN_cuMemAlloc_v3020), so that the version in Symbols.def is checked too.
//
//===----------------------------------------------------------------------===//

#include "runtime/cuda/DriverTypes.h"

#include <gtest/gtest.h>

#ifdef THRIFTJIT_HAVE_CUDA_HEADER

#include <cuda.h>
#include <cudaTypedefs.h>

#include <type_traits>

namespace ours = thrift::cuda;

//===----------------------------------------------------------------------===//
// Types: each real type is translated into ours, then signatures must be equal
//===----------------------------------------------------------------------===//

template <typename Real, typename = void>
struct Translate {
  using type = Real;
};
template <typename Real>
using Translated = typename Translate<Real>::type;

#define TRANSLATE(real, own)                                                                                           \
  static_assert(sizeof(real) == sizeof(own) && alignof(real) == alignof(own), #real);                                  \
  template <>                                                                                                          \
  struct Translate<real> {                                                                                             \
    using type = own;                                                                                                  \
  };
TRANSLATE(CUresult, ours::DriverResult)
TRANSLATE(CUdevice_attribute, ours::DeviceAttribute)
TRANSLATE(CUfunction_attribute, ours::FunctionAttribute)
TRANSLATE(CUjit_option, ours::JitOption)
TRANSLATE(CUdriverProcAddressQueryResult, ours::ProcAddressQuery)
TRANSLATE(CUtensorMapDataType, ours::TensorDataType)
TRANSLATE(CUtensorMapInterleave, ours::TensorInterleave)
TRANSLATE(CUtensorMapSwizzle, ours::TensorSwizzle)
TRANSLATE(CUtensorMapL2promotion, ours::TensorL2Promotion)
TRANSLATE(CUtensorMapFloatOOBfill, ours::TensorOutOfBoundsFill)
TRANSLATE(CUcontext, ours::ContextHandle)
TRANSLATE(CUmodule, ours::ModuleHandle)
TRANSLATE(CUfunction, ours::FunctionHandle)
TRANSLATE(CUstream, ours::StreamHandle)
TRANSLATE(CUevent, ours::EventHandle)
#undef TRANSLATE
static_assert(std::is_same_v<CUdevice, ours::DeviceOrdinal>);
static_assert(std::is_same_v<CUdeviceptr, ours::DeviceAddress>);
static_assert(std::is_same_v<cuuint64_t, uint64_t>);
static_assert(std::is_same_v<cuuint32_t, uint32_t>);

// Aligned as the strictest cuda.h has it, so not always equally.
static_assert(sizeof(CUtensorMap) == sizeof(ours::OpaqueTensorMap));
static_assert(alignof(ours::OpaqueTensorMap) % alignof(CUtensorMap) == 0);
template <>
struct Translate<CUtensorMap> {
  using type = ours::OpaqueTensorMap;
};

/// Pointers to a translated type: CUcontext * is ContextHandle *. Pointers to other types stay.
template <typename Real>
struct Translate<Real *, std::enable_if_t<!std::is_same_v<Translated<Real>, Real>>> {
  using type = Translated<Real> *;
};

template <typename Return, typename... Parameters>
struct Translate<Return (*)(Parameters...)> {
  using type = Translated<Return> (*)(Translated<Parameters>...);
};

#define CUDA_SYMBOL(name, abi, parameters)                                                                             \
  static_assert(std::is_same_v<Translated<PFN_##name##_v##abi>, ours::DriverResult(*) parameters>, #name);
namespace thrift::cuda {
#include "runtime/cuda/Symbols.def"
}
static_assert(std::is_same_v<Translated<PFN_cuGetProcAddress_v12000>,
                             ours::DriverResult (*)(const char *, void **, int, uint64_t, ours::ProcAddressQuery *)>);

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

#define SAME(own, real) static_assert(int(ours::own) == int(real), #real)
SAME(DriverResult::Success, CUDA_SUCCESS);
SAME(DriverResult::InvalidValue, CUDA_ERROR_INVALID_VALUE);
SAME(DriverResult::OutOfMemory, CUDA_ERROR_OUT_OF_MEMORY);
SAME(DriverResult::NotInitialized, CUDA_ERROR_NOT_INITIALIZED);
SAME(DriverResult::Deinitialized, CUDA_ERROR_DEINITIALIZED);
SAME(DriverResult::StubLibrary, CUDA_ERROR_STUB_LIBRARY);
SAME(DriverResult::DeviceUnavailable, CUDA_ERROR_DEVICE_UNAVAILABLE);
SAME(DriverResult::NoDevice, CUDA_ERROR_NO_DEVICE);
SAME(DriverResult::InvalidDevice, CUDA_ERROR_INVALID_DEVICE);
SAME(DriverResult::InvalidImage, CUDA_ERROR_INVALID_IMAGE);
SAME(DriverResult::NoBinaryForGpu, CUDA_ERROR_NO_BINARY_FOR_GPU);
SAME(DriverResult::InvalidPtx, CUDA_ERROR_INVALID_PTX);
SAME(DriverResult::UnsupportedPtxVersion, CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
SAME(DriverResult::NotFound, CUDA_ERROR_NOT_FOUND);
SAME(DriverResult::SystemNotReady, CUDA_ERROR_SYSTEM_NOT_READY);
SAME(DriverResult::SystemDriverMismatch, CUDA_ERROR_SYSTEM_DRIVER_MISMATCH);
SAME(DriverResult::CompatNotSupportedOnDevice, CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE);
SAME(DriverResult::Unknown, CUDA_ERROR_UNKNOWN);
SAME(DeviceAttribute::MaxThreadsPerBlock, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
SAME(DeviceAttribute::MultiprocessorCount, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
SAME(DeviceAttribute::L2CacheSize, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
SAME(DeviceAttribute::ComputeCapabilityMajor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
SAME(DeviceAttribute::ComputeCapabilityMinor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
SAME(DeviceAttribute::MaxSharedMemoryPerBlockOptin, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
SAME(FunctionAttribute::MaxThreadsPerBlock, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
SAME(FunctionAttribute::SharedSizeBytes, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
SAME(FunctionAttribute::LocalSizeBytes, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
SAME(FunctionAttribute::NumRegs, CU_FUNC_ATTRIBUTE_NUM_REGS);
SAME(FunctionAttribute::MaxDynamicSharedSizeBytes, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
SAME(JitOption::ErrorLogBuffer, CU_JIT_ERROR_LOG_BUFFER);
SAME(JitOption::ErrorLogBufferSizeBytes, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
SAME(TensorDataType::Uint8, CU_TENSOR_MAP_DATA_TYPE_UINT8);
SAME(TensorDataType::Float16, CU_TENSOR_MAP_DATA_TYPE_FLOAT16);
SAME(TensorDataType::Bfloat16, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16);
SAME(TensorInterleave::None, CU_TENSOR_MAP_INTERLEAVE_NONE);
SAME(TensorSwizzle::None, CU_TENSOR_MAP_SWIZZLE_NONE);
SAME(TensorSwizzle::Bytes32, CU_TENSOR_MAP_SWIZZLE_32B);
SAME(TensorSwizzle::Bytes64, CU_TENSOR_MAP_SWIZZLE_64B);
SAME(TensorSwizzle::Bytes128, CU_TENSOR_MAP_SWIZZLE_128B);
SAME(TensorL2Promotion::Bytes128, CU_TENSOR_MAP_L2_PROMOTION_L2_128B);
SAME(TensorOutOfBoundsFill::None, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
SAME(ProcAddressQuery::Success, CU_GET_PROC_ADDRESS_SUCCESS);
SAME(ProcAddressQuery::SymbolNotFound, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
SAME(ProcAddressQuery::VersionNotSufficient, CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT);
SAME(kProcAddressLegacyStream, CU_GET_PROC_ADDRESS_LEGACY_STREAM);
SAME(kStreamNonBlocking, CU_STREAM_NON_BLOCKING);
SAME(kEventDefault, CU_EVENT_DEFAULT);
SAME(kLaunchParamEnd, CU_LAUNCH_PARAM_END_AS_INT);
SAME(kLaunchParamBufferPointer, CU_LAUNCH_PARAM_BUFFER_POINTER_AS_INT);
SAME(kLaunchParamBufferSize, CU_LAUNCH_PARAM_BUFFER_SIZE_AS_INT);
#undef SAME

TEST(CudaHeader, DeclarationsMatch) { SUCCEED() << "compared with cuda.h of CUDA " << CUDA_VERSION; }

#else

TEST(CudaHeader, DeclarationsMatch) { GTEST_SKIP() << "no cuda.h and cudaTypedefs.h when the tests were built"; }

#endif
