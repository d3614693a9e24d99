"""Arrays in `.safetensors` files, in the four formats that frameworks store gradients in.

In: a dict of NumPy arrays of f64 and a format (`f64`, `f32`, `bf16`, `f16`). Out: a file, or the
arrays of one, as f64 with the format that they were stored in. Needs NumPy alone.

What always holds: what is read is exactly what was stored, for f64 holds every number of the other
three; `rounded` gives numbers of the format, ties to even; the same arrays give the same bytes.
"""

import json
import struct

import numpy as np

FORMATS = ["f64", "f32", "bf16", "f16"]
DTYPES = {"f64": "F64", "f32": "F32", "bf16": "BF16", "f16": "F16"}
NUMPY = {"f64": np.float64, "f32": np.float32, "f16": np.float16}


def bf16_bits(a):
    """The upper half of the f32 bits of `a`, rounded to nearest, ties to even."""
    wide = np.ascontiguousarray(a, np.float64)
    with np.errstate(over="ignore"):
        narrow = wide.astype(np.float32)
    bits = narrow.view(np.uint32).astype(np.uint64)
    # What f32 rounded away decides a tie of bf16: move the f32 off the tie, towards the f64.
    tie = (bits & 0xFFFF) == 0x8000
    away = np.abs(wide) > np.abs(narrow.astype(np.float64))
    near = np.abs(wide) < np.abs(narrow.astype(np.float64))
    bits = bits + (tie & away).astype(np.uint64) - (tie & near).astype(np.uint64)
    odd = (bits >> np.uint64(16)) & np.uint64(1)
    return ((bits + np.uint64(0x7FFF) + odd) >> np.uint64(16)).astype(np.uint16)


def from_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def rounded(a, fmt):
    """The nearest numbers of `fmt`, as f64."""
    a = np.asarray(a, np.float64)
    if fmt == "bf16":
        return from_bf16(bf16_bits(a)).reshape(a.shape)
    with np.errstate(over="ignore"):
        return a.astype(NUMPY[fmt]).astype(np.float64)


def save(path, arrays, fmt):
    """Write `arrays`, which hold numbers of `fmt` already."""
    header, parts, at = {}, [], 0
    for name in sorted(arrays):
        a = np.asarray(arrays[name], np.float64)
        data = (bf16_bits(a) if fmt == "bf16" else a.astype(NUMPY[fmt])).tobytes()
        header[name] = {"dtype": DTYPES[fmt], "shape": list(a.shape),
                        "data_offsets": [at, at + len(data)]}
        parts.append(data)
        at += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def load(path):
    """The arrays of a file as f64, and the format of the first."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    names = {code: fmt for fmt, code in DTYPES.items()}
    arrays, fmt = {}, "f64"
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + at for at in entry["data_offsets"])
        fmt = names[entry["dtype"]]
        if fmt == "bf16":
            a = from_bf16(np.frombuffer(data[begin:end], np.uint16))
        else:
            a = np.frombuffer(data[begin:end], NUMPY[fmt]).astype(np.float64)
        arrays[name] = a.reshape(entry["shape"])
    return arrays, fmt
