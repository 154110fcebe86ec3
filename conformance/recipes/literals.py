"""Write arrays as Python source, exact to the bit: readable if short, packed otherwise."""

import base64
import re
import textwrap
import zlib
from math import isfinite, isnan

import numpy as np

from conformance.question import Array

WIDTH = 100
READABLE = 600
"""The number of characters that an array may take as a nested list, about six lines."""
_SHORT_SIZE = 16
"""The number of elements up to which a list is clearer than a rule."""


PACKED_IMPORTS = ("import base64", "import zlib")


def assignment(name: str, array: Array) -> str:
    """Return statements that assign the array's numbers, shape and dtype to ``name``.

    The statements need NumPy as ``np``, and `PACKED_IMPORTS` where they are packed.
    """
    rule = None if 0 < array.size <= _SHORT_SIZE else _rule(array)
    if rule is not None:
        return f"{name} = {rule}"
    nested_list = _nested_list(array) if array.size <= READABLE else None
    if nested_list is not None and len(nested_list) <= READABLE:
        return wrapped(f"{name} = np.array({nested_list}, np.{array.dtype})")
    return _packed_assignment(name, array)


def is_packed(source: str) -> bool:
    """Return whether source contains an array that has to be unpacked."""
    return "base64." in source


def wrapped(statement: str, width: int = WIDTH) -> str:
    """Break a statement into lines at spaces, which must be within brackets.

    Rows of numbers stay whole where they fit.
    """
    indent = statement[: len(statement) - len(statement.lstrip())] + "    "
    unbroken = re.sub(
        r"\[[^\[\]]*\]",
        lambda row: row[0].replace(" ", _NO_BREAK) if len(row[0]) < width - 20 else row[0],
        statement,
    )
    filled = textwrap.fill(
        unbroken,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(_NO_BREAK, " ")


_NO_BREAK = "\0"


def _nested_list(array: Array) -> str | None:
    """Return the array as a nested list, or None if some NaN has no literal."""
    nans = array[np.isnan(array)]
    if nans.tobytes() != np.full_like(nans, np.nan).tobytes():
        return None
    if array.ndim:
        rows = [_nested_list(part) for part in array]
        return f"[{', '.join(row for row in rows if row is not None)}]"
    return _number(array)


def _number(scalar: Array) -> str:
    """Return the shortest literal that gives the same bits through a float64."""
    value = scalar.item()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, complex):
        return f"complex({value.real!r}, {value.imag!r})"
    if not isfinite(value):
        return f"{'-' if value < 0 else ''}np.{'nan' if isnan(value) else 'inf'}"
    if value.is_integer() and abs(value) < 2**53 and not (value == 0 and np.signbit(value)):
        return str(int(value))
    short = str(scalar)
    return short if np.array(float(short), scalar.dtype) == scalar else repr(value)


def _rule(array: Array) -> str | None:
    """Return the array as a rule: one number, a count, or the rows of an identity."""
    flat = array.ravel()
    if not flat.size:
        return f"np.zeros({array.shape}, np.{array.dtype})"
    if np.iscomplexobj(flat) or not np.isfinite(flat).all() or np.signbit(flat[flat == 0]).any():
        return None
    first, dtype = _number(flat[0]), f"np.{array.dtype}"
    if (flat == flat[0]).all():
        return f"np.full({array.shape}, {first}, {dtype})"
    if float(flat[0]).is_integer():
        start = int(flat[0])
        if np.array_equal(flat, np.arange(start, start + flat.size)):
            count = f"np.arange({start}, {start + flat.size}, dtype={dtype})"
            return f"{count}.reshape{array.shape}"
    rows = array.reshape(len(array), -1)
    if np.array_equal(rows, np.eye(*rows.shape)):
        return f"np.eye({rows.shape[0]}, {rows.shape[1]}, dtype={dtype}).reshape{array.shape}"
    return None


def _packed_assignment(name: str, array: Array) -> str:
    """Return the array's bytes, compressed, as text broken into lines."""
    small_dtype = next((dtype for dtype in ("int8", "int16") if _fits_dtype(array, dtype)), None)
    stored = array.astype(small_dtype or array.dtype.newbyteorder("<"))
    text = base64.b64encode(zlib.compress(stored.tobytes(), 9)).decode()
    size = WIDTH - len('    ""')
    lines = [f'    "{text[i : i + size]}"' for i in range(0, len(text), size)]
    dtype = stored.dtype.str.replace("|i1", "int8")
    buffer = f'np.frombuffer(zlib.decompress({name}), "{dtype}")'
    # astype also copies, which makes the array writable.
    statement = f"{name} = {buffer}.astype(np.{array.dtype}).reshape{array.shape}"
    return "\n".join([f"{name} = base64.b64decode(", *lines, ")", wrapped(statement)])


def _fits_dtype(array: Array, dtype: str) -> bool:
    """Return whether every number is one of ``dtype``, including the sign of zero."""
    if np.iscomplexobj(array) or not np.isfinite(array).all():
        return False
    limits = np.iinfo(dtype)
    if (array < limits.min).any() or (array > limits.max).any():
        return False
    return bool((array == array.astype(dtype)).all()) and not np.signbit(array[array == 0]).any()
