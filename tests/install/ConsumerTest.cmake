# Run by ctest with -P: installs, builds the example consumer from a copy outside the source tree, and runs it.

cmake_minimum_required(VERSION 3.25)

function(step name)
  message(STATUS "${name}")
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(result)
    message(FATAL_ERROR "${name} failed (${result}):\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# Nothing of an earlier run may help.
file(REMOVE_RECURSE ${scratch_dir})
file(COPY ${consumer_dir}/ DESTINATION ${scratch_dir}/source)

step(install ${CMAKE_COMMAND} --install ${build_dir} --prefix ${scratch_dir}/prefix)
step(configure ${CMAKE_COMMAND} -S ${scratch_dir}/source -B ${scratch_dir}/build -G ${generator}
  -DCMAKE_CXX_COMPILER=${compiler} -DCMAKE_PREFIX_PATH=${scratch_dir}/prefix -DCMAKE_BUILD_TYPE=Release)
step(build ${CMAKE_COMMAND} --build ${scratch_dir}/build)
step(run ${CMAKE_COMMAND} -E env THRIFTJIT_CACHE_DIR=${scratch_dir}/cache ${scratch_dir}/build/consumer)
message(STATUS "the consumer printed:\n${output}")
step("run an installed program" ${scratch_dir}/prefix/bin/thriftjit --help)

# An installed package that still points into the source tree works here and nowhere else.
file(GLOB_RECURSE installed ${scratch_dir}/prefix/*.h ${scratch_dir}/prefix/*.cmake)
get_filename_component(source_dir ${consumer_dir}/../.. ABSOLUTE)
foreach(file ${installed})
  file(READ ${file} text)
  foreach(folder ${source_dir} ${build_dir})
    # The scratch prefix lies in the build folder; the package must not name even that, to stay movable.
    string(FIND "${text}" "${folder}/" place)
    if(NOT place EQUAL -1)
      message(FATAL_ERROR "${file} names ${folder}")
    endif()
  endforeach()
endforeach()
