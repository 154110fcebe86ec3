"""``expected`` is filled in where it is missing, and nothing else of a file changes."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.authoring import fill_expected
from conformance.authoring.fill_expected import MANY, ODD, VARIES, Result, fill
from conformance.authoring.yaml_writer import content_of
from conformance.cases import load
from conformance.cli.app import main
from conformance.utils import resources

CASES = """\
# What for.
cases:
  # The first.
  - id: one
    why: It differs.
    x: [1, 2]
    kernel: [1, 10]  # of ten

  - {id: two, why: It differs., x: [1, 2], kernel: [1, 3]}   # flow
  # The last.
"""
ONE = "    expected: {numbers: [1, 12, 20]}\n"
TWO = ", expected: {numbers: [1, 5, 6]}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cases.yaml"


def filled(file: Path, text: str) -> tuple[str, Result]:
    file.write_bytes(text.encode())
    (found,) = fill([file])
    return file.read_bytes().decode(), found


def block(**values: str) -> str:
    lines = {"id": "one", "why": "It differs.", "x": "[1, 2]", "kernel": "[1, 10]", **values}
    said = "".join(f"    {key}: {value}\n" for key, value in lines.items())
    return f"cases:\n  - {said.lstrip()}"


def test_answers_are_put_in_where_cases_end(file: Path) -> None:
    after, found = filled(file, CASES)
    head, tail = CASES.split("  # of ten\n")
    assert after == head + "  # of ten\n" + ONE + tail.replace("3]}", f"3]{TWO}}}")
    assert found.written == ("one", "two")


def test_the_file_holds_up_afterwards(file: Path) -> None:
    filled(file, CASES)
    assert load([file]).problems == ()


def test_a_second_time_changes_nothing(file: Path) -> None:
    once, _ = filled(file, CASES)
    twice, found = filled(file, once)
    assert (twice, found.written) == (once, ())


BELOW = "\n    " + ONE.strip()
OTHER = ", expected: {numbers: [2]}"
FORMS = {
    "comment below": (block() + "    # said below\n", BELOW),
    "no last line break": (block().removesuffix("\n"), BELOW),
    "value of two lines": (block(kernel="[1,\n      10]   # two lines"), BELOW),
    "block scalar": (block(section="|\n      One\n      # two.\n\n"), BELOW),
    "alias": (block(x="&x [1, 2]", kernel="*x"), BELOW.replace("1, 12, 20", "1, 4, 4")),
    "CRLF": (block().replace("\n", "\r\n"), BELOW.replace("\n", "\r\n")),
    "BOM": ("\ufeff" + block(), BELOW),
    "list of dashes": (block(topics="\n      - stride\n      - padding"), BELOW),
    "document below": (block() + "document: {id: a, title: A, source: B}\n", BELOW),
    "all in braces": ("{cases: [{id: one, why: A., x: [1], kernel: [2], }]}", OTHER),
    "dash alone": (
        "cases:\n-\n  id: one\n  why: A.\n  x: [1]\n  kernel: [2]\n",
        "\n  expected: {numbers: [2]}",
    ),
    "brace below": (
        "cases:\n  - {id: one, why: A., x: [1],\n     kernel: [2]  # ten\n    }\n",
        OTHER,
    ),
}


@pytest.mark.parametrize(("text", "inserted"), FORMS.values(), ids=FORMS)
def test_everything_else_stays_to_the_byte(file: Path, text: str, inserted: str) -> None:
    after, found = filled(file, text)
    assert found.written == ("one",)
    assert after.count(inserted) == 1
    assert after.replace(inserted, "") == text


def test_nothing_is_said_differently(file: Path) -> None:
    after, _ = filled(file, CASES)
    said = content_of(after)
    for case in said["cases"]:
        del case["expected"]
    assert said == content_of(CASES)


def test_a_line_in_braces_is_broken_before_it_is_too_long(file: Path) -> None:
    x = ", ".join(["11"] * 12)
    text = f"cases:\n  - {{id: one, why: It differs., x: [{x}], kernel: [10]}}\n"
    after, _ = filled(file, text)
    numbers = ", ".join(["110"] * 12)
    assert after.splitlines()[2] == f"     expected: {{numbers: [{numbers}]}}}}"


@pytest.mark.parametrize(
    "said", ["oracle", "{shape: [3]}", "{property: scatter}", "{numbers: [1, 12, 20]}"]
)
def test_what_is_stated_is_left_as_it_is(file: Path, said: str) -> None:
    text = block(expected=said)
    after, found = filled(file, text)
    assert (after, found.written, found.skipped) == (text, (), {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (block(vary="{stride: [1, 2]}"), VARIES),
        (block(x="{shape: [1, 1, 100], arange: 0}"), MANY),
    ],
)
def test_what_cannot_be_filled_is_left_with_the_reason(file: Path, text: str, why: str) -> None:
    after, found = filled(file, text)
    assert (after, found.written, found.skipped) == (text, (), {"one": why})


def test_a_file_that_would_say_something_else_is_left_alone(file: Path) -> None:
    # The line breaks at the end are part of the section, and nothing can stand after them.
    text = block() + "    section: |+\n      Kept.\n\n\n"
    after, found = filled(file, text)
    assert (after, found.written, found.skipped) == (text, (), {"one": ODD})


def test_a_chain_is_filled_with_the_answer_to_its_last_step(file: Path) -> None:
    steps = "steps: [{kernel: [1, 10]}, {op: conv, kernel: [2]}]"
    text = f"cases:\n  - {{id: one, why: A., op: chain, x: [1, 2], {steps}}}\n"
    filled(file, text)
    assert content_of(file.read_text())["cases"][0]["expected"] == {"numbers": [2, 24, 40]}


def test_real_numbers_hold_up_when_they_are_read_again(file: Path) -> None:
    _, found = filled(file, block(x="[0.1, 0.7]", kernel="[0.3, 3.3]"))
    assert found.written == ("one",)
    assert load([file]).problems == ()


def test_a_file_that_cannot_be_written_is_said_to_be(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    file.write_text(CASES)
    monkeypatch.setattr(Path, "write_bytes", refuse)
    (found,) = fill([file])
    assert found.written == ()
    assert set(found.skipped.values()) == {f"in {file}, which cannot be written: Permission denied"}


def test_a_file_with_problems_is_left_alone(file: Path) -> None:
    text = CASES.replace("[1, 3]", "[1, three]")
    file.write_text(text)
    assert fill([file]) == []
    assert file.read_text() == text


def test_the_corpus_can_be_filled(tmp_path: Path) -> None:
    for path in resources.CASES.rglob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    found = fill([tmp_path])
    assert load([tmp_path]).problems == ()
    assert not any(ODD in one.skipped.values() for one in found)


def test_it_is_told_what_was_written_and_what_was_left() -> None:
    said = fill_expected.sentences(
        [
            Result(Path("a.yaml"), ("one", "two"), {"three": VARIES}),
            Result(Path("b.yaml"), (), {"four": VARIES, "five": MANY}),
        ]
    )
    assert list(said) == [
        "a.yaml: wrote what is expected of one, two",
        f"2 left alone: {VARIES}",
        f"1 left alone: {MANY}",
    ]


def test_check_fills_in_when_that_is_said(file: Path) -> None:
    file.write_text(CASES)
    said = CliRunner().invoke(main, ["check", "--fix", str(file)])
    assert said.exit_code == 0
    assert said.output.splitlines()[0] == f"{file}: wrote what is expected of one, two"
    assert content_of(file.read_text())["cases"][0]["expected"] == {"numbers": [1, 12, 20]}


def test_check_alone_writes_nothing(file: Path) -> None:
    file.write_text(CASES)
    CliRunner().invoke(main, ["check", str(file)])
    assert file.read_text() == CASES
