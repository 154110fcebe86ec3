"""Turn the changes of a comparison into findings: those that are expected, and those that fail.

The module is apart from `compare` because it imports the conventions, which a gate without changes
does not need.
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
    """Return the result of the gate for a comparison.

    Parameters
    ----------
    comparison
        What changed.
    expectations
        The changes that are expected; one that fits no change fails the gate.
    only_regressions
        Whether the gate fails for regressions only, and notes other changes.
    """
    before, after = comparison.before, comparison.after
    reasons, stale_expectations = applied(expectations, comparison)
    findings = [_stale_finding(expectation) for expectation in stale_expectations]
    for group in groups(comparison, reasons):
        finding = Finding(
            kind=group.kind,
            sentence=sentence(group, before, after),
            red=group.reason is None
            and group.kind not in OF_SUITE
            and (group.worse or not only_regressions),
            apis=group.apis,
            said=_message(group),
            cases=group.cases,
            reason=group.reason and plain(group.reason),
        )
        findings.append(finding)
    findings.sort(key=lambda finding: not finding.red)
    uncompared = sum(change.kind in OF_SUITE for change in comparison.changes)
    return result(before, after, comparison.compared, comparison.of, findings, uncompared)


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
