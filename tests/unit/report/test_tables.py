"""The report's tables: every case of every API has a verdict, and what is missing is said."""

from pathlib import Path

import pandas as pd
import pytest
from report_runs import FUNCTION, LAYER, RIGHT, both, case, failed, observed, report_of, run

from conformance.report import output
from conformance.report.data import count_verdicts
from conformance.report.model import Report
from conformance.runs.selection import Selection

ONE, TWO = case("one"), case("two", topics=("basic", "stride"))


def verdict(report: Report, case_id: str = "one", api: str = LAYER) -> str:
    frame = report.verdicts
    rows = frame[(frame["case"] == case_id) & (frame["api"] == api)]
    return str(rows["verdict"].item())


def reason(report: Report, case_id: str = "one", api: str = LAYER) -> object:
    frame = report.verdicts
    return frame[(frame["case"] == case_id) & (frame["api"] == api)]["reason"].item()


@pytest.mark.parametrize(
    ("native", "recipe", "wanted"),
    [
        ("match", "match", "same"),
        ("mismatch", "match", "translated"),
        ("inexpressible", "match", "translated"),
        ("rejected", "match", "translated"),
        ("mismatch", "mismatch", "different"),
        ("match", "mismatch", "different"),
        ("rejected", "rejected", "rejected"),
        ("inexpressible", "inexpressible", "inexpressible"),
        ("crashed", "match", "broken"),
        ("match", "hung", "broken"),
        ("flaky", "flaky", "broken"),
    ],
)
def test_the_verdict_follows_from_both_modes(native: str, recipe: str, wanted: str) -> None:
    given = run(*both(ONE, {"native": native, "recipe": recipe}))
    assert verdict(report_of(given, cases=(ONE,))) == wanted


@pytest.mark.parametrize("mode", ["native", "recipe"])
def test_half_of_an_answer_is_no_verdict(mode: str) -> None:
    given = run(observed(ONE, mode, "match"), complete=False)
    assert verdict(report_of(given, cases=(ONE,))) == "not run"


def test_a_case_that_a_run_did_not_ask_is_not_run() -> None:
    report = report_of(run(*both(ONE, RIGHT)), cases=(ONE, TWO))
    assert (verdict(report, "two"), reason(report, "two")) == (
        "not run",
        "The run did not ask this.",
    )


def test_a_case_beside_the_part_that_was_asked_is_not_run_for_that() -> None:
    part = run(*both(ONE, RIGHT), selection=Selection(expression="one"))
    report = report_of(part, cases=(ONE, TWO))
    assert reason(report, "two") == "The run asked only -k one."


def test_an_api_that_an_environment_lacks_is_not_run_there() -> None:
    report = report_of(run(*both(ONE, RIGHT)), cases=(ONE,))
    assert (verdict(report, api=FUNCTION), reason(report, api=FUNCTION)) == (
        "not run",
        "torch 2.0 does not have this API.",
    )


@pytest.mark.parametrize(("version", "is_missing"), [("0.8", False), ("0.9", True)])
def test_an_api_of_other_versions_is_not_missing(version: str, is_missing: bool) -> None:
    plain, consistent = (
        f"jax.lax.conv_transpose{end}" for end in ("", "(use_consistent_padding=True)")
    )
    given = run(
        *both(ONE, RIGHT, api=plain),
        framework="jax",
        version=version,
        packages={"jax": version},
        apis={plain: True, consistent: False},
    )
    apis = report_of(given, cases=(ONE,)).verdicts["api"]
    assert (consistent in set(apis)) is is_missing


def test_a_failed_run_is_not_run_for_its_reason_in_every_case() -> None:
    report = report_of(failed("torch", "There is no wheel."), cases=(ONE, TWO))
    told = report.verdicts[["verdict", "reason"]].drop_duplicates().to_numpy().tolist()
    assert told == [["not run", "There is no wheel."]]


def test_what_was_not_asked_is_among_the_observations_too() -> None:
    report = report_of(failed("torch", "There is no wheel."), cases=(ONE,))
    rows = report.observations[report.observations["api"] == LAYER]
    told = rows[["case", "mode", "status", "detail"]].to_numpy().tolist()
    assert told == [
        ["one", "native", "not run", "There is no wheel."],
        ["one", "recipe", "not run", "There is no wheel."],
    ]


def test_a_case_that_is_there_no_longer_keeps_its_verdict() -> None:
    gone = case("gone")
    report = report_of(run(*both(gone, RIGHT)), cases=(ONE,))
    assert verdict(report, "gone") == "same"


def test_a_diagnosis_is_the_reason_where_there_is_one() -> None:
    native = observed(ONE, "native", "mismatch", diagnosis="It is flipped.", detail="2, not 1")
    report = report_of(run(native, observed(ONE, "recipe", "match")), cases=(ONE,))
    assert reason(report) == "It is flipped."


def test_the_detail_is_the_reason_until_there_is_a_diagnosis() -> None:
    native = observed(ONE, "native", "mismatch", detail="2, not 1")
    report = report_of(run(native, observed(ONE, "recipe", "match")), cases=(ONE,))
    assert reason(report) == "2, not 1"


def test_the_reason_of_something_broken_is_that_of_the_mode_that_broke() -> None:
    native = observed(ONE, "native", "rejected", detail="It refused.")
    recipe = observed(ONE, "recipe", "crashed", detail="It crashed.")
    assert reason(report_of(run(native, recipe), cases=(ONE,))) == "It crashed."


def test_a_topic_counts_every_case_that_has_it() -> None:
    report = report_of(run(*both(ONE, RIGHT), *both(TWO, RIGHT)), cases=(ONE, TWO))
    counts = {
        topic: verdicts.counts
        for (column, topic), verdicts in report.topic_counts.items()
        if column.api == LAYER
    }
    assert counts == {"basic": (("same", 2),), "stride": (("same", 1),)}


def test_a_cell_names_the_worst_verdict_and_counts_them_all() -> None:
    verdicts = pd.Series(["translated", "same", "same", "translated", "same"])
    assert str(count_verdicts(verdicts)) == "translated: 3 same, 2 translated"


def test_a_topic_that_no_case_of_an_api_has_is_no_case(tmp_path: Path) -> None:
    convolution = case("conv", op="conv", topics=("same",))
    report = report_of(run(*both(ONE, RIGHT), *both(convolution, RIGHT, api="torch.nn.Conv")),
                       cases=(ONE,))  # fmt: skip
    (path,) = output.write(report, tmp_path, ["compatibility.csv"])
    frame = pd.read_csv(path, index_col="topic")
    assert frame.loc["same", f"{LAYER} (2.0)"] == "no case"


def test_versions_and_backends_of_an_api_are_side_by_side() -> None:
    apis = {"keras.ops.conv_transpose": True}
    keras = [
        run(framework="keras", version=version, backend=backend, apis=apis)
        for version, backend in (("3.9", "jax"), ("3.10", "torch"), ("3.10", "jax"))
    ]
    report = report_of(run(), *keras, cases=(ONE,))
    shown = [c.environment.short for c in report.columns if c.api == "keras.ops.conv_transpose"]
    assert shown == ["3.9 on jax", "3.10 on jax", "3.10 on torch"]


def test_no_runs_give_empty_tables() -> None:
    report = report_of(run(apis={}), cases=())
    assert (len(report.observations), len(report.verdicts)) == (0, 0)


def test_what_a_mode_changes_is_told_from_what_the_source_means() -> None:
    mode = f"{LAYER}(torch.jit.script)"
    flipped = {"explanations": (("kernel flip: flipped",),), "digest": "b", "shape": (1,)}
    report = report_of(
        run(
            *both(ONE, {"native": "mismatch", "recipe": "match"}, **flipped),
            *both(ONE, {"native": "mismatch", "recipe": "match"}, api=mode, **flipped),
            *both(TWO, RIGHT),
            *both(TWO, {"native": "rejected", "recipe": "match"}, api=mode),
            framework="torch-modes",
            apis={LAYER: True, mode: True},
        ),
        cases=(ONE, TWO),
    )
    rows = report.verdicts.set_index(["api", "case"])["twin"]
    assert (rows[mode, "one"], rows[mode, "two"], rows[LAYER, "one"]) == ("same", "changed", None)
    (summary,) = (s for column, s in report.summaries.items() if column.api == mode)
    assert summary.sentences[-1] == (
        f"Beside {LAYER}, it changes 1 of 2 cases; in 1 the source already has another meaning."
    )
