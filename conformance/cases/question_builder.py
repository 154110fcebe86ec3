"""Build the question of an entry of a case file, or raise what is wrong with the entry.

This module checks everything that needs more than one value: how many axes there are, whether
channels fit, and whether a suite should compute such sizes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any, cast

import numpy as np

from conformance.cases.array_rules import Shaped, random
from conformance.cases.arrays import Rule, array, infer_rank, to_dtype
from conformance.cases.errors import CaseError, Path, collect
from conformance.cases.schema import Arguments, Entry, PoolStep
from conformance.cases.size_limits import check_cost
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
_LEAST: Mapping[str, int] = {"stride": 1, "output_padding": 0, "dilation": 1}
"""The smallest number of each argument; padding may be negative."""


def build_question(entry: Entry, *, as_written: bool = False) -> AnyQuestion:
    """Build the question of ``entry``, whether or not the oracle has an answer to it.

    Parameters
    ----------
    entry
        A valid entry without misplaced keys.
    as_written
        Whether arguments stay as they stand, such as a stride of 0, for an entry that expects an
        error. A chain then ends with the step that has no answer.

    Returns
    -------
    AnyQuestion
        A chain for the op ``chain``, else one question; its arrays are stored in its dtype.

    Raises
    ------
    CaseError
        With the place of the offending value, if no question can be built or if it is larger than
        ``conformance.cases.size_limits`` allows.
    """
    if entry.op == "chain":
        return _chain(entry, as_written=as_written)
    rules: dict[str, Rule] = {
        key: getattr(entry, key) for key in _ARRAYS if getattr(entry, key) is not None
    }
    rank = infer_rank(rules, entry.rank)
    arrays = collect({key: partial(array, key, rule, rank) for key, rule in rules.items()})
    return _question(entry.op, entry, arrays, entry.dtype, as_written=as_written)


def path_to_key(sentence: str, keys: Collection[str]) -> Path:
    """Return the path to the first of ``keys`` that a sentence has in it, () if it has none."""
    words = sentence.replace("'", " ").split()
    return next(((word,) for word in words if word in keys), ())


def _question(
    op: Op, arguments: Arguments, arrays: Mapping[str, Array], dtype: Dtype, *, as_written: bool
) -> Question:
    rank = arrays["x"].ndim - 2
    read = _as_written if as_written else _canonical
    parts: dict[str, Any] = collect(
        {
            "bias": partial(_bias, arguments, dtype),
            **{
                name: partial(read, name, getattr(arguments, name) or 0, rank)
                for name in ("stride", "padding", "output_padding", "dilation")
            },
        }
    )
    operands = {
        key: _in_memory(arguments, key, to_dtype(numbers, dtype)) for key, numbers in arrays.items()
    }
    kernel = operands.get("kernel", np.zeros(0))
    if op != "interpolate" and not kernel.size and not as_written:
        raise CaseError(("kernel",), f"kernel must not be empty, got the shape {kernel.shape}")
    q = Question(
        op=op,
        x=operands["x"],
        kernel=kernel,
        groups=arguments.groups,
        dtype=dtype,
        zero_given=arguments.output_padding is not None and not np.any(arguments.output_padding),
        **parts,
    )
    with suppress(ValueError) if as_written else nullcontext():
        check_cost(q)
    if not q.wanted.endswith("gradient"):
        return q
    gradient = operands.get("gradient")
    if not as_written:
        return q.but(gradient=_gradient(q, gradient))
    return q.but(gradient=np.zeros((1,) * q.x.ndim, q.x.dtype) if gradient is None else gradient)


def _in_memory(arguments: Arguments, key: str, numbers: Array) -> Array:
    """Return the array in the memory order of its rule."""
    rule = getattr(arguments, key, None)
    memory = rule.memory if isinstance(rule, Shaped) else None
    if memory is None:
        return numbers
    laid_out = laid(numbers, memory)
    if memory_of(laid_out) is None:
        sentence = f"memory {memory!r} is no other order for an array of shape {numbers.shape}"
        raise CaseError((key, "memory"), sentence)
    return laid_out


def _chain(entry: Entry, *, as_written: bool) -> Chain:
    rank = infer_rank({"x": entry.x}, entry.rank)
    if isinstance(entry.x, Shaped) and entry.x.memory:
        raise CaseError(("x", "memory"), "memory has no meaning for the x of a chain")
    x = to_dtype(array("x", entry.x, rank), entry.dtype)
    steps: list[Question | Pool] = []
    for index, step in enumerate(entry.steps or ()):
        try:
            if isinstance(step, PoolStep):
                if not steps:
                    sentence = "a chain begins with an operator; give x as max_pool leaves it"
                    raise CaseError(("op",), sentence)
                steps.append(Pool(step.size))
                x = _pooled(x, step.size)
            else:
                infer_rank({"kernel": step.kernel}, rank)
                arrays = {"x": x, "kernel": array("kernel", step.kernel, rank)}
                question = _question(step.op, step, arrays, entry.dtype, as_written=as_written)
                steps.append(question)
                x = to_dtype(answer(question), entry.dtype)
        except CaseError as error:
            raise error.nest("steps", index) from None
        except ValueError as error:
            if as_written:
                break
            path = path_to_key(str(error), step.model_fields_set)
            raise CaseError(("steps", index, *path), str(error)) from None
    return Chain(tuple(steps))


def _pooled(x: Array, size: int) -> Array:
    if size > min(x.shape[2:]):
        sentence = f"size must be at most the shortest axis, {min(x.shape[2:])}, got {size}"
        raise CaseError(("size",), sentence)
    return pooled(x, size)


def _canonical(name: str, value: Any, rank: int) -> Axes | Pairs | Word:
    """Return an argument with one entry for each axis, none of them too small or too large."""
    least = _LEAST.get(name)
    try:
        if least is None:
            numbers: Any = geometry.padding_of(value, rank)
        else:
            numbers = geometry.per_axis(name, value, rank, least=least)
    except ValueError as error:
        entries = value if isinstance(value, list) and least is not None else []
        index = next(((i,) for i, number in enumerate(entries) if number < least), ())
        raise CaseError((name, *index), str(error)) from None
    for number in () if isinstance(numbers, str) else np.ravel(numbers):
        if abs(number) > MAX_ARGUMENT:
            raise CaseError((name,), f"{name} must be at most {MAX_ARGUMENT}, got {number}")
    return cast("Axes | Pairs | Word", numbers)


def _as_written(name: str, value: Any, rank: int) -> Axes | Pairs | Word:
    if isinstance(value, str):
        return cast(Word, value)
    entries = [value] * rank if isinstance(value, int) else value
    if name == "padding":
        return tuple((e, e) if isinstance(e, int) else (e[0], e[1]) for e in entries)
    return tuple(entries)


def _bias(arguments: Arguments, dtype: Dtype) -> Array | None:
    if arguments.bias is None:
        return None
    bias = np.array(arguments.bias)
    if bias.ndim != 1:
        raise CaseError(("bias",), f"bias must be one plain list, got {bias.ndim} lists deep")
    return to_dtype(bias, dtype)


def _gradient(q: Question, gradient: Array | None) -> Array:
    try:
        shape = q.output_shape
    except ValueError as error:
        raise CaseError(path_to_key(str(error), ("padding", "kernel")), str(error)) from None
    if gradient is None:
        return to_dtype(random(GRADIENT_SEED).integers(-3, 3, shape, endpoint=True), q.dtype)
    if gradient.shape != shape:
        sentence = f"gradient must have the output's shape {shape}, got {gradient.shape}"
        raise CaseError(("gradient",), sentence)
    return gradient
