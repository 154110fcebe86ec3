"""Write the gate's result as Markdown for a CI summary or a comment on a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.gate.result import Result
from conformance.utils.markdown import template
from conformance.utils.text import markdown, plain, tick

LONGEST = 60_000
"""In characters: GitHub accepts 65,536 in a comment, and counts some of them twice."""
_LIMITS = ((100, 200), (20, 200), (0, 200), (0, 50), (0, 10))
"""How many cases of a finding are named and how many findings shown: the first that fits."""


def render(result: Result) -> str:
    """Return the Markdown of a result; one that is too long names fewer cases or findings."""
    gate = template("conformance.gate", "gate.md.j2")
    texts = (gate.render(result=result, cases=c, findings=f, ticked=_ticked) for c, f in _LIMITS)
    return next((text for text in texts if len(text) <= LONGEST), _summary(result))


def _ticked(cases: Sequence[str], most: int) -> str:
    names = ", ".join(tick(plain(case)) for case in cases[:most])
    return names if len(cases) <= most else f"{names} and {len(cases) - most:,} more"


def _summary(result: Result) -> str:
    return f"### {markdown(result.summary)[:LONGEST]}\n"
