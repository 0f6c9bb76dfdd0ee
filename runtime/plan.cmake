# The public library: contexts and plans, on top of the compiler and of what core.cmake builds.
file(GLOB_RECURSE compiler_sources CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/dialect/*.td ${PROJECT_SOURCE_DIR}/dialect/*.cpp ${PROJECT_SOURCE_DIR}/dialect/*.h
  ${PROJECT_SOURCE_DIR}/compiler/*.td ${PROJECT_SOURCE_DIR}/compiler/*.cpp ${PROJECT_SOURCE_DIR}/compiler/*.h)
string(REPLACE ";" "|" joined "${compiler_sources}")
set(generator_version ${CMAKE_CURRENT_BINARY_DIR}/GeneratorVersion.cpp)
add_custom_command(OUTPUT ${generator_version}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${generator_version} "-DFILES=${joined}" -DVERSION=${PROJECT_VERSION}
          -DLLVM=${LLVM_PACKAGE_VERSION} -P ${PROJECT_SOURCE_DIR}/tools/cmake/generator-version.cmake
  DEPENDS ${compiler_sources} ${PROJECT_SOURCE_DIR}/tools/cmake/generator-version.cmake
  COMMENT "Naming this version of the compiler"
  VERBATIM)

thrift_library(ThriftRuntime
  SOURCES
    CompiledKernels.cpp
    Context.cpp
    Emulation.cpp
    LaunchBinding.cpp
    MapBinding.cpp
    Plan.cpp
    PlanLaunch.cpp
    Spec.cpp
    Watchdog.cpp
    WorkspaceLayout.cpp
    ${generator_version}
  LINK ThriftRuntimeCore ThriftReference ThriftTemplates ThriftCompiler nlohmann_json::nlohmann_json)
