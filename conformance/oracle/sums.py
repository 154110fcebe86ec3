"""Sum products of the elements of two arrays into a third, for both operators and their gradients.

No array is padded, and no zeros are inserted, so no such zero is multiplied by an infinity.
"""

from collections.abc import Callable
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conformance.oracle.indexing import ConvIndices

Array: TypeAlias = NDArray[Any]

BLOCK = 2**19
"""The number of products that are computed at a time, so that they stay in cache."""


def scatter(indices: ConvIndices, narrow_side: Array, kernel: Array) -> Array:
    """Return the derivative by the wide side: add products to a slice for each kernel offset."""
    n, channels, *space = indices.wide_side
    allocate = np.empty if indices.is_covered else np.zeros
    wide_side = allocate((n * channels, *space), narrow_side.dtype)
    vectors = _split_groups(narrow_side, indices.groups)
    matrix = kernel.reshape(indices.groups, vectors.shape[2], -1).swapaxes(1, 2)
    shape = (prod(indices.kernel[2:]), *indices.narrow_side[2:])
    step = max(1, BLOCK // (channels * prod(shape)))
    for i in range(0, n, step):
        products = (matrix @ vectors[i : i + step]).reshape(-1, *shape).swapaxes(0, 1)
        for view, taps in indices.phases:
            target = wide_side[i * channels : (i + step) * channels][view]
            (a, narrow, _), *others = taps
            phase = products[a, *narrow].copy()
            if phase.shape != target.shape:
                phase, others = np.zeros(target.shape, target.dtype), taps
            for a, narrow, wide in others:
                part = phase[wide]
                part += products[a, *narrow]
            target[...] = phase
        del products  # so that the next products reuse its memory, which is still in cache
    return wide_side.reshape(indices.wide_side)


def gather(indices: ConvIndices, wide_side: Array, kernel: Array) -> Array:
    """Return the derivative by the narrow side: add products of a slice for each kernel offset."""
    narrow_side = np.zeros(indices.narrow_side, wide_side.dtype)
    matrices = kernel.reshape(
        indices.groups, indices.kernel[0] // indices.groups, indices.kernel[1], -1
    )
    matrices = np.ascontiguousarray(matrices.transpose(3, 0, 1, 2))
    for view, taps in indices.phases:
        phase = wide_side[view]
        for a, narrow, wide in taps:
            part = narrow_side[narrow]
            part += (matrices[a] @ _split_groups(phase[wide], indices.groups)).reshape(part.shape)
    return narrow_side


def correlate(indices: ConvIndices, narrow_side: Array, wide_side: Array) -> Array:
    """Return the derivative by the kernel: multiply the two overlapping slices for each offset."""
    kernel = np.zeros((prod(indices.kernel[2:]), *indices.kernel[:2]), narrow_side.dtype)
    for view, taps in indices.phases:
        phase = wide_side[view]
        for a, narrow, wide in taps:
            first, second = (
                _split_groups(narrow_side[narrow], indices.groups),
                _split_groups(phase[wide], indices.groups),
            )
            kernel[a] += (first @ second.swapaxes(2, 3)).sum(0).reshape(indices.kernel[:2])
    return kernel.transpose(1, 2, 0).reshape(indices.kernel)


def _split_groups(array: Array, groups: int) -> Array:
    """Return (N, C, *space) as (N, groups, C / groups, prod(space))."""
    n, channels, *space = array.shape
    return array.reshape(n, groups, channels // groups, prod(space))


def accumulate(
    primitive: Callable[[ConvIndices, Array, Array], Array],
    indices: ConvIndices,
    first: Array,
    second: Array,
    bias: Array | None = None,
) -> Array:
    """Apply ``primitive`` to two arrays in a wide dtype, add the bias, and round the sum once."""
    dtype = np.result_type(first, second)
    if bias is not None and _rank_of(bias.dtype) > _rank_of(dtype):
        raise ValueError(f"bias must not be of {bias.dtype}, as the answer is of {dtype}")
    arrays = (first, second) if bias is None else (first, second, bias)
    wide = np.dtype(np.int64)
    if dtype.kind in "fc":
        wide = np.result_type(np.float32, *(array.dtype for array in arrays))
    with np.errstate(all="ignore"):  # infinities and overflow are answers, as IEEE has them
        result = primitive(indices, first.astype(wide, copy=False), second.astype(wide, copy=False))
        if bias is not None:
            result += bias.astype(wide)
        return result.astype(dtype, copy=False)


def _rank_of(dtype: np.dtype[Any]) -> int:
    """Return 0 for integers, 1 for floats and 2 for complex numbers."""
    return ("iu", "f", "c").index("iu" if dtype.kind in "iu" else dtype.kind)


def to_array(name: str, value: ArrayLike, shape: tuple[int, ...] | None = None) -> Array:
    """Return an array of numbers, of this shape if one is stated.

    Raises
    ------
    ValueError
        If the value is no such array.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "iufc":
        raise ValueError(f"{name} must hold integers, floats or complex numbers, got {array.dtype}")
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} must have the shape {shape}, got {array.shape}")
    return array


def wide_dtype(array: Array) -> np.dtype[Any]:
    """Return the dtype in which several sums are added."""
    return np.result_type(array, np.int64 if array.dtype.kind in "iu" else np.float64)
