"""Which cases are meant: by path, and by words in their id, operator, topics and claims."""

from pathlib import Path

import click
import pytest

from conformance.cases import corpus

CASES = """
cases:
  - {id: stride-two, why: One., x: [1, 2], kernel: [1, 10], stride: 2, topics: [stride]}
  - {id: crop-one, why: Two., x: [1, 2], kernel: [1, 10], padding: 1, topics: [padding],
     claims: [D4]}
  - {id: forward, why: Three., op: conv, x: [1, 2], kernel: [1, 10]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cases.yaml").write_text(CASES, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        (None, ["stride-two", "crop-one", "forward"]),
        ("two", ["stride-two"]),
        ("TWO", ["stride-two"]),
        ("crop-one", ["crop-one"]),
        ("conv_transpose", ["stride-two", "crop-one"]),
        ("padding", ["crop-one"]),
        ("D4", ["crop-one"]),
        ("d4", ["crop-one"]),
        ("not padding", ["stride-two", "forward"]),
        ("stride or padding", ["stride-two", "crop-one"]),
        ("conv_transpose and not stride", ["crop-one"]),
        ("not (stride or padding)", ["forward"]),
        ("not stride and not padding", ["forward"]),
        ("forward or stride and padding", ["forward"]),
        ("STRIDE OR NOT conv_transpose", ["stride-two", "forward"]),
        ("forward or self", ["forward"]),
    ],
)
def test_words_say_which_cases_are_meant(
    folder: Path, expression: str | None, ids: list[str]
) -> None:
    assert [case.id for case in corpus.select_cases([folder], expression)] == ids


@pytest.mark.parametrize(
    "expression",
    ["stride and", "(stride", "stride padding", "not", "stride,padding", "'stride'", " ", "*"],
)
def test_an_expression_that_is_none_is_told_what_to_write(folder: Path, expression: str) -> None:
    with pytest.raises(click.UsageError) as told:
        corpus.select_cases([folder], expression)
    assert told.value.message.startswith(f"-k {expression!r}: ")
    assert told.value.message.endswith("; write words with and, or, not and parentheses")


@pytest.mark.parametrize("expression", ["1", "true", "false or stride", "not None"])
def test_a_word_that_always_holds_is_no_word(folder: Path, expression: str) -> None:
    with pytest.raises(click.UsageError, match="no words to seek"):
        corpus.select_cases([folder], expression)


@pytest.mark.parametrize("expression", ["not " * 5000 + "stride", "(" * 5000])
def test_an_expression_without_end_is_refused_in_a_sentence(folder: Path, expression: str) -> None:
    with pytest.raises(click.UsageError, match="write words with"):
        corpus.select_cases([folder], expression)


def test_no_case_at_all_is_an_error(folder: Path) -> None:
    with pytest.raises(click.UsageError) as told:
        corpus.select_cases([folder], "backwards")
    assert told.value.message == "none of 3 cases is meant by -k 'backwards'"


def test_a_case_file_with_problems_ends_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("cases:\n  - {id: one, why: Why., x: [1], kernel: [1], stride: 0}\n")
    with pytest.raises(SystemExit) as ended:
        corpus.select_cases([file])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"{file}:2:")


def test_every_problem_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = [tmp_path / "one.yaml", tmp_path / "two.yaml"]
    with pytest.raises(SystemExit):
        corpus.select_cases(missing)
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_the_cases_that_come_along_are_cases() -> None:
    assert corpus.select_cases([], "d2l")
