# What plans and tools stand on: devices, the kernel cache, the assembler, the environment. No MLIR; of LLVM only Support.
thrift_library(ThriftRuntimeCore
  SOURCES
    Assembler.cpp
    ChildProcess.cpp
    DeviceRequest.cpp
    Devices.cpp
    Environment.cpp
    KernelCache.cpp
    KernelCacheDirectory.cpp
    KernelCacheFile.cpp
    KernelCacheKey.cpp
    SimDevice.cpp
  LINK ThriftSim ThriftCuda nlohmann_json::nlohmann_json Threads::Threads
  LLVM Support)
