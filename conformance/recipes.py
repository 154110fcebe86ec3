"""Recipes: the cheapest way to the oracle's answer in an API, found by rewriting the question.

A rewriting is another question with the same answer, up to a map of its arrays. They are tried in
the order of their cost, and the first that the API can take is the recipe; no adapter knows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache

import numpy as np

from conformance import geometry, maps
from conformance.api import Api, Inexpressible, Limit, Spelling
from conformance.geometry import Axes, Pairs
from conformance.maps import Map
from conformance.question import Array, Question
from conformance.runtime import ANY, Runtime


class Cost(IntEnum):
    """How far one must go from the same-looking call."""

    ARGUMENTS = 0
    KERNEL = 1
    LAYOUT = 2
    CROP = 3
    COMPOSITION = 4

    @property
    def words(self) -> str:
        """The cost in words."""
        return _COST_WORDS[self]


_COST_WORDS = {
    Cost.ARGUMENTS: "arguments only",
    Cost.KERNEL: "kernel transform",
    Cost.LAYOUT: "arrays transposed around the call",
    Cost.CROP: "crop or pad around the call",
    Cost.COMPOSITION: "composition of several calls",
}


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
    spelling: Spelling
    x: tuple[Map, ...]
    kernel: tuple[Map, ...]
    output: tuple[Map, ...]
    split: bool = False
    add_bias: bool = False
    keep_dtype: bool = False
    cost: Cost = Cost.ARGUMENTS


@dataclass(frozen=True, eq=False, kw_only=True)
class Draft:
    """A rewritten question on its way to a plan."""

    question: Question
    moves: tuple[str, ...] = ()
    x: tuple[Map, ...] = ()
    kernel: tuple[Map, ...] = ()
    output: tuple[Map, ...] = ()
    split: bool = False
    bias_last: bool = False
    cost: Cost = Cost.ARGUMENTS


def native(api: Api, question: Question, runtime: Runtime = ANY) -> Plan | Inexpressible:
    """The same-looking call: arrays moved by their axis names, numbers handed over as they are."""
    del runtime  # What is asked natively is the same everywhere.
    draft = Draft(question=question)
    return _plan(api, draft, api.native(handed(api, question)))


def recipe(api: Api, question: Question, runtime: Runtime = ANY) -> Plan | Inexpressible:
    """The cheapest call that should give the oracle's answer, or why there is none."""
    if has_no_meaning(question):
        # No other call gives an answer that there is not: what counts is whether this is refused.
        return native(api, question)
    reasons = []
    for draft in _rewritings(api, question):
        asked = handed(api, draft.question, bias_last=draft.bias_last)
        limit = refusing(api, asked, runtime)
        spelling = Inexpressible(limit.reason) if limit else api.recipe(asked)
        if isinstance(spelling, Spelling):
            return _plan(api, draft, spelling, keep_dtype=True)
        reasons.append(spelling)
    if api.base is not None:
        return _transposed(recipe(api.base, question, runtime))
    # The last draft went furthest out of the way, so its reason is the one that remains.
    return reasons[-1]


def _transposed(plan: Plan | Inexpressible) -> Plan | Inexpressible:
    """Return a plan of the base API as one of its variant, whose arrays lie in another order."""
    if isinstance(plan, Inexpressible):
        return plan
    return replace(plan, moves=(*plan.moves, "channels moved"), cost=max(plan.cost, Cost.LAYOUT))


def refusing(api: Api, asked: Question, runtime: Runtime = ANY) -> Limit | None:
    """The first known limit that stands in the way of a question, as the call sees it."""
    return next((limit for limit in api.limits if limit.stops(asked, runtime)), None)


def has_no_meaning(q: Question) -> bool:
    """Whether a number is below the least that it can be, so that every rewriting is nonsense."""
    return min((*q.stride, *q.dilation), default=1) < 1 or min(q.output_padding, default=0) < 0


def handed(api: Api, q: Question, *, bias_last: bool = False) -> Question:
    """The question as the call sees it: without a bias that is added later or has no gradient."""
    takes = api.takes_bias and not bias_last and q.wanted in ("output", "parameters")
    return q if takes else q.but(bias=None)


def _plan(
    api: Api, draft: Draft, spelling: Spelling | Inexpressible, *, keep_dtype: bool = False
) -> Plan | Inexpressible:
    if isinstance(spelling, Inexpressible):
        return spelling
    rank = draft.question.rank
    to_layout = order("N C *s", api.layout, rank)
    from_layout = order(api.layout, "N C *s", rank)
    canonical = "in out *k" if api.operator == "conv_transpose" else "out in *k"
    return Plan(
        moves=draft.moves,
        question=draft.question,
        spelling=spelling,
        x=draft.x + maps.permute(to_layout),
        kernel=draft.kernel + maps.permute(order(canonical, api.kernel_axes, rank)),
        output=maps.permute(from_layout) + draft.output,
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


def _rewritings(api: Api, question: Question) -> Iterator[Draft]:
    """Every rewriting, cheapest first."""
    start = Draft(question=question)
    if question.operator == "interpolate":
        yield start
        return
    if api.flips:
        start = replace(
            start, moves=("kernel flipped",), kernel=maps.flip(question.rank), cost=Cost.KERNEL
        )
    yield from _paddings(start)  # which mostly is all that is looked at, and none is cheaper
    drafts = [start]
    for rewriting in (_counted, _filled, _split, _unstrided, _dilated, _around, _biased):
        drafts += [rewritten for draft in drafts for rewritten in rewriting(draft)]
    # The sort is stable: of two with the same cost, the one with fewer rewritings stays first.
    for draft in sorted(drafts[1:], key=lambda draft: draft.cost):
        yield from _paddings(draft)


def _paddings(draft: Draft) -> Iterator[Draft]:
    """The same padding as it was asked, as numbers, as a word, and with equal sides."""
    q = draft.question
    yield draft
    if isinstance(q.padding, str):
        yield _moved(draft, "padding as numbers", padding=q.pairs)
    else:
        for word in geometry.WORDS:
            if q.but(padding=word).pairs == q.pairs:
                yield _moved(draft, f"padding as {word!r}", padding=word)
    if q.operator == "conv_transpose":
        # Cropping less at the end is the same as a longer output.
        longer = tuple(p + b - e for p, (b, e) in zip(q.output_padding, q.pairs, strict=True))
        if min(longer) >= 0 and longer != q.output_padding:
            equal = tuple((b, b) for b, _ in q.pairs)
            move = "padding equal at both ends"
            yield _moved(draft, move, padding=equal, output_padding=longer)


def _moved(draft: Draft, move: str, **changes: object) -> Draft:
    return replace(draft, moves=(*draft.moves, move), question=draft.question.but(**changes))


def _counted(draft: Draft) -> Iterator[Draft]:
    """A layer that is only counted, without what adds no parameters."""
    q = draft.question
    if q.wanted == "parameters":
        yield _moved(
            draft,
            "what adds no parameters left out",
            stride=(1,) * q.rank,
            padding=((0, 0),) * q.rank,
            output_padding=(0,) * q.rank,
            dilation=(1,) * q.rank,
        )


def _filled(draft: Draft) -> Iterator[Draft]:
    """A batch of one that is zero, in place of an empty one."""
    q = draft.question
    if len(q.x) == 0 and q.wanted != "parameters":
        yield replace(
            draft,
            moves=(*draft.moves, "a batch of zeros in place of none"),
            question=q.but(x=_shaped(q.x, (1, *q.x.shape[1:]))),
            x=draft.x + maps.fill_batch(),
            output=maps.empty_batch() + draft.output,
            cost=max(draft.cost, Cost.CROP),
        )


def _unstrided(draft: Draft) -> Iterator[Draft]:
    """A stride of 1 along axes where a stride means nothing, as there is one place to take."""
    q = draft.question
    if not q.has_output:
        return
    places = q.output_space if q.operator == "conv" else q.space
    stride = tuple(1 if n == 1 else s for n, s in zip(places, q.stride, strict=True))
    if stride != q.stride:
        pairs = tuple(
            # With a stride of 1 there would be further places in what the kernel does not reach.
            (b, r - n - b) if q.operator == "conv" and place == 1 else (b, e)
            for n, place, r, (b, e) in zip(
                q.space, places, geometry.reach(q.window, q.dilation), q.pairs, strict=True
            )
        )
        yield _moved(draft, "stride 1 along single places", stride=stride, padding=pairs)


def _dilated(draft: Draft) -> Iterator[Draft]:
    """The dilation put into the kernel as zeros, of which a layer would count more."""
    q = draft.question
    if set(q.dilation) != {1} and q.wanted != "parameters":
        shape = (*q.kernel.shape[:2], *geometry.reach(q.window, q.dilation))
        yield replace(
            draft,
            moves=(*draft.moves, "zeros put into the kernel"),
            question=q.but(kernel=_shaped(q.kernel, shape), dilation=(1,) * q.rank),
            kernel=maps.dilate(q.kernel.shape, q.dilation) + draft.kernel,
            cost=max(draft.cost, Cost.KERNEL),
        )


def _around(draft: Draft) -> Iterator[Draft]:
    """No padding in the call: the output cropped or extended after it, the input before it."""
    q = draft.question
    none = ((0, 0),) * q.rank
    grow: Pairs
    if q.operator == "conv":
        grow = q.pairs
        bare = q.but(x=_shaped(q.x, (*q.x.shape[:2], *_grown(q.space, grow))), padding=none)
        around = replace(draft, question=bare, x=draft.x + maps.window(q.space, grow))
    else:
        if not q.has_output:
            return  # Cropping would answer with an empty array, in the framework's place.
        bare = q.but(padding=none, output_padding=(0,) * q.rank)
        grow = tuple((-b, p - e) for (b, e), p in zip(q.pairs, q.output_padding, strict=True))
        output = maps.window(bare.output_space, grow) + draft.output
        around = replace(draft, question=bare, output=output)
    if q.pairs != none or any(q.output_padding):
        around_what = "input padded" if q.operator == "conv" else "output cropped or padded"
        yield replace(
            around,
            moves=(*draft.moves, *(() if grow == none else (around_what,))),
            # Beyond the full output there is nothing but bias, and the call cannot put it there.
            # A layer that is only counted has its bias all the same.
            bias_last=draft.bias_last
            or (
                q.operator == "conv_transpose" and q.wanted == "output" and max(map(max, grow)) > 0
            ),
            cost=draft.cost if grow == none else max(draft.cost, Cost.CROP),
        )


def _biased(draft: Draft) -> Iterator[Draft]:
    """The bias added to the output."""
    q = draft.question
    if q.bias is not None and q.wanted == "output" and not draft.bias_last:
        yield replace(
            draft,
            moves=(*draft.moves, "bias added last"),
            bias_last=True,
            cost=max(draft.cost, Cost.CROP),
        )


def _split(draft: Draft) -> Iterator[Draft]:
    """Each group in a call of its own."""
    q = draft.question
    if q.groups > 1:
        yield replace(
            draft,
            moves=(*draft.moves, "a call for each group"),
            question=q.but(
                x=q.x[:, : q.x.shape[1] // q.groups],
                kernel=q.kernel[: len(q.kernel) // q.groups],
                bias=None if q.bias is None else q.bias[: len(q.bias) // q.groups],
                groups=1,
            ),
            split=True,
            cost=Cost.COMPOSITION,
        )


def _grown(lengths: Axes, grow: Pairs) -> Axes:
    return tuple(n + b + e for n, (b, e) in zip(lengths, grow, strict=True))


def _shaped(array: Array, shape: tuple[int, ...]) -> Array:
    """A stand-in for an array that only the worker will hold: its shape and dtype, no memory."""
    return np.broadcast_to(np.zeros((), array.dtype), shape)
