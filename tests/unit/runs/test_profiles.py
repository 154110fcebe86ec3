"""A profile is what an API answered: each case speaks for the choices that it can tell apart."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from report_runs import LAYER, case, observed

from conformance.cases.model import Case
from conformance.conventions.axes import AXES
from conformance.observations import Observation
from conformance.question import Question
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import Finding, Profile, profiles

FLIPPED = (("kernel flip: flipped",),)
ONE, TWO, THREE = case("one"), case("two"), case("three")


def asked(id_: str, **changed: Any) -> Case:
    """The usual case, asked with other arguments."""
    usual = ONE.question
    assert isinstance(usual, Question)
    return case(id_, question=replace(usual, **changed))


SYMMETRIC = asked("symmetric", kernel=np.ones((1, 1, 2), np.float32))
DILATED = asked("dilated", dilation=(2,))
SAME = asked("same", padding="same")
BIASED = asked("biased", padding="same", bias=np.ones(1, np.float32))
DERIVED = asked(
    "derived",
    op="conv_transpose_input_gradient",
    gradient=np.ones((1, 1, 4), np.float32),
    dilation=(2,),
)
SPARSE = asked("sparse", kernel=np.ones((1, 1, 1), np.float32), stride=(3,), padding="valid")


def match(of: Case) -> Observation:
    return observed(of, "native", "match")


def flipped(of: Case) -> Observation:
    return observed(of, "native", "mismatch", explanations=FLIPPED)


def refused(of: Case, status: str = "inexpressible", detail: str = "No.") -> Observation:
    return observed(of, "native", status, detail=detail)


def profile(*observations: Observation) -> Profile:
    cases = (ONE, TWO, THREE, SYMMETRIC, DILATED, DERIVED, SAME, BIASED, SPARSE)
    (found,) = profiles(observations, {of.id: PreparedCase(of) for of in cases})
    return found


def finding(axis: str, *observations: Observation) -> Finding:
    return next(f for f in profile(*observations).findings if f.axis.name == axis)


def test_a_match_establishes_the_canonical_choice() -> None:
    found = finding("kernel flip", match(ONE))
    assert (found.choice, found.cases, found.canonical) == ("as it stands", ("one",), True)


def test_an_explanation_establishes_its_choice() -> None:
    found = finding("kernel flip", flipped(ONE))
    assert (found.choice, found.cases, found.canonical) == ("flipped", ("one",), False)


def test_an_explanation_says_nothing_else_of_the_other_axes() -> None:
    assert finding("position", flipped(ONE)).choice == "in place"


def test_what_is_no_property_of_an_api_takes_no_evidence_away() -> None:
    explanations = (("valid: length: whole strides",), ("valid: taken for same",))
    long = observed(SPARSE, "native", "mismatch", explanations=explanations)
    found = finding("valid: length", long)
    assert (found.choice, found.cases) == ("whole strides", ("sparse",))


def test_a_choice_is_told_in_its_sentence() -> None:
    sentence = finding("kernel flip", flipped(ONE)).sentence
    assert sentence == "The kernel is read backwards along every axis."


def test_what_does_not_fit_the_choice_of_most_is_against_it() -> None:
    found = finding("kernel flip", flipped(ONE), flipped(TWO), match(THREE))
    assert (found.choice, found.cases, found.against) == ("flipped", ("one", "two"), ("three",))


PLANE = asked(
    "plane",
    x=np.array([[[[1, 2]]]], np.float32),
    kernel=np.array([[[[1, 10]]]], np.float32),
    stride=(1, 1),
    padding=((0, 0), (0, 0)),
    output_padding=(0, 0),
    dilation=(1, 1),
)


def test_a_number_of_axes_that_shows_another_choice_is_an_exception() -> None:
    prepared_cases = {of.id: PreparedCase(of) for of in (ONE, TWO, PLANE)}
    (found,) = profiles([match(ONE), match(TWO), flipped(PLANE)], prepared_cases)
    (flip,) = (f for f in found.findings if f.axis.name == "kernel flip")
    assert (flip.choice, flip.exceptions) == ("as it stands", ((2, "flipped"),))


def test_one_case_of_several_is_no_exception() -> None:
    assert finding("kernel flip", match(ONE), match(TWO), flipped(THREE)).exceptions == ()


def test_of_two_choices_with_as_many_cases_it_is_the_canonical_one() -> None:
    found = finding("kernel flip", flipped(ONE), match(TWO))
    assert (found.choice, found.against) == ("as it stands", ("one",))


def test_a_case_that_cannot_tell_does_not_speak() -> None:
    assert finding("kernel flip", match(SYMMETRIC)).known == "not told apart"


ODD_ARGUMENTS: dict[str, Any] = {
    "padding": "same",
    "kernel": np.array([[[1, 10, 100]]], np.float32),
    "stride": (2,),
}
ODD = asked("odd", **ODD_ARGUMENTS)
TIE = (("same: odd element: cropped at the start",), ("position: one earlier along every axis",))


@pytest.mark.parametrize("ties", [TIE, TIE[::-1]])
def test_of_two_explanations_the_one_stands_that_the_other_cases_do_not_deny(
    ties: tuple[tuple[str, ...], ...],
) -> None:
    shifted = observed(ODD, "native", "mismatch", explanations=ties)
    prepared_cases = {of.id: PreparedCase(of) for of in (ONE, ODD)}
    (found,) = profiles([match(ONE), shifted], prepared_cases)
    choices = {f.axis.name: (f.choice, f.against) for f in found.findings}
    assert choices["same: odd element"] == ("cropped at the start", ())
    assert choices["position"] == ("in place", ())


def test_an_axis_that_no_case_touches_has_no_case() -> None:
    assert finding("dilation", match(ONE)).known == "no case"


@pytest.mark.parametrize(
    ("status", "known"), [("rejected", "refused"), ("inexpressible", "no parameter")]
)
def test_an_axis_that_is_never_taken(status: str, known: str) -> None:
    found = finding("dilation", match(ONE), refused(DILATED, status))
    assert (found.known, found.refused) == (known, ("dilated",))


@pytest.mark.parametrize(
    ("axis", "known"), [("gradients", "no parameter"), ("dilation", "not told apart")]
)
def test_a_derivative_that_is_never_taken_forbids_nothing_else(axis: str, known: str) -> None:
    assert finding(axis, match(ONE), refused(DERIVED)).known == known


def test_what_is_refused_of_outputs_and_of_derivatives_is_refused() -> None:
    seen = match(ONE), refused(DILATED, "rejected"), refused(DERIVED, "rejected")
    assert finding("dilation", *seen).known == "refused"


@pytest.mark.parametrize("status", ["crashed", "hung", "flaky"])
def test_an_axis_that_only_breaks_has_no_answer(status: str) -> None:
    found = finding("dilation", match(ONE), observed(DILATED, "native", status))
    assert found.known == "no answer"


@pytest.mark.parametrize(
    ("axis", "known"), [("same: formula", "no parameter"), ("bias", "not told apart")]
)
def test_a_refusal_counts_for_what_it_is_for(axis: str, known: str) -> None:
    words = "padding takes numbers, not 'same'"
    found = finding(axis, match(ONE), refused(SAME, detail=words), refused(BIASED, detail=words))
    assert found.known == known


def test_what_forbids_an_axis_forbids_its_part() -> None:
    odd = asked("odd", padding="same", kernel=np.ones((1, 1, 4), np.float32))
    prepared_cases = {of.id: PreparedCase(of) for of in (ONE, SAME, odd)}
    words = "padding takes numbers, not 'same'"
    seen = [match(ONE), refused(SAME, detail=words), refused(odd, detail=words)]
    (found,) = profiles(seen, prepared_cases)
    assert {f.axis.name: f.known for f in found.findings}["same: odd element"] == "no parameter"


def test_every_part_is_of_an_axis() -> None:
    assert {axis.name for axis in AXES} >= {axis.part_of for axis in AXES} - {None}


def test_a_case_that_changed_since_does_not_speak() -> None:
    seen = observed(ONE, "native", "match", content="another")
    assert profiles([seen], {"one": PreparedCase(ONE)}) == ()


def test_a_recipe_does_not_speak() -> None:
    assert profiles([observed(ONE, "recipe", "match")], {"one": PreparedCase(ONE)}) == ()


def test_what_no_convention_fits_is_unexplained() -> None:
    found = profile(match(ONE), observed(TWO, "native", "mismatch"))
    assert found.unexplained == ("two",)


def test_an_axis_of_mistakes_alone_is_in_no_profile() -> None:
    names = {found.axis.name for found in profile(match(ONE)).findings}
    assert {"stride", "operator", "answer layout"}.isdisjoint(names)


@pytest.mark.parametrize(
    "mistake", ["stride: ignored", "padding: pads the input and crops nothing"]
)
def test_a_mistake_explains_nothing_of_an_api(mistake: str) -> None:
    seen = observed(TWO, "native", "mismatch", explanations=((mistake,),))
    assert profile(match(ONE), seen).unexplained == ("two",)


def test_a_convention_that_is_there_no_longer_explains_nothing() -> None:
    seen = observed(TWO, "native", "mismatch", explanations=(("kernel flip: sideways",),))
    assert profile(match(ONE), seen).unexplained == ("two",)


def test_the_order_of_observations_changes_nothing() -> None:
    seen = [flipped(ONE), match(TWO), flipped(THREE), refused(DILATED), match(SYMMETRIC)]
    assert profile(*seen) == profile(*reversed(seen))


def test_every_api_has_its_profile() -> None:
    other = observed(ONE, "native", "match", api="torch.nn.functional.conv_transpose")
    found = profiles([match(ONE), other], {"one": PreparedCase(ONE)})
    assert [p.api for p in found] == [LAYER, "torch.nn.functional.conv_transpose"]


def test_the_conventions_of_a_profile_are_the_choices_that_differ() -> None:
    assert list(map(str, profile(flipped(ONE)).conventions)) == ["kernel flip: flipped"]


GRADIENT = asked(
    "gradient",
    op="conv_transpose_input_gradient",
    gradient=np.array([[[1.0, 2.0, 3.0]]], np.float32),
)


@pytest.mark.parametrize(
    ("explanations", "choice"),
    [(FLIPPED, "of the same call"), ((("padding: ignored",),), "of another call")],
)
def test_a_gradient_is_to_have_the_conventions_of_the_output(
    explanations: tuple[tuple[str, ...], ...], choice: str
) -> None:
    prepared_cases = {of.id: PreparedCase(of) for of in (ONE, GRADIENT)}
    seen = [flipped(ONE), observed(GRADIENT, "native", "mismatch", explanations=explanations)]
    (found,) = profiles(seen, prepared_cases)
    assert found.findings[-1].choice == choice


def test_a_gradient_that_runs_into_a_limit_speaks_of_no_convention() -> None:
    seen = observed(GRADIENT, "native", "mismatch", limitation="it keeps two at the start")
    (found,) = profiles([seen], {GRADIENT.id: PreparedCase(GRADIENT)})
    assert (found.findings[-1].choice, found.findings[-1].known) == (None, "not told apart")
    assert found.limits == (("gradient", "it keeps two at the start"),)


def test_a_choice_by_the_sizes_is_in_no_profile_and_hides_no_other_choice() -> None:
    kernel = np.array([[[1.0, np.inf]]], np.float32)
    infinite = asked("infinite", kernel=kernel)
    back = asked(
        "back",
        op="conv_transpose_input_gradient",
        kernel=kernel,
        gradient=np.ones((1, 1, 1), np.float32),
        padding=((1, 1),),
    )
    explanations = ((*FLIPPED[0], "zeros: of the border"),)
    seen = [
        observed(of, "native", "mismatch", explanations=explanations) for of in (infinite, back)
    ]
    prepared_cases = {of.id: PreparedCase(of) for of in (ONE, infinite, back)}
    (found,) = profiles([flipped(ONE), *seen], prepared_cases)
    choices = {f.axis.name: (f.choice, f.cases) for f in found.findings}
    assert "zeros" not in choices
    assert choices["kernel flip"] == ("flipped", ("back", "infinite", "one"))
    assert choices["gradients"] == ("of the same call", ("back",))
    assert found.unexplained == ()


CROPPED = [asked(f"cropped-{end}", padding=(pair,)) for end, pair in enumerate([(1, 0), (1, 1)])]
ONE_ELEMENT = asked("one-element", x=np.array([[[2.0]]], np.float32), padding=((0, 1),))
PADDED_TOO = (("kernel flip: flipped", "padding: pads the input"),)


def test_what_all_conventions_together_give_is_no_contradiction_though_fewer_would_do() -> None:
    """The kernel flipped and padded gives a copy of the very end that a crop leaves."""
    prepared_cases = {of.id: PreparedCase(of) for of in (ONE, *CROPPED, ONE_ELEMENT)}
    padded = [observed(of, "native", "mismatch", explanations=PADDED_TOO) for of in CROPPED]
    seen = [flipped(ONE), *padded, match(ONE_ELEMENT)]
    (found,) = profiles(seen, prepared_cases)
    told = {f.axis.name: (f.choice, f.cases, f.against) for f in found.findings}
    assert told["kernel flip"] == ("flipped", ("cropped-0", "cropped-1", "one", "one-element"), ())
    assert told["padding"] == ("pads the input", ("cropped-0", "cropped-1", "one-element"), ())


def test_a_narrower_dtype_is_told_by_the_dtype_alone() -> None:
    usual = {name: getattr(ONE.question, name).astype(np.float64) for name in ("x", "kernel")}
    wide = asked("wide", dtype="float64", **usual)
    (kept,) = profiles([match(wide)], {"wide": PreparedCase(wide)})
    explanations = (("dtype: narrowed to 32 bits",),)
    narrow = observed(wide, "native", "mismatch", explanations=explanations)
    (narrowed,) = profiles([narrow], {"wide": PreparedCase(wide)})
    choices = [
        next(f.choice for f in found.findings if f.axis.name == "dtype")
        for found in (kept, narrowed)
    ]
    assert choices == ["kept", "narrowed to 32 bits"]


def test_of_two_explanations_the_one_stands_that_fewer_cases_deny() -> None:
    """All cases put the output in place, and a single one crops at the end."""
    odd = [asked(f"odd-{x}", **ODD_ARGUMENTS, x=np.array([[[x, 3]]], np.float32)) for x in (1, 2)]
    lone = asked("lone", **ODD_ARGUMENTS, x=np.array([[[2]]], np.float32))
    shifted = [observed(of, "native", "mismatch", explanations=TIE) for of in odd]
    prepared_cases = {of.id: PreparedCase(of) for of in (ONE, TWO, *odd, lone)}
    (found,) = profiles([match(ONE), match(TWO), match(lone), *shifted], prepared_cases)
    told = {f.axis.name: (f.choice, f.against) for f in found.findings}
    assert told["same: odd element"] == ("cropped at the start", ("lone",))
    assert told["position"] == ("in place", ())
