"""The words of the JSON files: buffers, arguments, tensor maps. README.md describes them."""

BYTES = {"f32": 4, "f16": 2, "bf16": 2, "e4m3": 1, "u8": 1}


def cdiv(a, b):
    return -(-a // b)


def buffer(type, *shape):
    """A dense array, last dimension contiguous."""
    return {"type": type, "shape": list(shape)}


def tensor_map(name, buffers, box, swizzle, type=None, shape=None):
    """A descriptor of a whole buffer; `box` innermost first, as cuTensorMapEncodeTiled takes it. `shape` may view the buffer otherwise."""
    type = type or buffers[name]["type"]
    shape = shape or buffers[name]["shape"]
    dims = list(reversed(shape))
    strides = []
    stride = BYTES[type]
    for extent in dims[:-1]:
        stride *= extent
        strides.append(stride)
    return {"tensorMap": {"buffer": name, "type": type, "dims": dims, "strides": strides, "box": box, "swizzle": swizzle}}
