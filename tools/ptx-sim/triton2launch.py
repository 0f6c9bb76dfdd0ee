"""Runs a Triton kernel on ptx-sim, without a GPU.

    import numpy as np
    from triton2launch import run

    report = run(add_kernel, (4,), x, y, out, n, BLOCK=1024)      # x, y, out: NumPy arrays; out is filled

`run` compiles the kernel for a target, writes kernel.ptx, launch.json and one .npy file per array into a folder, starts
ptx-sim, and reads every array back. `save` stops before ptx-sim. The folder can be run again by hand:

    ptx-sim FOLDER/kernel.ptx FOLDER/launch.json --policy random --seed 7 --stats

Arrays of types that NumPy lacks are made by Tensor(values, "bf16"), "fp8e4nv" or "fp8e5". TensorDescriptor works with
Tensor and with Tensor(array) for a NumPy array. Needs Triton 3.9 and NumPy; nothing else, and no CUDA.
"""

import json
import math
import os
import re
import shutil
import subprocess
import tempfile
import warnings

# What Triton 3.9 does by default; it warns where nobody says so.
os.environ.setdefault("TRITON_DEFAULT_FP_FUSION", "1")

import numpy as np
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, make_backend
from triton.runtime.jit import JITFunction, create_function_from_signature

if not triton.__version__.startswith("3.9."):
    warnings.warn(f"triton2launch was written for Triton 3.9 and uses parts of it that may change; this is {triton.__version__}")

TARGETS = {"sm_80": 80, "sm_86": 86, "sm_89": 89, "sm_90a": 90, "sm_100a": 100, "sm_103a": 103, "sm_120a": 120}

# Triton's name of an element: the launch file's, bytes, what NumPy stores it as.
ELEMENTS = {
    "fp64": ("f64", np.float64), "fp32": ("f32", np.float32), "fp16": ("f16", np.float16),
    "bf16": ("bf16", np.uint16), "fp8e4nv": ("e4m3", np.uint8), "fp8e5": ("e5m2", np.uint8),
    "i64": ("i64", np.int64), "i32": ("i32", np.int32), "i16": ("i16", np.int16), "i8": ("i8", np.int8),
    "u64": ("u64", np.uint64), "u32": ("u32", np.uint32), "u16": ("u16", np.uint16), "u8": ("u8", np.uint8),
    "u1": ("bool", np.bool_),
}
# By tensormap.replace's .elemtype, which is how Triton's metadata names them.
TMA_ELEMENTS = ["u8", "u16", "u32", "s32", "u64", "s64", "f16", "f32", "f32_ftz", "f64", "bf16", "tf32", "tf32_ftz",
                "b4x16", "b4x16_p64", "b6x16_p32"]
TMA_SWIZZLES = ["none", "32B", "64B", "128B"]


class SimulationError(RuntimeError):
    """The launch had an error. `report` is what ptx-sim --json printed."""

    def __init__(self, message, report):
        super().__init__(message)
        self.report = report


class Element(str):
    """A type of elements, as much of torch.dtype as Triton asks for."""

    @property
    def itemsize(self):
        return np.dtype(ELEMENTS[self][1]).itemsize

    @property
    def is_floating_point(self):
        return "f" in self


def _minifloat_table(exponent_bits, fraction_bits, bias, has_infinity):
    """The values of all codes of a float with a sign."""
    codes = np.arange(1 << (1 + exponent_bits + fraction_bits))
    fraction = codes & ((1 << fraction_bits) - 1)
    exponent = (codes >> fraction_bits) & ((1 << exponent_bits) - 1)
    subnormal = np.ldexp(fraction.astype(np.float64), 1 - bias - fraction_bits)
    normal = np.ldexp(1 + np.ldexp(fraction.astype(np.float64), -fraction_bits), exponent - bias)
    values = np.where(exponent == 0, subnormal, normal)
    top = exponent == (1 << exponent_bits) - 1
    if has_infinity:
        values = np.where(top, np.where(fraction == 0, np.inf, np.nan), values)
    else:
        values = np.where(top & (fraction == (1 << fraction_bits) - 1), np.nan, values)
    return np.where(codes >> (exponent_bits + fraction_bits), -values, values)


_TABLES = {"fp8e4nv": _minifloat_table(4, 3, 7, False), "fp8e5": _minifloat_table(5, 2, 15, True)}


def _encode(values, element):
    """Rounds to nearest even; 8-bit floats saturate."""
    values = np.asarray(values, dtype=np.float32)
    if element == "bf16":
        bits = values.view(np.uint32)
        rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
        return np.where(np.isnan(values), np.uint16(0x7FFF), rounded)
    table = _TABLES[element][:128]
    finite = table[np.isfinite(table)]
    magnitude = np.abs(values.astype(np.float64))
    above = np.minimum(np.searchsorted(finite, magnitude), finite.size - 1)
    below = np.maximum(above - 1, 0)
    up, down = finite[above] - magnitude, magnitude - finite[below]
    code = np.where((up < down) | ((up == down) & (above % 2 == 0)), above, below)
    code = np.where(np.isnan(magnitude), 0x7F, code)
    return (code | (np.signbit(values) << 7)).astype(np.uint8)


class Tensor:
    """An array that the simulator's global memory will hold."""

    def __init__(self, values, element=None):
        """A NumPy array as it is, or floats rounded to `element`: "bf16", "fp8e4nv", "fp8e5"."""
        if element in ("bf16", "fp8e4nv", "fp8e5"):
            values = _encode(values, element)
        elif element is not None:
            values = np.asarray(values, dtype=ELEMENTS[element][1])
        if not values.flags.c_contiguous:
            raise ValueError("an array is not contiguous; pass numpy.ascontiguousarray(x), or the whole array and strides")
        names = [name for name, (_, dtype) in ELEMENTS.items()
                 if values.dtype == dtype and name not in ("bf16", "fp8e4nv", "fp8e5")]
        if not names:
            raise TypeError(f"an array is of type {values.dtype}; allowed: {', '.join(ELEMENTS)}")
        self.bits = values
        self.dtype = Element(element or names[0])
        self.shape = list(values.shape)

    def numpy(self):
        """The values; f32 where NumPy lacks the type."""
        if self.dtype == "bf16":
            return (self.bits.astype(np.uint32) << 16).view(np.float32)
        return _TABLES[self.dtype][self.bits].astype(np.float32) if self.dtype in _TABLES else self.bits

    # What Triton asks of a tensor.
    def stride(self):
        return [s // self.bits.itemsize for s in self.bits.strides]

    def data_ptr(self):
        return 256  # buffers of the simulator are aligned to 256 bytes


class Launch:
    """A compiled kernel with its arguments, in files."""

    def __init__(self, folder, compiled, tensors):
        self.folder, self.compiled, self.tensors = folder, compiled, tensors
        self.ptx, self.json = os.path.join(folder, "kernel.ptx"), os.path.join(folder, "launch.json")

    def run(self, *options, ptx_sim=None):
        """ptx-sim's report as a dictionary; arrays have their new values. SimulationError says what was found."""
        program = ptx_sim or os.environ.get("PTX_SIM") or shutil.which("ptx-sim")
        if not program:
            raise FileNotFoundError("ptx-sim is not on PATH, and neither ptx_sim= nor PTX_SIM says where it is")
        done = subprocess.run([program, self.ptx, self.json, "--json", *options], stdout=subprocess.PIPE, text=True)
        report = json.loads(done.stdout) if done.stdout else {}
        if "failure" in report:
            raise SimulationError(report["failure"]["message"], report)
        if done.returncode != 0:
            lines = [f"{f['severity']}: {f['check']}: {f['message']}\n  {self.ptx}:{f['line']}: {f['text']}\n"
                     f"  {f['source']}\n  cta {f['cta']}, warp {f['warp']}, lane {f['lane']}"
                     for f in report.get("findings", [])]
            raise SimulationError("\n".join(lines) or f"ptx-sim ended with exit code {done.returncode}", report)
        for name, tensor in self.tensors.items():
            tensor.bits[...] = np.load(os.path.join(self.folder, name + ".out.npy"))
        return report


def _number(value):
    """JSON has no infinities."""
    value = float(value)
    return value if math.isfinite(value) else "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


class _Arguments:
    """Collects a launch file's buffers and arguments."""

    def __init__(self, tensordesc_meta):
        self.tensors, self.arguments = {}, []
        self._names = {}  # by the range of bytes that an array covers
        self._tensordesc_meta = iter(tensordesc_meta or [])

    def _buffer(self, name, tensor):
        begin = tensor.bits.__array_interface__["data"][0]
        key = (begin, begin + tensor.bits.nbytes)
        if key not in self._names:
            for known, other in self._names.items():
                if key[0] < known[1] and known[0] < key[1]:
                    raise ValueError(f"arguments {other} and {name} overlap in memory; pass the same array, or copies")
            unique = name
            while unique in self.tensors:
                unique += "_"
            self._names[key] = unique
            self.tensors[unique] = tensor
        return self._names[key]

    def add(self, name, kind, value):
        if kind == "constexpr":
            return
        if isinstance(kind, tuple):
            for i, (inner, element) in enumerate(zip(kind, value)):
                self.add(f"{name}_{i}", inner, element)
        elif kind.startswith("*"):
            self.arguments.append({"buffer": self._buffer(name, value), "comment": name})
        elif kind.startswith("tensordesc"):
            self._descriptor(name, value)
        elif kind in ("i1", "u1"):
            self.arguments.append({"u8": int(value), "comment": name})
        elif kind in ELEMENTS:
            is_float = "f" in kind
            self.arguments.append({ELEMENTS[kind][0]: _number(value) if is_float else int(value), "comment": name})
        else:
            raise TypeError(f"argument {name} is of type {kind}, which this script does not know")

    def _descriptor(self, name, descriptor):
        buffer = self._buffer(name, descriptor.base)
        meta = next(self._tensordesc_meta, None)
        shape, strides = [int(x) for x in descriptor.shape], [int(x) for x in descriptor.strides]
        if meta is None:  # without TMA: pointer, shape, strides, two flags
            self.arguments.append({"buffer": buffer, "comment": name})
            self.arguments += [{"i64": x} for x in shape + strides]
            self.arguments += [{"u8": int(descriptor.padding == "nan")}, {"u8": int(descriptor.round_f32_to_tf32)}]
        else:
            if meta.get("is_im2col"):
                raise TypeError(f"argument {name} is an im2col descriptor; the simulator has tiled ones only")
            dims = list(shape)
            if meta["fp4_padded"]:
                dims[-1] *= 2
            self.arguments.append({"tensor_map": {
                "buffer": buffer, "element": "tf32" if descriptor.round_f32_to_tf32 else TMA_ELEMENTS[meta["elem_type"]],
                "dims": dims[::-1], "strides": [x * meta["elem_size"] for x in strides[:-1]][::-1],
                "box": list(meta["block_size"])[::-1], "swizzle": TMA_SWIZZLES[meta["swizzle"]],
                "fill": "nan" if descriptor.padding == "nan" else "zeros"}, "comment": name})
        self.arguments += [{"i32": x} for x in shape] + [{"i64": x} for x in strides]


def _wrap(value):
    if isinstance(value, np.ndarray):
        return Tensor(value)
    if isinstance(value, tuple):
        return tuple(_wrap(x) for x in value)
    return value


def _parameters(ptx, entry):
    header = re.search(r"\.entry\s+" + re.escape(entry) + r"\s*\((.*?)\)", ptx, re.DOTALL)
    return len(re.findall(r"\.param\b", header.group(1))) if header else 0


def _format(launch):
    """One line for each buffer and argument."""
    lines = []
    for key, value in launch.items():
        if key == "buffers":
            inner = ",\n".join(f"    {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            lines.append(f'  "buffers": {{\n{inner}\n  }}')
        elif key == "arguments":
            inner = ",\n".join(f"    {json.dumps(v)}" for v in value)
            lines.append(f'  "arguments": [\n{inner}\n  ]')
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def save(kernel, grid, *args, target="sm_90a", folder=None, **kwargs):
    """Compiles `kernel[grid](*args, **kwargs)` for `target` and writes it into `folder`, a new one by default. Options
    such as num_warps are given as to Triton. Returns a Launch."""
    if not isinstance(kernel, JITFunction):
        raise TypeError("the kernel is not a plain @triton.jit function; of an autotuned one pass kernel.fn, and the "
                        "values of one configuration")
    if target not in TARGETS:
        raise ValueError(f"target is {target}; allowed: {', '.join(TARGETS)}")
    args = [_wrap(x) for x in args]
    kwargs = {name: _wrap(x) for name, x in kwargs.items()}
    gpu = GPUTarget("cuda", TARGETS[target], 32)
    backend = make_backend(gpu)
    kwargs.setdefault("debug", kernel.debug)
    bind = create_function_from_signature(kernel.signature, kernel.params, backend)
    bound, specialization, options = bind(*args, **kwargs)
    options, signature, constexprs, attrs = kernel._pack_args(backend, kwargs, bound, specialization, options)
    compiled = triton.compile(ASTSource(kernel, signature, constexprs, attrs), target=gpu, options=options.__dict__)
    metadata, ptx = compiled.metadata, compiled.asm["ptx"]

    if callable(grid):
        grid = grid(bound)
    grid = [int(x) for x in (grid if isinstance(grid, (tuple, list)) else (grid,))]
    collected = _Arguments(getattr(metadata, "tensordesc_meta", None))
    for name, kind in signature.items():
        collected.add(name, kind, bound[name])
    buffers = {name: {"dtype": ELEMENTS[tensor.dtype][0], "init": {"file": name + ".npy"}, "output": name + ".out.npy"}
               for name, tensor in collected.tensors.items()}
    # Triton appends pointers to scratch memory of the whole grid: for the kernel, and for a profiler.
    missing = _parameters(ptx, metadata.name) - len(collected.arguments)
    for scratch in ["global_scratch", "profile_scratch"][:missing]:
        size = getattr(metadata, scratch + "_size", 0) * math.prod(grid) * metadata.num_ctas
        if size:
            buffers[scratch] = {"bytes": size, "init": "uninitialized"}
        collected.arguments.append({"buffer": scratch} if size else {"u64": 0, "comment": scratch})

    launch = {"entry": metadata.name, "grid": grid}
    if metadata.num_ctas > 1:
        launch["grid"] = [grid[0] * metadata.num_ctas, *grid[1:]]
        launch["cluster"] = [metadata.num_ctas, 1, 1]
    if ".reqntid" not in ptx:
        launch["block"] = [32 * metadata.num_warps, 1, 1]
    launch.update({"shared_bytes": metadata.shared, "buffers": buffers, "arguments": collected.arguments})

    folder = folder or tempfile.mkdtemp(prefix="triton2launch-")
    os.makedirs(folder, exist_ok=True)
    result = Launch(folder, compiled, collected.tensors)
    for name, tensor in collected.tensors.items():
        np.save(os.path.join(folder, name + ".npy"), tensor.bits)
    with open(result.ptx, "w") as file:
        file.write(ptx)
    with open(result.json, "w") as file:
        file.write(_format(launch))
    return result


def run(kernel, grid, *args, sim_options=(), ptx_sim=None, **kwargs):
    """`save`, then ptx-sim with `sim_options` ("--policy", "random", ...). Returns its report."""
    return save(kernel, grid, *args, **kwargs).run(*sim_options, ptx_sim=ptx_sim)
