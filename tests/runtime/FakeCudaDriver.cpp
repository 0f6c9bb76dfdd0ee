//===- FakeCudaDriver.cpp - a stand-in for libcuda.so.1 ---------------------===//
//
// Device memory is host memory, and every module has two kernels: store(u64 address, u32 value), which writes
// value * gridDim.x, and take(map, u32 value), which leaves its tensor map for the test to see. Functions are only
// handed out through cuGetProcAddress_v2, as the real library does, and only for the ABI version that Symbols.def
// names.
//
//===----------------------------------------------------------------------===//

#include "FakeCudaDriver.h"

#include <cstdlib>
#include <cstring>

using namespace thrift::cuda;
using thrift::test::FakeCudaDriver;

static FakeCudaDriver &fake() {
  static FakeCudaDriver state;
  return state;
}

extern "C" FakeCudaDriver *fakeCudaDriver() { return &fake(); }

template <typename Handle>
static Handle handleOf(uintptr_t number) {
  return reinterpret_cast<Handle>(number);
}

static DriverResult called(const char *name) {
  fake().calls.push_back(name);
  return DriverResult::Success;
}

static FunctionHandle const kStore = handleOf<FunctionHandle>(0x500), kTake = handleOf<FunctionHandle>(0x501);

// Each function has the signature that Symbols.def declares: resolving compares nothing, so this file's table does.
namespace implementation {

static DriverResult cuGetErrorName(DriverResult error, const char **text) {
  if (int(error) > 900)
    return DriverResult::InvalidValue;
  *text = error == DriverResult::OutOfMemory ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_SOMETHING";
  return DriverResult::Success;
}
static DriverResult cuGetErrorString(DriverResult, const char **text) {
  *text = "as the driver explains it";
  return DriverResult::Success;
}
static DriverResult cuInit(unsigned) { return fake().initResult; }
static DriverResult cuDriverGetVersion(int *version) {
  *version = 12040;
  return DriverResult::Success;
}
static DriverResult cuDeviceGetCount(int *count) {
  *count = fake().devices;
  return DriverResult::Success;
}
static DriverResult cuDeviceGet(DeviceOrdinal *device, int ordinal) {
  *device = ordinal;
  return ordinal < fake().devices ? DriverResult::Success : DriverResult::InvalidDevice;
}
static DriverResult cuDeviceGetName(char *name, int bytes, DeviceOrdinal) {
  std::strncpy(name, "Imaginary GPU", size_t(bytes));
  return DriverResult::Success;
}
static DriverResult cuDeviceGetAttribute(int *value, DeviceAttribute attribute, DeviceOrdinal device) {
  switch (attribute) {
  case DeviceAttribute::MaxThreadsPerBlock:
    *value = 1024;
    break;
  case DeviceAttribute::MultiprocessorCount:
    *value = 132;
    break;
  case DeviceAttribute::L2CacheSize:
    *value = 50 << 20;
    break;
  case DeviceAttribute::ComputeCapabilityMajor:
    *value = fake().computeMajor[device];
    break;
  case DeviceAttribute::ComputeCapabilityMinor:
    *value = fake().computeMinor[device];
    break;
  case DeviceAttribute::MaxSharedMemoryPerBlockOptin:
    *value = 232448;
    break;
  }
  return DriverResult::Success;
}
static DriverResult cuDeviceTotalMem(size_t *bytes, DeviceOrdinal) {
  *bytes = fake().memoryLimit;
  return DriverResult::Success;
}
static DriverResult cuDevicePrimaryCtxRetain(ContextHandle *context, DeviceOrdinal device) {
  *context = handleOf<ContextHandle>(0x100 + uintptr_t(device));
  fake().retained += fake().contextResult == DriverResult::Success;
  return fake().contextResult;
}
static DriverResult cuDevicePrimaryCtxRelease(DeviceOrdinal) {
  --fake().retained;
  return DriverResult::Success;
}
static DriverResult cuCtxGetCurrent(ContextHandle *context) {
  *context = fake().contexts.empty() ? nullptr : fake().contexts.back();
  return DriverResult::Success;
}
static DriverResult cuCtxPushCurrent(ContextHandle context) {
  fake().contexts.push_back(context);
  return DriverResult::Success;
}
static DriverResult cuCtxPopCurrent(ContextHandle *context) {
  *context = fake().contexts.back();
  fake().contexts.pop_back();
  return DriverResult::Success;
}
static DriverResult cuMemAlloc(DeviceAddress *address, size_t bytes) {
  if (bytes > fake().memoryLimit)
    return DriverResult::OutOfMemory;
  *address = DeviceAddress(std::malloc(bytes));
  ++fake().allocations;
  return DriverResult::Success;
}
static DriverResult cuMemFree(DeviceAddress address) {
  std::free(reinterpret_cast<void *>(address));
  --fake().allocations;
  return DriverResult::Success;
}
static DriverResult copy(const char *name, void *to, const void *from, size_t bytes, StreamHandle stream) {
  std::memcpy(to, from, bytes);
  fake().stream = stream;
  return called(name);
}
static DriverResult cuMemcpyHtoDAsync(DeviceAddress to, const void *from, size_t bytes, StreamHandle stream) {
  return copy("HtoD", reinterpret_cast<void *>(to), from, bytes, stream);
}
static DriverResult cuMemcpyDtoHAsync(void *to, DeviceAddress from, size_t bytes, StreamHandle stream) {
  return copy("DtoH", to, reinterpret_cast<void *>(from), bytes, stream);
}
static DriverResult cuMemcpyDtoDAsync(DeviceAddress to, DeviceAddress from, size_t bytes, StreamHandle stream) {
  return copy("DtoD", reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes, stream);
}
static DriverResult cuMemsetD8Async(DeviceAddress to, unsigned char value, size_t bytes, StreamHandle stream) {
  std::memset(reinterpret_cast<void *>(to), value, bytes);
  fake().stream = stream;
  return called("Memset");
}
static DriverResult cuTensorMapEncodeTiled(OpaqueTensorMap *map, TensorDataType type, uint32_t rank, void *address,
                                           const uint64_t *dims, const uint64_t *strides, const uint32_t *box,
                                           const uint32_t *elementStrides, TensorInterleave interleave,
                                           TensorSwizzle swizzle, TensorL2Promotion promotion,
                                           TensorOutOfBoundsFill fill) {
  if (interleave != TensorInterleave::None || fill != TensorOutOfBoundsFill::None || uintptr_t(map) % 64)
    return DriverResult::InvalidValue;
  fake().encoded = {type,
                    uint64_t(uintptr_t(address)),
                    {dims, dims + rank},
                    {strides, strides + rank - 1},
                    {box, box + rank},
                    {elementStrides, elementStrides + rank},
                    swizzle,
                    promotion};
  for (int i = 0; i < 16; ++i)
    map->opaque[i] = 0x0101010101010101u * uint64_t(i + 1);
  return fake().encodeResult;
}
static DriverResult cuStreamCreate(StreamHandle *stream, unsigned flags) {
  *stream = handleOf<StreamHandle>(0x200);
  ++fake().streams;
  return flags == kStreamNonBlocking ? DriverResult::Success : DriverResult::InvalidValue;
}
static DriverResult cuStreamDestroy(StreamHandle) {
  --fake().streams;
  return DriverResult::Success;
}
static DriverResult cuStreamSynchronize(StreamHandle stream) {
  fake().stream = stream;
  called("Synchronize");
  return fake().synchronizeResult;
}
static DriverResult cuEventCreate(EventHandle *event, unsigned) {
  *event = handleOf<EventHandle>(0x300 + uintptr_t(fake().events++));
  return DriverResult::Success;
}
static DriverResult cuEventDestroy(EventHandle) {
  --fake().events;
  return DriverResult::Success;
}
static DriverResult cuEventRecord(EventHandle, StreamHandle stream) {
  fake().stream = stream;
  return called("Record");
}
static DriverResult cuEventSynchronize(EventHandle) { return called("EventSynchronize"); }
static DriverResult cuEventElapsedTime(float *milliseconds, EventHandle begin, EventHandle end) {
  *milliseconds = float(uintptr_t(end) - uintptr_t(begin)) * 0.5f;
  return DriverResult::Success;
}
static DriverResult cuModuleLoadDataEx(ModuleHandle *module, const void *image, unsigned count, JitOption *options,
                                       void **values) {
  fake().loadedImage = static_cast<const char *>(image);
  if (fake().loadResult != DriverResult::Success) {
    size_t bytes = 0;
    char *log = nullptr;
    for (unsigned i = 0; i < count; ++i) {
      if (options[i] == JitOption::ErrorLogBuffer)
        log = static_cast<char *>(values[i]);
      if (options[i] == JitOption::ErrorLogBufferSizeBytes)
        bytes = size_t(reinterpret_cast<uintptr_t>(values[i]));
    }
    if (log)
      std::strncpy(log, "ptxas application ptx input, line 5; error: this is wrong\n", bytes);
    return fake().loadResult;
  }
  *module = handleOf<ModuleHandle>(0x400);
  ++fake().modules;
  return DriverResult::Success;
}
static DriverResult cuModuleUnload(ModuleHandle) {
  --fake().modules;
  return DriverResult::Success;
}
static DriverResult cuModuleGetFunction(FunctionHandle *function, ModuleHandle, const char *name) {
  bool takes = std::strcmp(name, "take") == 0;
  *function = takes ? kTake : kStore;
  return takes || std::strcmp(name, "store") == 0 ? DriverResult::Success : DriverResult::NotFound;
}
static DriverResult cuFuncGetAttribute(int *value, FunctionAttribute attribute, FunctionHandle) {
  switch (attribute) {
  case FunctionAttribute::MaxThreadsPerBlock:
    *value = 512;
    break;
  case FunctionAttribute::SharedSizeBytes:
    *value = 448;
    break;
  case FunctionAttribute::LocalSizeBytes:
    *value = 24;
    break;
  case FunctionAttribute::NumRegs:
    *value = 128;
    break;
  case FunctionAttribute::MaxDynamicSharedSizeBytes:
    *value = fake().dynamicSharedBytes;
    break;
  }
  return DriverResult::Success;
}
static DriverResult cuFuncSetAttribute(FunctionHandle, FunctionAttribute attribute, int value) {
  if (attribute != FunctionAttribute::MaxDynamicSharedSizeBytes)
    return DriverResult::InvalidValue;
  fake().dynamicSharedBytes = value;
  return DriverResult::Success;
}
static DriverResult cuFuncGetParamInfo(FunctionHandle function, size_t index, size_t *offset, size_t *bytes) {
  if (function == kTake) {
    *offset = index == 0 ? 48 : 176; // as on an H100
    *bytes = index == 0 ? 128 : 4;
  } else {
    *offset = 8 * index;
    *bytes = index == 0 ? 8 : 4;
  }
  return index < 2 ? DriverResult::Success : DriverResult::InvalidValue;
}
static DriverResult cuLaunchKernel(FunctionHandle function, unsigned gridX, unsigned gridY, unsigned gridZ,
                                   unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedBytes,
                                   StreamHandle stream, void **parameters, void **extra) {
  FakeCudaDriver &state = fake();
  unsigned grid[] = {gridX, gridY, gridZ}, block[] = {blockX, blockY, blockZ};
  std::memcpy(state.grid, grid, sizeof grid);
  std::memcpy(state.block, block, sizeof block);
  state.sharedBytes = sharedBytes;
  state.stream = stream;
  state.contextOfLaunch = state.contexts.empty() ? nullptr : state.contexts.back();
  if (function == kTake) {
    if (!parameters || extra)
      return DriverResult::InvalidValue;
    std::memcpy(state.taken, parameters[0], sizeof state.taken);
    std::memcpy(&state.value, parameters[1], sizeof state.value);
    return called("Launch");
  }
  if (parameters || uintptr_t(extra[0]) != kLaunchParamBufferPointer || uintptr_t(extra[2]) != kLaunchParamBufferSize ||
      uintptr_t(extra[4]) != kLaunchParamEnd)
    return DriverResult::InvalidValue;
  if (*static_cast<size_t *>(extra[3]) != sizeof state.address + sizeof state.value)
    return DriverResult::InvalidValue;
  std::memcpy(&state.address, extra[1], sizeof state.address);
  std::memcpy(&state.value, static_cast<char *>(extra[1]) + sizeof state.address, sizeof state.value);
  *reinterpret_cast<uint32_t *>(state.address) = state.value * gridX;
  return called("Launch");
}

} // namespace implementation

namespace {
struct Export {
  const char *name;
  int abi;
  void *address;
};
} // namespace

/// `function` as a pointer to exactly the declared type: a stand-in with another signature does not compile.
template <typename Function>
static void *addressOf(Function *function) {
  return reinterpret_cast<void *>(function);
}

static const Export kExports[] = {
#define CUDA_SYMBOL(name, abi, parameters) {#name, abi, addressOf<DriverResult parameters>(&implementation::name)},
#include "runtime/cuda/Symbols.def"
};

extern "C" DriverResult cuGetProcAddress_v2(const char *name, void **address, int version, uint64_t flags,
                                            ProcAddressQuery *found) {
  fake().requests.push_back(std::string(name) + " " + std::to_string(version));
  *found = ProcAddressQuery::SymbolNotFound;
  *address = nullptr;
  if (flags != kProcAddressLegacyStream)
    return DriverResult::InvalidValue;
  for (const Export &each : kExports)
    if (each.name == std::string(name) && each.name != fake().missingSymbol) {
      *found = version == each.abi ? ProcAddressQuery::Success : ProcAddressQuery::VersionNotSufficient;
      *address = version == each.abi ? each.address : nullptr;
    }
  return *address ? DriverResult::Success : DriverResult::NotFound;
}
