#!/usr/bin/env python3
"""Compiles the kernels of sources/ into ptx/: PTX and, next to it, the description of a launch in JSON. Needs no GPU.

usage: generate.py [--check] [--only PATTERN] triton|cuda...

    triton    needs a Python with triton 3.9 (pip install triton numpy)
    cuda      needs nvcc 13.0; $NVCC names another one than that of the PATH

--check compares with the stored files instead of writing them, and says what differs. Another version of a compiler makes other
text: the stored files say which version made them.
"""

import argparse
import fnmatch
import importlib
import json
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
STORED = os.path.join(HERE, "ptx")


def without_debug(ptx):
    """Drops .loc and .file lines and debug sections, and blanks at line ends."""
    ptx = re.sub(r"^\s*\.section\s+\.debug_\w+\s*\{.*?^\s*\}\s*?\n", "", ptx, flags=re.DOTALL | re.MULTILINE)
    lines = [line.rstrip() for line in ptx.splitlines() if not re.match(r"\s*\.(loc|file)\s", line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def as_json(description):
    """Two levels of lines; deeper structures on one line each."""
    def flat(value):
        return json.dumps(value)
    lines = []
    for key, value in description.items():
        if key == "arguments":
            body = ",\n".join("    " + flat(item) for item in value)
            lines.append(f'  "{key}": [\n{body}\n  ]')
        elif key == "buffers":
            body = ",\n".join(f"    {flat(name)}: {flat(item)}" for name, item in value.items())
            lines.append(f'  "{key}": {{\n{body}\n  }}')
        else:
            lines.append(f'  "{key}": {flat(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def differs(path, text):
    try:
        with open(path) as file:
            return file.read() != text
    except FileNotFoundError:
        return True


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("compilers", nargs="+", choices=["triton", "cuda"])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", default="*")
    arguments = parser.parse_args()
    os.makedirs(STORED, exist_ok=True)
    changed = 0
    with tempfile.TemporaryDirectory() as cache:
        os.environ.update(TRITON_CACHE_DIR=cache, TRITON_DISABLE_LINE_INFO="1", TRITON_DEFAULT_FP_FUSION="1")
        for compiler in arguments.compilers:
            cases = importlib.import_module(compiler + "_cases")
            for case in cases.cases():
                stem = f"{case.name}.{compiler}-sm_{case.target}{'a' if case.target >= 90 else ''}"
                if not fnmatch.fnmatch(stem, arguments.only):
                    continue
                ptx, launch = case.compile()
                target = re.search(r"\.target\s+(\w+)", ptx).group(1)
                description = {"compiler": cases.COMPILER, "target": target, "ptx": stem + ".ptx", **launch}
                for path, text in ((stem + ".ptx", without_debug(ptx)), (stem + ".json", as_json(description))):
                    path = os.path.join(STORED, path)
                    if not differs(path, text):
                        continue
                    changed += 1
                    print(("differs: " if arguments.check else "wrote ") + os.path.relpath(path, HERE), flush=True)
                    if not arguments.check:
                        with open(path, "w") as file:
                            file.write(text)
    print(f"{changed} files {'differ' if arguments.check else 'written'}")
    return 1 if arguments.check and changed else 0


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    sys.dont_write_bytecode = True
    sys.exit(main())
