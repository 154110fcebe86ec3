"""What is said of the cases' sharpness: numbers that can be checked, and faults to find."""

from dataclasses import replace

import pytest

from conformance.cases import Case, Document, Expected, Place
from conformance.conventions.axes import AXES, CONVENTIONS
from conformance.quality import interactions, mutation, summary
from conformance.quality.factors import FACTORS
from conformance.quality.mutation import KillRecord

PLACES = {str(convention): place for place, convention in enumerate(CONVENTIONS)}
FLIPPED, ALONG_FIRST = (
    PLACES["kernel flip: flipped"],
    PLACES["kernel flip: flipped along the first"],
)
DROPPED = PLACES["bias: dropped"]
EVERY_PLACE = frozenset(range(len(CONVENTIONS)))
EVERY_CHOICE = frozenset(c for axis in range(len(AXES)) for c in mutation.choices_of(axis))
DOCUMENT = Document("guide", "A guide", "chapter 2")


def case(name: str = "one", **rest: object) -> Case:
    case = Case(
        id=name, op="conv_transpose", question=None, why="", exact=True, topics=(),
        place=Place("cases.yaml", 3, 9),
    )  # type: ignore[arg-type]  # its question is not looked at here  # fmt: skip
    return replace(case, **rest)


def sight(**rest: object) -> KillRecord:
    return KillRecord(**{"case": case(), **rest})


ALL, PAIRS = len(CONVENTIONS), len(mutation.PAIRS)
ALL_SEEING = sight(kills=EVERY_PLACE, distinctions=EVERY_CHOICE, pairs=mutation.PAIRS)


# Coverage


def test_interactions_are_counted_for_two_three_and_four_factors() -> None:
    (line,), _ = summary.coverage([(0,) * len(FACTORS)])
    assert line.startswith(
        "t-way coverage of transposed convolution's factors: 2-way 78 of 1149 (6.7 %),"
    )


def test_a_few_of_the_missing_interactions_are_told_and_the_others_counted() -> None:
    _, findings = summary.coverage([])
    assert len(findings) == summary.SHOWN
    assert findings[0] == "no case has operator forward with rank 1 with stride 1"
    pairwise = sum(map(interactions.is_pairwise, interactions.missing([], 2)))
    missing = interactions.coverage([], 3).feasible + pairwise
    assert findings[-1].endswith(f"(and {missing - 5} more)")


def test_less_than_all_is_never_said_to_be_100_percent() -> None:
    assert summary.percent(7708, 7709) == "99.9 %"
    assert summary.percent(7709, 7709) == "100 %"


# Power


def test_cases_that_see_everything_leave_nothing_to_find() -> None:
    lines, findings = summary.mutation_score([ALL_SEEING] * 3)
    assert findings == []
    assert lines[0].startswith(f"conventions killed by 3 cases or more: {ALL} of {ALL}; diagnosed")
    choices = len(EVERY_CHOICE)
    assert lines[1] == f"choices of an axis told apart by 3 cases or more: {choices} of {choices}"


def test_cases_that_see_every_pair_leave_nothing_to_find() -> None:
    (line,), findings = summary.pairs([ALL_SEEING])
    assert findings == []
    assert line.startswith(f"pairs of conventions killed: {PAIRS} of {PAIRS} (100 %); 0 more")


def test_a_convention_that_two_cases_see_is_a_finding() -> None:
    blind = replace(ALL_SEEING, kills=EVERY_PLACE - {DROPPED})
    _, findings = summary.mutation_score([ALL_SEEING, ALL_SEEING, blind])
    assert findings == ["bias: dropped: killed by 2 cases; 3 are needed"]


def test_two_choices_that_two_cases_tell_apart_are_a_finding() -> None:
    bias = [axis.name for axis in AXES].index("bias")
    alike = replace(ALL_SEEING, distinctions=EVERY_CHOICE - {(bias, 0, 2)})
    _, findings = summary.mutation_score([ALL_SEEING, ALL_SEEING, alike])
    assert findings == [
        "bias: added once and doubled: told apart by 2 cases; 3 are needed",
    ]


@pytest.mark.usefixtures("few_samples")
def test_too_many_unseen_pairs_are_findings() -> None:
    few = replace(ALL_SEEING, pairs=frozenset())
    (line,), findings = summary.pairs([few])
    assert line.startswith("pairs of conventions killed: 0 of ")
    assert len(findings) == summary.SHOWN
    assert findings[0].startswith(f"no case kills {CONVENTIONS[0]} with ")


def test_an_unseen_pair_among_a_hundred_is_none() -> None:
    pair = (FLIPPED, DROPPED)
    most = replace(ALL_SEEING, pairs=mutation.PAIRS - {pair})
    (line,), findings = summary.pairs([most])
    assert line.startswith(f"pairs of conventions killed: {PAIRS - 1} of {PAIRS} (99.9 %)")
    assert findings == []


def test_what_the_diagnosis_does_not_name_is_a_finding_at_its_place() -> None:
    one = sight(kills=frozenset({FLIPPED}), misdiagnosed=frozenset({FLIPPED}))
    assert list(summary.misdiagnosed([one])) == [
        "cases.yaml:3:9: one: the diagnosis does not name kernel flip: flipped"
    ]


# Cases


def test_a_case_that_sees_nothing_is_a_finding() -> None:
    assert list(summary.idle([sight()])) == [
        "cases.yaml:3:9: one: kills no convention, and is from no document"
    ]


@pytest.mark.parametrize(
    "one",
    [
        sight(kills=frozenset({FLIPPED})),
        sight(case=case(document=DOCUMENT)),
        sight(case=case(expected=Expected(error="no"))),
    ],
    ids=["it sees one", "a document has it", "it is that there is no answer"],
)
def test_a_case_with_a_reason_is_none(one: KillRecord) -> None:
    assert list(summary.idle([one])) == []


def test_each_case_is_told_with_what_it_sees_and_cannot_see() -> None:
    one = sight(
        kills=frozenset({FLIPPED, DROPPED, DROPPED + 1}), survivors=frozenset({ALONG_FIRST})
    )
    assert list(summary.kills([one])) == [
        "one: kills kernel flip (flipped); bias; survivors: kernel flip (flipped along the first)"
    ]


def test_a_case_that_sees_nothing_is_told_so() -> None:
    assert list(summary.kills([sight()])) == ["one: kills nothing"]


def test_the_matrix_has_a_number_for_each_two_choices() -> None:
    lines = list(summary.matrix([ALL_SEEING] * 12))
    start = lines.index("conjugate           1     2")
    assert lines[start : start + 5] == [
        "conjugate           1     2",
        "1 of nothing",
        "2 in gradients     12",
        "3 of the kernel    12    12",
        "",
    ]
