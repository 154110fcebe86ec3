"""What a passing assertion costs beside the oracle: `python benchmarks/assertion.py`.

Both have the same inputs and take turns in one process, on one thread, and every number is the
least processor time of its rounds. The answer is rounded from float64, so that it differs from the
oracle's as that of a framework does. Real numbers are compared with a sum in float64, so that the
oracle is also asked for that.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from time import process_time
from typing import Any

for library in ("OPENBLAS", "OMP", "MKL", "BLIS", "VECLIB_MAXIMUM"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # read once, when NumPy is imported

import numpy as np  # noqa: E402  # after the number of threads

import conformance  # noqa: E402
from conformance import testing  # noqa: E402

Shape = tuple[int, ...]
SIZES: list[tuple[Shape, Shape]] = [
    ((1, 1, 5), (1, 1, 3)),
    ((1, 32, 32, 32), (32, 32, 4, 4)),
    ((4, 64, 28, 28), (64, 64, 3, 3)),
]
DTYPES = ("float16", "float32", "float64", "complex64", "int32")
ARGUMENTS: dict[str, Any] = {"stride": 2, "padding": 1}
ROUNDS = 15
ROW = "{:34}{:18}{:7}{:>10}{:>12}{:>12}{:>9}{:>12}"


def main() -> None:
    print("least milliseconds of processor\n")
    heads = ("numbers", "oracle", "in float64", "assertion", "ratio", "in float64")
    print(ROW.format("x * kernel", "asserted", *heads))
    for x_shape, kernel_shape in SIZES:
        for dtype in DTYPES:
            for numbers in ("whole", "real")[: 1 if dtype.startswith("int") else 2]:
                x, kernel = drawn(x_shape, dtype, numbers), drawn(kernel_shape, dtype, numbers, 1)
                wide_x, wide_kernel = (a.astype(np.result_type(a, np.float64)) for a in (x, kernel))
                wide = questions(wide_x, wide_kernel)
                for name, question in questions(x, kernel).items():
                    oracle, in_float64, assertion = taken(question[0], wide[name][0], question[1])
                    shapes = f"{'x'.join(map(str, x_shape))} * {'x'.join(map(str, kernel_shape))}"
                    times = (f"{time:.3f}" for time in (oracle, in_float64, assertion))
                    ratios = (f"{assertion / time:.2f}" for time in (oracle, in_float64))
                    cells = (shapes, f"{name} {dtype}"[:17], numbers, *times, *ratios)
                    print(ROW.format(*cells), flush=True)


def drawn(shape: Shape, dtype: str, numbers: str, seed: int = 0) -> np.ndarray:
    """Small whole numbers or real ones, the same every time."""
    random = np.random.default_rng(seed)
    parts = [random.integers(-3, 4, shape) if numbers == "whole" else random.normal(size=shape)]
    if dtype.startswith("complex"):
        parts.append(1j * parts[0][..., ::-1])
    return np.asarray(sum(parts)).astype(dtype)


def questions(
    x: np.ndarray, kernel: np.ndarray
) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Calls of the oracle and of the assertion, by what they are about."""
    wide = np.result_type(x, np.float64)
    y = conformance.conv_transpose(x.astype(wide), kernel.astype(wide), **ARGUMENTS)
    y = y.astype(x.dtype)

    conv = conformance.conv(y.astype(wide), kernel.astype(wide), **ARGUMENTS).astype(x.dtype)
    gradient = np.ones_like(y)
    by_x = conformance.conv_transpose_input_gradient(x.shape, kernel, gradient, **ARGUMENTS)
    by_kernel = conformance.conv_transpose_kernel_gradient(x, kernel.shape, gradient, **ARGUMENTS)

    return {
        "y": (
            lambda: conformance.conv_transpose(x, kernel, **ARGUMENTS),
            lambda: testing.assert_conv_transpose(y, x, kernel, **ARGUMENTS),
        ),
        "conv": (
            lambda: conformance.conv(y, kernel, **ARGUMENTS),
            lambda: testing.assert_conv(conv, y, kernel, **ARGUMENTS),
        ),
        "gradients": (
            lambda: (
                conformance.conv_transpose_input_gradient(x.shape, kernel, gradient, **ARGUMENTS),
                conformance.conv_transpose_kernel_gradient(x, kernel.shape, gradient, **ARGUMENTS),
            ),
            lambda: testing.assert_conv_transpose(
                None,
                x,
                kernel,
                output_gradient=gradient,
                x_gradient=by_x,
                kernel_gradient=by_kernel,
                **ARGUMENTS,
            ),
        ),
    }


def taken(*functions: Callable[[], Any]) -> list[float]:
    """Return the least milliseconds of each, which take turns."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(ROUNDS + 1):
        for function, spent in zip(functions, times, strict=True):
            start = process_time()
            function()
            spent.append(1e3 * (process_time() - start))
    return [min(spent[1:]) for spent in times]


if __name__ == "__main__":
    main()
