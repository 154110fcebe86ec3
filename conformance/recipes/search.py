"""Recipes: the cheapest way to the oracle's answer in an API, found by rewriting the question.

Rewritings are tried in the order of their cost, and the first that the API can take is the recipe.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from conformance.adapters.base import Api, CallSource, Inexpressible, Limitation
from conformance.adapters.runtime import ANY, Runtime
from conformance.question import Question, products
from conformance.recipes import linear_ops
from conformance.recipes.linear_ops import LinearOp
from conformance.recipes.rewritings import Cost as Cost
from conformance.recipes.rewritings import Draft, rewritings


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """A spelled question, and the maps that lead to it and back.

    moves      the rewritings, in words, by which two recipes are the same
    question   what the API itself is asked; of its arrays only the shapes count
    x, kernel  from the canonical arrays to those of the call
    output     from the output of the call to the canonical one
    split      ask for each group alone, and concatenate
    add_bias   add the bias to the output, because the call does not
    keep_dtype  say what has to be said for the arrays to keep their dtype
    """

    moves: tuple[str, ...]
    question: Question
    call_source: CallSource
    x: tuple[LinearOp, ...]
    kernel: tuple[LinearOp, ...]
    output: tuple[LinearOp, ...]
    split: bool = False
    add_bias: bool = False
    keep_dtype: bool = False
    cost: Cost = Cost.ARGUMENTS


def native(api: Api, question: Question, runtime: Runtime = ANY) -> Plan | Inexpressible:
    """The same-looking call: arrays moved by their axis names, numbers handed over as they are."""
    del runtime  # What is asked natively is the same everywhere.
    draft = Draft(api=api, question=question, call_builder=api.native)
    return _plan(draft, api.native(handed(api, question)))


def recipe(api: Api, question: Question, runtime: Runtime = ANY) -> Plan | Inexpressible:
    """The cheapest call that should give the oracle's answer, or why there is none."""
    if has_no_meaning(question):
        # No other call gives an answer that there is not: what counts is whether this is refused.
        return native(api, question)
    plan: Plan | Inexpressible
    for plan in _plans(api, question, runtime):
        if isinstance(plan, Plan):
            return plan
    if api.base is not None:
        return _with_moved_channels(recipe(api.base, question, runtime))
    # The last draft went furthest out of the way, so its reason is the one that remains.
    return plan


def alternatives(api: Api, question: Question, runtime: Runtime = ANY) -> list[Plan]:
    """The other ways to the oracle's answer.

    Parameters
    ----------
    api, question, runtime
        As of `recipe`.

    Returns
    -------
    list of Plan
        The cheapest first, and one of each price. None makes a move that another could do without.
    """
    plans: list[Plan] = []
    prices = set()
    for plan in _plans(api, question, runtime):
        if isinstance(plan, Inexpressible):
            continue
        price = (plan.cost, *effort(plan, question))
        is_redundant = any(set(other.moves) <= set(plan.moves) for other in plans)
        if price not in prices and not is_redundant:
            prices.add(price)
            plans.append(plan)
    return plans[1:]


def effort(plan: Plan, question: Question) -> tuple[int, float]:
    """What a plan takes.

    Parameters
    ----------
    plan
        A way to the answer of the question.
    question
        What is asked.

    Returns
    -------
    tuple of int and float
        How many calls it makes, and how many times the multiplications that the oracle makes.
    """
    calls = question.groups if plan.split else 1
    return calls, calls * products(plan.question) / max(products(question), 1)


def _plans(api: Api, question: Question, runtime: Runtime) -> Iterator[Plan | Inexpressible]:
    """What becomes of every rewriting, in their order."""
    for draft in rewritings(api, question):
        limitation = _limitation_of(draft, runtime)
        call_question = handed(
            api, draft.native_question or draft.question, bias_last=draft.bias_last
        )
        call_source = (
            Inexpressible(limitation.reason) if limitation else draft.call_builder(call_question)
        )
        yield _plan(draft, call_source, keep_dtype=True)


def _limitation_of(draft: Draft, runtime: Runtime) -> Limitation | None:
    """The known limit in the way of a draft: of its words, and of what they mean if that is wrong.

    Words that are the API's own are not stopped by what they would mean elsewhere.
    """
    question = handed(draft.api, draft.question, bias_last=draft.bias_last)
    if draft.native_question is None:
        return first_limitation(draft.api, question, runtime)
    native_question = handed(draft.api, draft.native_question, bias_last=draft.bias_last)
    return next(
        (
            limitation
            for limitation in draft.api.limits
            if (limitation.stops(native_question, runtime) and not limitation.another_meaning)
            or (limitation.stops(question, runtime) and not limitation.refused)
        ),
        None,
    )


def _with_moved_channels(plan: Plan | Inexpressible) -> Plan | Inexpressible:
    """Return a plan of the base API as one of its variant, whose arrays lie in another order."""
    if isinstance(plan, Inexpressible):
        return plan
    return replace(plan, moves=(*plan.moves, "channels moved"), cost=max(plan.cost, Cost.LAYOUT))


def first_limitation(api: Api, question: Question, runtime: Runtime = ANY) -> Limitation | None:
    """The first known limit that stands in the way of a question, as the call sees it."""
    return next(
        (limitation for limitation in api.limits if limitation.stops(question, runtime)), None
    )


def has_no_meaning(q: Question) -> bool:
    """Whether a number is below the least that it can be, so that every rewriting is nonsense."""
    return min((*q.stride, *q.dilation), default=1) < 1 or min(q.output_padding, default=0) < 0


def handed(api: Api, q: Question, *, bias_last: bool = False) -> Question:
    """The question as the call sees it: without a bias that is added later or has no gradient."""
    has_bias = api.takes_bias and not bias_last and q.wanted in ("output", "parameters")
    return q if has_bias else q.but(bias=None)


def _plan(
    draft: Draft, call_source: CallSource | Inexpressible, *, keep_dtype: bool = False
) -> Plan | Inexpressible:
    if isinstance(call_source, Inexpressible):
        return call_source
    api = draft.api
    rank = draft.question.rank
    to_layout = order("N C *s", api.layout, rank)
    from_layout = order(api.layout, "N C *s", rank)
    canonical = "in out *k" if api.operator == "conv_transpose" else "out in *k"
    return Plan(
        moves=draft.moves,
        question=draft.native_question or draft.question,
        call_source=call_source,
        x=draft.x + linear_ops.permute(to_layout),
        kernel=draft.kernel + linear_ops.permute(order(canonical, api.kernel_axes, rank)),
        output=linear_ops.permute(from_layout) + draft.output,
        split=draft.split,
        add_bias=draft.bias_last or not api.takes_bias,
        keep_dtype=keep_dtype,
        cost=draft.cost,
    )


@cache
def order(source: str, target: str, rank: int) -> tuple[int, ...]:
    """The transposition from one order of named axes to another; ``*`` stands for ``rank`` axes."""

    def names(axes: str) -> list[str]:
        return [
            name + str(i if name.startswith("*") else "")
            for name in axes.split()
            for i in range(rank if name.startswith("*") else 1)
        ]

    return tuple(names(source).index(name) for name in names(target))
