"""``conformance gate``: what changed since the baseline, and which convention explains it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli import shared_options
from conformance.cli.exit_status import refuse
from conformance.gate import baseline, compare, snapshot
from conformance.gate.result import Result, result, trouble
from conformance.gate.snapshot import CannotCompare, Snapshot, Source
from conformance.runs.run_files import RunError
from conformance.utils import resources

# What follows is imported where there is something to show: a gate that is silent is quick.
if TYPE_CHECKING:
    from conformance.cases.model import Place

SHIPPED = "shipped"
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("gate")
@click.argument("accepted", metavar="BASELINE", type=click.Path(path_type=Path))
@click.argument("candidate", type=_FILE)
@click.option("--only-regressions", is_flag=True, help="Fail only for what got worse.")
@click.option(
    "--expected",
    "expected_file",
    metavar="FILE",
    type=_FILE,
    help="A YAML list of expected changes, each with an api and a reason; what is in vain fails.",
)
@click.option("--markdown", "markdown_file", type=_FILE, help="Write it for a comment or summary.")
@click.option("--junit", "junit_file", type=_FILE, help="Write it as JUnit XML.")
@click.option("--github", is_flag=True, help="Print it as annotations of GitHub Actions.")
def command(
    accepted: Path,
    candidate: Path,
    only_regressions: bool,
    expected_file: Path | None,
    markdown_file: Path | None,
    junit_file: Path | None,
    github: bool,
) -> None:
    """Hold the run CANDIDATE against BASELINE: a baseline, a folder of them, or another run.

    The word `shipped` is the folder that comes with this package: what its pinned versions did.

    Without a change nothing is printed but one line to the standard error.

    \b
    Example:
      conformance gate shipped torch.jsonl
      conformance gate before.jsonl after.jsonl --only-regressions --markdown summary.md
    """
    outputs = [("--markdown", markdown_file), ("--junit", junit_file)]
    shared_options.keep_inputs(outputs, (_place(accepted), candidate, expected_file))
    try:
        made = _gate(accepted, candidate, expected_file, only_regressions=only_regressions)
    except (CannotCompare, RunError) as error:
        made = trouble(error)
    _show(made, github=github)
    try:
        _write(made, markdown_file, junit_file)
    except OSError as error:
        refuse("gate", error)
    raise SystemExit(made.status)


def _gate(
    accepted: Path, candidate: Path, expected_file: Path | None, *, only_regressions: bool
) -> Result:
    source, observations = snapshot.opened(candidate)
    comparison = compare.compare(_given(accepted, source), source, observations)
    if not comparison.changes and expected_file is None:
        return result(comparison.before, comparison.after, comparison.compared, comparison.of, ())
    from conformance.gate import evaluate, expected

    expectations = expected.load(expected_file) if expected_file else ()
    return evaluate.judge(comparison, expectations, only_regressions=only_regressions)


def _place(accepted: Path) -> Path:
    return resources.BASELINE if accepted == Path(SHIPPED) else accepted


def _given(accepted: Path, candidate: Source) -> Snapshot:
    path = _place(accepted)
    try:
        if path.is_dir():
            return baseline.read(baseline.among(path, candidate))
        return baseline.read(path) if baseline.is_baseline(path) else snapshot.given(path)
    except OSError as error:
        raise CannotCompare(f"{path}: cannot be read: {error.strerror}") from None


def _show(made: Result, *, github: bool) -> None:
    if made.trouble is not None or not made.findings:
        click.echo(made.summary, err=True)
    else:
        from conformance.cli.console import console
        from conformance.gate import terminal

        terminal.show(console(), made)
    if github:
        from conformance.gate import annotations

        for line in annotations.lines(made, _places(made)):
            click.echo(line)


def _places(made: Result) -> Mapping[str, Place]:
    """Where the cases of the findings are written, as far as their files are there."""
    if not any(finding.cases for finding in made.findings):
        return {}
    from conformance.cases import load

    own = [path for path in map(Path, made.files) if path.is_file()]
    loaded = load([*own, resources.CASES], check=False)
    return {case.id: case.place for case in loaded.cases}


def _write(made: Result, markdown_file: Path | None, junit_file: Path | None) -> None:
    if markdown_file is not None:
        from conformance.gate import markdown

        markdown_file.write_bytes(markdown.render(made).encode())
    if junit_file is not None:
        from conformance.gate import junit

        junit_file.write_bytes(junit.render(made))
