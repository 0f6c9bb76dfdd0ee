"""What nvcc compiles, for which targets, and how each kernel is launched."""

import os
import re
import subprocess
import tempfile

from launches import buffer, cdiv, tensor_map

NVCC = os.environ.get("NVCC", "nvcc")
SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sources")


def version():
    text = subprocess.run([NVCC, "--version"], check=True, capture_output=True, text=True).stdout
    return "nvcc " + re.search(r"V([\d.]+)", text).group(1)


COMPILER = version()


class Case:
    def __init__(self, name, target, family, problem, buffers, arguments, grid, block, source=None, shared=0, defines=()):
        self.name, self.target, self.family, self.problem, self.buffers = name, target, family, problem, buffers
        self.arguments, self.grid, self.block, self.shared = arguments, grid, block, shared
        self.source, self.defines = source or name, list(defines)

    def compile(self):
        arch = f"sm_{self.target}{'a' if self.target >= 90 else ''}"
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.ptx")
            options = ["-O3", "-std=c++17", f"-arch={arch}", *(f"-D{define}" for define in self.defines)]
            subprocess.run([NVCC, "-ptx", *options, "-o", path, self.source + ".cu"], check=True, cwd=SOURCES)
            with open(path) as file:
                ptx = file.read()
        launch = {
            "entry": re.search(r"\.entry\s+(\w+)", ptx).group(1),
            "grid": list(self.grid),
            "block": [self.block],
            "shared_bytes": self.shared,
            "buffers": self.buffers,
            "arguments": self.arguments,
        }
        return ptx, launch, {"family": self.family, "problem": self.problem, "options": options}


def axpy(target):
    n = 512 * 11 + 76
    return Case("axpy_bulk", target, "axpy", {"n": n, "a": -1.75}, {"x": buffer("f32", n), "y": buffer("f32", n)},
                [{"buffer": "x"}, {"buffer": "y"}, {"f32": -1.75}, {"u32": n}], (2,), 160)


def transpose(target, swizzle):
    batches, rows, columns = 5, 52, 76
    width = (swizzle or 64) // 4
    buffers = {"in": buffer("f32", batches, rows, columns), "out": buffer("f32", batches, columns, rows, output=True)}
    maps = [tensor_map(name, buffers, [width, width, 1], swizzle) for name in ("in", "out")]
    return Case(f"transpose_tensor_{swizzle}", target, "transpose", {"batches": batches, "rows": rows, "columns": columns},
                buffers, [*maps, {"u32": batches}], (cdiv(columns, width), cdiv(rows, width)), 128,
                source="transpose_tensor", defines=[f"SWIZZLE={swizzle}"])


def matmul_tensor(name, target, block, m, n, k):
    """128 by 64 by 64, three stages; 1024 bytes to align them."""
    buffers = {"a": buffer("f16", m, k), "b": buffer("f16", n, k), "c": buffer("f32", m, n, output=True)}
    arguments = [tensor_map("a", buffers, [64, 128], 128), tensor_map("b", buffers, [64, 64], 128), {"buffer": "c"},
                 {"u32": m}, {"u32": n}, {"u32": k}]
    return Case(name, target, "matmul", {"M": m, "N": n, "K": k, "transposed": True}, buffers, arguments,
                (cdiv(m, 128), cdiv(n, 64)), block, shared=1024 + 3 * (128 + 64) * 64 * 2)


def matmul_mma(target, barriers):
    m, n, k = 150, 88, 152
    buffers = {"a": buffer("bf16", m, k), "b": buffer("bf16", k, n), "c": buffer("f32", m, n, output=True)}
    arguments = [*({"buffer": name} for name in "abc"), {"u32": m}, {"u32": n}, {"u32": k}]
    return Case("matmul_mma_barriers" if barriers else "matmul_mma", target, "matmul",
                {"M": m, "N": n, "K": k, "transposed": False}, buffers, arguments, (cdiv(m, 64), cdiv(n, 64)), 128,
                source="matmul_mma", defines=["BARRIERS"] if barriers else [])


def matmul_nvfp4(name, target, side, depth, block, swizzle, packed, shared):
    m, n, k = 2 * side, side, 3 * depth
    shape = (lambda rows: [rows // 128, k // 64, 32, 4, 4]) if packed else (lambda rows: [rows, k // 16])
    buffers = {
        "a": buffer("u8", m, k // 2), "a_scale": buffer("e4m3", *shape(m), low=0.25, high=4),
        "b": buffer("u8", n, k // 2), "b_scale": buffer("e4m3", *shape(n), low=0.25, high=4),
        "c": buffer("f32", m, n, output=True),
    }
    box = [depth // 2, side]
    arguments = [tensor_map("a", buffers, box, swizzle), {"buffer": "a_scale"}, tensor_map("b", buffers, box, swizzle),
                 {"buffer": "b_scale"}, {"buffer": "c"}, {"u32": n}, {"u32": k}]
    problem = {"M": m, "N": n, "K": k, "group": 16, "format": "e2m1", "scale": "ue4m3"}
    return Case(name, target, "scaled", problem, buffers, arguments, (m // side, n // side), block, shared=shared)


def running_mean(target):
    return Case("running_mean", target, "mean", {"rows": 2, "columns": 1024, "reach": 8},
                {"x": buffer("f32", 2, 1024), "y": buffer("f32", 2, 1024, output=True)}, [{"buffer": "x"}, {"buffer": "y"}], (2,), 128)


def cases():
    for target in (80, 90, 100, 120):
        for barriers in (False, True):
            yield matmul_mma(target, barriers)
        yield running_mean(target)
    for target in (90, 100, 120):
        yield axpy(target)
        for swizzle in (0, 32, 64, 128):
            yield transpose(target, swizzle)
    yield matmul_tensor("matmul_wgmma", 90, 384, 150, 80, 328)
    yield matmul_tensor("matmul_tcgen05", 100, 192, 150, 80, 328)
    yield matmul_nvfp4("matmul_nvfp4_tcgen05", 100, 128, 256, 192, 128, True, 1024 + 2 * (2 * 128 * 128 + 2 * 2048))
    yield matmul_nvfp4("matmul_nvfp4_mma", 120, 64, 128, 160, 64, False, 0)
