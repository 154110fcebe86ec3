"""``conformance check``: are the cases well-formed, is the oracle with them, what can they tell?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from conformance.authoring import fill_expected
from conformance.cases import Case, load
from conformance.cli import shared_options
from conformance.cli.exit_status import refuse
from conformance.quality import interactions, mutation, summary
from conformance.quality.mutation import KillRecord
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import progress, resources
from conformance.utils.text import count


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
        shared_options.needs("--out", "--each or --matrix")
    shared_options.keep_inputs([("--out", out)], cases or [resources.CASES])
    for sentence in (
        fill_expected.sentences(fill_expected.fill(cases or [resources.CASES])) if fix else ()
    ):
        click.echo(sentence)
    loaded = load(cases or [resources.CASES])
    unreadable = [problem for problem in loaded.problems if problem.unreadable]
    if unreadable:
        refuse("check", "\n".join(map(str, unreadable)))
    findings = [str(problem) for problem in loaded.problems]
    if not findings:
        sights = _sights(loaded.cases)
        _say(
            out,
            [
                *(summary.matrix(sights) if matrix else ()),
                *(summary.each(sights) if each else ()),
            ],
        )
        findings = _judged(sights, whole=_is_whole(cases))
    for finding in findings:
        click.echo(finding)
    click.echo(f"{count(len(loaded.cases), 'case')}, {count(len(findings), 'finding')}")
    raise SystemExit(1 if findings else 0)


def _sights(cases: Sequence[Case]) -> list[KillRecord]:
    with progress.bar() as bar:
        sights = mutation.kill_records(map(PreparedCase, cases))
        return list(bar.track(sights, total=len(cases), description="conventions"))


def _say(out: Path | None, lines: Sequence[str]) -> None:
    if out is None:
        for line in lines:
            click.echo(line)
    else:
        out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _is_whole(cases: Sequence[Path]) -> bool:
    return not cases or resources.CASES.resolve() in [path.resolve() for path in cases]


def _judged(sights: Sequence[KillRecord], *, whole: bool) -> list[str]:
    """What the cases can tell, said aloud, and what there is to find fault with.

    What some cases lack others may have, so that only all of them together are judged by it.
    """
    lines = list(summary.blind(sights))
    findings = [*summary.hidden(sights), *summary.unnamed(sights)]
    if whole:
        for said, faults in (
            summary.covered(interactions.points(one.case for one in sights)),
            summary.mutation_score(sights),
            summary.pairs(sights),
        ):
            lines += said
            findings += faults
        findings += summary.idle(sights)
    for line in lines:
        click.echo(line)
    return findings
