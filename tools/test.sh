#!/usr/bin/env bash
# Sets ThriftJIT up on a Debian 12 machine and runs all tests: a Release build with the unit, numerics, simulator, command
# line, install and lit tests, then the unit and command line tests again under the address and undefined-behaviour
# sanitizers, then half a minute of fuzzing. The last line counts every GoogleTest case and every lit test; skipped ones are named above it.
set -euo pipefail

usage() {
  cat <<'END'
usage: tools/test.sh [--yes | --no-install] [--no-sanitize]

  --yes          install missing packages without asking
  --no-install   install nothing
  --no-sanitize  leave the sanitizer build and the fuzzer out
END
}

tools=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tools/packages.sh
source "$tools/packages.sh"
# shellcheck source=tools/build.sh
source "$tools/build.sh"

sanitize=1
while (($#)); do
  case $1 in
    --help | -h) usage && exit ;;
    --no-sanitize) sanitize=0 ;;
    *) thrift_parse_install_option "$1" ||
      { usage >&2; thrift_fail "option is $1; allowed: --yes, --no-install, --no-sanitize, --help"; } ;;
  esac
  shift
done

thrift_step "packages"
thrift_install_packages "$thrift_install_mode"

results=$thrift_root/build/test-results
rm -rf "$results"
mkdir -p "$results"
# Tests that never ran leave no file behind; the summary is told what to expect.
reports=()

# run_ctest FOLDER REPORT CTEST-OPTIONS: prints what does not pass; the report has everything.
run_ctest() {
  local folder=$1 report=$results/$2
  shift 2
  reports+=("$report")
  (cd "$thrift_root/$folder" && ctest -j "$(nproc)" --output-on-failure --test-output-size-passed 20000 \
    --output-junit "$report" "$@" | grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test +#.* Passed )' >&2) || true
}

thrift_step "release build"
if thrift_build build all -- -DCMAKE_BUILD_TYPE=Release -DTHRIFTJIT_TESTS=ON; then
  thrift_step "unit, numerics, simulator, command line and install tests"
  run_ctest build release.xml --label-exclude '^lit$'
  thrift_step "lit tests"
  reports+=("$results/lit.xml")
  "$(sed -n 's/^LLVM_EXTERNAL_LIT:FILEPATH=//p' "$thrift_root/build/CMakeCache.txt")" -sv --no-progress-bar \
    --xunit-xml-output "$results/lit.xml" "$thrift_root/build/tests/lit" >&2 || true
else
  reports+=("$results/release-build-failed.xml")
fi

if ((sanitize)); then
  thrift_step "sanitizer build"
  # LLVM's own library is not instrumented, so poisoning by its inlined allocators must not count. Set before the build,
  # which starts the test programs to list their cases.
  export ASAN_OPTIONS=allow_user_poisoning=0:detect_stack_use_after_return=1:strict_string_checks=1
  export UBSAN_OPTIONS=print_stacktrace=1
  # -O1 and short debug information: half the build time of -O2 -g, and still a line for every frame. Assertions are on.
  # The compiler's libraries are those of the release build: MLIR code takes longest to compile, twice as long sanitized.
  if thrift_build build-sanitized thrift-tests -- -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG='-O1 -g1' \
    -DTHRIFTJIT_SANITIZE=address,undefined -DTHRIFTJIT_PREBUILT_COMPILER="$thrift_root/build"; then
    thrift_step "unit and command line tests under the sanitizers"
    run_ctest build-sanitized sanitized.xml
  else
    reports+=("$results/sanitizer-build-failed.xml")
  fi

  thrift_step "fuzzer build"
  if thrift_source=$thrift_root/tests/fuzz thrift_build build-fuzz ptx-fuzz -- \
    -DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22; then
    thrift_step "half a minute of fuzzing"
    run_ctest build-fuzz fuzz.xml
  else
    reports+=("$results/fuzzer-build-failed.xml")
  fi
fi

thrift_step "summary"
python3 "$thrift_root/tools/test-summary.py" "${reports[@]}"
