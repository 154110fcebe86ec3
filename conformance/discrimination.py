"""Discrimination: which conventions the cases can tell from the oracle, and whether they are named.

Every convention, alone and with another, is a synthetic framework: it answers as the oracle does
under the convention. A case sees it when that answer is not the oracle's; the diagnosis of the
answer must then be the convention that was put in, or a tie that holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from conformance.conventions import CONVENTIONS
from conformance.diagnosis import Explanation, answer_under, diagnose
from conformance.question import Array
from conformance.survey import Subject

ENOUGH = 3
"""How many cases must see a convention."""


@dataclass(frozen=True)
class Seen:
    """A synthetic framework, the cases that see it, and those of them whose diagnosis names it."""

    conventions: Explanation
    cases: tuple[str, ...]
    named: tuple[str, ...]

    @property
    def words(self) -> str:
        """The conventions by name."""
        return " + ".join(map(str, self.conventions))


def singles(subjects: Sequence[Subject]) -> Iterator[Seen]:
    """Every convention alone, against every case."""
    for convention in CONVENTIONS:
        yield _seen((convention,), subjects)


def pairs(subjects: Sequence[Subject], most: int = ENOUGH) -> Iterator[Seen]:
    """Every two conventions on different axes, against the first ``most`` cases that see them."""
    for one, other in combinations(CONVENTIONS, 2):
        if one.axis is not other.axis:
            yield _seen((one, other), subjects, most)


def _seen(conventions: Explanation, subjects: Iterable[Subject], most: int | None = None) -> Seen:
    seen: list[str] = []
    named: list[str] = []
    for subject in subjects:
        if len(seen) == most:
            break
        answer = _synthetic(conventions, subject)
        if answer is None or subject.wanted is None:
            continue
        found = diagnose(
            subject.case.question, subject.wanted, answer, exact=subject.case.exact
        ).explanations
        if found and len(found[0]) < len(conventions):
            continue  # Fewer conventions give that answer too, so this case does not see them all.
        seen.append(subject.case.id)
        if any(set(explanation) == set(conventions) for explanation in found):
            named.append(subject.case.id)
    return Seen(conventions, tuple(seen), tuple(named))


def _synthetic(conventions: Explanation, subject: Subject) -> Array | None:
    """What a framework with these conventions answers; None where nobody can tell it from right."""
    wanted = subject.wanted
    if wanted is None:
        return None
    try:
        answer = answer_under(subject.case.question, conventions)
    except ValueError:
        return None
    if answer is None or (answer.shape == wanted.shape and (answer == wanted).all()):
        return None
    return answer
