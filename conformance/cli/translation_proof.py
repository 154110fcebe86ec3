"""What `translate` says of its own call: the cases that prove it, or what came of making it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from conformance.cli.exit_status import refuse
from conformance.cli.translation_ends import End, where
from conformance.question import Array, Question, products
from conformance.recipes.call_writer import Call
from conformance.translate import proofs, translation
from conformance.translate.translation import Translation
from conformance.utils.text import count
from conformance.workers.outcomes import Answer, Refusal
from conformance.workers.worker_client import Task, WorkerClient

TRIES = 3
"""How many random inputs a call is made with."""
MOST_NUMBERS, MOST_PRODUCTS = 2**26, 2**36
"""In an array and in an answer of a call that is made here."""
SHOWN = 3
"""How many of the cases that prove a call are named."""


def proof(found: Translation, target: End) -> tuple[str, ...]:
    """Say on how many cases the call was right, where it is to be made.

    Parameters
    ----------
    found
        The translation.
    target
        Where its call is to be made.

    Returns
    -------
    tuple of str
        Lines for a person.
    """
    recipe = f"this recipe ({'; '.join(found.call.moves)})" if found.call.moves else "this recipe"
    framework = f"{target.place.framework.name} {where(target.header)}"
    remedy = "" if target.client else "; --verify runs it"
    if not target.is_recorded:
        return (f"proof:   none: there is no run of {framework}{remedy}",)
    proven = proofs.proof(target.place.api, found.question, found.call.moves, target.record)
    if not proven.cases:
        counted = zip(proven.arguments, proven.apart, strict=True)
        apart = ", ".join(f"{name} on {count(number, 'case')}" for name, number in counted)
        return (
            f"proof:   none: no case with all of these arguments was asked by {recipe} in"
            f" {framework}{remedy}",
            f"apart:   it was right with {apart}",
        )
    more = len(proven.cases) - SHOWN
    return (
        f"proof:   {recipe} was run on {count(len(proven.cases), 'case')} with these arguments and"
        f" gave the right answer, in {framework}: {', '.join(proven.cases[:SHOWN])}"
        f"{f' and {more} more' if more > 0 else ''}",
        f"these:   {', '.join(proven.arguments)}",
    )


@dataclass(frozen=True)
class Made:
    """What came of making the calls that can be made.

    Attributes
    ----------
    refusal
        Of the first one.
    sentence
        What the answers come to; None where nobody was asked.
    """

    refusal: Refusal | None = None
    sentence: str | None = None


def made(question: Question, found: Translation, source: End, target: End) -> Made:
    """Make both calls, or the one that can be made, and hold the answers against each other.

    Parameters
    ----------
    question
        Same-looking arguments, as a person writes them for the source.
    found
        The translation.
    source, target
        Where the calls are made. One that is not made is answered by the oracle.

    Returns
    -------
    Made

    Raises
    ------
    SystemExit
        Where there is no answer, or the answers are not the same.
    """
    if source.client is None and target.client is None:
        return Made()
    _keep_small(found.question)
    given = [translation.random_arrays(found, seed) for seed in range(TRIES)]

    def oracle() -> list[Array]:
        api = source.place.api
        return [translation.expected(question, api, source.profile, arrays) for arrays in given]

    one = _answers(source.client, found.native, given) if source.client else oracle()
    if isinstance(one, Refusal):
        return Made(refusal=one)
    other = _answers(target.client, found.call, given) if target.client else oracle()
    if isinstance(other, Refusal):
        refuse("translate", f"cannot verify: {target.place.api.id}: {other.words}")
    pairs = zip(one, other, strict=True)
    if not all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs):
        wrong = proofs.falsehood(source.place.api, found.question, source.place.runtime)
        reason = f"the first is known to be wrong: {wrong}" if wrong else "this is a bug here"
        refuse("translate", f"not verified: the two calls give different numbers; {reason}")
    if source.client and target.client:
        how = "by running both"
    else:
        asked = source if source.client else target
        how = f"by running {asked.title} against the oracle"
    return Made(sentence=f"verified: the same to the bit on {TRIES} random inputs, {how}")


def _answers(
    client: WorkerClient, call: Call, given: Sequence[dict[str, Array]]
) -> list[Array] | Refusal:
    """The answers of a call, or its first refusal. Ends the command where there is neither."""
    tasks = [Task(str(number), call.source, arrays) for number, arrays in enumerate(given)]
    came: list[Array] = []
    for _, outcome in client.ask(tasks):
        if isinstance(outcome, Refusal):
            return outcome
        if not isinstance(outcome, Answer):
            refuse("translate", f"cannot verify: {outcome.words}")
        came.append(outcome.array)
    return came


def _keep_small(question: Question) -> None:
    """Ends the command where a call is too large to be made here."""
    bare = question.but(padding="valid")
    largest = max(prod(shape) for shape in (bare.x.shape, bare.kernel.shape, bare.output_shape))
    for number, most, what in (
        (largest, MOST_NUMBERS, "numbers in an array"),
        (products(bare), MOST_PRODUCTS, "products"),
    ):
        if number > most:
            refuse("translate", f"cannot verify: it takes {number} {what}; at most {most} are run")
