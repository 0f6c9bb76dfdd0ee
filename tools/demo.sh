#!/usr/bin/env bash
# Sets ThriftJIT up on a Debian 12 machine and runs its main job on real tensors: a chunk of prefill of a trained model,
# 256 queries against 8192 keys. No GPU is needed; one is used where it is there.
set -euo pipefail

usage() {
  cat <<'END'
usage: tools/demo.sh [--yes | --no-install] [-- OPTIONS OF THRIFTJIT RUN]

  --yes         install missing packages without asking
  --no-install  install nothing
  -- ...        further options, for example:  tools/demo.sh -- --device sim --json

Installs the packages that are missing, builds into build/, and runs
  thriftjit run --input tests/data/qkv-layer3-chunk8k.safetensors --causal --budget 0.05 --low nvfp4
END
}

tools=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tools/packages.sh
source "$tools/packages.sh"
# shellcheck source=tools/build.sh
source "$tools/build.sh"

while (($#)); do
  case $1 in
    --help | -h) usage && exit ;;
    --) shift && break ;;
    *) thrift_parse_install_option "$1" || { usage >&2; thrift_fail "option is $1; allowed: --yes, --no-install, --help, --"; } ;;
  esac
  shift
done

thrift_step "packages"
thrift_install_packages "$thrift_install_mode"
thrift_step "build"
thrift_build build thriftjit -- -DCMAKE_BUILD_TYPE=Release || thrift_fail "the build failed"

command=("$thrift_root/build/bin/thriftjit" run --input "$thrift_root/tests/data/qkv-layer3-chunk8k.safetensors"
  --causal --budget 0.05 --low nvfp4 "$@")
thrift_step "${command[*]}"
exec "${command[@]}"
