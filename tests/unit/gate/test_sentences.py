"""Groups and their sentences: hundreds of cases are the few things that happened."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from gate_runs import (
    API,
    AT_BEGIN,
    BIAS_DROPPED,
    EARLIER,
    FLIPPED,
    OTHER,
    both,
    compared,
    different,
    seen,
    undecided,
    write,
)

from conformance.gate.compare import compare
from conformance.gate.groups import Group, groups
from conformance.gate.sentences import sentence
from conformance.gate.snapshot import open_run, read_run
from conformance.observations import Observation

STAYS = seen("stays")
SUBJECT = "keras.layers.ConvTranspose, torch backend, 3.14.1 -> 3.15.0: "
SAME_BEGIN = (
    "Where `same` crops an odd total, the odd element goes at the start"
    " (same: odd element: cropped at the start)."
)


def grouped(
    folder: Path, before: Sequence[Observation], after: Sequence[Observation], **header: object
) -> tuple[Group, ...]:
    return groups(compared(folder, (STAYS, *before), (STAYS, *after), **header), {})


def said(
    folder: Path, before: Sequence[Observation], after: Sequence[Observation], **header: object
) -> list[str]:
    comparison = compared(folder, (STAYS, *before), (STAYS, *after), **header)
    found = groups(comparison, {})
    return [sentence(group, comparison.before.header, comparison.after.header) for group in found]


# Groups


def test_changes_alike_are_one_group(tmp_path: Path) -> None:
    cases = [f"case-{number}" for number in range(140)]
    before = [different(case, AT_BEGIN) for case in cases]
    (group,) = grouped(tmp_path, before, list(map(seen, cases)))
    assert (group.kind, len(group.cases)) == ("newly matching", 140)


def test_both_modes_of_a_case_are_one_case(tmp_path: Path) -> None:
    (group,) = grouped(tmp_path, both(seen()), both(different()))
    assert (group.cases, group.modes) == (("one",), ("native", "recipe"))


def test_what_is_explained_otherwise_is_another_group(tmp_path: Path) -> None:
    after = [different("a", FLIPPED), different("b", BIAS_DROPPED)]
    found = grouped(tmp_path, [seen("a"), seen("b")], after)
    assert [group.after and group.after.explanation for group in found] == [FLIPPED, BIAS_DROPPED]


def test_what_was_explained_otherwise_is_another_group(tmp_path: Path) -> None:
    before = [different("a", FLIPPED), different("b", BIAS_DROPPED)]
    assert len(grouped(tmp_path, before, [seen("a"), seen("b")])) == 2


def test_apis_that_change_alike_are_one_group(tmp_path: Path) -> None:
    (group,) = grouped(tmp_path, [seen(), seen(api=OTHER)], [different(), different(api=OTHER)])
    assert (group.apis, group.cases) == ((API, OTHER), ("one",))


def test_a_convention_that_moved_in_other_cases_of_another_api_is_one_group(tmp_path: Path) -> None:
    before = [seen("a"), seen("b", api=OTHER)]
    (group,) = grouped(tmp_path, before, [different("a"), different("b", api=OTHER)])
    assert (group.apis, group.cases) == ((API, OTHER), ("a", "b"))


@pytest.mark.parametrize(
    ("cases", "others", "number"),
    [("ab", "ab", 1), ("abcd", "b", 1), ("ab", "bc", 1), ("ab", "cd", 2), ("abc", "cde", 2)],
)
def test_what_nothing_explains_is_one_thing_where_most_cases_are_shared(
    tmp_path: Path, cases: str, others: str, number: int
) -> None:
    before = [*map(seen, cases), *(seen(case, api=OTHER) for case in others)]
    after = [replace(o, status="rejected", shape=None, dtype=None, digest=None) for o in before]
    assert len(grouped(tmp_path, before, after)) == number


def test_an_api_that_changed_in_another_mode_is_another_group(tmp_path: Path) -> None:
    before = [seen(), seen(api=OTHER, mode="recipe")]
    after = [different(), different(api=OTHER, mode="recipe")]
    assert [group.apis for group in grouped(tmp_path, before, after)] == [(API,), (OTHER,)]


def test_an_api_that_is_explained_otherwise_is_another_group(tmp_path: Path) -> None:
    before = [seen(), seen(api=OTHER)]
    after = [different(), different("one", BIAS_DROPPED, api=OTHER)]
    assert [group.apis for group in grouped(tmp_path, before, after)] == [(API,), (OTHER,)]


def test_of_ties_the_convention_counts_that_moved_in_other_apis_too(tmp_path: Path) -> None:
    before = [*map(seen, "abc"), seen("a", api=OTHER)]
    after = [
        *(different(case, EARLIER) for case in "abc"),
        different("a", AT_BEGIN, EARLIER, api=OTHER),
    ]
    (group,) = grouped(tmp_path, before, after)
    assert group.after is not None
    assert (group.after.explanation, group.apis) == (EARLIER, (API, OTHER))


def test_the_worst_is_first_and_then_the_largest(tmp_path: Path) -> None:
    before = [different("a"), different("b"), different("c", AT_BEGIN), seen("d")]
    found = grouped(tmp_path, before, [seen("a"), seen("b"), seen("c"), different("d")])
    assert [(group.kind, group.cases) for group in found] == [
        ("newly different", ("d",)),
        ("newly matching", ("a", "b")),
        ("newly matching", ("c",)),
    ]


def test_of_ties_the_convention_counts_that_explains_most(tmp_path: Path) -> None:
    alternatives = [EARLIER, BIAS_DROPPED, ("dilation: ignored",)]
    before = [different(f"{n}", alternatives[n % 3], AT_BEGIN) for n in range(12)]
    (group,) = grouped(tmp_path, before, [seen(f"{n}") for n in range(12)])
    assert group.before is not None
    assert group.before.explanation == AT_BEGIN


def test_what_that_convention_leaves_is_explained_by_the_next(tmp_path: Path) -> None:
    after = [
        different("a", AT_BEGIN, EARLIER),
        different("b", AT_BEGIN, FLIPPED),
        different("c", FLIPPED, EARLIER),
    ]
    found = grouped(tmp_path, [seen("a"), seen("b"), seen("c")], after)
    explained = {g.after.explanation: g.cases for g in found if g.after}
    assert explained == {FLIPPED: ("b", "c"), AT_BEGIN: ("a",)}


def test_of_equals_the_one_counts_that_explains_what_did_not_change(tmp_path: Path) -> None:
    stays = different("old", EARLIER)
    after = [stays, different("one", AT_BEGIN, EARLIER)]
    (group,) = grouped(tmp_path, [stays, seen()], after)
    assert group.after is not None
    assert group.after.explanation == EARLIER


def test_of_equals_in_everything_the_likeliest_counts(tmp_path: Path) -> None:
    (group,) = grouped(tmp_path, [seen()], [different("one", EARLIER, AT_BEGIN)])
    assert group.after is not None
    assert group.after.explanation == AT_BEGIN


def test_a_name_of_a_convention_that_is_no_more_is_kept(tmp_path: Path) -> None:
    (said_,) = said(tmp_path, [different("one", ("old axis: choice",))], [seen()])
    assert said_.endswith("Before: old axis: choice (old axis: choice).")


# Sentences of behaviour


def test_a_group_is_one_sentence_with_the_convention_that_it_was(tmp_path: Path) -> None:
    cases = [f"same-{number:03}" for number in range(140)]
    before = [different(case, AT_BEGIN, EARLIER, topics=("same", case)) for case in cases]
    after = [seen(case, topics=("same", case)) for case in cases]
    assert said(tmp_path, before, after) == [
        f"{SUBJECT}140 cases (same-000, same-001, same-002 and 137 more), all about `same`,"
        f" now agree with the oracle, natively. Before: {SAME_BEGIN}"
        " The cases cannot tell that from position: one earlier along every axis."
    ]


def test_a_group_is_one_sentence_with_the_convention_that_it_is(tmp_path: Path) -> None:
    assert said(tmp_path, both(seen()), both(different("one", AT_BEGIN))) == [
        f"{SUBJECT}1 case (one), about `basic`, no longer agrees with the oracle,"
        f" natively and by recipe. Now: {SAME_BEGIN}"
    ]


def test_what_differs_in_another_way_says_both(tmp_path: Path) -> None:
    before, after = different("one", AT_BEGIN), different("one", FLIPPED, digest="other")
    assert said(tmp_path, [before], [after]) == [
        f"{SUBJECT}1 case (one), about `basic`, differs from the oracle as before, but in another"
        f" way, natively. Before: {SAME_BEGIN}"
        " Now: The kernel is read backwards along every axis (kernel flip: flipped)."
    ]


def test_what_differs_in_the_same_way_says_it_once(tmp_path: Path) -> None:
    (words,) = said(tmp_path, [different()], [different(digest="other")])
    assert words.endswith("Before and now: The kernel is read backwards along every axis"
                          " (kernel flip: flipped).")  # fmt: skip


def test_what_nothing_explains_says_so(tmp_path: Path) -> None:
    (words,) = said(tmp_path, [seen()], [seen(status="mismatch")])
    assert words.endswith("Now: no known convention explains it.")


def test_what_can_no_longer_be_told_apart_says_from_what(tmp_path: Path) -> None:
    assert said(tmp_path, [seen(exact=False)], [undecided("one", BIAS_DROPPED)]) == [
        f"{SUBJECT}1 case (one), about `basic`, is within rounding of the oracle, but now of"
        " something else as well, natively, where it agreed with the oracle before. Now: the cases"
        " cannot tell the right answer from bias: dropped."
    ]


def test_what_is_within_rounding_of_another_thing_says_both(tmp_path: Path) -> None:
    (sentence,) = said(tmp_path, [undecided("one", FLIPPED)], [undecided("one", BIAS_DROPPED)])
    assert "is within rounding of the oracle and of others as before, but of other ones" in sentence
    assert "Before: the cases cannot tell the right answer from kernel flip: flipped." in sentence


def test_several_conventions_are_all_said(tmp_path: Path) -> None:
    (words,) = said(tmp_path, [seen()], [different("one", (*FLIPPED, *BIAS_DROPPED))])
    assert words.endswith(
        "Now: The kernel is read backwards along every axis. The bias is not added"
        " (kernel flip: flipped and bias: dropped)."
    )


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (seen(), seen(status="rejected"), "is now rejected, natively, where it agreed with the"),
        (different(), seen(status="crashed"), "now crashes, natively, where it differed from"),
        (seen(status="rejected"), seen(status="hung"), "now hangs, natively, where it was reject"),
        (seen(status="hung"), seen(status="inexpressible"), "can no longer be written, natively"),
        (seen(status="crashed"), seen(status="flaky"), "now does not answer twice the same"),
        (seen(status="rejected"), seen(), "now agrees with the oracle, natively, where it was re"),
        (seen(status="flaky"), different(), "now differs from the oracle, natively, where it did"),
        (seen(digest="a"), seen(digest="b"), "but the oracle's answer is another one, natively."),
    ],
)
def test_every_other_status_has_its_words(
    tmp_path: Path, before: Observation, after: Observation, words: str
) -> None:
    assert words in said(tmp_path, [before], [after])[0]


REFUSED = seen(shape=None, dtype=None, digest=None, detail="It refused: ValueError: no.")
ANSWERED = seen(status="mismatch", detail="an answer of shape (1,) to a question that has none")


def test_a_question_without_an_answer_that_is_refused_is_right(tmp_path: Path) -> None:
    (words,) = said(tmp_path, [ANSWERED], [REFUSED])
    assert words.endswith("has no answer and is now refused, as is right, natively.")


def test_a_question_without_an_answer_that_is_answered_has_no_convention(tmp_path: Path) -> None:
    (words,) = said(tmp_path, [REFUSED], [ANSWERED])
    assert words.endswith("has no answer and is now given one, natively.")


def test_topics_of_most_are_said_to_be_that(tmp_path: Path) -> None:
    topics = [("same", "stride"), ("same", "stride"), ("stride", "shape"), ("same",)]
    before = [seen(f"{n}") for n in range(4)]
    after = [different(f"{n}", topics=own) for n, own in enumerate(topics)]
    assert "), mostly about `same`, `stride`, no longer" in said(tmp_path, before, after)[0]


def test_a_version_that_is_the_same_is_said_once(tmp_path: Path) -> None:
    (words,) = said(tmp_path, [seen()], [different()], version="3.14.1")
    assert words.startswith("keras.layers.ConvTranspose, torch backend, 3.14.1: ")


def test_names_that_hold_anything_are_made_fit_to_print(tmp_path: Path) -> None:
    (words,) = said(tmp_path, [seen("a\x1b[31m")], [different("a\x1b[31m")])
    assert words.isprintable()


# Sentences of several APIs

DECONVOLUTIONS = (
    "mxnet.npx.deconvolution",
    "mxnet.npx.deconvolution(target_shape)",
    "mxnet.gluon.nn.ConvTranspose",
    "mxnet.nd.Deconvolution",
)


def of_mxnet(folder: Path, apis: Sequence[str]) -> str:
    """What is said where these APIs of MXNet read the kernel backwards all at once."""
    header = {"framework": "mxnet", "backend": None, "apis": dict.fromkeys(DECONVOLUTIONS, True)}
    before = read_run(write(folder / "before.jsonl", *(seen(api=api) for api in apis), **header))
    run = write(folder / "after.jsonl", *(different(api=api) for api in apis), **header)
    comparison = compare(before, open_run(run))
    (group,) = groups(comparison, {})
    return sentence(group, comparison.before.header, comparison.after.header)


def test_all_apis_of_an_operator_are_said_to_be_that(tmp_path: Path) -> None:
    said = of_mxnet(tmp_path, DECONVOLUTIONS)
    assert said.startswith("all 4 MXNet APIs of conv_transpose, 3.14.1: 1 case (one), about")


def test_some_apis_are_named(tmp_path: Path) -> None:
    said = of_mxnet(tmp_path, DECONVOLUTIONS[2:])
    assert said.startswith("mxnet.gluon.nn.ConvTranspose and mxnet.nd.Deconvolution, 3.14.1: ")


def test_apis_that_are_gone_together_are_one_sentence(tmp_path: Path) -> None:
    (words,) = said(tmp_path, [seen(api=OTHER)], [], apis={API: False, OTHER: False})
    assert words.endswith("3.14.1 -> 3.15.0: these APIs are gone.")


# Sentences of cases and APIs


def test_a_case_that_changed_for_all_apis_is_of_none(tmp_path: Path) -> None:
    before = [seen(), seen(api=OTHER)]
    after = [seen(content="x"), seen(api=OTHER, content="x")]
    assert said(tmp_path, before, after) == [
        "keras, torch backend, 3.14.1 -> 3.15.0: 1 case (one), about `basic`, is another case"
        " than was accepted, so that answers are not compared."
    ]


def test_a_case_that_is_gone_for_all_is_of_none(tmp_path: Path) -> None:
    assert said(tmp_path, [seen("a"), seen("b"), seen("a", api=OTHER)], []) == [
        "keras, torch backend, 3.14.1 -> 3.15.0: 2 cases (a, b) were accepted and not asked."
    ]


def test_a_case_that_one_api_was_not_asked_is_of_that(tmp_path: Path) -> None:
    assert said(tmp_path, [seen(), seen(api=OTHER)], [seen()]) == [
        "keras.ops.conv_transpose, torch backend, 3.14.1 -> 3.15.0:"
        " 1 case (one) was accepted and not asked."
    ]


def test_a_case_that_is_new_for_all_is_of_none(tmp_path: Path) -> None:
    assert said(tmp_path, [], [seen(), seen(api=OTHER)]) == [
        "keras, torch backend, 3.14.1 -> 3.15.0:"
        " 1 case (one), about `basic`, is not in the baseline."
    ]


def test_an_api_that_is_gone_is_said(tmp_path: Path) -> None:
    assert said(tmp_path, [seen(api=OTHER)], [], apis={API: True, OTHER: False}) == [
        "keras.ops.conv_transpose, torch backend, 3.14.1 -> 3.15.0: this API is gone."
    ]


def test_an_api_that_is_new_is_said(tmp_path: Path) -> None:
    (words,) = said(tmp_path, [], [], apis={API: True, OTHER: True, "keras.new": True})
    assert words.endswith("this API is new, and nothing is accepted of it.")
