"""What a gate comes to, as one value that the terminal, Markdown, JUnit and annotations show.

It is made without anything heavy, since most gates have nothing to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.gate.snapshot import Source
from conformance.utils.excerpt import NAMED, listed
from conformance.utils.printable import printable, printable_lines
from conformance.utils.text import count, name

if TYPE_CHECKING:  # it comes with all that reads cases
    from conformance.cases.model import Place


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that happened, in words that are fit to print; but names are as they were given.

    kind    what it is, in two words
    apis    those that it is of, if it is of any
    said    the framework's words about one of the cases
    red     whether the gate fails for it
    reason  why it was expected
    place   of an entry that expects what has not happened
    """

    kind: str
    sentence: str
    red: bool
    apis: tuple[str, ...] = ()
    said: str | None = None
    cases: tuple[str, ...] = ()
    reason: str | None = None
    place: Place | None = None

    @property
    def title(self) -> str:
        """The kind and the APIs."""
        return f"{self.kind}: {names(self.apis)}" if self.apis else self.kind

    @property
    def text(self) -> str:
        """All that there is to say, on one line and without markup."""
        said = f" One of them: {self.said}" if self.said else ""
        reason = f" Expected: {self.reason}" if self.reason else ""
        place = f"{self.where}: " if self.where else ""
        listed = f" These are {', '.join(map(name, self.apis))}." if self.is_abridged else ""
        return f"{place}{self.sentence}{listed}{said}{reason}"

    @property
    def is_abridged(self) -> bool:
        """Whether its APIs are more than its title names."""
        return len(self.apis) > NAMED

    @property
    def where(self) -> str | None:
        """The place, fit to print."""
        return printable(str(self.place)) if self.place else None


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was compared, and what happened.

    apis      those that either side has
    compared  how many answers were held against each other
    uncompared  how many were not, as their cases are new or were changed
    of        how many answers the baseline has
    selection  which of them were to be compared, in words; None for all of them
    files     the case files that either side names, the candidate's first
    trouble   why nothing could be compared
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

    @property
    def red(self) -> tuple[Finding, ...]:
        """What the gate fails for."""
        return tuple(finding for finding in self.findings if finding.red)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What it does not fail for."""
        return tuple(finding for finding in self.findings if not finding.red)

    @property
    def status(self) -> int:
        """What the command ends with."""
        return 2 if self.trouble is not None else int(bool(self.red))

    @property
    def summary(self) -> str:
        """The result in a sentence."""
        if self.trouble is not None:
            return f"{self.title}: {self.trouble}"
        rest = ""
        if self.uncompared:
            rest = f" {count(self.uncompared, 'answer')} to new or changed cases not compared."
        if not self.findings:
            return f"{self.title}: nothing changed in {self._answers}.{rest}"
        failing = f"{len(self.red):,} of {count(len(self.findings), 'finding')}"
        verb = "fails" if len(self.red) == 1 else "fail"
        among = self._answers if self.selection else f"{self._answers} compared"
        return f"{self.title}: {failing} {verb} the gate, among {among}.{rest}"

    @property
    def _answers(self) -> str:
        """How many answers were compared, and which part of the baseline they are."""
        if self.selection is None:
            return count(self.compared, "answer")
        whole = f"{self.compared:,} of {count(self.of, 'answer')} of the baseline"
        return f"{whole}, selected by {self.selection}"


def trouble(error: Exception) -> Result:
    """The result where nothing could be compared."""
    return Result(title="conformance gate", trouble=printable_lines(str(error)))


def result(
    before: Source,
    after: Source,
    compared: int,
    of: int,
    findings: Sequence[Finding],
    uncompared: int = 0,
) -> Result:
    """The result of holding two sources against each other, ``of`` so many answers."""
    parts = dict.fromkeys(name(str(s.selection), 300) for s in (after, before) if s.selection)
    apis = {api for source in (before, after) for api, there in source.apis.items() if there}
    return Result(
        title=title(before, after),
        apis=tuple(sorted(apis)),
        compared=compared,
        uncompared=uncompared,
        of=of,
        selection=" and ".join(parts) or None,
        findings=tuple(findings),
        files=tuple(dict.fromkeys((*after.files, *before.files))),
    )


def names(apis: Sequence[str]) -> str:
    """Name the APIs, or the first of them and how many more there are."""
    return listed([name(api) for api in apis])


def title(before: Source, after: Source, subject: str | None = None) -> str:
    """What is compared: ``keras, torch backend, runtime class onednn-avx2, 3.14.1 -> 3.15.0``.

    subject  what stands in the place of the framework, of one finding: then the class is left out
    """
    words = [name(subject or after.framework)]
    if after.backend is not None:
        words.append(f"{name(after.backend)} backend")
    if subject is None and after.runtime_class is not None:
        words.append(f"runtime class {name(after.runtime_class)}")
    was, now = (name(source.version or "version unknown") for source in (before, after))
    words.append(now if was == now else f"{was} -> {now}")
    return ", ".join(words)
