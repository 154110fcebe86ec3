"""YAML text becomes what people mean, each value with its place, and rubbish becomes sentences."""

from __future__ import annotations

import math

import pytest

from conformance.cases.yaml_scanner import plain_value
from conformance.cases.yaml_source import MAX_ALIASED, Node, read


def document(text: str) -> Node:
    node, complaints = read(text.encode())
    assert complaints == []
    assert node is not None
    return node


def complaint(data: str | bytes) -> str:
    """The only complaint about ``data``, with its place."""
    _, complaints = read(data.encode() if isinstance(data, str) else data)
    ((line, column), sentence), *others = complaints
    assert others == []
    return f"{line}:{column}: {sentence}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("2020-01-01", "2020-01-01"),
        ("1e-3", 0.001),
        ("1.", 1.0),
        ("-.5", -0.5),
        ("+7", 7),
        ("-007", -7),
        ("0x1F", 31),
        ("0o17", 15),
        ("True", True),
        ("~", None),
        ("-.inf", -math.inf),
        ("9" * 19, 10**18),
        ("-" + "9" * 5000, -(10**18)),
    ],
)
def test_a_plain_scalar_has_its_yaml_1_2_meaning(text: str, value: object) -> None:
    assert (type(plain_value(text)), plain_value(text)) == (type(value), value)


def test_quotes_make_text_of_a_number() -> None:
    assert document("a: '2'").value == {"a": "2"}


def test_a_list_read_in_one_step_holds_what_it_holds_token_by_token() -> None:
    in_one = document("a: [[-1, 2.5], [0, 1e2]]").value
    by_token = document("a: [[-1, 2.5], [0, 1e2], ]").value
    assert in_one == by_token == {"a": [[-1, 2.5], [0, 100.0]]}


@pytest.mark.parametrize("text", ["'[1, 2]'", "the [1, 2] list", "|-\n  [1, 2]"])
def test_brackets_inside_text_stay_text(text: str) -> None:
    assert isinstance(document(f"a: {text}").value["a"], str)


def test_every_value_knows_its_place() -> None:
    node = document("a:\n  - {b: [[1, 2], [3,  44]]}\n  - c")
    assert node.find(("a", 0, "b", 1, 1)) == (2, 23)
    assert node.find(("a", 1)) == (3, 5)


def test_a_path_that_leads_nowhere_ends_at_the_last_place_it_reached() -> None:
    assert document("a:\n  b: 1").find(("a", "c", "d")) == (2, 3)


def test_an_alias_repeats_its_anchor() -> None:
    assert document("a: &x [1, 2]\nb: *x").value == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "1:1: the file is empty; a case file has a list under 'cases:'"),
        ("# only a comment\n", "1:1: the file is empty; a case file has a list under 'cases:'"),
        ("a: 1\nb: 2\na: 3", "3:1: the key 'a' was already given at line 1, column 1"),
        ("a: 1\nb:\nc: 2", "2:1: the key 'b' has no value"),
        ("a:\n\tb: 1", "2:1: this is not YAML: a tab cannot indent or begin a value; use spaces"),
        ("a: !new 1", "1:4: tags have no meaning in a case file, got !new"),
        ("a: 1\n---\nb: 2", "2:1: a case file is one YAML document, and another one begins here"),
        ("a: why: b", "1:7: this is not YAML: a ':' cannot stand here; quote text that has one"),
        ("? [1, 2]\n: 3", "1:3: a key must be a word, got a list, mapping or alias"),
        ("a: *b", "1:4: no anchor before the alias *b has its name"),
        ("a: &b [1, *b, a]", "1:11: the alias *b is inside what it stands for"),
        ("a: \x00", "1:4: the character U+0000 is not allowed in a YAML file"),
        (b"a: 1\nb: \xff", "2:4: the file is not UTF-8 text: byte 0xff has no meaning"),
        (b"\x89PNG\r\n\x1a\n", "1:1: the file is not UTF-8 text: byte 0x89 has no meaning"),
        ("a: " + "1" * 5000, "1:4: a number may have 18 digits at most, got 5000"),
        ("- " * 5000, "1:65: values are nested more than 32 deep"),
        ("[" * 5000, "1:33: this is not YAML: values are nested more than 32 deep"),
        ("{a: " * 5000, "1:129: this is not YAML: values are nested more than 32 deep"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(text: str | bytes, sentence: str) -> None:
    assert complaint(text) == sentence


def test_a_parser_that_fails_in_its_own_way_is_a_sentence_too() -> None:
    assert complaint('a: 1\nb: "\\UFFFFFFFF"').startswith("2:2: what follows is not YAML: ")


def test_what_a_file_breaks_off_in_is_told_with_the_line_where_it_began() -> None:
    assert complaint("a: [1,\nb: 2").endswith("(parsing a list in brackets that begins on line 1)")


def test_aliases_that_multiply_are_stopped() -> None:
    lines = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]"]
    for level in range(1, 9):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]")
    assert f"aliases repeat more than {MAX_ALIASED} values" in complaint("\n".join(lines))
