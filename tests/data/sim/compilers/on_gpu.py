#!/usr/bin/env python3
"""Runs the stored kernels on a GPU and in the simulator, on the same random inputs, and compares every bit of what they write.

usage: on_gpu.py inputs FOLDER [TARGET...]     draws inputs for the kernels of these targets (sm_80 sm_90a)
       on_gpu.py gpu FOLDER                    runs them through the CUDA driver
       on_gpu.py compare FOLDER PTX_SIM        runs them in ptx-sim and compares

FOLDER may travel to a machine with a GPU between the steps. Needs numpy; the gpu step also needs libcuda.
"""

import ctypes
import json
import os
import subprocess
import sys

import numpy

STORED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ptx")
TYPES = {"f32": "<f4", "f16": "<f2", "bf16": "<u2", "e4m3": "u1", "u8": "u1"}
# Of CUtensorMapDataType and CUtensorMapSwizzle.
ELEMENTS = {"u8": 0, "f16": 6, "f32": 7, "bf16": 9}
SWIZZLES = {"none": 0, "32B": 1, "64B": 2, "128B": 3}
# A driver refuses PTX of a newer version than its own, though nothing in these kernels is newer than this.
VERSION = "8.7"


def read(path):
    with open(path) as file:
        return file.read()


def draw(random, buffer):
    shape, dtype, bounds = buffer["shape"], buffer["dtype"], None
    if isinstance(buffer["init"], dict):
        bounds = buffer["init"]["random"]
    if dtype == "u8":
        return random.integers(bounds["low"], bounds["high"] + 1, shape).astype("u1")
    if dtype == "e4m3":  # codes of 0.25 to 4, or of both signs
        codes = random.integers(0x28, 0x48, shape) if bounds else random.integers(0, 0x50, shape) + 128 * random.integers(0, 2, shape)
        return codes.astype("u1")
    values = random.standard_normal(shape).astype("<f4")
    return (values.view("<u4") >> 16).astype("<u2") if dtype == "bf16" else values.astype(TYPES[dtype])


def inputs(folder, *targets):
    os.makedirs(folder, exist_ok=True)
    random = numpy.random.default_rng(1)
    kernels = json.loads(read(os.path.join(STORED, "catalog.json")))["kernels"]
    for stem, facts in kernels.items():
        if facts["target"] not in (targets or ("sm_80", "sm_90a")):
            continue
        launch = json.loads(read(os.path.join(STORED, stem + ".json")))
        for name, buffer in launch["buffers"].items():
            if buffer["init"] != "uninitialized":
                numpy.save(os.path.join(folder, f"{stem}.{name}.in.npy"), draw(random, buffer))
        with open(os.path.join(folder, stem + ".json"), "w") as file:
            json.dump(launch, file)
        lines = read(os.path.join(STORED, stem + ".ptx")).splitlines(keepends=True)
        with open(os.path.join(folder, stem + ".ptx"), "w") as file:
            file.writelines(f".version {VERSION}\n" if line.startswith(".version") else line for line in lines)


def stems(folder):
    return sorted(name[:-4] for name in os.listdir(folder) if name.endswith(".ptx"))


def check(result):
    if result != 0:
        raise RuntimeError(f"the driver says {result}")


def tensor_map(cuda, value, address):
    memory = ctypes.create_string_buffer(256)
    place = (ctypes.c_char * 128).from_buffer(memory, -ctypes.addressof(memory) % 128)
    rank = len(value["dims"])
    check(cuda.cuTensorMapEncodeTiled(
        ctypes.byref(place), ELEMENTS[value["element"]], ctypes.c_uint32(rank), ctypes.c_void_p(address),
        (ctypes.c_uint64 * rank)(*value["dims"]), (ctypes.c_uint64 * 4)(*value["strides"]),
        (ctypes.c_uint32 * rank)(*value["box"]), (ctypes.c_uint32 * rank)(*[1] * rank), 0, SWIZZLES[value["swizzle"]], 0, 0))
    return place


def run_on_gpu(cuda, folder, stem):
    launch = json.loads(read(os.path.join(folder, stem + ".json")))
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    check(cuda.cuModuleLoadData(ctypes.byref(module), read(os.path.join(folder, stem + ".ptx")).encode() + b"\0"))
    check(cuda.cuModuleGetFunction(ctypes.byref(function), module, launch["entry"].encode()))
    check(cuda.cuFuncSetAttribute(function, 8, launch["shared_bytes"]))  # MAX_DYNAMIC_SHARED_SIZE_BYTES
    host, device = {}, {}
    for name, buffer in launch["buffers"].items():
        path = os.path.join(folder, f"{stem}.{name}.in.npy")
        type = numpy.dtype(TYPES[buffer["dtype"]])
        host[name] = numpy.load(path) if os.path.exists(path) else numpy.zeros(buffer["shape"], type)
        device[name] = ctypes.c_uint64()
        check(cuda.cuMemAlloc_v2(ctypes.byref(device[name]), ctypes.c_size_t(host[name].nbytes)))
        check(cuda.cuMemcpyHtoD_v2(device[name], ctypes.c_void_p(host[name].ctypes.data), ctypes.c_size_t(host[name].nbytes)))
    numbers = {"u8": ctypes.c_uint8, "u32": ctypes.c_uint32, "u64": ctypes.c_uint64, "f32": ctypes.c_float}
    values = []
    for argument in launch["arguments"]:
        (kind, value), = argument.items()
        if kind == "buffer":
            values.append(ctypes.c_uint64(device[value].value))
        elif kind == "tensor_map":
            values.append(tensor_map(cuda, value, device[value["buffer"]].value))
        else:
            values.append(numbers[kind](value))
    pointers = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
    grid, block = ((launch[key] + [1, 1])[:3] for key in ("grid", "block"))
    check(cuda.cuLaunchKernel(function, *grid, *block, launch["shared_bytes"], None, pointers, None))
    check(cuda.cuCtxSynchronize())
    for name, values in host.items():
        if name != "scratch":
            check(cuda.cuMemcpyDtoH_v2(ctypes.c_void_p(values.ctypes.data), device[name], ctypes.c_size_t(values.nbytes)))
            numpy.save(os.path.join(folder, f"{stem}.{name}.gpu.npy"), values)
        check(cuda.cuMemFree_v2(device[name]))


def gpu(folder):
    cuda = ctypes.CDLL("libcuda.so.1")
    device, context = ctypes.c_int(), ctypes.c_void_p()
    check(cuda.cuInit(0))
    check(cuda.cuDeviceGet(ctypes.byref(device), 0))
    check(cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device))
    check(cuda.cuCtxSetCurrent(context))
    for stem in stems(folder):
        run_on_gpu(cuda, folder, stem)
        print("ran", stem, flush=True)


def compare(folder, ptx_sim):
    for stem in stems(folder):
        launch = json.loads(read(os.path.join(folder, stem + ".json")))
        for name, buffer in launch["buffers"].items():
            if os.path.exists(os.path.join(folder, f"{stem}.{name}.in.npy")):
                buffer["init"] = {"file": f"{stem}.{name}.in.npy"}
            if name != "scratch":
                buffer["output"] = f"{stem}.{name}.sim.npy"
        path = os.path.join(folder, stem + ".sim.json")
        with open(path, "w") as file:
            json.dump(launch, file)
        subprocess.run([ptx_sim, os.path.join(folder, stem + ".ptx"), path], check=True, stdout=subprocess.DEVNULL)
        for name in launch["buffers"]:
            if name == "scratch":
                continue
            a, b = (numpy.load(os.path.join(folder, f"{stem}.{name}.{side}.npy")) for side in ("gpu", "sim"))
            bits = f"<u{a.dtype.itemsize}"
            differ = int((a.view(bits).reshape(-1) != b.view(bits).reshape(-1)).sum())
            print(f"{stem} {name}: " + (f"{differ} of {a.size} differ" if differ else "equal"), flush=True)


if __name__ == "__main__":
    steps = {"inputs": inputs, "gpu": gpu, "compare": compare}
    if len(sys.argv) < 3 or sys.argv[1] not in steps:
        sys.exit(__doc__)
    steps[sys.argv[1]](*sys.argv[2:])
