"""What people read: everything that went wrong is said, and nothing from outside is markup."""

import csv
import io
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from report_pages import page_data
from report_runs import (
    LAYER,
    RIGHT,
    both,
    case,
    erroneous,
    failed,
    files,
    observed,
    report_of,
    run,
)
from rich.console import Console

from conformance.cli.app import main
from conformance.report import terminal
from conformance.report.model import Report
from conformance.runs import run_files
from conformance.runs.run_files import Run

ONE, TWO = case("one"), case("two", topics=("stride", "basic"))
FILES = (
    "profiles.csv",
    "observations.csv",
    "verdicts.csv",
    "compatibility.csv",
    "compatibility.md",
    "support.md",
    "badge.json",
    "index.html",
)
NASTY = '</script><script>alert("x")</script> \x1b[31m \u202e | *y* '


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def said_on_terminal(report: Report) -> str:
    console = Console(file=io.StringIO(), width=80)
    terminal.show(console, report)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def mixed() -> Report:
    """One case that is right, and one that is translated for a nasty reason."""
    native = observed(TWO, "native", "mismatch", detail=NASTY)
    seen = (*both(ONE, RIGHT), native, observed(TWO, "recipe", "match"))
    return report_of(run(*seen), cases=(ONE, TWO, erroneous()))


def test_every_file_is_written(mixed: Report, tmp_path: Path) -> None:
    assert tuple(files(mixed, tmp_path / "new")) == FILES


def test_observations_have_the_columns_that_others_rely_on(mixed: Report, tmp_path: Path) -> None:
    row = next(r for r in rows(files(mixed, tmp_path)["observations.csv"]) if r["case"] == "one"
               and r["api"] == LAYER and r["mode"] == "native")  # fmt: skip
    told = ["api", "case", "op", "topic", "mode", "status", "diagnosis"]
    names = ["framework", "version", "backend", *told]
    assert [row[name] for name in names] == [
        "torch", "2.0", "", LAYER, "one", "conv_transpose", "basic", "native", "match", ""
    ]  # fmt: skip


def test_verdicts_have_the_columns_that_others_rely_on(mixed: Report, tmp_path: Path) -> None:
    row = next(r for r in rows(files(mixed, tmp_path)["verdicts.csv"]) if r["case"] == "two"
               and r["api"] == LAYER)  # fmt: skip
    names = ["framework", "version", "backend", "api", "case", "topic", "verdict"]
    wanted = ["torch", "2.0", "", LAYER, "two", "stride;basic", "translated"]
    assert [row[name] for name in names] == wanted


def test_compatibility_has_a_row_for_a_topic_and_a_column_for_an_api(
    mixed: Report, tmp_path: Path
) -> None:
    table = rows(files(mixed, tmp_path)["compatibility.csv"])
    told = {row["topic"]: row[f"{LAYER} (2.0)"] for row in table}
    assert told == {
        "basic": "not run: 1 same, 1 translated, 1 not run",
        "stride": "translated: 1 translated",
    }


def shuffled(backwards: bool) -> Report:
    seen = [*both(ONE, RIGHT), *both(TWO, {"native": "mismatch", "recipe": "match"}, detail="so")]
    torch = run(*(reversed(seen) if backwards else seen))
    given = [torch, run(version="1.9"), failed("jax", "No.")]
    cases = (ONE, TWO, erroneous())
    return report_of(*(reversed(given) if backwards else given), cases=cases)


@pytest.mark.parametrize("name", FILES)
def test_the_order_of_what_is_given_changes_nothing(name: str, tmp_path: Path) -> None:
    one, other = (files(shuffled(backwards), tmp_path) for backwards in (False, True))
    assert one[name] == other[name]


def test_no_machine_is_named(tmp_path: Path) -> None:
    there = run(*both(ONE, RIGHT), platform="Plan9-box", python="3.11.7", numpy="2.4.6")
    texts = "".join(files(report_of(there, cases=(ONE,)), tmp_path).values())
    assert [word for word in ("Plan9", "3.11.7", "2.4.6", "cases/some.yaml") if word in texts] == []


@pytest.mark.parametrize(
    "name", ["observations.csv", "verdicts.csv", "compatibility.md", "support.md", "index.html"]
)
def test_a_failed_run_is_not_run_with_its_reason_in(name: str, tmp_path: Path) -> None:
    text = files(report_of(failed("mxnet", "There is no wheel."), cases=(ONE,)), tmp_path)[name]
    assert "not run" in text
    assert "There is no wheel." in text


def test_a_failed_run_is_not_run_in_compatibility(tmp_path: Path) -> None:
    report = report_of(failed("mxnet", "There is no wheel."), cases=(ONE,))
    table = rows(files(report, tmp_path)["compatibility.csv"])
    assert table[0]["mxnet.npx.deconvolution (not run)"] == "not run: 1 not run"


def test_a_failed_run_is_told_on_the_terminal() -> None:
    said = said_on_terminal(report_of(failed("mxnet", "There is no wheel."), cases=(ONE,)))
    assert "not run mxnet (not run): There is no wheel." in said


@pytest.mark.parametrize("name", ["compatibility.md", "index.html"])
def test_an_incomplete_run_is_said_in(name: str, tmp_path: Path) -> None:
    report = report_of(run(*both(ONE, RIGHT), complete=False), cases=(ONE,))
    assert "The run is incomplete" in files(report, tmp_path)[name]


def test_an_incomplete_run_is_told_on_the_terminal() -> None:
    report = report_of(run(*both(ONE, RIGHT), complete=False), cases=(ONE,))
    assert "incomplete torch 2.0: The run is incomplete" in said_on_terminal(report)


@pytest.mark.parametrize("name", ["compatibility.md", "index.html"])
def test_a_case_that_changed_after_the_run_is_said_in(name: str, tmp_path: Path) -> None:
    report = report_of(run(*both(ONE, RIGHT, content="old")), cases=(ONE,))
    assert "1 case changed after this run" in files(report, tmp_path)[name]


def test_the_terminal_has_no_line_beyond_its_width(mixed: Report) -> None:
    assert max(map(len, said_on_terminal(mixed).splitlines())) <= 80


def test_the_page_holds_no_markup_of_a_framework(mixed: Report, tmp_path: Path) -> None:
    page = files(mixed, tmp_path)["index.html"]
    assert any("alert(" in str(reason) for _, _, reason, *_ in page_data(page)["outcomes"])
    assert "<script>alert" not in page


def test_no_file_holds_control_characters(mixed: Report, tmp_path: Path) -> None:
    text = "".join(files(mixed, tmp_path).values())
    assert re.findall("[\x00-\x09\x0b-\x1f\x7f\u202e\ud800-\udfff]", text) == []


def test_markdown_holds_no_markup_of_a_framework(tmp_path: Path) -> None:
    text = files(report_of(failed("mxnet", NASTY), cases=(ONE,)), tmp_path)["compatibility.md"]
    assert "&lt;script&gt;" in text
    assert "<script" not in text


def test_the_page_asks_nothing_of_the_network(mixed: Report, tmp_path: Path) -> None:
    page = files(mixed, tmp_path)["index.html"]
    assert re.findall(r"""(?:src|href)=["']?(?:https?:)?//|@import|url\(""", page) == []


def test_the_page_carries_each_outcome_once(mixed: Report, tmp_path: Path) -> None:
    page = files(mixed, tmp_path)["index.html"]
    data = page_data(page)
    right = ["same", "match", None, "match", None, "arguments only"]
    assert data["outcomes"].count(right) == 1


def test_the_matrix_reads_without_javascript(mixed: Report, tmp_path: Path) -> None:
    page = files(mixed, tmp_path)["index.html"]
    before_scripts = page[: page.index('<script type="text/plain"')]
    assert "<b>translated</b><span>→1 </span>" in before_scripts


def saved(path: Path, given: Run) -> str:
    with run_files.writing(path, given.header) as writer:
        for one in given.observations:
            writer.add(one)
    return str(path)


CASES = """\
cases:
  - id: one
    why: It is the first.
    x: [1, 2]
    kernel: [1, 10]
"""


@pytest.fixture
def cases_file(tmp_path: Path) -> str:
    path = tmp_path / "some.yaml"
    path.write_text(CASES, encoding="utf-8")
    return str(path)


def test_the_command_tells_what_it_wrote(tmp_path: Path, cases_file: str) -> None:
    torch = saved(tmp_path / "torch.jsonl", run(*both(ONE, RIGHT)))
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["report", torch, "--out", str(out), "--cases", cases_file])
    assert result.exit_code == 0
    assert result.output.splitlines()[-8:] == [str(out / name) for name in FILES]


def test_the_command_refuses_a_run_given_twice(tmp_path: Path, cases_file: str) -> None:
    torch = saved(tmp_path / "torch.jsonl", run())
    arguments = [torch, torch, "--out", str(tmp_path / "out"), "--cases", cases_file]
    result = CliRunner().invoke(main, ["report", *arguments])
    assert (result.exit_code, result.output) == (
        2,
        f"conformance report: {torch}: the same run is given twice\n",
    )


def test_the_command_refuses_what_is_no_run(tmp_path: Path, cases_file: str) -> None:
    arguments = [cases_file, "--out", str(tmp_path / "out"), "--cases", cases_file]
    result = CliRunner().invoke(main, ["report", *arguments])
    assert (result.exit_code, result.output.count("\n")) == (2, 1)


def test_the_command_refuses_cases_that_do_not_hold_up(tmp_path: Path) -> None:
    torch = saved(tmp_path / "torch.jsonl", run())
    arguments = [torch, "--out", str(tmp_path / "out"), "--cases", str(tmp_path / "none")]
    result = CliRunner().invoke(main, ["report", *arguments])
    assert (result.exit_code, "there is no such file or folder" in result.output) == (2, True)


def test_the_command_refuses_a_folder_that_is_a_file(tmp_path: Path, cases_file: str) -> None:
    torch = saved(tmp_path / "torch.jsonl", run())
    arguments = [torch, "--out", str(Path(cases_file) / "out"), "--cases", cases_file]
    assert CliRunner().invoke(main, ["report", *arguments]).exit_code == 2
