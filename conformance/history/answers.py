"""Describe the answer to one case in one version, so that answers of versions can be compared."""

from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import NamedTuple

from conformance.conventions.axes import BY_NAME
from conformance.history.version_ranges import Row, State
from conformance.observations import Observation, Status
from conformance.recorded_answers import numbers_of


class CaseAnswer(NamedTuple):
    """An answer in words, with what distinguishes it from answers in the same words.

    Parameters
    ----------
    names
        Of the conventions that explain it; None where none do.
    numbers
        What distinguishes the numbers of a mismatch.
    """

    state: State
    names: tuple[str, ...] | None = None
    numbers: Hashable = None


def case_answer(observation: Observation, conventions: Collection[str]) -> CaseAnswer:
    """Return the answer of an observation.

    An explanation by ``conventions``, those of the API's profile in that version, is preferred.
    """
    status = observation.status
    if status != "mismatch":
        return CaseAnswer(_STATES[status], () if status == "match" else None)
    if not observation.explanations:
        remark = (
            "that no known convention explains" if observation.diagnosis else "where there is none"
        )
        return CaseAnswer(State("other", f"an answer {remark}"), None, numbers_of(observation))
    candidates = (names for names in observation.explanations if set(names).issubset(conventions))
    names = next(candidates, observation.explanations[0])
    words = " ".join(
        BY_NAME[name].choice.sentence if name in BY_NAME else f"{name}." for name in names
    )
    return CaseAnswer(State("other", words), names, numbers_of(observation))


_STATES: Mapping[Status, State] = {
    "match": State("right", "as the reference has it"),
    "undecided": State("other", "within rounding of the right answer and of another one"),
    "rejected": State("refused", "refused"),
    "inexpressible": State("refused", "cannot be written"),
    "crashed": State("broken", "crashes"),
    "hung": State("broken", "gives no answer in time"),
    "flaky": State("broken", "answers now so, now otherwise"),
}


def states(answers: Row[CaseAnswer]) -> Iterator[tuple[int, int, State]]:
    """Yield the states of answers, and mark a different answer in the words of the one before."""
    previous = None
    for first, last, answer in answers:
        repeats = answer.state == previous
        previous = answer.state
        words = f"{answer.state.words} (another answer)" if repeats else answer.state.words
        yield first, last, State(answer.state.kind, words)
