"""Excerpts end after a sentence or a word, and hold the word that tells."""

import pytest

from conformance.utils.excerpt import MARK, first, shortened

REFUSAL = (
    "Operation received an exception:Status: 3, message: could not create a primitive descriptor"
    " for a convolution forward propagation primitive"
)


@pytest.mark.parametrize(
    ("words", "length", "wanted"),
    [
        ("short", 5, "short"),
        ("abcdef", 4, "abc…"),
        ("one two three four", 16, "one two three four"),
        ("one two three fourteen", 16, "one two three…"),
        ("one two three four more of it", 16, "one two three four…"),
        ("one, two, three, and a lot more", 15, "one, two, three…"),
        ("It is long enough. And here it goes on", 24, "It is long enough. …"),
        ("A. Then there is more to be said here", 24, "A. Then there is more to…"),
    ],
)
def test_words_are_cut_where_a_reader_would(words: str, length: int, wanted: str) -> None:
    assert shortened(words, length) == wanted


@pytest.mark.parametrize("length", range(75, 96))
def test_the_word_that_is_being_said_is_said_to_its_end(length: int) -> None:
    last = shortened(REFUSAL, length).removesuffix(MARK).split()[-1]
    assert last in REFUSAL.split()


def test_no_excerpt_is_much_longer_than_it_should_be() -> None:
    for length in range(8, len(REFUSAL)):
        assert len(shortened(REFUSAL, length)) <= length + length // 8 + 2


@pytest.mark.parametrize(("names", "words"), [("", ""), ("ab", "a, b"), ("abc", "a, b and 1 more")])
def test_the_first_of_many_names_are_written_and_the_others_counted(names: str, words: str) -> None:
    assert first(names, 2) == words
