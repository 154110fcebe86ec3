"""Captured calls as people and disks break them: seeded mutations of .npz files that are right.

Half of them have other arrays than a call has, the others have other bytes than a file of arrays.
"""

import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapters.registry import APIS

Arrays = dict[str, Any]
F32 = np.float32

BASES: tuple[Arrays, ...] = (
    {"x": np.arange(3, dtype=F32).reshape(1, 1, 3), "kernel": np.array([[[1, 10]]], F32)},
    {
        "x": np.ones((2, 4, 3, 3), F32),
        "kernel": np.ones((4, 2, 2, 2), F32),
        "bias": np.ones(4, F32),
        "stride": 2,
        "padding": [[0, 1], [1, 0]],
        "groups": 2,
    },
    {"x": np.ones((1, 2, 5)), "kernel": np.ones((2, 1, 3)), "padding": "same", "dilation": [2]},
)

SHAPES = (
    (),
    (0,),
    (1,),
    (3,),
    (1, 1),
    (1, 0, 3),
    (1, 1, 3),
    (2, 2, 2, 2),
    (1,) * 5,
    (1,) * 6,
    (40, 40),
)
DTYPES = (
    "float32", "float64", "float16", "int64", "int32", "uint8", "bool", "complex64", "U3", "S3",
    "M8[s]", "m8[s]", ">f4", "V8", "f4,i2",
)  # fmt: skip
NAMES = (
    "x", "kernel", "bias", "stride", "padding", "groups", "w", "y", "input", "strides", "pads",
    "output_size", "", "a/b", "../x", "x\n", "\x1b[31m", "é", "x.npy", "__class__", "n" * 300,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    0, -1, 1, 2, 10**9, -(10**18), 2.5, float("nan"), float("inf"), "same", "SAME", "valid", "",
    "x" * 2000, "1: [", [], [1, 2], [[1, 2]], [[1, 2], [3, 4]], [1] * 50, [1.5], [True], "# no",
)  # fmt: skip
OPTIONS: tuple[tuple[str, ...], ...] = (
    (), (), (), ("--integers", "1"), ("--real",), ("--crop", "2"),
    ("--crop", "1", "--integers", "0"),
    ("--dtype", "bfloat16"), ("--dtype", "int32"), ("--op", "conv"), ("--stride", "3"),
    ("--x-layout", "N *s C"), ("--x-layout", "C N"), ("--kernel-layout", "*k in out"),
    ("--kernel-name", "w"), ("--x-name", "input"), ("--ignore", "y"), ("--ignore", "x"),
    ("--no-answer",), ("--groups", "3"), ("--rank", "2"), ("--op", "conv_kernel_gradient"),
    *(("--api", name) for name in APIS),
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A broken capture, and the options that it is handed over with."""

    data: bytes
    options: tuple[str, ...]


def _array(r: random.Random) -> Any:
    if r.random() < 0.5:
        return np.array(r.choice(VALUES))
    made = np.zeros(r.choice(SHAPES), r.choice(DTYPES))
    if made.dtype.kind in "fiu" and made.size:
        made.flat[r.randrange(made.size)] = r.choice((1, 7, 100))
        if made.dtype.kind == "f" and r.random() < 0.2:
            made.flat[0] = r.choice((np.nan, np.inf, 0.1, 6e4))
    return made


def _other_arrays(r: random.Random) -> Arrays:
    arrays = dict(r.choice(BASES))
    for _ in range(r.choice((0, 1, 1, 2, 4))):
        change = r.randrange(4)
        if change == 0 and arrays:
            arrays.pop(r.choice(list(arrays)))
        elif change == 1 and arrays:
            arrays[r.choice(NAMES)] = arrays.pop(r.choice(list(arrays)))
        else:
            arrays[r.choice((*NAMES, *arrays))] = _array(r)
    return arrays


def _written(arrays: Arrays, r: random.Random) -> bytes:
    """A zip file of arrays, as `np.savez` writes one, whatever their names."""
    written = BytesIO()
    method = r.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
    with zipfile.ZipFile(written, "w", method) as file:
        for name, array in arrays.items():
            member = BytesIO()
            np.save(member, np.asarray(array))
            suffix = r.choice((".npy",) * 29 + (".txt",))
            file.writestr(f"{name}{suffix}", member.getvalue())
    return written.getvalue()


def _flip(data: bytearray, r: random.Random) -> None:
    data[r.randrange(len(data))] ^= 1 << r.randrange(8)


def _cut(data: bytearray, r: random.Random) -> None:
    at = r.randrange(len(data))
    del data[at : at + r.choice((1, 4, 30, 10**6))]


def _insert(data: bytearray, r: random.Random) -> None:
    at = r.randrange(len(data))
    data[at:at] = r.randbytes(r.choice((1, 4, 30)))


def _number(data: bytearray, r: random.Random) -> None:
    """A length or an offset that is another one."""
    at = r.randrange(max(1, len(data) - 4))
    data[at : at + 4] = struct.pack("<I", r.choice((0, 1, 2**16, 2**31, 2**32 - 1)))


def _header(data: bytearray, r: random.Random) -> None:
    """A header of NumPy's that says something else."""
    at = data.find(r.choice((b"'shape': (", b"'descr': '", b"fortran_order': ", b"\x93NUMPY")))
    words = (
        b"9999999999, ",
        b"-1, ",
        b"|O",
        b"<f4",
        b"[('a', 'f4')]",
        b"__import__",
        b"((((",
        b"\0",
    )
    if at >= 0:
        at += r.choice((9, 10, 16))
        word = r.choice(words)
        data[at : at + len(word)] = word


def _nothing(data: bytearray, r: random.Random) -> None:
    data[:] = r.choice((b"", b"PK", b"PK\x05\x06" + bytes(18), b"\x93NUMPY\x01\x00", b"\x80\x04N."))


DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip, _flip, _cut, _insert, _number, _header, _header, _nothing,
)  # fmt: skip


def mutants(count: int, seed: int) -> Iterator[Mutant]:
    """So many broken captures, the same for the same seed."""
    r = random.Random(seed)
    for number in range(count):
        if number % 2:
            data = bytearray(_written(_other_arrays(r), r))
        else:
            data = bytearray(_written(r.choice(BASES), r))
            for _ in range(r.choice((1, 1, 2, 5))):
                if data:
                    r.choice(DAMAGES)(data, r)
        options = tuple(
            word for words in r.sample(OPTIONS, r.choice((0, 1, 1, 2))) for word in words
        )
        yield Mutant(bytes(data), options)


def words(mutant: Mutant, file: Path) -> list[str]:
    """The command line that hands a capture over, once it stands in a file."""
    file.write_bytes(mutant.data)
    return ["new", "--id", "mine", "--why", "Mine.", "--from-npz", str(file), *mutant.options]
