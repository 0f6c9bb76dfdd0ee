# Finds LLVM and MLIR 22.1. Development builds link the shared libraries; THRIFTJIT_STATIC links the archives.

if(THRIFTJIT_STATIC)
  find_package(zstd REQUIRED)
  find_package(ZLIB REQUIRED)
endif()
find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
message(STATUS "LLVM ${LLVM_PACKAGE_VERSION}, MLIR from ${MLIR_DIR}")

# MLIRConfig.cmake does not say whether MLIR was built as a shared library (llvm/llvm-project#197175).
if(THRIFTJIT_STATIC)
  set(MLIR_LINK_MLIR_DYLIB OFF)
else()
  set(MLIR_LINK_MLIR_DYLIB ON)
endif()
# Without this, the documentation target writes to /docs at the root of the file system.
set(MLIR_BINARY_DIR ${PROJECT_BINARY_DIR})
set(LLVM_EXTERNAL_LIT ${LLVM_TOOLS_BINARY_DIR}/lit CACHE FILEPATH "lit")

list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

separate_arguments(llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
add_definitions(${llvm_definitions})
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
include_directories(${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})

if(THRIFTJIT_STATIC)
  include(ThriftStaticLLVM)
  thrift_use_static_llvm()
  add_link_options(-Wl,--gc-sections -s -static-libstdc++ -static-libgcc)
endif()
