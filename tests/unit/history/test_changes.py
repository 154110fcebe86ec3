"""Trends: spans of versions that do the same, axes first, then what no axis accounts for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from report_runs import FUNCTION, LAYER, case, observed, run

from conformance.cases.model import Case
from conformance.history.changes import trends
from conformance.history.trend import Change, Trend, alike
from conformance.history.version_ranges import Span, State
from conformance.observations import Observation
from conformance.question import Question
from conformance.runs.prepared_case import PreparedCase

FLIPPED = (("kernel flip: flipped",),)
ONE = case("one")


def asked(id_: str, **changed: Any) -> Case:
    """The usual case, asked with other arguments."""
    usual = ONE.question
    assert isinstance(usual, Question)
    topics = changed.pop("topics", ("basic",))
    return case(id_, question=replace(usual, **changed), topics=topics)


DILATED = asked("dilated", dilation=(2,), topics=("dilation",))
TWICE = asked("twice", dilation=(3,), topics=("dilation", "stride"))
# A kernel of one element touches few axes.
POINT = asked("point", kernel=np.ones((1, 1, 1), np.float32))
CASES = (ONE, DILATED, TWICE, POINT)


def match(of: Case, mode: str = "native") -> Observation:
    return observed(of, mode, "match")


def mismatch(of: Case, mode: str = "native", **how: Any) -> Observation:
    told = {"explanations": FLIPPED, "diagnosis": "Flipped.", "digest": "1", "shape": (3,), **how}
    return observed(of, mode, "mismatch", **told)


def strange(of: Case, digest: str = "1", **how: Any) -> Observation:
    return mismatch(of, explanations=(), digest=digest, **how)


def rejected(of: Case, mode: str = "native", detail: str = "No.") -> Observation:
    return observed(of, mode, "rejected", detail=detail)


def trend(*versions: Sequence[Observation], **header: Any) -> Trend:
    """The trend of the layer over versions 1, 2, ..."""
    runs = [(str(n), run(*seen, version=str(n), **header)) for n, seen in enumerate(versions, 1)]
    found = trends(runs, {one.id: PreparedCase(one) for one in CASES})
    return next(one for one in found if one.api == LAYER)


def axis(name: str, *versions: Sequence[Observation]) -> list[tuple[str, str]]:
    """What an axis did when."""
    changes = {change.subject: change for change in trend(*versions).changes if change.is_of_axis}
    return spans(changes[name])


def spans(change: Change) -> list[tuple[str, str]]:
    return [(span.versions, span.state.words) for span in change.spans]


def others(*versions: Sequence[Observation]) -> tuple[Change, ...]:
    """What no axis accounts for."""
    return tuple(change for change in trend(*versions).changes if not change.is_of_axis)


# Axes


def test_a_choice_that_changes_has_a_span_before_and_one_after() -> None:
    assert axis("kernel flip", [mismatch(ONE)], [mismatch(ONE)], [match(ONE)], [match(ONE)]) == [
        ("until 2", "flipped"),
        ("from 3", "as it stands"),
    ]


def test_a_choice_of_some_versions_in_between_has_both_ends() -> None:
    versions = [[match(ONE)], [mismatch(ONE)], [mismatch(ONE)], [match(ONE)]]
    assert axis("kernel flip", *versions)[1] == ("2 to 3", "flipped")


def test_a_choice_of_one_version_in_between_has_its_name() -> None:
    versions = [[match(ONE)], [mismatch(ONE)], [match(ONE)]]
    assert axis("kernel flip", *versions)[1] == ("2", "flipped")


def test_a_version_that_tells_nothing_is_passed_over() -> None:
    versions = [[mismatch(ONE)], [match(POINT)], [mismatch(ONE)], [match(ONE)]]
    assert axis("kernel flip", *versions)[0] == ("until 3", "flipped")


def test_a_refusal_that_ends_is_a_change_of_its_axis() -> None:
    versions = [[match(ONE), rejected(DILATED)], [match(ONE), match(DILATED)]]
    assert axis("dilation", *versions) == [("until 1", "refused"), ("from 2", "of the kernel")]


def test_an_axis_that_does_not_change_is_told_with_what_it_does() -> None:
    same = dict(trend([mismatch(ONE)], [mismatch(ONE)]).unchanged)
    assert (same["kernel flip"].kind, same["kernel flip"].words) == ("other", "flipped")


def test_an_axis_of_which_nothing_is_known_is_not_told() -> None:
    assert "dilation" not in dict(trend([match(ONE)], [match(ONE)]).unchanged)


def test_what_an_axis_accounts_for_is_told_once() -> None:
    assert (
        others([mismatch(ONE), mismatch(ONE, "recipe")], [match(ONE), match(ONE, "recipe")]) == ()
    )


def test_a_translated_call_that_changes_with_its_axis_is_told_once() -> None:
    before = [mismatch(ONE), rejected(DILATED), mismatch(DILATED, "recipe")]
    after = [match(ONE), rejected(DILATED), match(DILATED, "recipe")]
    assert others(before, after) == ()


# Single cases


def test_nothing_changed_where_only_words_of_an_error_did() -> None:
    told = trend([match(ONE), rejected(DILATED)], [match(ONE), rejected(DILATED, detail="Never.")])
    assert told.changes == ()


def test_nothing_changed_where_what_is_not_exact_has_other_digits() -> None:
    assert others([strange(ONE, "1", exact=False)], [strange(ONE, "2", exact=False)]) == ()


def test_a_case_that_no_axis_accounts_for_is_told() -> None:
    (change,) = others(
        [match(ONE), match(DILATED), mismatch(TWICE, explanations=(("dilation: ignored",),))],
        [match(ONE), match(DILATED), match(TWICE)],
    )
    assert (change.cases, change.subject) == (("twice",), "dilation, stride")
    assert spans(change) == [
        ("until 1", "Dilation is ignored."),
        ("from 2", "as the reference has it"),
    ]


def test_cases_that_did_the_same_when_are_told_together() -> None:
    (change,) = others(
        [match(ONE), strange(DILATED), strange(TWICE)], [match(ONE), match(DILATED), match(TWICE)]
    )
    assert change.cases == ("dilated", "twice")


def test_cases_of_several_topics_are_about_those_that_most_share() -> None:
    (change,) = others([strange(DILATED), strange(TWICE)], [match(DILATED), match(TWICE)])
    assert change.subject == "dilation, stride"


def test_refusals_for_other_reasons_are_told_apart() -> None:
    before = [match(DILATED), rejected(POINT, detail="Odd."), rejected(ONE, detail="Even.")]
    told = others(before, [match(DILATED), match(POINT), match(ONE)])
    assert [change.cases for change in told] == [("one",), ("point",)]


def test_the_newest_words_of_a_refusal_are_told() -> None:
    (change,) = others(
        [match(ONE), rejected(POINT, detail="Old.")],
        [match(ONE), rejected(POINT, detail="New.")],
        [match(ONE), match(POINT)],
    )
    assert change.refusal == "New."


def test_refusals_that_differ_in_a_number_are_told_together() -> None:
    before = [match(ONE), rejected(POINT, detail="Layer 3."), rejected(ONE, detail="Layer 4.")]
    (change,) = others(before, [match(ONE), match(POINT)])[:1]
    assert change.cases == ("one", "point")


def test_another_answer_that_nothing_explains_is_another() -> None:
    (change,) = others([strange(ONE, "1")], [strange(ONE, "2")])
    words = "an answer that no known convention explains"
    assert spans(change) == [("until 1", words), ("from 2", f"{words} (another answer)")]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("crashed", "crashes"),
        ("hung", "gives no answer in time"),
        ("flaky", "answers now so, now otherwise"),
    ],
)
def test_what_breaks_is_told(status: str, words: str) -> None:
    (change,) = others([match(ONE)], [observed(ONE, "native", status)])
    assert spans(change)[1] == ("from 2", words)


def test_an_answer_where_there_is_none_is_told() -> None:
    (change,) = others([strange(ONE, diagnosis=None)], [match(ONE)])
    assert spans(change)[0] == ("until 1", "an answer where there is none")


def test_what_changed_natively_is_not_told_of_the_translated_call_again() -> None:
    (change,) = others(
        [strange(ONE), strange(ONE, mode="recipe")], [match(ONE), match(ONE, "recipe")]
    )
    assert change.is_native


def test_what_changed_in_the_translated_call_only_is_told_as_such() -> None:
    (change,) = others(
        [rejected(ONE), rejected(ONE, "recipe")], [rejected(ONE), match(ONE, "recipe")]
    )
    assert not change.is_native


# APIs


def test_an_api_that_came_is_told() -> None:
    before = run(version="1", apis={LAYER: False})
    found = trends(
        [("1", before), ("2", run(match(ONE), version="2"))], {ONE.id: PreparedCase(ONE)}
    )
    (change,) = next(one for one in found if one.api == LAYER).changes
    assert spans(change) == [("until 1", "not there"), ("from 2", "there")]


def test_an_api_that_no_version_has_is_not_told() -> None:
    assert FUNCTION not in {one.api for one in trends([("1", run(match(ONE)))], {})}


def test_a_case_that_changed_since_does_not_speak() -> None:
    old = strange(ONE, content="another")
    assert trend([old], [match(ONE)]).changes == ()


def test_the_cases_that_every_version_was_asked_are_counted() -> None:
    assert trend([match(ONE), match(POINT)], [match(ONE)]).asked == 1


# APIs that changed alike


def changed(api: str, *changes: Change, asked: int = 9) -> Trend:
    return Trend(api, changes, (("dilation", State("right", "as it is")),), asked)


def move(about: str = "kernel flip", *cases: str, is_of_axis: bool = True) -> Change:
    was, is_ = State("other", "flipped"), State("right", "as it stands")
    spans = (Span("until 1", was), Span("from 2", is_))
    return Change(about, spans, cases or ("one",), is_of_axis=is_of_axis)


def names(*given: Trend) -> list[str]:
    return [trend.api for trend in alike(given)]


def test_apis_on_which_the_same_axis_moved_are_one() -> None:
    (joined,) = alike(
        [changed("a", move(), asked=9), changed("b", move("kernel flip", "two"), asked=4)]
    )
    assert (joined.api, joined.asked) == ("a and b", 4)
    assert joined.changes[0].cases == ("one", "two")
    assert [axis for axis, _ in joined.unchanged] == ["dilation"]


def test_an_api_on_which_another_axis_moved_is_another() -> None:
    assert names(changed("a", move()), changed("b", move("padding"))) == ["a", "b"]


def test_an_api_on_which_more_moved_is_another() -> None:
    assert names(changed("a", move()), changed("b", move(), move("padding"))) == ["a", "b"]


def test_apis_of_which_nothing_moved_stay_apart() -> None:
    assert names(changed("a"), changed("b")) == ["a", "b"]


@pytest.mark.parametrize(
    ("cases", "others", "told"),
    [("ab", "bc", ["x and y"]), ("ab", "cd", ["x", "y"]), ("abc", "cde", ["x", "y"])],
)
def test_what_no_axis_accounts_for_is_one_thing_where_most_cases_are_shared(
    cases: str, others: str, told: list[str]
) -> None:
    one, other = (move("stride", *own, is_of_axis=False) for own in (cases, others))
    assert names(changed("x", one), changed("y", other)) == told
