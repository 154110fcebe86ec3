"""The page of a case shows what was run, and only answers with the observed digest."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_runs import LAYER, RIGHT, both, case, observed, report_of, run

from conformance.cases.model import Place
from conformance.report import case_pages
from conformance.report.case_pages import details, yaml_of
from conformance.runs.prepared_case import digest_of, plain_bytes

ONE = case("one")
FLIPPED = np.array([[[10, 21, 2]]], np.float32)


def given(digest: str) -> Any:
    """The details where the naive call was explained by a flip, with the digest of its answer."""
    native = observed(
        ONE, "native", "mismatch",
        explanations=(("kernel flip: flipped",),), digest=digest, shape=(1, 1, 3),
    )  # fmt: skip
    report = report_of(run(native, observed(ONE, "recipe", "match")), cases=(ONE,))
    place = [column.api for column in report.columns].index(LAYER)
    made = details(report, {"one": 0})
    return made["given"][place], made["answers"]


def test_an_answer_is_shown_that_has_the_observed_digest() -> None:
    assert given(digest_of((plain_bytes(FLIPPED),))) == (
        [0, 0],
        [{"shape": [1, 1, 3], "dtype": "float32", "numbers": [10, 21, 2]}],
    )


@pytest.mark.parametrize(
    ("value", "shown"), [(np.nan, "nan"), (-np.inf, "-inf"), (1 + 2j, "1+2j"), (2.0, 2), (0.5, 0.5)]
)
def test_a_number_that_json_lacks_is_text(value: complex, shown: object) -> None:
    assert case_pages.shown(np.array([value]))["numbers"] == [shown]


def test_an_answer_with_another_digest_is_not_shown() -> None:
    assert given("0123456789abcdef") == ([], [])


def test_the_calls_are_those_that_a_worker_runs() -> None:
    report = report_of(run(*both(ONE, RIGHT)), cases=(ONE,))
    made = details(report, {"one": 0})
    place = [column.api for column in report.columns].index(LAYER)
    number, naive, equivalent = made["calls"][place]
    assert (number, made["texts"][naive]) == (0, made["texts"][equivalent])
    assert "torch.nn.ConvTranspose1d(1, 1, (2,), bias=False)" in made["texts"][naive]


def test_the_arrays_and_the_answer_are_the_oracles() -> None:
    entry = details(report_of(run(*both(ONE, RIGHT)), cases=(ONE,)), {"one": 0})["cases"][0]
    assert (entry["arrays"]["x"]["numbers"], entry["expected"]["numbers"]) == ([1, 2], [1, 12, 20])


YAML = """\
cases:
  - id: one
    x: [1, 2]
    expected:
      numbers: [1]

  - id: two
    x: [3]
"""


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (2, "- id: one\n  x: [1, 2]\n  expected:\n    numbers: [1]"),
        (7, "- id: two\n  x: [3]"),
        (99, ""),
    ],
)
def test_a_case_is_shown_as_its_file_has_it(line: int, text: str, tmp_path: Path) -> None:
    file = tmp_path / f"{line}.yaml"
    file.write_text(YAML, encoding="utf-8")
    assert yaml_of(Place(str(file), line, 3)) == text


def test_a_case_whose_file_is_gone_has_no_yaml() -> None:
    assert yaml_of(Place("gone/some.yaml", 3, 5)) == ""
