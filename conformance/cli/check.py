"""``conformance check``: validates cases, and measures their mutation score and coverage."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from conformance.authoring import fill_expected
from conformance.cases import Case, load
from conformance.cases.profile_set import IDS
from conformance.cli.exit_status import refuse
from conformance.cli.option_kinds import PATH, file, flag
from conformance.cli.output_files import keep_inputs, refuse_without
from conformance.gate import baseline
from conformance.quality import interactions, mutation, profile_set, summary
from conformance.quality.mutation import KillRecord
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import progress, resources
from conformance.utils.text import count


@click.command("check")
@click.argument("cases", nargs=-1, type=PATH)
@flag("--fix", help="First fill in the expected answers that are missing.")
@flag("--each", help="Print the conventions that each case kills, and those that survive it.")
@flag("--matrix", help="Print how many cases tell each two choices apart.")
@file("--out", help="A file for the output of --each and --matrix.  [default: printed]")
def command(cases: tuple[Path, ...], fix: bool, each: bool, matrix: bool, out: Path | None) -> None:
    """Validate CASES (files or folders; default: all that come with this package).

    The command then puts every convention into the oracle. A case kills a convention if its answer
    differs under it, and the diagnosis has to name the convention. Of the whole corpus the command
    reports the t-way coverage of the arguments and the mutation score: how many conventions the
    cases kill, alone and in pairs. There is a finding where fewer than three cases kill a
    convention or tell two choices apart, where a case from no document kills nothing, where no
    case has a feasible combination of three arguments, and where two cases of the profile set do
    not show a choice that the baselines establish. In any file there is a finding where rounding
    hides a convention from a real-valued case, whose answers are then undecided. --fix writes the
    oracle's answers into the files, for you to review, and changes nothing else in them.

    \b
    Example:
      conformance check cases/documents
      conformance check --fix mine.yaml
      conformance check --matrix --each --out sharpness.txt
    """
    if out is not None and not (each or matrix):
        refuse_without("--out", "--each or --matrix")
    keep_inputs([("--out", out)], cases or [resources.CASES])
    if fix:
        for sentence in fill_expected.sentences(fill_expected.fill(cases or [resources.CASES])):
            click.echo(sentence)
    loaded = load(cases or [resources.CASES])
    unreadable = [problem for problem in loaded.problems if problem.unreadable]
    if unreadable:
        refuse("check", "\n".join(map(str, unreadable)))
    findings = [str(problem) for problem in loaded.problems]
    if not findings:
        records = _kill_records(loaded.cases)
        lines = [
            *(summary.matrix(records) if matrix else ()),
            *(summary.kills(records) if each else ()),
        ]
        if out is None:
            _print(lines)
        else:
            out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        findings = _quality_findings(records, whole=_is_whole(cases))
    _print(findings)
    click.echo(f"{count(len(loaded.cases), 'case')}, {count(len(findings), 'finding')}")
    raise SystemExit(1 if findings else 0)


def _profile_findings(records: Sequence[KillRecord]) -> Iterator[str]:
    """Yield what the profile set does not show of the committed answers."""
    prepared_cases = {record.case.id: PreparedCase(record.case) for record in records}
    for path in sorted(resources.BASELINE.glob("*.csv")):
        evidence = profile_set.accepted(path.stem, baseline.read(path).answers, prepared_cases)
        yield from profile_set.weaknesses(evidence, IDS)


def _kill_records(cases: Sequence[Case]) -> list[KillRecord]:
    with progress.bar() as bar:
        records = mutation.kill_records(map(PreparedCase, cases))
        return list(bar.track(records, total=len(cases), description="conventions"))


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(line)


def _is_whole(cases: Sequence[Path]) -> bool:
    return not cases or resources.CASES.resolve() in [path.resolve() for path in cases]


def _quality_findings(records: Sequence[KillRecord], *, whole: bool) -> list[str]:
    """Print the quality of the cases, and return the findings.

    Coverage and mutation score count for the whole corpus only, as one file may have what another
    file lacks.
    """
    lines = list(summary.blind(records))
    findings = [*summary.hidden(records), *summary.misdiagnosed(records)]
    if whole:
        for measure, faults in (
            summary.coverage(interactions.points(record.case for record in records)),
            summary.mutation_score(records),
            summary.pairs(records),
        ):
            lines += measure
            findings += faults
        findings += summary.idle(records)
        findings += _profile_findings(records)
    _print(lines)
    return findings
