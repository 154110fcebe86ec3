"""Diagnosis: what was put into an answer is found again, and nothing is found where nothing was."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from conformance.cases.output_lengths import fit
from conformance.conventions.axes import CONVENTIONS, Convention
from conformance.conventions.diagnosis import Diagnosis, diagnose, remark
from conformance.conventions.interpretations import Explanation, answer_under, apply_all, reproduces
from conformance.question import AnyQuestion, Chain, Pool, Question, answer, chained

BY_NAME = {str(convention): convention for convention in CONVENTIONS}
FLIPPED = BY_NAME["kernel flip: flipped"]


def integers(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(np.float32)


def question(op: str = "conv_transpose", **arguments: Any) -> Question:
    """Two axes, four channels: enough for every axis of meaning to show."""
    rank = arguments["x"].ndim - 2 if "x" in arguments else 2
    groups = arguments.get("groups", 1)
    fields = {
        "x": integers(1, 1, 4, *(3, 4, 3)[:rank]),
        "kernel": integers(2, 4, 4 // groups, *(3, 2, 2)[:rank]),
        "bias": integers(3, 4),
        "stride": (2, 3, 1)[:rank],
        **arguments,
    }
    return Question(op=op, **fields)


RICH = {
    "numbers and output padding": question(padding=((1, 0), (2, 1)), output_padding=(1, 1)),
    "groups and dilation": question(groups=2, dilation=(2, 1), padding=((1, 1), (0, 1))),
    "same": question(x=integers(1, 1, 4, 3, 5), stride=(1, 2), padding="same",
                     kernel=integers(2, 4, 4, 4, 3)),
    "same with output padding": question(padding="same", output_padding=(1, 1)),
    "same with output padding of an even kernel": question(padding="same", output_padding=(0, 1),
                                                           kernel=integers(2, 4, 4, 2, 3)),
    "same of a short kernel": question(stride=(5, 4), padding="same"),
    "same of a dilated kernel": question(padding="same", dilation=(2, 3), stride=(2, 2)),
    "circular": question(x=integers(1, 1, 4, 4, 3), kernel=integers(2, 4, 4, 4, 5), stride=(1, 2),
                         padding="circular"),
    "convolution, circular": question("conv", x=integers(1, 1, 4, 6, 7), stride=(2, 1),
                                      padding="circular"),
    "circular kernel gradient": question("conv_transpose_kernel_gradient", bias=None,
                                         kernel=integers(2, 4, 4, 2, 4), stride=(1, 1),
                                         padding="circular", gradient=integers(4, 1, 4, 3, 4)),
    "valid": question(x=99 * integers(1, 1, 4, 3, 4), stride=(4, 3), padding="valid"),
    "three axes": question(x=integers(1, 1, 2, 2, 3, 2), kernel=integers(2, 2, 2, 3, 2, 2),
                           bias=integers(3, 2), padding=((1, 0), (3, 3), (1, 1))),
    "one axis": question(x=integers(1, 2, 4, 5), padding=((2, 1),), output_padding=(1,),
                         dilation=(3,)),
    "three odd axes": question(x=integers(1, 1, 2, 2, 3, 3), kernel=integers(2, 2, 3, 3, 2, 2),
                               bias=None, stride=(3, 1, 1), dilation=(2, 2, 2),
                               padding=((1, 0), (1, 2), (1, 2)), output_padding=(4, 0, 0)),
    "as long as its channels": question(x=integers(1, 4, 4, 3, 4), stride=(1, 1),
                                        padding=((1, 0), (1, 0))),
    "convolution": question("conv", x=integers(1, 1, 4, 7, 8), padding=((1, 0), (2, 1)),
                            dilation=(1, 2), groups=2),
    "convolution, same": question("conv", x=integers(1, 1, 4, 5, 6), padding="same"),
    "kernel gradient": question("conv_transpose_kernel_gradient", bias=None,
                                padding=((1, 0), (2, 1)), gradient=integers(4, 1, 4, 6, 8)),
    "input gradient": question("conv_transpose_input_gradient", bias=None,
                               padding=((1, 0), (2, 1)), gradient=integers(4, 1, 4, 6, 8)),
}  # fmt: skip
OTHER_NUMBERS = ("two dtypes", "conjugate", "zeros", "infinity")
"""The axes of numbers that none of these has."""
PAIRS = 10
"""Pairs tried of each question; tests/attacks tries thousands of random questions."""


@cache
def wanted(name: str) -> np.ndarray:
    return answer(RICH[name])


def under(asked: AnyQuestion, conventions: Explanation) -> np.ndarray | None:
    """What the conventions answer; None where they cannot be told from none."""
    try:
        got = answer_under(asked, conventions)
    except ValueError:
        return None
    return None if got is None or np.array_equal(got, answer(asked)) else got


def assert_found(name: str, injected: Explanation, got: np.ndarray) -> None:
    """Among the explanations, or explained by fewer."""
    found = diagnose(RICH[name], wanted(name), got, exact=True).explanations
    assert found, f"{', '.join(map(str, injected))} was not found"
    assert injected in found or len(found[0]) < len(injected)


# What was put in is found


@pytest.mark.parametrize("name", RICH)
def test_a_convention_is_found_again(name: str) -> None:
    for convention in CONVENTIONS:
        got = under(RICH[name], (convention,))
        if got is not None:
            assert_found(name, (convention,), got)


@pytest.mark.parametrize("name", RICH)
def test_two_conventions_are_found_again(name: str) -> None:
    random = np.random.default_rng(len(name))
    pairs = [pair for pair in combinations(CONVENTIONS, 2) if pair[0].axis is not pair[1].axis]
    tried = 0
    for place in random.permutation(len(pairs)):
        got = under(RICH[name], pairs[place])
        if got is not None:
            assert_found(name, pairs[place], got)
            tried += 1
        if tried == PAIRS:
            break


def test_three_conventions_are_found_again() -> None:
    names = ("kernel flip: flipped", "output channels: reversed", "bias: doubled")
    injected = tuple(BY_NAME[name] for name in names)
    got = under(RICH["valid"], injected)
    assert diagnose(RICH["valid"], wanted("valid"), got, exact=True).names == (names,)


def test_every_convention_shows_in_some_question() -> None:
    shown = {c for c in CONVENTIONS for q in RICH.values() if under(q, (c,)) is not None}
    # Only a chain can show the first, a question in float64 the next two, and one in a half those;
    # the others need two dtypes, complex numbers or infinite ones.
    others = {
        "kernel flip of convolutions: flipped",
        "accumulation: in float32",
        "dtype: narrowed to 32 bits",
        "float16: widened to 32 bits",
        "float16 accumulation: in float16",
        "bfloat16 accumulation: in bfloat16",
        *(str(c) for c in CONVENTIONS if c.axis.name in OTHER_NUMBERS),
    }
    assert {str(c) for c in CONVENTIONS if c not in shown} <= others


def test_sums_in_float32_show_in_float64() -> None:
    q = question(x=np.full((1, 1, 1, 1), 2.0**24 + 1), kernel=np.ones((1, 1, 1, 1)), bias=None,
                 stride=(1, 1), dtype="float64")  # fmt: skip
    found = diagnose(q, answer(q), answer(q) - 1, exact=True)
    assert ("accumulation: in float32",) in found.names


def test_real_values_are_explained_within_rounding() -> None:
    q = RICH["valid"].but(x=RICH["valid"].x * np.float32(0.1))
    got = answer_under(q, (FLIPPED,)) * np.float32(1 + 2**-23)
    assert diagnose(q, answer(q), got, exact=False).names == (("kernel flip: flipped",),)


def test_whole_numbers_are_not_explained_but_to_the_bit() -> None:
    q = RICH["valid"]
    got = answer_under(q, (FLIPPED,)) * np.float32(1 + 2**-23)
    assert diagnose(q, answer(q), got, exact=True).explanations == ()


def test_another_layout_of_an_interpolation_is_explained() -> None:
    """A case without a kernel has an empty one, whose dtype is not that of the answer."""
    q = question("interpolate", kernel=np.empty(0), bias=None, stride=(2, 2))
    backwards = (BY_NAME["answer layout: backwards"],)
    given = answer_under(q, backwards)
    assert given is not None
    assert diagnose(q, answer(q), given, exact=False).explanations == (backwards,)


def test_an_answer_of_another_shape_is_explained() -> None:
    q = RICH["numbers and output padding"]
    uncropped = answer_under(q, (BY_NAME["padding: ignored"],))
    assert uncropped.shape != answer(q).shape
    found = diagnose(q, answer(q), uncropped, exact=True)
    assert found.names == (("padding: ignored",),)


def test_an_answer_in_another_dtype_is_explained_by_its_numbers() -> None:
    q = RICH["valid"]
    got = answer_under(q, (FLIPPED,)).astype(np.float64)
    assert diagnose(q, answer(q), got, exact=True).names == (("kernel flip: flipped",),)


# Ties and the smallest set


def line(x: list[int], kernel: list[int], **arguments: Any) -> Question:
    fields = {"stride": (1,), **arguments}
    x, kernel = np.array([[x]], np.float32), np.array([[kernel]], np.float32)
    return question(x=x, kernel=kernel, bias=None, **fields)


def test_what_a_case_cannot_tell_apart_is_all_told() -> None:
    # 1 with the kernel 0 1 0 moves by one whether that is flipped or the output is shifted.
    q = line([1], [1, 0])
    found = diagnose(q, answer(q), np.array([[[0, 1]]], np.float32), exact=True)
    assert set(found.names) >= {
        ("kernel flip: flipped",),
        ("position: one later along every axis",),
    }


def test_what_is_no_property_of_an_api_is_told_last() -> None:
    asked = line([1, 2], [1], stride=(3,), padding="valid")
    found = diagnose(asked, answer(asked), np.float32([[[1, 0, 0, 2, 0, 0]]]), exact=True)
    assert found.names == (("valid: length: whole strides",), ("valid: taken for same",))


def test_a_tie_is_said() -> None:
    tie = Diagnosis(((FLIPPED,), (BY_NAME["padding: ignored"], BY_NAME["bias: dropped"])))
    assert tie.words == (
        "The kernel is read backwards along every axis."
        " (This case cannot tell that from padding: ignored and bias: dropped.)"
    )


def test_conventions_that_go_together_are_said_one_after_the_other() -> None:
    both = Diagnosis(((FLIPPED, BY_NAME["bias: dropped"]),))
    assert both.words == ("The kernel is read backwards along every axis. The bias is not added.")


def test_one_convention_is_preferred_to_two() -> None:
    q = line([1], [1, 10, 100])
    got = answer_under(q, (FLIPPED,))
    found = diagnose(q, answer(q), got, exact=True)
    assert {len(explanation) for explanation in found.explanations} == {1}


def test_an_axis_is_meant_in_one_way_at_a_time() -> None:
    # The output one later along one axis and one earlier along the other: twice the same axis.
    q = question(padding=((1, 1), (1, 1)))
    moved = q.but(padding=((0, 2), (2, 0)))
    assert diagnose(q, answer(q), answer(moved), exact=True).explanations == ()


def test_an_empty_answer_is_that_of_a_convention_under_which_there_is_none() -> None:
    asked = question(
        x=integers(1, 1, 1, 1), kernel=integers(2, 1, 1, 1), bias=None, padding=((-1, 0),)
    )
    empty = np.zeros((1, 1, 0), np.float32)
    found = diagnose(asked, answer(asked), empty, exact=True).explanations
    assert (BY_NAME["padding: pads the input"],) in found
    full = np.zeros((1, 1, 7), np.float32)
    assert diagnose(asked, answer(asked), full, exact=True).explanations == ()


# Nothing is found where nothing was


@pytest.mark.parametrize("name", RICH)
def test_noise_has_no_explanation(name: str) -> None:
    shape = wanted(name).shape
    got = np.random.default_rng(0).integers(-99, 100, shape).astype(np.float32)
    assert diagnose(RICH[name], wanted(name), got, exact=True).explanations == ()


@pytest.mark.parametrize("name", RICH)
def test_one_wrong_number_has_no_explanation(name: str) -> None:
    got = wanted(name).copy()
    got.flat[-1] += 1
    assert diagnose(RICH[name], wanted(name), got, exact=True).explanations == ()


def test_an_equal_shape_is_no_evidence() -> None:
    zeros = np.zeros_like(wanted("valid"))
    assert diagnose(RICH["valid"], wanted("valid"), zeros, exact=True).explanations == ()


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16])
def test_right_numbers_in_a_wrong_dtype_are_nobodys_convention(dtype: Any, exact: bool) -> None:
    q = line([1, 2], [1, 10])
    found = diagnose(q, answer(q), answer(q).astype(dtype), exact=exact)
    said = f"No known convention. Its numbers are right, but of dtype {np.dtype(dtype)}."
    assert found.words == said


# What else can be said


def said(wanted: list[Any], got: list[Any]) -> str:
    return remark(np.array(wanted, np.float32), np.array(got, np.float32))


def test_a_remark_on_another_shape() -> None:
    assert said([[1, 2]], [1, 2]) == "Its shape is (2,), not (1, 2)."


def test_a_remark_on_what_is_no_number() -> None:
    assert said([1, 2, 3], [np.nan, 2, np.nan]) == "It holds 2 NaN."


def test_a_remark_on_the_largest_difference() -> None:
    assert said([1, 2, 3], [2, 2, 0]) == "The largest difference is 3, at [2]."


def test_a_remark_on_right_numbers_in_wrong_places() -> None:
    assert said([1, 2, 4], [4, 1, 2]) == (
        "The largest difference is 3, at [0]. The numbers are the right ones in other places."
    )


def test_a_remark_on_a_right_sum() -> None:
    assert said([1, 2, 3], [3, 3, 0]) == "The largest difference is 3, at [2]. The sum is right."


def test_a_sum_beyond_the_dtype_is_not_right() -> None:
    large = np.full(4, 60000, np.float16)
    assert "sum" not in remark(large, large / 2)


def test_noise_is_said_to_be_no_known_convention() -> None:
    q = line([1, 2], [1, 10])
    found = diagnose(q, answer(q), np.array([[[7, 7, 7]]], np.float32), exact=True)
    assert found.words.startswith("No known convention. The largest difference is 13, at [0, 0, 2]")


# The search never raises


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(
    "got",
    [
        np.array(1.0),
        np.zeros((1, 1, 0)),
        np.zeros((0, 1, 3)),
        np.zeros((1, 1, 1, 1, 1, 1)),
        np.full((1, 1, 3), np.nan),
        np.full((1, 1, 3), -np.inf),
        np.full((1, 1, 3), 1e300),
        np.full((1, 1, 3), 60000, np.float16),
        np.full((1, 1, 3), 2**64 - 1, np.uint64),
        np.full((1, 1, 3), 1j),
        np.array([[[True, False, True]]]),
    ],
    ids=lambda got: f"{getattr(got, 'dtype', got)}{getattr(got, 'shape', '')}",
)
def test_whatever_was_answered_can_be_talked_about(got: np.ndarray, exact: bool) -> None:
    q = line([1, 2], [1, 10])
    assert diagnose(q, answer(q), got, exact=exact).words.startswith("No known convention.")


@pytest.mark.parametrize("op", ["conv_parameters", "conv_transpose_parameters"])
def test_a_wrong_count_is_nobodys_convention(op: str) -> None:
    q = question(op)
    assert diagnose(q, answer(q), answer(q) + 1, exact=True).explanations == ()


def test_a_wrong_interpolation_can_be_talked_about() -> None:
    q = question("interpolate", kernel=np.zeros(0, np.float32), bias=None)
    assert diagnose(q, answer(q), answer(q) + 1, exact=False).explanations == ()


def test_an_interpolation_of_another_dtype_is_explained() -> None:
    x = np.random.default_rng(1).standard_normal((1, 2, 3, 4))
    q = question("interpolate", x=x, kernel=np.zeros(0), bias=None, dtype="float64")
    narrowed = BY_NAME["dtype: narrowed to 32 bits"]
    got = answer_under(q, (narrowed,))
    assert got is not None
    assert (narrowed,) in diagnose(q, answer(q), got, exact=False).explanations


@pytest.mark.parametrize("name", RICH)
def test_whether_an_answer_is_given_is_told_as_by_comparing(name: str) -> None:
    observed = wanted(name)
    for convention in CONVENTIONS:
        try:
            got = answer_under(RICH[name], (convention,))
        except ValueError:
            got = None
        same = (
            None if got is None else np.array_equal(got, observed) and got.dtype == observed.dtype
        )
        assert reproduces(RICH[name], (convention,), observed) == same
        assert reproduces(RICH[name], (convention,), got) == (None if got is None else True)


# Chains: the last transposed convolution is the one that is understood in another way


CONV = question("conv", x=integers(5, 1, 4, 6, 6), bias=None, stride=(1, 1))
TRANSPOSE = question()
CHAINS = {
    "at the end": (CONV, TRANSPOSE),
    "before a convolution": (TRANSPOSE, CONV),
    "before another": (TRANSPOSE, TRANSPOSE),
    "before pooling": (TRANSPOSE, Pool(2)),
    "between pooling and a convolution": (CONV, Pool(2), TRANSPOSE, CONV),
}


def chain(*steps: Question | Pool) -> Chain:
    return chained(steps[0].x, steps)


@pytest.mark.parametrize("where", CHAINS)
@pytest.mark.parametrize("name", ["kernel flip: flipped", "bias: doubled", "kernel axes: reversed"])
def test_a_convention_is_found_again_in_a_chain(where: str, name: str) -> None:
    asked = chain(*CHAINS[where])
    got = answer_under(asked, (BY_NAME[name],))
    assert (name,) in diagnose(asked, answer(asked), got, exact=True).names


@pytest.mark.parametrize("where", ["at the end", "between pooling and a convolution"])
@pytest.mark.parametrize("also", [(), ("kernel flip: flipped",)])
def test_convolutions_that_reverse_their_kernels_are_found(
    where: str, also: tuple[str, ...]
) -> None:
    asked = chain(*CHAINS[where])
    changed = ("conv", "conv_transpose") if also else ("conv",)
    steps = [
        step.but(kernel=np.flip(step.kernel, (2, 3)))
        if isinstance(step, Question) and step.operator in changed
        else step
        for step in CHAINS[where]
    ]
    got = answer(chain(*steps))
    names = diagnose(asked, answer(asked), got, exact=True).names
    assert names == ((*also, "kernel flip of convolutions: flipped"),)


@pytest.mark.parametrize(("which", "found"), [(0, False), (1, True)])
def test_it_is_the_last_transposed_convolution_that_is_meant_in_another_way(
    which: int, found: bool
) -> None:
    asked = chain(TRANSPOSE, TRANSPOSE)
    steps = [TRANSPOSE, TRANSPOSE]
    steps[which] = TRANSPOSE.but(kernel=np.flip(TRANSPOSE.kernel, (2, 3)))
    names = diagnose(asked, answer(asked), answer(chain(*steps)), exact=True).names
    assert (("kernel flip: flipped",) in names) is found


@pytest.mark.parametrize("where", CHAINS)
def test_noise_in_a_chain_has_no_explanation(where: str) -> None:
    asked = chain(*CHAINS[where])
    got = integers(0, *answer(asked).shape)
    assert diagnose(asked, answer(asked), got, exact=True).explanations == ()


def test_a_chain_without_transposed_convolution_has_no_conventions() -> None:
    asked = chain(CONV, CONV)
    flipped = chain(CONV, CONV.but(kernel=np.flip(CONV.kernel, (2, 3))))
    assert diagnose(asked, answer(asked), answer(flipped), exact=True).explanations == ()


def test_a_choice_that_leaves_a_later_step_without_answer_is_passed_over() -> None:
    # Without output padding the 2 elements of the second step's kernel find only 1.
    first = line([1], [1], output_padding=(1,))
    asked = chain(first, question("conv", x=answer(first), kernel=np.ones((1, 1, 2), np.float32),
                                  bias=None, stride=(1,)))  # fmt: skip
    assert answer_under(asked, (BY_NAME["output padding: ignored"],)) is None


def test_another_input_of_a_later_step_explains_real_values_too() -> None:
    later = TRANSPOSE.but(x=integers(6, 1, 4, 3, 4), bias=integers(7, 4) * np.float32(0.1))
    first = question("conv", x=integers(5, 1, 4, 5, 5) * np.float32(0.1), bias=None, stride=(1, 1))
    asked = chain(first, later)
    for name in ("input channels: reversed", "bias: along the input channels"):
        got = answer_under(asked, (BY_NAME[name],))
        assert (name,) in diagnose(asked, answer(asked), got, exact=False).names


def test_answers_under_no_convention_are_the_oracles() -> None:
    np.testing.assert_array_equal(answer_under(TRANSPOSE, ()), answer(TRANSPOSE))


def test_the_order_in_which_conventions_are_named_does_not_matter() -> None:
    pair: tuple[Convention, ...] = (FLIPPED, BY_NAME["bias: doubled"])
    one, other = (answer_under(TRANSPOSE, order) for order in (pair, pair[::-1]))
    np.testing.assert_array_equal(one, other)


def test_an_answer_of_half_the_bits_is_named_as_that() -> None:
    q = question(bias=None, dtype="float64")
    q = q.but(x=q.x.astype(np.float64), kernel=q.kernel.astype(np.float64))
    found = diagnose(q, answer(q), answer(q).astype(np.float32), exact=True)
    assert found.names == (("dtype: narrowed to 32 bits",),)


def test_sums_that_outgrow_the_narrower_dtype_may_be_rounded_on_the_way() -> None:
    """Proven to be whole are the sums in the dtype of the case, and in no other."""
    q = question(bias=None, dtype="float64", padding="same", output_padding=(1, 1))
    q = q.but(x=q.x.astype(np.float64), kernel=q.kernel.astype(np.float64) * 12345677)
    narrow = BY_NAME["dtype: narrowed to 32 bits"], BY_NAME["kernel flip: flipped"]
    got = answer_under(q, narrow)
    found = diagnose(q, answer(q), np.nextafter(got, np.float32(0)), exact=True)
    assert set(found.names[0]) == set(map(str, narrow))


def test_sums_that_the_narrower_dtype_holds_are_whole() -> None:
    q = question(bias=None, dtype="float64")
    q = q.but(x=q.x.astype(np.float64), kernel=q.kernel.astype(np.float64))
    got = np.nextafter(answer(q).astype(np.float32), np.float32(0))
    assert diagnose(q, answer(q), got, exact=True).explanations == ()


# A question that has no answer

LEAVES_NOTHING = question(x=integers(1, 1, 4, 2), kernel=integers(2, 4, 4, 2), stride=(1,),
                          padding=((2, 2),))  # fmt: skip
PADDED = BY_NAME["padding: pads the input"]


def test_what_has_no_answer_may_have_one_under_a_convention() -> None:
    got = answer_under(LEAVES_NOTHING, (FLIPPED, PADDED))
    found = diagnose(LEAVES_NOTHING, None, got, exact=True)
    assert ("kernel flip: flipped", "padding: pads the input") in found.names


def test_a_length_that_padding_does_not_leave_is_reached_without_it() -> None:
    """Of seven elements four remain, and three are cropped."""
    q = line([1, 2, 3], [1, 10, 100], stride=(2,))
    q = fit(q.but(padding=((1, 1),)), "output_size", (4,), padding=True, output_padding=False)
    for numbers, names in (
        ([10, 102, 20, 203], {("padding: ignored",)}),
        ([102, 20, 203, 30], {("padding: ignored", "padding ends: end, begin")}),
    ):
        got = np.array([[numbers]], np.float32)
        assert names <= {*diagnose(q, None, got, exact=True).names}


def test_what_is_like_a_mistake_is_named_beside_it() -> None:
    """Without a stride, a convolution reads the kernel backwards and pads the input."""
    q = line([1, 2, 3], [1, 10], padding=((1, 0),))
    found = diagnose(q, answer(q), np.array([[[10, 21, 32]]], np.float32), exact=True)
    assert found.names == (
        ("operator: convolution",),
        ("kernel flip: flipped", "padding: pads the input"),
    )


def test_of_explanations_those_with_fewer_mistakes_stand_first() -> None:
    # 1 10 100 0 less one at the start, in place of one at the end
    q = line([1], [1, 10, 100], padding=((0, 1),))
    found = diagnose(q, answer(q), np.array([[[10, 100]]], np.float32), exact=True)
    assert "padding split: halved from the end" in {name for (name,) in found.names}
    assert ("position: one earlier along every axis",) in found.names
    assert found.names[0] == ("padding ends: end, begin",)


def test_of_three_conventions_one_at_most_is_a_mistake() -> None:
    q = RICH["valid"]
    two = (FLIPPED, BY_NAME["stride: ignored"])
    for mistake, known in ((BY_NAME["answer layout: backwards"], False),
                           (BY_NAME["bias: doubled"], True)):  # fmt: skip
        three = tuple(sorted((*two, mistake), key=CONVENTIONS.index))
        found = diagnose(q, answer(q), answer_under(q, three), exact=True)
        assert (three in found.explanations) is known


def test_without_mistakes_only_what_an_api_may_mean_explains_an_answer() -> None:
    q = line([1, 2, 3], [1, 10, 100], stride=(2,))
    got = answer_under(q, (BY_NAME["stride: ignored"],))
    assert diagnose(q, answer(q), got, exact=True, mistakes=False).explanations == ()
    assert diagnose(q, answer(q), got, exact=True).names == (("stride: ignored",),)


def test_an_answer_that_no_convention_gives_to_what_has_none_stays_unexplained() -> None:
    got = np.full((1, 4, 5), 7, np.float32)
    assert diagnose(LEAVES_NOTHING, None, got, exact=True).explanations == ()


# What changes something


def test_of_conventions_those_apply_that_change_something() -> None:
    given = (PADDED, BY_NAME["output padding: ignored"], FLIPPED)
    assert apply_all(question(padding=((1, 0), (0, 0))), given).explanation == (FLIPPED, PADDED)


def test_a_bound_goes_where_its_number_goes() -> None:
    """The large channel is the first one, in the answer the last, and zeros follow it."""
    q = question(bias=None, padding=((1, 0), (2, 1)), output_padding=(1, 1))
    q = q.but(kernel=q.kernel * np.array([1e6, 1, 1, 1], np.float32).reshape(1, 4, 1, 1))
    names = ("output channels: reversed", "output padding: zeros at the end")
    changed = answer_under(q, tuple(BY_NAME[name] for name in names))
    assert changed is not None
    got = changed.copy()
    got[:, 3] = np.nextafter(got[:, 3], np.float32(np.inf)) * (got[:, 3] != 0)
    assert names in diagnose(q, answer(q), got, exact=False).names
