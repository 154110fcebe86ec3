"""Show the gate's result as GitHub annotations, each at a case that shows the change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from conformance.cases.model import Place
from conformance.gate.result import Finding, Result


def lines(result: Result, places: Mapping[str, Place]) -> Iterator[str]:
    """Yield a workflow command for each finding: an error if the gate fails for it, else a notice.

    Parameters
    ----------
    result
        The result of a gate.
    places
        Where cases are written, by their ids, as far as that is known.
    """
    if result.trouble is not None:
        yield _command("error", {"title": "conformance gate"}, result.summary)
    for finding in result.findings:
        place = finding.place or _first_place(finding, places)
        position = {"file": _relative(place.file), "line": str(place.line)} if place else {}
        level = "error" if finding.red else "notice"
        yield _command(level, {**position, "title": finding.title}, finding.text)


def _first_place(finding: Finding, places: Mapping[str, Place]) -> Place | None:
    return next((places[case] for case in finding.cases if case in places), None)


def _relative(file: str) -> str:
    """Return the path in a checkout of the repository: GitHub knows no other paths."""
    path, folder = Path(file).absolute(), Path.cwd()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else file


def _command(level: str, properties: Mapping[str, str], message: str) -> str:
    values = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {values}::{_data(message)}"


def _data(text: str) -> str:
    """Escape the text after the colons, where GitHub reads percent signs and line ends."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property's value, where commas and colons have a meaning too."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
