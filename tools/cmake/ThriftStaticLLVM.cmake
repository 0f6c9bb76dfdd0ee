# thrift_use_static_llvm(): makes Debian's imported MLIR archives usable without the shared LLVM library.
#   Every one of them names the shared `LLVM`; a program that holds both copies hangs in LLVM's pass registry. This
#   replaces that name by the archives. It is installed too: a consumer of a static build needs the same.
macro(thrift_use_static_llvm)
  llvm_map_components_to_libnames(thrift_llvm_archives
    NVPTX Core Support AsmPrinter CodeGen Target Passes Linker IRReader BitReader BitWriter FrontendOpenMP TargetParser)
  get_property(thrift_imported DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(thrift_target ${thrift_imported})
    get_target_property(thrift_libraries ${thrift_target} INTERFACE_LINK_LIBRARIES)
    if(thrift_libraries AND "LLVM" IN_LIST thrift_libraries)
      list(REMOVE_ITEM thrift_libraries LLVM)
      set_target_properties(${thrift_target} PROPERTIES
        INTERFACE_LINK_LIBRARIES "${thrift_libraries};${thrift_llvm_archives}")
    endif()
  endforeach()
  unset(thrift_imported)
  unset(thrift_target)
  unset(thrift_libraries)
endmacro()
