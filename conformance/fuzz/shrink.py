"""Shrink a question that shows a problem to a small one that still shows it.

A person understands a problem with one axis, one channel and two numbers. Property-testing
libraries shrink the choices of their own generators in their own loop; here the question itself is
shrunk, by `STEPS`.
"""

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

import numpy as np

from conformance.cases.arrays import crop_groups, to_dtype
from conformance.cases.output_lengths import sized
from conformance.oracle.geometry import Axes
from conformance.question import TANGENTS, Array, Question

MANY = 64
"""Elements of an array up to which its numbers are simplified one by one."""
DATA = ("gradient", "x", "kernel", "bias", *TANGENTS)
PLAIN = (0, 1)
"""The simplest numbers, in this order."""

Steps: TypeAlias = Generator[Question, Question, None]
"""Proposes smaller questions, one at a time, and is sent the question to continue from."""


def shrink(question: Question, shows: Callable[[Question], bool], *, most: int) -> Question:
    """Shrink a question.

    Returns a small question that shows the problem; the same one for the same arguments.

    Parameters
    ----------
    shows
        Returns whether a question shows it. It gets questions that have an answer, and none twice.
    most
        How often ``shows`` may be called.
    """
    contents = {_content(question)}

    def accepts(candidate: Question) -> bool:
        content = _content(candidate)
        if content in contents or len(contents) > most:
            return False
        contents.add(content)
        return shows(candidate)

    previous = None
    while previous is not question:
        previous = question
        for steps in STEPS:
            question = _descend(steps(question), question, accepts)
    return question


def _descend(steps: Steps, question: Question, accepts: Callable[[Question], bool]) -> Question:
    try:
        candidate = _complete(next(steps))
        while True:
            if candidate is not None and accepts(candidate):
                question = candidate
            candidate = _complete(steps.send(question))
    except StopIteration:
        return question


def _complete(q: Question) -> Question | None:
    """Make a question consistent; None where it has no answer.

    A length that was written is that of the output, and so is that of the gradient; the tangents
    get those of their arrays, with ones in new places. No array is a view of another, as the layout
    of an array in memory is part of a question.
    """
    try:
        if q.length is not None:
            written = q.length.padding is not None, q.length.output_padding is not None
            q = sized(q, padding=written[0], output_padding=written[1])
        shapes = {"gradient": q.output_shape}
    except ValueError:
        return None
    if q.length is not None and q.length.fault is not None:
        return None
    if q.is_by_bias and q.bias is None:
        return None
    shapes |= {f"{name}_tangent": array.shape for name, array in q.arrays.items()}
    fitted = {name: _fit(a, shapes[name]) for name, a in q.arrays.items() if name in shapes}
    tangents = {name: None for name in TANGENTS if name not in shapes}
    return q.but(**fitted, **tangents).map_arrays(lambda array: array.copy("C"))


def _fit(array: Array, shape: Axes) -> Array:
    """Return the array cropped to a shape, with ones in new places."""
    result = np.ones(shape, array.dtype)
    common = tuple(map(slice, np.minimum(shape, array.shape)))
    result[common] = array[common]
    return result


def _content(q: Question) -> tuple[object, ...]:
    arrays = (getattr(q, name) for name in DATA)
    return (
        *(None if array is None else (array.shape, array.tobytes()) for array in arrays),
        *(q.stride, q.padding, q.output_padding, q.dilation, q.groups, q.dtype, q.zero_given),
        *(q.length, q.unbatched),
    )


def _special_first(q: Question) -> Steps:
    """Exchange a number that is not finite with the first one, which no cropping removes."""
    for name in DATA:
        array = q.arrays.get(name)
        places = [] if array is None else np.flatnonzero(~np.isfinite(array)).tolist()
        if array is not None and places and places[0]:
            copy = array.copy()
            copy.flat[[0, places[0]]] = copy.flat[[places[0], 0]]
            q = yield q.but(**{name: copy})


def _fewer_axes(q: Question) -> Steps:
    for axis in reversed(range(q.rank)):
        for index in (0, -1):
            if axis < q.rank > 1:
                q = yield _drop_axis(q, axis, index)


def _drop_axis(q: Question, axis: int, index: int) -> Question:
    """Drop an axis of a question, at one index of the arrays along it."""

    def drop(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return values[:axis] + values[axis + 1 :]

    return q.but(
        **{
            name: array.take(index, axis + 2)
            for name, array in q.arrays.items()
            if array.ndim == q.rank + 2
        },
        stride=drop(q.stride),
        padding=q.padding if isinstance(q.padding, str) else drop(q.padding),
        output_padding=drop(q.output_padding),
        dilation=drop(q.dilation),
    )


def _smaller_batch(q: Question) -> Steps:
    if not len(q.x):
        q = yield q.but(x=np.ones((1, *q.x.shape[1:]), q.x.dtype))
    for entries in (slice(1), slice(-1, None), slice(-1)):
        if len(q.x) > 1:
            batched = ("x", "gradient", "x_tangent")
            q = yield q.but(**{n: a[entries] for n, a in q.arrays.items() if n in batched})


def _no_bias(q: Question) -> Steps:
    yield q.but(bias=None, bias_tangent=None)


def _fewer_groups(q: Question) -> Steps:
    for groups in range(1, q.groups):
        if groups < q.groups:
            q = yield _crop_channels(q, groups, *_channels(q))


def _fewer_channels(q: Question) -> Steps:
    for side in range(2):  # inputs, then outputs
        for number in _smaller_numbers(_channels(q)[side]):
            channels = _channels(q)
            if number < channels[side]:
                q = yield _crop_channels(q, q.groups, *_replace(channels, side, number))


def _channels(q: Question) -> Axes:
    """Return the numbers of input and output channels of each group."""
    if q.operator == "interpolate":
        return q.x.shape[1], 1
    return q.x.shape[1] // q.groups, q.output_channels // q.groups


def _crop_channels(q: Question, groups: int, inputs: int, outputs: int) -> Question:
    """Crop a question to the first of its groups, and to the first channels of each."""

    def crop(array: Array, axis: int, channels: int) -> Array:
        return crop_groups(array, axis, q.groups, groups, channels)

    if q.operator == "interpolate":
        return q.but(x=crop(q.x, 1, inputs), groups=groups)
    first, second = (inputs, outputs) if q.operator == "conv_transpose" else (outputs, inputs)
    crops: dict[str, Callable[[Array], Array]] = {
        "x": lambda x: crop(x, 1, inputs),
        "kernel": lambda kernel: crop(kernel[:, :second], 0, first),
        "bias": lambda bias: crop(bias, 0, outputs),
        "gradient": lambda gradient: crop(gradient, 1, outputs),
    }
    arrays = {name: crops[name.removesuffix("_tangent")](a) for name, a in q.arrays.items()}
    return q.but(**arrays, groups=groups)


def _common_dtype(q: Question) -> Steps:
    yield q.map_arrays(lambda array: to_dtype(array, "float32"), dtype="float32")


def _plainer_padding(q: Question) -> Steps:
    q = yield q.but(padding=((0, 0),) * q.rank)
    for axis in range(q.rank):
        for ends in ((0, 1), (0,), (1,)):
            if not isinstance(q.padding, str):
                pair = tuple(0 if end in ends else q.padding[axis][end] for end in range(2))
                q = yield q.but(padding=_replace(q.padding, axis, pair))
        for end in range(2):
            if not isinstance(q.padding, str):
                smaller = list(q.padding[axis])
                smaller[end] -= int(np.sign(smaller[end]))
                q = yield q.but(padding=_replace(q.padding, axis, tuple(smaller)))


def _plainer_arguments(q: Question) -> Steps:
    for plainer in ({"length": None}, {"unbatched": False}, {"zero_given": False}):
        q = yield q.but(**plainer)
    for name, minimum in (("output_padding", 0), ("dilation", 1), ("stride", 1)):
        q = yield q.but(**{name: (minimum,) * q.rank})
        for axis in range(q.rank):
            q = yield q.but(**{name: _replace(getattr(q, name), axis, minimum)})
            value = max(getattr(q, name)[axis] - 1, minimum)
            q = yield q.but(**{name: _replace(getattr(q, name), axis, value)})


def _shorter_arrays(q: Question) -> Steps:
    for name in ("x", "kernel"):
        for axis in range(2, getattr(q, name).ndim):
            for length in _smaller_numbers(getattr(q, name).shape[axis]):
                for part in (slice(length), slice(-length, None)):
                    array = getattr(q, name)
                    if length < array.shape[axis]:
                        q = yield q.but(**{name: array[(slice(None),) * axis + (part,)]})


def _plainer_data(q: Question) -> Steps:
    for name in DATA:
        for value in PLAIN:
            array = getattr(q, name)
            if array is not None and not np.isin(array, PLAIN[: value + 1]).all():
                q = yield q.but(**{name: np.full_like(array, value)})


def _plainer_numbers(q: Question) -> Steps:
    for name in DATA:
        array = getattr(q, name)
        indices = () if array is None or array.size > MANY else tuple(np.ndindex(array.shape))
        for index in indices:
            for value in PLAIN:
                array = getattr(q, name)
                if array[index] not in PLAIN[: value + 1]:
                    copy = array.copy()
                    copy[index] = value
                    q = yield q.but(**{name: copy})


def _smaller_numbers(number: int) -> list[int]:
    """Return 1, the half and the predecessor of a number, as far as these are smaller."""
    return sorted({1, number // 2, number - 1} - {0, number})


def _replace(values: tuple[Any, ...], index: int, value: object) -> tuple[Any, ...]:
    return (*values[:index], value, *values[index + 1 :])


STEPS: tuple[Callable[[Question], Steps], ...] = (
    _special_first,
    _fewer_axes,
    _smaller_batch,
    _no_bias,
    _fewer_groups,
    _fewer_channels,
    _common_dtype,
    _plainer_padding,
    _plainer_arguments,
    _shorter_arrays,
    _plainer_data,
    _plainer_numbers,
)
"""The steps, from the largest reduction to the smallest, as fewer questions follow a large one."""
