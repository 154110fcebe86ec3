"""Count the roundings of an answer, and say how large their effect can be.

A bound on the products of complex numbers is that of their parts, |re| + |im|, which also covers
products that are formed of three multiplications.
"""

from __future__ import annotations

from dataclasses import replace
from math import expm1, gcd, prod

import numpy as np

from conformance import question as questions
from conformance.question import AnyQuestion, Array, Chain, Dtype, Pad, Question, Step

HALVES: tuple[Dtype, ...] = ("float16", "bfloat16")
"""The dtypes of 16 bits, whose sums are formed in float32."""
_PARTS = {"complex64": "float32", "complex128": "float64"}
"""The dtype of the real and the imaginary part of a complex number."""


def _with_complex(values: dict[str, float]) -> dict[str, float]:
    return values | {dtype: values[part] for dtype, part in _PARTS.items()}


UNIT_ROUNDOFF = _with_complex(
    {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}
)
SMALLEST = _with_complex(
    {"float16": 2.0**-24, "bfloat16": 2.0**-133, "float32": 2.0**-149, "float64": 2.0**-1074}
)
"""The smallest number above zero of each dtype."""
NORMAL = _with_complex(
    {"float16": 2.0**-14, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}
)
"""The smallest number of full precision; a product below it may be flushed to zero."""
OVERFLOW = {
    "float16": (2 - 2.0**-11) * 2.0**15,
    "bfloat16": (2 - 2.0**-8) * 2.0**127,
    "float32": (2 - 2.0**-24) * 2.0**127,
}
"""The smallest number that each dtype rounds to infinity; float64 does that as it is computed."""


def wide(array: Array) -> Array:
    """Return an array in float64, or in complex128 if it is complex."""
    return np.asarray(array, np.result_type(array.dtype, np.float64))


def summed_in(dtype: Dtype) -> Dtype:
    """Return the narrowest dtype in which sums are formed."""
    return "float32" if dtype in HALVES else dtype


def gamma(count: int, question: AnyQuestion) -> float:
    """Return the relative error of ``count`` roundings of a sum and one of its answer, twice."""
    dtypes = [q.dtype for q in question.questions if q.dtype in UNIT_ROUNDOFF]
    sums = max((UNIT_ROUNDOFF[summed_in(dtype)] for dtype in dtypes), default=0.0)
    return 2 * (expm1(count * sums) + max((UNIT_ROUNDOFF[dtype] for dtype in dtypes), default=0.0))


def ulp(numbers: Array, dtype: Dtype) -> Array:
    """Return the float64 step from each number to the next in ``dtype``; 0 for whole numbers."""
    if dtype not in UNIT_ROUNDOFF:
        return np.zeros(np.shape(numbers))
    _, exponent = np.frexp(np.asarray(numbers, np.float64))
    steps = np.where(numbers == 0, 0, np.ldexp(2 * UNIT_ROUNDOFF[dtype], exponent - 1))
    return np.maximum(steps, SMALLEST[dtype])


def terms(question: AnyQuestion) -> int:
    """Return the largest number of products in one sum of the answer, plus the bias."""
    if isinstance(question, Chain):
        return sum(terms(q) for q in question.questions)
    if question.operator == "interpolate":
        # There are two neighbours on each axis, each with a weight that is itself rounded.
        return 2 << question.rank
    if question.wanted == "bias_gradient":
        return len(question.x) * int(prod(question.output_space))
    summands = questions.summands(question)
    if summands != (question,):
        return sum(map(terms, summands))
    if question.wanted == "kernel_gradient":
        narrow_side = question.output_space if question.operator == "conv" else question.space
        return len(question.x) * int(prod(narrow_side))
    bias = question.bias is not None and question.wanted == "output"
    return _channels(question) * _offsets(question) + bias


def magnitude(question: AnyQuestion) -> AnyQuestion:
    """Return the same question with the absolute values of its arrays, in float64.

    Numbers that are not finite are zero: what they reach does not depend on how it is summed.
    """
    if isinstance(question, Question):
        return finite(question, absolute)
    x = _finite_part(absolute(wide(question.x)))
    return questions.chained(x, map(_absolute_step, question.steps))


def _absolute_step(step: Step) -> Step:
    if isinstance(step, Question):
        return finite(step, absolute)
    return replace(step, value=abs(step.value)) if isinstance(step, Pad) else step


def finite(question: Question, function: questions.ArrayMap = np.asarray) -> Question:
    """Return a question in float64 with zeros for numbers that are not finite.

    ``function`` is a function of the arrays, which is applied before.
    """
    return map_wide(question, lambda array: _finite_part(function(array)))


def _finite_part(array: Array) -> Array:
    is_finite = np.isfinite(array)
    return array if is_finite.all() else np.where(is_finite, array, 0)


def absolute(array: Array) -> Array:
    """Return absolute values; of a complex number the sum of those of its parts."""
    return np.abs(array) if np.isrealobj(array) else np.abs(array.real) + np.abs(array.imag)


def _channels(q: Question) -> int:
    """Return the number of channels over which an output, or a gradient by the input, is summed."""
    reads_narrow_side = (q.operator == "conv_transpose") == (q.wanted == "output")
    return int(q.kernel.shape[0]) // q.groups if reads_narrow_side else int(q.kernel.shape[1])


def _offsets(q: Question) -> int:
    """Return the number of kernel offsets that overlap in one place; a stride keeps some apart."""
    is_gathered = (q.operator == "conv_transpose") != (q.wanted == "output")
    if is_gathered or q.padding == "circular":
        return int(prod(q.window))
    steps = (s // gcd(s, d) for s, d in zip(q.stride, q.dilation, strict=True))
    return prod(-(-k // step) for k, step in zip(q.window, steps, strict=True))


def map_wide(q: Question, function: questions.ArrayMap) -> Question:
    """Return the question in float64 or complex128 with ``function`` applied to every array."""
    dtype: Dtype = "complex128" if questions.is_complex(q.dtype) else "float64"
    return q.map_arrays(lambda array: function(wide(array)), dtype=dtype)
