"""Limits behind answers: what a native call really asks for, and whether that is known to fail."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fakes.frameworks import api, framework, function

from conformance import question
from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api
from conformance.adapters.limitation import Limitation
from conformance.adapters.runtime import ANY, Runtime
from conformance.conventions.axes import BY_NAME
from conformance.fuzz.random_search import prepare_case
from conformance.question import Chain, Question
from conformance.recipes import limitations
from conformance.recipes.call_writer import Call
from conformance.recipes.plan_source import Text
from conformance.recipes.search import Cost
from conformance.runs import calls, evaluation, plan
from conformance.runs.plan import Invocation
from conformance.workers.batching import Task
from conformance.workers.outcomes import Answer, Crash, Refusal

KEPT = Limitation("it keeps two at the start", lambda q: q.pairs[0][0] == -2)
BREAKING = replace(KEPT, corrupts_process=True)
PADS = function(layout="N C *s", kernel="in out *k")
X = np.array([[[1, 2, 4, 8], [3, 5, 7, 9]]], np.float32)
ONLY_THERE = Limitation("there it keeps two", KEPT.concerns, backend="there")


def asked(**arguments: Any) -> Question:
    """A kernel of 3, so that a full output has 2 at each end that padding may take."""
    fields = {
        "op": "conv_transpose",
        "x": np.ones((1, 2, 4), np.float32),
        "kernel": np.ones((2, 1, 3), np.float32),
        **arguments,
    }
    return Question(**fields)


def padding(*known: Limitation, **rest: Any) -> Api:
    """An API whose padding pads the zero-inserted input, and that turns its kernel."""

    def crops(q: Question) -> Any:
        transformed = BY_NAME["padding: pads the input"].apply(q)
        return PADS(q if transformed is None else transformed.question)

    return replace(api(native=PADS, flips=True), limits=known, **{"recipe": crops, **rest})


def test_the_limit_is_that_of_what_the_call_means() -> None:
    """A padding of 4 where 2 are a full output: 2 more than there are, so it takes -2 away."""
    assert limitations.behind(padding(KEPT), asked(padding=((4, 1),)), ANY) is KEPT


def test_a_call_that_only_looks_like_the_limit_is_not_behind_it() -> None:
    assert limitations.behind(padding(KEPT), asked(padding=((-2, 1),)), ANY) is None


def test_a_call_that_means_what_it_looks_like_may_run_into_a_limit() -> None:
    assert limitations.behind(padding(KEPT, recipe=PADS), asked(padding=((-2, 1),)), ANY) is KEPT


def test_a_wrong_answer_is_behind_a_call_that_no_convention_makes() -> None:
    """Such as one that leaves out an argument for which the API's own call has to say 0."""

    def never(_: Question) -> Inexpressible:
        return Inexpressible("no such call")

    wrong = replace(KEPT, is_refusal=False)
    for known, expected in ((wrong, wrong), (KEPT, None)):
        unlike = padding(known, recipe=never)
        assert limitations.behind(unlike, asked(padding=((-2, 1),)), ANY) is expected
        assert limitations.behind(unlike, asked(padding=((0, 1),)), ANY) is None


def test_of_two_conventions_both_are_looked_at() -> None:
    """It pads, and takes the numbers for its two ends the other way round."""

    def swaps(q: Question) -> Any:
        return PADS(q.but(padding=tuple((e, b) for b, e in q.pairs)))

    assert limitations.behind(padding(KEPT, native=swaps), asked(padding=((1, 4),)), ANY) is KEPT


def test_a_limit_of_another_backend_is_behind_nothing() -> None:
    q = asked(padding=((4, 1),))
    assert limitations.behind(padding(ONLY_THERE), q, Runtime(backend="there")) is ONLY_THERE
    assert limitations.behind(padding(ONLY_THERE), q, Runtime(backend="here")) is None


def test_a_bias_that_the_call_does_not_take_is_not_looked_at() -> None:
    q = asked(padding=((4, 1),), bias=np.ones(1, np.float32))
    assert limitations.behind(padding(KEPT, takes_bias=False), q, ANY) is KEPT


def test_a_question_without_meaning_is_behind_no_limit() -> None:
    always = Limitation("it takes nothing", lambda _: True)
    assert limitations.behind(padding(always), asked(stride=(0,)), ANY) is None
    assert limitations.behind(padding(always), asked(), ANY) is always


def test_of_a_chain_nothing_is_known() -> None:
    chain = Chain((asked(padding=((4, 1),)),))
    assert limitations.behind(padding(KEPT), chain, ANY) is None


@pytest.mark.parametrize(
    ("known", "asked_for", "broken"),
    [
        ((BREAKING,), {"padding": ((-2, 0),)}, True),
        ((KEPT, BREAKING), {"padding": ((-2, 0),)}, True),
        ((KEPT,), {"padding": ((-2, 0),)}, False),
        ((BREAKING,), {}, False),
        ((BREAKING,), {"padding": ((-2, 0),), "stride": (0,)}, True),
        ((replace(BREAKING, backend="there"),), {"padding": ((-2, 0),)}, False),
    ],
)
def test_some_limits_break_the_process_that_runs_into_them(
    known: tuple[Limitation, ...], asked_for: dict[str, Any], broken: bool
) -> None:
    assert (
        limitations.corrupts_process(padding(*known), asked(**asked_for), Runtime(backend="here"))
        is broken
    )


def _divides(q: Question) -> bool:
    return q.space[0] % q.stride[0] == 0


@pytest.mark.parametrize(
    ("concerns", "stride", "broken"),
    [
        (lambda q: min(q.stride) < 0, -1, True),
        (lambda q: min(q.stride) < 0, 1, False),
        (_divides, 0, False),
        (lambda q: q.output_space == (1,), 0, False),
    ],
)
def test_a_question_without_an_answer_may_break_its_process_too(
    concerns: Any, stride: int, broken: bool
) -> None:
    fake = padding(Limitation("it breaks", concerns, corrupts_process=True))
    assert limitations.corrupts_process(fake, asked(stride=(stride,)), ANY) is broken


class Listener:
    """In the place of a client: refuses every task, and keeps which were to be the last."""

    def __init__(self) -> None:
        self.last: list[bool] = []

    def submit(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Refusal]]:
        for task in tasks:
            self.last.append(task.last)
            yield task, Refusal("ValueError", "no")


def test_only_a_native_call_that_may_break_its_process_is_the_last_of_it() -> None:
    fake = padding(BREAKING)
    listener = Listener()
    prepared_cases = [prepare_case(asked(padding=((crop, 1),))) for crop in (1, -2)]
    items = list(plan.invocations(framework(fake), ANY, [fake], prepared_cases))
    list(calls.observe(listener, items))
    assert [item.modes for item in items] == [("native",), ("recipe",)] * 2
    assert listener.last == [False, False, True, False]


# What an observation says of it


def item(q: Question) -> Invocation:
    call = Call(Text(), {}, Cost.ARGUMENTS, (), ())
    return Invocation(prepare_case(q), padding(KEPT), ("native", "recipe"), call)


LIMITED = item(asked(padding=((4, 1),)))
WRONG = Answer(np.arange(7, dtype=np.float32).reshape(1, 1, 7))


def test_an_unexplained_answer_to_a_native_call_names_the_limit() -> None:
    seen = evaluation.evaluate(LIMITED, "native", WRONG)
    assert seen.limitation == KEPT.reason
    assert seen.full_diagnosis == f"{seen.diagnosis} A known limit is behind it: {KEPT.reason}."


def test_a_worker_that_a_native_call_took_along_is_told_of_with_the_limit() -> None:
    seen = evaluation.evaluate(LIMITED, "native", Crash("killed by SIGABRT", ""))
    assert seen.full_diagnosis == (
        f"It crashed: killed by SIGABRT. A known limit is behind it: {KEPT.reason}."
    )


def test_a_recipe_has_no_such_excuse() -> None:
    assert evaluation.evaluate(LIMITED, "recipe", WRONG).limitation is None


def test_what_a_convention_explains_needs_no_limit() -> None:
    flipped = item(asked(kernel=np.arange(6, dtype=np.float32).reshape(2, 1, 3), x=X))
    q = flipped.prepared_case.case.question
    got = question.answer(q.but(kernel=q.kernel[:, :, ::-1]))
    always = Limitation("it takes nothing", lambda _: True)
    known = replace(flipped, api=replace(flipped.api, limits=(always,)))
    seen = evaluation.evaluate(known, "native", Answer(got))
    assert (seen.explanations[0], seen.limitation) == (("kernel flip: flipped",), None)


def test_without_a_limit_only_the_diagnosis_is_told() -> None:
    seen = evaluation.evaluate(item(asked()), "native", WRONG)
    assert (seen.limitation, seen.full_diagnosis) == (None, seen.diagnosis)


def test_what_cannot_be_written_runs_into_no_limit() -> None:
    assert evaluation.evaluate(LIMITED, "native", Inexpressible("no")).limitation is None


# Refusals


def refused_for(*known: Limitation, **arguments: Any) -> Any:
    q = asked(padding=((4, 1),), **arguments)
    limited = Invocation(prepare_case(q), padding(*known), ("native",), LIMITED.call)
    return evaluation.evaluate(limited, "native", Refusal("ValueError", "no"))


def test_a_refusal_is_told_by_the_limit_and_then_in_the_frameworks_words() -> None:
    seen = refused_for(KEPT)
    assert (seen.status, seen.limitation) == ("rejected", KEPT.reason)
    assert seen.full_diagnosis == "It keeps two at the start. It refused: ValueError: no."


def test_what_the_arguments_look_like_may_be_what_is_refused() -> None:
    large = Limitation("padding of 4 is too much", lambda q: q.pairs[0][0] == 4)
    assert refused_for(large).limitation == large.reason


def test_what_is_answered_wrongly_is_no_reason_of_a_refusal() -> None:
    assert refused_for(replace(KEPT, is_refusal=False)).limitation is None


def test_a_refusal_without_a_known_limit_has_only_the_frameworks_words() -> None:
    seen = refused_for()
    assert (seen.limitation, seen.full_diagnosis) == (None, None)


def test_a_recipe_that_is_refused_has_no_such_excuse() -> None:
    recipe = replace(LIMITED, modes=("recipe",))
    assert evaluation.evaluate(recipe, "recipe", Refusal("ValueError", "no")).limitation is None
