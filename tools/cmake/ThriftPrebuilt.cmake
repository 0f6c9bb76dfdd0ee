# Takes the dialect, the compiler and the templates from another build folder of this source tree instead of compiling
# them: most of the build time is theirs. For sanitizer builds of everything else; shared LLVM only.

if(THRIFTJIT_STATIC)
  message(FATAL_ERROR "THRIFTJIT_PREBUILT_COMPILER works with the shared LLVM libraries only")
endif()
get_filename_component(prebuilt ${THRIFTJIT_PREBUILT_COMPILER} ABSOLUTE BASE_DIR ${PROJECT_SOURCE_DIR})

# Each links the one before it; the first also what MLIR code links.
set(links ThriftFormats MLIR LLVM)
foreach(name ThriftDialect ThriftCompiler ThriftTemplates)
  set(archive ${prebuilt}/lib/lib${name}.a)
  if(NOT EXISTS ${archive})
    message(FATAL_ERROR "THRIFTJIT_PREBUILT_COMPILER: ${archive} is missing; build ${name} there first")
  endif()
  add_library(${name} STATIC IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${archive})
  target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR} ${prebuilt})
  target_link_libraries(${name} INTERFACE ${links})
  set(links ${name})
endforeach()
