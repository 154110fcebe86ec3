"""The gate's result as GitHub annotations, each at the case that shows the change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from conformance.cases.model import Place
from conformance.gate.result import Finding, Result


def lines(result: Result, places: Mapping[str, Place]) -> Iterator[str]:
    """A workflow command for each finding: an error if the gate fails for it, else a notice.

    places  where cases are written, as far as that is known
    """
    if result.trouble is not None:
        yield _command("error", {"title": "conformance gate"}, result.summary)
    for finding in result.findings:
        place = finding.place or _first(finding, places)
        where = {"file": _relative(place.file), "line": str(place.line)} if place else {}
        level = "error" if finding.red else "notice"
        yield _command(level, {**where, "title": finding.title}, finding.text)


def _first(finding: Finding, places: Mapping[str, Place]) -> Place | None:
    return next((places[case] for case in finding.cases if case in places), None)


def _relative(file: str) -> str:
    """The file as a checkout of the repository has it: GitHub knows no other paths."""
    path = Path(file).absolute()
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else file


def _command(level: str, properties: Mapping[str, str], message: str) -> str:
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {said}::{_data(message)}"


def _data(text: str) -> str:
    """What stands after the colons: GitHub reads percent signs and line ends there."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """What stands before them: there commas and colons mean something too."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
