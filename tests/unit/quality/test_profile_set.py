"""The profile set: which cases are enough, and what is said of a set that is not."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from conformance.cases import load
from conformance.cases.profile_set import IDS
from conformance.conventions.axes import AXES
from conformance.gate import baseline
from conformance.observations import Observation, Status
from conformance.quality import profile_set
from conformance.quality.mutation import choices_of, kill_record
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import resources
from tools import profile_set as tool

FLIPPED = (("kernel flip: flipped",),)
CASES = """
cases:
  - {id: flip-a, why: One., x: [1, 2], kernel: [1, 10]}
  - {id: flip-b, why: Two., x: [1, 3], kernel: [1, 10]}
  - {id: flip-c, why: Three., x: [1, 4], kernel: [1, 10]}
  - {id: even, why: Four., x: [1, 2], kernel: [1, 1]}
  - {id: bias, why: Five., x: [1, 2], kernel: [1, 10], bias: [5]}
"""


@pytest.fixture
def prepared_cases(tmp_path: Path) -> dict[str, PreparedCase]:
    file = tmp_path / "cases.yaml"
    file.write_text(CASES, encoding="utf-8")
    return {case.id: PreparedCase(case) for case in load([file]).cases}


def observed(
    prepared_cases: Mapping[str, PreparedCase], case: str, status: Status = "match", api: str = "a"
) -> Observation:
    return Observation(
        api=api,
        case=case,
        mode="native",
        status=status,
        op="conv_transpose",
        topics=(),
        explanations=FLIPPED if status == "mismatch" else (),
        content=prepared_cases[case].content,
        exact=True,
    )


def evidence_of(
    prepared_cases: Mapping[str, PreparedCase], *observations: Observation
) -> profile_set.Evidence:
    return profile_set.evidence_of("plain 1.5", observations, prepared_cases)


def test_two_cases_of_each_api_and_axis_are_chosen(
    prepared_cases: dict[str, PreparedCase],
) -> None:
    right = [observed(prepared_cases, case) for case in ("flip-a", "flip-b", "flip-c", "even")]
    other = [observed(prepared_cases, "flip-c", "mismatch", "b")]
    evidence = evidence_of(prepared_cases, *right, *other)
    chosen = tool.chosen([evidence], {})
    assert "flip-c" in chosen  # the only one that shows the choice of the other API
    assert len(chosen & {"flip-a", "flip-b"}) == 1
    assert "even" not in chosen
    assert list(profile_set.weaknesses(evidence, chosen)) == []


def test_choices_that_no_api_makes_are_distinguished_by_two_cases_too() -> None:
    distinctions = {"flip-a": {(0, 0, 1)}, "flip-b": {(0, 0, 1)}, "bias": {(0, 0, 1), (1, 0, 1)}}
    chosen = tool.chosen([], distinctions)
    assert "bias" in chosen
    assert len(chosen) == 2


def test_a_choice_that_one_case_shows_where_more_could_is_a_weakness(
    prepared_cases: dict[str, PreparedCase],
) -> None:
    evidence = evidence_of(
        prepared_cases, *(observed(prepared_cases, case) for case in ("flip-a", "flip-b"))
    )
    findings = list(profile_set.weaknesses(evidence, {"flip-a"}))
    assert findings[0] == (
        "profile set: plain 1.5, a, kernel flip: 2 of all cases show 'as it stands', and 1 show"
        " 'as it stands'; `python tools/profile_set.py` chooses anew"
    )
    assert "none of them shows a choice" in next(profile_set.weaknesses(evidence, ()))


def test_an_answer_to_a_case_that_has_changed_is_no_evidence(
    prepared_cases: dict[str, PreparedCase],
) -> None:
    old = observed(prepared_cases, "flip-a")
    changed = Observation(**{**vars(old), "content": "another"})
    assert evidence_of(prepared_cases, changed).observations == []


@pytest.fixture(scope="module")
def corpus() -> dict[str, PreparedCase]:
    cases = load([resources.CASES], check=False).cases
    return {case.id: PreparedCase(case) for case in cases}


@pytest.mark.parametrize("name", ["torch.onednn-avx2", "jax.xla", "mxnet.onednn"])
def test_the_set_shows_what_all_cases_show_of_a_committed_baseline(
    corpus: dict[str, PreparedCase], name: str
) -> None:
    accepted = baseline.read(resources.BASELINE / f"{name}.csv")
    evidence = profile_set.accepted(name, accepted.answers, corpus)
    assert list(profile_set.weaknesses(evidence, IDS)) == []


def test_two_of_the_set_distinguish_every_two_choices_that_profiles_may_have(
    corpus: dict[str, PreparedCase],
) -> None:
    all_choices = (choices for axis in range(len(AXES)) for choices in choices_of(axis))
    missing = dict.fromkeys(filter(tool.may_be_profiled, all_choices), 2)
    for case in sorted(IDS):
        found = Counter(kill_record(corpus[case], pairs=()).distinctions)
        missing = {c: n - found[c] for c, n in missing.items() if n > found[c]}
    assert missing == {}
