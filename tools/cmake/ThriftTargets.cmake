# thrift_library(NAME [SOURCES ...] [LINK ...] [MLIR ...] [LLVM ...])
#   A library of the project. LINK names other libraries (arrows point to the left, see the top file); MLIR and LLVM
#   name MLIR libraries and LLVM components, which are the two shared libraries unless THRIFTJIT_STATIC is set.
# thrift_tool(NAME ...)
#   The same for a program; it lands in bin/.

function(_thrift_link target)
  cmake_parse_arguments(arg "" "" "LINK;MLIR;LLVM" ${ARGN})
  # Header-only, and used in source files only: whoever links an installed library does not need it.
  list(TRANSFORM arg_LINK REPLACE "^(nlohmann_json::nlohmann_json|CLI11::CLI11)$" "$<BUILD_INTERFACE:\\1>")
  target_link_libraries(${target} PUBLIC ${arg_LINK})
  if(THRIFTJIT_STATIC)
    if(arg_LLVM)
      llvm_map_components_to_libnames(archives ${arg_LLVM})
      target_link_libraries(${target} PUBLIC ${archives})
    endif()
    target_link_libraries(${target} PUBLIC ${arg_MLIR})
  else()
    if(arg_MLIR)
      target_link_libraries(${target} PUBLIC MLIR)
    endif()
    if(arg_MLIR OR arg_LLVM)
      target_link_libraries(${target} PUBLIC LLVM)
    endif()
  endif()
endfunction()

function(thrift_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;MLIR;LLVM" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  add_library(ThriftJIT::${name} ALIAS ${name})
  target_compile_features(${name} PUBLIC cxx_std_17)
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}>)
  _thrift_link(${name} LINK ${arg_LINK} MLIR ${arg_MLIR} LLVM ${arg_LLVM})
endfunction()

function(thrift_tool name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;MLIR;LLVM" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  _thrift_link(${name} LINK ${arg_LINK} MLIR ${arg_MLIR} LLVM ${arg_LLVM})
endfunction()
