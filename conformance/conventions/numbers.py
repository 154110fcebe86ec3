"""Define the axes of numbers that are of two dtypes, complex, or not finite."""

from __future__ import annotations

import numpy as np

from conformance.cases.arrays import to_dtype
from conformance.conventions.axis import Axis, Change, Transformed, extents, mapped
from conformance.question import Dtype, Question, all_finite, is_complex


def converted(q: Question, dtype: Dtype) -> Question:
    """Return the question with all arrays in one dtype."""
    return q.map_arrays(lambda array: to_dtype(array, dtype), dtype=dtype)


TWO_DTYPES = Axis(
    "two dtypes",
    "Dtype and accumulation",
    "promoted",
    "Numbers of two dtypes are converted to one that holds both, and so is the answer.",
    lambda q: q.operand_dtypes is not None,
)


def _one_dtype(name: str) -> Change:
    """Convert every array to the dtype of one of them before anything is computed."""

    def change(q: Question) -> Question | None:
        dtype = q.dtypes[name]
        return None if dtype == q.dtype else converted(q, dtype)

    return change


TWO_DTYPES.choice(
    "the kernel's", "Numbers are converted to the dtype of the kernel, and so is the answer."
)(_one_dtype("kernel"))
TWO_DTYPES.choice(
    "the input's", "Numbers are converted to the dtype of the input, and so is the answer."
)(_one_dtype("x"))

CONJUGATE = Axis(
    "conjugate",
    "Dtype and accumulation",
    "of nothing",
    "Complex numbers are multiplied as they are, in gradients too.",
    lambda q: is_complex(q.dtype) and q.wanted != "parameters",
)


@CONJUGATE.choice("in gradients")
def _conjugate_gradient(q: Question) -> Question | None:
    """Gradients are multiplied with the conjugate, as for the steepest descent of a real loss."""
    name = {"input_gradient": "kernel", "kernel_gradient": "x"}.get(q.wanted)
    return None if name is None else q.but(**{name: getattr(q, name).conj()})


CONJUGATE.mistake("of the kernel", "The kernel is conjugated.")(
    lambda q: mapped(q, "kernel", np.conj, np.conj)
)

ZEROS = Axis(
    "zeros",
    "Dtype and accumulation",
    "left out",
    "Nothing is multiplied with the zeros of a padding or between the elements of a stride.",
    lambda q: q.has_infinite_factor,
    incidental=True,
)


def _multiply_zeros(*, inserted: bool) -> Change:
    """Multiply the kernel with the zeros around the data, and with those that strides insert."""

    def change(q: Question) -> Question | None:
        if q.gathers:
            return None if inserted else _with_zeros_around_the_wide_side(q)
        if inserted and max(q.stride) == 1:
            return None
        return _with_zeros_around_the_narrow_side(q, inserted=inserted)

    return change


def _with_zeros_around_the_wide_side(q: Question) -> Question | None:
    """Pad what is gathered from as far as the padding goes, and take the padding off."""
    name = "x" if q.operator == "conv" else "gradient"
    extra = q.output_padding if q.operator == "conv_transpose" else (0,) * q.rank
    pairs = [(b, e - p) for (b, e), p in zip(q.pairs, extra, strict=True)]
    around = [(max(b, 0), max(e, 0)) for b, e in pairs]
    if not any(map(any, around)):
        return None
    return q.but(
        padding=tuple((min(b, 0), min(e, 0)) for b, e in pairs),
        output_padding=(0,) * q.rank,
        **{name: np.pad(getattr(q, name), [(0, 0), (0, 0), *around])},
    )


def _with_zeros_around_the_narrow_side(q: Question, *, inserted: bool) -> Question:
    """Surround what is scattered with so many zeros that every element meets the whole kernel."""
    name = "x" if q.operator == "conv_transpose" else "gradient"
    array = getattr(q, name)
    stride = q.stride
    if inserted:
        space = [(n - 1) * s + 1 for n, s in zip(array.shape[2:], stride, strict=True)]
        spread = np.zeros((*array.shape[:2], *space), array.dtype)
        spread[:, :, *(slice(None, None, s) for s in stride)] = array
        array, stride = spread, (1,) * q.rank
    extra = q.output_padding if q.operator == "conv_transpose" else (0,) * q.rank
    counts = [
        (-(-(r - 1 + max(-b, 0)) // s), -(-(r - 1 + max(p - e, 0)) // s))
        for r, (b, e), p, s in zip(extents(q), q.pairs, extra, stride, strict=True)
    ]
    return q.but(
        padding=tuple(
            (b + start * s, e + end * s)
            for (b, e), (start, end), s in zip(q.pairs, counts, stride, strict=True)
        ),
        stride=stride,
        **{name: np.pad(array, [(0, 0), (0, 0), *counts])},
    )


ZEROS.choice(
    "of the border",
    "The kernel is multiplied with zeros around the data, and infinities give NaN.",
)(_multiply_zeros(inserted=False))
ZEROS.choice(
    "of border and stride",
    "The kernel is multiplied with zeros around the data and between the elements of a stride, and"
    " infinities give NaN.",
)(_multiply_zeros(inserted=True))

INFINITY = Axis(
    "infinity",
    "Dtype and accumulation",
    "kept",
    "Infinite sums are infinite.",
    lambda q: (
        q.dtype in ("float16", "float32", "float64") and not all(map(all_finite, q.arrays.values()))
    ),
    incidental=True,
)


@INFINITY.choice("clipped")
def _clip(q: Question) -> Transformed:
    """Infinite sums are the largest number of their dtype."""
    bounds = np.finfo(q.dtype)
    return Transformed(q, lambda answer: answer.clip(bounds.min, bounds.max))


AXES = (TWO_DTYPES, CONJUGATE, ZEROS, INFINITY)
