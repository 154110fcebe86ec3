"""Shrinking: from a question that shows something to a small one that still shows it.

A person understands what goes wrong with one axis, one channel and two numbers. Property-testing
libraries shrink the choices of their own generators, and own the loop that runs the test; here the
question is at hand, and what makes one smaller is known: it is `STEPS`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeAlias

import numpy as np

from conformance.cases.arrays import stored
from conformance.oracle.geometry import Axes
from conformance.question import Array, Question

MANY = 64
"""Elements up to which an array is made plain number by number."""
DATA = ("gradient", "x", "kernel", "bias")
PLAIN = (0, 1)

Steps: TypeAlias = Generator[Question, Question, None]
"""Smaller questions, one proposed at a time; what is sent back is the one to go on from."""


def shrunk(question: Question, shows: Callable[[Question], bool], *, most: int) -> Question:
    """A question that ``shows`` holds for, as it does for ``question``, with little left to lose.

    most  how often ``shows`` is called at most
    It is called with questions that have an answer, and with none twice. The same ``shows`` leads
    to the same question.
    """
    seen = {_content(question)}
    left = most

    def will_do(candidate: Question) -> bool:
        nonlocal left
        content = _content(candidate)
        if content in seen or not left:
            return False
        seen.add(content)
        left -= 1
        return shows(candidate)

    before = None
    while before is not question:
        before = question
        for steps in STEPS:
            question = _down(steps(question), question, will_do)
    return question


def _down(steps: Steps, question: Question, will_do: Callable[[Question], bool]) -> Question:
    try:
        candidate = _fitted(next(steps))
        while True:
            if candidate is not None and will_do(candidate):
                question = candidate
            candidate = _fitted(steps.send(question))
    except StopIteration:
        return question


def _fitted(q: Question) -> Question | None:
    """The question made whole, or None where it has no answer.

    Its gradient is as long as its output, by ones where it was not, and no array is a part of
    another: how an array lies in memory is part of a question.
    """
    try:
        shape = q.output_shape
    except ValueError:
        return None
    if q.gradient is not None and q.gradient.shape != shape:
        gradient = np.ones(shape, q.gradient.dtype)
        common = tuple(map(slice, np.minimum(shape, q.gradient.shape)))
        gradient[common] = q.gradient[common]
        q = q.but(gradient=gradient)
    arrays = {name: getattr(q, name) for name in DATA}
    return q.but(**{name: a.copy("C") for name, a in arrays.items() if a is not None})


def _content(q: Question) -> tuple[object, ...]:
    arrays = (getattr(q, name) for name in DATA)
    return (
        *(None if array is None else (array.shape, array.tobytes()) for array in arrays),
        *(q.stride, q.padding, q.output_padding, q.dilation, q.groups, q.dtype, q.zero_given),
    )


def _fewer_axes(q: Question) -> Steps:
    for axis in reversed(range(q.rank)):
        for place in (0, -1):
            if axis < q.rank > 1:
                q = yield _without(q, axis, place)


def _without(q: Question, axis: int, place: int) -> Question:
    """The question on one axis less: of arrays what is in one place along it."""

    def rest(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return values[:axis] + values[axis + 1 :]

    arrays = {name: getattr(q, name) for name in ("gradient", "x", "kernel")}
    return q.but(
        **{
            name: array.take(place, axis + 2)
            for name, array in arrays.items()
            if array is not None and array.ndim == q.rank + 2
        },
        stride=rest(q.stride),
        padding=q.padding if isinstance(q.padding, str) else rest(q.padding),
        output_padding=rest(q.output_padding),
        dilation=rest(q.dilation),
    )


def _smaller_batch(q: Question) -> Steps:
    if not len(q.x):
        q = yield q.but(x=np.ones((1, *q.x.shape[1:]), q.x.dtype))
    for entries in (slice(1), slice(-1, None), slice(-1)):
        if len(q.x) > 1:
            gradient = None if q.gradient is None else q.gradient[entries]
            q = yield q.but(x=q.x[entries], gradient=gradient)


def _no_bias(q: Question) -> Steps:
    yield q.but(bias=None)


def _fewer_groups(q: Question) -> Steps:
    for groups in range(1, q.groups):
        if groups < q.groups:
            q = yield _with_channels(q, groups, *_channels(q))


def _fewer_inputs(q: Question) -> Steps:
    for inputs in _below(_channels(q)[0]):
        if inputs < _channels(q)[0]:
            q = yield _with_channels(q, q.groups, inputs, _channels(q)[1])


def _fewer_outputs(q: Question) -> Steps:
    for outputs in _below(_channels(q)[1]):
        if outputs < _channels(q)[1]:
            q = yield _with_channels(q, q.groups, _channels(q)[0], outputs)


def _channels(q: Question) -> Axes:
    """The inputs and the outputs of each group."""
    if q.operator == "interpolate":
        return q.x.shape[1], 1
    return q.x.shape[1] // q.groups, q.output_channels // q.groups


def _with_channels(q: Question, groups: int, inputs: int, outputs: int) -> Question:
    """The question with the first of its groups, and the first channels of each."""

    def first(array: Array | None, axis: int, channels: int) -> Array | None:
        if array is None:
            return None
        before, (length, *after) = array.shape[:axis], array.shape[axis:]
        apart = array.reshape(*before, q.groups, length // q.groups, *after)
        kept = apart[(slice(None),) * axis + (slice(groups), slice(channels))]
        return kept.reshape(*before, groups * channels, *after)

    changes: dict[str, Any] = {"x": first(q.x, 1, inputs), "groups": groups}
    if q.operator == "interpolate":
        return q.but(**changes)
    of_each, shared = (inputs, outputs) if q.operator == "conv_transpose" else (outputs, inputs)
    return q.but(
        **changes,
        kernel=first(q.kernel[:, :shared], 0, of_each),
        bias=first(q.bias, 0, outputs),
        gradient=first(q.gradient, 1, outputs),
    )


def _common_dtype(q: Question) -> Steps:
    arrays = {name: getattr(q, name) for name in DATA}
    kept = {name: stored(array, "float32") for name, array in arrays.items() if array is not None}
    yield q.but(dtype="float32", **kept)


def _plainer_padding(q: Question) -> Steps:
    q = yield q.but(padding=((0, 0),) * q.rank)
    for axis in range(q.rank):
        for pair in ((0, 0), (0, None), (None, 0)):
            if not isinstance(q.padding, str):
                q = yield q.but(padding=_replaced(q.padding, axis, _either(pair, q.padding[axis])))
        for end in range(2):
            if not isinstance(q.padding, str):
                nearer = list(q.padding[axis])
                nearer[end] -= int(np.sign(nearer[end]))
                q = yield q.but(padding=_replaced(q.padding, axis, tuple(nearer)))


def _either(one: tuple[int | None, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(b if a is None else a for a, b in zip(one, other, strict=True))


def _plainer_arguments(q: Question) -> Steps:
    q = yield q.but(zero_given=False)
    for name, least in (("output_padding", 0), ("dilation", 1), ("stride", 1)):
        q = yield q.but(**{name: (least,) * q.rank})
        for axis in range(q.rank):
            q = yield q.but(**{name: _replaced(getattr(q, name), axis, least)})
            less = max(getattr(q, name)[axis] - 1, least)
            q = yield q.but(**{name: _replaced(getattr(q, name), axis, less)})


def _shorter_arrays(q: Question) -> Steps:
    for name in ("x", "kernel"):
        for axis in range(2, getattr(q, name).ndim):
            for length in _below(getattr(q, name).shape[axis]):
                for kept in (slice(length), slice(-length, None)):
                    array = getattr(q, name)
                    if length < array.shape[axis]:
                        q = yield q.but(**{name: array[(slice(None),) * axis + (kept,)]})


def _plainer_data(q: Question) -> Steps:
    for name in DATA:
        for value in PLAIN:
            array = getattr(q, name)
            if array is not None and not np.isin(array, PLAIN[: value + 1]).all():
                q = yield q.but(**{name: np.full_like(array, value)})


def _plainer_numbers(q: Question) -> Steps:
    for name in DATA:
        array = getattr(q, name)
        places = () if array is None or array.size > MANY else tuple(np.ndindex(array.shape))
        for place in places:
            for value in PLAIN:
                array = getattr(q, name)
                if array[place] not in PLAIN[: value + 1]:
                    plainer = array.copy()
                    plainer[place] = value
                    q = yield q.but(**{name: plainer})


def _below(number: int) -> Iterator[int]:
    """Smaller numbers, from 1 on: how much can go at once is not known."""
    yield from sorted({1, number // 2, number - 1} - {0, number})


def _replaced(values: tuple[Any, ...], place: int, value: object) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


STEPS: tuple[Callable[[Question], Steps], ...] = (
    _fewer_axes,
    _smaller_batch,
    _no_bias,
    _fewer_groups,
    _fewer_inputs,
    _fewer_outputs,
    _common_dtype,
    _plainer_padding,
    _plainer_arguments,
    _shorter_arrays,
    _plainer_data,
    _plainer_numbers,
)
"""What takes most away comes first: it leaves the least to ask about."""
