"""Changes: every kind of them, told apart, and what is none."""

from dataclasses import replace
from pathlib import Path

import pytest
from gate_runs import API, AT_BEGIN, FLIPPED, OTHER, compared, different, seen, undecided, write

from conformance.gate import accept, baseline
from conformance.gate.compare import Comparison, Kind, compare
from conformance.gate.snapshot import CannotCompare, open_run, read_run
from conformance.observations import Observation
from conformance.runs.run_files import RunError
from conformance.runs.selection import Selection

STAYS = seen("stays")


def real(*explanations: tuple[str, ...]) -> Observation:
    """A wrong answer to a real-valued case, and what explains it, if anything."""
    return seen(status="mismatch", exact=False, explanations=explanations)


def kinds(
    folder: Path, before: list[Observation], after: list[Observation], **header: object
) -> list[tuple[Kind, str, str]]:
    made = compared(folder, (STAYS, *before), (STAYS, *after), **header)
    return [(change.kind, change.api, change.case) for change in made.changes]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (seen(), different(), "newly different"),
        (seen(status="rejected"), different(), "newly different"),
        (different(), seen(), "newly matching"),
        (seen(status="crashed"), seen(), "newly matching"),
        (different(digest="a"), different(digest="b"), "answer changed"),
        (different(), different(shape=(1, 1, 4)), "answer changed"),
        (different(), different(dtype="float64"), "answer changed"),
        (different(), different(shape=None, dtype=None, digest=None), "answer changed"),
        (seen(digest="a"), seen(digest="b"), "answer changed"),
        (seen(), seen(status="rejected"), "status changed"),
        (seen(), seen(status="inexpressible"), "status changed"),
        (different(), seen(status="crashed"), "status changed"),
        (seen(status="rejected"), seen(status="hung"), "status changed"),
        (seen(status="inexpressible"), seen(status="crashed"), "status changed"),
        (seen(status="crashed"), seen(status="rejected"), "status no worse"),
        (seen(status="hung"), seen(status="inexpressible"), "status no worse"),
        (seen(status="crashed"), seen(status="flaky"), "status no worse"),
        (seen(status="rejected"), seen(status="inexpressible"), "status no worse"),
        (seen(status="inexpressible"), seen(status="rejected"), "status no worse"),
        (seen(), seen(status="flaky"), "status changed"),
        (seen(), different(content="other"), "case changed"),
        (seen(), undecided(), "newly undecided"),
        (different(exact=False), undecided(), "newly undecided"),
        (undecided(), seen(exact=False), "newly matching"),
        (undecided("one", FLIPPED), undecided("one", AT_BEGIN), "answer changed"),
        (real(FLIPPED), real(AT_BEGIN), "answer changed"),
        (real(FLIPPED), real(), "answer changed"),
        (real(), real(FLIPPED), "answer changed"),
    ],
)
def test_a_change_is_of_its_kind(
    tmp_path: Path, before: Observation, after: Observation, kind: Kind
) -> None:
    assert kinds(tmp_path, [before], [after]) == [(kind, API, "one")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (different(), different()),
        (different(detail="It differs."), different(detail="In other words.")),
        (seen(status="rejected", detail="No."), seen(status="rejected", detail="Never.")),
        (seen(cost="arguments only"), seen(cost="crop")),
        (different("one", FLIPPED), different("one", AT_BEGIN)),
        (seen(exact=False, digest="a"), seen(exact=False, digest="b")),
        (different(exact=False, digest="a"), different(exact=False, digest="b")),
        (seen(topics=("same",)), seen(topics=("stride",))),
        (real(FLIPPED, AT_BEGIN), real(AT_BEGIN)),
        (real(), real()),
        (undecided(), undecided()),
    ],
)
def test_what_is_no_behaviour_is_no_change(
    tmp_path: Path, before: Observation, after: Observation
) -> None:
    assert kinds(tmp_path, [before], [after]) == []


def test_what_came_of_a_crash_is_no_answer(tmp_path: Path) -> None:
    """Whatever its file says of one."""
    crash = seen(status="crashed")
    odd = replace(crash, shape=(1,), dtype="float32", digest="0")
    assert compared(tmp_path, (crash,), (odd,)).changes == ()


def test_the_status_of_a_real_valued_case_is_compared(tmp_path: Path) -> None:
    found = kinds(tmp_path, [seen(exact=False)], [different(exact=False)])
    assert found == [("newly different", API, "one")]


def test_modes_are_compared_each_with_its_own(tmp_path: Path) -> None:
    made = compared(tmp_path, (STAYS, seen(mode="recipe")), (STAYS, different(mode="recipe")))
    assert [(change.mode, change.kind) for change in made.changes] == [
        ("recipe", "newly different")
    ]


def test_the_version_is_no_part_of_what_is_compared(tmp_path: Path) -> None:
    assert compared(tmp_path, (STAYS,), (STAYS,), version="9.9").changes == ()


def test_the_order_of_observations_changes_nothing(tmp_path: Path) -> None:
    assert compared(tmp_path, (STAYS, seen()), (seen(), STAYS)).changes == ()


# Cases and APIs that come and go


def test_a_case_that_is_gone_is_dropped(tmp_path: Path) -> None:
    assert kinds(tmp_path, [seen()], []) == [("case dropped", API, "one")]


def test_a_case_that_is_new_is_added(tmp_path: Path) -> None:
    assert kinds(tmp_path, [], [seen()]) == [("case added", API, "one")]


def test_an_api_that_is_gone_is_one_change(tmp_path: Path) -> None:
    before = [seen(api=OTHER), seen("two", api=OTHER)]
    found = kinds(tmp_path, before, [], apis={API: True, OTHER: False})
    assert found == [("API disappeared", OTHER, "")]


def test_an_api_that_is_new_is_one_change(tmp_path: Path) -> None:
    new = "keras.ops.new"
    found = kinds(tmp_path, [], [seen(api=new)], apis={API: True, OTHER: True, new: True})
    assert found == [("API appeared", new, "")]


def test_an_api_that_only_was_not_asked_has_not_disappeared(tmp_path: Path) -> None:
    found = kinds(tmp_path, [seen(api=OTHER)], [])
    assert found == [("case dropped", OTHER, "one")]


def test_an_api_that_is_gone_with_all_there_was_is_a_change(tmp_path: Path) -> None:
    made = compared(tmp_path, (seen(),), (), apis={API: False, OTHER: True})
    assert [change.kind for change in made.changes] == ["API disappeared"]


def test_what_could_be_compared_is_counted(tmp_path: Path) -> None:
    before, after = (STAYS, seen(), seen("two")), (STAYS, different(), seen("three"))
    assert compared(tmp_path, before, after).compared == 2


# What was recorded as nondeterministic


def against_nondeterministic(folder: Path, after: Observation, *before: Observation) -> Comparison:
    runs = [
        write(folder / f"{number}.jsonl", STAYS, observation)
        for number, observation in enumerate(before)
    ]
    (path,) = accept.write(accept.snapshots(runs), folder)
    candidate = write(folder / "after.jsonl", STAYS, after)
    return compare(baseline.read(path), open_run(candidate))


def test_a_nondeterministic_answer_may_be_any(tmp_path: Path) -> None:
    before = different(digest="a"), different(digest="b")
    assert against_nondeterministic(tmp_path, different(digest="c"), *before).changes == ()


def test_a_nondeterministic_answer_that_is_none_any_more_is_a_change(tmp_path: Path) -> None:
    before = different(digest="a"), different(digest="b")
    made = against_nondeterministic(tmp_path, seen(status="rejected"), *before)
    assert [change.kind for change in made.changes] == ["status changed"]


@pytest.mark.parametrize("after", [seen(), different()])
def test_a_nondeterministic_status_may_be_any_that_was_seen(
    tmp_path: Path, after: Observation
) -> None:
    assert against_nondeterministic(tmp_path, after, seen(), different()).changes == ()


# What cannot be compared


def refusal(folder: Path, before: Observation, after: Observation, **header: object) -> str:
    with pytest.raises((CannotCompare, RunError)) as refused:
        compared(folder, (before,), (after,), **header)
    return str(refused.value).replace(f"{folder}/", "")


def test_another_framework_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, seen(), seen(), framework="jax", backend=None) == (
        "after.jsonl is of jax, and before.jsonl is of keras on torch"
    )


def test_another_backend_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, seen(), seen(), backend="jax") == (
        "after.jsonl is of keras on jax, and before.jsonl is of keras on torch"
    )


@pytest.mark.parametrize("after", [seen("two"), seen(content="other")])
def test_cases_that_are_all_others_are_refused(tmp_path: Path, after: Observation) -> None:
    assert refusal(tmp_path, seen(), after) == (
        "after.jsonl has no case in common with before.jsonl that is asked as it was"
    )


@pytest.mark.parametrize("again", [STAYS, seen("new")])
def test_an_observation_that_stands_twice_is_refused(tmp_path: Path, again: Observation) -> None:
    with pytest.raises(RunError, match="was observed twice"):
        compared(tmp_path, (STAYS,), (STAYS, again, again))


def test_an_incomplete_candidate_is_refused_at_its_end(tmp_path: Path) -> None:
    run = open_run(write(tmp_path / "a.jsonl", STAYS, complete=False))
    with pytest.raises(CannotCompare, match="the run is incomplete"):
        compare(read_run(write(tmp_path / "b.jsonl", STAYS)), run)


def test_an_incomplete_run_is_no_baseline(tmp_path: Path) -> None:
    with pytest.raises(CannotCompare, match="the run is incomplete"):
        read_run(write(tmp_path / "a.jsonl", STAYS, complete=False))


def test_a_run_of_naive_calls_drops_no_other(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.jsonl", STAYS, replace(STAYS, mode="recipe"))
    part = write(tmp_path / "part.jsonl", STAYS, selection=Selection(profile=True))
    assert compare(read_run(whole), open_run(part)).changes == ()
