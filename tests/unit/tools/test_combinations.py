"""Combinations: the cases that were made to cover what no other does, and how they are made."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.cases import Case, load
from conformance.cases.question_builder import build_question
from conformance.cases.schema import Entry
from conformance.quality import interactions
from conformance.quality.factors import COMPLEX, CONSTRAINTS, FACTORS, FURTHER, TWO_DTYPES
from conformance.quality.interactions import Point
from conformance.question import Question
from conformance.utils import resources
from tools import combinations, samples

PLAINEST = (0,) * len(FACTORS)
PLAIN_CASE = "cases: [{id: plain, why: Nothing is said., x: [1, 2, 3], kernel: [1, 10]}]\n"
OTHER_NUMBERS = (COMPLEX, TWO_DTYPES)
LEVELS = {
    **interactions.levels_at(PLAINEST),
    "rank": "2", "stride": "differing", "padding": "uneven", "output padding": "some",
    "groups": "several", "channels": "differing", "bias": "yes", "dtype": "float16",
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> list[Case]:
    return list(load([resources.CASES / "semantics" / "combinations.yaml"], check=False).cases)


@pytest.fixture
def few_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sharpest of two questions: how many pairs each kills takes half a second."""
    monkeypatch.setattr(samples, "CHOICE", 2)


# The file


def test_every_case_that_was_made_has_the_levels_that_its_id_says(made: list[Case]) -> None:
    points = [interactions.points([case]).pop() for case in made]
    assert [case.id for case in made] == [
        combinations.name(interactions.levels_at(p)) for p in points
    ]


def test_every_case_that_was_made_brings_three_things_together(made: list[Case]) -> None:
    assert made
    for case in made:
        assert case.why.count(", ") == case.why.count(" and ") == 1, case.id
        assert "combinations" in case.topics


# Names


def test_no_two_points_have_one_name() -> None:
    feasible = interactions.feasible()
    some = [tuple(map(int, p)) for p in zip(*feasible.nonzero(), strict=True)][::97]
    names = {combinations.name(interactions.levels_at(point)) for point in some}
    assert len(names) == len(some)


def test_a_name_leaves_out_what_is_plain() -> None:
    assert combinations.name(interactions.levels_at(PLAINEST)) == "mix-forward-1d"
    assert combinations.name(LEVELS) == (
        "mix-forward-2d-strides-uneven-extended-grouped-unlike-bias-float16"
    )


def test_every_level_has_words() -> None:
    for factor in FACTORS:
        assert list(combinations.WORDS[factor.name]) == sorted(
            combinations.WORDS[factor.name], key=factor.levels.index
        )
        assert set(combinations.WORDS[factor.name]) == set(factor.levels)


def test_the_rarest_meeting_is_the_one_that_fewest_points_have() -> None:
    point = interactions.point(LEVELS)
    alike = interactions.point({**LEVELS, "dtype": "float32"})
    unlike = interactions.point({**LEVELS, "bias": "no", "groups": "1"})
    rarest = combinations.rarest(point, [point, alike, alike, unlike])
    assert "dtype" in rarest
    assert {"bias", "groups"} & set(rarest)


# Making


@pytest.mark.usefixtures("few_choices")
def test_a_question_is_found_that_has_the_levels() -> None:
    said = samples.sharpest(LEVELS, 1)
    asked = build_question(Entry.model_validate({"id": "one", "why": "It.", **said}))
    assert isinstance(asked, Question)
    assert interactions.levels_at(interactions.point_of(asked)) == LEVELS


@pytest.mark.usefixtures("few_choices")
def test_the_same_number_finds_the_same_question() -> None:
    assert samples.sharpest(LEVELS, 2) == samples.sharpest(LEVELS, 2)


@pytest.mark.usefixtures("few_choices")
def test_an_entry_says_what_it_brings_together() -> None:
    entry = combinations.entry_at(interactions.point(LEVELS), 1, ("padding", "groups", "dtype"))
    assert entry["why"] == "Brings together an uneven crop, groups and float16."
    assert entry["topics"] == ["combinations", "padding", "groups", "dtype"]
    assert entry["id"] == combinations.name(LEVELS)


def test_levels_that_nothing_has_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "ATTEMPTS", 5)
    with pytest.raises(RuntimeError, match="no question was found at"):
        samples.sharpest({**LEVELS, "stride": "1"}, 1)


def test_covertable_is_told_what_there_is_and_what_never_meets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: dict[str, Any] = {}

    def make(factors: dict[str, list[str]], **how: Any) -> list[dict[str, str]]:
        told.update(how, factors=factors)
        return [*how["presets"], dict(LEVELS)]

    monkeypatch.setitem(sys.modules, "covertable", SimpleNamespace(make=make))
    *further, chosen = combinations.choose_points([PLAINEST])
    assert chosen == interactions.point(LEVELS)
    levels = [interactions.levels_at(point) for point in further]
    assert all(at["operator"] in FURTHER or at["dtype"] in OTHER_NUMBERS for at in levels)
    assert told["factors"]["operator"] == ["forward", "input gradient", "kernel gradient"]
    assert set(told["factors"]["dtype"]).isdisjoint(OTHER_NUMBERS)
    assert told["presets"] == [interactions.levels_at(PLAINEST)]
    assert told["strength"] == 2
    (computed,) = told["sub_models"]
    assert computed["strength"] == 3
    assert set(told["factors"]) - set(computed["fields"]) == {"batch", "output size"}
    assert told["factors"]["bias"] == ["no", "yes"]
    assert len(told["constraints"]) == len(CONSTRAINTS)


def test_a_pairwise_level_meets_every_level_of_every_other_factor() -> None:
    points = [PLAINEST, *combinations.choose_pairwise([PLAINEST])]
    levels = {*FURTHER, *OTHER_NUMBERS}
    assert not any(levels & set(dict(pair).values()) for pair in interactions.missing(points, 2))
    assert list(combinations.choose_pairwise(points)) == []


def test_without_covertable_it_is_said_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(PLAIN_CASE, encoding="utf-8")
    monkeypatch.setitem(sys.modules, "covertable", None)
    with pytest.raises(SystemExit, match="needs covertable"):
        combinations.main([str(file)])


@pytest.mark.usefixtures("few_choices")
def test_only_what_the_given_cases_lack_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.yaml").write_text(PLAIN_CASE, encoding="utf-8")
    given: list[Point] = []

    def make(_: object, presets: list[dict[str, str]], **_how: Any) -> list[dict[str, str]]:
        given.extend(map(interactions.point, presets))
        return [*presets, dict(LEVELS)]

    monkeypatch.setitem(sys.modules, "covertable", SimpleNamespace(make=make))
    monkeypatch.setattr(combinations, "choose_pairwise", lambda _: ())
    combinations.main([str(tmp_path)])
    assert given == [PLAINEST]
    assert f"- id: {combinations.name(LEVELS)}\n" in capsys.readouterr().out
