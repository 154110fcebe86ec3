"""Undecided in a report: counted, shown and loud; rounding that no call can help is told apart."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from report_runs import LAYER, both, case, report_of, run

from conformance.observations import VERDICTS
from conformance.report import html, markdown, output, terminal
from conformance.report.model import LEGEND, Report

HIDDEN = case("hidden", exact=False)
WHY = "Rounding hides whether this is the right answer or another one: bias: dropped."
SUMS = "Sums of float16 are rounded to float16 as they are formed."


def reported(statuses: Mapping[str, str], **given: object) -> Report:
    return report_of(run(*both(HIDDEN, statuses, **given)), cases=(HIDDEN,))


def of_layer(report: Report) -> dict[str, object]:
    """The verdict on the one API that was there."""
    (row,) = (r for r in report.verdicts.to_dict("records") if r["api"] == LAYER)
    return row


@pytest.fixture
def undecided() -> Report:
    statuses = {"native": "undecided", "recipe": "match"}
    return reported(statuses, diagnosis=WHY, explanations=(("bias: dropped",),))


def test_an_undecided_answer_gives_an_undecided_verdict_with_its_reason(undecided: Report) -> None:
    row = of_layer(undecided)
    assert (row["verdict"], row["native"], row["reason"]) == ("undecided", "undecided", WHY)


def test_an_undecided_verdict_is_an_alarm_and_a_trouble(undecided: Report) -> None:
    assert undecided.alarms == (("undecided", 1),)
    assert [(t.kind, t.sentence, t.cases) for t in undecided.problems if t.kind != "not run"] == [
        ("undecided", WHY, ("hidden",))
    ]


def test_undecided_has_a_column_a_sign_and_a_colour_of_its_own(undecided: Report) -> None:
    assert len({sign for sign, _ in LEGEND.values()}) == len(LEGEND) == len(VERDICTS)
    assert set(terminal.STYLES) == set(VERDICTS)
    text = html.render(undecided)
    assert "≈ 1 undecided" in text
    for rule in (".undecided {", "--undecided:", "--undecided-b:"):
        assert rule in text
    (line,) = (line for line in markdown.render(undecided).splitlines() if "| API | same |" in line)
    assert "| undecided |" in line


def test_the_tables_have_the_status_of_an_undecided_answer(
    undecided: Report, tmp_path: Path
) -> None:
    output.write(undecided, tmp_path)
    assert ",native,undecided," in (tmp_path / "observations.csv").read_text()
    assert "undecided: 1 undecided" in (tmp_path / "compatibility.csv").read_text()


def test_an_undecided_answer_establishes_no_choice(undecided: Report) -> None:
    (cells,) = (own for column, own in undecided.conventions.cells.items() if "Conv" in column.api)
    kinds = {cell.axis.name: cell.kind for cell in cells}
    assert kinds["kernel flip"] == "not told apart"
    assert undecided.conventions.anomalies == ()


def test_what_sums_round_is_told_and_is_no_alarm() -> None:
    q = HIDDEN.question.but(x=np.array([[[0.5, 2]]], np.float16), dtype="float16")
    of = case("half", exact=False, question=q)
    seen = both(
        of,
        {"native": "mismatch", "recipe": "mismatch"},
        diagnosis=SUMS,
        explanations=(("float16 accumulation: in float16",),),
    )
    report = report_of(run(*seen), cases=(of,))
    assert of_layer(report)["verdict"] == "different"
    assert report.alarms == ()
    told = [(t.kind, t.sentence) for t in report.problems if t.kind != "not run"]
    assert told == [("rounding", SUMS)]
