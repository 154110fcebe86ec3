"""Rows of the table from the run of a release."""

from pathlib import Path

import pytest
from packaging.version import Version

from conformance.cases import load
from conformance.history import rows
from conformance.history.history import Entry
from conformance.history.releases import Release
from conformance.history.rows import rows_of
from conformance.observations import Observation
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Header, Run

CASES = """
cases:
  - {id: flip, why: One., x: [1, 2], kernel: [1, 10]}
  - {id: spread, why: Two., x: [1, 2], kernel: [1, 10], dilation: 2}
"""
RELEASE = Release("plain", Version("1.5"), ("3.11",))


@pytest.fixture(autouse=True)
def no_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "uploaded", lambda _release, _python: None)


@pytest.fixture
def prepared_cases(tmp_path: Path) -> dict[str, PreparedCase]:
    file = tmp_path / "cases.yaml"
    file.write_text(CASES, encoding="utf-8")
    return {case.id: PreparedCase(case) for case in load([file]).cases}


def entry_of(prepared_cases: dict[str, PreparedCase]) -> Entry:
    header = Header(
        framework="plain",
        python="3.11.7",
        runtime_class="cpu",
        packages={"plain": "1.5", "kernels": "7"},
        apis={"plain.ask": True, "plain.new": False},
    )
    observations = tuple(
        Observation(
            api="plain.ask",
            case=case,
            mode="native",
            status=status,
            op="conv_transpose",
            topics=(),
            detail="no such argument",
            explanations=(("kernel flip: flipped",),) if status == "mismatch" else (),
            content=prepared_cases[case].content,
            exact=True,
        )
        for case, status in (("flip", "mismatch"), ("spread", "inexpressible"))
    )
    run = Run(path=Path("plain.jsonl"), header=header, observations=observations, complete=True)
    return Entry(RELEASE, run, companions=("numpy 2.4.6",))


def test_a_row_has_the_choice_or_why_there_is_none(
    prepared_cases: dict[str, PreparedCase],
) -> None:
    found = {(r.api, r.axis): r for r in rows_of(entry_of(prepared_cases), None, prepared_cases)}
    flip = found["plain.ask", "kernel flip"]
    assert (flip.choice, flip.cases, flip.python, flip.runtime) == ("flipped", 1, "3.11", "cpu")
    assert flip.companions == "numpy 2.4.6; kernels 7"
    assert (found["plain.ask", "dilation"].choice, found["plain.ask", "dilation"].cases) == (
        "no parameter",
        1,
    )


def test_an_api_that_is_not_there_has_a_row_that_says_so(
    prepared_cases: dict[str, PreparedCase],
) -> None:
    (row,) = (r for r in rows_of(entry_of(prepared_cases), None, prepared_cases) if not r.axis)
    assert (row.api, row.reason) == ("plain.new", "not in this version")


def test_the_reason_names_no_folder_and_no_address() -> None:
    words = "/a/b1/bin/python cannot start: https://example.org/page/x `/c/lib/y.so`"
    (row,) = rows_of(Entry(RELEASE, trouble=words), "torch", {})
    assert row.reason == "…/python cannot start: … `…/y.so`"
    assert (row.backend, row.api, row.python) == ("torch", "", "")
