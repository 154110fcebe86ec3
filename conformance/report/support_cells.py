"""Answer a question of the support matrix for one column of the report, in a word.

An answer is read off the observed conventions, or counted over the naive calls of a kind of cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from conformance.adapters.base import Api
from conformance.adapters.registry import APIS
from conformance.observations import ANSWERED
from conformance.question import Question
from conformance.report.convention_table import Cell, Kind
from conformance.report.data import ReportData
from conformance.report.environments import Column
from conformance.report.support_questions import SupportQuestion
from conformance.utils.text import count, plain, shortened

Tone: TypeAlias = Literal["same", "other", "absent", "refused", "broken", "unknown"]
TONES: Mapping[Tone, tuple[str, str]] = {
    "same": ("", "what the reference does"),
    "other": ("◆", "something else: translate"),
    "absent": ("∅", "no such argument"),
    "refused": ("⊘", "refused, always or in part"),
    "broken": ("✗", "crashes, or often answers wrongly"),
    "unknown": ("?", "not known from these cases"),
}
"""The sign and the meaning of each tone, from the mildest."""
_TONE_OF: Mapping[Kind, Tone] = {
    "agrees": "same",
    "other choice": "other",
    "no parameter": "absent",
    "refused": "refused",
    "no answer": "broken",
    "not told apart": "unknown",
    "no case": "unknown",
    "not run": "unknown",
}
_WORD_OF: Mapping[str, str] = {
    "no parameter": "none",
    "no answer": "crashes",
    "not told apart": "unknown",
    "no case": "no case",
}


@dataclass(frozen=True)
class SupportCell:
    """What a column does about a question.

    Attributes
    ----------
    word
        In a word or two.
    tone
        How that compares with the reference.
    sentence
        The same in a sentence.
    cases
        The number of cases behind it.
    """

    word: str
    tone: Tone
    sentence: str = field(default="", compare=False)
    cases: int = field(default=0, compare=False)

    @property
    def sign(self) -> str:
        """Return the sign of its tone."""
        return TONES[self.tone][0]


EXCEPTIONS = 0.1
"""A cell says that answers are wrong if they are more than this share of those that are right."""


def cell_of_axis(question: SupportQuestion, cell: Cell, api: Api | None, wrong: int) -> SupportCell:
    """Read a cell off a convention, or off a fact of the API where the convention agrees.

    ``wrong`` counts the answers with such arguments that nothing explains.
    """
    word = question.words.get(cell.words) or _WORD_OF.get(cell.words, cell.words)
    tone, sentence = _TONE_OF[cell.kind], cell.sentence
    if question.fact and cell.kind == "agrees" and api is not None:
        fact = getattr(api, question.fact)
        if fact != type(api).__dataclass_fields__[question.fact].default:
            tone = "other"
        word = question.words.get(fact, fact.replace(" ", ", ").replace("*", ""))
        sentence = f"The order of the axes is {fact.replace('*', '')}."
    number = len(cell.cases)
    wrong = wrong if question.counts_wrong and cell.choice else 0
    exceptions = {"Against it": len(cell.against), "Wrong and unexplained": wrong}
    for kind, cases in exceptions.items():
        if cases:
            sentence += f" {kind}: {count(cases, 'case')} of {number + cases}."
    if sum(exceptions.values()) > EXCEPTIONS * number:
        return SupportCell(f"{word}, some wrong", "broken", sentence, number)
    return SupportCell(f"{word}, {wrong} wrong" if wrong else word, tone, sentence, number)


def fold(cells: Sequence[SupportCell]) -> SupportCell:
    """Return one cell for several: what is known, in the gravest tone."""
    known = [cell for cell in cells if cell.tone != "unknown"] or list(cells)
    words = tuple(dict.fromkeys(cell.word for cell in known))
    tone = max((cell.tone for cell in known), key=list(TONES).index)
    return SupportCell(" / ".join(words), tone, " ".join(dict.fromkeys(c.sentence for c in known)))


class CountedCalls:
    """Counts the naive calls of a kind of cases, by column."""

    def __init__(self, data: ReportData) -> None:
        questions = {
            case.id: case.question
            for case in data.cases
            if isinstance(case.question, Question) and not case.expected.error
        }
        self._calls: dict[tuple[int, str], list[tuple[Question | None, str, str | None]]] = {}
        rows = data.verdicts[["run", "api", "case", "native", "native_reason"]]
        for run, api, case, status, reason in rows.itertuples(index=False, name=None):
            call = (questions.get(case), status, reason)
            self._calls.setdefault((run, api), []).append(call)

    def cell(self, question: SupportQuestion, column: Column) -> SupportCell:
        """Return what the naive calls of a kind of cases did."""
        if question.cases == "variant":
            calls = [
                (status, reason)
                for (run, api), of_api in self._calls.items()
                if run == column.run and api in APIS and APIS[api].is_variant
                if api.partition("(")[0] == column.api
                for _, status, reason in of_api
            ]
            if not calls:
                return SupportCell("not asked", "unknown", "There is no API of its own for it.")
        else:
            concerns = _KINDS[question.cases]
            calls = [
                (status, reason)
                for q, status, reason in self._calls.get((column.run, column.api), ())
                if q is not None and concerns(q)
            ]
        return _counted_cell(calls)


def _counted_cell(calls: Sequence[tuple[str, str | None]]) -> SupportCell:
    statuses = Counter(status for status, _ in calls)
    written = sum(number for status, number in statuses.items() if status not in _UNASKED)
    answered = sum(statuses[status] for status in ANSWERED)
    if not written and statuses["inexpressible"]:
        return SupportCell("no", "absent", "No naive call can be written.", len(calls))
    if not written:
        return SupportCell("unknown", "unknown", "No case was run.")
    sentence = f"{answered} of {written} naive calls were answered."
    reasons = (
        reason for status, reason in calls if reason and status not in (*ANSWERED, *_UNASKED)
    )
    if reason := next(reasons, None):
        sentence += f" {shortened(plain(reason))}"
    if any(statuses[status] for status in ("crashed", "hung", "flaky")):
        return SupportCell("crashes", "broken", sentence, written)
    if answered == written:
        return SupportCell("yes", "same", sentence, written)
    return SupportCell("in part" if answered else "refused", "refused", sentence, written)


_UNASKED = ("not run", "inexpressible")
_KINDS: Mapping[str, Callable[[Question], bool]] = {
    "rank 3": lambda q: q.rank == 3 and max(*q.dilation, q.groups) == 1 and _is_plain(q),
    "rank 3 dilated": lambda q: q.rank == 3 and max(q.dilation) > 1 and _is_plain(q),
    "rank 3 in groups": lambda q: q.rank == 3 and q.groups > 1 and _is_plain(q),
}
"""The kinds of questions that are counted, beside those of a variant."""


def _is_plain(q: Question) -> bool:
    """Return whether only its axes, its dilation and its groups may stop a question."""
    has_padding = q.padding != "valid" and any(map(any, q.pairs))
    return (q.wanted, q.dtype) == ("output", "float32") and not has_padding and q.has_output
