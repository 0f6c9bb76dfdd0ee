# Runs at install time. Copies `headers` (relative to `source_dir`) to `destination`, flat, with every
#   #include "runtime/Status.h"   rewritten to   #include <thriftjit/Status.h>
# so that a consumer needs one include folder and never sees the project's own layout.

cmake_policy(VERSION 3.25)  # install scripts start without policies

set(seen)
foreach(header ${headers})
  get_filename_component(name ${header} NAME)
  if(name IN_LIST seen)
    message(FATAL_ERROR "two public headers are named ${name}")
  endif()
  list(APPEND seen ${name})
endforeach()

set(rewritten)
foreach(header ${headers})
  file(READ ${source_dir}/${header} text)
  # file(READ) into a variable keeps semicolons; only include lines are taken apart.
  string(REGEX MATCHALL "#include \"[^\"]+\"" includes "${text}")
  foreach(line ${includes})
    string(REGEX REPLACE "#include \"([^\"]+)\"" "\\1" included "${line}")
    if(NOT included IN_LIST headers)
      message(FATAL_ERROR "${header} is public but includes ${included}, which is not; allowed: ${headers}")
    endif()
    get_filename_component(name ${included} NAME)
    string(REPLACE "${line}" "#include <thriftjit/${name}>" text "${text}")
  endforeach()
  if(text MATCHES "#include [<\"](mlir|llvm|nlohmann)/[^\n]*")
    message(FATAL_ERROR "${header} is public but has '${CMAKE_MATCH_0}'; allowed: public headers and the standard library")
  endif()
  get_filename_component(name ${header} NAME)
  file(WRITE ${staging_dir}/${name} "${text}")
  list(APPEND rewritten ${staging_dir}/${name})
endforeach()
file(INSTALL DESTINATION ${destination} TYPE FILE FILES ${rewritten})
