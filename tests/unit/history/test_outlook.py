"""Outlook: what the history lets one expect of a version that was or was not asked."""

import pytest
from history_tables import END, LAYER, ODD, START, failed, odd, one, rows

from conformance.history.outlook import MOST, outlook
from conformance.history.series import all_series

CHANGE = f"{LAYER}: {ODD}: {START} until 3.1, {END} from 3.2."
TABLE = tuple(rows(odd(START, START, END, END), backend="torch"))


def said(before: str | None, after: str | None, *more: object) -> list[str]:
    return list(outlook([one(*TABLE, *more)], None, before, after))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "place", "expectation"),
    [
        (
            "3.0",
            "3.1",
            "The history has keras 3.1 on torch.",
            "Expect the conventions of 3.1: the history has no change from 3.0 to 3.1.",
        ),
        ("3.0", "3.3", "The history has keras 3.3 on torch.", f"Expect: {CHANGE}"),
        ("3.3", "3.0", "The history has keras 3.0 on torch.", f"Expect: {CHANGE}"),
        (
            "3.2",
            "3.2.7",
            "keras 3.2.7 on torch is not in the history; the nearest releases are 3.2 and 3.3.",
            "Expect the conventions of 3.3: the history has no change from 3.2 to 3.3.",
        ),
        (
            "3.1",
            "3.1.7",
            "keras 3.1.7 on torch is not in the history; the nearest releases are 3.1 and 3.2.",
            f"Expect either: {CHANGE}",
        ),
        (
            "3.1.5",
            "3.2",
            "The history has keras 3.2 on torch.",
            f"Expect either: {CHANGE}",
        ),
        (
            "3.3",
            "4.0",
            "keras 4.0 on torch is newer than all 4 releases of the history; the nearest is 3.3.",
            "Expect the conventions of 3.3: the history has no change in 3.3.",
        ),
        (
            "3.0",
            "4.0rc1",
            "keras 4.0rc1 on torch is newer than all 4 releases of the history;"
            " the nearest is 3.3.",
            f"Expect: {CHANGE}",
        ),
        (
            "2.0",
            "1.0",
            "keras 1.0 on torch is older than all 4 releases of the history; the nearest is 3.0.",
            "Expect the conventions of 3.0: the history has no change in 3.0.",
        ),
    ],
)
def test_a_version_has_its_place_and_its_expectation(
    before: str, after: str, place: str, expectation: str
) -> None:
    assert said(before, after) == [place, expectation]


def test_a_build_of_a_release_is_that_release() -> None:
    assert said("3.0", "3.1+cpu")[0] == "The history has keras 3.1 on torch."


def test_a_release_that_could_not_be_asked_has_its_reason() -> None:
    place, _ = said("3.0", "3.0.5", failed("3.0.5", "It was withdrawn.", backend="torch"))
    assert place == (
        "keras 3.0.5 on torch is not in the history (It was withdrawn.);"
        " the nearest releases are 3.0 and 3.1."
    )


@pytest.mark.parametrize("words", [None, "unreleased", ""])
def test_of_what_is_no_version_nothing_is_said(words: str | None) -> None:
    assert said("3.0", words) == said(words, "3.0") == []


def test_of_a_package_without_releases_nothing_is_said() -> None:
    assert list(outlook([], None, "1", "2")) == []
    assert list(outlook([one(failed("1", "No wheel."))], None, "1", "2")) == []


def test_where_the_class_was_not_asked_another_one_is_named() -> None:
    series = all_series(rows(odd(START, END), runtime="eigen"))
    assert list(outlook(series, "onednn", "3.0", "3.1")) == [
        "The history has keras, eigen, and not in the runtime class onednn,"
        " which may answer otherwise.",
        "The history has keras 3.1.",
        f"Expect: {LAYER}: {ODD}: {START} until 3.0, {END} from 3.1.",
    ]


def test_of_a_runtime_without_a_class_nothing_is_said_where_the_history_has_one() -> None:
    assert list(outlook(all_series(rows(odd(START, END), runtime="xla")), None, "3.0", "3.1")) == []


def test_many_changes_are_counted() -> None:
    stages = {"1": {f"axis {n}": "a" for n in range(9)}, "2": {f"axis {n}": "b" for n in range(9)}}
    sentences = list(outlook([one(*rows(stages))], None, "1", "2"))
    assert len(sentences) == 1 + MOST + 1
    assert sentences[-1] == "`conformance history keras` shows 4 other changes."
