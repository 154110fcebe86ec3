"""Words from elsewhere: printed as they are, on one line, and never as markup."""

import pytest

from conformance.utils.text import cell, count, markdown, pattern, plain, sentence, shortened, tick


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("as it is", "as it is"),
        ("two\n  lines\tand a tab", "two lines and a tab"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("turned \u202e around", "turned \\u202e around"),
        ("half \ud800 a character", "half \\ud800 a character"),
        ("größer als ∅", "größer als ∅"),
    ],
)
def test_what_is_not_printed_is_written_as_its_escape(words: str, wanted: str) -> None:
    assert plain(words) == wanted


def test_where_a_file_is_kept_is_left_out() -> None:
    assert plain("at /some/where/site-packages/a.py:3") == "at …/a.py:3"


def test_an_address_on_the_web_is_kept() -> None:
    address = "see https://page.example/some/path.html"
    assert plain(address) == address


def test_an_address_in_memory_is_left_out() -> None:
    assert plain("<object at 0x7f0123456789>") == "<object at 0x…>"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("strides=(2, 2) and 3", "strides=· and ·"),
        ("not [[0, 0], [1, 1]].", "not ·."),
        ("conv2d has no words", "conv2d has no words"),
    ],
)
def test_a_pattern_leaves_numbers_out(words: str, wanted: str) -> None:
    assert pattern(words) == wanted


def test_long_words_are_cut_off_with_a_mark() -> None:
    assert shortened("abcdef", 4) == "abc…"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("a|b", "a\\|b"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("*x* `y` [z]", "\\*x\\* \\`y\\` \\[z\\]"),
        ("conv_transpose", "conv_transpose"),
        ("_so_", "\\_so\\_"),
        ("# a heading", "\\# a heading"),
        ("## ", "\\##"),
        ("#hash", "#&#8288;hash"),
        ("- an item", "\\- an item"),
        ("---", "\\---"),
        ("1. first", "1\\. first"),
        ("12) twelfth", "12\\) twelfth"),
        ("-1 is a number, 1.5 too", "-1 is a number, 1.5 too"),
        ("two\n# lines", "two # lines"),
        ("at https://a.example", "at https&#58;//a.example"),
        ("at www.a.example", "at www&#46;a.example"),
        ("to @somebody and a@b.example", "to @&#8288;somebody and a@&#8288;b.example"),
        ("$x$", "&#36;x&#36;"),
        ("\x1b[31m", "\\\\x1b\\[31m"),
    ],
)
def test_markdown_shows_words_as_they_are(words: str, wanted: str) -> None:
    assert markdown(words) == wanted


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("It is `a|b`.", "It is `a\\|b`."),
        ("`x` and `y`", "`x` and `y`"),
        ("# `x`", "\\# `x`"),
        ("one ` alone*", "one \\` alone\\*"),
        ("so `` it is", "so ` ` it is"),
        ("<i> `<i>`", "&lt;i&gt; `<i>`"),
    ],
)
def test_a_sentence_of_our_own_has_code_between_backquotes(words: str, wanted: str) -> None:
    assert sentence(words) == wanted


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("conv", "`conv`"),
        ("a`b", "`a'b`"),
        ("a|b", "`a\\|b`"),
        ("a\\|b", "`a\\¦b`"),
        ("two\nlines", "`two lines`"),
        ("", "` `"),
    ],
)
def test_a_name_stays_within_its_backquotes(words: str, wanted: str) -> None:
    assert tick(words) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\uff1d1", "'\uff1d1"),
        ("1=1", "1=1"),
        ("", ""),
        (-1, -1),
        (None, None),
        (True, True),
    ],
)
def test_a_cell_is_nothing_to_compute(value: object, wanted: object) -> None:
    assert cell(value) == wanted


def test_one_is_singular() -> None:
    assert (count(1, "case"), count(2, "case")) == ("1 case", "2 cases")


def test_a_time_of_day_is_left_out_so_that_two_runs_read_alike() -> None:
    said = "Error in operator conv0: [15:40:45] ../src/deconvolution.cc:278: Check failed"
    assert "15:40" not in plain(said)
    assert plain(said) == plain(said.replace("15:40:45", "09:01:02"))
