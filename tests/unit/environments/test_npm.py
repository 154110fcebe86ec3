"""Environments with packages of JavaScript: what npm is told, what it may not do, when it fails."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.installer import Uv, pretend

from conformance.environments import definitions, interpreters
from conformance.environments.definitions import CannotBuild, Environment

PINNED = {name: e for name, e in definitions.pinned().items() if e.npm}
LOCK = '{"lockfileVersion": 3}'


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uv:
    return pretend(tmp_path, monkeypatch)


@pytest.fixture
def npm(uv: Uv) -> Uv:
    """Also Node, and an npm that writes down its words; it fails if there is a file ``broken``."""
    script = f'#!/bin/sh\n[ -e {uv.folder}/broken ] && echo "E404 not found" >&2 && exit 1\n'
    script += f'echo "$@" >> {uv.folder}/npm-words\n'
    for name, text in (("npm", script), ("node", "#!/bin/sh\n")):
        (uv.folder / name).write_text(text, encoding="utf-8")
        (uv.folder / name).chmod(0o755)
    return uv


def environment(*packages: str, lock: str = LOCK) -> Environment:
    return Environment(
        framework="tfjs",
        backend="cpu",
        pins=("numpy==2.0",),
        python="3.11",
        npm=packages,
        lock=lock,
    )


def test_npm_installs_what_the_lock_says_and_runs_nothing_of_it(npm: Uv) -> None:
    home = definitions.build(environment("@a/b@1.2.3", "c@4.5.6")).parents[1]
    words = (npm.folder / "npm-words").read_text(encoding="utf-8").split()
    asked = json.loads((home / "package.json").read_text(encoding="utf-8"))
    assert words[:2] == ["ci", "--ignore-scripts"]
    assert asked["dependencies"] == {"@a/b": "1.2.3", "c": "4.5.6"}
    assert (home / "package-lock.json").read_text(encoding="utf-8") == LOCK


@pytest.mark.usefixtures("npm")
def test_another_lock_or_package_is_another_environment() -> None:
    one = environment("c@4.5.6")
    homes = {one.home, environment("c@4.5.7").home, replace(one, lock="{}").home}
    assert len(homes) == 3


@pytest.mark.parametrize("name", ["node", "npm"])
def test_without_node_or_npm_it_is_said(npm: Uv, name: str) -> None:
    (npm.folder / name).unlink()
    with pytest.raises(CannotBuild, match=f"^{name} is not installed; Node.js 20 or later has it$"):
        definitions.build(environment("c@4.5.6"))


def test_npms_own_words_say_why_it_failed(npm: Uv) -> None:
    (npm.folder / "broken").touch()
    with pytest.raises(CannotBuild, match="E404 not found"):
        definitions.build(environment("c@4.5.6"))
    (npm.folder / "broken").unlink()
    assert definitions.build(environment("c@4.5.6")).exists()


@pytest.mark.usefixtures("npm")
def test_a_worker_finds_the_packages() -> None:
    made = environment("c@4.5.6")
    variables = interpreters.interpreter_in(made, batched=False).variables
    assert variables["NODE_PATH"] == str(made.home / "node_modules")
    assert json.loads(variables["CONFORMANCE_PROGRAM"])[0] == "node"


@pytest.mark.parametrize("name", PINNED)
def test_every_package_has_one_version_and_a_digest(name: str) -> None:
    packages = json.loads(PINNED[name].lock)["packages"]
    asked = packages.pop("")["dependencies"]
    assert asked == dict(package.rsplit("@", 1) for package in PINNED[name].npm)
    assert {f"node_modules/{package}" for package in asked} <= packages.keys()
    for package in packages.values():
        assert package["version"]
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package
