"""Write a call of one API for another, by the meaning of its arguments.

The observed profile of the first API tells what its arguments mean, and a recipe asks the second
API the same. `conformance.translate.proofs` proves that the call is right.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api, Framework
from conformance.adapters.registry import APIS
from conformance.adapters.runtime import Runtime
from conformance.conventions.axes import Convention
from conformance.conventions.axis import unchanged
from conformance.conventions.interpretations import apply_all
from conformance.question import Array, Question, answer, stand_in
from conformance.recipes import linear_ops, plan_source, search
from conformance.recipes.call_writer import Call
from conformance.recipes.plan_source import Text
from conformance.recipes.search import Plan
from conformance.runs.profiles import Finding, Profile
from conformance.translate import kernels
from conformance.translate.kernels import Kernels

TRANSLATED = tuple(
    sorted(
        id_
        for id_, api in APIS.items()
        if api.operator == "conv_transpose" and api.parameters and not (api.is_variant or api.twin)
    )
)
"""The ids of the APIs whose calls are translated."""


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

    ``question`` has the arguments of the naive call as the source API takes them; only the shapes
    of the arrays count. Returns the other call, or why there is none. It is `Unknown` without an
    observation of the meaning.
    """
    interpretation = interpret(question, source, profile)
    if isinstance(interpretation, Inexpressible):
        return interpretation
    plan = search.recipe(target.api, interpretation.question, target.runtime)
    equivalent = write_equivalent(plan, interpretation, source.api, target)
    if isinstance(equivalent, Inexpressible):
        return equivalent
    native, layouts = interpretation.native, interpretation.layouts
    numbered_kernel = kernels.numbered(question).kernel
    return Translation(
        native=_call(
            native, question, source.api, replace(layouts, canonical=numbered_kernel), source
        )[0],
        call=equivalent.call,
        kernel=equivalent.kernel,
        output=equivalent.output,
        meaning=tuple(c for c in profile.conventions if apply_all(question, (c,)).places),
        question=interpretation.question,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Interpretation:
    """What a call means.

    Attributes
    ----------
    native
        The plan of the naive call.
    question
        The question in canonical terms.
    layouts
        The small kernel of the call, and the canonical one.
    """

    native: Plan
    question: Question
    layouts: Kernels


@dataclass(frozen=True, eq=False, kw_only=True)
class Equivalent:
    """The call of another API; the attributes are as of `Translation`."""

    call: Call
    kernel: tuple[str, ...]
    output: tuple[str, ...]


def interpret(
    question: Question, source: Place, profile: Profile
) -> Interpretation | Inexpressible:
    """Return what a naive call means, or why that is not known.

    The arguments are those of `translate`.
    """
    native = search.native(source.api, question, source.runtime)
    if isinstance(native, Inexpressible):
        return Inexpressible(f"{source.api.id} cannot be called so: {native.reason}")
    for finding in profile.findings:
        if finding.known in _GAPS and _matters(finding, question):
            kind = Inexpressible if finding.known == "refused" else Unknown
            return kind(f"{source.api.id}, {finding.axis.name}: {_GAPS[finding.known]}")
    if source.api.divides_inputs and question.groups > 1:
        return Inexpressible(f"a kernel of groups in the order of {source.api.id} is not moved")
    canonical = _canonical(question, profile.conventions)
    if canonical is None:
        return Inexpressible(f"{source.api.id} changes its answers as no other API does")
    try:
        canonical.output_space  # noqa: B018  # raises for a question without an answer
    except ValueError as error:
        return Inexpressible(f"{source.api.id} has no answer to this: {error}")
    small = kernels.numbered(question)
    canonical_small = _canonical(small, profile.conventions)
    assert canonical_small is not None  # as the conventions do not change the larger answer
    layouts = Kernels(
        source=kernels.run(native.kernel, small.kernel),
        canonical=canonical_small.kernel,
        shape=kernels.run(native.kernel, question.kernel).shape,
    )
    return Interpretation(native=native, question=canonical, layouts=layouts)


def write_equivalent(
    plan: Plan | Inexpressible, interpretation: Interpretation, source: Api, target: Place
) -> Equivalent | Inexpressible:
    """Write the planned call of another API over arrays in the layout of the source.

    The plan is the recipe of the interpreted question. Of the source, only its layout counts.
    """
    if isinstance(plan, Inexpressible):
        return Inexpressible(f"{target.api.id} cannot be asked this: {plan.reason}")
    call, kernel, output = _call(
        plan, interpretation.question, source, interpretation.layouts, target
    )
    return Equivalent(call=call, kernel=kernel, output=output)


def _canonical(question: Question, conventions: Iterable[Convention]) -> Question | None:
    """Return the question in canonical terms, or None if conventions change its answer."""
    node = apply_all(question, conventions)
    is_whole = node.moves is unchanged and node.rounding is unchanged
    return node.question if is_whole and isinstance(node.question, Question) else None


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
        Convention(axis, choice).apply(question) is not None for choice in axis.meanings
    )


def _call(
    plan: Plan, question: Question, layout: Api, layouts: Kernels, place: Place
) -> tuple[Call, tuple[str, ...], tuple[str, ...]]:
    """Write a planned call over arrays in the layout of an API.

    Returns the call, its lines that change the kernel, and those that change the output.
    """
    to_canonical = linear_ops.permute(search.order(layout.layout, "N C *s", question.rank))
    from_canonical = linear_ops.permute(search.order("N C *s", layout.layout, question.rank))
    before: list[str] = []
    if plan.split:
        # Groups are split along canonical axes, so that all arrays become canonical first.
        kernel = kernels.permutation(layouts.source, layouts.canonical)
        before = [*linear_ops.apply(to_canonical, "x"), *linear_ops.apply(kernel, "w")]
    else:
        kernel = kernels.ops_between(layouts, plan)
        plan = replace(plan, x=linear_ops.merged((*to_canonical, *plan.x)), kernel=kernel)
        if question.bias is None or not plan.add_bias:  # a bias is added along canonical axes
            plan = replace(plan, output=linear_ops.merged((*plan.output, *from_canonical)))
            from_canonical = ()
    interop = place.framework.interop(place.api, place.runtime.backend)
    after = linear_ops.apply(from_canonical, "y")
    lines = Text(tuple(before)) + plan_source.text(plan, interop, question) + after
    call = Call(
        text=lines,
        arrays={
            **plan_source.arrays_of(question),
            "x": question.x.transpose(search.order("N C *s", layout.layout, question.rank)),
            "w": stand_in(layouts.shape, question.kernel.dtype),
        },
        cost=plan.cost,
        moves=plan.moves,
        imports=interop.imports,
    )
    if plan.split:
        kernel = (*kernel, *plan.kernel)
    return call, tuple(linear_ops.apply(kernel, "w")), (*linear_ops.apply(plan.output, "y"), *after)


def random_arrays(translation: Translation, seed: int) -> dict[str, Array]:
    """Return small integers for the arrays that both calls read."""
    random = np.random.default_rng(seed)
    return {
        name: random.integers(-3, 4, array.shape).astype(np.float32)
        for name, array in translation.native.arrays.items()
    }


def expected(question: Question, source: Api, profile: Profile, arrays: dict[str, Array]) -> Array:
    """Return the oracle's answer to a call and its translation."""
    rank = question.rank
    native = search.native(source, question)
    assert isinstance(native, Plan)  # it is the call that was translated
    canonical = apply_all(
        question.but(
            x=arrays["x"].transpose(search.order(source.layout, "N C *s", rank)),
            kernel=kernels.run(linear_ops.adjoint(native.kernel), arrays["w"]),
            bias=arrays.get("b"),
        ),
        profile.conventions,
    )
    output = answer(canonical.question)
    return output.transpose(search.order("N C *s", source.layout, rank))
