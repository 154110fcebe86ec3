"""Every named property holds of the oracle's answer, fails of a wrong one, and says its limits."""

from typing import Any

import numpy as np
import pytest

from conformance.cases.properties import PROPERTIES, lookup
from conformance.question import AnyQuestion, Array, Chain, Pool, Question, answer


def integers(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(np.float32)


def question(
    op: Any, x: Array, kernel: Array, *, stride: int = 1, padding: Any = 0, extra: int = 0,
    dilation: int = 1, groups: int = 1, bias: Array | None = None,
) -> Question:  # fmt: skip
    rank = x.ndim - 2
    pairs = padding if isinstance(padding, str) else ((padding, padding),) * rank
    q = Question(
        op=op, x=x, kernel=kernel, bias=bias, stride=(stride,) * rank, padding=pairs,
        output_padding=(extra,) * rank, dilation=(dilation,) * rank, groups=groups,
    )  # fmt: skip
    if "gradient" in op:
        shape = (len(x), q.output_channels, *q.output_space)
        q = q.but(gradient=integers(*shape, seed=2))
    return q


def transposed(op: str = "conv_transpose", rank: int = 2, **arguments: Any) -> Question:
    x, kernel = integers(2, 2, *(3, 4, 2)[:rank]), integers(2, 3, *(3, 2, 2)[:rank], seed=1)
    return question(op, x, kernel, **arguments)


def conv(op: str = "conv", rank: int = 2, **arguments: Any) -> Question:
    x, kernel = integers(2, 3, *(7, 6, 5)[:rank]), integers(2, 3, *(3, 2, 2)[:rank], seed=1)
    return question(op, x, kernel, **arguments)


def grouped(op: str, **arguments: Any) -> Question:
    channels = 4 if op.startswith("conv_transpose") else 6
    x, kernel = integers(2, channels, 5), integers(4, 3, 3, seed=1)
    return question(op, x, kernel, groups=2, **arguments)


def twins(n: int, k: int, s: int) -> Chain:
    first = question("conv", integers(1, 1, n), np.ones((1, 1, k), np.float32), stride=s)
    second = question("conv_transpose", answer(first), first.kernel, stride=s)
    return Chain((first, second))


BIAS = np.array([1, -2, 3], np.float32)
ANY_TRANSPOSED = [
    transposed(),
    transposed(rank=1, stride=3),
    transposed(rank=3, stride=2, extra=1),
    transposed(stride=2, padding=1, extra=1, bias=BIAS),
    transposed(stride=2, dilation=2, padding="same"),
    transposed(stride=4, padding="same"),
    transposed(padding=-1),
    grouped("conv_transpose", stride=2, padding=1),
]
ANY_CONV = [
    conv(),
    conv(rank=1, stride=2, dilation=2),
    conv(rank=3, padding=1, bias=np.array([2, 1], np.float32)),
    conv(padding="same", stride=2),
    grouped("conv", stride=2, padding=1),
]
LINES = [q for q in ANY_TRANSPOSED if q.rank == 1] + [transposed(rank=1, dilation=2, padding=2)]


def gradients(*wanted: str) -> list[Question]:
    transposed_ops = [f"conv_transpose_{which}_gradient" for which in wanted]
    conv_ops = [f"conv_{which}_gradient" for which in wanted]
    return [
        *(transposed(op, stride=2, padding=1, extra=1) for op in transposed_ops),
        *(grouped(op, stride=2) for op in transposed_ops),
        *(conv(op, stride=2, padding=1, dilation=2) for op in conv_ops),
        *(grouped(op, stride=2) for op in conv_ops),
    ]


ONES = question("conv_transpose", np.ones((1, 2, 3)), np.ones((2, 1, 4)), stride=3, padding=1)
BILINEAR = question(
    "conv_transpose", 16 * integers(1, 1, 4), np.array([[[0.25, 0.75, 0.75, 0.25]]]),
    stride=2, padding=1,
)  # fmt: skip
SCALED = [
    question("interpolate", integers(1, 2, 3, 4).astype(np.float64), np.zeros(0), stride=s)
    for s in (1, 2, 3)
]

HOLDS: dict[str, list[Any]] = {
    "scatter": ANY_TRANSPOSED,
    "pieces": [transposed(), transposed(rank=1, stride=3, bias=BIAS)],
    "matrix-product": [*ANY_TRANSPOSED, *ANY_CONV, *gradients("input")],
    "numpy-convolve": [*LINES, grouped("conv_input_gradient", stride=2, padding=1)],
    "direct-convolution": [*ANY_TRANSPOSED, conv("conv_input_gradient", stride=2, dilation=2)],
    "pixel-shuffle": ANY_TRANSPOSED,
    "pixel-unshuffle": [
        question("conv", integers(1, 2, 3, 3), integers(4, 2, 2, 2), padding=1),
        question("conv", integers(1, 2, 5), integers(3, 2, 3)),
    ],
    "swap": [*ANY_TRANSPOSED, *gradients("input")],
    "unit-steps": gradients("input", "kernel"),
    "sparse-kernel": [*ANY_TRANSPOSED, *ANY_CONV],
    "crop": ANY_TRANSPOSED,
    "coverage": [ONES],
    "sum-is-product": [transposed(stride=2, extra=1, bias=None), grouped("conv_transpose")],
    "energy-preserved": [question("conv_transpose", integers(1, 1, 3), np.array([[[0.0, 1.0]]]))],
    "shape-not-values": [twins(4, 2, 1)],
    "keeps-length": [twins(n, k, s) for n in (4, 5, 6, 7) for k in (2, 3) for s in (1, 2, 3)],
    "observed-area": [twins(n, 2, 3) for n in (5, 6, 7)],
    "interpolation": [BILINEAR],
    "bilinear-kernel": SCALED,
}
PAIRS = [(name, number) for name, asked in HOLDS.items() for number in range(len(asked))]


def test_every_property_is_tried_here() -> None:
    assert set(HOLDS) == set(PROPERTIES)


@pytest.mark.parametrize(("name", "number"), PAIRS)
def test_the_oracles_answer_has_the_property(name: str, number: int) -> None:
    asked = HOLDS[name][number]
    exact = name != "bilinear-kernel"
    assert lookup(name).holds(asked, answer(asked), exact=exact)


@pytest.mark.parametrize(("name", "number"), PAIRS)
def test_another_shape_does_not_have_the_property(name: str, number: int) -> None:
    asked = HOLDS[name][number]
    right = answer(asked)
    longer = np.concatenate([right, right, right], -1)
    if name == "keeps-length" and right.shape[-1] != asked.questions[0].space[-1]:
        longer = np.zeros(asked.questions[0].x.shape)
    assert not lookup(name).holds(asked, longer, exact=True)


ABOUT_VALUES = [name for name in HOLDS if name not in ("keeps-length", "observed-area")]


@pytest.mark.parametrize("name", ABOUT_VALUES)
def test_other_numbers_do_not_have_the_property(name: str) -> None:
    asked = HOLDS[name][0]
    wrong = np.array(asked.questions[0].x if isinstance(asked, Chain) else answer(asked) + 1)
    assert not lookup(name).holds(asked, wrong, exact=False)


@pytest.mark.parametrize("name", HOLDS)
def test_nan_does_not_have_the_property(name: str) -> None:
    asked = HOLDS[name][0]
    nothing = np.full_like(answer(asked), np.nan, dtype=np.float64)
    assert not lookup(name).holds(asked, nothing, exact=False)


NOTICES_FLIP = [
    "scatter", "pieces", "matrix-product", "numpy-convolve", "direct-convolution", "pixel-shuffle",
    "pixel-unshuffle", "swap", "unit-steps", "sparse-kernel", "crop",
]  # fmt: skip


@pytest.mark.parametrize("name", NOTICES_FLIP)
def test_the_answer_to_a_flipped_kernel_does_not_have_the_property(name: str) -> None:
    asked = HOLDS[name][0]
    flipped = asked.but(kernel=np.flip(asked.kernel, tuple(range(2, asked.kernel.ndim))))
    assert not lookup(name).holds(asked, answer(flipped), exact=True)


def test_a_stated_tolerance_is_what_decides() -> None:
    q = transposed()
    assert lookup("scatter").holds(q, answer(q) + 1, exact=False, tolerance=1.0)


def test_rounding_is_within_the_bound_and_a_wrong_digit_is_not() -> None:
    q = transposed(stride=2)
    q = q.but(x=q.x / np.float32(3), kernel=q.kernel / np.float32(7))
    given = answer(q)
    assert lookup("scatter").holds(q, given.astype(np.float32), exact=False)
    assert not lookup("scatter").holds(q, given * 1.001, exact=False)


def test_sums_beyond_float16_do_not_overflow() -> None:
    q = question("conv_transpose", np.full((1, 1, 2), 2**15), np.full((1, 1, 3), 2.0**15))
    q = q.but(x=q.x.astype(np.float16), kernel=q.kernel.astype(np.float16))
    assert lookup("sum-is-product").sides(q, np.zeros((1, 1, 4)))[1] == 6 * 2**30


def test_a_property_of_another_operator_is_refused_with_the_ones_there_are() -> None:
    q = conv()
    with pytest.raises(ValueError, match="crop is about conv_transpose, not about conv"):
        lookup("crop").holds(q, answer(q), exact=True)


def test_an_unknown_property_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match=r"unknown property 'crops'; there are .*crop,"):
        lookup("crops")


@pytest.mark.parametrize(
    ("name", "asked", "needs"),
    [
        ("numpy-convolve", transposed(), "one spatial axis"),
        ("pieces", transposed(padding=1), "padding 0"),
        ("sum-is-product", transposed(padding=1), "no padding"),
        ("coverage", transposed(), "ones"),
        ("pixel-unshuffle", conv(), "output channels, got 2"),
        ("keeps-length", Chain((Pool(1), conv())), "as the first step"),
    ],
)
def test_a_property_says_what_it_needs(name: str, asked: AnyQuestion, needs: str) -> None:
    with pytest.raises(ValueError, match=needs):
        lookup(name).sides(asked, answer(asked))


def test_the_shuffle_of_two_channels_interleaves_them() -> None:
    q = question("conv", np.ones((1, 1, 2)), np.array([[[1.0]], [[2.0]]]))
    got, wanted = lookup("pixel-unshuffle").sides(q, answer(q))
    assert got.tolist() == wanted.tolist() == [[[1, 2, 1, 2]]]


def test_coverage_of_kernel_4_at_stride_3_counts_every_third_output_twice() -> None:
    q = question("conv_transpose", np.ones((1, 1, 3)), np.ones((1, 1, 4)), stride=3)
    assert lookup("coverage").sides(q, answer(q))[1].tolist() == [[[1, 1, 1, 2, 1, 1, 2, 1, 1, 1]]]
