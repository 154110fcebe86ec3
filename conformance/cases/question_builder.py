"""From an entry of a case file to the question it asks, or the sentences that say why it asks none.

Everything is judged here that needs more than one value: which keys belong to which operator, how
many axes there are, whether channels fit, and whether the sizes are ones a suite should compute.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, cast

import numpy as np

from conformance.cases.array_rules import Shaped
from conformance.cases.arrays import Rule, array, random, settle_rank, stored
from conformance.cases.errors import Path, Refused, Wrong, gathered
from conformance.cases.schema import Arguments, Entry, PoolStep
from conformance.cases.size_limits import affordable
from conformance.oracle import geometry
from conformance.oracle.geometry import Axes, Pairs, Word
from conformance.oracle.memory_layout import laid, memory_of
from conformance.question import (
    AnyQuestion,
    Array,
    Chain,
    Dtype,
    Op,
    Pool,
    Question,
    answer,
    pooled,
)

MAX_ARGUMENT = 2**31 - 1
GRADIENT_SEED = 3

_ARRAYS = ("x", "kernel", "gradient")
_ARGUMENTS = ("bias", "stride", "padding", "output_padding", "dilation", "groups")
_CONV = frozenset({"kernel", *_ARGUMENTS}) - {"output_padding"}
_TRANSPOSE = frozenset({"kernel", *_ARGUMENTS})
_NO_BIAS = frozenset({"bias"})
ALLOWED: Mapping[str, frozenset[str]] = {
    "conv": _CONV,
    "conv_input_gradient": (_CONV - _NO_BIAS) | {"gradient"},
    "conv_kernel_gradient": (_CONV - _NO_BIAS) | {"gradient"},
    "conv_parameters": _CONV,
    "conv_transpose": _TRANSPOSE,
    "conv_transpose_input_gradient": (_TRANSPOSE - _NO_BIAS) | {"gradient"},
    "conv_transpose_kernel_gradient": (_TRANSPOSE - _NO_BIAS) | {"gradient"},
    "conv_transpose_parameters": _TRANSPOSE,
    "interpolate": frozenset({"stride"}),
    "chain": frozenset({"steps"}),
}
"""Which of the keys that say the question each operator takes, beside ``x``."""
_CHAINED = "; each of its steps has its own"
_ELSEWHERE: Mapping[str, str] = {
    "steps": "; a case with steps says 'op: chain'",
    "gradient": "; op conv_transpose_input_gradient takes it, as do the other gradients",
}
"""Where a key has a meaning that its operator does not give it."""
_SAID: frozenset[str] = frozenset().union(*ALLOWED.values())


def misplaced(entry: Entry) -> Iterator[Wrong]:
    """The keys that do not belong to the entry's operator, and those that it lacks."""
    allowed = ALLOWED[entry.op]
    for key in sorted((_SAID & entry.model_fields_set) - allowed):
        hint = _CHAINED if entry.op == "chain" else _ELSEWHERE.get(key, "")
        yield (key,), f"{key} has no meaning for op {entry.op}{hint}"
    for key in ("kernel", "steps"):
        chained = key == "kernel" and entry.steps is not None  # which says enough
        if key in allowed and getattr(entry, key) is None and not chained:
            yield (), f"{key} is missing; op {entry.op} needs it"


def ask(entry: Entry) -> AnyQuestion:
    """The question that ``entry`` asks, whether or not the oracle has an answer to it.

    Raises ``Refused`` with the place of the offending value when no question can be built, or one
    that is larger than ``conformance.cases.size_limits`` allows.
    """
    if entry.op == "chain":
        return _chain(entry, _question)
    rules = _rules(entry)
    rank = settle_rank(rules, entry.rank)
    made = gathered({key: partial(array, key, rule, rank) for key, rule in rules.items()})
    return _question(entry.op, entry, made, entry.dtype)


def ask_as_written(entry: Entry) -> AnyQuestion:
    """The question of an entry that expects an error: its arguments as they stand, unjudged.

    A chain ends with the step that has no answer. Raises ``Refused`` only for arrays that do not
    agree on how many axes there are, or are larger than ``conformance.cases.size_limits`` allows.
    """
    if entry.op == "chain":
        return _chain(entry, _unjudged)
    rules = _rules(entry)
    rank = settle_rank(rules, entry.rank)
    made = {key: array(key, rule, rank) for key, rule in rules.items()}
    return _unjudged(entry.op, entry, made, entry.dtype)


def blamed(sentence: str, keys: Collection[str]) -> Path:
    """The path to the first of ``keys`` that a sentence speaks of, () if it speaks of none."""
    words = sentence.replace("'", " ").split()
    return next(((word,) for word in words if word in keys), ())


def _question(op: Op, said: Arguments, arrays: Mapping[str, Array], dtype: Dtype) -> Question:
    rank = arrays["x"].ndim - 2
    extension = said.output_padding or 0  # nobody's is neutral
    parts: dict[str, Any] = gathered(
        {
            "bias": partial(_bias, said, dtype),
            "stride": partial(_axes, "stride", said.stride, rank),
            "padding": partial(_padding, said.padding, rank),
            "output_padding": partial(_axes, "output_padding", extension, rank, least=0),
            "dilation": partial(_axes, "dilation", said.dilation, rank),
        }
    )
    kept = {key: _laid(said, key, stored(numbers, dtype)) for key, numbers in arrays.items()}
    kernel = kept.get("kernel", np.zeros(0))
    if op != "interpolate" and not kernel.size:
        raise Refused(("kernel",), f"kernel must not be empty, got the shape {kernel.shape}")
    q = Question(
        op=op,
        x=kept["x"],
        kernel=kernel,
        groups=said.groups,
        dtype=dtype,
        zero_given=_is_zero(said.output_padding),
        **parts,
    )
    affordable(q)
    if q.wanted.endswith("gradient"):
        q = q.but(gradient=_gradient(q, kept.get("gradient")))
    return q


def _laid(said: Arguments, key: str, numbers: Array) -> Array:
    """The array in the order in memory that its rule says."""
    rule = getattr(said, key, None)
    memory = rule.memory if isinstance(rule, Shaped) else None
    if memory is None:
        return numbers
    lying = laid(numbers, memory)
    if memory_of(lying) is None:
        sentence = f"memory {memory!r} is no other order for an array of shape {numbers.shape}"
        raise Refused((key, "memory"), sentence)
    return lying


def _unjudged(op: Op, said: Arguments, arrays: Mapping[str, Array], dtype: Dtype) -> Question:
    kept = {key: stored(numbers, dtype) for key, numbers in arrays.items()}
    rank = kept["x"].ndim - 2
    numbers: dict[str, Any] = {
        key: (value,) * rank if isinstance(value, int) else tuple(value)
        for key in ("stride", "output_padding", "dilation")
        for value in [getattr(said, key) or 0]
    }
    q = Question(
        op=op,
        x=kept["x"],
        kernel=kept.get("kernel", np.zeros(0)),
        bias=_bias(said, dtype),
        padding=_pairs_as_written(said.padding, rank),
        groups=said.groups,
        dtype=dtype,
        zero_given=_is_zero(said.output_padding),
        **numbers,
    )
    with suppress(ValueError):
        affordable(q)
    if q.wanted.endswith("gradient"):
        nowhere = np.zeros((1,) * q.x.ndim, kept["x"].dtype)
        q = q.but(gradient=kept.get("gradient", nowhere))
    return q


def _pairs_as_written(value: Any, rank: int) -> Pairs | Word:
    if isinstance(value, str):
        return cast(Word, value)
    entries = [value] * rank if isinstance(value, int) else value
    return tuple((e, e) if isinstance(e, int) else (e[0], e[1]) for e in entries)


def _rules(entry: Entry) -> dict[str, Rule]:
    return {key: getattr(entry, key) for key in _ARRAYS if getattr(entry, key) is not None}


def _chain(entry: Entry, build: Callable[[Op, Arguments, Any, Dtype], Question]) -> Chain:
    rank = settle_rank({"x": entry.x}, entry.rank)
    if isinstance(entry.x, Shaped) and entry.x.memory:
        raise Refused(("x", "memory"), "memory has no meaning for the x of a chain")
    x = stored(array("x", entry.x, rank), entry.dtype)
    steps: list[Question | Pool] = []
    for index, step in enumerate(entry.steps or ()):
        try:
            if isinstance(step, PoolStep):
                steps.append(Pool(step.size))
                x = _pooled(x, step.size)
            else:
                settle_rank({"kernel": step.kernel}, rank)
                arrays = {"x": x, "kernel": array("kernel", step.kernel, rank)}
                asked = build(step.op, step, arrays, entry.dtype)
                steps.append(asked)
                x = stored(answer(asked), entry.dtype)
        except Refused as refused:
            raise refused.under("steps", index) from None
        except ValueError as problem:
            if build is _unjudged:
                break
            path = blamed(str(problem), step.model_fields_set)
            raise Refused(("steps", index, *path), str(problem)) from None
    return Chain(tuple(steps))


def _pooled(x: Array, size: int) -> Array:
    if size > min(x.shape[2:]):
        sentence = f"size must be at most the shortest axis, {min(x.shape[2:])}, got {size}"
        raise Refused(("size",), sentence)
    return pooled(x, size)


def _axes(name: str, value: int | list[int], rank: int, *, least: int = 1) -> Axes:
    try:
        numbers = geometry.per_axis(name, value, rank, least=least)
    except ValueError as problem:
        raise Refused((name, *_first_below(value, least)), str(problem)) from None
    _bounded(name, numbers)
    return numbers


def _is_zero(value: int | list[int] | None) -> bool:
    """Whether an output padding was given that adds nothing."""
    return value is not None and not np.any(value)


def _first_below(value: int | list[int], least: int) -> Path:
    numbers = value if isinstance(value, list) else []
    return next(((index,) for index, number in enumerate(numbers) if number < least), ())


def _padding(value: Any, rank: int) -> Pairs | Word:
    try:
        padding = geometry.padding_of(value, rank)
    except ValueError as problem:
        raise Refused(("padding",), str(problem)) from None
    if not isinstance(padding, str):
        _bounded("padding", [number for pair in padding for number in pair])
    return padding


def _bounded(name: str, numbers: Iterable[int]) -> None:
    for number in numbers:
        if abs(number) > MAX_ARGUMENT:
            raise Refused((name,), f"{name} must be at most {MAX_ARGUMENT}, got {number}")


def _bias(said: Arguments, dtype: Dtype) -> Array | None:
    if said.bias is None:
        return None
    bias = np.array(said.bias)
    if bias.ndim != 1:
        raise Refused(("bias",), f"bias must be one plain list, got {bias.ndim} lists deep")
    return stored(bias, dtype)


def _gradient(q: Question, said: Array | None) -> Array:
    try:
        shape = q.output_shape
    except ValueError as problem:
        raise Refused(blamed(str(problem), ("padding", "kernel")), str(problem)) from None
    if said is None:
        return stored(random(GRADIENT_SEED).integers(-3, 3, shape, endpoint=True), q.dtype)
    if said.shape != shape:
        sentence = f"gradient must have the output's shape {shape}, got {said.shape}"
        raise Refused(("gradient",), sentence)
    return said
