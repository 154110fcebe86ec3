"""Spans: what versions in a row have in common, and since when or until when."""

import pytest

from conformance.history.version_ranges import Span, State, row, spans

LEFT, RIGHT = State("other", "left"), State("right", "right")
BY_LETTER = {"l": LEFT, "r": RIGHT, ".": None}


@pytest.mark.parametrize(
    ("letters", "found"),
    [
        ("lll", [(0, 2, LEFT)]),
        ("llr", [(0, 1, LEFT), (2, 2, RIGHT)]),
        ("lrl", [(0, 0, LEFT), (1, 1, RIGHT), (2, 2, LEFT)]),
        ("l.l", [(0, 2, LEFT)]),
        ("l.r", [(0, 0, LEFT), (2, 2, RIGHT)]),
        (".l.", [(1, 1, LEFT)]),
        ("...", []),
    ],
)
def test_versions_in_a_row(letters: str, found: list[tuple[int, int, State]]) -> None:
    assert row(BY_LETTER[letter] for letter in letters) == found


def test_spans_say_until_when_which_ones_and_since_when() -> None:
    states = row(BY_LETTER[letter] for letter in "llrlllr")
    assert spans("1234567", states) == (
        Span("until 2", LEFT),
        Span("3", RIGHT),
        Span("4 to 6", LEFT),
        Span("from 7", RIGHT),
    )
