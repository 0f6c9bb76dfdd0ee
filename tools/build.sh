# Sourced by tools/demo.sh and tools/test.sh: where the project is, and how it is configured and built.
# shellcheck shell=bash

thrift_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The name of a step and the time since the script started.
thrift_step() { printf '\n=== [%d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*" >&2; }

# Compile jobs: one per core, as far as memory goes. A file that includes MLIR takes about 1 GiB to compile.
thrift_jobs() {
  local cores memory_jobs
  cores=$(nproc)
  memory_jobs=$(awk '/^MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
  ((memory_jobs >= 1)) || memory_jobs=1
  echo $((cores < memory_jobs ? cores : memory_jobs))
}

# thrift_build FOLDER TARGETS -- CMAKE-OPTIONS: configures FOLDER below the project and builds the targets there. What is built is
# the project, or the one in $thrift_source.
thrift_build() {
  local folder=$thrift_root/$1 targets=() seconds=$SECONDS
  shift
  while (($#)) && [[ $1 != -- ]]; do
    targets+=("$1")
    shift
  done
  shift
  cmake -S "${thrift_source:-$thrift_root}" -B "$folder" -G Ninja "$@" >&2 || return
  cmake --build "$folder" --target "${targets[@]}" -j "$(thrift_jobs)" >&2 || return
  printf 'built in %d s\n' $((SECONDS - seconds)) >&2
}
