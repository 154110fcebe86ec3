"""Versions in one report: side by side in their order, with what changed marked and told."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from report_runs import FUNCTION, LAYER, both, case, failed, files, observed, report_of, run
from rich.console import Console

from conformance.history.trend import Change, Trend
from conformance.history.version_ranges import Span, State
from conformance.observations import Observation
from conformance.report import terminal
from conformance.report.changes import case_names, label, line, refusal, shown, unchanged_axes
from conformance.report.environments import environments
from conformance.report.model import Report
from conformance.runs.run_files import Run

FLIPPED = (("kernel flip: flipped",),)
ONE, TWO = case("one"), case("two", topics=("stride", "basic"))


def right(*cases: Any) -> list[Observation]:
    return [o for of in cases for o in both(of, {"native": "match", "recipe": "match"})]


def wrong(*cases: Any) -> list[Observation]:
    modes = ("native", "recipe")
    return [observed(of, m, "mismatch", explanations=FLIPPED) for of in cases for m in modes]


def mended(**old: Any) -> Report:
    """Both cases wrong in version 2.9 and right in 2.10."""
    given = run(*wrong(ONE, TWO), version="2.9", **old), run(*right(ONE, TWO), version="2.10")
    return report_of(*given, cases=(ONE, TWO))


# Their order


@pytest.mark.parametrize(
    "versions", [("2.9", "2.10"), ("2.0rc1", "2.0"), ("2.0", "2.0.post1"), ("unreleased", "1.0")]
)
def test_versions_stand_in_their_order(versions: tuple[str, ...]) -> None:
    given = [run(version=version) for version in reversed(versions)]
    assert [e.run.header.version for e in environments(given)] == list(versions)


# What changed


def test_what_changed_is_told_of_the_versions_of_a_framework_on_a_backend() -> None:
    ((title, trends),) = mended().trends
    assert title == "torch: 2.9, 2.10"
    assert [line(change) for trend in trends for change in trend.changes] == [
        "kernel flip (2 cases): until 2.9 flipped; from 2.10 as it stands."
    ]


def one_of(backend: str) -> Run:
    return run(framework="keras", backend=backend, apis={"keras.ops.conv": True})


def test_backends_are_no_versions_of_each_other() -> None:
    assert report_of(one_of("jax"), one_of("torch"), cases=(ONE,)).trends == ()


def test_one_version_and_one_that_did_not_run_have_no_trend() -> None:
    report = report_of(run(*right(ONE)), failed("torch", "No wheel."), cases=(ONE,))
    assert report.trends == ()


def test_a_verdict_that_changed_is_counted_under_its_topics() -> None:
    (matrix,) = mended().matrices
    counted = {(c.environment.short, topic): n for (c, topic), n in matrix.changed.items()}
    assert counted == {("2.10", "basic"): 2, ("2.10", "stride"): 1}


def test_what_was_not_run_before_has_not_changed() -> None:
    given = run(*wrong(ONE), version="1"), run(*right(ONE, TWO), version="2")
    (matrix,) = report_of(*given, cases=(ONE, TWO)).matrices
    assert {topic: n for (_, topic), n in matrix.changed.items()} == {"basic": 1}


def test_markdown_tells_it_once(tmp_path: Path) -> None:
    text = files(mended(), tmp_path)["compatibility.md"]
    told = "| kernel flip (2 cases) | until 2.9<br>from 2.10 | **◆ flipped**<br>= as it stands |"
    assert told in text.splitlines()


def test_the_page_tells_it_and_marks_the_cells(tmp_path: Path) -> None:
    page = files(mended(), tmp_path)["index.html"]
    assert '<section id="changes">' in page
    assert re.search(r'class="c agrees moved">.*In the version before: flipped\.', page)
    assert re.search(r'class="c same moved">.*2 verdicts otherwise in the version before', page)


@pytest.mark.parametrize("name", ["compatibility.md", "index.html"])
def test_one_version_has_no_word_of_changes_in(name: str, tmp_path: Path) -> None:
    text = files(report_of(run(*right(ONE)), cases=(ONE,)), tmp_path)[name]
    assert "What changed between versions" not in text


def test_the_terminal_tells_it_in_a_line() -> None:
    console = Console(file=io.StringIO(), width=200)
    terminal.show(console, mended())
    assert isinstance(console.file, io.StringIO)
    assert (
        f"Δ torch, {LAYER}: kernel flip (2 cases): until 2.9 flipped; from 2.10 as it stands.\n"
        in console.file.getvalue()
    )


# In words

SPANS = (
    Span("until 1", State("refused", "refused")),
    Span("from 2", State("right", "as the reference has it")),
)


def test_cases_that_no_axis_accounts_for_are_named_up_to_three() -> None:
    change = Change("dilation", SPANS, ("a", "b", "c", "d", "e"), is_of_axis=False)
    assert (label(change), case_names(change)) == ("5 cases of dilation", "a, b, c and 2 more")


def test_a_refusal_is_told_in_words_that_can_be_printed() -> None:
    change = Change(
        "dilation", SPANS, ("a",), is_of_axis=False, refusal="No \x1b[31m\nway. " + "x" * 300
    )
    assert refusal(change).startswith("No \\x1b[31m way. xxx")
    assert len(refusal(change)) <= 200


def test_what_only_translated_calls_show_is_told_as_such() -> None:
    change = Change("dilation", SPANS, ("a",), is_of_axis=False, is_native=False)
    assert label(change) == "1 case of dilation (translated)"


@pytest.mark.parametrize(
    ("same", "sentence"),
    [
        ((), "Nothing changed in 7 cases."),
        ((("bias", State("right", "added once")),),
         "Nothing changed in 7 cases; as the reference has it: bias."),
        ((("bias", State("other", "dropped")), ("dtype", State("right", "kept"))),
         "Nothing changed in 7 cases: bias (dropped); as the reference has it: dtype."),
    ],
)  # fmt: skip
def test_what_did_not_change_is_one_sentence(
    same: tuple[tuple[str, State], ...], sentence: str
) -> None:
    assert unchanged_axes(Trend(FUNCTION, (), same, 7)) == sentence


def test_on_a_terminal_spans_stand_below_each_other() -> None:
    trend = Trend(FUNCTION, (Change("dilation (1 case)", SPANS, ()),), (), 1)
    console = Console(file=io.StringIO(), width=60)
    for part in shown([trend]):
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    assert [text.rstrip() for text in console.file.getvalue().splitlines()] == [
        FUNCTION,
        "  dilation (1 case)  until 1  ⊘ refused",
        "                     from 2   = as the reference has it",
        "  Unchanged.",
        "",
    ]
