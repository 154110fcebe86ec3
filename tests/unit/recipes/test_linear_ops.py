"""Maps, run as the code that they are: what they do, and that their adjoints are adjoints."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.recipes import linear_ops
from conformance.recipes.linear_ops import LinearOp

Maps = tuple[LinearOp, ...]


def run(lines: list[str], x: np.ndarray) -> np.ndarray:
    namespace = {"np": np, "x": x.copy()}
    exec("\n".join(lines), namespace)
    return namespace["x"]


def there(mapped: Maps, x: np.ndarray) -> np.ndarray:
    return run(linear_ops.apply(mapped, "x"), x)


def back(mapped: Maps, y: np.ndarray) -> np.ndarray:
    return run(linear_ops.apply_adjoint(mapped, "x"), y)


def line(*numbers: int) -> np.ndarray:
    """(1, 1, n)"""
    return np.array([[numbers]])


def integers(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-9, 10, shape)


# What they do


def test_permuting_puts_the_named_axes_first() -> None:
    assert there(linear_ops.permute((0, 2, 1)), np.zeros((1, 2, 3))).shape == (1, 3, 2)


def test_an_order_that_is_the_same_needs_no_line() -> None:
    assert linear_ops.permute((0, 1, 2)) == ()


def test_flipping_turns_every_spatial_axis() -> None:
    assert there(linear_ops.flip(2), np.array([[[[1, 2], [3, 4]]]])).tolist() == [
        [[[4, 3], [2, 1]]]
    ]


def test_flipping_leaves_channels_in_order() -> None:
    assert there(linear_ops.flip(1), np.array([[[1, 2], [3, 4]]])).tolist() == [[[2, 1], [4, 3]]]


def test_dilating_puts_zeros_between_neighbours() -> None:
    assert there(linear_ops.dilate((1, 1, 3), (2,)), line(1, 2, 3)).tolist() == [[[1, 0, 2, 0, 3]]]


def test_dilating_keeps_the_dtype() -> None:
    x = np.ones((1, 1, 2), np.float32)
    assert there(linear_ops.dilate(x.shape, (2,)), x).dtype == np.float32


@pytest.mark.parametrize(
    ("grow", "kept"),
    [
        ((0, 0), [1, 2, 3]),
        ((1, 0), [0, 1, 2, 3]),
        ((0, 2), [1, 2, 3, 0, 0]),
        ((-1, 0), [2, 3]),
        ((0, -1), [1, 2]),
        ((-1, -1), [2]),
        ((-1, 1), [2, 3, 0]),
        ((1, -1), [0, 1, 2]),
        ((2, -3), [0, 0]),
        ((-3, 2), [0, 0]),
        ((-5, 4), [0, 0]),
        ((4, -5), [0, 0]),
        ((-3, 0), []),
    ],
)
def test_a_window_shows_what_is_there_and_zeros_beyond(
    grow: tuple[int, int], kept: list[int]
) -> None:
    assert there(linear_ops.window((3,), (grow,)), line(1, 2, 3)).tolist() == [[kept]]


@pytest.mark.parametrize(
    ("period", "begin", "folded"),
    [
        (3, 0, [1 + 4, 2 + 5, 3]),
        (3, 1, [2 + 5, 3, 1 + 4]),
        (2, 3, [2 + 4, 1 + 3 + 5]),
        (6, -2, [5, 0, 1, 2, 3, 4]),
    ],
)
def test_folding_adds_what_lies_beyond_an_end_at_the_other(
    period: int, begin: int, folded: list[int]
) -> None:
    ops = linear_ops.fold((5,), (period,), (begin,))
    assert there(ops, line(1, 2, 3, 4, 5)).tolist() == [[folded]]


def test_folding_keeps_the_dtype() -> None:
    x = np.ones((1, 1, 3), np.int32)
    assert there(linear_ops.fold((3,), (2,), (0,)), x).dtype == np.int32


def test_a_window_that_shows_all_needs_no_line() -> None:
    assert linear_ops.window((3, 4), ((0, 0), (0, 0))) == ()


def test_each_axis_has_its_own_window() -> None:
    x = np.array([[[[1, 2], [3, 4]]]])
    assert there(linear_ops.window((2, 2), ((-1, 0), (0, 1))), x).tolist() == [[[[3, 4, 0]]]]


def test_groups_stand_along_a_diagonal_of_zeros() -> None:
    w = np.array([[[1]], [[2]], [[3]], [[4]]])
    mapped = there(linear_ops.blocks(2, 4, 1), w)[:, :, 0]
    assert mapped.tolist() == [[1, 0], [2, 0], [0, 3], [0, 4]]


def test_a_block_that_is_not_finite_leaves_the_zeros_as_they_are() -> None:
    mapped = there(linear_ops.blocks(2, 2, 1), np.array([[[np.inf]], [[1]]]))[:, :, 0]
    assert mapped.tolist() == [[np.inf, 0], [0, 1]]


def test_channels_are_exchanged_in_each_group() -> None:
    w = np.array([[[1], [2], [3]], [[4], [5], [6]], [[7], [8], [9]], [[10], [11], [12]]])
    mapped = there(linear_ops.exchange_in_groups(2, 4, 3), w)[:, :, 0]
    assert mapped.tolist() == [[1, 4], [2, 5], [3, 6], [7, 10], [8, 11], [9, 12]]


def test_one_channel_a_group_is_exchanged_by_no_line() -> None:
    assert linear_ops.exchange_in_groups(3, 3, 1) == ()


def test_maps_are_applied_in_order() -> None:
    both = linear_ops.window((2,), ((1, 0),)) + linear_ops.flip(1)
    assert there(both, line(1, 2)).tolist() == [[[2, 1, 0]]]


# Adjoints: <M x, y> == <x, M* y>

SEEDS = st.integers(0, 1000)
LENGTHS = st.integers(1, 4)


def assert_adjoint(mapped: Maps, shape: tuple[int, ...], seed: int) -> None:
    x = integers(shape, seed)
    mapped_x = there(mapped, x)
    y = integers(mapped_x.shape, seed + 1)
    mapped_y = back(mapped, y)
    assert mapped_y.shape == x.shape
    assert (mapped_x * y).sum() == (x * mapped_y).sum()


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_permuting_back_is_the_adjoint(order: tuple[int, ...]) -> None:
    assert_adjoint(linear_ops.permute(order), (1, 2, 3, 4), seed=0)


@given(st.lists(LENGTHS, min_size=1, max_size=3), SEEDS)
def test_flipping_is_its_own_adjoint(space: list[int], seed: int) -> None:
    assert_adjoint(linear_ops.flip(len(space)), (2, 1, *space), seed)


@given(st.lists(st.tuples(LENGTHS, st.integers(1, 3)), min_size=1, max_size=3), SEEDS)
def test_taking_every_dth_is_the_adjoint_of_dilating(
    axes: list[tuple[int, int]], seed: int
) -> None:
    space, dilation = zip(*axes, strict=True)
    assert_adjoint(linear_ops.dilate((1, 2, *space), dilation), (1, 2, *space), seed)


@given(LENGTHS, LENGTHS, LENGTHS, st.lists(LENGTHS, min_size=1, max_size=3), SEEDS)
def test_what_becomes_of_groups_has_an_adjoint(
    groups: int, inner: int, second: int, space: list[int], seed: int
) -> None:
    shape = (groups * inner, second, *space)
    assert_adjoint(linear_ops.blocks(groups, groups * inner, second), shape, seed)
    assert_adjoint(linear_ops.exchange_in_groups(groups, groups * inner, second), shape, seed)


@st.composite
def framed(draw: st.DrawFn) -> tuple[int, tuple[int, int]]:
    """A length, and a window over it that shows at least one element, anywhere."""
    n = draw(LENGTHS)
    begin = draw(st.integers(-7, 7))
    return n, (begin, draw(st.integers(1 - n - begin, 7 - begin)))


@given(st.lists(framed(), min_size=1, max_size=3), SEEDS)
def test_a_window_has_an_adjoint(axes: list[tuple[int, tuple[int, int]]], seed: int) -> None:
    lengths, grow = zip(*axes, strict=True)
    assert_adjoint(linear_ops.window(lengths, grow), (1, 2, *lengths), seed)


@given(framed(), SEEDS)
def test_a_row_of_maps_goes_back_from_the_last(
    axis: tuple[int, tuple[int, int]], seed: int
) -> None:
    n, grow = axis
    row = linear_ops.window((n,), (grow,)) + linear_ops.flip(1) + linear_ops.permute((2, 0, 1))
    assert_adjoint(row, (2, 1, n), seed)
