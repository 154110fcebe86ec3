from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from conformance import oracle
from conformance.oracle import geometry

Array = NDArray[Any]
exhaustive = settings(max_examples=150)


def integers(shape: tuple[int, ...], seed: int, dtype: Any = np.int64) -> Array:
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(dtype)


def arguments_but(arguments: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key != name}


@st.composite
def transposed(draw: st.DrawFn, dtype: Any = np.int64) -> tuple[Array, Array, dict[str, Any]]:
    """x, kernel and arguments of a transposed convolution that has an answer."""
    rank = draw(st.integers(1, 3))
    longest = {1: 6, 2: 4, 3: 3}[rank]

    def per_axis(least: int, most: int) -> tuple[int, ...]:
        return draw(st.tuples(*[st.integers(least, most)] * rank))

    space, window = per_axis(1, longest), per_axis(1, longest)
    stride, dilation, extra = per_axis(1, 4), per_axis(1, 3), per_axis(0, 3)
    padding: Any = draw(st.sampled_from(["same", "valid", "circular", None]))
    if padding is None:
        reach = geometry.effective_kernel_size(window, dilation)
        padding = []
        for n, r, s, p in zip(space, reach, stride, extra, strict=True):
            begin = draw(st.integers(-2, (n - 1) * s + r + p + 1))
            padding.append((begin, draw(st.integers(-2, (n - 1) * s + r + p - 1 - begin))))
    groups, each_in, each_out = draw(st.tuples(*[st.integers(1, 3)] * 3))
    batch, seed = draw(st.integers(0, 3)), draw(st.integers(0, 999))
    x = integers((batch, groups * each_in, *space), seed, dtype)
    kernel = integers((groups * each_in, each_out, *window), seed + 1, dtype)
    arguments = {
        "stride": stride,
        "padding": padding,
        "output_padding": extra,
        "dilation": dilation,
        "groups": groups,
    }
    return x, kernel, arguments


@st.composite
def convolved(draw: st.DrawFn) -> tuple[Array, Array, dict[str, Any]]:
    """x, kernel and arguments of a convolution that has an answer."""
    rank = draw(st.integers(1, 3))
    longest = {1: 9, 2: 6, 3: 4}[rank]

    def per_axis(least: int, most: int) -> tuple[int, ...]:
        return draw(st.tuples(*[st.integers(least, most)] * rank))

    space, window = per_axis(1, longest), per_axis(1, 3)
    stride, dilation = per_axis(1, 4), per_axis(1, 3)
    reach = geometry.effective_kernel_size(window, dilation)
    padding: Any = []
    for n, r in zip(space, reach, strict=True):
        begin = draw(st.integers(-2, r + 1))
        padding.append((begin, draw(st.integers(max(-2, r - n - begin), r + 3))))
    words = ["same", "circular"] + ["valid"] * all(
        n >= r for n, r in zip(space, reach, strict=True)
    )
    padding = draw(st.sampled_from([padding, *words]))
    groups, each_in, each_out = draw(st.tuples(*[st.integers(1, 3)] * 3))
    batch, seed = draw(st.integers(0, 3)), draw(st.integers(0, 999))
    x = integers((batch, groups * each_in, *space), seed)
    kernel = integers((groups * each_out, each_in, *window), seed + 1)
    arguments = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return x, kernel, arguments


# A second opinion: the formulas of the design page, one multiplication at a time.


def loops(
    narrow_side: Array,
    kernel: Array,
    wide_side: Array,
    arguments: dict[str, Any],
    begin: tuple[int, ...],
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    """Every index of small, kernel and large that meet in i s + a d - b."""
    groups, stride, dilation = (arguments[key] for key in ("groups", "stride", "dilation"))
    each_small, each_large = narrow_side.shape[1] // groups, kernel.shape[1]
    for n, c, j in product(
        range(narrow_side.shape[0]), range(narrow_side.shape[1]), range(each_large)
    ):
        channel = c // each_small * each_large + j
        for i in np.ndindex(*narrow_side.shape[2:]):
            for a in np.ndindex(*kernel.shape[2:]):
                at = tuple(
                    i_ * s + a_ * d - b
                    for i_, a_, s, d, b in zip(i, a, stride, dilation, begin, strict=True)
                )
                if arguments["padding"] == "circular":
                    at = tuple(p % m for p, m in zip(at, wide_side.shape[2:], strict=True))
                if all(0 <= p < m for p, m in zip(at, wide_side.shape[2:], strict=True)):
                    yield (n, c, *i), (c, j, *a), (n, channel, *at)


def lengths_and_begins(
    space: tuple[int, ...], window: tuple[int, ...], arguments: dict[str, Any]
) -> tuple[list[int], tuple[int, ...]]:
    """The output lengths of a transposed convolution, as the design page has them."""
    out, begins = [], []
    for axis, (n, k) in enumerate(zip(space, window, strict=True)):
        s, d = arguments["stride"][axis], arguments["dilation"][axis]
        p = arguments["output_padding"][axis]
        full = (n - 1) * s + d * (k - 1) + 1
        if arguments["padding"] in ("same", "circular"):
            begin = max(d * (k - 1) + 1 - s, 0) // 2
            out.append(n * s + p)
        else:
            valid = arguments["padding"] == "valid"
            begin, end = (0, 0) if valid else arguments["padding"][axis]
            out.append(full - begin - end + p)
        begins.append(begin)
    return out, tuple(begins)


@exhaustive
@given(transposed())
def test_conv_transpose_is_the_sum_of_the_design_page(case: Any) -> None:
    x, kernel, arguments = case
    out, begins = lengths_and_begins(x.shape[2:], kernel.shape[2:], arguments)
    y = np.zeros((len(x), kernel.shape[1] * arguments["groups"], *out), np.int64)
    for narrow_side, tap, wide_side in loops(x, kernel, y, arguments, begins):
        y[wide_side] += x[narrow_side] * kernel[tap]
    np.testing.assert_array_equal(oracle.conv_transpose(x, kernel, **arguments), y, strict=True)


@exhaustive
@given(convolved())
def test_conv_is_cross_correlation(case: Any) -> None:
    x, kernel, arguments = case
    got = oracle.conv(x, kernel, **arguments)
    pairs = geometry.conv_padding(
        arguments["padding"],
        x.shape[2:],
        kernel.shape[2:],
        arguments["stride"],
        arguments["dilation"],
    )
    y = np.zeros_like(got)
    for narrow_side, tap, wide_side in loops(y, kernel, x, arguments, tuple(b for b, _ in pairs)):
        y[narrow_side] += x[wide_side] * kernel[tap]
    np.testing.assert_array_equal(got, y, strict=True)


# Adjointness


@exhaustive
@given(transposed(), st.integers(0, 999))
def test_conv_transpose_is_the_adjoint_of_conv(case: Any, seed: int) -> None:
    x, kernel, arguments = case
    assume(arguments["padding"] != "circular")  # the numbers below are zeros
    y = oracle.conv_transpose(x, kernel, **arguments)
    u = integers(y.shape, seed)
    pairs = geometry.conv_transpose_padding(
        arguments["padding"], kernel.shape[2:], arguments["stride"], arguments["dilation"]
    )
    # Output padding lies past what a convolution of x's length reads: crop or extend its end.
    reach = geometry.effective_kernel_size(kernel.shape[2:], arguments["dilation"])
    needed = [
        (n - 1) * s + r - b - m
        for n, s, r, (b, _), m in zip(
            x.shape[2:], arguments["stride"], reach, pairs, y.shape[2:], strict=True
        )
    ]
    padding = [(b, e) for (b, _), e in zip(pairs, needed, strict=True)]
    back = oracle.conv(
        u, kernel, **{**arguments_but(arguments, "output_padding"), "padding": padding}
    )
    assert (back * x).sum() == (u * y).sum()


@exhaustive
@given(transposed(), st.integers(0, 999))
def test_a_circular_conv_transpose_is_the_adjoint_of_a_circular_conv(case: Any, seed: int) -> None:
    x, kernel, arguments = case
    arguments = {**arguments_but(arguments, "output_padding"), "padding": "circular"}
    y = oracle.conv_transpose(x, kernel, **arguments)
    u = integers(y.shape, seed)
    assert (oracle.conv(u, kernel, **arguments) * x).sum() == (u * y).sum()
    matrix = oracle.conv_matrix(kernel, y.shape[2:], **arguments)
    rows = x.reshape(len(x), matrix.shape[0])
    np.testing.assert_array_equal(rows @ matrix, y.reshape(len(x), matrix.shape[1]))


@exhaustive
@given(transposed(), st.integers(0, 999))
def test_gradients_of_conv_transpose_are_its_adjoints(case: Any, seed: int) -> None:
    x, kernel, arguments = case
    y = oracle.conv_transpose(x, kernel, **arguments)
    u = integers(y.shape, seed)
    by_x = oracle.conv_transpose_input_gradient(x.shape, kernel, u, **arguments)
    by_kernel = oracle.conv_transpose_kernel_gradient(x, kernel.shape, u, **arguments)
    assert (by_x.shape, by_kernel.shape) == (x.shape, kernel.shape)
    assert (u * y).sum() == (by_x * x).sum() == (by_kernel * kernel).sum()


@exhaustive
@given(convolved(), st.integers(0, 999))
def test_gradients_of_conv_are_its_adjoints(case: Any, seed: int) -> None:
    x, kernel, arguments = case
    y = oracle.conv(x, kernel, **arguments)
    u = integers(y.shape, seed)
    by_x = oracle.conv_input_gradient(x.shape, kernel, u, **arguments)
    by_kernel = oracle.conv_kernel_gradient(x, kernel.shape, u, **arguments)
    assert (by_x.shape, by_kernel.shape) == (x.shape, kernel.shape)
    assert (u * y).sum() == (by_x * x).sum() == (by_kernel * kernel).sum()


def slopes(operator: Any, at: Array, gradient: Array) -> Array:
    """<gradient, operator(at + e) - operator(at)> for every unit vector e: exact if linear."""
    result = np.zeros_like(at)
    for where in np.ndindex(*at.shape):
        moved = at.copy()
        moved[where] += 1
        result[where] = (gradient * (operator(moved) - operator(at))).sum()
    return result


SLOPED = {
    "stride": (2, 3),
    "padding": ((1, 0), (-1, 2)),
    "dilation": (2, 1),
    "groups": 2,
}


@pytest.mark.parametrize("name", ["conv", "conv_transpose"])
def test_gradients_are_finite_differences(name: str) -> None:
    x, kernel = integers((2, 4, 5, 6), 1), integers((4, 2, 2, 3), 2)
    arguments = {**SLOPED, "output_padding": (1, 4)} if name == "conv_transpose" else SLOPED
    operator = getattr(oracle, name)
    u = integers(operator(x, kernel, **arguments).shape, 3)
    by_x = getattr(oracle, f"{name}_input_gradient")(x.shape, kernel, u, **arguments)
    by_kernel = getattr(oracle, f"{name}_kernel_gradient")(x, kernel.shape, u, **arguments)
    np.testing.assert_array_equal(
        by_x, slopes(lambda moved: operator(moved, kernel, **arguments), x, u)
    )
    np.testing.assert_array_equal(
        by_kernel, slopes(lambda moved: operator(x, moved, **arguments), kernel, u)
    )


def test_input_that_a_stride_leaves_over_gets_no_gradient() -> None:
    gradient = oracle.conv_input_gradient((1, 1, 6), [[[1, 2]]], [[[1, 1]]], stride=3)
    assert gradient.tolist() == [[[1, 2, 0, 1, 2, 0]]]


# Matrices


@exhaustive
@given(convolved())
def test_a_convolution_is_its_matrix(case: Any) -> None:
    x, kernel, arguments = case
    matrix = oracle.conv_matrix(kernel, x.shape[2:], **arguments)
    y = oracle.conv(x, kernel, **arguments)
    flat, rows = x.reshape(len(x), matrix.shape[1]), y.reshape(len(x), matrix.shape[0])
    np.testing.assert_array_equal(flat @ matrix.T, rows)


@exhaustive
@given(convolved(), st.integers(0, 999))
def test_a_transposed_convolution_is_the_transposed_matrix(case: Any, seed: int) -> None:
    x, kernel, arguments = case
    assume(arguments["padding"] != "circular")  # the numbers below are zeros
    out = oracle.conv(x[:0], kernel, **arguments).shape[1:]
    matrix = oracle.conv_matrix(kernel, x.shape[2:], **arguments)
    u = integers((2, *out), seed)
    space, window, stride = x.shape[2:], kernel.shape[2:], arguments["stride"]
    pairs = geometry.conv_padding(
        arguments["padding"], space, window, stride, arguments["dilation"]
    )
    full = geometry.conv_transpose_space(
        out[1:], window, stride, ((0, 0),) * len(space), (0,) * len(space), arguments["dilation"]
    )
    padding = [(b, f - b - n) for (b, _), f, n in zip(pairs, full, space, strict=True)]
    y = oracle.conv_transpose(u, kernel, **{**arguments, "padding": padding})
    np.testing.assert_array_equal(u.reshape(2, -1) @ matrix, y.reshape(2, -1))


def test_the_matrix_of_a_2x2_kernel_on_3x3() -> None:
    matrix = oracle.conv_matrix([[[[1, 2], [3, 4]]]], (3, 3))
    assert matrix.tolist() == [
        [1, 2, 0, 3, 4, 0, 0, 0, 0],
        [0, 1, 2, 0, 3, 4, 0, 0, 0],
        [0, 0, 0, 1, 2, 0, 3, 4, 0],
        [0, 0, 0, 0, 1, 2, 0, 3, 4],
    ]


def test_an_infinite_kernel_leaves_the_zeros_of_its_matrix() -> None:
    matrix = oracle.conv_matrix([[[np.inf]]], (2,))
    assert matrix.tolist() == [[np.inf, 0], [0, np.inf]]


# By hand


def test_a_2x2_input_through_a_2x2_kernel() -> None:
    y = oracle.conv_transpose([[[[0, 1], [2, 3]]]], [[[[0, 1], [2, 3]]]])
    assert y.tolist() == [[[[0, 0, 1], [0, 4, 6], [4, 12, 9]]]]


def test_a_stride_spreads_the_input() -> None:
    y = oracle.conv_transpose([[[1, 2]]], [[[1, 10, 100]]], stride=2)
    assert y.tolist() == [[[1, 10, 102, 20, 200]]]


def test_a_dilation_spreads_the_kernel() -> None:
    y = oracle.conv_transpose([[[1, 2]]], [[[1, 10]]], dilation=2)
    assert y.tolist() == [[[1, 2, 10, 20]]]


def test_padding_crops_the_output() -> None:
    y = oracle.conv_transpose([[[1, 2]]], [[[1, 10, 100]]], stride=2, padding=[(1, 2)])
    assert y.tolist() == [[[10, 102]]]


def test_negative_padding_extends_the_output_with_zeros() -> None:
    y = oracle.conv_transpose([[[5]]], [[[1, 2]]], padding=[(-1, -2)])
    assert y.tolist() == [[[0, 5, 10, 0, 0]]]


def test_output_padding_uncovers_what_padding_cropped() -> None:
    y = oracle.conv_transpose([[[1, 2]]], [[[1, 10, 100]]], stride=2, padding=1, output_padding=1)
    assert y.tolist() == [[[10, 102, 20, 200]]]


def test_positions_past_the_full_output_hold_the_bias() -> None:
    y = oracle.conv_transpose([[[1]]], [[[1]]], output_padding=3, bias=[7])
    assert y.tolist() == [[[8, 7, 7, 7]]]


def test_groups_are_consecutive_channels() -> None:
    x, kernel = [[[1], [2], [3], [4]]], [[[1]], [[10]], [[100]], [[1000]]]
    assert oracle.conv_transpose(x, kernel, groups=2).tolist() == [[[21], [4300]]]


def test_a_bias_is_added_to_its_channel() -> None:
    y = oracle.conv([[[1, 2]]], [[[1]], [[10]]], bias=[100, 200])
    assert y.tolist() == [[[101, 102], [210, 220]]]


@pytest.mark.parametrize(
    ("bias", "expected"),
    [
        ([[[100, 200]]], [[[101, 202], [110, 220]]]),
        ([[[100], [200]]], [[[101, 102], [210, 220]]]),
        ([[[100, 200], [300, 400]]], [[[101, 202], [310, 420]]]),
    ],
)
def test_a_bias_of_as_many_axes_as_the_output_is_broadcast_to_it(
    bias: list[Any], expected: list[Any]
) -> None:
    assert oracle.conv([[[1, 2]]], [[[1]], [[10]]], bias=bias).tolist() == expected
    assert oracle.conv_transpose([[[1, 2]]], [[[1], [10]]], bias=bias).tolist() == expected


def test_a_bias_that_would_lengthen_the_output_is_refused() -> None:
    with pytest.raises(ValueError, match=r"bias of shape \(1, 2, 1\) does not fit .*\(1, 1, 2\)"):
        oracle.conv([[[1, 2]]], [[[1]]], bias=[[[1], [2]]])


@exhaustive
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 999))
def test_in_one_dimension_it_is_numpy_convolve(n: int, k: int, seed: int) -> None:
    x, kernel = integers((n,), seed), integers((k,), seed + 1)
    y = oracle.conv_transpose(x[None, None], kernel[None, None])
    np.testing.assert_array_equal(y[0, 0], np.convolve(x, kernel))


# Same and valid

LENGTHS = list(product((1, 4, 5), (1, 2, 3, 4), (1, 2, 3), (1, 2)))


@pytest.mark.parametrize(("n", "k", "s", "d"), LENGTHS)
def test_same_gives_n_s_elements(n: int, k: int, s: int, d: int) -> None:
    x, kernel = np.ones((1, 1, n)), np.ones((1, 1, k))
    y = oracle.conv_transpose(x, kernel, stride=s, dilation=d, padding="same")
    assert y.shape == (1, 1, n * s)


@pytest.mark.parametrize(("n", "k", "s", "d"), LENGTHS)
def test_same_is_the_adjoint_of_same_convolution_on_n_s_elements(
    n: int, k: int, s: int, d: int
) -> None:
    x, kernel, u = integers((1, 1, n), 1), integers((1, 1, k), 2), integers((1, 1, n * s), 3)
    y = oracle.conv_transpose(x, kernel, stride=s, dilation=d, padding="same")
    back = oracle.conv(u, kernel, stride=s, dilation=d, padding="same")
    assert (u * y).sum() == (back * x).sum()


def test_same_crops_the_odd_element_at_the_end() -> None:
    y = oracle.conv_transpose([[[1, 0, 0]]], [[[1, 2, 3, 4]]], padding="same")
    assert y.tolist() == [[[2, 3, 4]]]


def test_same_fills_up_where_the_kernel_is_shorter_than_the_stride() -> None:
    y = oracle.conv_transpose([[[1, 2]]], [[[1]]], stride=3, padding="same")
    assert y.tolist() == [[[1, 0, 0, 2, 0, 0]]]


def test_valid_ends_with_the_kernel_even_where_it_is_shorter_than_the_stride() -> None:
    y = oracle.conv_transpose([[[1, 2]]], [[[1]]], stride=3, padding="valid")
    assert y.tolist() == [[[1, 0, 0, 2]]]


def test_same_convolution_gives_as_many_elements_as_the_stride_divides_into() -> None:
    assert oracle.conv(np.ones((1, 1, 5)), [[[1, 1, 1]]], stride=2, padding="same").tolist() == [
        [[2, 3, 2]]
    ]


# Dtypes

DTYPES = ["float16", "float32", "float64", "int8", "int32", "int64", "uint8", "uint64"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["conv", "conv_transpose"])
def test_the_result_has_the_dtype_of_its_arrays(name: str, dtype: str) -> None:
    operator = getattr(oracle, name)
    y = operator(np.ones((1, 2, 3), dtype), np.ones((2, 2, 2), dtype), bias=np.ones(2, dtype))
    assert y.dtype == dtype
    assert y.max() == 5


@pytest.mark.parametrize("name", ["conv", "conv_transpose"])
def test_gradients_have_the_dtype_of_what_they_are_made_of(name: str) -> None:
    x, kernel, u = np.ones((1, 1, 3), "f4"), np.ones((1, 1, 1), "f8"), np.ones((1, 1, 3), "f2")
    by_x = getattr(oracle, f"{name}_input_gradient")(x.shape, kernel, u)
    by_kernel = getattr(oracle, f"{name}_kernel_gradient")(x, kernel.shape, u)
    assert (by_x.dtype, by_kernel.dtype) == ("f8", "f4")


PROMOTED = [
    ("float16", "float32", "float32"),
    ("float32", "float64", "float64"),
    ("int32", "float32", "float64"),
    ("int32", "int64", "int64"),
    ("int64", "complex64", "complex128"),
    ("float16", "complex64", "complex64"),
]


@pytest.mark.parametrize(("first", "second", "promoted"), PROMOTED)
@pytest.mark.parametrize("name", ["conv", "conv_transpose"])
def test_two_dtypes_are_promoted_as_numpy_promotes_them(
    name: str, first: str, second: str, promoted: str
) -> None:
    operator = getattr(oracle, name)
    for x_dtype, kernel_dtype in ((first, second), (second, first)):
        y = operator(np.ones((1, 2, 3), x_dtype), np.full((2, 2, 2), 3, kernel_dtype))
        assert y.dtype == promoted
        assert y.max() == 12


def test_a_product_of_two_dtypes_is_rounded_in_the_promoted_one() -> None:
    # float16 holds neither 2049 nor the product of 2048 and 1.0009765625.
    y = oracle.conv_transpose(np.array([[[2048.0]]], "f4"), np.array([[[1 + 2.0**-10]]], "f2"))
    assert y.item() == 2050
    y = oracle.conv_transpose(np.array([[[16777217]]], "i4"), np.array([[[1.0]]], "f4"))
    assert y.item() == 16777217


def test_complex_numbers_are_multiplied_without_a_conjugate() -> None:
    x, kernel = np.array([[[1 + 2j, 3]]], "c8"), np.array([[[1, 2 - 1j]]], "c8")
    y = oracle.conv_transpose(x, kernel)
    assert y.dtype == "c8"
    assert y.tolist() == [[[1 + 2j, 7 + 3j, 6 - 3j]]]
    by_x = oracle.conv_transpose_input_gradient(x.shape, kernel, np.array([[[1, 1j, 2]]], "c8"))
    assert by_x.tolist() == [[[2 + 2j, 4 - 1j]]]


def test_a_number_that_is_not_finite_stays_where_the_kernel_takes_it() -> None:
    x = np.array([[[np.inf, 1, np.nan, 2]]], "f4")
    y = oracle.conv_transpose(x, [[[1, 10]]], stride=3)
    expected = [np.inf, np.inf, 0, 1, 10, 0, np.nan, np.nan, 0, 2, 20]
    np.testing.assert_array_equal(y.ravel(), expected)
    # Here 0 and infinity do meet.
    y = oracle.conv_transpose(x, [[[0, 10]]], stride=3)
    expected = [np.nan, np.inf, 0, 0, 10, 0, np.nan, np.nan, 0, 0, 20]
    np.testing.assert_array_equal(y.ravel(), expected)


def test_float16_overflows_only_where_the_whole_sum_does() -> None:
    x, kernel = np.array([[[40000.0], [40000], [-40000]]], "f2"), np.ones((3, 1, 1), "f2")
    assert oracle.conv_transpose(x, kernel).item() == 40000
    assert oracle.conv_transpose(np.abs(x), kernel).item() == np.inf


def test_float16_is_rounded_only_once() -> None:
    # In float16, 2048 + 1 = 2048: adding one at a time would never leave it.
    x = np.array([2048, *[1] * 8], np.float16).reshape(1, 9, 1)
    y = oracle.conv_transpose(x, np.ones((9, 1, 1), np.float16))
    assert y.item() == 2056


def test_float16_kernels_of_many_elements_are_rounded_only_once() -> None:
    x = np.array([[[2048, *[1] * 8]]], np.float16)
    y = oracle.conv(x, np.ones((1, 1, 9), np.float16))
    assert y.item() == 2056


def test_int64_is_exact_where_float64_is_not() -> None:
    y = oracle.conv_transpose([[[2**53 + 1]]], [[[1]]])
    assert y.item() == 2**53 + 1


def test_integers_of_different_widths_are_multiplied_in_the_widest() -> None:
    gradient = oracle.conv_kernel_gradient([[[1000]]], (1, 1, 1), np.ones((1, 1, 1), np.int8))
    assert gradient.item() == 1000


def test_small_integers_are_summed_in_large_ones() -> None:
    x = np.array([100, 100, -100], np.int8).reshape(1, 3, 1)
    y = oracle.conv(x, np.ones((1, 3, 1), np.int8))
    assert y.item() == 100


def test_arrays_in_other_layouts_and_byte_orders_give_the_same() -> None:
    x, kernel = integers((2, 3, 4, 5), 1, "f4"), integers((3, 2, 2, 3), 2, "f4")
    y = oracle.conv_transpose(x, kernel, stride=2)
    other = oracle.conv_transpose(
        np.asfortranarray(x), kernel[..., ::-1].astype(">f4")[..., ::-1], stride=2
    )
    np.testing.assert_array_equal(other, y)


def test_operands_are_left_alone() -> None:
    x, kernel, bias = np.ones((1, 1, 2)), np.ones((1, 1, 1)), np.ones(1)
    y = oracle.conv_transpose(x, kernel, bias=bias)
    y += 1
    assert x.tolist() == [[[1, 1]]]
    assert bias.tolist() == [1]


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_many_samples_are_answered_as_one_by_one(dtype: str) -> None:
    x, kernel = integers((5, 8, 30, 30), 1, dtype), integers((8, 4, 5, 5), 2, dtype)
    together = oracle.conv_transpose(x, kernel, stride=2, groups=2)
    alone = [oracle.conv_transpose(x[i : i + 1], kernel, stride=2, groups=2) for i in range(5)]
    np.testing.assert_array_equal(together, np.concatenate(alone))


# Nothing, infinity and what is no number


def test_no_samples_give_no_samples() -> None:
    x, kernel = np.zeros((0, 2, 3)), np.ones((2, 4, 3))
    y = oracle.conv_transpose(x, kernel, stride=2)
    assert y.shape == (0, 4, 7)
    assert oracle.conv(y, kernel, stride=2).shape == x.shape
    by_kernel = oracle.conv_transpose_kernel_gradient(x, kernel.shape, y, stride=2)
    assert by_kernel.shape == kernel.shape
    assert not by_kernel.any()


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_in_x_reaches_only_where_the_kernel_takes_it(value: float) -> None:
    y = oracle.conv_transpose([[[1, value, 1]]], [[[1, 2]]], stride=3)
    assert np.isfinite(y).tolist() == [[[True, True, True, False, False, True, True, True]]]


def test_zero_times_infinity_in_the_arrays_is_not_a_number() -> None:
    y = oracle.conv_transpose([[[0.0, 1.0]]], [[[np.inf, 1]]], stride=2)
    np.testing.assert_array_equal(y, [[[np.nan, 0, np.inf, 1]]])


def test_an_infinite_kernel_meets_no_inserted_zeros() -> None:
    kernel = np.full((1, 1, 3), np.inf)
    y = oracle.conv_transpose(np.ones((1, 1, 2)), kernel, stride=4, padding=[(1, -3)])
    assert y.tolist() == [[[np.inf, np.inf, 0, np.inf, np.inf, np.inf, 0, 0, 0]]]


def test_an_infinite_kernel_meets_no_padding() -> None:
    y = oracle.conv([[[1.0, 2.0]]], [[[np.inf, 1, np.inf]]], padding=1)
    assert y.tolist() == [[[np.inf, np.inf]]]


def test_float16_overflows_to_infinity_without_a_warning() -> None:
    y = oracle.conv_transpose(np.full((1, 1, 1), 60000, np.float16), np.full((1, 1, 1), 2, "f2"))
    assert y.item() == np.inf


# Scaling up


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_bilinear_kernel_interpolates_away_from_the_border(rank: int, factor: int) -> None:
    x = integers((2, 3, *(4, 5, 3)[:rank]), 1, "f8")
    y = oracle.conv_transpose(
        x,
        oracle.bilinear_kernel(factor, 3, rank),
        stride=factor,
        padding=-(-(factor - 1) // 2),
        groups=3,
    )
    whole = oracle.interpolate(x, factor)
    assert y.shape == whole.shape
    inside = (..., *[slice(factor, -factor)] * rank)
    np.testing.assert_allclose(y[inside], whole[inside], atol=1e-6)


def test_interpolation_takes_centres_and_repeats_edges() -> None:
    y = oracle.interpolate(np.array([[[0.0, 4.0, 8.0]]]), 2)
    assert y.tolist() == [[[0, 1, 3, 5, 7, 8]]]


def test_interpolation_has_a_factor_for_each_axis() -> None:
    y = oracle.interpolate(np.array([[[[0.0, 4.0]]]], np.float32), (1, 2))
    assert y.tolist() == [[[[0, 1, 3, 4]]]]
    assert y.dtype == np.float32


def test_interpolation_keeps_an_infinity_to_its_neighbourhood() -> None:
    y = oracle.interpolate(np.array([[[0.0, 0.0, np.inf]]]), 3)
    assert y.tolist() == [[[0, 0, 0, 0, 0, np.inf, np.inf, np.inf, np.inf]]]


def test_integers_are_not_interpolated() -> None:
    with pytest.raises(ValueError, match=r"x must be of a float dtype .* got int64"):
        oracle.interpolate(np.ones((1, 1, 2), np.int64), 2)


def test_the_bilinear_kernel_of_2_has_quarters() -> None:
    kernel = oracle.bilinear_kernel(2, 3, 1)
    assert kernel.dtype == np.float32
    assert kernel.tolist() == [[[0.25, 0.75, 0.75, 0.25]]] * 3


def test_the_bilinear_kernel_has_a_factor_for_each_axis() -> None:
    assert oracle.bilinear_kernel((2, 3), 1, 2).shape == (1, 1, 4, 5)
