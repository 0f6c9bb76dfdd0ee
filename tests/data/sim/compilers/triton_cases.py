"""What Triton compiles, for which targets, and how each kernel is launched."""

import sys

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from launches import buffer, cdiv, tensor_map
from sources import attention, matmul, scaled, softmax

COMPILER = f"Triton {triton.__version__}"
ALL = (80, 90, 100, 120)
TMA = (90, 100, 120)
# Triton's names of the types.
TRITON = {"f32": "fp32", "f16": "fp16", "bf16": "bf16", "e4m3": "fp8e4nv", "u8": "u8"}
SWIZZLE = {0: 0, 1: 32, 2: 64, 3: 128}


class Pointer:
    def __init__(self, name):
        self.name = name


class Descriptor:
    """A host-made TensorDescriptor with this block; `shape` may view the buffer otherwise."""

    def __init__(self, name, block, shape=None):
        self.name, self.block, self.shape = name, block, shape


class Case:
    """`parameters` in order: Pointer, Descriptor, or a number with its type: (type, value)."""

    def __init__(self, name, function, target, family, problem, buffers, parameters, constants, grid, **options):
        self.name, self.function, self.target, self.family = name, function, target, family
        self.problem, self.buffers, self.parameters = problem, buffers, parameters
        self.constants, self.grid, self.options = constants, grid, options

    def type_of(self, parameter):
        if isinstance(parameter, Pointer):
            return "*" + TRITON[self.buffers[parameter.name]["dtype"]]
        if isinstance(parameter, Descriptor):
            block = ", ".join(str(extent) for extent in parameter.block)
            return f"tensordesc<{TRITON[self.buffers[parameter.name]['dtype']]}[{block}]>"
        return parameter[0]

    def compile(self):
        """The PTX, its launch, and what else is worth knowing."""
        names = [name for name in self.function.arg_names if name not in self.constants]
        signature = {name: self.type_of(parameter) for name, parameter in zip(names, self.parameters)}
        signature.update({name: "constexpr" for name in self.constants})
        # What Triton would see at a launch: aligned pointers, and numbers that 16 divides.
        attributes = {}
        for name, parameter in zip(names, self.parameters):
            if isinstance(parameter, Pointer) or (isinstance(parameter, tuple) and parameter[0] == "i32" and parameter[1] % 16 == 0):
                attributes[(self.function.arg_names.index(name),)] = [["tt.divisibility", 16]]
        source = ASTSource(fn=self.function, signature=signature, constexprs=self.constants, attrs=attributes)
        kernel = triton.compile(source, target=GPUTarget("cuda", self.target, 32), options=self.options)
        facts = {"family": self.family, "problem": self.problem, "constants": self.constants, "options": self.options}
        return kernel.asm["ptx"], self.launch(kernel.metadata), facts

    def launch(self, metadata):
        maps = list(metadata.tensordesc_meta)
        arguments = []
        for parameter in self.parameters:
            if isinstance(parameter, Descriptor):
                arguments += self.describe_descriptor(parameter, maps.pop(0) if metadata.tensordesc_meta else None)
            elif isinstance(parameter, Pointer):
                arguments.append({"buffer": parameter.name})
            else:
                arguments.append({{"i32": "u32", "fp32": "f32"}[parameter[0]]: parameter[1]})
        # Triton adds two: memory for descriptors that the kernel makes, by program, and memory for its profiler.
        buffers = dict(self.buffers)
        if metadata.global_scratch_size:
            programs = self.grid[0] * self.grid[1]
            buffers["scratch"] = buffer("u8", metadata.global_scratch_size * programs, output=True)
            arguments.append({"buffer": "scratch"})
        else:
            arguments.append({"u64": 0})
        assert metadata.profile_scratch_size == 0
        arguments.append({"u64": 0})
        return {
            "entry": metadata.name,
            "grid": list(self.grid),
            "block": [metadata.num_warps * 32],
            "shared_bytes": metadata.shared,
            "buffers": buffers,
            "arguments": arguments,
        }

    def describe_descriptor(self, parameter, metadata):
        """A tensor map, or what takes its place on targets without TMA; then shape and strides, as Triton passes them."""
        shape = parameter.shape or self.buffers[parameter.name]["shape"]
        strides = [1]
        for extent in reversed(shape[1:]):
            strides.insert(0, strides[0] * extent)
        sizes = [{"u32": extent} for extent in shape] + [{"u64": stride} for stride in strides]
        if metadata is None:
            wide = [{"u64": number} for number in (*shape, *strides)]
            return [{"buffer": parameter.name}, *wide, {"u8": 0}, {"u8": 0}, *sizes]
        box = list(reversed(metadata["block_size"]))
        return [tensor_map(parameter.name, self.buffers, box, SWIZZLE[metadata["swizzle"]], shape=shape), *sizes]


def softmax_case(name, type, target, rows, columns, block):
    return Case(name, softmax.softmax, target, "softmax", {"rows": rows, "columns": columns},
                {"x": buffer(type, rows, columns), "y": buffer(type, rows, columns, output=True)},
                [Pointer("x"), Pointer("y"), ("i32", columns), ("i32", columns)], {"BLOCK": block}, (rows, 1),
                num_warps=4)


def tiles(target, k):
    """tcgen05 wants 128 rows; elsewhere smaller blocks keep the text short."""
    return {"BLOCK_M": 128 if target == 100 else 64, "BLOCK_N": 64, "BLOCK_K": k}


def matmul_case(name, function, target, types, m, n, k, block_k, stages, maps, transposed=False, sizes="MNK", programs=0):
    a, b, c = types
    block = tiles(target, block_k)
    buffers = {"a": buffer(a, m, k), "b": buffer(b, n, k) if transposed else buffer(b, k, n), "c": buffer(c, m, n, output=True)}
    if maps:
        right = [64, block_k] if transposed else [block_k, 64]
        parameters = [Descriptor("a", [block["BLOCK_M"], block_k]), Descriptor("b", right),
                      Descriptor("c", [block["BLOCK_M"], 64])]
    else:
        parameters = [Pointer("a"), Pointer("b"), Pointer("c")]
    parameters += [("i32", {"M": m, "N": n, "K": k}[size]) for size in sizes]
    grid = (cdiv(m, block["BLOCK_M"]), cdiv(n, 64))
    if programs:
        block["PROGRAMS"], grid = programs, (programs, 1)
    return Case(name, function, target, "matmul", {"M": m, "N": n, "K": k, "transposed": transposed}, buffers, parameters,
                block, grid, num_warps=4, num_stages=stages)


def scales(type, *shape):
    """Powers of two near 1 as ue8m0, or moderate numbers as e4m3."""
    return buffer(type, *shape, low=124, high=130) if type == "u8" else buffer(type, *shape, low=0.25, high=4)


def scaled_case(name, target, format, scale, group, maps):
    m, n, k = 256, 128, 512
    packed = format == "e2m1"
    # Without block-scaled instructions Triton converts to bf16 in many lines: small blocks there.
    side = 128 if target >= 100 or maps else 64
    block = {"BLOCK_M": side, "BLOCK_N": side, "BLOCK_K": 128, "GROUP": group, "FORMAT": format}
    element, step = ("u8", 64) if packed else ("e4m3", 128)
    columns = k // 2 if packed else k
    shape = (lambda rows: [1, rows // 128, k // group // 4, 2, 256]) if maps else (lambda rows: [rows, k // group])
    buffers = {
        "a": buffer(element, m, columns), "a_scale": scales(scale, *shape(m)),
        "b": buffer(element, n, columns), "b_scale": scales(scale, *shape(n)),
        "c": buffer("f32", m, n, output=True),
    }
    if maps:
        function = scaled.matmul_scaled_descriptor
        box = [1, side // 128, 128 // group // 4, 2, 256]
        parameters = [Descriptor("a", [side, step]), Descriptor("a_scale", box), Descriptor("b", [side, step]),
                      Descriptor("b_scale", box), Descriptor("c", [side, side]), ("i32", k)]
    else:
        function = scaled.matmul_scaled
        parameters = [Pointer(buffer) for buffer in ("a", "a_scale", "b", "b_scale", "c")]
        parameters += [("i32", m), ("i32", n), ("i32", k)]
    problem = {"M": m, "N": n, "K": k, "group": group, "format": format, "scale": "ue4m3" if scale == "e4m3" else "ue8m0"}
    return Case(name, function, target, "scaled", problem, buffers, parameters, block, (m // side, n // side),
                num_warps=4, num_stages=2)


def attention_case(name, target, causal, specialize):
    heads, tokens, width = 2, 256, 64
    rows, keys = {80: (64, 32), 90: (128, 64), 100: (128, 64), 120: (64, 32)}[target]
    if target == 90 and specialize:
        rows = 64  # with more, Triton 3.9 splits the rows among warpgroups and stops in its own verifier
    buffers = {name: buffer("f16", heads * tokens, width, output=name == "o") for name in "qkvo"}
    buffers["lse"] = buffer("f32", heads * tokens, output=True)
    scale = 0.18033688
    parameters = [Descriptor("q", [rows, width]), Descriptor("k", [keys, width]), Descriptor("v", [keys, width]),
                  Descriptor("o", [rows, width]), Pointer("lse"), ("i32", tokens), ("fp32", scale)]
    constants = {"D": width, "BLOCK_M": rows, "BLOCK_N": keys, "CAUSAL": causal, "WARP_SPECIALIZE": specialize}
    problem = {"heads": heads, "tokens": tokens, "D": width, "causal": causal, "scale": scale}
    return Case(name, attention.attention, target, "attention", problem, buffers, parameters, constants,
                (tokens // rows, heads), num_warps=4, num_stages=2)


def cases():
    f16, bf16, tf32 = ("f16", "f16", "f32"), ("bf16",) * 3, ("f32",) * 3
    for target in ALL:
        yield softmax_case("softmax_f32", "f32", target, 5, 777, 1024)
        yield softmax_case("softmax_f16", "f16", target, 3, 512, 512)
        yield matmul_case("matmul_f16", matmul.matmul, target, f16, 150, 80, 112, 32, 3, False)
        yield matmul_case("matmul_bf16", matmul.matmul, target, bf16, 150, 80, 112, 32, 2, False)
        yield matmul_case("matmul_tf32", matmul.matmul, target, tf32, 150, 80, 112, 32, 2, False)
        yield matmul_case("matmul_descriptor", matmul.matmul_descriptor, target, ("f16",) * 3, 150, 80, 208, 64, 3, True,
                          sizes="K")
        yield matmul_case("matmul_device_descriptor", matmul.matmul_device_descriptor, target, ("f16",) * 3, 150, 80,
                          208, 64, 3, False)
        yield scaled_case("scaled_mxfp4", target, "e2m1", "u8", 32, False)
        for causal in (False, True):
            yield attention_case("attention_causal" if causal else "attention", target, causal, False)
    for target in TMA:
        yield matmul_case("matmul_fp8", matmul.matmul_transposed, target, ("e4m3", "e4m3", "f16"), 150, 80, 208, 64, 3,
                          True, transposed=True, sizes="K")
        yield matmul_case("matmul_persistent", matmul.matmul_persistent, target, ("f16",) * 3, 300, 80, 208, 64, 3,
                          True, transposed=True, programs=3)
        # fp8 is no type of sm_80 in Triton, so neither are scales in ue4m3.
        yield scaled_case("scaled_nvfp4", target, "e2m1", "e4m3", 16, False)
        yield scaled_case("scaled_mxfp8", target, "e4m3", "u8", 32, False)
        yield scaled_case("scaled_descriptor_mxfp4", target, "e2m1", "u8", 32, True)
        if target >= 100:
            yield scaled_case("scaled_descriptor_nvfp4", target, "e2m1", "e4m3", 16, True)
            yield scaled_case("scaled_descriptor_mxfp8", target, "e4m3", "u8", 32, True)
    # Hopper's causal one is missing: Triton 3.9 stops in its pass pipeline on two specialised loops.
    yield attention_case("attention_specialized", 90, False, True)
    for target in (100, 120):
        for causal in (False, True):
            yield attention_case("attention_causal_specialized" if causal else "attention_specialized", target, causal, True)
