"""Decide in which dtype a question is asked, of arrays that may have several."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from conformance.authoring.call_files import CannotUse
from conformance.cases.arrays import to_dtype
from conformance.cases.vocabulary import value_hint
from conformance.question import DTYPES, Array, Dtype, is_complex, promoted


@dataclass(frozen=True, eq=False)
class TypedArrays:
    """The arrays of a question, and its dtypes.

    Attributes
    ----------
    arrays
        The arrays by name, with bfloat16 as float32.
    operand_dtypes
        Those of x and of the kernel, as of `Question`.
    remarks
        Sentences about what was converted.
    """

    arrays: dict[str, Array]
    dtype: Dtype
    operand_dtypes: tuple[Dtype, Dtype] | None = None
    remarks: tuple[str, ...] = ()


def typed_arrays(
    arrays: Mapping[str, Array],
    stated: Any,
    untyped: Collection[str] = (),
    *,
    may_differ: bool = False,
) -> TypedArrays:
    """Return the arrays of a question in its dtypes.

    Returns the arrays and the dtypes. Raises ``CannotUse`` if there is no such dtype, or an array
    has another one than questions may have.

    Parameters
    ----------
    arrays
        The arrays by name; ``y`` is the answer, which keeps its own dtype, whatever that is.
    stated
        The name of the dtype; None for that of the arrays, or for the narrowest that holds them.
    untyped
        The names of arrays that were made of plain numbers, which have no dtype of their own.
    may_differ
        Whether x and the kernel may have two dtypes. Whole numbers take that of the others, as they
        are often what plain numbers became.
    """
    dtypes = {key: _dtype_of(key, array) for key, array in arrays.items() if key != "y"}
    typed = {key: dtype for key, dtype in dtypes.items() if key not in untyped}
    if stated is not None and stated not in DTYPES:
        hint = value_hint("dtype", stated, DTYPES)
        raise CannotUse(f"dtype must be one of {', '.join(DTYPES)}, got {stated!r}{hint}")
    complex_ones = [key for key in dtypes if np.iscomplexobj(arrays[key])]
    if stated is not None and complex_ones and not is_complex(stated):
        raise CannotUse(f"{complex_ones[0]} holds complex numbers, and {stated} has none")
    known: set[Dtype] = {*typed.values()} or {"float32"}
    dtype: Dtype = stated or _common(known | ({"complex64"} if complex_ones else set()))
    remarks: tuple[str, ...] = ()
    if stated is None and len({*typed.values()}) > 1:
        words = ", ".join(f"{key} is {name}" for key, name in typed.items())
        remarks = (f"{words}: the question is asked in {dtype}.",)
    operands: tuple[Dtype, Dtype] = (typed.get("x", dtype), typed.get("kernel", dtype))
    is_mixed = (
        may_differ
        and stated is None
        and operands[0] != operands[1]
        and not any(operand.startswith("int") for operand in operands)
        and promoted(*operands) == dtype  # which a bias may have widened
    )
    in_dtype = dict.fromkeys(dtypes, dtype)
    if is_mixed:
        in_dtype["x"], in_dtype["kernel"] = operands
    plain = {key: _from_bfloat16(array) for key, array in arrays.items()}
    converted = {key: to_dtype(plain[key], in_dtype[key]) for key in dtypes}
    return TypedArrays(plain | converted, dtype, operands if is_mixed else None, remarks)


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
    """Return the dtype to which all are promoted, or the floats and complex ones among them."""
    return reduce(promoted, {dtype for dtype in dtypes if not dtype.startswith("int")} or dtypes)
