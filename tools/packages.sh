#!/usr/bin/env bash
# The Debian packages that ThriftJIT is built with, and their installation. tools/demo.sh and tools/test.sh source this
# file; on its own it installs the packages:
#
#   tools/packages.sh [--yes | --no-install | --list]

# One line each: the package, and what it is for.
thrift_packages() {
  cat <<'END'
g++                     C++17 compiler
cmake                   build description, 3.25 or later
ninja-build             build tool
ccache                  second builds in seconds
llvm-22-dev             LLVM 22.1: the NVPTX code generator
llvm-22-tools           lit, FileCheck, not, split-file: the compiler's tests
libmlir-22-dev          MLIR 22.1: headers and libraries
mlir-22-tools           mlir-tblgen: generates the dialect's C++
nlohmann-json3-dev      JSON: safetensors headers, the kernel cache, --json
libcli11-dev            command lines
libgtest-dev            GoogleTest
libbenchmark-dev        Google Benchmark: compile times
clang-22                the fuzzer's compiler
libclang-rt-22-dev      libFuzzer and clang's sanitizers
libzstd-dev             zstd, which LLVM links
zlib1g-dev              zlib, which LLVM links
libxml2-dev             named by LLVM's CMake package
libedit-dev             named by LLVM's CMake package
libcurl4-openssl-dev    named by LLVM's CMake package
END
}

thrift_say() { printf '%s\n' "$*" >&2; }

thrift_fail() {
  thrift_say "error: $*"
  exit 1
}

# The packages of the list that are not installed, one per line.
thrift_missing_packages() {
  local package reason status
  while read -r package reason; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $status == installed ]] || printf '%s\n' "$package"
  done < <(thrift_packages)
}

# Runs a command as root, without input: what is typed is the answer to our question.
thrift_as_root() {
  if ((EUID == 0)); then
    "$@" </dev/null
  elif command -v sudo >/dev/null; then
    sudo "$@" </dev/null  # sudo asks for its password on the terminal itself
  else
    thrift_fail "installing packages needs root, and there is no sudo; run this as root, or have root run tools/packages.sh --yes"
  fi
}

# Says what to add where this machine's package sources lack a package.
thrift_check_sources() {
  local package candidate unknown=()
  for package in "$@"; do
    candidate=$(LC_ALL=C apt-cache policy "$package" | sed -n 's/^ *Candidate: //p')
    [[ -n $candidate && $candidate != '(none)' ]] || unknown+=("$package")
  done
  ((${#unknown[@]} == 0)) && return
  thrift_say "this machine's package sources do not have: ${unknown[*]}"
  if [[ ${unknown[*]} == *-22-* ]]; then
    thrift_say "LLVM and MLIR 22 are in Debian 12's security suite. Add this line to /etc/apt/sources.list and run again:"
    thrift_say "  deb http://security.debian.org/debian-security bookworm-security main"
    thrift_say "For other releases of Debian and for Ubuntu, https://apt.llvm.org says what to add for version 22."
  else
    thrift_say "Add Debian's main archive to /etc/apt/sources.list and run again."
  fi
  exit 1
}

# thrift_install_packages ask|yes|no: makes sure that the packages are there. Says what it will install and how large that
# is before it does anything but refresh the package lists.
thrift_install_packages() {
  local mode=$1 missing plan answer
  if ! command -v dpkg-query apt-get >/dev/null; then
    [[ $mode == no ]] && return
    thrift_fail "this is no Debian; install what these are here and use --no-install: $(thrift_packages | awk '{print $1}' | xargs)"
  fi
  mapfile -t missing < <(thrift_missing_packages)
  if ((${#missing[@]} == 0)); then
    thrift_say "packages: all $(thrift_packages | wc -l) are installed"
    return
  fi
  if [[ $mode == no ]]; then
    thrift_say "packages: not installed, and left so: ${missing[*]}"
    return
  fi
  [[ $mode == yes || -t 0 ]] ||
    thrift_fail "packages to install: ${missing[*]}; this is no terminal to ask on, so say --yes or --no-install"

  thrift_say "packages: refreshing the package lists (apt-get update)"
  thrift_as_root apt-get update -qq >&2 || thrift_say "packages: the lists could not be refreshed; going on with those that are there"
  thrift_check_sources "${missing[@]}"

  thrift_say "packages to install:"
  thrift_packages | while read -r package reason; do
    if [[ " ${missing[*]} " == *" $package "* ]]; then printf '  %-22s %s\n' "$package" "$reason" >&2; fi
  done
  # apt-get prints the sizes, dependencies included, and stops at its own question.
  plan=$(LC_ALL=C thrift_as_root apt-get install --assume-no --no-install-recommends "${missing[@]}" 2>&1 || true)
  if ! grep -q '^After this operation' <<<"$plan"; then
    thrift_say "$plan"
    thrift_fail "apt-get cannot install these packages"
  fi
  sed -n -e 's/^\([0-9]* upgraded, [0-9]* newly installed\).*/With what they depend on: \1./p' \
    -e '/^Need to get/p' -e '/^After this operation/p' <<<"$plan" >&2

  if [[ $mode == ask ]]; then
    read -r -p "Install them? [y/N] " answer
    [[ $answer == [yY] || $answer == [yY][eE][sS] ]] || thrift_fail "nothing was installed"
  fi
  thrift_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 \
    --no-install-recommends "${missing[@]}" >&2 || thrift_fail "apt-get install failed"
}

# Sets thrift_install_mode from an option of that meaning; fails on any other word.
thrift_install_mode=ask
thrift_parse_install_option() {
  case $1 in
    --yes | -y) thrift_install_mode=yes ;;
    --no-install) thrift_install_mode=no ;;
    *) return 1 ;;
  esac
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  set -euo pipefail
  for option in "$@"; do
    case $option in
      --list) thrift_packages && exit ;;
      *) thrift_parse_install_option "$option" || thrift_fail "option is $option; allowed: --yes, --no-install, --list" ;;
    esac
  done
  thrift_install_packages "$thrift_install_mode"
fi
