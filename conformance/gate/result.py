"""Judge the changes, and hold the gate's result, which has several output formats.

What explains changes is imported where there are any, so that a passing gate is quick.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.gate.compare import OF_SUITE, Comparison
from conformance.runs.run_files import Header
from conformance.utils.excerpt import NAMED, listed, shortened
from conformance.utils.printable import printable, printable_lines
from conformance.utils.text import count, name, plain

if TYPE_CHECKING:
    from conformance.cases.model import Place
    from conformance.gate.expected import Expectation
    from conformance.gate.groups import Group

STALE = "expected and unused"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A change or an error, in text that is fit to print; names of APIs and cases are raw.

    Parameters
    ----------
    kind
        In two words.
    red
        Whether the gate fails for it.
    message
        The framework's message for one of the cases.
    reason
        Why it was expected.
    place
        Of an entry that expects a change which has not happened.
    """

    kind: str
    sentence: str
    red: bool
    apis: tuple[str, ...] = ()
    message: str | None = None
    cases: tuple[str, ...] = ()
    reason: str | None = None
    place: Place | None = None

    @property
    def title(self) -> str:
        """The kind and the APIs."""
        return f"{self.kind}: {names(self.apis)}" if self.apis else self.kind

    @property
    def text(self) -> str:
        """The whole finding, on one line and without markup."""
        message = f" One of them: {self.message}" if self.message else ""
        reason = f" Expected: {self.reason}" if self.reason else ""
        place = f"{self.where}: " if self.where else ""
        apis = f" These are {', '.join(map(name, self.apis))}." if self.is_abridged else ""
        return f"{place}{self.sentence}{apis}{message}{reason}"

    @property
    def is_abridged(self) -> bool:
        """Whether there are more APIs than the title names."""
        return len(self.apis) > NAMED

    @property
    def where(self) -> str | None:
        """The place, fit to print."""
        return printable(str(self.place)) if self.place else None


@dataclass(frozen=True, kw_only=True)
class Result:
    """How much was compared, and the findings.

    Parameters
    ----------
    apis
        Those that either side has.
    compared, uncompared, of
        How many answers were compared, how many were not, as their cases are new or were changed,
        and how many the baseline has.
    selection
        The compared part of the baseline, in words; None for all of it.
    files
        The case files that either side names, the candidate's first.
    trouble
        Why nothing could be compared.
    outlook
        What the history of the package lets one expect, in sentences.
    unit
        What was compared.
    """

    title: str
    apis: tuple[str, ...] = ()
    compared: int = 0
    uncompared: int = 0
    of: int = 0
    selection: str | None = None
    findings: tuple[Finding, ...] = ()
    files: tuple[str, ...] = ()
    trouble: str | None = None
    outlook: tuple[str, ...] = ()
    unit: str = "answer"

    @property
    def red(self) -> tuple[Finding, ...]:
        """The findings for which the gate fails."""
        return tuple(finding for finding in self.findings if finding.red)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings for which the gate does not fail."""
        return tuple(finding for finding in self.findings if not finding.red)

    @property
    def status(self) -> int:
        """The exit status of the command."""
        return 2 if self.trouble is not None else int(bool(self.red))

    @property
    def summary(self) -> str:
        """The result in a sentence."""
        if self.trouble is not None:
            return f"{self.title}: {self.trouble}"
        remark = ""
        if self.uncompared:
            remark = f" {count(self.uncompared, self.unit)} to new or changed cases not compared."
        if not self.findings:
            return f"{self.title}: nothing changed in {self._answers}.{remark}"
        failing = f"{len(self.red):,} of {count(len(self.findings), 'finding')}"
        verb = "fails" if len(self.red) == 1 else "fail"
        answers = self._answers if self.selection else f"{self._answers} compared"
        return f"{self.title}: {failing} {verb} the gate, among {answers}.{remark}"

    @property
    def _answers(self) -> str:
        """The number of compared answers, and the part of the baseline that they are."""
        if self.selection is None:
            return count(self.compared, self.unit)
        share = f"{self.compared:,} of {count(self.of, 'answer')} of the baseline"
        return f"{share}, selected by {self.selection}"


def trouble(error: Exception) -> Result:
    """Return the result where nothing could be compared."""
    return Result(title="conformance gate", trouble=printable_lines(str(error)))


def judge(
    comparison: Comparison, expectations: Sequence[Expectation], *, only_regressions: bool
) -> Result:
    """Return the result of the gate for a comparison.

    ``expectations`` are the changes that are expected; one that fits no change fails the gate.
    ``only_regressions`` says whether the gate fails for regressions only, and notes other changes.
    """
    before, after = comparison.before.header, comparison.after.header
    findings = list(_findings(comparison, expectations, only_regressions=only_regressions))
    parts = dict.fromkeys(name(str(h.selection), 300) for h in (after, before) if h.selection)
    apis = {
        api for header in (before, after) for api, available in header.apis.items() if available
    }
    return Result(
        title=title(before, after),
        apis=tuple(sorted(apis)),
        compared=comparison.compared,
        uncompared=sum(change.kind in OF_SUITE for change in comparison.changes),
        of=len(comparison.before.answers),
        selection=" and ".join(parts) or None,
        findings=tuple(sorted(findings, key=lambda finding: not finding.red)),
        files=tuple(dict.fromkeys((*after.files, *before.files))),
    )


def _findings(
    comparison: Comparison, expectations: Sequence[Expectation], *, only_regressions: bool
) -> Iterator[Finding]:
    if not (comparison.changes or expectations):
        return
    from conformance.gate.expected import applied
    from conformance.gate.groups import groups
    from conformance.gate.sentences import sentence

    reasons, stale_expectations = applied(expectations, comparison)
    yield from map(_stale_finding, stale_expectations)
    for group in groups(comparison, reasons):
        is_gated = group.kind not in OF_SUITE and (group.is_regression or not only_regressions)
        yield Finding(
            kind=group.kind,
            sentence=sentence(group, comparison.before.header, comparison.after.header),
            red=group.reason is None and is_gated,
            apis=group.apis,
            message=_message(group),
            cases=group.cases,
            reason=group.reason and plain(group.reason),
        )


def _message(group: Group) -> str | None:
    """Return the framework's message, where there is no answer or no explanation of it."""
    state = group.after
    if state is None or state.statuses == ("match",) or state.explanation:
        return None
    message = next((change.message for change in group.changes if change.message), None)
    return message and shortened(plain(message), 300)


def _stale_finding(expectation: Expectation) -> Finding:
    entry = expectation.entry
    change = f"'{entry.change}'" if entry.change else "a change"
    return Finding(
        kind=STALE,
        sentence=f"{change} is expected of {name(entry.api)}, and there is none that this fits.",
        red=True,
        place=expectation.place,
    )


def names(apis: Sequence[str]) -> str:
    """Return the names of the APIs, or the first of them and how many more there are."""
    return listed([name(api) for api in apis])


def title(before: Header, after: Header, subject: str | None = None) -> str:
    """Return such as ``keras, torch backend, runtime class onednn-avx2, 3.14.1 -> 3.15.0``.

    The subject of one finding stands in place of the framework; then the runtime class is left out.
    """
    words = [name(subject or after.framework)]
    if after.backend is not None:
        words.append(f"{name(after.backend)} backend")
    if subject is None and after.runtime_class is not None:
        words.append(f"runtime class {name(after.runtime_class)}")
    versions = [name(header.version or "version unknown") for header in (before, after)]
    words.append(" -> ".join(dict.fromkeys(versions)))
    return ", ".join(words)
