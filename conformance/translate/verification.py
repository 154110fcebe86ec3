"""Prove a translation by the cases of a run, or by making both calls now."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from conformance.adapters.call_source import Inexpressible
from conformance.comparison import is_same
from conformance.observations import Mode
from conformance.question import Array, Question, products
from conformance.recipes.call_writer import Call
from conformance.runs import calls
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import unfiled_case
from conformance.translate import proofs, translation
from conformance.translate.ends import End, NoAnswer, environment_title
from conformance.translate.translation import Translation
from conformance.utils.excerpt import first
from conformance.utils.text import count
from conformance.workers.outcomes import Answer, Refusal

TRIES = 3
"""Random inputs of each call."""
MOST_NUMBERS, MOST_PRODUCTS = 2**26, 2**36
"""Limits of an array and of an answer of a call that is made here."""
SHOWN = 3
"""Cases of a proof that are named."""


def proof_lines(result: Translation, target: End, remedy: str = "") -> tuple[str, ...]:
    """Return on how many cases the call was right in the environment of the target.

    ``remedy`` is the end of a line that says that no case proves it.
    """
    recipe = f"this recipe ({'; '.join(result.call.moves)})" if result.call.moves else "this recipe"
    framework = f"{target.place.framework.name} {environment_title(target.header)}"
    if not target.is_recorded:
        return (f"proof:   none: there is no run of {framework}{remedy}",)
    evidence = proofs.proof(target.place.api, result.question, result.call.moves, target.record)
    if not evidence.cases:
        numbers = zip(evidence.arguments, evidence.apart, strict=True)
        apart = ", ".join(f"{name} on {count(number, 'case')}" for name, number in numbers)
        return (
            f"proof:   none: no case with all of these arguments was asked by {recipe} in"
            f" {framework}{remedy}",
            f"apart:   it was right with {apart}",
        )
    return (
        f"proof:   {recipe} was run on {count(len(evidence.cases), 'case')} with these arguments"
        f" and gave the right answer, in {framework}: {first(evidence.cases, SHOWN)}",
        f"these:   {', '.join(evidence.arguments)}",
    )


def verify(
    question: Question, result: Translation, source: End, target: End
) -> Refusal | str | None:
    """Make both calls, or the one that has an interpreter, and compare the answers.

    ``source`` and ``target`` are the ends. The oracle answers for an end without an interpreter.
    Returns the refusal of the source, or the result in words; None where no interpreter is there.
    Raises ``NoAnswer`` if there is no answer, or the answers differ.
    """
    if source.client is None and target.client is None:
        return None
    _check_size(result.question)
    inputs = [translation.random_arrays(result, seed) for seed in range(TRIES)]

    def oracle() -> list[Array]:
        api = source.place.api
        return [translation.expected(question, api, source.profile, arrays) for arrays in inputs]

    native = (
        _answers(source, "native", question, result.native, inputs) if source.client else oracle()
    )
    if isinstance(native, Refusal):
        return native
    equivalent = (
        _answers(target, "recipe", result.question, result.call, inputs)
        if target.client
        else oracle()
    )
    if isinstance(equivalent, Refusal):
        raise NoAnswer(f"cannot verify: {target.place.api.id}: {equivalent.words}")
    pairs = zip(native, equivalent, strict=True)
    if not all(is_same(*pair) for pair in pairs):
        falsehood = proofs.falsehood(source.place.api, result.question, source.place.runtime)
        reason = "this is a bug here"
        if falsehood:
            reason = f"the first is known to be wrong: {falsehood}"
        raise NoAnswer(f"not verified: the two calls give different numbers; {reason}")
    if source.client and target.client:
        method = "by running both"
    else:
        end = source if source.client else target
        method = f"by running {end.title} against the oracle"
    return f"verified: the same to the bit on {TRIES} random inputs, {method}"


def _answers(
    end: End, mode: Mode, question: Question, call: Call, inputs: Sequence[dict[str, Array]]
) -> list[Array] | Refusal:
    """Return the answers of a call, or its first refusal; raise `NoAnswer` without either."""
    assert end.client is not None  # or the oracle answers
    case, place = unfiled_case("translation", question), end.place
    invocations = (
        Invocation(case, place.api, (mode,), replace(call, arrays=arrays), place.runtime)
        for arrays in inputs
    )
    answers: list[Array] = []
    for result in calls.run(end.client, invocations):
        outcome = result.outcome
        assert not isinstance(outcome, Inexpressible)  # as each is a call
        if isinstance(outcome, Refusal):
            return outcome
        if not isinstance(outcome, Answer):
            raise NoAnswer(f"cannot verify: {outcome.words}")
        answers.append(outcome.array)
    return answers


def _check_size(question: Question) -> None:
    """Raise `NoAnswer` for a call that is too large to be made here."""
    unpadded = question.but(padding="valid")
    shapes = (unpadded.x.shape, unpadded.kernel.shape, unpadded.output_shape)
    for number, limit, unit in (
        (max(map(prod, shapes)), MOST_NUMBERS, "numbers in an array"),
        (products(unpadded), MOST_PRODUCTS, "products"),
    ):
        if number > limit:
            raise NoAnswer(f"cannot verify: it takes {number} {unit}; at most {limit} are run")
