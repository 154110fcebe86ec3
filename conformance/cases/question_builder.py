"""Build the question of an entry of a case file, or raise what is wrong with the entry.

This module checks everything that needs more than one value: how many axes there are, whether
channels fit, and whether a suite should compute such sizes.
"""

from collections.abc import Collection, Mapping
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any, cast

import numpy as np

from conformance import question as questions
from conformance.cases import output_lengths
from conformance.cases.array_rules import Shaped, random
from conformance.cases.arrays import Rule, array, infer_rank, is_unbatched, to_dtype
from conformance.cases.errors import CaseError, Path, collect
from conformance.cases.schema import Arguments, ArrayStepEntry, Entry, PadStep, PoolStep, Step
from conformance.cases.size_limits import check_cost, check_size
from conformance.oracle import geometry
from conformance.oracle.geometry import Axes, Pairs, Word
from conformance.oracle.memory_layout import laid, memory_of
from conformance.question import (
    TANGENTS,
    AnyQuestion,
    Array,
    ArrayStep,
    Chain,
    Crop,
    Dtype,
    Op,
    Pad,
    Pool,
    Question,
    answer,
    promoted,
)

MAX_ARGUMENT = 2**31 - 1
GRADIENT_SEED = 3

_ARRAYS = ("x", "kernel", "gradient", "x_tangent", "kernel_tangent")
_LEAST: Mapping[str, int] = {"stride": 1, "output_padding": 0, "dilation": 1}
"""The smallest number of each argument; padding may be negative."""


def build_question(entry: Entry, *, as_written: bool = False) -> AnyQuestion:
    """Build the question of ``entry``, whether or not the oracle has an answer to it.

    ``entry`` is a valid entry without misplaced keys. ``as_written`` says whether arguments stay as
    they stand, such as a stride of 0, for an entry that expects an error. A chain then ends with
    the step that has no answer. Returns a chain for the op ``chain``, else one question; its arrays
    are stored in its dtype. Raises ``CaseError`` with the place of the offending value, if no
    question can be built or if it is larger than ``conformance.cases.size_limits`` allows.
    """
    if entry.op == "chain":
        return _chain(entry, as_written=as_written)
    rules: dict[str, Rule] = {
        key: getattr(entry, key) for key in _ARRAYS if getattr(entry, key) is not None
    }
    rank = infer_rank(rules, entry.rank)
    arrays = collect({key: partial(array, key, rule, rank) for key, rule in rules.items()})
    dtypes = (entry.dtype, entry.kernel_dtype or entry.dtype)
    unbatched = is_unbatched(entry.x, rank)
    return _question(entry.op, entry, arrays, dtypes, as_written=as_written, unbatched=unbatched)


def path_to_key(sentence: str, keys: Collection[str]) -> Path:
    """Return the path to the first of ``keys`` that a sentence has in it, () if it has none."""
    words = sentence.replace("'", " ").split()
    return next(((word,) for word in words if word in keys), ())


def _question(
    op: Op,
    arguments: Arguments,
    arrays: Mapping[str, Array],
    dtypes: tuple[Dtype, Dtype],
    *,
    as_written: bool,
    unbatched: bool,
) -> Question:
    rank = arrays["x"].ndim - 2
    dtype = promoted(*dtypes)
    stored_in = {**dict.fromkeys(arrays, dtype), "x": dtypes[0], "kernel": dtypes[1]}
    read = _as_written if as_written else _canonical
    parts: dict[str, Any] = collect(
        {
            **{key: partial(_vector, key, arguments, dtype) for key in ("bias", "bias_tangent")},
            **{
                name: partial(read, name, getattr(arguments, name) or 0, rank)
                for name in ("stride", "padding", "output_padding", "dilation")
            },
        }
    )
    operands = {
        key: _in_memory(arguments, key, to_dtype(numbers, stored_in[key]))
        for key, numbers in arrays.items()
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
        operand_dtypes=None if dtypes[0] == dtypes[1] else dtypes,
        zero_given=arguments.output_padding is not None and not np.any(arguments.output_padding),
        unbatched=unbatched,
        x_tangent=operands.get("x_tangent"),
        kernel_tangent=operands.get("kernel_tangent"),
        **parts,
    )
    _check_tangents(q)
    q = _with_length(q, arguments, as_written=as_written)
    with suppress(ValueError) if as_written else nullcontext():
        check_cost(q)
    if not q.needs_gradient:
        return q
    gradient = operands.get("gradient")
    if not as_written:
        return q.but(gradient=_gradient(q, gradient))
    return q.but(gradient=np.zeros((1,) * q.x.ndim, q.x.dtype) if gradient is None else gradient)


def _with_length(q: Question, arguments: Arguments, *, as_written: bool) -> Question:
    """Return the question whose output has the length that is written, if one is."""
    names = [name for name in output_lengths.WORDS if getattr(arguments, name) is not None]
    if not names:
        return q
    if len(names) > 1:
        sentence = f"{' and '.join(names)} are two words for one thing; leave one of them out"
        raise CaseError((names[1],), sentence)
    (name,) = names
    try:
        space = output_lengths.space_of(name, getattr(arguments, name), q)
    except ValueError as error:
        raise CaseError((name,), str(error)) from None
    if max(space) > MAX_ARGUMENT:
        raise CaseError((name,), f"{name} must be at most {MAX_ARGUMENT}, got {max(space)}")
    fitted = output_lengths.fit(
        q,
        name,
        space,
        padding="padding" in arguments.model_fields_set,
        output_padding=arguments.output_padding is not None,
    )
    if fitted.length is not None and fitted.length.fault is not None and not as_written:
        raise CaseError((name,), fitted.length.fault)
    return fitted


def _in_memory(arguments: Arguments, key: str, numbers: Array) -> Array:
    rule = getattr(arguments, key, None)
    memory = rule.memory if isinstance(rule, Shaped) else None
    if memory is None:
        return numbers
    if rule is not None and len(rule.shape) == numbers.ndim - 1:
        raise CaseError((key, "memory"), "memory has no meaning for an array without a batch")
    laid_out = laid(numbers, memory)
    if memory_of(laid_out) is None:
        sentence = f"memory {memory!r} is no other order for an array of shape {numbers.shape}"
        raise CaseError((key, "memory"), sentence)
    return laid_out


def _chain(entry: Entry, *, as_written: bool) -> Chain:
    kernels = (step.kernel for step in entry.steps or () if isinstance(step, Step))
    rank = infer_rank({"x": entry.x}, entry.rank, next(kernels, None))
    unbatched = is_unbatched(entry.x, rank)
    if isinstance(entry.x, Shaped) and entry.x.memory:
        raise CaseError(("x", "memory"), "memory has no meaning for the x of a chain")
    x = to_dtype(array("x", entry.x, rank), entry.dtype)
    start, steps = x, list[questions.Step]()
    for index, step in enumerate(entry.steps or ()):
        try:
            if not isinstance(step, Step):
                array_step = _array_step(step, x, is_first=not steps)
                steps.append(array_step)
                x = array_step.apply(x)
                continue
            infer_rank({"kernel": step.kernel}, rank)
            arrays = {"x": x, "kernel": array("kernel", step.kernel, rank)}
            dtypes = (entry.dtype, entry.dtype)
            question = _question(
                step.op, step, arrays, dtypes, as_written=as_written, unbatched=unbatched
            )
            steps.append(question)
            x = to_dtype(answer(question), entry.dtype)
        except CaseError as error:
            raise error.nest("steps", index) from None
        except ValueError as error:
            if as_written:
                break
            path = path_to_key(str(error), step.model_fields_set)
            raise CaseError(("steps", index, *path), str(error)) from None
    if not any(isinstance(step, Question) for step in steps):
        raise CaseError(("steps",), "steps must have an operator with a kernel")
    return Chain(tuple(steps), None if isinstance(steps[0], Question) else start)


def _array_step(step: ArrayStepEntry, x: Array, *, is_first: bool) -> ArrayStep:
    """Return a step without a kernel, on the answer ``x`` to the steps before it."""
    shortest = min(x.shape[2:])
    if isinstance(step, PoolStep):
        if is_first:
            raise CaseError(
                ("op",), "a chain begins with an operator; give x as max_pool leaves it"
            )
        if step.size > shortest:
            sentence = f"size must be at most the shortest axis, {shortest}, got {step.size}"
            raise CaseError(("size",), sentence)
        return Pool(step.size)
    key = "padding" if isinstance(step, PadStep) else "cropping"
    pairs = cast(Pairs, _canonical(key, getattr(step, key), x.ndim - 2))
    if isinstance(step, PadStep):
        space = (n + begin + end for n, (begin, end) in zip(x.shape[2:], pairs, strict=True))
        check_size("the padded array", (*x.shape[:2], *space), (key,))
        return Pad(pairs, int(step.value) if step.value == int(step.value) else step.value)
    for n, pair in zip(x.shape[2:], pairs, strict=True):
        if sum(pair) >= n:
            sentence = f"cropping {list(pair)} leaves none of the {n} elements of an axis"
            raise CaseError((key,), sentence)
    return Crop(pairs)


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


def _vector(key: str, arguments: Arguments, dtype: Dtype) -> Array | None:
    """Return the bias or its tangent."""
    numbers = getattr(arguments, key, None)
    if numbers is None:
        return None
    vector = np.array(numbers)
    if vector.ndim != 1:
        raise CaseError((key,), f"{key} must be one plain list, got {vector.ndim} lists deep")
    return to_dtype(vector, dtype)


def _check_tangents(q: Question) -> None:
    """Raise `CaseError` for a tangent that has another shape than its array."""
    for key in TANGENTS:
        tangent, name = getattr(q, key), key.removesuffix("_tangent")
        array = getattr(q, name)
        if tangent is not None and array is not None and tangent.shape != array.shape:
            sentence = f"{key} must have the shape {array.shape} of {name}, got {tangent.shape}"
            raise CaseError((key,), sentence)


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
