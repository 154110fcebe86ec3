"""List the known bugs of frameworks, so that no report calls their answers unexplained.

The list is in ``known_bugs.toml``; `docs/findings.md` has a description and a script for each bug.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import msgspec

from conformance.findings import page
from conformance.findings.sightings import Sighting
from conformance.runs.run_files import Header


@dataclass(frozen=True, kw_only=True)
class Occurrence(Sighting):
    """A framework's versions, runtime classes and APIs in which cases show a bug."""

    apis: tuple[str, ...]


@dataclass(frozen=True)
class Bug:
    """A bug of a framework, with a section of the page.

    Parameters
    ----------
    title
        The section's heading.
    cases
        Those that the bug makes wrong.
    lucky
        Cases that the bug makes right, against the API's own conventions.
    """

    title: str
    cases: tuple[str, ...]
    occurrences: tuple[Occurrence, ...]
    lucky: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """The fragment of a link to the section."""
        return page.anchor(self.title)

    @property
    def place(self) -> str:
        """The page and the fragment."""
        return f"{page.PAGE}#{self.anchor}"


def known_bug(header: Header, api: str, case: str) -> Bug | None:
    """Return the known bug behind an API's answer to a case, if there is one.

    The versions of the run have to be among those with the bug, and so has its runtime class,
    unless the run does not say it.
    """
    packages = dict(header.packages)
    if header.version is not None:
        packages[header.framework] = header.version
    for bug, sighting in _index().get((header.name, api, case), ()):
        if sighting.is_of(packages) and header.runtime_class in (None, *sighting.classes):
            return bug
    return None


@cache
def bugs() -> tuple[Bug, ...]:
    """Return all known bugs."""
    data = Path(__file__).with_suffix(".toml").read_bytes()
    return msgspec.toml.decode(data, type=dict[str, tuple[Bug, ...]])["bug"]


@cache
def _index() -> Mapping[tuple[str, str, str], Sequence[tuple[Bug, Sighting]]]:
    """Return the bugs by the name of the framework, the API and the case."""
    index: dict[tuple[str, str, str], list[tuple[Bug, Sighting]]] = defaultdict(list)
    for bug in bugs():
        for occurrence in bug.occurrences:
            for api, case in product(occurrence.apis, (*bug.cases, *bug.lucky)):
                index[occurrence.name, api, case].append((bug, occurrence))
    return index
