"""Random search in frameworks with known faults: what is found, how it is grouped and shrunk."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import searched
from fakes.clock import PATIENCE
from fakes.frameworks import api
from fakes.searched import faulty

from conformance.adapters.framework import Api
from conformance.adapters.runtime import ANY
from conformance.cases.sampling import SAMPLED_OPS, SMALL
from conformance.environments import interpreters
from conformance.fuzz import random_search
from conformance.fuzz.groups import Finding, Group, group_of
from conformance.fuzz.random_search import Search, Tally
from conformance.observations import Observation
from conformance.question import Question
from conformance.workers.worker_client import WorkerClient

pytestmark = pytest.mark.usefixtures("shallow_diagnosis")
UNKNOWN = "No known convention."

Find = Callable[..., tuple[Tally, list[Finding]]]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """A search of the APIs, and what it comes to."""

    def found(
        *apis: Api,
        count: int = 16,
        jobs: int = 1,
        kinds: Any = random_search.SHRUNK,
        space: Any = SMALL,
    ) -> tuple[Tally, list[Finding]]:
        framework = searched.plain(tmp_path, *apis)
        searching = search(*apis, framework=framework, count=count, space=space)
        interpreter = interpreters.interpreter_for(framework, sys.executable)

        def start() -> WorkerClient:
            return WorkerClient(interpreter, timeout=PATIENCE)

        tally = Tally(searching)
        random_search.ask(start, searching, tally, jobs=jobs)
        kept = tally.findings(kinds)
        with start() as client:
            return tally, list(random_search.shrink_findings(client, searching, kept))

    return found


def search(*apis: Api, **rest: Any) -> Search:
    operators = {api.operator for api in apis}
    fields = {
        "framework": searched.plain(Path(), *apis),
        "runtime": ANY,
        "apis": apis,
        "ops": tuple(op for op in SAMPLED_OPS if op in operators),
        "seed": 0,
        "count": 16,
        "space": SMALL,
        **rest,
    }
    return Search(**fields)


def observation(mode: Any = "recipe", status: Any = "mismatch", **rest: Any) -> Observation:
    fields = {
        "api": "plain.right",
        "case": "fuzz-0-0",
        "op": "conv_transpose",
        "topics": (),
        "content": "",
        "exact": True,
        **rest,
    }
    return Observation(mode=mode, status=status, **fields)


# Groups


@pytest.mark.parametrize(
    ("mode", "status"),
    [
        ("native", "match"), ("recipe", "match"), ("native", "rejected"),
        ("native", "inexpressible"),
    ],
)  # fmt: skip
def test_what_is_as_it_should_be_is_in_no_group(mode: str, status: str) -> None:
    assert group_of(observation(mode, status)) is None


@pytest.mark.parametrize(
    ("mode", "status", "explanations", "kind"),
    [
        ("recipe", "mismatch", (), "failing"),
        ("recipe", "mismatch", (("kernel flip: flipped",),), "failing"),
        ("recipe", "crashed", (), "failing"),
        ("recipe", "hung", (), "failing"),
        ("recipe", "flaky", (), "failing"),
        ("recipe", "rejected", (), "refused"),
        ("recipe", "inexpressible", (), "unwritten"),
        ("native", "mismatch", (), "unexplained"),
        ("native", "crashed", (), "unexplained"),
        ("native", "mismatch", (("kernel flip: flipped",),), "convention"),
    ],
)
def test_groups_are_of_a_kind(mode: str, status: str, explanations: Any, kind: str) -> None:
    group = group_of(observation(mode, status, explanations=explanations))
    assert group is not None
    assert group.kind == kind


@pytest.mark.parametrize("status", ["mismatch", "crashed"])
def test_what_a_limit_explains_is_one_group_whatever_came(status: str) -> None:
    seen = observation("native", status, diagnosis=UNKNOWN, limitation="it keeps two at the start")
    group = group_of(seen)
    assert group is not None
    assert (group.kind, group.reason) == ("limit", "it keeps two at the start")


def test_the_likeliest_conventions_name_a_group() -> None:
    ties = (("kernel flip: flipped", "bias: dropped"), ("padding: ignored",))
    group = group_of(observation("native", explanations=ties))
    assert group is not None
    assert group.reason == "kernel flip: flipped + bias: dropped"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "The largest difference is 3, at [0, 1]. The sum is right.",
            "The largest difference is 17.5, at [2].",
        ),
        ("Its shape is (1, 1, 3), not (1, 1, 4).", "Its shape is (1, 2), not (3, 4)."),
        ("It holds 3 NaN.", "It holds 4 NaN."),
    ],
)
def test_what_is_unexplained_is_grouped_whatever_its_numbers(one: str, other: str) -> None:
    groups = {group_of(observation(diagnosis=f"{UNKNOWN} {words}")) for words in (one, other)}
    assert len(groups) == 1


def test_another_remark_is_another_group() -> None:
    remarks = ("It holds 3 NaN.", "The largest difference is 3, at [0].")
    assert len({group_of(observation(diagnosis=f"{UNKNOWN} {r}")) for r in remarks}) == 2


def test_where_nothing_was_answered_the_words_name_the_group() -> None:
    groups = {
        group_of(observation("recipe", "rejected", detail=f"It refused: {n} groups are too many."))
        for n in (2, 3)
    }
    assert {group.reason for group in groups if group} == {"It refused: · groups are too many."}


# What is drawn


def test_a_question_is_the_same_whenever_it_is_drawn() -> None:
    one, other = (search(api()).question(5) for _ in range(2))
    assert repr(one) == repr(other)


def test_a_question_as_a_case_has_its_seed_and_its_number_for_a_name() -> None:
    assert search(api(), seed=3).prepared_case(5).case.id == "fuzz-3-5"


# What is found


def test_nothing_is_found_where_nothing_is_wrong(find: Find) -> None:
    tally, found = find(api(), api("conv"), count=20)
    assert (tally.groups, found) == ({}, [])


def test_every_question_is_counted_with_a_verdict_for_each_api(find: Find) -> None:
    tally, _ = find(api(), api(id="plain.flipping", flips=True), count=20)
    assert tally.questions == 20
    assert sum(tally.verdicts.values()) == 40
    assert set(tally.verdicts) <= {"same", "translated"}


def test_a_variant_counts_with_the_questions_of_its_topics_only(find: Find) -> None:
    variant = api(id="plain.same", topics=frozenset({"same"}))
    same = sum(search(api()).question(number).padding == "same" for number in range(20))
    both, _ = find(api(), variant, count=20)
    alone, _ = find(variant, count=20)
    assert 0 < same < 20
    assert (both.questions, sum(both.verdicts.values())) == (20, 20 + same)
    assert (alone.questions, sum(alone.verdicts.values())) == (same, same)


def test_a_fault_of_a_variant_is_shrunk_among_the_questions_of_its_topics(find: Find) -> None:
    _, (found,) = find(faulty("wrong", topics=frozenset({"bias", "groups"})), count=60)
    assert found.question.groups > 1 or found.question.bias is not None
    assert found.reproduced


def test_a_fault_is_found_and_shrunk(find: Find) -> None:
    _, (found,) = find(faulty("wrong"))
    assert found.group == Group(
        "plain.wrong", "recipe", "mismatch", f"{UNKNOWN} The largest difference is ·, at ·."
    )
    q = found.question
    assert (q.stride, q.dilation, q.x.shape, q.kernel.shape) == ((2,), (2,), (1, 1, 1), (1, 1, 1))
    assert found.reproduced


def test_what_both_modes_get_wrong_alike_is_one_group(find: Find) -> None:
    tally, _ = find(faulty("wrong"))
    assert {group.mode for group in tally.groups} == {"recipe"}


def test_what_only_the_native_call_gets_wrong_is_a_group_of_its_own(find: Find) -> None:
    right = api()
    _, found = find(faulty("wrong", recipe=right.recipe))
    assert {(f.group.mode, f.group.kind) for f in found} == {("native", "unexplained")}


def test_a_crash_is_found_and_shrunk(find: Find) -> None:
    _, (found,) = find(faulty("exits"), count=5)
    assert (found.group.status, found.group.kind) == ("crashed", "failing")
    assert found.question.window == (4,)


def test_conventions_are_counted_and_not_shrunk(find: Find) -> None:
    tally, found = find(api(flips=True), count=20)
    assert found == []
    ((group, met),) = tally.of_kind("convention")[:1]
    assert (group.reason, group.mode) == ("kernel flip: flipped", "native")
    assert met.count > 1


def test_refused_recipes_are_counted_and_not_shrunk(find: Find) -> None:
    tally, found = find(faulty("refuses"), count=20)
    assert found == []
    (entry,) = tally.of_kind("refused")
    assert entry[0].reason == "It refused: ValueError: · groups are too many."


def test_refused_recipes_are_shrunk_if_it_is_said(find: Find) -> None:
    _, (found,) = find(faulty("refuses"), count=8, kinds=("refused",))
    assert (found.question.groups, found.question.x.shape) == (2, (1, 2, 1))


def test_the_smallest_question_of_a_group_is_kept(find: Find) -> None:
    tally, _ = find(faulty("wrong"))
    ((_, met),) = tally.groups.items()
    smaller = [n for n in range(16) if _size(n) < _size(met.number)]
    assert not any(_is_hit(search(api()).question(n)) for n in smaller)


def _size(number: int) -> tuple[int, int]:
    q = search(api()).question(number)
    return q.x.size + q.kernel.size, number


def _is_hit(q: Question) -> bool:
    return max(q.stride) > 1 and max(q.dilation) > 1


def test_each_sort_of_question_is_shrunk_for_itself(find: Find) -> None:
    space = replace(SMALL, dtypes=("float32", "float64"))
    _, found = find(faulty("wrong"), space=space)
    drawn = [search(faulty("wrong"), space=space).question(f.number).dtype for f in found]
    assert sorted(drawn) == ["float32", "float64"]
    assert len({finding.group for finding in found}) == 1


def test_one_cause_in_two_apis_is_shrunk_to_one_question(find: Find) -> None:
    _, found = find(faulty("wrong"), replace(faulty("wrong"), id="plain.wrong_too"))
    assert len(found) == 2
    assert found[0].question is found[1].question


def test_what_does_not_come_again_is_said_to(find: Find) -> None:
    _, (found,) = find(faulty("wrong once"), count=3)
    assert not found.reproduced


def test_workers_side_by_side_find_the_same(find: Find) -> None:
    (alone, _), (together, _) = (find(faulty("wrong"), api(), jobs=jobs) for jobs in (1, 2))
    assert together.groups == alone.groups
    assert together.verdicts == alone.verdicts


def test_each_question_is_told_of_as_it_is_done(tmp_path: Path) -> None:
    framework = searched.plain(tmp_path, api())
    searching = search(api(), framework=framework, count=5)
    interpreter = interpreters.interpreter_for(framework, sys.executable)
    told: list[int] = []
    tally = Tally(searching)
    random_search.ask(
        lambda: WorkerClient(interpreter, timeout=PATIENCE),
        searching,
        tally,
        advance=lambda: told.append(tally.questions),
    )
    assert told == [1, 2, 3, 4, 5]


def test_nothing_is_kept_of_questions_that_are_done(find: Find) -> None:
    tally, _ = find(api(), count=20)
    assert not tally._incomplete
