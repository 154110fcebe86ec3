"""Write a call of one API for another, by the meaning of its arguments.

The observed profile of the first API tells what its arguments mean, and a recipe asks the second
API the same. `conformance.translate.proofs` proves that the call is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import permutations, product
from math import prod
from typing import Any

import numpy as np

from conformance.adapters.base import Api, Framework, Inexpressible
from conformance.adapters.runtime import Runtime
from conformance.conventions import axes
from conformance.conventions.axes import Convention
from conformance.conventions.transforms import unchanged
from conformance.question import Array, Question, answer, stand_in
from conformance.recipes import call_writer, linear_ops, search
from conformance.recipes.call_writer import Call, Text
from conformance.recipes.linear_ops import LinearOp
from conformance.recipes.search import Plan
from conformance.runs.profiles import Finding, Profile


class Unknown(Inexpressible):
    """A question whose meaning is unknown, and why."""


@dataclass(frozen=True)
class Place:
    """An API of a framework in a runtime."""

    framework: Framework
    runtime: Runtime
    api: Api


@dataclass(frozen=True, eq=False, kw_only=True)
class Translation:
    """One call written for another API, both over NumPy arrays in the layout of the first.

    Attributes
    ----------
    native
        The call of the first API.
    call
        The call of the other API that gives the same numbers.
    kernel
        The lines of ``call`` that turn one kernel into the other; empty where it stays as it is.
    output
        The lines of ``call`` that change the output.
    meaning
        The conventions of the first API that change the question.
    question
        The question in canonical terms.
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
    """Translate a call.

    Parameters
    ----------
    question
        The arguments of the naive call, as the source API takes them; only the shapes of the
        arrays count.
    source, target
        The API of the call, and the other API.
    profile
        The observed conventions of the source API.

    Returns
    -------
    Translation or Inexpressible
        The other call, or why there is none. It is `Unknown` without an observation of the meaning.
    """
    native = search.native(source.api, question, source.runtime)
    if isinstance(native, Inexpressible):
        return Inexpressible(f"{source.api.id} cannot be called so: {native.reason}")
    for finding in profile.findings:
        if finding.known in _GAPS and _matters(finding, question):
            kind = Inexpressible if finding.known == "refused" else Unknown
            return kind(f"{source.api.id}, {finding.axis.name}: {_GAPS[finding.known]}")
    canonical = axes.apply_conventions(question, profile.conventions)
    if canonical.after is not unchanged:
        return Inexpressible(f"{source.api.id} changes its answers as no other API does")
    try:
        canonical.question.output_space  # noqa: B018  # raises for a question without an answer
    except ValueError as error:
        return Inexpressible(f"{source.api.id} has no answer to this: {error}")
    plan = search.recipe(target.api, canonical.question, target.runtime)
    if isinstance(plan, Inexpressible):
        return Inexpressible(f"{target.api.id} cannot be asked this: {plan.reason}")
    small = _numbered(question)
    kernels = _Kernels(
        source=_run(native.kernel, small.kernel),
        canonical=axes.apply_conventions(small, profile.conventions).question.kernel,
        shape=_run(native.kernel, question.kernel).shape,
    )
    call, kernel, output = _call(plan, canonical.question, source.api, kernels, target)
    return Translation(
        native=_call(
            native, question, source.api, replace(kernels, canonical=small.kernel), source
        )[0],
        call=call,
        kernel=kernel,
        output=output,
        meaning=tuple(
            c
            for c in profile.conventions
            if axes.apply_conventions(question, (c,)).question is not question
        ),
        question=canonical.question,
    )


_GAPS = {
    "refused": "it refuses every case of this",
    "no case": "what it means has not been observed in any case",
    "not told apart": "no observed case tells what it means",
}


def _matters(finding: Finding, question: Question) -> bool:
    """Whether the API refuses the question, or may understand it otherwise on this axis."""
    axis = finding.axis
    if not axis.concerns(question):
        return False
    return finding.known == "refused" or any(
        choice.change(question) is not None for choice in axis.meanings
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Kernels:
    """A small numbered kernel in two layouts, which shows how one is permuted into the other.

    Attributes
    ----------
    source
        The small kernel as the first API takes it.
    canonical
        The small kernel as the question has it.
    shape
        The shape of the real kernel, as the first API takes it.
    """

    source: Array
    canonical: Array
    shape: tuple[int, ...]


def _numbered(question: Question) -> Question:
    """Return a small question with a kernel whose numbers, and whose longer axes, all differ."""
    groups = min(question.groups, 2)
    inputs, *lengths = question.kernel.shape
    lengths.insert(0, inputs // question.groups)
    shape = [1 if n == 1 else small for n, small in zip(lengths, _SMALL, strict=False)]
    shape[0] *= groups
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
"""Lengths of axes; no two are the same for two groups either."""


def _call(
    plan: Plan, question: Question, layout: Api, kernels: _Kernels, place: Place
) -> tuple[Call, tuple[str, ...], tuple[str, ...]]:
    """Write a planned call over arrays in the layout of an API.

    Returns the call, its lines that change the kernel, and those that change the output.
    """
    to_canonical = linear_ops.permute(search.order(layout.layout, "N C *s", question.rank))
    from_canonical = linear_ops.permute(search.order("N C *s", layout.layout, question.rank))
    before: list[str] = []
    if plan.split:
        # Groups are split along canonical axes, so that all arrays become canonical first.
        kernel = _permutation(kernels.source, kernels.canonical)
        before = [*linear_ops.apply(to_canonical, "x"), *linear_ops.apply(kernel, "w")]
    else:
        kernel = _kernel_ops(kernels, plan)
        plan = replace(plan, x=linear_ops.merged((*to_canonical, *plan.x)), kernel=kernel)
        if question.bias is None or not plan.add_bias:  # a bias is added along canonical axes
            plan = replace(plan, output=linear_ops.merged((*plan.output, *from_canonical)))
            from_canonical = ()
    interop = place.framework.interop(place.api, place.runtime.backend)
    after = linear_ops.apply(from_canonical, "y")
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


def _kernel_ops(kernels: _Kernels, plan: Plan) -> tuple[LinearOp, ...]:
    """Return the steps from one API's kernel to another's, in one step if it is a permutation."""
    if plan.question.kernel.size == prod(kernels.shape):  # otherwise zeros are inserted
        # Some steps are for the real shape only, and fail on a small kernel.
        with suppress(ValueError, MemoryError):
            return _permutation(kernels.source, _run(plan.kernel, kernels.canonical))
    return (*_permutation(kernels.source, kernels.canonical), *plan.kernel)


def _permutation(source: Array, target: Array) -> tuple[LinearOp, ...]:
    """Return the transposition and the flips that make one numbered array of another."""
    for order in permutations(range(source.ndim)):
        transposed = source.transpose(order)
        if transposed.shape != target.shape:
            continue
        for flips in product((False, True), repeat=source.ndim):
            index = tuple(slice(None, None, -1 if flip else None) for flip in flips)
            if np.array_equal(transposed[index], target):
                ops = linear_ops.permute(order)
                if any(flips):
                    last = max(axis for axis, flip in enumerate(flips) if flip) + 1
                    text = ", ".join("::-1" if flip else ":" for flip in flips[:last])
                    # A copy, because some frameworks refuse arrays with negative strides.
                    line = f"{{v}} = {{v}}[{text}].copy()"
                    ops += (LinearOp((line,), (line,)),)
                return ops
    raise ValueError("one kernel is not the other in another order")


def _run(ops: Iterable[LinearOp], array: Array) -> Array:
    """Apply operations to an array by running their source."""
    names: dict[str, Any] = {"np": np, "w": array}
    exec("\n".join(linear_ops.apply(ops, "w")), names)
    result: Array = names["w"]
    return result


def random_arrays(translation: Translation, seed: int) -> dict[str, Array]:
    """Return small integers for the arrays that both calls read.

    Parameters
    ----------
    translation
        The translation.
    seed
        The seed of the random numbers.

    Returns
    -------
    dict of arrays of float32
        In the layout of the first API.
    """
    random = np.random.default_rng(seed)
    return {
        name: random.integers(-3, 4, array.shape).astype(np.float32)
        for name, array in translation.native.arrays.items()
    }


def expected(question: Question, source: Api, profile: Profile, arrays: dict[str, Array]) -> Array:
    """Return the oracle's answer to a call and its translation.

    Parameters
    ----------
    question
        The arguments of the naive call, as the source API takes them.
    source
        The source API.
    profile
        Its observed conventions.
    arrays : dict of arrays, any dtype
        The arrays that both calls read, in the layout of the source API.

    Returns
    -------
    array
        In the same layout.
    """
    rank = question.rank
    transformed = axes.apply_conventions(
        question.but(
            x=arrays["x"].transpose(search.order(source.layout, "N C *s", rank)),
            kernel=arrays["w"].transpose(search.order(source.kernel_axes, "in out *k", rank)),
            bias=arrays.get("b"),
        ),
        profile.conventions,
    )
    output = answer(transformed.question)
    return output.transpose(search.order("N C *s", source.layout, rank))
