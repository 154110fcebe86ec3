"""Translation: a call of one API written for another, through what the question means.

What the first API means by its arguments is its profile, as it was observed; how the second is to
be asked is its recipe. That this is right is another question: `conformance.translate.proofs`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import permutations, product
from math import prod
from typing import Any

import numpy as np

from conformance import question as asking
from conformance.adapters.base import Api, Framework, Inexpressible
from conformance.adapters.runtime import Runtime
from conformance.conventions import axes
from conformance.conventions.axes import Convention
from conformance.conventions.transforms import unchanged
from conformance.question import Array, Question, stand_in
from conformance.recipes import call_writer, linear_ops, search
from conformance.recipes.call_writer import Call, Text
from conformance.recipes.linear_ops import LinearOp
from conformance.recipes.search import Plan
from conformance.runs.profiles import Finding, Profile


class Unknown(Inexpressible):
    """A question of which it cannot be told what it means, and why."""


@dataclass(frozen=True)
class Place:
    """An API where it is: of a framework, in a runtime."""

    framework: Framework
    runtime: Runtime
    api: Api


@dataclass(frozen=True, eq=False, kw_only=True)
class Translation:
    """One call written for another API, both over NumPy arrays in the layout of the first.

    native    the call as it was written
    call      the call of the other API that gives the same numbers
    kernel    the lines of it that turn the one's kernel into the other's; empty where it stays
    output    the lines of it that change the output of the other's call
    meaning   the conventions of the first API that come into play
    question  what is asked, in canonical terms
    """

    native: Call
    call: Call
    kernel: tuple[str, ...]
    output: tuple[str, ...]
    meaning: tuple[Convention, ...]
    question: Question


def translate(
    question: Question, source: Place, target: Place, profile: Profile
) -> Translation | Inexpressible:
    """What looks like ``question`` in the source API, asked of the target API.

    question  same-looking arguments, as a person writes them for the source; of its arrays only
              the shapes count
    profile   what the source API is observed to mean
    """
    native = search.native(source.api, question, source.runtime)
    if isinstance(native, Inexpressible):
        return Inexpressible(f"{source.api.id} cannot be called so: {native.reason}")
    for finding in profile.findings:
        if finding.known in _SILENT and _matters(finding, question):
            kind = Inexpressible if finding.known == "refused" else Unknown
            return kind(f"{source.api.id}, {finding.axis.name}: {_SILENT[finding.known]}")
    reading = axes.apply_conventions(question, profile.conventions)
    if reading.after is not unchanged:
        return Inexpressible(f"{source.api.id} changes its answers as no other API does")
    try:
        reading.question.output_space  # noqa: B018  # raises for a question without an answer
    except ValueError as error:
        return Inexpressible(f"{source.api.id} has no answer to this: {error}")
    plan = search.recipe(target.api, reading.question, target.runtime)
    if isinstance(plan, Inexpressible):
        return Inexpressible(f"{target.api.id} cannot be asked this: {plan.reason}")
    numbered = _numbered(question)
    kernels = _Kernels(
        own=_moved(native.kernel, numbered.kernel),
        canonical=axes.apply_conventions(numbered, profile.conventions).question.kernel,
        shape=_moved(native.kernel, question.kernel).shape,
    )
    call, kernel, output = _call(plan, reading.question, source.api, kernels, target)
    return Translation(
        native=_call(
            native, question, source.api, replace(kernels, canonical=numbered.kernel), source
        )[0],
        call=call,
        kernel=kernel,
        output=output,
        meaning=tuple(
            c
            for c in profile.conventions
            if axes.apply_conventions(question, (c,)).question is not question
        ),
        question=reading.question,
    )


_SILENT = {
    "refused": "it refuses every case of this",
    "no case": "what it means has not been observed in any case",
    "not told apart": "no observed case tells what it means",
}


def _matters(finding: Finding, question: Question) -> bool:
    """Whether the question is refused, or could be meant in another way on this axis."""
    axis = finding.axis
    if finding.known == "refused" or not axis.concerns(question):
        return axis.concerns(question)
    return any(choice.change(question) is not None for choice in axis.meanings)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Kernels:
    """The same small numbered kernel in two layouts, so that the way between them can be read off.

    own        as the first API takes it
    canonical  as the question has it
    shape      of the real one, as the first API takes it
    """

    own: Array
    canonical: Array
    shape: tuple[int, ...]


def _numbered(question: Question) -> Question:
    """A small question with a kernel in which all numbers, and all longer axes, are different."""
    inputs, *rest = question.kernel.shape
    groups = min(question.groups, 2)
    lengths = (inputs // question.groups, *rest)
    first, *others = (1 if n == 1 else small for n, small in zip(lengths, _SMALL, strict=False))
    shape = (first * groups, *others)
    return question.but(
        x=stand_in((1, shape[0], *question.space), question.x.dtype),
        kernel=np.arange(1.0, prod(shape) + 1).reshape(shape),
        bias=None,
        stride=(1,) * question.rank,
        padding="valid",
        output_padding=(0,) * question.rank,
        dilation=(1,) * question.rank,
        groups=groups,
    )


_SMALL = (2, 3, 5, 6, 7)
"""Lengths of axes, of which no two are the same for two groups either."""


def _call(
    plan: Plan, question: Question, layout: Api, kernels: _Kernels, place: Place
) -> tuple[Call, tuple[str, ...], tuple[str, ...]]:
    """The planned call over arrays in the layout of an API.

    With it, its lines that change the kernel, and those that change the output.
    """
    arrive = linear_ops.permute(search.order(layout.layout, "N C *s", question.rank))
    leave = linear_ops.permute(search.order("N C *s", layout.layout, question.rank))
    before: list[str] = []
    if plan.split:
        # Groups are split along canonical axes, so that everything is canonical first.
        kernel = _rearranged(kernels.own, kernels.canonical)
        before = [*linear_ops.apply(arrive, "x"), *linear_ops.apply(kernel, "w")]
    else:
        kernel = _to(kernels, plan)
        plan = replace(plan, x=linear_ops.merged((*arrive, *plan.x)), kernel=kernel)
        if question.bias is None or not plan.add_bias:  # which is added along canonical axes
            plan = replace(plan, output=linear_ops.merged((*plan.output, *leave)))
            leave = ()
    interop = place.framework.interop(place.api, place.runtime.backend)
    after = linear_ops.apply(leave, "y")
    lines = Text(tuple(before)) + call_writer.text(plan, interop, question) + after
    call = Call(
        source=lines.source,
        arrays={
            **call_writer.arrays_of(question),
            "x": question.x.transpose(search.order("N C *s", layout.layout, question.rank)),
            "w": stand_in(kernels.shape, question.kernel.dtype),
        },
        cost=plan.cost,
        moves=plan.moves,
        imports=interop.imports,
        traceable_spans=lines.traceable_spans,
    )
    if plan.split:
        kernel = (*kernel, *plan.kernel)
    return call, tuple(linear_ops.apply(kernel, "w")), (*linear_ops.apply(plan.output, "y"), *after)


def _to(kernels: _Kernels, plan: Plan) -> tuple[LinearOp, ...]:
    """From one API's kernel to another's: at once where it is all of it in another order."""
    if plan.question.kernel.size == prod(kernels.shape):  # or else zeros come in between
        with suppress(ValueError, MemoryError):  # of a map that is for the real shape only
            return _rearranged(kernels.own, _moved(plan.kernel, kernels.canonical))
    return (*_rearranged(kernels.own, kernels.canonical), *plan.kernel)


def _rearranged(source: Array, target: Array) -> tuple[LinearOp, ...]:
    """The transposition and flips that make one numbered array of another."""
    dimensions = range(source.ndim)
    for order in permutations(dimensions):
        turned = source.transpose(order)
        if turned.shape != target.shape:
            continue
        for backwards in product((False, True), repeat=source.ndim):
            index = tuple(slice(None, None, -1 if flip else None) for flip in backwards)
            if np.array_equal(turned[index], target):
                moved = linear_ops.permute(order)
                if any(backwards):
                    last = max(axis for axis in dimensions if backwards[axis]) + 1
                    text = ", ".join("::-1" if flip else ":" for flip in backwards[:last])
                    # A copy, because not every framework takes an array that runs backwards.
                    line = f"{{v}} = {{v}}[{text}].copy()"
                    moved += (LinearOp((line,), (line,)),)
                return moved
    raise ValueError("one kernel is not the other in another order")


def _moved(kernel_maps: Iterable[LinearOp], array: Array) -> Array:
    """The array that the maps' own lines make of ``array``."""
    names: dict[str, Any] = {"np": np, "w": array}
    exec("\n".join(linear_ops.apply(kernel_maps, "w")), names)
    moved: Array = names["w"]
    return moved


def random_arrays(translation: Translation, seed: int) -> dict[str, Array]:
    """Small integers for the arrays that both calls read, in the layout of the first."""
    random = np.random.default_rng(seed)
    return {
        name: random.integers(-3, 4, array.shape).astype(np.float32)
        for name, array in translation.native.arrays.items()
    }


def expected(question: Question, source: Api, profile: Profile, arrays: dict[str, Array]) -> Array:
    """Work out what both calls have to give, by the oracle.

    Parameters
    ----------
    question
        Same-looking arguments, as a person writes them for the source.
    source
        The source API.
    profile
        What it is observed to mean.
    arrays
        What both calls read, in the layout of the source.

    Returns
    -------
    array
        In the same layout.
    """
    rank = question.rank
    meant = axes.apply_conventions(
        question.but(
            x=arrays["x"].transpose(search.order(source.layout, "N C *s", rank)),
            kernel=arrays["w"].transpose(search.order(source.kernel_axes, "in out *k", rank)),
            bias=arrays.get("b"),
        ),
        profile.conventions,
    )
    answer = asking.answer(meant.question)
    return answer.transpose(search.order("N C *s", source.layout, rank))
