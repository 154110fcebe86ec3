"""Decide in which dtype a question is asked, of arrays that may have several."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from conformance.authoring.call_files import CannotUse
from conformance.cases.arrays import to_dtype
from conformance.cases.vocabulary import value_hint
from conformance.question import DTYPES, Array, Dtype


def in_one_dtype(
    arrays: Mapping[str, Array], stated: Any, untyped: Collection[str] = ()
) -> tuple[dict[str, Array], Dtype, tuple[str, ...]]:
    """Return the arrays of a question in one dtype.

    Parameters
    ----------
    arrays
        The arrays by name; ``y`` is the answer, which keeps its own dtype, whatever that is.
    stated
        The name of the dtype; None for that of the arrays, or for the narrowest that holds them.
    untyped
        The names of arrays that were made of plain numbers, which have no dtype of their own.

    Returns
    -------
    tuple
        The arrays, with bfloat16 as float32; the dtype; and sentences about what was converted.

    Raises
    ------
    CannotUse
        If there is no such dtype, or an array has another one than questions may have.
    """
    dtypes = {key: _dtype_of(key, array) for key, array in arrays.items() if key != "y"}
    typed = {key: dtype for key, dtype in dtypes.items() if key not in untyped}
    if stated is not None and stated not in DTYPES:
        hint = value_hint("dtype", stated, DTYPES)
        raise CannotUse(f"dtype must be one of {', '.join(DTYPES)}, got {stated!r}{hint}")
    dtype: Dtype = stated or _common({*typed.values()} or {"float32"})
    remarks: tuple[str, ...] = ()
    if stated is None and len({*typed.values()}) > 1:
        words = ", ".join(f"{key} is {name}" for key, name in typed.items())
        remarks = (f"{words}: the question is asked in {dtype}.",)
    plain = {key: _from_bfloat16(array) for key, array in arrays.items()}
    return {**plain, **{key: to_dtype(plain[key], dtype) for key in dtypes}}, dtype, remarks


def is_bfloat16(array: Array) -> bool:
    """Return whether the elements are bfloat16: NumPy keeps them in files as two bytes each."""
    dtype = array.dtype
    return dtype.name == "bfloat16" or (
        dtype.kind == "V" and dtype.itemsize == 2 and not dtype.names
    )


def _dtype_of(key: str, array: Array) -> Dtype:
    """Return the dtype of a question. Small integers are int32, as products of them are."""
    name, kind, size = array.dtype.name, array.dtype.kind, array.dtype.itemsize
    if is_bfloat16(array):
        return "bfloat16"
    if name in DTYPES:
        return name
    if kind in "iu":
        return "int32" if size < 4 else "int64"
    raise CannotUse(f"{key} has dtype {array.dtype}; allowed are {', '.join(DTYPES)}")


def _from_bfloat16(array: Array) -> Array:
    """Return bfloat16 as float32, and any other array as it is."""
    if not is_bfloat16(array):
        return array
    bits = np.ascontiguousarray(array).view(np.uint16).astype(np.uint32) << np.uint32(16)
    return bits.view(np.float32).reshape(array.shape)


def _common(dtypes: set[Dtype]) -> Dtype:
    """Return the narrowest dtype that holds the others, or that of the floats among them."""
    floats = {dtype for dtype in dtypes if "float" in dtype}
    if floats == {"float16", "bfloat16"}:
        return "float32"
    return max(floats or dtypes, key=DTYPES.index)
