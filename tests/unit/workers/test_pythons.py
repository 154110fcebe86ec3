"""Pythons: found however a person names them, past whatever does not start."""

import os
import sys
from pathlib import Path

import pytest
from fakes.pythons import isolate, program, shim, write

from conformance.workers import pythons
from conformance.workers.interpreter import Interpreter
from conformance.workers.worker_client import CannotStart, WorkerClient

PYENV = Path(".pyenv", "versions")
UV = Path(".local", "share", "uv", "python")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with anything in it, and ``bin`` and ``shims`` in it are PATH."""
    isolate(tmp_path, monkeypatch)
    home = tmp_path / "home"
    monkeypatch.setenv("PATH", os.pathsep.join((str(home / "shims"), str(home / "bin"))))
    return home


def kept(home: Path, version: str, **how: str) -> Path:
    """A Python of pyenv's, whose shim is not chosen."""
    minor = ".".join(version.split(".")[:2])
    shim(home / "shims" / f"python{minor}")
    return write(home / PYENV / version / "bin" / f"python{minor}", version, **how)


# However it is named


@pytest.mark.parametrize(
    "request_", ["3.8", "3.8.18", "python3.8", "Python3.8", "{shim}", "{folder}"]
)
def test_a_python_is_found_however_it_is_named(home: Path, request_: str) -> None:
    path = kept(home, "3.8.18")
    (path.parent / "python").symlink_to(path)
    words = request_.format(shim=home / "shims" / "python3.8", folder=path.parent.parent)
    found = pythons.find(words)
    assert found is not None
    assert Path(found).resolve() == path


@pytest.mark.parametrize("request_", ["3.8", "python3.8", "{shim}"])
def test_whatever_names_a_version_is_that_version(home: Path, request_: str) -> None:
    kept(home, "3.8.18")
    assert pythons.canonical(request_.format(shim=home / "shims" / "python3.8")) == "3.8"


def test_a_name_without_a_version_is_the_version_that_it_starts(home: Path) -> None:
    write(home / "bin" / "python", "3.12.4")
    assert pythons.canonical("python") == "3.12"


def test_a_path_is_told_from_every_other(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(home / "mine" / "bin" / "python", "3.12.4")
    monkeypatch.chdir(path.parent)
    assert pythons.canonical("./python") == pythons.canonical(str(path)) == str(path)


def test_a_path_may_begin_at_home(home: Path) -> None:
    assert pythons.find("~/mine/python") == str(home / "mine" / "python")


@pytest.mark.parametrize("path", ["/nowhere/python", "~no-such-user/python", "/" + "long" * 2000])
def test_a_path_is_taken_as_it_is(path: str) -> None:
    assert pythons.find(path) == path


def test_a_path_that_does_not_start_is_not_taken_for_another(home: Path) -> None:
    kept(home, "3.8.18")
    broken = shim(home / "mine" / "bin" / "python3.8")
    assert pythons.find(str(broken)) == str(broken)


def test_another_name_is_looked_up_on_the_path(home: Path) -> None:
    path = write(home / "bin" / "pypy3.10", "3.10.14", "pypy")
    assert pythons.find("pypy3.10") == str(path)
    assert pythons.find("pypy3.9") is None
    assert pythons.canonical("pypy3.9") == "pypy3.9"


# Where it is looked for


def test_a_shim_that_is_chosen_is_as_good_as_any(home: Path) -> None:
    kept(home, "3.8.18")
    chosen = write(home / "shims" / "python3.8", "3.8.18")
    assert pythons.find("3.8") == str(chosen)


def test_what_does_not_start_is_passed_over_for_the_next_on_the_path(home: Path) -> None:
    shim(home / "shims" / "python3.8")
    path = write(home / "bin" / "python3", "3.8.2")
    assert pythons.find("3.8") == str(path)


def test_the_folder_of_versions_may_be_elsewhere(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(home / "root"))
    path = write(home / "root" / "versions" / "3.8.18" / "bin" / "python3.8", "3.8.18")
    assert pythons.find("3.8") == str(path)


def test_the_newest_that_is_kept_is_taken(home: Path) -> None:
    for version in ("3.8.9", "3.8.18", "3.8.10"):
        kept(home, version)
    assert pythons.find("3.8") == str(home / PYENV / "3.8.18" / "bin" / "python3.8")
    assert pythons.find("3.8.9") == str(home / PYENV / "3.8.9" / "bin" / "python3.8")


def test_what_uv_manages_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = Path("cpython-3.9.25-linux-x86_64-gnu", "bin", "python3.9")
    assert pythons.find("3.9") is None
    path = write(home / UV / name, "3.9.25")
    assert pythons.find("3.9") == str(path)
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(home / "managed"))
    assert pythons.find("3.9") is None


def test_the_one_that_runs_this_is_found_wherever_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pythons, "HERE", write(home / "tool" / "python", "3.12.4"))
    assert pythons.find("3.12") == str(home / "tool" / "python")


@pytest.mark.parametrize("how", [{"implementation": "pypy"}, {"flags": "t"}])
def test_what_is_not_an_ordinary_python_is_passed_over(home: Path, how: dict[str, str]) -> None:
    kept(home, "3.13.1", **how)
    assert pythons.find("3.13") is None


def test_a_virtual_environment_among_the_versions_is_none_of_them(home: Path) -> None:
    path = kept(home, "3.8.18")
    path.parent.with_name("pyvenv.cfg").touch()
    assert pythons.find("3.8") is None


def test_a_name_without_a_version_means_the_path_only(home: Path) -> None:
    kept(home, "3.8.18")
    shim(home / "shims" / "python")
    assert pythons.find("python") is None
    path = write(home / "bin" / "python", "3.9.1")
    assert pythons.find("python") == str(path)


# What there is


def test_versions_are_told_once_the_newest_first(home: Path) -> None:
    for version in ("3.9.1", "3.11.2", "3.11.4", "3.10.0"):
        kept(home, version)
    write(home / "bin" / "python3", "3.9.7")
    assert pythons.versions() == ("3.11", "3.10", "3.9")


def test_a_version_that_no_worker_runs_on_is_none(home: Path) -> None:
    kept(home, "3.7.16")
    kept(home, "3.11.7")
    kept(home, "3.12.0", implementation="pypy")
    assert pythons.versions() == ("3.11",)


def test_a_path_has_the_version_that_it_starts(home: Path) -> None:
    assert pythons.version_of(str(write(home / "one", "3.9.1"))) == (3, 9, 1)
    assert pythons.version_of(str(home / "none")) is None
    assert pythons.version_of("3.8") == (3, 8)


# What is missing


def test_what_was_tried_is_told(home: Path) -> None:
    kept(home, "3.8.18")
    write(home / UV / "cpython-3.9.25" / "bin" / "python3.9", "3.9.25")
    assert pythons.missing("3.12") == (
        "there is no Python 3.12 here; tried were PATH, the Python that runs this, pyenv's in"
        f" {home / PYENV} (3.8.18), uv's in {home / UV} (cpython-3.9.25)"
    )


def test_a_shim_that_does_not_start_is_told(home: Path) -> None:
    path = shim(home / "shims" / "python3.12")
    assert f"PATH (where {path} does not start as an ordinary Python)" in pythons.missing("3.12")
    assert pythons.missing(str(path)) == pythons.missing("3.12")


def test_a_program_that_never_answers_is_passed_over(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pythons, "_SECONDS", 0.01)
    program(home / "bin" / "python3.8", "exec /bin/sleep 600")
    assert pythons.find("3.8") is None


# A worker


WORKS = f"""
[ "$1" = -c ] && echo conformance 3.8.18 cpython && exit
: > "$0 was started"
exec "{sys.executable}" "$@"
"""


@pytest.mark.parametrize("request_", ["3.8", "python3.8"])
def test_a_worker_starts_in_the_python_that_is_found(home: Path, request_: str) -> None:
    path = program(kept(home, "3.8.18"), WORKS)
    with WorkerClient(Interpreter(request_)) as client:
        assert client.identity.numpy
    assert path.with_name("python3.8 was started").exists()


def test_a_worker_that_has_no_python_says_what_was_tried(home: Path) -> None:
    (home / PYENV).mkdir(parents=True)
    with pytest.raises(
        CannotStart, match=r"^There is no Python 3\.7 here; tried were .* \(none\)\.$"
    ):
        WorkerClient(Interpreter("3.7")).__enter__()
