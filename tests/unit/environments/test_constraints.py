"""Exact versions: all that sessions and environments install has one, on every machine the same."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conformance.environments import definitions

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SESSIONS = ROOT / "constraints.txt"
ENVIRONMENTS = definitions.pinned()
FILED = [
    name
    for name, table in tomllib.loads(
        (ROOT / "conformance" / "environments" / "environments.toml").read_text(encoding="utf-8")
    ).items()
    if "like" not in table
]
FILES = (SESSIONS, *sorted(definitions.CONSTRAINTS.iterdir()))
HOW = "`nox -s constraints` writes constraints"


def lines(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8").splitlines()
    return [line for line in text if not line.startswith("#")]


def missing(requirements: list[str], file: Path) -> list[str]:
    """The requirements for which the file has no version that they allow."""
    constraints = list(map(Requirement, lines(file)))

    def held(wanted: Requirement) -> bool:
        versions = [
            next(iter(one.specifier)).version
            for one in constraints
            if one.name == canonicalize_name(wanted.name)
        ]
        return bool(versions) and all(version in wanted.specifier for version in versions)

    return [line for line in requirements if not held(Requirement(line))]


def test_there_is_a_file_for_every_environment() -> None:
    names = {file.stem for file in definitions.CONSTRAINTS.iterdir()}
    assert names == set(FILED), HOW


@pytest.mark.parametrize("name", FILED)
def test_an_environment_has_a_version_for_every_pin(name: str) -> None:
    file = definitions.CONSTRAINTS / f"{name}.txt"
    assert missing(list(ENVIRONMENTS[name].pins), file) == [], HOW


def test_sessions_have_a_version_for_everything_that_the_project_requires() -> None:
    project = PROJECT["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    required = [*project["dependencies"], *extras, *PROJECT["build-system"]["requires"]]
    assert missing([*required, "nox", "uv"], SESSIONS) == [], HOW


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_line_is_one_exact_version_that_any_machine_can_have(file: Path) -> None:
    """Neither hosts nor folders, nor the local versions of wheels that lie beside an index."""
    exact = re.compile(r"[a-z0-9-]+==[0-9][a-z0-9.]*( ; [^/@:]+)?")
    assert [line for line in lines(file) if not exact.fullmatch(line)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_comment_names_a_folder_or_a_host(file: Path) -> None:
    text = file.read_text(encoding="utf-8").splitlines()
    assert [line for line in text if line.startswith("#") and re.search("[/@]", line)] == []


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_pinned_environment_holds_what_its_pins_need(name: str) -> None:
    environment = ENVIRONMENTS[name]
    named = {canonicalize_name(Requirement(pin).name) for pin in environment.pins}
    needed = {Requirement(line).name for line in environment.constraints}
    assert environment.strict
    assert needed or name in ("tinygrad", "tfjs-cpu", "tfjs-wasm"), "which need nothing"
    assert not needed & named
