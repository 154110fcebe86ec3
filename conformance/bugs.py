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

from conformance import shipped
from conformance.runs import Header

PAGE = "docs/findings.md"


@dataclass(frozen=True)
class Bug:
    """One bug: a section of the page, and where the corpus shows it.

    title  the section's heading
    cases  those that it makes wrong
    apis   by environment
    lucky  those that it makes right, against the API's own conventions
    """

    title: str
    cases: tuple[str, ...]
    apis: tuple[tuple[str, tuple[str, ...]], ...]
    lucky: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """What a link to the section ends with, as a forge makes it of the heading."""
        return re.sub(r"[^\w -]", "", self.title.lower()).replace(" ", "-")

    @property
    def place(self) -> str:
        """Where it is told of."""
        return f"{PAGE}#{self.anchor}"

    @property
    def story(self) -> str:
        """The section without its heading; raises ``KeyError`` where the page has none."""
        return sections()[self.title]


def known(header: Header, api: str, case: str) -> Bug | None:
    """The bug that an answer of an API to a case comes from, where one is known."""
    return _known().get((header.name, api, case))


@cache
def bugs() -> tuple[Bug, ...]:
    """All that are known."""
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["bug"]
    return tuple(
        Bug(
            table["title"],
            tuple(table["cases"]),
            tuple((where, tuple(apis)) for where, apis in table["apis"].items()),
            tuple(table.get("lucky", ())),
        )
        for table in tables
    )


@cache
def sections() -> Mapping[str, str]:
    """The page's sections by their headings."""
    parts = re.split(r"^## (.+)\n", shipped.FINDINGS.read_text(encoding="utf-8"), flags=re.M)
    return {title: text.strip() for title, text in zip(parts[1::2], parts[2::2], strict=True)}


@cache
def _known() -> Mapping[tuple[str, str, str], Bug]:
    return {
        (where, api, case): bug
        for bug in bugs()
        for where, apis in bug.apis
        for api in apis
        for case in (*bug.cases, *bug.lucky)
    }
