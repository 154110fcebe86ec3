"""What is printed is printed, and is nothing that a terminal or a CI service would obey."""

import pytest

from conformance.utils.printable import PrintableError, printable, printable_lines


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("größer als ∅", "größer als ∅"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("over\rwritten", "over\\rwritten"),
        ("two\nlines", "two\\nlines"),
        ("\x85\u2028\u2029\x0b\x0c\x1c", "\\x85\\u2028\\u2029\\x0b\\x0c\\x1c"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("half \ud800 a pair", "half \\ud800 a pair"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
    ],
)
def test_what_is_not_printed_is_written_as_its_escape(words: str, wanted: str) -> None:
    assert printable(words) == wanted
    assert printable(wanted) == wanted


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("::error::x", "\\x3a:error::x"),
        ("a ::add-mask::x", "a \\x3a:add-mask::x"),
        ("::Warning file=a::x", "\\x3a:Warning file=a::x"),
        ("##[error]x", "\\x23#[error]x"),
        ("a ##vso[task.setvariable variable=a]b", "a \\x23#vso[task.setvariable variable=a]b"),
        ("##teamcity[buildStop]", "\\x23#teamcity[buildStop]"),
    ],
)
def test_a_command_of_a_ci_service_is_none(words: str, wanted: str) -> None:
    assert printable(words) == wanted


@pytest.mark.parametrize("words", ["std::bad_alloc", "absl::errors", "## heading", "a[0] ## b"])
def test_what_only_looks_like_one_is_left_alone(words: str) -> None:
    assert printable(words) == words


def test_lines_stay_lines() -> None:
    assert printable_lines("one\ntwo\x1b\nthree") == "one\ntwo\\x1b\nthree"


def test_an_error_is_fit_to_print_whatever_it_quotes() -> None:
    assert str(PrintableError("bad \x1b[31m\nworse")) == "bad \\x1b[31m\nworse"
