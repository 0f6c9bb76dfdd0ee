"""Runs the example of tools/ptx-sim/TRITON.md as it stands there.

usage: triton-page-test.py SOURCE_FOLDER PTX_SIM

Exit code 77, which ctest counts as skipped, where Triton is not installed.
"""

import os
import re
import subprocess
import sys
import tempfile


def main(source, ptx_sim):
    try:
        import numpy  # noqa: F401
        import triton
    except ImportError as missing:
        print(f"triton-page-test.py: Skipped\n{missing.name} is not installed for {sys.executable}\n")
        return 77
    if not triton.__version__.startswith("3.9."):
        print(f"triton-page-test.py: Skipped\nthe page is for Triton 3.9, this is {triton.__version__}\n")
        return 77
    folder = os.path.join(source, "tools", "ptx-sim")
    with open(os.path.join(folder, "TRITON.md")) as file:
        example = re.search(r"```python\n(.*?)```", file.read(), re.DOTALL).group(1)
    with tempfile.TemporaryDirectory() as scratch:
        script = os.path.join(scratch, "first.py")
        with open(script, "w") as file:
            file.write(example)
        environment = dict(os.environ, PYTHONPATH=folder, PTX_SIM=ptx_sim, TMPDIR=scratch)
        done = subprocess.run([sys.executable, script], env=environment, stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    errors = [float(x) for x in re.findall(r": error (\S+)", done.stdout)]
    # Sums of at most 64 products of magnitude 1 in f32; the softmax is below 1.
    right = done.returncode == 0 and len(errors) == 5 and all(error < 1e-4 for error in errors)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
