"""The history in a report: what changed, since which version, and what is left out."""

from pathlib import Path
from typing import Any

import pytest
from history_tables import END, ODD, STANDS, START, failed, odd, one, rows
from packaging.version import Version
from report_pages import page_data
from report_runs import LAYER, RIGHT, both, case, run

from conformance.history.series import all_series
from conformance.report import output
from conformance.report.environments import environments
from conformance.report.history import overview, since
from conformance.report.model import report

KERNEL = "kernel flip"
PLACE = {"package": "torch", "runtime": "onednn"}
CASE = case("one")


def page(folder: Path, *found: Any, version: str = "3.2", runtime: str = "onednn") -> str:
    """The page of a report of one version of torch, with a history of these rows."""
    runs = [run(*both(CASE, RIGHT), version=version, runtime_class=runtime)]
    made = report(environments(runs), [CASE], all_series(found))
    (path,) = output.write(made, folder, ["index.html"])
    return path.read_text(encoding="utf-8")


def test_the_news_and_the_timelines_are_on_the_page(tmp_path: Path) -> None:
    text = page(tmp_path, *rows(odd(START, START, END), api=LAYER, **PLACE))
    assert "<b>torch 3.2, onednn (after 3.1)</b>" in text
    assert '<time datetime="2024-01-03">' in text
    assert '<li class="other-choice" style="--n: 2">' in text


def test_packages_that_the_report_is_not_about_are_left_out(tmp_path: Path) -> None:
    text = page(tmp_path, *rows(odd(START, END)))
    assert '<section id="changes">' not in text
    assert 'href="#changes"' not in text


def test_a_history_without_a_change_says_so(tmp_path: Path) -> None:
    text = page(tmp_path, *rows(odd(START, START), api=LAYER, **PLACE))
    assert "<p>Nothing changed.</p>" in text
    assert 'href="#changes"' in text


def test_words_of_a_table_are_no_markup(tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>"
    text = page(
        tmp_path,
        *rows({"1": {"<i>axis": bad}, "2": {"<i>axis": "b"}}, api=LAYER, **PLACE),
        failed("0.1", bad, package="torch"),
    )
    assert bad not in text
    assert "<i>axis" not in text


@pytest.mark.parametrize(
    ("version", "runtime", "sentences"),
    [
        (
            "3.2",
            "onednn",
            {
                ODD: f"{END} since 3.2 (2024-01-03); {START} until 3.1",
                KERNEL: f"{STANDS} since 3.0 (2024-01-01) at least, in 3 releases that were asked",
            },
        ),
        ("3.2", "eigen", {}),
        ("unreleased", "onednn", {}),
    ],
)
def test_a_column_says_since_when(
    tmp_path: Path, version: str, runtime: str, sentences: dict[str, str]
) -> None:
    found = rows(odd(START, START, END, **{KERNEL: STANDS}), api=LAYER, **PLACE)
    data = page_data(page(tmp_path, *found, version=version, runtime=runtime))
    told = {axis: n for column in data["since"] for axis, n in column.items()}
    assert {axis: data["sentences"][n] for axis, n in told.items()} == sentences


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("2.9", []),
        ("3.0", [f"{START} until 3.1"]),
        ("3.1.9", [f"{START} until 3.1"]),
        ("3.2", [f"{END} since 3.2 (2024-01-03); {START} until 3.1"]),
        ("3.3", [f"{START} since 3.3 (2024-01-04); {END} until 3.2"]),
        ("9", [f"{START} since 3.3 (2024-01-04); {END} until 3.2"]),
    ],
)
def test_a_version_has_what_the_release_up_to_it_has(version: str, words: list[str]) -> None:
    series = one(*rows(odd(START, START, END, START), api=LAYER))
    assert [text for _, text in since(series, LAYER, Version(version))] == words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (rows(odd(START)), "1 release, 3.0 (2024-01-01)."),
        (rows(odd(START, END), date=""), "2 releases, 3.0 to 3.1."),
        ([failed("1", "a"), failed("2", "b")], "0 releases; 2 more could not be asked."),
    ],
)
def test_an_overview_counts_the_releases(found: Any, words: str) -> None:
    assert overview(one(*found)) == words
