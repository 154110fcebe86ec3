"""Two arrays side by side: what differs can be seen without colour, and nothing runs over."""

import numpy as np
import pytest

from conformance.explain.array_diff import alone, compared

WANTED = np.array([[[[1, 20], [3, 4]]]], np.float32)
GOT = np.array([[[[1, 2], [-3, 4]]]], np.float32)


def lines(drawn) -> list[str]:
    return [line.plain for line in drawn]


def test_numbers_that_differ_carry_a_mark_on_both_sides() -> None:
    assert lines(compared(GOT, WANTED, GOT == WANTED, 80)) == [
        "answer (1, 1, 2, 2)   |   oracle (1, 1, 2, 2)",
        " 1   2*               |    1  20*",
        "-3*  4                |    3*  4",
        "2 of 4 numbers differ (*)",
    ]


def test_of_several_channels_each_is_named_by_its_place() -> None:
    assert lines(alone(np.arange(4).reshape(1, 2, 1, 2), 80)) == ["[0, 0]", "0 1", "[0, 1]", "2 3"]


def test_arrays_of_other_shapes_are_drawn_without_marks() -> None:
    got, wanted = np.array([[[1, 2, 0]]]), np.array([[[1, 2]]])
    assert lines(compared(got, wanted, None, 80)) == [
        "answer (1, 1, 3)   |   oracle (1, 1, 2)",
        "1 2 0              |   1 2",
    ]


@pytest.mark.parametrize("shape", [(1, 1, 0), (1, 1, 0, 2), (1, 1, 2, 0), (0, 1, 2)])
def test_an_empty_array_has_its_shape_only(shape: tuple[int, ...]) -> None:
    empty = np.zeros(shape)
    assert lines(compared(empty, np.array([[[1, 2]]]), None, 80)) == [
        f"answer {shape}   |   oracle (1, 1, 2)",
        f"{' ' * len(f'answer {shape}')}   |   1 2",
    ]
    assert lines(alone(empty, 80)) == [f"0 numbers of shape {shape}"]


def test_one_array_may_have_more_rows_than_the_other() -> None:
    got, wanted = np.array([[1], [2]]), np.array([[1]])
    assert lines(compared(got, wanted, None, 80))[-1] == "2               |"


def test_a_number_alone_is_drawn() -> None:
    assert lines(alone(np.array(10), 80)) == ["10"]


def test_real_numbers_have_all_their_digits() -> None:
    assert lines(alone(np.array([[1 / 3]], np.float32), 80)) == ["0.333333343"]


def test_what_is_too_large_is_listed_from_its_first_difference() -> None:
    wanted = np.zeros((1, 1, 20, 20))
    got = wanted.copy()
    got[0, 0, 3, :8] = -5
    assert lines(compared(got, wanted, got == wanted, 80)) == [
        "8 of 400 numbers of shape (1, 1, 20, 20) differ:",
        "  at            answer  oracle",
        "  [0, 0, 3, 0]      -5       0",
        "  [0, 0, 3, 1]      -5       0",
        "  [0, 0, 3, 2]      -5       0",
        "  [0, 0, 3, 3]      -5       0",
        "  [0, 0, 3, 4]      -5       0",
        "  [0, 0, 3, 5]      -5       0",
        "  and 2 more",
    ]


def test_what_is_too_wide_is_listed() -> None:
    wanted, got = np.zeros((1, 30)), np.zeros((1, 30))
    got[0, 7] = 1
    assert lines(compared(got, wanted, got == wanted, 80))[-1] == "  [0, 7]       1       0"


def test_of_large_arrays_of_other_shapes_the_shapes_are_told() -> None:
    assert lines(compared(np.zeros((20, 20)), np.zeros((20, 21)), None, 80)) == [
        "answer (20, 20), oracle (20, 21)"
    ]


def test_no_line_ends_in_a_space() -> None:
    drawn = lines(compared(GOT, WANTED, GOT == WANTED, 80))
    assert [line for line in drawn if line != line.rstrip()] == []
