"""Surveys of frameworks that are right, wrong or in trouble, in workers of their own.

The frameworks are the fakes: what comes of them is known beforehand.
"""

import os
import sys
import weakref
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import frameworks, plain, troubled
from fakes.clock import PATIENCE, racing
from fakes.frameworks import api, framework, function
from tiny import asked

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import LAYOUT, Api, Framework
from conformance.adapters.runtime import ANY
from conformance.cases import Case, Expected, Place
from conformance.environments import interpreters
from conformance.observations import Observation, verdict
from conformance.question import AnyQuestion, Crop, OutputLength, Pad, Pool, Question, chained
from conformance.runs import calls, evaluation, plan, run_header
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import read, writing
from conformance.utils import resources
from conformance.workers.outcomes import Answer, Refusal
from conformance.workers.worker_client import WorkerClient

TESTS = Path(__file__).parents[2]
ROOT = TESTS.parent
PATHS = os.pathsep.join([str(TESTS), str(ROOT), *filter(None, [os.getenv("PYTHONPATH")])])


def case(name: str, question: AnyQuestion | None = None, **rest: Any) -> Case:
    question = question or asked()
    fields = {
        "op": question.op if isinstance(question, Question) else "chain",
        "question": question,
        "why": "It differs.",
        "exact": True,
        "topics": ("basic",),
        "place": Place("cases.yaml", 1, 1),
        **rest,
    }
    return Case(id=name, **fields)


def within(tmp_path: Path, *apis: Api, **rest: Any) -> Framework:
    return framework(*apis, variables={"PYTHONPATH": PATHS, "FAKE_FOLDER": str(tmp_path)}, **rest)


def client(of: Framework, **options: Any) -> WorkerClient:
    told = {"timeout": PATIENCE, **options}
    return WorkerClient(interpreters.interpreter_for(of, sys.executable), **told)


def items(of: Framework, cases: Sequence[Case]) -> list[Invocation]:
    return list(plan.invocations(of, ANY, of.apis, list(map(PreparedCase, cases))))


def observed(of: Framework, cases: Sequence[Case], **options: Any) -> list[Observation]:
    with client(of, **options) as started:
        return list(calls.observe(started, items(of, cases)))


def only(observations: list[Observation], **wanted: str) -> Observation:
    (one,) = (o for o in observations if all(getattr(o, name) == wanted[name] for name in wanted))
    return one


# Frameworks of one meaning each

MEANING = {"layout": "N C *s", "kernel": "in out *k", "limits": ()}


def backwards(q: Question) -> Any:
    return function(**MEANING, flips=True)(q)


def backwards_and_swapped(q: Question) -> Any:
    swapped = tuple((end, begin) for begin, end in q.padding)
    return function(**MEANING, flips=True)(q.but(padding=swapped))


def without_stride(q: Question) -> Any:
    return function(**MEANING)(q.but(stride=(1,)))


def refusing(q: Question) -> Any:
    return function(**{**MEANING, "limits": ("symmetric padding",)})(q)


APIS = (
    api(id="right"),
    api(id="backwards, known", flips=True),
    api(id="backwards, unknown", native=backwards, recipe=backwards),
    api(id="wrong by two", native=backwards_and_swapped, recipe=backwards_and_swapped),
    api(id="refuses, known", limits=("symmetric padding",)),
    api(id="refuses, unknown", native=refusing, recipe=refusing),
    api(id="mute, natively", native=lambda _: Inexpressible("there is no such parameter")),
    api(id="mute", native=lambda _: Inexpressible("no"), recipe=lambda _: Inexpressible("no")),
)
# 1 12 23 30, less the first
CROOKED = case("crooked", asked(padding=((1, 0),)))


@pytest.fixture(scope="module")
def meanings(tmp_path_factory: pytest.TempPathFactory) -> list[Observation]:
    return observed(within(tmp_path_factory.mktemp("meanings"), *APIS), [CROOKED])


def test_a_mistake_of_a_framework_is_told_and_explains_nothing(tmp_path: Path) -> None:
    hasty = api(id="without stride", native=without_stride)
    (seen, _) = observed(within(tmp_path, hasty), [case("strided", asked(stride=(2,)))])
    assert seen.explanations == ()
    assert seen.diagnosis == (
        "No known convention. Its shape is (1, 1, 4), not (1, 1, 6). By mistake: Stride is ignored."
    )


@pytest.mark.parametrize(
    ("api_id", "native", "recipe", "expected"),
    [
        ("right", "match", "match", "same"),
        ("backwards, known", "mismatch", "match", "translated"),
        ("backwards, unknown", "mismatch", "mismatch", "different"),
        ("wrong by two", "mismatch", "mismatch", "different"),
        ("refuses, known", "rejected", "match", "translated"),
        ("refuses, unknown", "rejected", "rejected", "rejected"),
        ("mute, natively", "inexpressible", "match", "translated"),
        ("mute", "inexpressible", "inexpressible", "inexpressible"),
    ],
)
def test_what_a_framework_means_is_observed(
    meanings: list[Observation], api_id: str, native: str, recipe: str, expected: str
) -> None:
    statuses = {o.mode: o.status for o in meanings if o.api == api_id}
    assert statuses == {"native": native, "recipe": recipe}
    assert verdict(statuses) == expected


@pytest.mark.parametrize(
    ("api_id", "names"),
    [
        ("backwards, known", ("kernel flip: flipped",)),
        ("backwards, unknown", ("kernel flip: flipped",)),
        ("wrong by two", ("kernel flip: flipped", "padding ends: end, begin")),
    ],
)
def test_a_mismatch_is_diagnosed(
    meanings: list[Observation], api_id: str, names: tuple[str, ...]
) -> None:
    assert names in only(meanings, api=api_id, mode="native").explanations


def test_a_diagnosis_is_in_words(meanings: list[Observation]) -> None:
    told = only(meanings, api="backwards, known", mode="native").diagnosis
    assert told == "The kernel is read backwards along every axis."


def test_a_match_has_no_diagnosis(meanings: list[Observation]) -> None:
    right = only(meanings, api="right", mode="native")
    assert (right.diagnosis, right.explanations, right.detail) == (None, (), None)


def test_a_refusal_is_in_the_frameworks_words(meanings: list[Observation]) -> None:
    told = only(meanings, api="refuses, unknown", mode="native").detail
    assert told == "It refused: ValueError: not possible here: symmetric padding."


def test_what_cannot_be_written_says_why(meanings: list[Observation]) -> None:
    told = only(meanings, api="mute, natively", mode="native")
    assert told.detail == "there is no such parameter"
    assert told.cost is None


def test_a_recipe_says_what_it_costs_and_does(meanings: list[Observation]) -> None:
    told = only(meanings, api="backwards, known", mode="recipe")
    assert told.cost == "kernel transform"
    assert told.rewrites == ("kernel flipped",)


def test_every_key_is_observed_once(meanings: list[Observation]) -> None:
    assert Counter(o.key for o in meanings) == {
        (one.id, "crooked", mode): 1 for one in APIS for mode in ("native", "recipe")
    }


def test_observations_come_in_the_order_of_the_items(meanings: list[Observation]) -> None:
    expected = [(one.id, mode) for one in APIS for mode in ("native", "recipe")]
    assert [(o.api, o.mode) for o in meanings] == expected


def test_observations_of_the_same_case_have_the_same_content(meanings: list[Observation]) -> None:
    assert len({o.content for o in meanings}) == 1


def test_the_same_answer_has_the_same_digest(meanings: list[Observation]) -> None:
    right = {o.digest for o in meanings if o.status == "match"}
    wrong = {o.digest for o in meanings if o.status == "mismatch"}
    assert len(right) == 1
    assert not right & wrong


def digest(answer: Any) -> str | None:
    item = Invocation(PreparedCase(case("one")), api(), ("native",), Inexpressible("nobody asks"))
    return evaluation.evaluate(item, "native", Answer(np.asarray(answer))).digest


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.complex64])
def test_both_zeros_have_one_digest(kind: type) -> None:
    assert digest(np.array([kind(-0.0), 1], kind)) == digest(np.array([0, 1], kind))


def test_a_number_alone_keeps_its_dtype_in_its_digest() -> None:
    assert digest(np.float16(-0.0)) == digest(np.array([0], np.float16))
    nan_with_bits = np.array([0xFE01], np.uint16).view(np.float16)
    assert np.isnan(nan_with_bits).all()
    assert digest(nan_with_bits) == digest(np.float16(np.nan))


def test_answers_of_another_byte_order_have_one_digest() -> None:
    assert digest(np.array([1, 2], ">f4")) == digest(np.array([1, 2], "<f4"))


def test_an_observation_says_whether_its_case_is_exact(meanings: list[Observation]) -> None:
    assert {o.exact for o in meanings} == {True}


# Troubles, each in one case between cases that are fine

TROUBLES = [
    trouble for trouble in troubled.FIRST_NUMBER if trouble not in ("fine", "holds on", "waits")
]


def starting_with(number: int) -> Question:
    return asked(x=np.array([[[number, 2, 3]]], np.float32))


TROUBLED = [
    one
    for trouble in TROUBLES
    for one in (
        case(f"fine before one that {trouble}", starting_with(1)),
        case(trouble, starting_with(troubled.FIRST_NUMBER[trouble])),
    )
]
TROUBLED.append(case("fine at the end", starting_with(1)))


def in_trouble(tmp_path: Path) -> Framework:
    spell = function("troubled.ask", **MEANING)
    return within(tmp_path, api(native=spell, recipe=spell))


@pytest.fixture(scope="module")
def troubles(tmp_path_factory: pytest.TempPathFactory) -> list[Observation]:
    folder = tmp_path_factory.mktemp("troubles")
    with racing(folder):
        return observed(in_trouble(folder), TROUBLED, memory=2**27)


@pytest.mark.parametrize(
    ("trouble", "status", "words"),
    [
        ("refuses", "rejected", "It refused: ValueError: such an x is not supported."),
        ("segfaults", "crashed", "It crashed: killed by SIGSEGV."),
        ("exits", "crashed", "It crashed: ended with exit status 3."),
        ("hangs", "hung", "It gave no answer within 600 s."),
        ("floods", "match", None),
        ("writes rubbish", "crashed", "It crashed: wrote rubbish where its answers go"),
        ("hoards", "crashed", "It crashed: ran out of memory: limit 134217728 bytes"),
        ("answers NaN", "mismatch", "4 of 4 numbers differ, first at [0, 0, 0]: nan, not 17.0"),
        ("answers in another shape", "mismatch", "shape (1, 1, 3), not (1, 1, 4)"),
        ("answers in another dtype", "mismatch", "dtype float64, not float32"),
        ("answers with no numbers", "mismatch", "It refused: NoAnswer: y must be an array"),
        ("crashes once", "flaky", "Asked twice, it crashed: killed by SIGABRT, and then"),
    ],
)
def test_a_trouble_is_observed(
    troubles: list[Observation], trouble: str, status: str, words: str | None
) -> None:
    both = [o for o in troubles if o.case == trouble]
    assert {o.status for o in both} == {status}
    assert all((o.detail or "").startswith(words or "") for o in both)


def test_every_trouble_is_tried(troubles: list[Observation]) -> None:
    assert {o.case for o in troubles} == {one.id for one in TROUBLED}


def test_a_trouble_costs_no_other_case(troubles: list[Observation]) -> None:
    fine = [o.status for o in troubles if o.case.startswith("fine")]
    assert fine == ["match"] * len(fine)


@pytest.mark.parametrize("trouble", ["answers NaN", "answers in another dtype"])
def test_a_trouble_is_nobodys_convention(troubles: list[Observation], trouble: str) -> None:
    assert only(troubles, case=trouble, mode="native").explanations == ()


def test_a_survey_in_trouble_is_a_complete_run(troubles: list[Observation], tmp_path: Path) -> None:
    of = in_trouble(tmp_path)
    with client(of) as started:
        header = run_header.header(of, started.identity, list(map(PreparedCase, TROUBLED)))
    with writing(tmp_path / "run.jsonl", header) as writer:
        for observation in troubles:
            writer.add(observation)
    run = read(tmp_path / "run.jsonl")
    assert run.complete
    assert run.observations == tuple(troubles)


# Which calls are made


def test_a_call_that_both_modes_share_is_made_once(tmp_path: Path) -> None:
    (item,) = items(within(tmp_path, api()), [CROOKED])
    assert item.modes == ("native", "recipe")


def test_calls_that_differ_are_made_each(tmp_path: Path) -> None:
    both = items(within(tmp_path, api(flips=True)), [CROOKED])
    assert [item.modes for item in both] == [("native",), ("recipe",)]


def test_what_is_asked_once_is_observed_in_both_modes(tmp_path: Path) -> None:
    seen = observed(within(tmp_path, api()), [CROOKED])
    assert [o.mode for o in seen] == ["native", "recipe"]
    assert len({o.digest for o in seen}) == 1


@pytest.mark.parametrize(
    ("op", "as_layer", "concerned"),
    [
        ("conv_transpose", False, True),
        ("conv_transpose_input_gradient", False, True),
        ("conv_transpose_kernel_gradient", True, True),
        ("conv_transpose_parameters", True, True),
        ("conv_transpose_parameters", False, False),  # a function has none to count
        ("conv", False, False),
        ("conv_parameters", True, False),
        ("interpolate", False, False),
    ],
)
def test_an_api_is_asked_what_is_its_own(op: str, as_layer: bool, concerned: bool) -> None:
    assert plan.is_applicable(api(as_layer=as_layer), case("one", asked(op))) is concerned


@pytest.mark.parametrize(
    ("topics", "concerned"), [((), False), (("stride",), False), (("stride", "layout"), True)]
)
def test_a_variant_is_asked_what_it_is_about(topics: tuple[str, ...], concerned: bool) -> None:
    variant = api(topics=LAYOUT)
    assert plan.is_applicable(variant, replace(case("one", asked()), topics=topics)) is concerned
    assert not plan.is_applicable(variant, replace(case("one", asked("conv")), topics=topics))


@pytest.mark.parametrize(
    ("operator", "concerned"), [("conv_transpose", True), ("conv", False), ("interpolate", False)]
)
def test_a_chain_is_asked_of_what_transposes(operator: str, concerned: bool) -> None:
    chain = chained(asked().x, (asked("conv"), asked()))
    assert plan.is_applicable(api(operator), case("one", chain)) is concerned


def test_chains_and_parameters_are_surveyed(tmp_path: Path) -> None:
    of = within(tmp_path, api(as_layer=True, forward="plain.conv"), api("conv", as_layer=True))
    chain = chained(asked().x, (asked("conv"), Pool(2), asked()))
    cases = [
        case("chain", chain),
        case("count", asked("conv_transpose_parameters", bias=np.ones(1, np.float32))),
        case("forward", asked("conv")),
    ]
    seen = observed(of, cases)
    assert {(o.api, o.case) for o in seen} == {
        ("plain.conv_transpose", "chain"),
        ("plain.conv_transpose", "count"),
        ("plain.conv", "forward"),
    }
    assert {o.status for o in seen} == {"match"}


def test_inexpressible_items_are_told_even_when_nothing_is_asked(tmp_path: Path) -> None:
    mute = api(native=lambda _: Inexpressible("no"), recipe=lambda _: Inexpressible("no"))
    seen = observed(within(tmp_path, mute), [CROOKED, case("other")])
    assert [o.case for o in seen] == ["crooked", "crooked", "other", "other"]


# Cases that have no answer

NO_ANSWER = case("impossible", asked(padding=((3, 3),)), expected=Expected(error="leaves"))


def test_a_refusal_of_what_has_no_answer_is_a_match(tmp_path: Path) -> None:
    seen = observed(within(tmp_path, api()), [NO_ANSWER])
    assert {o.status for o in seen} == {"match"}


def test_an_answer_to_what_has_none_is_a_mismatch(tmp_path: Path) -> None:
    lenient = api(native=_always_one, recipe=_always_one)
    seen = observed(within(tmp_path, lenient), [NO_ANSWER])
    assert {(o.status, o.detail, o.diagnosis) for o in seen} == {
        ("mismatch", "an answer of shape (1,) to a question that has none", None)
    }


def test_an_answer_to_what_has_none_may_have_its_convention(tmp_path: Path) -> None:
    """Who ignores padding has something to answer where everything is cropped."""
    lenient = api(native=frameworks.function(padding=((0, 0),)))
    (native, _) = observed(within(tmp_path, lenient), [NO_ANSWER])
    assert (native.status, native.explanations) == ("mismatch", (("padding: ignored",),))


@pytest.mark.parametrize("shape", ["0", "(1, 0, 3)"])
def test_an_empty_answer_to_what_has_none_is_a_match(tmp_path: Path, shape: str) -> None:
    """Whether nothing is given or nothing is said: nobody is told wrong numbers."""

    def empty(_: Question) -> Any:
        return frameworks.CallSource(f"plain.tensor(np.ones({shape}))")

    seen = observed(within(tmp_path, api(native=empty, recipe=empty)), [NO_ANSWER])
    assert {(o.status, o.shape, o.digest) for o in seen} == {("match", None, None)}


def _always_one(_: Question) -> Any:
    return frameworks.CallSource("plain.tensor(np.ones(1))")


def test_a_crash_on_what_has_no_answer_is_no_match(tmp_path: Path) -> None:
    crashing = api(native=_abort, recipe=_abort)
    seen = observed(within(tmp_path, crashing), [NO_ANSWER])
    assert {o.status for o in seen} == {"crashed"}


def _abort(_: Question) -> Any:
    return frameworks.CallSource("__import__('os').abort()")


# What documents state


@pytest.mark.parametrize(("numbers", "holds"), [([12, 23, 30], True), ([1, 2, 3], False)])
def test_an_answer_is_held_against_what_a_document_states(
    tmp_path: Path, numbers: list[int], holds: bool
) -> None:
    stated = replace(CROOKED, expected=Expected(numbers=np.array([[numbers]])))
    seen = observed(within(tmp_path, api()), [stated])
    assert {o.claim for o in seen} == {holds}


# Who answers


def test_a_header_says_who_answered(tmp_path: Path) -> None:
    of = within(tmp_path, api(id="here"), api(id="gone", exists="plain.nothing"))
    with client(of) as started:
        told = run_header.header(of, started.identity, [PreparedCase(CROOKED)])
    assert (told.framework, told.version, told.backend) == ("plain", "1.0", None)
    assert told.apis == {"here": True, "gone": False}
    assert told.numpy == np.__version__


def test_a_header_names_the_files_of_cases_that_do_not_ship(tmp_path: Path) -> None:
    places = [resources.CASES / "d2l.yaml", Path("b/own.yaml"), Path("own.yaml"), Path("own.yaml")]
    cases = [replace(CROOKED, place=Place(str(place), 1, 1)) for place in places]
    of = within(tmp_path, api())
    with client(of) as started:
        told = run_header.header(of, started.identity, list(map(PreparedCase, cases)))
    assert told.files == ("b/own.yaml", "own.yaml")


def test_a_header_keeps_no_case(tmp_path: Path) -> None:
    """There may be more of them than fit into memory."""
    drawn: list[weakref.ref[PreparedCase]] = []
    alive: list[int] = []

    def prepared_cases() -> Iterator[PreparedCase]:
        for number in range(20):
            prepared_case = PreparedCase(replace(CROOKED, id=f"drawn-{number}"))
            drawn.append(weakref.ref(prepared_case))
            alive.append(sum(one() is not None for one in drawn))
            yield prepared_case

    of = within(tmp_path, api())
    with client(of) as started:
        told = run_header.header(of, started.identity, prepared_cases())
        again = run_header.header(of, started.identity, list(prepared_cases()))
    assert told == again
    assert max(alive[:20]) <= 2  # the one that is drawn, and the one before it


def contents(*cases: Case) -> str:
    return " ".join(PreparedCase(one).content for one in cases)


@pytest.mark.parametrize(
    "changes",
    [
        {"stride": (2,)},
        {"x": np.array([[[1, 2, 4]]], np.float32)},
        {"x": np.array([[[1, 2, 3]]], np.float64)},
        {"bias": np.array([0], np.float32)},
        {"padding": "valid"},
    ],
    ids=["stride", "numbers", "dtype", "bias", "word"],
)
def test_another_question_has_another_content(changes: dict[str, Any]) -> None:
    assert contents(case("one")) != contents(case("one", asked(**changes)))


def test_an_output_padding_of_0_is_content_only_where_it_was_given() -> None:
    one = np.ones((1, 1, 1), np.float32)
    arguments = {"stride": (1,), "padding": ((0, 0),), "output_padding": (0,), "dilation": (1,)}
    q = Question(op="conv_transpose", x=one, kernel=one, **arguments)
    assert contents(case("one", q)) == "bb15e996c924ca5f"  # as baselines have it
    assert contents(case("one", q.but(zero_given=True))) != contents(case("one", q))


def test_the_words_around_a_question_are_not_its_content() -> None:
    assert contents(case("one")) == contents(case("two", why="Another.", topics=("stride",)))


def test_pooling_is_content() -> None:
    chains = [chained(asked().x, (asked(), Pool(size), asked())) for size in (1, 2)]
    one, other = (PreparedCase(case("one", chain)).content for chain in chains)
    assert one != other


def test_what_a_person_wrote_is_content() -> None:
    plain = contents(case("one"))
    assert contents(case("one", asked(unbatched=True))) != plain
    assert contents(case("one", asked(length=OutputLength(space=(4,))))) != plain


def test_pads_are_content() -> None:
    chains = [
        chained(asked().x, (Pad(((0, size),), value), asked())) for size, value in ((1, 0), (1, 2))
    ]
    zeros = np.zeros((1, 1, 3), np.float32)
    chains.append(chained(zeros, (Crop(((0, 1),)), asked())))
    chains.append(chained(np.float32([[[0, 0, 1]]]), (Crop(((0, 1),)), asked())))
    assert len({contents(case("one", chain)) for chain in chains}) == len(chains)


def test_an_answer_with_a_batch_is_not_that_of_one_example(tmp_path: Path) -> None:
    added = api(native=lambda _: frameworks.CallSource("plain.tensor(x.numpy()[None])"))
    one = asked(kernel=np.ones((1, 1, 1), np.float32), unbatched=True)
    seen = observed(within(tmp_path, added), [case("one", one)])
    assert only(seen, mode="recipe").status == "match"
    naive = only(seen, mode="native")
    assert (naive.status, naive.shape) == ("mismatch", (1, 1, 3))
    assert naive.detail == "shape (1, 1, 3), not (1, 3)"


def test_who_needs_a_batch_refuses_one_example_for_that(tmp_path: Path) -> None:
    seen = observed(within(tmp_path, api()), [case("one", asked(unbatched=True))])
    naive = only(seen, mode="native")
    assert (naive.status, naive.limitation) == ("rejected", "x needs a batch axis")


def test_one_item_is_asked_alone(tmp_path: Path) -> None:
    of = within(tmp_path, *APIS)
    told: Iterator[Invocation] = iter(items(of, [CROOKED]))
    with client(of) as started:
        outcome = calls.run_one(started, next(told)).outcome
        assert outcome.array.tolist() == [[[12, 23, 30]]]


def test_a_refusal_asked_alone_is_an_outcome(tmp_path: Path) -> None:
    of = within(tmp_path, APIS[5])
    with client(of) as started:
        outcome = calls.run_one(started, items(of, [CROOKED])[0]).outcome
    assert outcome == Refusal("ValueError", "not possible here: symmetric padding")


def test_the_fakes_are_what_they_say() -> None:
    """A sanity check of the arithmetic above."""
    y = plain.ask(
        "conv_transpose", plain.tensor(asked().x), plain.tensor(asked().kernel), stride=(1,)
    )
    assert y.numpy().tolist() == [[[1, 12, 23, 30]]]
