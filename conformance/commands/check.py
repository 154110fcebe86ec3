"""``conformance check``: are the cases well-formed, is the oracle with them, what can they tell?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from conformance import progress, shipped
from conformance.authoring import filling
from conformance.cases import Case, load
from conformance.commands import _options
from conformance.exit_status import refuse
from conformance.report import sharpness
from conformance.report.text import count
from conformance.sharpness import coverage, discrimination
from conformance.sharpness.discrimination import Sight
from conformance.survey import Subject


@click.command("check")
@click.argument("cases", nargs=-1, type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="First fill in what is expected where nothing is said.")
@click.option("--each", is_flag=True, help="Say of each case what it can see and what it cannot.")
@click.option("--matrix", is_flag=True, help="Say of any two choices how many cases see which.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file for what --each and --matrix say.  [default: it is printed]",
)
def command(cases: tuple[Path, ...], fix: bool, each: bool, matrix: bool, out: Path | None) -> None:
    """Validate CASES (files or folders; default: all that come with this package).

    Then every convention is put into the oracle, to see which cases notice, and whether the
    diagnosis names it. Of the whole corpus it is said how many meetings of arguments it asks about,
    and how many conventions it sees, alone and in pairs; it is a finding when fewer than three
    cases see a convention or tell two choices apart, when a case that is from no document sees
    nothing, and when three arguments never meet that could. In any file it is one when rounding
    hides a convention from a real-valued case, whose answers are then undecided.
    --fix writes the oracle's answers into the files, for you to review, and leaves the rest of them
    as it is.

    \b
    Example:
      conformance check cases/documents
      conformance check --fix mine.yaml
      conformance check --matrix --each --out sharpness.txt
    """
    if out is not None and not (each or matrix):
        _options.needs("--out", "--each or --matrix")
    _options.keep_inputs([("--out", out)], cases or [shipped.CASES])
    for sentence in filling.sentences(filling.fill(cases or [shipped.CASES])) if fix else ():
        click.echo(sentence)
    loaded = load(cases or [shipped.CASES])
    unreadable = [problem for problem in loaded.problems if problem.unreadable]
    if unreadable:
        refuse("check", "\n".join(map(str, unreadable)))
    findings = [str(problem) for problem in loaded.problems]
    if not findings:
        sights = _sights(loaded.cases)
        _say(
            out,
            [
                *(sharpness.matrix(sights) if matrix else ()),
                *(sharpness.each(sights) if each else ()),
            ],
        )
        findings = _judged(sights, whole=_is_whole(cases))
    for finding in findings:
        click.echo(finding)
    click.echo(f"{count(len(loaded.cases), 'case')}, {count(len(findings), 'finding')}")
    raise SystemExit(1 if findings else 0)


def _sights(cases: Sequence[Case]) -> list[Sight]:
    with progress.bar() as bar:
        sights = discrimination.sights(map(Subject, cases))
        return list(bar.track(sights, total=len(cases), description="conventions"))


def _say(out: Path | None, lines: Sequence[str]) -> None:
    if out is None:
        for line in lines:
            click.echo(line)
    else:
        out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _is_whole(cases: Sequence[Path]) -> bool:
    return not cases or shipped.CASES.resolve() in [path.resolve() for path in cases]


def _judged(sights: Sequence[Sight], *, whole: bool) -> list[str]:
    """What the cases can tell, said aloud, and what there is to find fault with.

    What some cases lack others may have, so that only all of them together are judged by it.
    """
    lines = list(sharpness.blind(sights))
    findings = [*sharpness.hidden(sights), *sharpness.unnamed(sights)]
    if whole:
        for said, faults in (
            sharpness.covered(coverage.points(one.case for one in sights)),
            sharpness.power(sights),
            sharpness.pairs(sights),
        ):
            lines += said
            findings += faults
        findings += sharpness.idle(sights)
    for line in lines:
        click.echo(line)
    return findings
