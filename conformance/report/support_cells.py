"""Answer a question of the support matrix for one column of the report, in a word.

An answer is read off the observed conventions, or counted over the naive calls of a kind of cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from conformance.adapters.registry import APIS
from conformance.observations import ANSWERED
from conformance.question import Question
from conformance.report.convention_table import Cell, Kind
from conformance.report.data import ReportData
from conformance.report.environments import Column
from conformance.report.support_questions import SupportQuestion
from conformance.utils.text import plain, shortened

Tone: TypeAlias = Literal["same", "other", "absent", "refused", "broken", "unknown"]
TONES: Mapping[Tone, tuple[str, str]] = {
    "same": ("", "what the reference does"),
    "other": ("◆", "something else: translate"),
    "absent": ("∅", "no such argument"),
    "refused": ("⊘", "refused, at least in part"),
    "broken": ("✗", "crashes, or is not always so"),
    "unknown": ("?", "not known"),
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
    exceptions
        In how many cases it is otherwise, in words.
    """

    word: str
    tone: Tone
    sentence: str = field(default="", compare=False)
    cases: int = field(default=0, compare=False)
    exceptions: str = field(default="", compare=False)

    @property
    def sign(self) -> str:
        """Return the sign of its tone."""
        return TONES[self.tone][0]


SHOWN = 3
"""The most words of a cell that stands for several; more are counted."""
EXCEPTIONS = 0.1
"""A cell says that there are exceptions if they are more than this share of its cases."""


def cell_of_axis(
    question: SupportQuestion, cell: Cell, column: Column, calls: NaiveCalls, wrong: int
) -> SupportCell:
    """Read a cell off a convention, or off a fact of the API where the convention agrees.

    ``wrong`` counts the answers with such arguments that nothing explains.
    """
    word = question.words.get(cell.words) or _WORD_OF.get(cell.words, cell.words)
    tone, sentence = _TONE_OF[cell.kind], cell.sentence
    if question.fact and cell.kind == "agrees" and (api := APIS.get(column.api)) is not None:
        fact = getattr(api, question.fact)
        if fact != type(api).__dataclass_fields__[question.fact].default:
            tone = "other"
        word = question.words.get(fact, fact.replace(" ", ", ").replace("*", ""))
        sentence = f"The order of the axes is {fact.replace('*', '')}."
    if cell.kind == "refused" and (reason := calls.reason(column, cell.cases)):
        sentence += f" {reason}"
    number = len(cell.cases)
    wrong = wrong if question.counts_wrong and cell.choice else 0
    exceptions = {"not always": len(cell.against), "some wrong": wrong}
    kinds = ("otherwise in", "wrong and unexplained in")
    told = zip(kinds, exceptions.values(), strict=True)
    words = ", ".join(f"{kind} {cases}" for kind, cases in told if cases)
    if sum(exceptions.values()) > EXCEPTIONS * number:
        gravest = max(exceptions, key=exceptions.__getitem__)
        return SupportCell(f"{word}, {gravest}", "broken", sentence, number, words)
    word = f"{word}, {wrong} wrong" if wrong else word
    return SupportCell(word, tone, sentence, number, words)


def fold(cells: Sequence[SupportCell]) -> SupportCell:
    """Return one cell for several: the most frequent words that are known, in the gravest tone."""
    known = [cell for cell in cells if cell.tone != "unknown"] or list(cells)
    words = [word for word, _ in Counter(cell.word for cell in known).most_common()]
    if len(words) > SHOWN:
        words[SHOWN - 1 :] = [f"{len(words) - SHOWN + 1} more"]
    tone = max((cell.tone for cell in known), key=list(TONES).index)
    return SupportCell(" / ".join(words), tone, " ".join(dict.fromkeys(c.sentence for c in known)))


class _Call(NamedTuple):
    question: Question | None
    status: str
    reason: str | None


class NaiveCalls:
    """The naive calls of a report, by column and case."""

    def __init__(self, data: ReportData) -> None:
        questions = {
            case.id: case.question
            for case in data.cases
            if isinstance(case.question, Question) and not case.expected.error
        }
        self._calls: dict[tuple[int, str], dict[str, _Call]] = {}
        rows = data.verdicts[["run", "api", "case", "native", "native_reason"]]
        for run, api, case, status, reason in rows.itertuples(index=False, name=None):
            call = _Call(questions.get(case), status, reason)
            self._calls.setdefault((run, api), {})[case] = call

    def reason(self, column: Column, cases: Iterable[str]) -> str:
        """Return the most frequent reason why cases were refused, or an empty string."""
        calls = self._calls.get((column.run, column.api), {})
        refused = (calls[id_] for id_ in cases if id_ in calls)
        reasons = Counter(c.reason for c in refused if c.reason and c.status == "rejected")
        return next((_in_short(reason) for reason, _ in reasons.most_common(1)), "")

    def cell(self, question: SupportQuestion, column: Column) -> SupportCell:
        """Return what the naive calls of a kind of cases did."""
        if question.cases == "variant":
            calls = [
                call
                for (run, api), of_api in self._calls.items()
                if run == column.run and api in APIS and APIS[api].is_variant
                if api.partition("(")[0] == column.api
                for call in of_api.values()
            ]
            if not calls:
                return SupportCell("not asked", "unknown", "There is no API of its own for it.")
        else:
            concerns = _KINDS[question.cases]
            of_column = self._calls.get((column.run, column.api), {}).values()
            calls = [call for call in of_column if call.question and concerns(call.question)]
        return _counted_cell(calls)


def _in_short(reason: str) -> str:
    return shortened(plain(reason))


def _counted_cell(calls: Sequence[_Call]) -> SupportCell:
    statuses = Counter(call.status for call in calls)
    written = sum(number for status, number in statuses.items() if status not in _UNASKED)
    answered = sum(statuses[status] for status in ANSWERED)
    if not written and statuses["inexpressible"]:
        return SupportCell("no", "absent", "No naive call can be written.", len(calls))
    if not written:
        return SupportCell("unknown", "unknown", "No case was run.")
    sentence = f"{answered} of {written} naive calls were answered."
    silent = (call for call in calls if call.status not in (*ANSWERED, *_UNASKED))
    if reason := next((call.reason for call in silent if call.reason), None):
        sentence += f" {_in_short(reason)}"
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
