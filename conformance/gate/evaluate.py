"""Judging: the changes of a comparison as findings, those that were expected and those that fail.

Apart from `compare`, because it needs the conventions, and most gates have nothing to explain.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.gate.compare import OF_SUITE, Comparison
from conformance.gate.expected import Expectation, applied
from conformance.gate.groups import Group, groups
from conformance.gate.result import Finding, Result, result
from conformance.gate.sentences import sentence
from conformance.utils.text import name, plain, shortened

STALE = "expected in vain"


def judge(
    comparison: Comparison, expectations: Sequence[Expectation], *, only_regressions: bool
) -> Result:
    """What the gate says of a comparison.

    only_regressions  it fails for what got worse, and notes the rest
    """
    before, after = comparison.before, comparison.after
    reasons, stale = applied(expectations, comparison)
    findings = [_stale(expectation) for expectation in stale]
    for group in groups(comparison, reasons):
        finding = Finding(
            kind=group.kind,
            sentence=sentence(group, before, after),
            red=group.reason is None
            and group.kind not in OF_SUITE
            and (group.worse or not only_regressions),
            apis=group.apis,
            said=_said(group),
            cases=group.cases,
            reason=group.reason and plain(group.reason),
        )
        findings.append(finding)
    findings.sort(key=lambda finding: not finding.red)
    uncompared = sum(change.kind in OF_SUITE for change in comparison.changes)
    return result(before, after, comparison.compared, comparison.of, findings, uncompared)


def _said(group: Group) -> str | None:
    """What the framework says now, where it does not answer or nothing explains the answer."""
    state = group.after
    if state is None or state.statuses == ("match",) or state.explanation:
        return None
    said = next((change.said for change in group.changes if change.said), None)
    return said and shortened(plain(said), 300)


def _stale(expectation: Expectation) -> Finding:
    entry = expectation.entry
    what = f"'{entry.change}'" if entry.change else "a change"
    return Finding(
        kind=STALE,
        sentence=f"{what} is expected of {name(entry.api)}, and there is none that this fits.",
        red=True,
        place=expectation.place,
    )
