# Language level, build type, output folders, compiler cache and sanitizers: whatever holds for every target.

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# No hidden visibility: MLIR tells traits and interfaces apart by the addresses of inline variables, which must be the same
# ones in our objects and in its shared library.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

# Installed programs find the shared MLIR library where it was linked: Debian keeps it outside the loader's path.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)

find_program(THRIFTJIT_CCACHE ccache)
if(THRIFTJIT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${THRIFTJIT_CCACHE})
endif()

# Floating point must mean what the source says: the formats, the references and the simulator are bit-exact models.
add_compile_options(-Wall -Wextra -Wno-unused-parameter -ffp-contract=off)
if(THRIFTJIT_WERROR)
  add_compile_options(-Werror)
endif()

if(THRIFTJIT_SANITIZE)
  add_compile_options(-fsanitize=${THRIFTJIT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_compile_definitions(_GLIBCXX_ASSERTIONS) # an absent optional, an index past the end
  add_link_options(-fsanitize=${THRIFTJIT_SANITIZE})
endif()
