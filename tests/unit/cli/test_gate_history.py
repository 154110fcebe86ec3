"""``gate`` and the history: the nearest releases of a version, and what to expect of it."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from gate_runs import API, AT_BEGIN, OTHER, different, seen, write
from history_tables import END, ODD, START, odd, rows, written

from conformance.cases import load
from conformance.cli.app import main
from conformance.observations import Observation
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import resources

CASES = """
cases:
  - {id: odd, why: An odd total., x: [1, 2], kernel: [1, 2], padding: same}
  - {id: wide, why: Another one., x: [1, 2, 3], kernel: [1, 2, 3, 4], padding: same}
"""
PLACE = {"backend": "torch", "runtime": "onednn"}
TABLE = tuple(rows(odd(START, START, END), **PLACE))
CHANGE = f"{API}: {ODD}: {START} until 3.1, {END} from 3.2."


@pytest.fixture(autouse=True)
def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cases.yaml").write_text(CASES, encoding="utf-8")
    monkeypatch.setattr(resources, "CASES", tmp_path / "cases.yaml")
    monkeypatch.setattr(resources, "HISTORY", written(tmp_path / "history", *TABLE))


def run(folder: Path, version: str, *observations: Observation, **header: object) -> Path:
    told = {"runtime_class": "onednn", "apis": {API: True}, **header}
    return write(folder / f"{version}.jsonl", *observations, version=version, **told)


def at_end() -> list[Observation]:
    return [seen(case.id, content=PreparedCase(case).content) for case in cases()]


def at_begin(**how: object) -> list[Observation]:
    return [different(c.id, AT_BEGIN, content=PreparedCase(c).content, **how) for c in cases()]


def cases() -> list:  # type: ignore[type-arg]
    return list(load([resources.CASES], check=False).cases)


def gate(*words: object) -> Result:
    return CliRunner().invoke(main, ["gate", *map(str, words)])


# Beside a baseline


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("3.1", ["The history has keras 3.1 on torch.", "Expect the conventions of 3.1:"]),
        ("3.1.5", ["the nearest releases are 3.1 and 3.2.", f"Expect either: {CHANGE}"]),
        ("4.0", ["newer than all 3 releases of the history; the nearest is 3.2.", CHANGE]),
    ],
)
def test_a_silent_gate_says_what_to_expect_of_another_version(
    tmp_path: Path, version: str, told: list[str]
) -> None:
    result = gate(run(tmp_path, "3.0", seen()), run(tmp_path, version, seen()))
    assert (result.exit_code, result.stdout) == (0, "")
    summary, *outlook = result.stderr.splitlines()
    assert "nothing changed in 1 answer" in summary
    assert [words in line for words, line in zip(told, outlook, strict=True)] == [True, True]


def test_of_one_version_nothing_more_is_said(tmp_path: Path) -> None:
    one = run(tmp_path, "3.0", seen())
    assert gate(one, one).stderr.count("\n") == 1


def test_where_a_convention_changed_every_form_says_what_was_to_be_expected(tmp_path: Path) -> None:
    files = tmp_path / "gate.md", tmp_path / "gate.xml"
    before, after = run(tmp_path, "3.0", different()), run(tmp_path, "3.2", seen())
    result = gate(before, after, "--markdown", files[0], "--junit", files[1], "--github")
    assert result.exit_code == 1
    assert result.stdout.count(f"Expect: {CHANGE}\n") == 2
    assert f"::notice title=history::Expect: {CHANGE}\n" in result.stdout
    assert "The history has keras 3.2 on torch." in files[0].read_text()
    out = ElementTree.parse(files[1]).getroot().find("testsuite/system-out")
    assert out is not None
    assert out.text == f"The history has keras 3.2 on torch.\nExpect: {CHANGE}"


@pytest.mark.parametrize(
    "header", [{"backend": "jax"}, {"framework": "jax", "backend": None}, {"runtime_class": None}]
)
def test_what_the_history_does_not_have_is_passed_over(
    tmp_path: Path, header: dict[str, object]
) -> None:
    before, after = (run(tmp_path, version, seen(), **header) for version in ("3.0", "3.2"))
    assert gate(before, after).stderr.count("\n") == 1


# In place of a baseline


def test_a_run_as_the_nearest_release_passes(tmp_path: Path) -> None:
    result = gate("history", run(tmp_path, "3.2.1", *at_end()))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [
        "keras, torch backend, runtime class onednn, 3.2.1: nothing changed in 2 conventions.",
        "keras 3.2.1 on torch is newer than all 3 releases of the history; the nearest is 3.2.",
    ]


def test_a_run_of_another_convention_fails_and_names_it(tmp_path: Path) -> None:
    result = gate("history", run(tmp_path, "3.3", *at_begin()))
    assert result.exit_code == 1
    assert f"{API}: {ODD}: {START}, and {END} in 3.2." in result.stdout
    assert "1 of 1 finding fails the gate, among 2 conventions compared" in result.stdout


@pytest.mark.parametrize("observations", [at_begin, at_end])
def test_between_two_releases_that_differ_either_passes(
    tmp_path: Path, observations: object
) -> None:
    assert callable(observations)
    assert gate("history", run(tmp_path, "3.1.5", *observations())).exit_code == 0


def test_only_a_regression_fails_where_only_these_do(tmp_path: Path) -> None:
    mended = run(tmp_path, "3.0.1", *at_end())
    assert gate("history", mended).exit_code == 1
    assert gate("history", mended, "--only-regressions").exit_code == 0
    broken = run(tmp_path, "3.3", *at_begin())
    assert gate("history", broken, "--only-regressions").exit_code == 1


def test_an_api_that_is_gone_fails(tmp_path: Path) -> None:
    result = gate("history", run(tmp_path, "3.3", apis={API: False, OTHER: True}))
    assert result.exit_code == 1
    assert f"{API}: the API itself: not there, and there in 3.2." in result.stdout


@pytest.mark.parametrize(
    ("version", "header", "reason"),
    [
        ("3.2", {"backend": "jax"}, "only of keras on torch, onednn"),
        ("3.2", {"runtime_class": "eigen"}, "only of keras on torch, onednn"),
        ("3.2", {"framework": "jax", "backend": None}, "only of keras on torch, onednn"),
        ("unreleased", {}, "'unreleased' is no version to look for in the history"),
    ],
)
def test_a_run_that_the_history_knows_nothing_of_is_refused(
    tmp_path: Path, version: str, header: dict[str, object], reason: str
) -> None:
    result = gate("history", run(tmp_path, version, *at_end(), **header))
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in result.stderr


def test_a_run_that_was_stopped_is_refused(tmp_path: Path) -> None:
    result = gate("history", run(tmp_path, "3.2", *at_end(), complete=False))
    assert result.exit_code == 2
    assert "the run is incomplete" in result.stderr


def test_expected_changes_are_for_a_baseline(tmp_path: Path) -> None:
    file = tmp_path / "expected.yaml"
    file.write_text("- {api: a, reason: It is so.}\n")
    result = gate("history", run(tmp_path, "3.2", *at_end()), "--expected", file)
    assert result.exit_code == 2
    assert "--expected is for changes since a baseline, not the history" in result.stderr
