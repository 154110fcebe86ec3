"""Whatever somebody brings, it is answered or refused in a sentence."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attacked import ended_well

import conformance

VALUES: tuple[Any, ...] = (
    None, 0, 1, -1, 2.5, "same", "x", [1, 2], [[1, 2]], [[0, 1], [1, 2]], np.ones(3),
    np.ones((1, 2, 3)), np.ones((2, 2, 2)), np.array([1j]), np.array("same"), np.array([True]),
    object(), {}, (), [], float("nan"), np.zeros((0, 1, 2)), 10**30, np.float16(3), b"a",
)  # fmt: skip
WORDS = (
    "stride", "padding", "output_padding", "dilation", "groups", "bias", "gradient", "op", "dtype",
    "rank", "kernel_shape", "pads", "auto_pad", "output_shape", "strides", "group", "dilations",
    "x_layout", "y_layout",
)  # fmt: skip
APIS = (None, None, "onnx.ConvTranspose", "tf.nn.conv_transpose", "torch.nn.ConvTranspose")
LINES = (
    "x: [1, 2, 3]", "kernel: [1, 10]", "y: [1, 12, 23, 30]", "stride: 1", "padding: 0", "bias: [0]",
    "op: conv_transpose", "dtype: float32", "api: torch.nn.ConvTranspose", "rank: 1",
)  # fmt: skip
FRAGMENTS = (
    "[", "]", "{", ":", "-1", "1e400", ".nan", "null", "same", "[[1, 2], [3]]", "99999999999", "*a",
    "\t", "\x00", "é", "float16", "conv", "onnx.ConvTranspose", "{shape: [2, 2], fill: 1}", "[]",
)  # fmt: skip
HEADER = {
    "__metadata__": {"format": "pt", "padding": "0"},
    "x": {"dtype": "F32", "shape": [1, 1, 3], "data_offsets": [0, 12]},
    "kernel": {"dtype": "F32", "shape": [1, 1, 2], "data_offsets": [12, 20]},
    "y": {"dtype": "F32", "shape": [1, 1, 4], "data_offsets": [20, 36]},
}


@pytest.mark.filterwarnings("ignore")  # NumPy warns of some of these numbers
@pytest.mark.parametrize("seed", range(200))
def test_any_values_are_diagnosed_or_refused(seed: int) -> None:
    r = random.Random(seed)
    words = {r.choice(WORDS): r.choice(VALUES) for _ in range(r.randint(0, 4))}
    arrays = [r.choice(VALUES) for _ in range(3)]
    try:
        assert conformance.diagnose(*arrays, r.choice(APIS), seconds=0.05, **words).words
    except ValueError as error:
        assert str(error)


def yaml(r: random.Random) -> bytes:
    text = "\n".join(r.sample(LINES, r.randint(5, len(LINES))))
    for _ in range(r.randint(1, 3)):
        place = r.randrange(len(text))
        text = text[:place] + r.choice(FRAGMENTS) + text[place + r.randint(0, 4) :]
    return text.encode()


def safetensors(r: random.Random) -> bytes:
    header = json.dumps(HEADER).encode()
    data = bytearray(len(header).to_bytes(8, "little") + header + bytes(36))
    for _ in range(r.randint(1, 4)):
        place = r.randrange(len(data))
        data[place : place + r.randint(0, 2)] = bytes(r.choices(b'0123456789-[]{}",eE.\x00', k=2))
    return bytes(data)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("make", [yaml, safetensors])
def test_any_file_is_diagnosed_or_refused(tmp_path: Path, make: Any, seed: int) -> None:
    path = tmp_path / f"a.{make.__name__}"
    path.write_bytes(make(random.Random(seed)))
    ended_well(["diagnose", str(path), "--seconds", "0.05"], {0, 1, 2})
