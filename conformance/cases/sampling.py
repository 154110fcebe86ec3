"""Draw random questions with a seed from a space of arguments, small enough to read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import prod
from typing import Literal, TypeVar

import numpy as np

from conformance.cases.arrays import EXACT_INTEGERS, to_dtype
from conformance.cases.output_lengths import sized
from conformance.comparison import terms
from conformance.oracle import geometry
from conformance.oracle.geometry import Axes, Padding, padding_of
from conformance.question import (
    OPS,
    TANGENTS,
    Array,
    Dtype,
    Op,
    Question,
    Wanted,
    is_complex,
    wanted_of,
)

_FIRST: tuple[Wanted, ...] = ("output", "input_gradient", "kernel_gradient")
SAMPLED_OPS: tuple[Op, ...] = tuple(
    op for op in OPS if op.startswith("conv") and wanted_of(op) in _FIRST
)
"""Both operators, and their gradients by the input and by the kernel."""
DERIVED_OPS: tuple[Op, ...] = tuple(
    op for op in OPS if op.startswith("conv") and wanted_of(op) not in (*_FIRST, "parameters")
)
"""The other derivatives of both operators."""
LARGEST = 3
"""The largest absolute value of drawn data, and of each part of complex ones."""
FLOATS: tuple[Dtype, ...] = ("float16", "bfloat16", "float32", "float64")
"""The dtypes in which numbers that are not finite are drawn."""
MOST_ELEMENTS, MOST_PRODUCTS = 2**13, 2**23
"""The most elements of an array, and the most products of an answer: no question is slow."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Space:
    """The choices for each argument; every entry of a tuple is equally likely, repetitions too.

    Parameters
    ----------
    lengths, windows
        Lengths of an axis of the input and of the kernel.
    paddings
        Kinds of padding: words, ``none``, ``equal`` at both ends, or ``pairs``.
    crops
        Paddings that are the same at both ends.
    ends
        Paddings of one end.
    extensions
        Output paddings.
    unbatched
        Whether x is one example without a batch axis.
    sized
        Whether the length of a transposed convolution's output is written: ``alone``, or
        ``beside`` the padding.
    specials
        A number that is not finite, which one element of an array of floats has; 0 for none.
    """

    batches: tuple[int, ...] = (1, 2)
    groups: tuple[int, ...] = (1, 1, 1, 2, 3)
    inputs: tuple[int, ...] = (1, 2, 3)
    outputs: tuple[int, ...] = (1, 2, 3)
    lengths: tuple[int, ...] = (1, 2, 3, 4, 5)
    windows: tuple[int, ...] = (1, 2, 3, 4)
    strides: tuple[int, ...] = (1, 2, 3)
    dilations: tuple[int, ...] = (1, 2)
    paddings: tuple[str, ...] = ("same", "valid", "none", "equal", "pairs")
    crops: tuple[int, ...] = (0, 1, 2, 3)
    ends: tuple[int, ...] = (-1, 0, 1, 2, 3)
    extensions: tuple[int, ...] = (0, 1, 2)
    dtypes: tuple[Dtype, ...] = ("float32",)
    unbatched: tuple[bool, ...] = (False,)
    sized: tuple[Literal["no", "alone", "beside"], ...] = ("no",)
    specials: tuple[float, ...] = (0,)


SMALL = Space()
"""For tests: every argument, in float32, at sizes that a person can follow."""
WIDE = Space(
    batches=(0, *(1, 2) * 8, 3, 4),
    groups=(*(1,) * 8, 2, 2, 3, 4, 8),
    # Blocked routines take channels by 8 or 16 and elements by 4 to 16, and others one by one.
    inputs=(1, 1, 2, 2, 3, 4, 5, 8, 9, 16),
    outputs=(1, 1, 2, 2, 3, 4, 5, 8, 9, 16),
    lengths=(*range(1, 8), *range(1, 8), 8, 9, 12, 16, 17),
    windows=(*(1, 2, 3, 4, 5) * 3, 6, 7, 9),
    strides=(1, 1, 2, 2, 3, 3, 4, 5),
    dilations=(1, 2, 2, 3, 4),
    paddings=(*("same", "valid", "none", "equal", "pairs") * 3, "circular"),
    crops=(0, 1, 1, 2, 2, 3, 4, 6),
    ends=(-2, -1, 0, 0, 1, 2, 3, 5),
    extensions=(0, 1, 1, 2, 3),
    dtypes=(
        *("float32",) * 6, "float64", "float64", "float16", "bfloat16", "int32", "int64",
        "complex64", "complex128",
    ),
    unbatched=(*(False,) * 5, True),
    sized=(*("no",) * 6, "alone", "beside"),
    specials=(*(0,) * 21, np.nan, np.inf, -np.inf),
)  # fmt: skip
"""For searches: sizes at which routines change, and every dtype."""


def draws(seed: int, ops: Sequence[Op] = SAMPLED_OPS, space: Space = SMALL) -> Iterator[Question]:
    """Yield questions without end, of whole numbers and one to three spatial axes.

    All have an answer that their dtype holds exactly. Arguments are independent, so that unlikely
    ones meet: crops larger than the kernel, negative padding, output padding beyond the stride,
    kernels smaller than the stride.

    The same seed gives the same questions, each with the gradient and the tangents of its op.
    """
    for number in count():
        yield draw(seed, number, ops, space)


def draw(seed: int, number: int, ops: Sequence[Op] = SAMPLED_OPS, space: Space = SMALL) -> Question:
    """Return question ``number`` (from 0) of `draws`, without the questions before it."""
    random = np.random.Generator(np.random.PCG64((seed, number)))
    while True:
        question = _draw(random, ops, space)
        try:
            output_space = question.output_space
        except ValueError:
            continue
        if _is_too_large(question, output_space):
            continue
        if question.needs_gradient:
            shape = (len(question.x), question.output_channels, *output_space)
            question = question.but(gradient=_integers(random, shape, question.dtype))
        return _in_other_words(random, question, space)


def _in_other_words(random: np.random.Generator, q: Question, space: Space) -> Question:
    """Return the question with what few people write: a length, one example, or a NaN."""
    length, special = _choice(random, space.sized), _choice(random, space.specials)
    if q.operator == "conv_transpose" and length != "no":
        q = sized(q, padding=length == "beside")
    if _choice(random, space.unbatched) and len(q.x) == 1 and q.operator != "interpolate":
        q = q.but(unbatched=True)
    names = [name for name in _WITH_SPECIALS if name in q.arrays and q.arrays[name].size]
    if special and names and q.dtype in FLOATS:
        name = _choice(random, names)
        array = q.arrays[name].copy()
        array.flat[int(random.integers(array.size))] = special
        q = q.but(**{name: array})
    return q


_WITH_SPECIALS = ("x", "kernel", "bias", "gradient")
"""The arrays in which a number that is not finite is drawn."""


def _draw(random: np.random.Generator, ops: Sequence[Op], space: Space) -> Question:
    op = _choice(random, ops)
    rank = int(random.integers(1, 4))
    dtype = _choice(random, space.dtypes)
    wanted = wanted_of(op)
    if wanted == "parameters" or (wanted != "output" and dtype.startswith("int")):
        dtype = "float32"  # whole numbers have no gradient, and a count has no dtype
    if wanted in _TANGENTS and is_complex(dtype):
        dtype = "float64"  # as in cases, tangents are real
    batch = _choice(random, space.batches)
    if op == "interpolate":
        return _interpolation(random, rank, batch, space)
    groups = _choice(random, space.groups)
    inputs, outputs = (
        groups * _choice(random, channels) for channels in (space.inputs, space.outputs)
    )
    is_transposed = op.startswith("conv_transpose")
    channels = (inputs, outputs // groups) if is_transposed else (outputs, inputs // groups)
    has_dilation, has_output_padding, has_bias = random.random(3) < 0.4
    takes_bias = wanted not in ("input_gradient", "kernel_gradient")
    question = Question(
        op=op,
        x=_integers(random, (batch, inputs, *_axes(random, rank, space.lengths)), dtype),
        kernel=_integers(random, (*channels, *_axes(random, rank, space.windows)), dtype),
        bias=(
            _integers(random, (outputs,), dtype)
            if (has_bias and takes_bias) or wanted == "bias_gradient"
            else None
        ),
        stride=_axes(random, rank, space.strides),
        padding=padding_of(_padding(random, rank, space), rank),
        output_padding=(
            _axes(random, rank, space.extensions) if is_transposed and has_output_padding else ()
        ),
        dilation=_axes(random, rank, space.dilations) if has_dilation else (),
        groups=groups,
        dtype=dtype,
    )
    return _with_tangents(random, question) if wanted in _TANGENTS else question


def _with_tangents(random: np.random.Generator, q: Question) -> Question:
    """Draw the tangents that a derivative needs, and some of those that it may have."""
    shapes = {f"{name}_tangent": array.shape for name, array in q.arrays.items()}
    names = [name for name in _choice(random, _TANGENTS[q.wanted]) if name in shapes]
    tangents = {name: _integers(random, shapes[name], q.dtype) for name in names}
    return q.but(bias=q.bias if "bias_tangent" in names else None, **tangents)


_SOME_TANGENTS = (("x_tangent",), ("kernel_tangent", "bias_tangent"), TANGENTS)
_TANGENTS: Mapping[Wanted, tuple[tuple[str, ...], ...]] = {
    "jvp": _SOME_TANGENTS,
    "double_backward_input": (("kernel_tangent",),),
    "double_backward_kernel": (("x_tangent",),),
    "double_backward_gradient": _SOME_TANGENTS,
}
"""The tangents of each derivative that has some, of which one choice is drawn."""


def _interpolation(random: np.random.Generator, rank: int, batch: int, space: Space) -> Question:
    channels = _choice(random, space.inputs)
    return Question(
        op="interpolate",
        x=_integers(random, (batch, channels, *_axes(random, rank, space.lengths)), "float32"),
        kernel=np.zeros(0),
        stride=_axes(random, rank, space.strides),
    )


def _padding(random: np.random.Generator, rank: int, space: Space) -> Padding:
    kind = _choice(random, space.paddings)
    if kind in geometry.WORDS:
        return kind
    if kind == "none":
        return 0
    if kind == "equal":
        return _axes(random, rank, space.crops)
    return tuple((_choice(random, space.ends), _choice(random, space.ends)) for _ in range(rank))


def _is_too_large(question: Question, space: Axes) -> bool:
    """Return whether the answer takes long, or has sums that its dtype may not hold exactly."""
    output = len(question.x) * question.output_channels * prod(space)
    if max(question.x.size, question.kernel.size, output) > MOST_ELEMENTS:
        return True
    products = question.kernel.size * len(question.x) * max(prod(space), prod(question.space))
    largest = terms(question) * _largest(question.dtype) ** 2 * (1 + is_complex(question.dtype))
    largest += LARGEST
    return products > MOST_PRODUCTS or largest > EXACT_INTEGERS[question.dtype]


def _largest(dtype: Dtype) -> int:
    return 1 if dtype.endswith("float16") else LARGEST


def _choice(random: np.random.Generator, choices: Sequence[T]) -> T:
    return choices[int(random.integers(len(choices)))]


def _axes(random: np.random.Generator, rank: int, choices: Sequence[int]) -> Axes:
    return tuple(_choice(random, choices) for _ in range(rank))


def _integers(random: np.random.Generator, shape: tuple[int, ...], dtype: Dtype) -> Array:
    largest = _largest(dtype)
    numbers = random.integers(-largest, largest + 1, shape)
    if is_complex(dtype):
        numbers = numbers + 1j * random.integers(-largest, largest + 1, shape)
    return to_dtype(numbers, dtype)
