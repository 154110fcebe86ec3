"""Bugs of frameworks that are told of already, so that no report calls their answers unexplained.

What is known stands in ``bugs.toml``; `docs/findings.md` has the story and a script for each.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance.findings import page
from conformance.findings.sightings import Sighting
from conformance.runs.run_files import Header


@dataclass(frozen=True)
class Occurrence:
    """Where the corpus shows a bug: versions and classes of a framework, and those of its APIs."""

    sighting: Sighting
    apis: tuple[str, ...]


@dataclass(frozen=True)
class Bug:
    """One bug: a section of the page, and where the corpus shows it.

    title        the section's heading
    cases        those that it makes wrong
    occurrences  with what, and in which APIs, it makes them wrong
    lucky        cases that it makes right, against the API's own conventions
    """

    title: str
    cases: tuple[str, ...]
    occurrences: tuple[Occurrence, ...]
    lucky: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """What a link to the section ends with, as a forge makes it of the heading."""
        return re.sub(r"[^\w -]", "", self.title.lower()).replace(" ", "-")

    @property
    def place(self) -> str:
        """Where it is told of."""
        return f"{page.PAGE}#{self.anchor}"

    @property
    def story(self) -> str:
        """The section without its heading; raises ``KeyError`` where the page has none."""
        return {entry.title: entry.story for entry in page.entries()}[self.title]


def known(header: Header, api: str, case: str) -> Bug | None:
    """The bug that an answer of an API to a case comes from, where one is known.

    Parameters
    ----------
    header
        Of the run that the answer is in. Its versions have to be those that the bug was seen with,
        and its runtime class one of those; a run that does not say its class may be of any.
    api, case
        By their ids.
    """
    own = {} if header.version is None else {header.framework: header.version}
    packages = {**header.packages, **own}
    for bug, sighting in _known().get((header.name, api, case), ()):
        if sighting.is_of(packages) and header.runtime_class in (None, *sighting.classes):
            return bug
    return None


@cache
def bugs() -> tuple[Bug, ...]:
    """All that are known."""
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["bug"]
    return tuple(
        Bug(
            table["title"],
            tuple(table["cases"]),
            tuple(map(_occurrence, table["occurrences"])),
            tuple(table.get("lucky", ())),
        )
        for table in tables
    )


def _occurrence(table: Mapping[str, str | list[str]]) -> Occurrence:
    sighting = Sighting(
        name=str(table["name"]),
        versions=tuple(table["versions"]),
        classes=tuple(table["classes"]),
    )
    return Occurrence(sighting, tuple(table["apis"]))


@cache
def _known() -> Mapping[tuple[str, str, str], tuple[tuple[Bug, Sighting], ...]]:
    found: dict[tuple[str, str, str], tuple[tuple[Bug, Sighting], ...]] = {}
    for bug in bugs():
        for occurrence in bug.occurrences:
            for api in occurrence.apis:
                for case in (*bug.cases, *bug.lucky):
                    key = (occurrence.sighting.name, api, case)
                    found[key] = (*found.get(key, ()), (bug, occurrence.sighting))
    return found
