"""``conformance check``: are the cases well-formed, is the oracle with them, what can they tell?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from conformance import discrimination, shipped
from conformance.cases import Case, load
from conformance.conventions import AXES
from conformance.discrimination import Seen
from conformance.survey import Subject


@click.command("check")
@click.argument("cases", nargs=-1, type=click.Path(path_type=Path))
@click.option("--each", is_flag=True, help="Say of each case which axes of meaning it can see.")
def command(cases: tuple[Path, ...], each: bool) -> None:
    """Validate CASES (files or folders; default: all that come with this package).

    Then every convention is put into the oracle, to see which cases notice, and whether the
    diagnosis of what they notice names it. Of the whole corpus it is a finding when a convention is
    seen by fewer than three cases, or when a case that is from no document sees none.
    Ends with 0 when there is nothing to say and with 1 when there are findings.

    \b
    Example:
      conformance check cases/documents
    """
    loaded = load(cases or [shipped.CASES])
    findings = [str(problem) for problem in loaded.problems]
    if not findings:
        subjects = [Subject(case) for case in loaded.cases]
        seen = list(discrimination.singles(subjects))
        if each:
            _say_each(loaded.cases, seen)
        _say_power(seen)
        findings += _unnamed(seen)
        if not cases:
            findings += _blind(loaded.cases, seen)
    for finding in findings:
        click.echo(finding)
    click.echo(f"{len(loaded.cases)} cases, {len(findings)} findings")
    raise SystemExit(1 if findings else 0)


def _say_power(seen: Sequence[Seen]) -> None:
    enough = sum(len(one.cases) >= discrimination.ENOUGH for one in seen)
    asked, named = sum(len(one.cases) for one in seen), sum(len(one.named) for one in seen)
    click.echo(
        f"{enough} of {len(seen)} conventions are seen by {discrimination.ENOUGH} cases or more;"
        f" {named} of {asked} answers under one convention are diagnosed as that"
    )


def _say_each(cases: Sequence[Case], seen: Sequence[Seen]) -> None:
    axes: dict[str, set[str]] = {case.id: set() for case in cases}
    for one in seen:
        for case in one.cases:
            axes[case].add(one.conventions[0].axis.name)
    for case, known in axes.items():
        named = [axis.name for axis in AXES if axis.name in known]
        click.echo(f"{case}: sees {', '.join(named) or 'nothing'}")


def _unnamed(seen: Sequence[Seen]) -> list[str]:
    return [
        f"{case}: the diagnosis does not name {one.words}"
        for one in seen
        for case in sorted(set(one.cases) - set(one.named))
    ]


def _blind(cases: Sequence[Case], seen: Sequence[Seen]) -> list[str]:
    few = [
        f"{one.words}: seen by {len(one.cases)} cases, and {discrimination.ENOUGH} are needed"
        for one in seen
        if len(one.cases) < discrimination.ENOUGH
    ]
    seeing = {case for one in seen for case in one.cases}
    none = [
        f"{case.place}: {case.id}: sees no convention, and is from no document"
        for case in cases
        if case.id not in seeing and case.document is None and not case.expected.error
    ]
    return few + none
