"""The tables by axis: who means what, how many cases establish it, and what speaks against it."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_pages import page_data
from report_runs import FUNCTION, LAYER, case, failed, files, observed, report_of, run

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases.model import Case
from conformance.conventions.axes import AXES
from conformance.observations import Observation
from conformance.question import Question
from conformance.report.convention_table import HEADINGS, Cell
from conformance.report.evidence import differences
from conformance.report.model import Report
from conformance.runs.run_files import Run
from conformance.utils.text import tick

FLIPPED = (("kernel flip: flipped",),)
ONE, TWO = case("one"), case("two")


def asked(id_: str, **changed: Any) -> Case:
    """The usual case, asked with other arguments."""
    usual = ONE.question
    assert isinstance(usual, Question)
    return case(id_, question=replace(usual, **changed))


DILATED = asked("dilated", dilation=(2,))
EVEN = asked("even", kernel=np.ones((1, 1, 2), np.float32))
BOTH = {LAYER: True, FUNCTION: True}


def match(of: Case, api: str = LAYER) -> Observation:
    return observed(of, "native", "match", api)


def flipped(of: Case, api: str = LAYER) -> Observation:
    return observed(of, "native", "mismatch", api, explanations=FLIPPED)


def refused(of: Case, api: str = LAYER) -> Observation:
    return observed(of, "native", "inexpressible", api, detail="No.")


def layer(*observations: Observation, **header: Any) -> Run:
    """A run of torch that knows of no other API than those that answer."""
    return run(*observations, **{"apis": BOTH, **header})


def cell(report: Report, axis: str, title: str = f"{LAYER} (2.0)") -> Cell:
    column = next(c for c in report.columns if c.title == title)
    return next(c for c in report.conventions.cells[column] if c.axis.name == axis)


@pytest.mark.parametrize(
    ("axis", "seen", "words"),
    [
        ("kernel flip", (match(ONE),), ("agrees", "as it stands", ("one",))),
        ("kernel flip", (flipped(ONE),), ("other choice", "flipped", ("one",))),
        ("dilation", (match(ONE), refused(DILATED)), ("no parameter", None, ("dilated",))),
        ("dilation", (match(ONE),), ("not run", None, ("dilated",))),
        ("kernel flip", (match(EVEN),), ("not told apart", None, ("dilated", "even", "one"))),
        ("groups", (match(ONE),), ("no case", None, ())),
    ],
)
def test_a_cell_says_what_is_known_and_by_which_cases(
    axis: str, seen: tuple[Observation, ...], words: tuple[object, ...]
) -> None:
    found = cell(report_of(layer(*seen), cases=(ONE, DILATED, EVEN)), axis)
    assert (found.kind, found.choice, found.cases) == words


def test_a_failed_run_is_not_run_on_every_axis_that_has_cases() -> None:
    report = report_of(failed("torch", "No wheel."), cases=(ONE,))
    assert cell(report, "kernel flip", f"{LAYER} (not run)").kind == "not run"


def test_every_axis_has_its_heading() -> None:
    assert {axis.heading for axis in AXES} <= {*HEADINGS}


def test_an_axis_on_which_all_agree_is_folded() -> None:
    sheet = report_of(layer(match(ONE), match(ONE, FUNCTION)), cases=(ONE,)).conventions.tables[0]
    assert "kernel flip" in [row.axis.name for row in sheet.rows_in("unanimous")]


def test_an_axis_on_which_one_differs_is_shown() -> None:
    report = report_of(layer(match(ONE), flipped(ONE, FUNCTION)), cases=(ONE,))
    titles = [(t, [r.axis.name for r in rows]) for t, rows in report.conventions.tables[0].groups]
    assert titles == [("Kernel", ["kernel flip"])]


def test_an_axis_on_which_all_that_ran_agree_says_how_many_did_not() -> None:
    given = [layer(match(ONE), match(ONE, FUNCTION)), failed("mxnet", "No wheel.")]
    sheet = report_of(*given, cases=(ONE,)).conventions.tables[0]
    apis = [
        api
        for api in FRAMEWORKS["mxnet"].apis
        if api.operator == "conv_transpose" and not api.topics  # a variant has no axes of its own
    ]
    assert {row.axis.name: row.not_run for row in sheet.rows_in("unanimous")}["kernel flip"] == len(
        apis
    )


def test_an_axis_that_no_case_is_about_is_named() -> None:
    report = report_of(layer(match(ONE), match(ONE, FUNCTION)), cases=(ONE,))
    rows = report.conventions.tables[0].rows_in("without case")
    assert "groups" in [row.axis.name for row in rows]


def test_an_axis_that_no_case_can_tell_is_named() -> None:
    report = report_of(layer(match(ONE), match(ONE, FUNCTION)), cases=(ONE,))
    rows = report.conventions.tables[0].rows_in("undistinguished")
    assert [row.axis.name for row in rows] == ["accumulation"]


def test_the_words_of_a_table_are_explained_with_who_means_them() -> None:
    report = report_of(layer(match(ONE), flipped(ONE, FUNCTION)), cases=(ONE,))
    told = [(m.choice, m.sentence, m.apis) for m in report.conventions.tables[0].meanings]
    assert told == [
        ("as it stands", "The kernel is read forwards along every spatial axis.", (LAYER,)),
        ("flipped", "The kernel is read backwards along every axis.", (FUNCTION,)),
    ]


def test_a_contradiction_names_its_cases() -> None:
    report = report_of(layer(flipped(ONE), match(TWO)), cases=(ONE, TWO))
    told = [(d.kind, d.where, d.cases) for d in report.conventions.anomalies]
    assert told == [("contradiction", f"{LAYER} (2.0)", ("one",))]


def test_what_no_convention_explains_names_its_cases() -> None:
    wrong = observed(TWO, "native", "mismatch")
    report = report_of(layer(match(ONE), wrong), cases=(ONE, TWO))
    told = [(d.kind, d.cases) for d in report.conventions.anomalies]
    assert (told, report.conventions.explained) == ([("unexplained", ("two",))], 0)


def limited() -> Report:
    wrong = observed(TWO, "native", "mismatch", limitation="it keeps two at the start")
    return report_of(layer(match(ONE), wrong), cases=(ONE, TWO))


def test_what_runs_into_a_known_limit_names_it() -> None:
    meanings = limited().conventions
    told = [(d.kind, d.sentence, d.cases) for d in meanings.anomalies]
    assert told == [("known limit", "It keeps two at the start.", ("two",))]
    assert meanings.explained == 0


def test_what_contradicts_by_a_known_limit_is_that_limit() -> None:
    limit = "it multiplies zeros over three axes"
    other = observed(ONE, "native", "mismatch", explanations=FLIPPED, limitation=limit)
    report = report_of(layer(other, match(TWO)), cases=(ONE, TWO))
    told = [(d.kind, d.sentence, d.cases) for d in report.conventions.anomalies]
    assert told == [("known limit", "It multiplies zeros over three axes.", ("one",))]


def test_what_nothing_explains_comes_before_known_limits() -> None:
    report = report_of(
        layer(
            observed(ONE, "native", "mismatch", limitation="it keeps two at the start"),
            observed(TWO, "native", "mismatch"),
        ),
        cases=(ONE, TWO),
    )
    told = [(d.kind, d.cases) for d in report.conventions.anomalies]
    assert told == [("unexplained", ("two",)), ("known limit", ("one",))]


@pytest.mark.parametrize("name", ["compatibility.md", "index.html"])
def test_a_known_limit_is_no_contradiction_in(name: str, tmp_path: Path) -> None:
    text = files(limited(), tmp_path)[name]
    assert "no contradiction" in text.lower()
    assert "It keeps two at the start." in text


def test_what_is_explained_is_counted() -> None:
    report = report_of(layer(flipped(ONE), match(TWO)), cases=(ONE, TWO))
    assert report.conventions.explained == 1


def test_an_answer_to_a_case_that_changed_since_is_not_counted() -> None:
    old = observed(ONE, "native", "mismatch", explanations=FLIPPED, content="another")
    assert report_of(layer(old), cases=(ONE,)).conventions.explained == 0


@pytest.mark.parametrize("name", ["compatibility.md", "index.html"])
def test_what_speaks_against_a_choice_comes_before_the_table_in(name: str, tmp_path: Path) -> None:
    text = files(report_of(layer(flipped(ONE), match(TWO)), cases=(ONE, TWO)), tmp_path)[name]
    assert 0 < text.index("contradiction") < text.index("Is the kernel read in reverse?")


def versions(old: Observation, new: Observation) -> Report:
    return report_of(layer(new, version="2.10"), layer(old, version="2.9"), cases=(ONE,))


def test_a_choice_that_changed_with_the_version_says_what_it_was() -> None:
    report = versions(flipped(ONE), match(ONE))
    assert cell(report, "kernel flip", f"{LAYER} (2.10)").previous_words == "flipped"


def test_an_axis_that_was_not_run_has_not_changed() -> None:
    report = report_of(
        layer(match(ONE), version="1"), layer(version="2"), layer(match(ONE), version="3"),
        cases=(ONE,),
    )  # fmt: skip
    assert {cell(report, "kernel flip", f"{LAYER} ({v})").previous_words for v in "13"} == {None}


def test_backends_are_no_versions_of_each_other() -> None:
    api = "keras.ops.conv_transpose"
    keras = {"framework": "keras", "apis": {api: True}}
    given = [
        run(seen, backend=backend, **keras)
        for backend, seen in (("jax", flipped(ONE, api)), ("torch", match(ONE, api)))
    ]
    report = report_of(*given, cases=(ONE,))
    assert cell(report, "kernel flip", f"{api} (2.0 on torch)").previous_words is None


def sentences(*observations: Observation) -> tuple[str, ...]:
    report = report_of(layer(*observations), cases=(ONE, TWO))
    column = next(c for c in report.columns if c.api == LAYER)
    return differences(report.conventions.cells[column])


def test_what_differs_is_told_in_sentences_with_its_cases() -> None:
    told = sentences(flipped(ONE), flipped(TWO))
    assert told[0] == "The kernel is read backwards along every axis (2 cases)."


def test_that_nothing_differs_is_told() -> None:
    assert sentences(match(ONE))[0].startswith("It means what the reference means")


def test_what_cannot_be_said_is_told() -> None:
    report = report_of(layer(match(ONE), refused(DILATED)), cases=(ONE, DILATED))
    column = next(c for c in report.columns if c.api == LAYER)
    assert "Has no parameter for `dilation` (1)." in report.differences[column]


def test_profiles_have_the_columns_that_others_rely_on(tmp_path: Path) -> None:
    text = files(report_of(layer(flipped(ONE), refused(TWO)), cases=(ONE, TWO)), tmp_path)
    rows = csv.DictReader(io.StringIO(text["profiles.csv"]))
    row = next(r for r in rows if r["api"] == LAYER and r["axis"] == "kernel flip")
    assert row == {
        "framework": "torch",
        "version": "2.0",
        "backend": "",
        "runtime_class": "",
        "api": LAYER,
        "axis": "kernel flip",
        "known": "observed",
        "choice": "flipped",
        "canonical": "False",
        "cases": "1",
        "against": "0",
        "refused": "1",
    }


def test_markdown_says_each_version_of_which_the_same_is_to_be_said_once(tmp_path: Path) -> None:
    given = [
        layer(match(ONE), flipped(ONE, FUNCTION), version=version) for version in ("2.9", "2.10")
    ]
    text = files(report_of(*given, cases=(ONE,)), tmp_path)["compatibility.md"]
    assert f"| `{FUNCTION.removeprefix('torch.')} (2.9; 2.10)` | ◆ **yes** |" in text.splitlines()


def test_the_page_has_a_cell_that_leads_to_its_cases_without_javascript(tmp_path: Path) -> None:
    page = files(report_of(layer(flipped(ONE)), cases=(ONE,)), tmp_path)["index.html"]
    link = '<a href="#/axis/kernel%20flip/torch.nn.ConvTranspose%20%282.0%29"'
    assert link in page
    assert "<b>◆&nbsp;flipped</b><span>1 case</span>" in page[page.index(link) :]


def test_the_page_knows_the_cases_of_each_cell(tmp_path: Path) -> None:
    report = report_of(layer(flipped(ONE), match(TWO)), cases=(ONE, TWO))
    page = files(report, tmp_path)["index.html"]
    data = page_data(page)
    place = [title for title, _ in data["columns"]].index(f"{LAYER} (2.0)")
    chosen = data["sets"][data["axes"]["kernel flip"][place]]
    assert sorted(data["cases"][number][0] for number in chosen) == ["one", "two"]


NASTY = "<img src=x onerror=alert(1)> | *y*"


def test_a_name_from_outside_does_not_end_its_code_or_its_cell() -> None:
    assert tick("a ` b | c") == "`a ' b \\| c`"


@pytest.mark.parametrize("name", ["compatibility.md", "index.html"])
def test_no_name_from_outside_is_markup_in(name: str, tmp_path: Path) -> None:
    nasty = case(NASTY)
    report = report_of(layer(flipped(nasty), match(TWO)), cases=(nasty, TWO))
    text = files(report, tmp_path)[name]
    assert "<img" not in text
    assert "onerror" in text
