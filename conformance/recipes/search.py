"""Find the cheapest call of an API that gives the oracle's answer.

Rewritings of the question are tried in the order of their cost. The first one that the API accepts
is the recipe.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from conformance.adapters.call_source import CallSource, Inexpressible
from conformance.adapters.framework import Api
from conformance.adapters.limitation import Limitation
from conformance.adapters.runtime import ANY, Runtime
from conformance.oracle import geometry
from conformance.question import Question, products
from conformance.recipes import linear_ops
from conformance.recipes.rewritings import rewritings
from conformance.recipes.rewritten import Cost as Cost
from conformance.recipes.rewritten import Draft

LENGTH = "output_size"
"""The key of a case for the length of the output."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan(Draft):
    """A rewritten question with its call; the maps lead to the arrays of the call and back.

    Attributes
    ----------
    add_bias
        Whether the bias is added to the output, because the call does not add it.
    keep_dtype
        Whether the source has to make the arrays keep their dtype.
    """

    call_source: CallSource
    add_bias: bool = False
    keep_dtype: bool = False


def native(api: Api, question: Question, runtime: Runtime = ANY) -> Plan | Inexpressible:
    """Return the naive call: axes are moved by their names, and numbers are passed as they are."""
    if reason := boundary(api, question, runtime):
        return reason
    if question.length is not None and LENGTH not in api.parameters.values():
        return Inexpressible("there is no parameter for the length of the output")
    draft = Draft(api=api, question=question, call_builder=api.native)
    return _plan(draft, _call_source(draft, as_passed_to(api, question)))


def recipe(api: Api, question: Question, runtime: Runtime = ANY) -> Plan | Inexpressible:
    """Return the cheapest call that should give the oracle's answer.

    If it has no meaning, the native call is returned, as only a refusal is right.
    """
    if question.length is not None and question.length.fault is not None:
        return Inexpressible(f"there is no such output: {question.length.fault}")
    if is_invalid(question):
        # There is no answer; the native call shows whether the API refuses.
        return native(api, question, runtime)
    if reason := boundary(api, question, runtime):
        return reason
    plan: Plan | Inexpressible
    for plan in _plans(api, question, runtime):
        if isinstance(plan, Plan):
            return plan
    if api.base is not None:
        return _with_moved_channels(recipe(api.base, question, runtime))
    if limitation := _inevitable_limitation(api, question, runtime):
        return Inexpressible(limitation.reason)
    # The last draft is the most expensive, so its reason is the one that remains.
    return plan


def plans(api: Api, question: Question, runtime: Runtime = ANY) -> list[Plan]:
    """Return the calls that should give the oracle's answer.

    Returns the cheapest first, which is the recipe, and one for each price. None contains all moves
    of a cheaper one.
    """
    choices: list[Plan] = []
    prices = set()
    for plan in _plans(api, question, runtime):
        if isinstance(plan, Inexpressible):
            continue
        price = (plan.cost, *effort(plan, question))
        is_redundant = any(set(other.moves) <= set(plan.moves) for other in choices)
        if price not in prices and not is_redundant:
            prices.add(price)
            choices.append(plan)
    return choices


def effort(plan: Plan, question: Question) -> tuple[int, float]:
    """Return how much work a plan is."""
    calls = question.groups if plan.split else 1
    return calls, calls * products(plan.question) / max(products(question), 1)


def _plans(api: Api, question: Question, runtime: Runtime) -> Iterator[Plan | Inexpressible]:
    """Yield the plan of every rewriting, in order, or why there is none."""
    for draft in rewritings(api, question):
        limitation = next(_limitations_of(draft, runtime), None)
        call_question = as_passed_to(
            api, draft.native_question or draft.question, bias_last=draft.bias_last
        )
        call_source = _call_source(draft, call_question, limitation)
        yield _plan(draft, call_source, keep_dtype=True)


def _call_source(
    draft: Draft, question: Question, limitation: Limitation | None = None
) -> CallSource | Inexpressible:
    """Write the call of a draft, unless a limitation is known or there is no such padding."""
    if draft.question.padding == "circular" and not draft.api.takes_circular:
        return Inexpressible("there is no circular padding")
    return Inexpressible(limitation.reason) if limitation else draft.call_builder(question)


def _inevitable_limitation(api: Api, question: Question, runtime: Runtime) -> Limitation | None:
    """Return the first limitation that every rewriting runs into, if there is one."""
    shared = list(api.limits_in(runtime))
    for draft in rewritings(api, question):
        met = set(_limitations_of(draft, runtime))
        shared = [limitation for limitation in shared if limitation in met]
        if not shared:
            return None
    return shared[0]


def _limitations_of(draft: Draft, runtime: Runtime) -> Iterator[Limitation]:
    """Yield the known limitations that a draft runs into.

    A question in the API's own terms is not stopped by what these terms would mean elsewhere.
    """
    question = as_passed_to(draft.api, draft.question, bias_last=draft.bias_last)
    if draft.native_question is None:
        yield from _limitations(draft.api, question, runtime)
        return
    native_question = as_passed_to(draft.api, draft.native_question, bias_last=draft.bias_last)
    for limitation in draft.api.limits_in(runtime):
        if (limitation.stops(native_question) and not limitation.another_meaning) or (
            limitation.stops(question) and not limitation.is_refusal
        ):
            yield limitation


def _with_moved_channels(plan: Plan | Inexpressible) -> Plan | Inexpressible:
    """Return a plan of the base API as one of its variant, whose arrays have another layout."""
    if isinstance(plan, Inexpressible):
        return plan
    return replace(plan, moves=(*plan.moves, "channels moved"), cost=max(plan.cost, Cost.LAYOUT))


def with_plain_gradients(plan: Plan) -> Plan:
    """Return a plan whose gradients take no conjugate, though those of the call do."""
    if not plan.question.wanted.endswith("gradient"):
        return plan
    conjugate = linear_ops.conjugate_gradients()
    return replace(
        plan,
        moves=(*plan.moves, "gradient conjugated"),
        x=conjugate + plan.x,
        kernel=conjugate + plan.kernel,
        output=plan.output + conjugate,
        cost=max(plan.cost, Cost.CAST),
    )


def first_limitation(api: Api, question: Question, runtime: Runtime = ANY) -> Limitation | None:
    """Return the first known limitation that a question, as the call sees it, runs into."""
    return next(_limitations(api, question, runtime), None)


def _limitations(api: Api, question: Question, runtime: Runtime) -> Iterator[Limitation]:
    return (limitation for limitation in api.limits_in(runtime) if limitation.stops(question))


def boundary(api: Api, question: Question, runtime: Runtime = ANY) -> Inexpressible | None:
    """Return why an API has no call for a question, whatever one does; None if it may have one."""
    if question.is_by_bias and not api.takes_bias:
        return Inexpressible("the call adds no bias, and so has no derivative by it")
    call_question = as_passed_to(api, question)
    for limitation in api.limits_in(runtime):
        if limitation.is_boundary and limitation.stops(call_question):
            return Inexpressible(limitation.reason)
    return None


def is_invalid(q: Question) -> bool:
    """Return whether a number is below its minimum, so that no rewriting has a meaning."""
    if q.length is not None and q.length.fault is not None:
        return True
    return min((*q.stride, *q.dilation), default=1) < 1 or min(q.output_padding, default=0) < 0


def as_passed_to(api: Api, q: Question, *, bias_last: bool = False) -> Question:
    """Return the question with the arguments that are passed.

    It is without a bias that is added after the call or has no part in it. Beside a length it has
    what was written beside the length.
    """
    if q.length is not None:
        q = q.as_written(geometry.padding_of(api.defaults.get("padding", 0), q.rank))
    if q.bias is None or (api.takes_bias and not bias_last and q.uses_bias):
        return q
    return q.but(bias=None)


def _plan(
    draft: Draft, call_source: CallSource | Inexpressible, *, keep_dtype: bool = False
) -> Plan | Inexpressible:
    api = draft.api
    if draft.bias_last and draft.question.is_by_bias:
        return Inexpressible("the call has no derivative by a bias that is added after it")
    if isinstance(call_source, Inexpressible):
        return call_source
    rank = draft.question.rank
    axes, layout = "N C *s", api.layout
    if draft.question.unbatched:
        axes, layout = axes.replace("N ", ""), layout.replace("N ", "")
    to_layout = order(axes, layout, rank)
    from_layout = order(layout, axes, rank)
    canonical = "in out *k" if api.operator == "conv_transpose" else "out in *k"
    kernel = draft.kernel
    if api.divides_inputs and draft.question.groups > 1:
        shape = draft.question.kernel.shape
        kernel += linear_ops.exchange_in_groups(draft.question.groups, *shape[:2])
        canonical = "out in *k"
    return Plan(
        **{
            **vars(draft),
            "question": draft.native_question or draft.question,
            "x": draft.x + linear_ops.permute(to_layout),
            "kernel": kernel + linear_ops.permute(order(canonical, api.kernel_axes, rank)),
            "output": linear_ops.permute(from_layout) + draft.output,
        },
        call_source=call_source,
        add_bias=draft.bias_last or not api.takes_bias,
        keep_dtype=keep_dtype,
    )


@cache
def order(source: str, target: str, rank: int) -> tuple[int, ...]:
    """Return the transposition from one order of named axes to another.

    ``source`` and ``target`` are the names of the axes, such as ``N C *s``; ``*`` stands for all
    spatial axes.
    """

    def names(axes: str) -> list[str]:
        return [
            name + str(i if name.startswith("*") else "")
            for name in axes.split()
            for i in range(rank if name.startswith("*") else 1)
        ]

    return tuple(names(source).index(name) for name in names(target))
