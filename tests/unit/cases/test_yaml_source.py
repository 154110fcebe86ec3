"""YAML text becomes what people mean, each value with its place, and rubbish becomes sentences."""

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from yaml import MarkedYAMLError

from conformance.cases import yaml_source
from conformance.cases.yaml_source import MAX_ALIASED, Node, events, read
from conformance.cases.yaml_syntax import UNREADABLE, spot_after, spot_of, syntax
from conformance.cases.yaml_values import plain_value


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


def test_lists_hold_numbers_however_they_are_laid_out() -> None:
    value = {"a": [[-1, 2.5], [0, 100.0]]}
    assert document("a: [[-1, 2.5], [0, 1e2], ]").value == value
    assert document("a:\n- [-1,\n2.5]\n-\n  - 0\n  - 1e2\n").value == value


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
        ('"a\\nb":', "1:1: the key 'a b' has no value"),
        ("a:\n\tb: 1", "2:1: this is not YAML: a tab cannot indent or begin a value; use spaces"),
        ("a: !new 1", "1:4: tags have no meaning in a case file, got !new"),
        ("%TAG !a! b\n" * 50_000, "1:1: tags have no meaning in a case file, got %TAG"),
        ("a: 1\r...\r%TAG ! b\r", "3:1: tags have no meaning in a case file, got %TAG"),
        ("a: 1\n---\nb: 2", "2:1: a case file is one YAML document, and another one begins here"),
        ("a: 1\n\tb: 2", "2:1: this is not YAML: a tab cannot indent or begin a value; use spaces"),
        ("? [1, 2]\n: 3", "1:3: a key must be a word, got a list, mapping or alias"),
        ("a: *b", "1:4: no anchor before the alias *b has its name"),
        ("a: &b [1, *b, a]", "1:11: the alias *b is inside what it stands for"),
        ("a: \x00", "1:4: the character U+0000 is not allowed in a YAML file"),
        (b"a: 1\nb: \xff", "2:4: the file is not UTF-8 text: byte 0xff has no meaning"),
        (b"\x89PNG\r\n\x1a\n", "1:1: the file is not UTF-8 text: byte 0x89 has no meaning"),
        ("a: " + "1" * 5000, "1:4: a number may have 18 digits at most, got 5000"),
        ("- " * 100_000, "1:65: values are nested more than 32 deep"),
        ("[" * 100_000, "1:33: values are nested more than 32 deep"),
        ("[\n" * 100_000, "33:1: values are nested more than 32 deep"),
        ("{a: " * 100_000, "1:129: values are nested more than 32 deep"),
        ("? " * 100_000, "1:65: values are nested more than 32 deep"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(text: str | bytes, sentence: str) -> None:
    assert complaint(text) == sentence


class Shallow:
    """A parser that gives up at a depth of its own, in words of its own, before any event."""

    def __init__(self, depth: int) -> None:
        self.depth = depth

    def events(self, text: str) -> Iterator[Any]:
        brackets = [bracket.start() for bracket in re.finditer(r"[\[{]", text)]
        if len(brackets) > self.depth:
            place = mark(text, brackets[self.depth])
            raise MarkedYAMLError(problem="no more!", problem_mark=place)
        yield from events(text)


@pytest.mark.parametrize("depth", [40, 400])
@pytest.mark.parametrize(
    ("text", "place"),
    [("[" * 100_000, "1:33"), ("a:\n- b: " + "{[" * 50_000, "2:35"), ("{a: " * 100_000, "1:129")],
)
def test_depth_is_told_in_our_words_whatever_depth_the_parser_gives_up_at(
    monkeypatch: pytest.MonkeyPatch, text: str, place: str, depth: int
) -> None:
    monkeypatch.setattr(yaml_source, "events", Shallow(depth).events)
    assert complaint(text) == f"{place}: values are nested more than 32 deep"


def test_what_else_is_wrong_below_brackets_is_told_as_it_is() -> None:
    sentence = "1:22: this is not YAML: "
    assert complaint("[" * 20 + " @").startswith(sentence)


# What is no YAML: libyaml's words for it, and in one place PyYAML's own, are written down here as
# they were in 0.2.6 and 6.0.4, so that no other version makes a test of our sentences fail.


def mark(text: str, index: int) -> yaml.Mark:
    line, column = spot_after(text[:index])
    return yaml.Mark("", index, line - 1, column - 1, None, 0)


def told(text: str, words: str, index: int, context: tuple[str, int] | None = None) -> str:
    """The sentence for the words of the parser about what stands at an index of the text."""
    within, begun = context or (None, 0)
    begin = None if context is None else mark(text, begun)
    (line, column), said = syntax(MarkedYAMLError(within, begin, words, mark(text, index)), text)
    return f"{line}:{column}: {said}"


NO_YAML = [
    (
        "a: [1, 2",
        (8, "did not find expected ',' or ']'"),
        "1:9: expected ',' or ']', got the end of the file",
    ),
    (
        "a: [1 2, [3] 4]",
        (13, "did not find expected ',' or ']'"),
        "1:14: expected ',' or ']', got '4'",
    ),
    (
        "a: [1,, 2]",
        (6, "did not find expected node content"),
        "1:7: expected a value, got ','",
    ),
    (
        "a: {b: 1]",
        (8, "did not find expected ',' or '}'"),
        "1:9: expected ',' or '}', got ']'",
    ),
    (
        "a: 1\nb: 'two",
        (12, "found unexpected end of stream"),
        "2:8: a quote is missing at the end",
    ),
    (
        "a: 'it's'",
        (7, "did not find expected key"),
        "1:8: expected the next key, got 's'; check the quotes, brackets and indentation before it",
    ),
    (
        "a:\n  - [",
        (8, "did not find expected node content"),
        "2:6: expected a value, got the end of the file",
    ),
    (
        " a: 1\nb: 2",
        (6, "did not find expected <document start>"),
        "2:1: the document has ended before 'b'; check the indentation, or add the '---' it lacks",
    ),
    (
        "a: [1]\xa0",
        (6, "did not find expected key"),
        "1:7: expected the next key, got the invisible U+00A0; check the quotes, brackets and"
        " indentation before it",
    ),
    (
        "a: {b: 'c'\\\n}",
        (10, "did not find expected ',' or '}'"),
        "1:11: expected ',' or '}', got '\\'",
    ),
    (
        "é: \U0001f600 @\nb: @c",
        (10, "found character that cannot start any token"),
        "2:4: a value cannot begin with '@'; quote it",
    ),
    (
        'a: "\\d+"',
        (4, "found unknown escape character"),
        "1:5: '\\d' means nothing in double quotes; use single quotes",
    ),
    (
        'a: "\\xZ"',
        (6, "did not find expected hexdecimal number"),
        "1:7: expected a hexadecimal digit, got 'Z'",
    ),
    (
        'a: "\\UFFFFFFFF"',
        (6, "found invalid Unicode character escape code"),
        "1:7: there is no character with this number",
    ),
    (
        'a: "\\uD800"',
        (6, "found invalid Unicode character escape code"),
        "1:7: there is no character with this number",
    ),
    (
        "a: > 5",
        (5, "did not find expected comment or line break"),
        "1:6: expected a comment or the end of the line, got '5'",
    ),
    (
        "a: *.py",
        (4, "did not find expected alphabetic or numeric character"),
        "1:5: expected the name of an anchor in letters, digits, '-' and '_', got '.py';"
        " quote text that begins with '&' or '*'",
    ),
    (
        "a: !b!c 1",
        (3, "found undefined tag handle"),
        "1:4: '!' begins a tag, which has no meaning here",
    ),
    (
        "%YAML 2.0\n---\na: 1",
        (0, "found incompatible YAML document"),
        "1:1: only versions 1.1 and 1.2 of YAML are read",
    ),
    (
        "a: why: b",
        (6, "mapping values are not allowed in this context"),
        "1:7: a ':' cannot stand here; quote text that has one",
    ),
]


@pytest.mark.parametrize(("text", "words", "sentence"), NO_YAML)
def test_what_is_no_yaml_is_said_in_plain_words(
    text: str, words: tuple[int, str], sentence: str
) -> None:
    index, problem = words
    place, _, said = sentence.partition(" ")
    assert told(text, problem, index) == f"{place} this is not YAML: {said}"


@pytest.mark.parametrize(("text", "sentence"), [(text, said) for text, _, said in NO_YAML])
def test_what_is_no_yaml_is_found_at_its_place(text: str, sentence: str) -> None:
    place, _, _ = sentence.partition(" ")
    assert complaint(text).startswith(f"{place} this is not YAML: ")


def test_what_only_the_parser_in_python_says_is_said_in_plain_words_too() -> None:
    words = "expected ',' or ']', but got '<stream end>'"
    assert told("a: [1", words, 5).endswith("expected ',' or ']', but got the end of the file")


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_what_ends_a_line_for_the_parser_alone_is_no_character_of_a_file(character: str) -> None:
    code = f"{ord(character):04X}"
    assert complaint(f"a: é\r\nb: '\U0001f600{character}c'") == (
        f"2:6: the character U+{code} ends a line for some programs and not for others;"
        f' leave it out, or write it in double quotes as "\\u{code.lower()}"'
    )
    assert document(f'a: "\\u{code}"').value == {"a": character}


def test_a_byte_order_mark_is_for_the_beginning() -> None:
    assert document("\ufeffa: 1").find(("a",)) == (1, 4)
    assert complaint("a: 1\n\ufeffb: 2").startswith("2:1: the character U+FEFF is not allowed")


def test_every_other_character_is_one_that_the_parser_takes() -> None:
    everything = "".join(map(chr, range(0x20, 0x11000)))
    text = re.sub(r'["\\]', "", UNREADABLE.sub("", everything))
    assert len(text) > 0xE800
    assert document(f'a: "{text}"').value == {"a": text}


def test_lines_and_columns_are_those_of_an_editor() -> None:
    text = "é: '\U0001f600'\r\nb: [1,\r  \U0001f600: {c: &d é}]\n\n# é\ne: |\n  é\n\n  f\ng: *d\n"
    marks = [mark for event in events(text) for mark in (event.start_mark, event.end_mark)]
    assert [spot_of(mark) for mark in marks] == [spot_after(text[: mark.index]) for mark in marks]


@pytest.fixture
def without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_source, "LOADER", yaml.SafeLoader)


@pytest.mark.usefixtures("without_libyaml")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [1,\nb: 2", "2:5: this is not YAML: "),
        ("a: why: b", "1:7: this is not YAML: "),
        ("a: 'b", "1:6: this is not YAML: "),
        ("a: 1\nb: @c", "2:4: this is not YAML: "),
        ('a: 1\nb: "\\UFFFFFFFF"', "2:2: what follows is not YAML: "),
        ("a: \u2028", "1:4: the character U+2028 ends a line for some programs"),
        ("[" * 100_000, "1:33: values are nested more than 32 deep"),
    ],
)
def test_without_libyaml_what_is_wrong_is_said_at_its_place_too(text: str, sentence: str) -> None:
    assert complaint(text).startswith(sentence)


@pytest.mark.usefixtures("without_libyaml")
def test_without_libyaml_values_and_places_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &b [1, {c: no, d: '2'}]\ne:\n- |\n  f\n- *b\n"
    in_python = document(text)
    monkeypatch.undo()
    assert document(text) == in_python


@pytest.mark.parametrize(
    ("text", "words", "context", "sentence"),
    [
        (
            "a: [1,\nb: 2",
            (11, "did not find expected ',' or ']'"),
            ("while parsing a flow sequence", 3),
            "2:5: this is not YAML: expected ',' or ']', got the end of the file"
            " (parsing a list in brackets that begins on line 1)",
        ),
        (
            "- a: 1\n b: 2",
            (8, "did not find expected '-' indicator"),
            ("while parsing a block collection", 0),
            "2:2: this is not YAML: expected the next '-', got 'b'; check its indentation"
            " (parsing a list that begins on line 1)",
        ),
        (
            "a: 1\nb\nc: 2",
            (7, "could not find expected ':'"),
            ("while scanning a simple key", 5),
            "3:1: this is not YAML: a ':' is missing after a key"
            " (scanning a key that begins on line 2)",
        ),
    ],
)
def test_what_a_file_breaks_off_in_is_told_with_the_line_where_it_began(
    text: str, words: tuple[int, str], context: tuple[str, int], sentence: str
) -> None:
    index, problem = words
    assert told(text, problem, index, context) == sentence
    assert complaint(text).startswith(sentence.partition(" this")[0])


def test_aliases_that_multiply_are_stopped() -> None:
    lines = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]"]
    for level in range(1, 9):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]")
    assert f"aliases repeat more than {MAX_ALIASED} values" in complaint("\n".join(lines))
