"""Series: the releases of a package as the table has them, and what changed in them."""

import pytest
from history_tables import END, FLIPPED, FUNCTION, LAYER, ODD, STANDS, START, failed, odd, one, rows
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from conformance.history.series import (
    UnknownPackage,
    all_series,
    between_classes,
    newest_first,
    of_package,
)
from conformance.history.version_ranges import API_ITSELF

KERNEL = "kernel flip"


def told(*found: object) -> list[str]:
    """Every change in words: where, from what and to what."""
    series = all_series(found)  # type: ignore[arg-type]
    return [
        f"{move.subject}: {move.before.words} {move.last}, {move.after.words} {move.first}"
        for each in series
        for move in each.moves
    ]


def test_a_choice_that_stays_is_no_change() -> None:
    assert told(*rows(odd(START, START, START))) == []


def test_a_change_is_told_with_the_releases_on_both_sides() -> None:
    assert told(*rows(odd(START, START, END))) == [f"{ODD}: {START} 3.1, {END} 3.2"]


def test_versions_are_ordered_as_versions() -> None:
    stages = {"3.10": {ODD: END}, "3.9": {ODD: START}, "3.9.1": {ODD: START}}
    assert told(*rows(stages)) == [f"{ODD}: {START} 3.9.1, {END} 3.10"]


def test_an_axis_that_a_release_does_not_tell_is_passed_over() -> None:
    stages = {"1": {ODD: START, KERNEL: STANDS}, "2": {KERNEL: STANDS}, "3": {ODD: START}}
    assert told(*rows(stages)) == []


def test_a_release_that_could_not_be_asked_is_passed_over_and_kept() -> None:
    found = (*rows(odd(START, END)), failed("3.0.5", "withdrawn"))
    assert told(*found) == [f"{ODD}: {START} 3.0, {END} 3.1"]
    assert one(*found).unasked == {Version("3.0.5"): "withdrawn"}


def test_what_differs_between_two_runtime_classes_is_no_change() -> None:
    old = rows({"1.0": {ODD: START}}, runtime="eigen")
    new = rows({"1.1": {ODD: END}, "1.2": {ODD: END}}, runtime="onednn")
    assert told(*old, *new) == []


def test_a_release_of_another_class_hides_no_change_between_its_neighbours() -> None:
    ours = rows({"1.0": {ODD: START}, "1.2": {ODD: END}}, runtime="onednn")
    other = rows({"1.1": {ODD: START}}, runtime="eigen")
    assert told(*ours, *other) == [f"{ODD}: {START} 1.0, {END} 1.2"]


def test_what_differs_between_two_classes_is_said_apart() -> None:
    old = rows({"1.0": {ODD: START, KERNEL: STANDS}}, runtime="eigen")
    new = rows({"1.1": {ODD: END, KERNEL: STANDS}}, runtime="onednn")
    (found,) = between_classes(all_series((*old, *new)))
    assert (found.api, found.subject) == (LAYER, ODD)
    assert [(runtime, state.words) for runtime, state in found.states] == [
        ("eigen", START),
        ("onednn", END),
    ]


def test_backends_are_not_compared() -> None:
    found = (*rows(odd(START), backend="jax"), *rows(odd(END), backend="torch"))
    assert told(*found) == []
    assert list(between_classes(all_series(found))) == []


def test_an_api_that_a_release_lacks_changes_itself_only() -> None:
    assert told(*rows({"1": {}, "2": {ODD: START}})) == [
        f"{API_ITSELF}: not there 1, there 2",
    ]


def test_apis_that_changed_alike_are_one_change() -> None:
    series = one(*rows(odd(START, END)), *rows(odd(START, END), api=FUNCTION))
    (move,) = series.moves
    assert move.apis == (LAYER, FUNCTION)


def test_the_newest_changes_come_first_over_all_packages() -> None:
    keras = rows({"3.0": {ODD: START}, "3.1": {ODD: END}})
    jax = rows(
        {"9": {KERNEL: STANDS}, "10": {KERNEL: FLIPPED}, "11": {KERNEL: STANDS}}, package="jax"
    )
    news = newest_first(all_series((*keras, *jax)))
    assert [f"{series.package} {move.first}" for series, move in news] == [
        "jax 11",
        "jax 10",
        "keras 3.1",
    ]


def test_a_package_of_which_nothing_could_be_asked_has_a_series() -> None:
    series = one(failed("1.0", "No wheel."))
    assert (series.versions, series.rows, series.moves) == ((), {}, ())


# Ranges


@pytest.mark.parametrize(
    ("range_", "pre", "versions"),
    [
        ("", False, ["3.0", "3.1", "3.2"]),
        (">=3.1", False, ["3.1", "3.2"]),
        (">=3.1", True, ["3.1", "3.2rc1", "3.2"]),
        (">=3.2rc1", False, ["3.2rc1", "3.2"]),
        ("==3.1.*", False, ["3.1"]),
        (">9", True, []),
    ],
)
def test_a_range_has_its_releases(range_: str, pre: bool, versions: list[str]) -> None:
    stages = {"3.0": {ODD: START}, "3.1": {ODD: START}, "3.2rc1": {ODD: END}, "3.2": {ODD: END}}
    series = one(*rows(stages)).within(SpecifierSet(range_), pre=pre)
    assert list(map(str, series.versions)) == versions
    assert len(series.moves) == ("3.1" in versions and "3.2" in versions)


def test_a_range_has_its_releases_that_could_not_be_asked() -> None:
    found = (*rows(odd(START, END)), failed("3.0.1", "a"), failed("4.0", "b"))
    part = one(*found).within(SpecifierSet("<4"))
    assert list(map(str, part.unasked)) == ["3.0.1"]


def test_an_api_without_a_release_in_the_range_is_left_out() -> None:
    found = (*rows({"1": {ODD: START}, "2": {ODD: START}}), *rows({"1": {ODD: END}}, api=FUNCTION))
    assert list(one(*found).within(SpecifierSet(">=2")).stages) == [LAYER]


@pytest.mark.parametrize(
    ("version", "neighbours"),
    [
        ("2.9", (None, "3.0")),
        ("3.0", ("3.0", "3.0")),
        ("3.0.5", ("3.0", "3.1")),
        ("3.1rc1", ("3.0", "3.1")),
        ("4", ("3.1", None)),
    ],
)
def test_the_neighbours_of_a_version(version: str, neighbours: tuple[str | None, ...]) -> None:
    found = one(*rows(odd(START, END))).neighbours(Version(version))
    assert tuple(each and str(each) for each in found) == neighbours


# Names


def test_a_package_is_found_however_its_name_is_written() -> None:
    series = all_series(rows(odd(START), package="dm-haiku"))
    assert of_package(series, "DM_Haiku") == list(series)


@pytest.mark.parametrize(
    ("name", "backend", "reason"),
    [
        ("kera", None, "the history has no releases of 'kera', only of jax, keras"),
        ("keras", "jax", "the history has keras not on 'jax', only on torch"),
        ("jax", "torch", "the history has jax not on 'torch', which has no backends"),
    ],
)
def test_an_unknown_name_is_refused_with_those_that_are_known(
    name: str, backend: str | None, reason: str
) -> None:
    series = all_series((*rows(odd(START), backend="torch"), *rows(odd(START), package="jax")))
    with pytest.raises(UnknownPackage, match=f"^{reason}$"):
        of_package(series, name, backend)


# Trends


def test_apis_with_the_same_trend_are_one_under_all_their_names() -> None:
    apis = [f"keras.layers.Layer{n}" for n in range(5)]
    found = (row for api in apis for row in rows(odd(START, END, **{KERNEL: STANDS}), api=api))
    (trend,) = one(*found).trends({})
    assert trend.api == ", ".join(apis)
    assert [(c.subject, [s.versions for s in c.spans]) for c in trend.changes] == [
        (ODD, ["until 3.0", "from 3.1"])
    ]
    assert [axis for axis, _ in trend.unchanged] == [KERNEL]
    assert (trend.asked, trend.unit) == (2, "release")


def test_a_change_names_the_case_that_shows_it() -> None:
    series = one(*rows(odd(START, END)))
    (trend,) = series.trends({series.moves[0]: "some-case"})
    assert [change.examples for change in trend.changes] == [("some-case",)]
