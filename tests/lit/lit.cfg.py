# How lit runs the tests of this folder; lit.site.cfg.py of the build folder says where things are, then loads this file.

import os
import re
import shutil
import subprocess
import sys

import lit.formats

config.name = "ThriftJIT"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.thrift_exec_root

config.environment["PATH"] = os.pathsep.join(
    [config.thrift_tools, config.llvm_tools, config.environment["PATH"]]
)
# Variables without a $ end at the next CHECK-LABEL: a match cannot leak from one function into the next.
config.environment["FILECHECK_OPTS"] = "--enable-var-scope"
# Tests never see, nor fill, the kernel cache of the person who runs them.
config.environment["THRIFTJIT_CACHE_DIR"] = os.path.join(config.test_exec_root, "cache")

config.substitutions.append(("%data", config.thrift_data))
config.substitutions.append(("%tools", config.thrift_scripts))
config.substitutions.append(("%python", sys.executable))
if shutil.which("shellcheck"):
    config.available_features.add("shellcheck")

# `REQUIRES: ptxas` for tests that assemble; `REQUIRES: ptxas-sm_103a` where an older ptxas may not know the target.
if config.ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", config.ptxas))
    helped = subprocess.run([config.ptxas, "--help"], capture_output=True, text=True)
    for target in set(re.findall(r"sm_\d+[af]?\b", helped.stdout)):
        config.available_features.add("ptxas-" + target)
