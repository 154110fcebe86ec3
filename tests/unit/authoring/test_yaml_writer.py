"""What a program writes into a case file reads as people write it, and leaves theirs alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from case_files import MINIMAL, cases
from hypothesis import given
from hypothesis import strategies as st

from conformance.authoring.yaml_writer import (
    WIDTH,
    CannotAdd,
    append,
    content_of,
    entry,
    flow,
    new_file,
    pair,
)

FIELDS = {"id": "two", "why": "It differs, too.", "x": [1, 2], "kernel": np.array([1, 100])}
WRITTEN = """\
  - id: two
    why: It differs, too.
    x: [1, 2]
    kernel: [1, 100]
"""


def value(text: str) -> Any:
    return content_of(f"key: {text}")["key"]


# Values


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (3, "3"),
        (2.0, "2"),
        (np.float32("nan"), ".nan"),
        ([np.inf, -np.inf], "[.inf, -.inf]"),
        (np.array([1 + 2j, 3, -1.5j], np.complex64), "[1+2j, 3, -0-1.5j]"),
        (True, "true"),
        ("same", "same"),
        ([[0, 1], [2, 2]], "[[0, 1], [2, 2]]"),
        ((1, 2, 3), "[1, 2, 3]"),
        ({"shape": (2, 2), "fill": 1}, "{shape: [2, 2], fill: 1}"),
        (np.array([[-1.0, 2.0]]), "[[-1, 2]]"),
        (np.float32(0.1), "0.1"),
        (np.int64(2) ** 60, "1152921504606846976"),
    ],
)
def test_a_value_is_written_as_people_write_it(said: Any, written: str) -> None:
    assert flow(said) == written


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_numbers_come_back_to_the_bit(dtype: str) -> None:
    numbers = (np.arange(1, 50) / 7 * 10.0 ** np.arange(-3, 4).repeat(7)).astype(dtype)
    assert np.array_equal(np.array(value(flow(numbers)), dtype), numbers)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_comes_back(text: str) -> None:
    assert content_of(pair("key", text, "")) == {"key": text}
    assert value(flow([text])) == [text]


@pytest.mark.parametrize("text", ["no", "true", "12", "1e3", "~", "null", "a: b", "a #b", "- a"])
def test_text_that_looks_like_something_else_is_quoted(text: str) -> None:
    assert value(flow(text)) == text


def test_a_short_value_takes_one_line() -> None:
    assert pair("x", [[1, 2], [3, 4]], "    ") == "    x: [[1, 2], [3, 4]]"


def test_a_long_array_is_broken_between_its_parts() -> None:
    rows = np.arange(1000, 1018).reshape(2, 9)
    assert pair("numbers", np.concatenate([rows, rows]), "").split("\n") == [
        "numbers: [[1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008],",
        "          [1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1017],",
        "          [1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008],",
        "          [1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1017]]",
    ]


@pytest.mark.parametrize("shape", [(90,), (4, 30), (2, 3, 4, 5), (1, 1, 3, 3, 7)])
def test_no_line_is_too_long(shape: tuple[int, ...]) -> None:
    stated = {"numbers": np.arange(10000, 10000 + np.prod(shape)).reshape(shape)}
    lines = pair("expected", stated, "    ").split("\n")
    assert max(map(len, lines)) <= WIDTH
    assert value("\n".join(lines).strip().removeprefix("expected: ")) == {
        "numbers": stated["numbers"].tolist()
    }


def test_text_with_more_than_single_spaces_is_not_broken() -> None:
    text = "two  spaces " * 12 + "end"
    assert content_of(pair("title", text, "  ")) == {"title": text}


def test_a_long_sentence_goes_on_where_it_is_indented() -> None:
    why = "A word after another " * 8 + "is the end."
    assert value(pair("why", why, "    ").replace("    why: ", "")) == why


# Entries


def test_a_case_is_an_entry_of_a_list() -> None:
    assert entry(FIELDS, {}, 2) == WRITTEN


def test_keys_have_one_order_however_they_were_said() -> None:
    assert entry(dict(reversed(FIELDS.items())), {}, 2) == WRITTEN


def test_comments_stand_before_their_keys() -> None:
    said = entry({"id": "one", "x": [1]}, {"id": ("From here.",), "x": ("Short.",)}, 0)
    assert said == "# From here.\n- id: one\n  # Short.\n  x: [1]\n"


# Files


def test_a_new_file_is_one_that_loads(tmp_path: Path) -> None:
    (case,) = cases(tmp_path / "new.yaml", new_file(FIELDS, {}))
    assert case.id == "two"


def test_a_new_file_says_where_its_schema_is() -> None:
    assert new_file(FIELDS, {}, schema="../schema.json").splitlines()[0] == (
        "# yaml-language-server: $schema=../schema.json"
    )


def test_a_new_file_says_what_it_is_from(tmp_path: Path) -> None:
    document = {"id": "guide", "title": "A guide: the second", "source": "chapter 2"}
    (case,) = cases(tmp_path / "new.yaml", new_file(FIELDS, {}, document=document))
    assert case.document is not None
    assert case.document.title == "A guide: the second"


def test_a_case_is_added_at_the_end() -> None:
    assert append(MINIMAL, FIELDS, {}) == f"{MINIMAL}\n{WRITTEN}"


@pytest.mark.parametrize(
    "text",
    [
        '# What for.\n\ncases:   # all\n  - {id: one, why: "It\'s so.", x: [1],  kernel: [2]}\n',
        "cases:\n- id: one\n  why: >\n    It is\n    # no comment\n    so.\n  x: [ 1,2 ]\n",
        "cases:\n    -   id: one\n        x: &x [1, 2]\n        kernel: *x  # the same",
        "\ufeffcases:\r\n  - id: one\r\n    x: [1]\r\n",
    ],
    ids=["flow", "block scalar", "alias, no last line break", "BOM and CRLF"],
)
def test_what_is_there_stays_to_the_byte(text: str) -> None:
    made = append(text, FIELDS, {})
    assert made.startswith(text)
    assert content_of(made)["cases"][0] == content_of(text)["cases"][0]
    assert content_of(made)["cases"][1]["id"] == "two"


def test_a_case_has_the_dashes_and_line_breaks_of_its_file() -> None:
    made = append("cases:\r\n- id: one\r\n", FIELDS, {})
    assert made == "cases:\r\n- id: one\r\n\r\n" + entry(FIELDS, {}, 0).replace("\n", "\r\n")


def test_a_case_is_added_before_what_comes_after_the_list() -> None:
    head, tail = "cases:\n  - id: one\n", "\n# The source.\ndocument: {id: guide}\n"
    made = append(head + tail, FIELDS, {})
    assert content_of(made) == {**content_of(head + tail), "cases": [{"id": "one"}, said(WRITTEN)]}
    assert made.endswith("# The source.\ndocument: {id: guide}\n")


def said(written: str) -> Any:
    return content_of(f"cases:\n{written}")["cases"][0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("document: {id: guide}\n", "no list of cases"),
        ("cases: [{id: one}]\n", "list in brackets"),
        ("\ufeff{cases: [{id: one}]}\n", "list in brackets"),
        ("{cases: [{id: one}]}\n", "list in brackets"),
        ("cases:\n  - id: one\n...\n", "change what is there"),
        ("cases:\n  - why: |+\n      kept\n", "change what is there"),
    ],
)
def test_a_file_that_cannot_be_added_to_is_refused(text: str, why: str) -> None:
    with pytest.raises(CannotAdd, match=why):
        append(text, FIELDS, {})
