"""Groups: in the order of their first items, by key or by likeness to the first."""

import pytest

from conformance.utils.grouping import are_mostly_shared, cluster, group


def test_items_are_grouped_by_their_keys_in_their_order() -> None:
    assert group([3, 1, 2, 5], lambda number: number % 2) == {1: [3, 1, 5], 0: [2]}


def test_an_item_joins_the_first_group_whose_first_item_is_like_it() -> None:
    assert cluster([1, 5, 2, 6, 3], lambda first, other: abs(first - other) < 2) == [
        [1, 2],
        [5, 6],
        [3],
    ]


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [("ab", "bc", True), ("abcd", "b", True), ("ab", "cd", False), ("abc", "cde", False)],
)
def test_sets_are_mostly_shared_where_half_of_the_smaller_is(
    first: str, second: str, shared: bool
) -> None:
    assert are_mostly_shared(set(first), set(second)) is shared
