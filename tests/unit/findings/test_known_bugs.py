"""Known bugs: each is told of, is still in the baseline, and makes no noise in a report."""

import io
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from report_pages import page_data
from report_runs import case, observed, report_of, run
from rich.console import Console

from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.cases import load
from conformance.environments import definitions
from conformance.findings import known_bugs, page
from conformance.findings.known_bugs import Bug
from conformance.gate import baseline
from conformance.gate.snapshot import Snapshot
from conformance.observations import MODES
from conformance.recorded_answers import Answer
from conformance.report import html, output, terminal
from conformance.report.model import Report
from conformance.runs.run_files import Header, Run
from conformance.utils import resources

ACCEPTED = {path.stem: path for path in resources.BASELINE.glob("*.csv")}
GATED = {
    "-".join(filter(None, (environment.framework, environment.backend)))
    for environment in definitions.pinned().values()
    if environment.tier == "default"
}
PLACES = [
    (name, api, id_)
    for bug in known_bugs.bugs()
    for occurrence in bug.occurrences
    for name in ACCEPTED
    if name.startswith(f"{occurrence.name}.")
    for api in occurrence.apis
    for id_ in (*bug.cases, *bug.lucky)
]
"""Every place at which a bug was looked for: a baseline, an API and a case."""
STORIES = {entry.title: entry.story for entry in page.entries()}
LUCKY = {id_ for bug in known_bugs.bugs() for id_ in bug.lucky}


@cache
def accepted(name: str) -> Snapshot:
    return baseline.read(ACCEPTED[name])


@cache
def cases() -> frozenset[str]:
    return frozenset(case.id for case in load([resources.CASES], check=False).cases)


def is_wrong(answer: Answer) -> bool:
    """Whether nothing but a bug accounts for it."""
    broken = {"crashed", "hung", "flaky"} & set(answer.statuses)
    return bool(broken) or ("mismatch" in answer.statuses and not answer.explanations)


# What is written down


@pytest.mark.parametrize("bug", known_bugs.bugs(), ids=lambda bug: bug.anchor)
def test_a_bug_is_told_of_with_a_script(bug: Bug) -> None:
    assert "```python" in STORIES[bug.title] or "```javascript" in STORIES[bug.title]


@pytest.mark.parametrize("bug", known_bugs.bugs(), ids=lambda bug: bug.anchor)
def test_the_page_names_every_case_of_a_bug(bug: Bug) -> None:
    assert [id_ for id_ in (*bug.cases, *bug.lucky) if f"`{id_}`" not in STORIES[bug.title]] == []


def test_a_place_belongs_to_one_bug() -> None:
    assert len(set(PLACES)) == len(PLACES)


@pytest.mark.parametrize("bug", known_bugs.bugs(), ids=lambda bug: bug.anchor)
def test_every_occurrence_of_a_bug_is_in_a_baseline(bug: Bug) -> None:
    """Environments of the other tiers have no baseline."""
    for seen in bug.occurrences:
        if seen.name in GATED:
            assert {f"{seen.name}.{name}" for name in seen.classes} & set(ACCEPTED)


@pytest.mark.parametrize(("name", "api", "id_"), PLACES)
def test_a_bug_shows_where_it_is_said_to_and_nowhere_else(name: str, api: str, id_: str) -> None:
    """What a later version no longer does is to be struck off the list."""
    framework, _, runtime_class = name.partition(".")
    assert id_ in cases()
    assert APIS[api].id in {one.id for one in FRAMEWORKS[framework.partition("-")[0]].apis}
    (shows,) = (
        runtime_class in occurrence.classes
        for bug in known_bugs.bugs()
        for occurrence in bug.occurrences
        if occurrence.name == framework
        and api in occurrence.apis
        and id_ in (*bug.cases, *bug.lucky)
    )
    answers = accepted(name).answers
    wrong = any(is_wrong(answers[api, id_, mode]) for mode in MODES if (api, id_, mode) in answers)
    assert wrong is (shows and id_ not in LUCKY)


# Where it is known


TENSORFLOW = next(bug for bug in known_bugs.bugs() if "empty batch" in bug.title)
LAYER = ("keras.layers.Conv", TENSORFLOW.cases[0])
SEEN = {
    "framework": "keras",
    "backend": "tensorflow",
    "version": "3.15.1",
    "packages": {"keras": "3.15.1", "tensorflow": "2.21.0"},
    "runtime_class": "onednn-avx512",
}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"runtime_class": "onednn-avx2"},
        {"runtime_class": None},
        {"packages": {}},
        {"version": "3.15.1+local"},
    ],
    ids=str,
)
def test_a_bug_is_known_where_it_was_seen(changed: dict[str, Any]) -> None:
    """A run that does not say its class, or what computes for it, may be such a one."""
    assert known_bugs.known_bug(Header(**{**SEEN, **changed}), *LAYER) == TENSORFLOW


@pytest.mark.parametrize(
    "changed",
    [
        {"runtime_class": "eigen"},
        {"runtime_class": "onednn-avx1024"},
        {"version": "9.9.0"},
        {"version": "3.15.0"},
        {"version": None, "packages": {}},
        {"version": "=HYPERLINK(3.15.1)"},
        {"packages": {"keras": "3.15.1", "tensorflow": "9.9.0"}},
        {"backend": "jax"},
    ],
    ids=str,
)
def test_a_bug_is_not_known_where_it_was_not_seen(changed: dict[str, Any]) -> None:
    assert known_bugs.known_bug(Header(**{**SEEN, **changed}), *LAYER) is None


def test_an_anchor_is_what_a_forge_makes_of_the_heading() -> None:
    bug = Bug("MXNet 1.9.1: oneDNN never hears of `target_shape`", (), ())
    assert bug.place == "docs/findings.md#mxnet-191-onednn-never-hears-of-target_shape"


# What a report makes of it

BUG = next(bug for bug in known_bugs.bugs() if bug.occurrences[0].name == "mxnet")
API, OTHER = BUG.occurrences[0].apis[:2]
SICK = case(BUG.cases[0])


def sick(api: str = API) -> Run:
    """A run in which both calls of a case give an answer that nothing explains."""
    seen = [
        observed(SICK, mode, "mismatch", api, diagnosis="No known convention.") for mode in MODES
    ]
    return run(*seen, framework="mxnet", version="1.9.1", apis={api: True})


def doubted(report: Report) -> list[tuple[str, str]]:
    return [(doubt.kind, doubt.where) for doubt in report.conventions.anomalies]


def test_a_known_bug_is_neither_unexplained_nor_different() -> None:
    report = report_of(sick(), cases=(SICK,))
    assert doubted(report) == [("known bug", f"{API} (1.9.1)")]
    assert [t.kind for t in report.problems if t.kind != "not run"] == ["known bug"]


def test_the_list_of_cases_names_a_known_bug() -> None:
    text = html.render(report_of(sick(), cases=(SICK, case("unknown"))))
    data = page_data(text)
    place = [title for title, _ in data["columns"]].index(f"{API} (1.9.1)")
    known = data["known"][str(place)].items()
    told = {data["cases"][int(number)][0]: data["bugs"][bug] for number, bug in known}
    assert told == {SICK.id: [BUG.title, BUG.anchor]}
    assert f'id="{BUG.anchor}"' in text


def test_the_same_answer_is_unexplained_where_the_bug_is_not_known() -> None:
    seen = [replace(o, api="mxnet.npx.convolution") for o in sick().observations]
    stray = run(*seen, framework="mxnet", version="1.9.1", apis={})
    assert doubted(report_of(stray, cases=(SICK,))) == [
        ("unexplained", "mxnet.npx.convolution (1.9.1)")
    ]


def test_a_known_bug_comes_after_what_is_unexplained() -> None:
    unknown = case("unknown")
    seen = (*sick().observations, observed(unknown, "native", "mismatch", API))
    both = run(*seen, framework="mxnet", version="1.9.1", apis={API: True})
    kinds = [kind for kind, _ in doubted(report_of(both, cases=(SICK, unknown)))]
    assert kinds == ["unexplained", "known bug"]


def test_what_a_known_bug_makes_wrong_is_no_alarm() -> None:
    assert report_of(sick(), cases=(SICK,)).alarms == ()


def test_what_no_bug_accounts_for_is() -> None:
    wrong = [observed(case("unknown"), mode, "mismatch", API) for mode in MODES]
    both = run(*sick().observations, *wrong, framework="mxnet", version="1.9.1", apis={API: True})
    report = report_of(both, cases=(SICK, case("unknown")))
    assert report.alarms == (("different", 1),)


def test_the_files_lead_to_the_story(tmp_path: Path) -> None:
    made = report_of(sick(), cases=(SICK,))
    texts = {path.name: path.read_text("utf-8") for path in output.write(made, tmp_path)}
    assert f"](../{BUG.place})" in texts["compatibility.md"]
    assert f'id="{BUG.anchor}"' in texts["index.html"]
    assert "import mxnet as mx" in texts["index.html"]


def test_the_terminal_names_the_story() -> None:
    console = Console(file=io.StringIO(), width=300)
    terminal.show(console, report_of(sick(), cases=(SICK,)))
    said = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert f"known bug {BUG.title} ({BUG.place}): different in {API} (1.9.1)" in said
    assert "No known convention" not in said
