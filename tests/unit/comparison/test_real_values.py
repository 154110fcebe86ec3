"""Real-valued answers: a right one is a match, and what it could be mistaken for never is.

Right answers are made as frameworks make them: sums in float32 or wider in one order or another,
rounded once to the dtype, or before the bias is added and after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_layers import DTYPES, layer, prepared_case, rounded

from conformance import comparison, question
from conformance.comparison import HALVES, SMALLEST, UNIT_ROUNDOFF
from conformance.conventions import alternatives, arithmetic
from conformance.observations import Status
from conformance.quality import mutation
from conformance.question import Array, Chain, Dtype, Pool, Question, chained
from conformance.runs.evaluation import evaluate_answer
from conformance.runs.prepared_case import Evaluation


def judged(q: Question | Chain, answer: Array) -> Evaluation:
    return evaluate_answer(prepared_case(q), answer)


def status(q: Question | Chain, answer: Array) -> Status:
    """The status of an answer; no time is spent on what explains it."""
    return evaluate_answer(replace(prepared_case(q), seconds=0.0), answer).status


# Right answers


def whole(q: Question) -> Array:
    return question.answer(wide(q).but(bias=None))


def channel_by_channel(q: Question) -> Array:
    """The sum of what each channel adds, from the first to the last."""
    parts = [whole(q.but(x=q.x[:, [c]], kernel=q.kernel[[c]])) for c in range(q.x.shape[1])]
    return sum(parts[1:], parts[0])


def offset_by_offset(q: Question) -> Array:
    """The sum of what each offset of the kernel adds, from the last to the first."""
    total = None
    for offset in reversed(list(np.ndindex(*q.window))):
        alone = np.zeros_like(q.kernel)
        alone[:, :, *offset] = q.kernel[:, :, *offset]
        part = whole(q.but(kernel=alone))
        total = part if total is None else total + part
    assert total is not None
    return total


ORDERS: tuple[Callable[[Question], Array], ...] = (whole, channel_by_channel, offset_by_offset)


def wide(q: Question) -> Question:
    """The question in the dtype that a framework sums it in."""
    dtype: Dtype = "float64" if q.dtype == "float64" else "float32"
    arrays = {n: getattr(q, n) for n in ("x", "kernel", "bias", "gradient")}
    return q.but(dtype=dtype, **{n: a.astype(dtype) for n, a in arrays.items() if a is not None})


def finished(summed: Array, q: Question, *, bias_last: bool) -> Array:
    """The answer from its sum: the bias added and rounded, or rounded, added and rounded."""
    if q.bias is None:
        return rounded(summed, q.dtype)
    first = rounded(summed, q.dtype).astype(summed.dtype) if bias_last else summed
    return rounded(first + q.bias.astype(summed.dtype).reshape(-1, *(1,) * q.rank), q.dtype)


# Wrong answers


def wrongs(q: Question) -> Iterator[tuple[str, Array]]:
    """Zeros, a flipped kernel, a shift by one and a dropped bias, each rounded once."""
    yield "zeros", np.zeros(q.output_shape)
    backwards = (slice(None), slice(None), *(slice(None, None, -1),) * q.rank)
    yield "flipped", comparison.reference(q.but(kernel=q.kernel[backwards])).numbers
    for by in (-1, 1):
        moved = tuple((begin + by, end - by) for begin, end in q.pairs)
        yield f"shifted by {by}", comparison.reference(q.but(padding=moved)).numbers
    if q.bias is not None:
        yield "bias dropped", comparison.reference(q.but(bias=None)).numbers


def differs_by_more_than_a_rounding(answer: Array, q: Question) -> bool:
    exact = comparison.reference(q).numbers
    rounding = UNIT_ROUNDOFF[q.dtype] * np.abs(exact) + SMALLEST[q.dtype]
    return bool((np.abs(answer.astype(np.float64) - exact) > rounding * (1 + 1e-9)).any())


@st.composite
def layers(draw: st.DrawFn) -> Question:
    """One or two axes, 1 to 2,048 channels, kernels of 1 to 9."""
    rank = draw(st.sampled_from([1, 1, 2]))
    channels = draw(st.sampled_from([1, 2, 3, 16, 64, 250, 512, 1024, 2048]))
    longest = 9 if rank == 1 else 3
    return layer(
        dtype=draw(st.sampled_from(DTYPES)),
        channels=channels,
        window=tuple(draw(st.integers(1, longest)) for _ in range(rank)),
        bias=draw(st.sampled_from([None, 1.0, 4.0])),
        seed=draw(st.integers(0, 2**16)),
        above_zero=draw(st.booleans()),
        stride=tuple(draw(st.integers(1, 3)) for _ in range(rank)),
        dilation=(draw(st.integers(1, 2)),) * rank,
        padding=((draw(st.integers(0, 1)), 0),) * rank,
    )


@given(layers(), st.sampled_from(ORDERS), st.booleans())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_right_answer_is_a_match(
    q: Question, order: Callable[[Question], Array], bias_last: bool
) -> None:
    assert judged(q, finished(order(q), q, bias_last=bias_last)).status == "match"


@given(layers())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_what_differs_by_more_than_a_rounding_is_no_match(q: Question) -> None:
    for name, numbers in wrongs(q):
        answer = rounded(numbers, q.dtype)
        if differs_by_more_than_a_rounding(answer, q):
            assert status(q, answer) != "match", name


@pytest.mark.parametrize("channels", [1, 64, 2048])
@pytest.mark.parametrize("roundings", [0.6, 1.2, 3.0, 10.0, 100.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_dropped_bias_of_a_few_roundings_is_no_match(
    dtype: Dtype, roundings: float, channels: int
) -> None:
    q = layer(dtype, channels, bias=None)
    without = comparison.reference(q)
    bias = 2 * UNIT_ROUNDOFF[dtype] * roundings * np.abs(without.numbers).max((0, 2))
    q = q.but(bias=rounded(bias, dtype))
    precise = comparison.reference(q, precise=True)
    assert precise.is_apart(comparison.reference(q.but(bias=None), precise=True)).any()
    assert status(q, rounded(without.numbers, dtype)) != "match"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 64, 2048])
@pytest.mark.parametrize("window", [(1,), (9,), (3, 3)])
def test_a_right_layer_of_any_size_is_a_match_and_zeros_are_a_mismatch(
    dtype: Dtype, channels: int, window: tuple[int, ...]
) -> None:
    q = layer(dtype, channels, window)
    assert judged(q, finished(whole(q), q, bias_last=True)).status == "match"
    assert status(q, np.zeros(q.output_shape, question.answer(q).dtype)) == "mismatch"


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_flipped_kernel_of_many_channels_is_named(dtype: Dtype) -> None:
    q = layer(dtype, 512, bias=None)
    answer = rounded(comparison.reference(q.but(kernel=q.kernel[:, :, ::-1])).numbers, dtype)
    assert judged(q, answer).explanations == (("kernel flip: flipped",),)


@pytest.mark.parametrize("op", ["conv", "conv_transpose"])
@pytest.mark.parametrize("wanted", ["input_gradient", "kernel_gradient"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_right_gradient_is_a_match_and_a_flipped_one_is_not(
    op: str, wanted: str, dtype: Dtype
) -> None:
    q = layer(dtype, 64, (3, 3), bias=None, op=op)
    random = np.random.default_rng(1)
    q = q.but(op=f"{op}_{wanted}", gradient=rounded(random.normal(size=q.output_shape), dtype))
    right = rounded(question.answer(wide(q)), dtype)
    assert judged(q, right).status == "match"
    assert status(q, right[..., ::-1].copy()) == "mismatch"


# What cannot be told apart


def single(bias: float, dtype: Dtype = "bfloat16") -> Question:
    """100 times 1, and a bias; a bfloat16 near 100 has steps of a half."""
    one = np.ones((1, 1, 1), np.float32)
    return layer(dtype, 1, (1,), bias=None).but(
        x=100 * one, kernel=one, bias=np.array([bias], np.float32)
    )


def test_a_bias_that_rounding_hides_leaves_an_answer_undecided() -> None:
    q = single(0.75)
    found = judged(q, np.array([[[100.5]]], np.float32))
    assert found.status == "undecided"
    assert ("bias: dropped",) in found.explanations
    assert found.diagnosis == (
        "Rounding hides whether this is the right answer or another one: bias: dropped."
    )


def test_the_answer_without_a_bias_that_rounding_hides_is_no_match_either() -> None:
    assert judged(single(0.75), np.array([[[100.0]]], np.float32)).status != "match"


def test_a_bias_that_changes_no_number_by_more_than_a_rounding_hides_nothing() -> None:
    assert judged(single(0.25), np.array([[[100.0]]], np.float32)).status == "match"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("tenths", range(4, 60, 4))
def test_a_bias_of_about_one_rounding_is_no_match_where_it_is_dropped(
    dtype: Dtype, tenths: int
) -> None:
    bias = rounded(np.array([10.0 * tenths * UNIT_ROUNDOFF[dtype]]), dtype)
    q = single(1.0, dtype).but(bias=bias)
    answer = rounded(np.array([[[100.0]]]), dtype)
    dropped = differs_by_more_than_a_rounding(answer, q)
    assert dropped == (tenths > 10)
    assert not dropped or status(q, answer) != "match"


def test_a_bias_that_shows_is_told_from_none() -> None:
    assert judged(single(8.0), np.array([[[108.0]]], np.float32)).status == "match"
    without = judged(single(8.0), np.array([[[100.0]]], np.float32))
    assert without.explanations == (("bias: dropped",),)


def test_a_kernel_that_reads_the_same_backwards_hides_nothing() -> None:
    q = layer(bias=None)
    q = q.but(kernel=q.kernel + q.kernel[:, :, ::-1])
    assert judged(q, question.answer(q)).status == "match"


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_kernel_of_many_channels_that_reads_the_same_backwards_hides_nothing_from_check(
    dtype: Dtype,
) -> None:
    q = layer(dtype, 512, bias=None)
    q = q.but(kernel=rounded(np.full_like(q.kernel, 0.3), dtype))
    assert mutation.kill_record(prepared_case(q)).hidden == ()


def test_zeros_within_rounding_of_a_sum_that_cancels_are_undecided() -> None:
    # 1 - 1 + 2^-24, which float32 sums to zero in one order and not in another.
    q = layer(channels=3, window=(1,), bias=None).but(
        x=np.array([[[1], [-1], [2.0**-24]]], np.float32), kernel=np.ones((3, 1, 1), np.float32)
    )
    found = judged(q, np.zeros((1, 1, 1), np.float32))
    assert found.status == "undecided"
    assert alternatives.ZEROS in (found.diagnosis or "")


def test_what_rounding_could_do_but_does_not_is_undecided() -> None:
    q = layer(channels=2048, window=(9,), bias=None, above_zero=True)
    known = comparison.reference(q)
    found = judged(q, (known.numbers + (known.near + known.far) / 2).astype(np.float32))
    assert (found.status, found.explanations) == ("undecided", ())
    assert "no known convention explains it" in (found.diagnosis or "")


def test_beyond_what_any_order_of_a_sum_could_do_it_is_a_mismatch() -> None:
    q = layer(channels=64, window=(9,), bias=None)
    known = comparison.reference(q)
    assert judged(q, (known.numbers + 1.1 * known.far).astype(np.float32)).status == "mismatch"


# Sums in the dtype


def summed_in_dtype(q: Question) -> Array:
    """Every product and every sum rounded to the dtype."""
    total = rounded(np.zeros(q.output_shape), q.dtype)
    for channel in range(q.x.shape[1]):
        for offset in np.ndindex(*q.window):
            alone = np.zeros_like(q.kernel[[channel]])
            alone[:, :, *offset] = q.kernel[[channel]][:, :, *offset]
            part = q.but(x=q.x[:, [channel]], kernel=alone, bias=None)
            total = rounded(total + rounded(question.answer(part), q.dtype), q.dtype)
    return total


@pytest.mark.parametrize("dtype", HALVES)
def test_sums_in_a_half_are_a_convention(dtype: Dtype) -> None:
    q = layer(dtype, 64, bias=None)
    found = judged(q, summed_in_dtype(q))
    assert found.status == "mismatch"
    assert found.explanations == ((f"{dtype} accumulation: in {dtype}",),)


@pytest.mark.parametrize("dtype", HALVES)
def test_sums_in_a_half_with_another_convention_are_both_named(dtype: Dtype) -> None:
    q = layer(dtype, 64, bias=None)
    flipped = q.but(kernel=q.kernel[:, :, ::-1])
    (names,) = judged(q, summed_in_dtype(flipped)).explanations
    assert names == ("kernel flip: flipped", f"{dtype} accumulation: in {dtype}")


@pytest.mark.parametrize("dtype", HALVES)
def test_what_is_nowhere_near_is_not_explained_by_sums_in_a_half(dtype: Dtype) -> None:
    q = layer(dtype, 2048, (9,), bias=None)
    noise = np.random.default_rng(5).normal(size=q.output_shape)
    assert judged(q, rounded(noise, dtype)).explanations == ()


def test_whole_numbers_that_a_half_holds_do_not_ask_how_they_are_summed() -> None:
    small = np.ones((1, 4, 3), np.float16)
    q = layer("float16", 4, bias=None).but(x=small, kernel=np.ones((4, 1, 2), np.float16))
    assert not arithmetic.is_rounded(q, "float16")
    assert arithmetic.is_rounded(q.but(x=600 * small), "float16")


# Chains


def test_a_bound_is_carried_through_the_steps_of_a_chain() -> None:
    first, last = layer("bfloat16", 16), layer("bfloat16", 3, seed=1)
    link = chained(first.x, (first, Pool(2), last))
    x = rounded(question.answer(wide(first)), "bfloat16")
    got = question.answer(wide(last).but(x=question.pooled(x, 2)))
    assert judged(link, rounded(got, "bfloat16")).status == "match"
    assert judged(link, rounded(1.1 * got, "bfloat16")).status == "mismatch"


# A case that answers of two lengths could be of


def test_conventions_that_give_another_length_are_compared_among_themselves() -> None:
    q = layer(bias=None).but(
        x=np.array([[[0.5, 1.5, 2.5]]], np.float32),
        kernel=np.array([[[0.1, 0.2, 0.3]]], np.float32),
        padding=((2, 2),),
        stride=(2,),
    )
    sight = mutation.kill_record(prepared_case(q))
    axes = {mutation.AXES[axis].name for axis, _, _ in sight.distinctions}
    assert "padding" in axes
