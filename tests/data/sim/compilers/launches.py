"""The words of the launch files, which are those of ptx-sim: tools/ptx-sim/README.md."""

BYTES = {"f32": 4, "f16": 2, "bf16": 2, "e4m3": 1, "u8": 1}
SWIZZLES = {0: "none", 32: "32B", 64: "64B", 128: "128B"}


def cdiv(a, b):
    return -(-a // b)


def buffer(dtype, *shape, output=False, low=None, high=None):
    """A dense array, last dimension contiguous: an input is random, normal or within bounds, an output not yet written."""
    if output:
        init = "uninitialized"
    elif low is not None:
        init = {"random": {"low": low, "high": high}}
    else:
        init = {"random": {"low": 0, "high": 255}} if dtype == "u8" else "random"
    return {"dtype": dtype, "shape": list(shape), "init": init}


def tensor_map(name, buffers, box, swizzle, shape=None):
    """A map of a whole buffer; `box` innermost first. `shape` may view the buffer otherwise."""
    dtype = buffers[name]["dtype"]
    dims = list(reversed(shape or buffers[name]["shape"]))
    strides = []
    stride = BYTES[dtype]
    for extent in dims[:-1]:
        stride *= extent
        strides.append(stride)
    element = "u8" if dtype == "e4m3" else dtype
    return {"tensor_map": {"buffer": name, "element": element, "dims": dims, "strides": strides, "box": box,
                           "swizzle": SWIZZLES[swizzle]}}
