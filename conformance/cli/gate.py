"""``conformance gate``: compares a run with a baseline, and explains the changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.option_kinds import PATH, file, flag
from conformance.cli.output_files import keep_inputs
from conformance.gate import baseline, compare
from conformance.gate.result import Result, judge, trouble
from conformance.gate.snapshot import Candidate, CannotCompare, Snapshot, open_run, read_run
from conformance.runs.run_files import RunError
from conformance.utils import resources
from conformance.utils.reading import reading

# The other modules are imported only where there are changes, so that a passing gate is quick.
if TYPE_CHECKING:
    from conformance.cases.model import Place
    from conformance.gate.expected import Expectation

SHIPPED, HISTORY = "shipped", "history"
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("gate")
@click.argument("reference", metavar="BASELINE", type=PATH)
@click.argument("candidate", type=_FILE)
@flag("--only-regressions", help="Fail only for what got worse.")
@file(
    "--expected",
    "expected_file",
    metavar="FILE",
    help="A YAML list of expected changes, each with an api and a reason; an entry that matches no"
    " change fails.",
)
@file(
    "--markdown",
    "markdown_file",
    help="A file for the changes as Markdown, for a comment or summary.",
)
@file("--junit", "junit_file", help="A file for the changes as JUnit XML.")
@flag("--github", help="Print the changes as annotations of GitHub Actions.")
def command(
    reference: Path,
    candidate: Path,
    only_regressions: bool,
    expected_file: Path | None,
    markdown_file: Path | None,
    junit_file: Path | None,
    github: bool,
) -> None:
    """Compare the run CANDIDATE with BASELINE: a baseline, a folder of them, or another run.

    The word `shipped` stands for the baselines of this package, which its pinned versions gave, and
    `history` for the conventions of the nearest releases of the framework. A line says which these
    are, and what changed up to them.

    Without a change the command prints only one line, to the standard error.

    \b
    Example:
      conformance gate shipped torch.jsonl
      conformance gate history keras.jsonl
      conformance gate before.jsonl after.jsonl --only-regressions --markdown summary.md
    """
    outputs = [("--markdown", markdown_file), ("--junit", junit_file)]
    keep_inputs(outputs, (_path(reference), candidate, expected_file))
    try:
        outcome = _gate(reference, candidate, expected_file, only_regressions=only_regressions)
    except (CannotCompare, RunError) as error:
        outcome = trouble(error)
    _show(outcome, github=github)
    _write(outcome, markdown_file, junit_file)
    raise SystemExit(outcome.status)


def _gate(
    reference: Path, candidate: Path, expected_file: Path | None, *, only_regressions: bool
) -> Result:
    if reference == Path(HISTORY):
        from conformance.cli import gate_history

        if expected_file is not None:
            raise click.UsageError("--expected is for changes since a baseline, not the history")
        return gate_history.gate(candidate, only_regressions=only_regressions)
    run = open_run(candidate)
    comparison = compare.compare(_snapshot(reference, run), run)
    expectations: Sequence[Expectation] = ()
    if expected_file is not None:
        from conformance.gate import expected

        expectations = expected.load(expected_file)
    result = judge(comparison, expectations, only_regressions=only_regressions)
    before, after = comparison.before.header, run.header
    if before.version == after.version:
        return result
    from conformance.cli.outlook import outlook_of

    return replace(result, outlook=outlook_of(before, after))


def _path(reference: Path) -> Path:
    return resources.BASELINE if reference == Path(SHIPPED) else reference


def _snapshot(reference: Path, candidate: Candidate) -> Snapshot:
    path = _path(reference)
    with reading(path, CannotCompare):
        if path.is_dir():
            return baseline.read(baseline.baseline_path(path, candidate))
        return baseline.read(path) if baseline.is_baseline(path) else read_run(path)


def _show(outcome: Result, *, github: bool) -> None:
    if outcome.trouble is not None or not outcome.findings:
        for line in (outcome.summary, *outcome.outlook):
            click.echo(line, err=True)
    else:
        from conformance.cli.console import console
        from conformance.gate import outputs

        outputs.show(console(), outcome)
    if github:
        from conformance.gate import outputs

        for line in outputs.github_commands(outcome, _places(outcome)):
            click.echo(line)


def _places(outcome: Result) -> Mapping[str, Place]:
    """Return the places of the cases of the findings, as far as their files exist."""
    if not any(finding.cases for finding in outcome.findings):
        return {}
    from conformance.cases import load

    files = [path for path in map(Path, outcome.files) if path.is_file()]
    loaded = load([*files, resources.CASES], check=False)
    return {case.id: case.place for case in loaded.cases}


def _write(outcome: Result, markdown_file: Path | None, junit_file: Path | None) -> None:
    if markdown_file is None and junit_file is None:
        return
    from conformance.gate import outputs

    if markdown_file is not None:
        markdown_file.write_bytes(outputs.markdown(outcome).encode())
    if junit_file is not None:
        junit_file.write_bytes(outputs.junit(outcome))
