"""Every convention that an API may have, on numbers small enough to see what its sentence says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
from tiny import ask, column

from conformance.cases.sampling import DERIVED_OPS, draws
from conformance.conventions.axes import BY_NAME, CONVENTIONS, MEANINGS, Convention
from conformance.conventions.diagnosis import diagnose
from conformance.conventions.interpretations import answer_under
from conformance.question import AnyQuestion, Dtype, Question, answer, chained, summands


def half(dtype: Dtype, *arrays: Any, **arguments: Any) -> Question:
    """The same in a half; NumPy lacks bfloat16, which is float32 in the oracle."""
    q, own = ask(*arrays, **arguments), np.float16 if dtype == "float16" else np.float32
    return q.but(dtype=dtype, x=q.x.astype(own), kernel=q.kernel.astype(own))


LINE = {"x": [1, 2], "kernel": [1, 10, 100]}  # 1 12 120 200
SQUARE = {"x": [[1]], "kernel": [[1, 2], [3, 4]]}
CUBE = {"x": [[[1]]], "kernel": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]}
PAIR = {"x": [1, 2], "kernel": [1, 10]}  # 1 12 20


def complex_ones(q: Question) -> Question:
    return q.map_arrays(lambda array: array * np.complex64(1j), dtype="complex64")


def mixed(q: Question, x: Any, kernel: Any) -> Question:
    arrays = {"x": q.x.astype(x), "kernel": q.kernel.astype(kernel)}
    return q.but(operand_dtypes=(x, kernel), **arrays)


BACK = ask([1, 2], [1, 10], "conv_transpose_input_gradient")
CONVOLUTION = ask([1, 2, 3], [1, 10], "conv")  # 21 32
EXAMPLES: dict[str, tuple[AnyQuestion, Any]] = {
    "two dtypes: the kernel's": (mixed(ask([1, 2049], [1]), "float32", "float16"), [1, 2048]),
    "two dtypes: the input's": (mixed(ask([1], [1, 2049]), "float16", "float32"), [1, 2048]),
    # 1j (1 10) conjugated, times 1j, in place of -1 (1 10)
    "conjugate: in gradients": (
        complex_ones(BACK.but(gradient=np.ones((1, 1, 3), np.float32))),
        [11, 11],
    ),
    "zeros: of the border": (ask([1, 2], [1, np.inf]), [np.nan, np.inf, np.inf]),
    "zeros: of border and stride": (
        ask([1, 2], [1, np.inf], stride=2),
        [np.nan, np.inf, np.nan, np.inf],
    ),
    "kernel flip: flipped": (ask(**LINE), [100, 210, 21, 2]),
    "kernel flip of convolutions: flipped": (
        chained(CONVOLUTION.x, [CONVOLUTION, ask([21, 32], [1, 100])]),
        [12, 1223, 2300],
    ),
    "kernel flip: flipped along the first": (ask(**SQUARE), [[3, 4], [1, 2]]),
    "kernel flip: flipped along the second": (ask(**SQUARE), [[2, 1], [4, 3]]),
    "kernel flip: flipped along the third": (
        ask(**CUBE),
        [[[2, 1], [4, 3]], [[6, 5], [8, 7]]],
    ),
    "kernel flip: flipped along the first two": (
        ask(**CUBE),
        [[[7, 8], [5, 6]], [[3, 4], [1, 2]]],
    ),
    "kernel flip: flipped along the outer two": (
        ask(**CUBE),
        [[[6, 5], [8, 7]], [[2, 1], [4, 3]]],
    ),
    "kernel flip: flipped along the last two": (
        ask(**CUBE),
        [[[4, 3], [2, 1]], [[8, 7], [6, 5]]],
    ),
    "kernel channels: exchanged": (
        # 1 w[o, 0] + 10 w[o, 1] in place of 1 w[0, o] + 10 w[1, o]
        ask(column(1, 10), [[[1], [2]], [[3], [4]]], channels=True),
        column(21, 43),
    ),
    "kernel axes: reversed": (ask([[1]], [[1, 2]]), [[1], [2]]),
    "input channels: reversed": (
        ask(column(1, 10), [[[1]], [[3]]], channels=True),
        column(10 * 1 + 1 * 3),
    ),
    "output channels: reversed": (ask(column(1), [[[1], [2]]], channels=True), column(2, 1)),
    "groups: interleaved": (
        # Channels 1 and 3 make 7 and 70, which are outputs 0 and 2; 2 and 4 make the others.
        ask(
            column(1, 2, 3, 4),
            [[[1], [10]], [[2], [20]], [[100], [1000]], [[200], [2000]]],
            groups=2,
            channels=True,
        ),
        column(7, 1000, 70, 10000),
    ),
    "groups: inputs interleaved": (
        ask(column(1, 2, 3, 4), [[[1]], [[10]], [[100]], [[1000]]], groups=2, channels=True),
        column(1 + 30, 200 + 4000),
    ),
    "groups: outputs interleaved": (
        ask(column(1, 2), [[[1], [10]], [[100], [1000]]], groups=2, channels=True),
        column(1, 200, 10, 2000),
    ),
    "groups: first slice for all": (
        ask(column(1, 2), [[[3]], [[5]]], groups=2, channels=True),
        column(3, 6),
    ),
    "groups: first bias for all": (
        ask(column(1, 2), [[[1]], [[1]]], groups=2, bias=[70, 80], channels=True),
        column(71, 72),
    ),
    "stride order: reversed": (ask([[1], [2]], [[1]], stride=(2, 1)), [[1], [2]]),
    "stride with dilation: exchanged": (
        ask(**PAIR, stride=3, dilation=2),
        [1, 0, 2, 10, 0, 20],
    ),
    "dilation: ignored": (ask([1], [1, 10], dilation=3), [1, 10]),
    "dilation: of the input": (ask(**PAIR, dilation=3), [1, 10, 0, 2, 20]),
    "same: odd element: cropped at the start": (ask(**PAIR, padding="same"), [12, 20]),
    "same: formula: of the input": (
        # 3 inputs, stride 2: a convolution pads 1 and 1, and 1 10 102 20 203 30 300 loses both.
        ask([1, 2, 3], [1, 10, 100], stride=2, padding="same"),
        [10, 102, 20, 203, 30],
    ),
    "same: formula: half a kernel": (
        ask(**LINE, stride=2, padding="same"),
        [10, 102, 20],
    ),
    "same: formula: without the stride": (ask(**PAIR, stride=2, padding="same"), [1, 10, 2]),
    "same: formula: ignored": (ask(**LINE, padding="same"), [1, 12, 120, 200]),
    "same: short kernel: nothing added": (
        ask(**PAIR, stride=3, padding="same"),
        [1, 10, 0, 2, 20],
    ),
    "same: short kernel: zeros at both ends": (
        ask(**PAIR, stride=3, padding="same"),
        [0, 1, 10, 0, 2, 20],
    ),
    # 1 2 10 20 100 200 loses 2 of 4 at the start, and 1 of 2 without dilation.
    "same: formula: undilated at the start": (
        ask(**LINE, dilation=2, padding="same"),
        [2, 10],
    ),
    "infinity: clipped": (
        ask([1, 2], [1, np.inf]),
        [1, np.finfo(np.float32).max, np.finfo(np.float32).max],
    ),
    # 1 10 102 20 200 0 before anything is cropped
    "same: output padding: within n s": (
        ask(**LINE, stride=2, padding="same", output_padding=1),
        [10, 102, 20, 200],
    ),
    "same: output padding: within n s, odd at the start": (
        ask(**PAIR, stride=2, padding="same", output_padding=1),
        [10, 2, 20, 0],
    ),
    # 1 10 102 20 200 loses one at the end.
    "same: output padding: ignored": (
        ask(**LINE, stride=2, padding="same", output_padding=1),
        [1, 10, 102, 20],
    ),
    "valid: taken for same": (ask(**PAIR, padding="valid"), [1, 12]),
    "same: output padding: half a kernel": (
        ask(**LINE, stride=2, padding="same", output_padding=1),
        [10, 102, 20, 200],
    ),
    "same: output padding: half a kernel, centred": (
        ask(**LINE, stride=2, padding="same", output_padding=1),
        [1, 10, 102, 20],
    ),
    # 1 10 102 20 200 before anything is cropped
    "same: output padding: taken from n s": (
        ask(**LINE, stride=(2,), padding="same", output_padding=(1,)),
        [10, 102, 20],
    ),
    # 21 12 where the odd element is at the end
    "circular: start: odd element at the start": (ask(**PAIR, padding="circular"), [12, 21]),
    # 1 10 100 2 20 200 as with `same`
    "circular: start: half a kernel": (
        ask(**LINE, stride=(3,), padding="circular"),
        [10, 100, 2, 20, 200, 1],
    ),
    "valid: length: whole strides": (ask([1, 2], [1], stride=3), [1, 0, 0, 2, 0, 0]),
    "padding: pads the input": (ask(**LINE, padding=((2, 0),)), [1, 12]),
    "padding: ignored": (ask(**LINE, padding=1), [1, 12, 120, 200]),
    "padding ends: end, begin": (ask(**LINE, padding=((1, 0),)), [1, 12, 120]),
    "output padding: more at the start": (
        ask(**LINE, padding=1, output_padding=1),
        [1, 12, 120],
    ),
    "output padding: zeros at the end": (
        ask(**LINE, padding=1, output_padding=1),
        [12, 120, 0],
    ),
    "output padding: ignored": (ask(**LINE, padding=1, output_padding=1), [12, 120]),
    "bias: dropped": (ask(**PAIR, bias=[100]), [1, 12, 20]),
    "bias: doubled": (ask(**PAIR, bias=[100]), [201, 212, 220]),
    "dtype: narrowed to 32 bits": (
        ask([1], [1]).but(
            kernel=np.array([[[2.0**24 + 1]]]), x=np.ones((1, 1, 1)), dtype="float64"
        ),
        [2**24],
    ),
    # 2048 + 1 is rounded to 2048.
    "float16: widened to 32 bits": (
        half("float16", [1, 1], [2**11, 1]),
        [2**11, 2**11 + 1, 1],
    ),
    "accumulation: in float32": (
        ask([1], [1]).but(
            kernel=np.array([[[2.0**24 + 1]]]), x=np.ones((1, 1, 1)), dtype="float64"
        ),
        [2**24],
    ),
    "accumulation: in float16": (ask([1], [2**11 + 1]), [2**11]),
    "accumulation: in bfloat16": (ask([1], [2**8 + 1]), [2**8]),
    # 1 + 2048 is rounded to 2048, and 1 + 2048 + 1 is not.
    "float16 accumulation: in float16": (
        half("float16", [1, 1, 1], [1, 2**11, 1], padding=1),
        [2**11, 2**11, 2**11],
    ),
    "bfloat16 accumulation: in bfloat16": (
        half("bfloat16", [1, 1, 1], [1, 2**8, 1], padding=1),
        [2**8, 2**8, 2**8],
    ),
    "position: one later along every axis": (ask(**LINE, padding=1), [1, 12]),
    "position: one earlier along every axis": (ask(**LINE, padding=1), [120, 200]),
    "position: one later along the first": (ask(**SQUARE), [[0, 0], [1, 2]]),
    "position: one earlier along the first": (ask(**SQUARE), [[3, 4], [0, 0]]),
    "position: one later along the second": (ask(**SQUARE), [[0, 1], [0, 3]]),
    "position: one earlier along the second": (ask(**SQUARE), [[2, 0], [4, 0]]),
    "position: one later along the third": (
        ask(**CUBE),
        [[[0, 1], [0, 3]], [[0, 5], [0, 7]]],
    ),
    "position: one earlier along the third": (
        ask(**CUBE),
        [[[2, 0], [4, 0]], [[6, 0], [8, 0]]],
    ),
    "position: one later along the first two": (
        ask(**CUBE),
        [[[0, 0], [0, 0]], [[0, 0], [1, 2]]],
    ),
    "position: one earlier along the first two": (
        ask(**CUBE),
        [[[7, 8], [0, 0]], [[0, 0], [0, 0]]],
    ),
    "position: one later along the outer two": (
        ask(**CUBE),
        [[[0, 0], [0, 0]], [[0, 1], [0, 3]]],
    ),
    "position: one earlier along the outer two": (
        ask(**CUBE),
        [[[6, 0], [8, 0]], [[0, 0], [0, 0]]],
    ),
    "position: one later along the last two": (
        ask(**CUBE),
        [[[0, 0], [0, 1]], [[0, 0], [0, 5]]],
    ),
    "position: one earlier along the last two": (
        ask(**CUBE),
        [[[4, 0], [0, 0]], [[8, 0], [0, 0]]],
    ),
}
"""A question for each convention, and its answer under that, in which the oracle has another."""


def test_every_convention_that_an_api_may_have_has_an_example() -> None:
    assert sorted(EXAMPLES) == sorted(map(str, MEANINGS))


def under(name: str, q: AnyQuestion) -> np.ndarray | None:
    return answer_under(q, (BY_NAME[name],))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_convention_does_what_its_sentence_says(name: str) -> None:
    q, expected = EXAMPLES[name]
    given = np.array(expected)
    batched = given.reshape((1,) * (q.x.ndim - given.ndim) + given.shape)
    np.testing.assert_array_equal(under(name, q), batched)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_convention_is_named_from_its_answer(name: str) -> None:
    q, _ = EXAMPLES[name]
    assert (name,) in diagnose(q, answer(q), under(name, q), exact=True).names


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_one_in_which_the_oracle_differs(name: str) -> None:
    q, _ = EXAMPLES[name]
    assert not np.array_equal(answer(q), under(name, q))


@pytest.mark.parametrize(
    ("name", "q", "expected"),
    [
        ("kernel flip: flipped", ask([1, 2, 3], [1, 10], "conv"), [12, 23]),
        (
            "same: odd element: cropped at the start",
            ask([1, 2], [1, 10], "conv", padding="same"),
            [10, 21],
        ),
        ("padding: ignored", ask([1, 2, 3], [1, 10], "conv", padding=1), [21, 32]),
        ("padding ends: end, begin", ask([1, 2], [1, 10], "conv", padding=((1, 0),)), [21, 2]),
        ("dilation: ignored", ask([1, 2, 3], [1, 10], "conv", dilation=2), [21, 32]),
        ("position: one later along every axis", ask([1, 2, 3], [1, 10], "conv"), [10, 21]),
        # One element of the output is two of the input.
        ("position: one later along every axis", ask([1, 2, 3], [1], "conv", stride=2), [0, 1]),
        ("position: one earlier along every axis", ask([1, 2, 3], [1], "conv", stride=2), [3, 0]),
    ],
)  # fmt: skip
def test_a_convolution_has_conventions_too(name: str, q: Question, expected: list[int]) -> None:
    np.testing.assert_array_equal(under(name, q), [[expected]])


@pytest.mark.parametrize(
    ("name", "q", "expected"),
    [
        # 1 2 3 4 5 6 in memory, taken for 3 rows of 2: 1 + 20, 3 + 40, 5 + 60.
        (
            "kernel channels: exchanged",
            ask(column(1, 10), [[[1], [2], [3]], [[4], [5], [6]]], channels=True),
            column(21, 43, 65),
        ),
        # Group 0 takes channels 1, 3 and 5.
        (
            "groups: inputs interleaved",
            ask(
                column(1, 2, 3, 4, 5, 6),
                [[[1]], [[10]], [[100]], [[1]], [[10]], [[100]]],
                groups=2,
                channels=True,
            ),
            column(531, 642),
        ),
        # A bias belongs to an output channel, whichever group made that.
        (
            "groups: outputs interleaved",
            ask(
                column(1, 1),
                [[[1], [2], [3]], [[4], [5], [6]]],
                groups=2,
                bias=[10, 20, 30, 40, 50, 60],
                channels=True,
            ),
            column(11, 24, 32, 45, 53, 66),
        ),
    ],
)
def test_channels_that_are_no_square_are_told_apart(
    name: str, q: Question, expected: list[Any]
) -> None:
    np.testing.assert_array_equal(under(name, q), expected)


@pytest.mark.parametrize(
    ("name", "q"),
    [
        ("kernel flip: flipped", ask([1, 2], [3])),
        ("kernel flip: flipped along the first", ask([1, 2], [1, 2])),  # that is all axes
        ("kernel flip: flipped along the second", ask([1, 2], [1, 2])),
        ("kernel flip of convolutions: flipped", CONVOLUTION),  # one alone has the axis above
        ("kernel channels: exchanged", ask([1, 2], [1, 2])),
        ("kernel axes: reversed", ask([1, 2], [1, 2])),
        ("input channels: reversed", ask([1, 2], [1, 2])),
        ("groups: interleaved", ask([1, 2], [1, 2])),
        ("stride order: reversed", ask([[1]], [[1]], stride=2)),
        ("stride with dilation: exchanged", ask([1, 2], [1, 2], stride=2, dilation=2)),
        ("stride with dilation: exchanged", ask([1, 2], [1, 2], stride=2)),
        ("dilation: ignored", ask([1, 2], [1, 2])),
        ("dilation: of the input", ask([1, 2, 3], [1, 2], "conv", dilation=2)),
        ("same: odd element: cropped at the start", ask([1, 2], [1, 2, 3], padding="same")),
        ("same: formula: half a kernel", ask([1, 2], [1, 2, 3], padding="same")),
        ("same: formula: half a kernel", ask([1, 2], [1, 2, 3], "conv", padding="same")),
        ("valid: length: whole strides", ask([1, 2], [1, 2], stride=2)),
        ("padding: pads the input", ask([1, 2], [1, 2, 3], padding=1)),
        ("padding: ignored", ask([1, 2], [1, 2])),
        ("padding: ignored", ask([1, 2], [1, 2, 3], padding="same")),
        ("padding ends: end, begin", ask([1, 2], [1, 2, 3], padding=1)),
        ("output padding: ignored", ask([1, 2], [1, 2])),
        ("bias: dropped", ask([1, 2], [1, 2])),
        ("accumulation: in float32", ask([1, 2], [1, 2])),
        ("position: one later along the first", ask([1, 2], [1, 2])),  # that is every axis
    ],
)
def test_where_a_convention_changes_nothing_there_is_no_reading(name: str, q: Question) -> None:
    assert under(name, q) is None


# Gradients: an answer is linear in each array, so <g, f(x, w')> == <f*(g), w'>, to the bit.


def rich(op: str) -> Iterator[Question]:
    """Questions whose answers under a convention mostly have the oracle's shape."""
    random = np.random.default_rng(0)

    def integers(*shape: int) -> np.ndarray:
        return random.integers(-3, 4, shape).astype(np.float32)

    for stride, padding, extra, dilation, groups in (
        ((2, 2), ((1, 2), (2, 1)), (0, 0), (1, 1), 1),
        ((1, 1), "same", (0, 0), (1, 1), 1),
        ((2, 2), ((1, 1), (1, 1)), (1, 1), (2, 2), 2),
        ((2, 1), ((1, 0), (0, 1)), (0, 0), (1, 1), 2),
    ):
        q = Question(
            op=op,
            x=integers(2, 4, 3, 3),
            kernel=integers(4, 4 // groups, 2, 2),
            stride=stride,
            padding=padding,
            output_padding=extra if "transpose" in op else (0, 0),
            dilation=dilation,
            groups=groups,
        )
        yield q.but(gradient=integers(2, 4, *q.output_space))


def agrees(operator: str, by: str, array: str, *conventions: Convention) -> bool | None:
    """Whether gradients under the conventions are those of the operator under them."""
    told = []
    for q in rich(f"{operator}_{by}_gradient"):
        try:
            gradient = answer_under(q, conventions)
        except ValueError:  # a gradient of another output
            continue
        if gradient is None:
            continue
        other = np.random.default_rng(1).integers(-3, 4, getattr(q, array).shape)
        forward = q.but(op=operator, **{array: other.astype(np.float32)})
        y = answer_under(forward, conventions)
        told.append(bool((q.gradient * y).sum() == (gradient * other).sum()))
    return all(told) if told else None


LINEAR = [c for c in CONVENTIONS if not c.axis.rounds]


@pytest.mark.parametrize("operator", ["conv", "conv_transpose"])
@pytest.mark.parametrize("convention", LINEAR, ids=str)
def test_a_gradient_by_the_kernel_is_that_of_the_operator_so_understood(
    convention: Convention, operator: str
) -> None:
    assert agrees(operator, "kernel", "kernel", convention) is not False


@pytest.mark.parametrize("operator", ["conv", "conv_transpose"])
@pytest.mark.parametrize("convention", LINEAR, ids=str)
def test_a_gradient_by_the_input_is_that_of_the_operator_so_understood(
    convention: Convention, operator: str
) -> None:
    assert agrees(operator, "input", "x", convention) is not False


# Further derivatives are gradients and outputs of other arrays, understood in the same way.


def agrees_with_summands(q: Question, convention: Convention) -> bool | None:
    """Whether a derivative under a convention is the sum of its summands under it."""
    try:
        derivative = answer_under(q, (convention,))
        parts = [answer_under(part, (convention,)) for part in summands(q)]
    except ValueError:
        return None
    if derivative is None or any(part is None for part in parts):
        return None
    return np.array_equal(derivative, sum(parts))


@pytest.mark.parametrize("convention", LINEAR, ids=str)
def test_a_further_derivative_is_that_of_the_operator_so_understood(
    convention: Convention,
) -> None:
    ops = tuple(op for op in DERIVED_OPS if not op.endswith("bias_gradient"))
    for q in islice(draws(5, ops), 40):
        assert agrees_with_summands(q, convention) is not False


@pytest.mark.parametrize("name", ["kernel flip: flipped", "padding: ignored", "bias: dropped"])
def test_a_further_derivative_tells_a_convention(name: str) -> None:
    ops = ("conv_transpose_jvp", "conv_transpose_double_backward_gradient")
    told = [agrees_with_summands(q, BY_NAME[name]) for q in islice(draws(5, ops), 60)]
    assert True in told


@pytest.mark.parametrize(
    ("name", "q", "expected"),
    [
        ("bias: doubled", {"bias": [1, 2], "gradient": column(3, 4)}, [6, 8]),
        ("bias: dropped", {"bias": [1, 2], "gradient": column(3, 4)}, [0, 0]),
        ("output channels: reversed", {"bias": [1, 2], "gradient": column(3, 4)}, [4, 3]),
        ("groups: first bias for all", {"bias": [1, 2], "gradient": column(3, 4)}, [7, 0]),
    ],
)
def test_a_gradient_by_the_bias_is_that_of_the_operator_so_understood(
    name: str, q: dict[str, Any], expected: list[int]
) -> None:
    arrays = {key: np.array(value, np.float32) for key, value in q.items()}
    forward = ask(column(1, 1), [[[1]], [[1]]], groups=2, channels=True)
    by_bias = forward.but(op="conv_transpose_bias_gradient", **arrays)
    np.testing.assert_array_equal(under(name, by_bias), expected)


@pytest.mark.parametrize(
    "name",
    [
        "kernel flip: flipped",
        "kernel flip: flipped along the second",
        "kernel channels: exchanged",
        "kernel axes: reversed",
        "input channels: reversed",
        "output channels: reversed",
        "same: odd element: cropped at the start",
        "padding ends: end, begin",
        "output padding: more at the start",
        "position: one later along the first",
        "kernel layout: reshaped to space and then channels",
        "kernel layout: reshaped to channels in reverse",
        "operator: convolution",
        "padding split: halved",
    ],
)
@pytest.mark.parametrize(("by", "array"), [("kernel", "kernel"), ("input", "x")])
def test_gradients_tell_a_convention(name: str, by: str, array: str) -> None:
    assert agrees("conv_transpose", by, array, BY_NAME[name]) is True


@pytest.mark.parametrize(
    "names",
    [
        ("kernel flip: flipped along the first", "kernel axes: reversed"),  # not the other way
        ("kernel channels: exchanged", "kernel flip: flipped"),
        ("input channels: reversed", "kernel channels: exchanged"),
    ],
)
@pytest.mark.parametrize(("by", "array"), [("kernel", "kernel"), ("input", "x")])
def test_gradients_tell_two_conventions_together(
    names: tuple[str, str], by: str, array: str
) -> None:
    both = [BY_NAME[name] for name in names]
    assert agrees("conv_transpose", by, array, *both) is True
