# `cmake --install` and find_package(ThriftJIT): the library ThriftJIT::ThriftRuntime with whatever it links, its headers
# as <thriftjit/NAME.h>, and the programs.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

foreach(program thriftjit thrift-opt ptx-sim)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

install(FILES ${PROJECT_SOURCE_DIR}/tools/ptx-sim/triton2launch.py DESTINATION ${CMAKE_INSTALL_DATADIR}/thriftjit)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(THRIFTJIT_SIMULATOR_ONLY)
  return()
endif()

# The public API: exactly these headers are installed. A public header may include only other public ones and the
# standard library; ThriftHeaders.cmake checks that when it installs them.
set(THRIFTJIT_PUBLIC_HEADERS
  dialect/formats/Format.h
  dialect/formats/PackedLayout.h
  runtime/Arguments.h
  runtime/Context.h
  runtime/Device.h
  runtime/LaunchArguments.h
  runtime/PackedKV.h
  runtime/Plan.h
  runtime/Spec.h
  runtime/Status.h
  runtime/TensorMap.h
  runtime/TensorView.h
  runtime/Watchdog.h
)

# Every project library that `root` links, directly or not. Static libraries need all of them exported.
function(thrift_link_closure root result)
  set(closure)
  set(queue ${root})
  while(queue)
    list(POP_FRONT queue target)
    # Wrappers such as $<LINK_ONLY:ThriftSim> still name the target.
    string(REGEX REPLACE "^\\$<[A-Z_]+:(.*)>$" "\\1" target "${target}")
    if(target IN_LIST closure OR NOT TARGET "${target}")
      continue()
    endif()
    get_target_property(aliased ${target} ALIASED_TARGET)
    if(aliased)
      list(APPEND queue ${aliased})
      continue()
    endif()
    get_target_property(imported ${target} IMPORTED)
    if(imported)
      continue()
    endif()
    list(APPEND closure ${target})
    get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
    if(libraries)
      list(APPEND queue ${libraries})
    endif()
  endwhile()
  set(${result} ${closure} PARENT_SCOPE)
endfunction()

set(THRIFTJIT_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/ThriftJIT)

thrift_link_closure(ThriftRuntime libraries)
install(TARGETS ${libraries} EXPORT ThriftJITTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT ThriftJITTargets NAMESPACE ThriftJIT:: DESTINATION ${THRIFTJIT_PACKAGE_DIR})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/ThriftJITConfig.cmake.in
  ${PROJECT_BINARY_DIR}/cmake/ThriftJITConfig.cmake INSTALL_DESTINATION ${THRIFTJIT_PACKAGE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cmake/ThriftJITConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/cmake/ThriftJITConfig.cmake
  ${PROJECT_BINARY_DIR}/cmake/ThriftJITConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/ThriftStaticLLVM.cmake
  DESTINATION ${THRIFTJIT_PACKAGE_DIR})

install(CODE "
  set(source_dir \"${PROJECT_SOURCE_DIR}\")
  set(staging_dir \"${PROJECT_BINARY_DIR}/include/thriftjit\")
  set(destination \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}/thriftjit\")
  set(headers \"${THRIFTJIT_PUBLIC_HEADERS}\")
  include(\"${CMAKE_CURRENT_LIST_DIR}/ThriftHeaders.cmake\")
")
