"""``conformance history --to``: what a table has of releases, whatever stopped its recording."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes import aged_releases, drive, installer
from fakes.installer import Uv

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import profile_set
from conformance.cli.app import main
from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.history import companions, releases, table
from conformance.utils import resources

MOMENTS = 10
Run = Callable[..., Result]


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uv:
    """Python 3.11 and 3.9, and releases of ``plain``: 1.4 has wheels for the older one only."""
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    for module, name in ((resources, "CASES"), (profile_set, "IDS"), (definitions, "pinned")):
        monkeypatch.setattr(module, name, getattr(module, name))
    monkeypatch.setattr(companions, "pinned", companions.pinned)
    releases.uploaded.cache_clear()
    cases = tmp_path / "cases"
    cases.mkdir()
    (cases / "cases.yaml").write_text(aged_releases.CASES, encoding="utf-8")
    aged_releases.pretend(cases)
    uv = installer.pretend(tmp_path, monkeypatch)
    monkeypatch.setenv("FAKE_CASES", str(cases))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    uv.has_pythons(9, 11)
    uv.releases(["0.9", "1.0", "1.2", "1.3", "1.4", "1.5"], "--ignore-requires-python")
    uv.releases(["1.0", "1.2", "1.3", "1.5"], "3.11")
    uv.releases(["1.0", "1.4"], "3.9")
    uv.say("pip list", [{"name": "plain", "version": "?"}, {"name": "companion", "version": "5.0"}])
    return uv


def line(folder: Path, *words: str) -> list[str]:
    return ["history", "--to", str(folder), *words, "--every", "--max-download", "unlimited"]


@pytest.fixture
def run(uv: Uv) -> Run:  # noqa: ARG001  # the command needs it
    return lambda folder, *words: CliRunner().invoke(main, line(folder, *words))


def rows(folder: Path) -> dict[str, set[str]]:
    """The choices on the kernel's flip, and the reasons, by release."""
    found: dict[str, set[str]] = {}
    for row in table.read(folder):
        if row.axis in ("", "kernel flip"):
            found.setdefault(row.version, set()).add(row.choice or row.reason)
    return found


def test_each_release_has_its_choices_or_its_reason(run: Run, tmp_path: Path) -> None:
    ran = run(tmp_path / "table")
    assert ran.exit_code == 0, ran.output
    found = rows(tmp_path / "table")
    assert found["0.9"] == {"pip finds no wheel of it for a Python that is installed here"}
    assert found["1.0"] == {"flipped", "not in this version"}
    assert found["1.5"] == {"as it stands"}
    (reason,) = found["1.2"]
    assert "released by mistake" in reason
    assert str(tmp_path) not in reason


def test_what_is_in_the_table_is_not_asked_again(run: Run, uv: Uv, tmp_path: Path) -> None:
    run(tmp_path / "table", "plain>=1.3")
    before = (tmp_path / "table" / "plain.csv").read_bytes(), len(uv.made)
    again = run(tmp_path / "table", "plain>=1.3")
    assert again.stderr.startswith("0 releases to ask")
    assert ((tmp_path / "table" / "plain.csv").read_bytes(), len(uv.made)) == before


def test_what_could_not_be_asked_is_asked_again_on_request(
    run: Run, uv: Uv, tmp_path: Path
) -> None:
    uv.fail_on("plain==1.5")
    run(tmp_path, "plain==1.5", "plain==1.3")
    assert any("No solution found" in words for words in rows(tmp_path)["1.5"])
    uv.fail_on("nothing")
    assert run(tmp_path, "plain==1.5").stderr.startswith("0 releases to ask")
    assert run(tmp_path, "plain==1.5", "--retry").stderr.startswith("1 release to ask")
    assert rows(tmp_path) == {"1.3": {"flipped"}, "1.5": {"as it stands"}}


def test_a_release_that_answers_no_call_is_tried_elsewhere_and_could_not_be_asked(
    run: Run, uv: Uv, tmp_path: Path
) -> None:
    for python in ("--ignore-requires-python", "3.11", "3.9"):
        uv.releases(["1.6"], python)
    ran = run(tmp_path / "table", "plain==1.6")
    assert ran.exit_code == 0, ran.output
    assert rows(tmp_path / "table") == {
        "1.6": {"It answers no call. It refused: ValueError: companion is too new for me."}
    }
    assert len(uv.made) == 2


def test_an_environment_that_fails_is_removed_before_the_next_is_made(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 0

    def build(environment: Environment) -> Path:
        nonlocal most
        path = definitions_build(environment)
        most = max(most, len(list((tmp_path / "environments").glob("*/bin"))))
        return path

    definitions_build = definitions.build
    monkeypatch.setattr(definitions, "build", build)
    run(tmp_path / "table", "plain==1.0", "plain==1.2")
    assert most == 1


def test_no_environment_is_left(run: Run, tmp_path: Path) -> None:
    run(tmp_path / "table", "plain>=1.2", "--jobs", "2")
    assert list((tmp_path / "environments").glob("*/bin")) == []


def test_the_room_that_it_takes_is_said_before(run: Run, tmp_path: Path) -> None:
    assert run(tmp_path, "plain==1.5", "--dry-run").output == (
        "1 release to ask, 1 at once; on the disk are at most 4.0 GB of earlier downloads, and"
        " those of 1 release, of any size, with the environments made of them\nplain 1.5\n"
        "plain: the table has 0 releases that answered and 0 that could not be asked; 6 others are"
        " published\n"
    )
    assert not list(tmp_path.glob("*.csv"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("other",), "no pinned environment is of other; there are plain"),
        (("plain", "--backend", "jax"), "plain is not recorded on 'jax', which has no backends"),
        (("plain", "-k", "flip"), "-k does not go with --to"),
        (("plain", "--markdown", "page.md"), "--markdown does not go with --to"),
        (("plain=1",), "'plain=1' is no package with a range"),
    ],
)
def test_what_cannot_be_meant_is_told_in_a_sentence(
    run: Run, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    ran = run(tmp_path, *words)
    assert ran.exit_code == 2
    assert sentence in ran.stderr


def test_a_broken_table_is_named_with_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_text("nothing\n", encoding="utf-8")
    ran = run(tmp_path, "plain==1.5")
    assert ran.exit_code == 2
    assert f"{tmp_path / 'plain.csv'}:1: the columns must be package, version" in ran.stderr


def test_killed_at_any_moment_it_comes_to_the_same_table(run: Run, tmp_path: Path) -> None:
    whole = tmp_path / "whole"

    def start(folder: Path, step: int) -> subprocess.CompletedProcess[str]:
        variables = {"PYTHONPATH": drive.PATHS, aged_releases.KILLED_AT: str(step)}
        # -B: Python's own bytecode files are written in the first process only, and are no steps
        words = (sys.executable, "-B", aged_releases.__file__, *line(folder, "plain>=1.4"))
        environment = {**os.environ, **variables}
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    steps = int(start(whole, 0).stdout.split()[-1])
    for number in range(1, MOMENTS + 1):
        folder = tmp_path / str(number)
        killed = start(folder, number * steps // (MOMENTS + 1))
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert run(folder, "plain>=1.4").exit_code == 0
        assert (folder / "plain.csv").read_bytes() == (whole / "plain.csv").read_bytes()
        assert [path.name for path in folder.iterdir()] == ["plain.csv"]
    assert rows(whole).keys() == {"1.4", "1.5"}
