#!/usr/bin/env python3
"""Compiles the kernels of sources/ into ptx/: PTX, next to it a launch file for ptx-sim, and catalog.json. Needs no GPU.

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


def as_json(launch):
    """A line for each buffer, argument or kernel."""
    flat = json.dumps
    lines = []
    for key, value in launch.items():
        if key == "arguments":
            body = ",\n".join("    " + flat(item) for item in value)
            lines.append(f'  "{key}": [\n{body}\n  ]')
        elif key in ("buffers", "kernels"):
            body = ",\n".join(f"    {flat(name)}: {flat(item)}" for name, item in value.items())
            lines.append(f'  "{key}": {{\n{body}\n  }}')
        else:
            lines.append(f'  "{key}": {flat(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def stored_text(name):
    try:
        with open(os.path.join(STORED, name)) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def compiled(arguments):
    """(stem, PTX, launch, facts) of each kernel that is asked for."""
    for compiler in arguments.compilers:
        cases = importlib.import_module(compiler + "_cases")
        for case in cases.cases():
            stem = f"{case.name}.{compiler}-sm_{case.target}{'a' if case.target >= 90 else ''}"
            if fnmatch.fnmatch(stem, arguments.only):
                ptx, launch, facts = case.compile()
                target = re.search(r"\.target\s+(\w+)", ptx).group(1)
                yield stem, without_debug(ptx), launch, {"compiler": cases.COMPILER, "target": target, **facts}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("compilers", nargs="+", choices=["triton", "cuda"])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", default="*")
    arguments = parser.parse_args()
    os.makedirs(STORED, exist_ok=True)
    changed = 0

    def keep(name, text):
        nonlocal changed
        if stored_text(name) == text:
            return
        changed += 1
        print(("differs: " if arguments.check else "wrote ") + name, flush=True)
        if not arguments.check:
            with open(os.path.join(STORED, name), "w") as file:
                file.write(text)

    catalog = json.loads(stored_text("catalog.json") or '{"kernels": {}}')["kernels"]
    with tempfile.TemporaryDirectory() as cache:
        os.environ.update(TRITON_CACHE_DIR=cache, TRITON_DISABLE_LINE_INFO="1", TRITON_DEFAULT_FP_FUSION="1")
        for stem, ptx, launch, facts in compiled(arguments):
            keep(stem + ".ptx", ptx)
            keep(stem + ".json", as_json(launch))
            catalog[stem] = facts
    keep("catalog.json", as_json({"kernels": dict(sorted(catalog.items()))}))
    print(f"{changed} files {'differ' if arguments.check else 'written'}")
    return 1 if arguments.check and changed else 0


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    sys.dont_write_bytecode = True
    sys.exit(main())
