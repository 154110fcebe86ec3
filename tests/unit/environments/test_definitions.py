"""Environments: made once for the same pins, and told in a sentence when they cannot be made."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.installer import Uv, pretend

import conformance
from conformance.environments import definitions, installer
from conformance.environments.definitions import DOWNLOADS, CannotBuild, Environment, NoPython

LINKS = "wheels  more/wheels"
PINS = ("plain==1.0", "numpy==2.0")


def build(pins: tuple[str, ...], python: str, **rest: Any) -> Path:
    return definitions.build(Environment(framework="plain", pins=pins, python=python, **rest))


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uv:
    return pretend(tmp_path, monkeypatch)


def test_an_environment_is_a_python_with_the_pins(uv: Uv) -> None:
    python = build(PINS, "3.11")
    made, installed = (call["arguments"] for call in uv.calls)
    assert made[0] == "venv"
    assert made[made.index("--python") + 1] == str(uv.folder / "python3.11")
    assert python == Path(made[-1], "bin", "python")
    assert installed[:2] == ["pip", "install"]
    assert installed[installed.index("--python") + 1] == str(python)
    assert installed[-2:] == list(PINS)


def test_the_same_pins_are_installed_once(uv: Uv) -> None:
    assert build(PINS, "3.11") == build(PINS, "3.11")
    assert len(uv.calls) == 2


def test_the_order_of_the_pins_does_not_matter(uv: Uv) -> None:
    assert build(PINS, "3.11") == build(PINS[::-1], "3.11")
    assert len(uv.calls) == 2


@pytest.mark.parametrize(
    ("pins", "python"), [(("plain==1.1", "numpy==2.0"), "3.11"), (PINS, "3.12"), (PINS[:1], "3.11")]
)
@pytest.mark.usefixtures("uv")
def test_other_pins_or_another_python_are_another_environment(
    pins: tuple[str, ...], python: str
) -> None:
    assert build(PINS, "3.11") != build(pins, python)


BUILD = """
import sys
from conformance.environments.definitions import Environment
print(Environment(framework="plain", pins=tuple(sys.argv[1:]), python="3.11").executable())
"""


def test_two_processes_that_want_the_same_one_make_it_once(uv: Uv) -> None:
    root = str(Path(conformance.__file__).parent.parent)
    words = [sys.executable, "-c", BUILD, *PINS]
    variables = {**os.environ, "PYTHONPATH": root}
    both = [subprocess.Popen(words, env=variables, stdout=subprocess.PIPE) for _ in range(2)]
    told = [process.communicate()[0] for process in both]
    assert told[0] == told[1] != b""
    assert len(uv.calls) == 2


def test_two_threads_that_want_the_same_one_make_it_once(uv: Uv) -> None:
    with ThreadPoolExecutor(2) as pool:
        made = set(pool.map(lambda _: build(PINS, "3.11"), range(2)))
    assert len(made) == 1
    assert len(uv.calls) == 2


@pytest.mark.usefixtures("uv")
def test_a_folder_that_cannot_be_written_to_is_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path / "file"))
    with pytest.raises(CannotBuild, match="environments cannot be kept in"):
        build(PINS, "3.11")


@pytest.mark.usefixtures("uv")
def test_environments_are_kept_where_the_variable_says(tmp_path: Path) -> None:
    assert build(PINS, "3.11").is_relative_to(tmp_path / "environments")


def test_environments_are_kept_in_the_cache_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONFORMANCE_ENVIRONMENTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert definitions.folder() == tmp_path / "conformance" / "environments"


def test_the_installers_words_say_why_not(uv: Uv) -> None:
    uv.fail_on("plain==1.0")
    with pytest.raises(CannotBuild) as told:
        build(PINS, "3.11")
    assert str(told.value) == "error: No solution found hint: there is no such version"


def test_an_installer_that_does_not_end_is_stopped(uv: Uv, monkeypatch: pytest.MonkeyPatch) -> None:
    (uv.folder / "uv").write_text("#!/bin/sh\nexec /bin/sleep 600\n")
    monkeypatch.setattr(installer, "LONGEST", 0.2)
    with pytest.raises(CannotBuild, match=r"uv venv did not end within 0\.2 seconds"):
        build(PINS, "3.11")


def test_an_environment_that_was_not_finished_is_made_again(uv: Uv) -> None:
    uv.fail_on("plain==1.0")
    with pytest.raises(CannotBuild):
        build(PINS, "3.11")
    uv.fail_on("nothing")
    assert build(PINS, "3.11").exists()
    assert len(uv.calls) == 4


@pytest.mark.usefixtures("uv")
def test_an_environment_whose_python_is_gone_is_made_again() -> None:
    build(PINS, "3.11").unlink()
    assert build(PINS, "3.11").exists()


def test_without_an_installer_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path))
    with pytest.raises(CannotBuild, match=r"uv is not installed; .* installs it"):
        build(PINS, "3.11")


# A Python that is not there


def test_nothing_downloads_a_python_by_itself(uv: Uv) -> None:
    with pytest.raises(NoPython, match=r"^there is no Python 3\.9 here; .*; tried were PATH, "):
        build(PINS, "3.9")
    build(PINS, "3.11")
    assert "--no-python-downloads" in uv.calls[0]["arguments"]
    assert [call for call in uv.calls if call["arguments"][0] == "python"] == []


@pytest.mark.usefixtures("uv")
def test_what_would_help_is_told() -> None:
    with pytest.raises(NoPython) as told:
        build(PINS, "python3.9")
    assert str(told.value).startswith(
        "there is no Python 3.9 here; `uv python install 3.9` installs one, and --download-python"
        " or CONFORMANCE_PYTHON_DOWNLOADS=1 lets us do it; tried were "
    )


@pytest.mark.parametrize(("download", "variable"), [(True, "0"), (None, "1"), (None, "YES")])
def test_uv_downloads_it_where_that_is_allowed(
    uv: Uv, monkeypatch: pytest.MonkeyPatch, download: bool | None, variable: str
) -> None:
    monkeypatch.setenv(DOWNLOADS, variable)
    assert build(PINS, "3.9", download=download).exists()
    fetched, made, _ = uv.calls
    assert fetched["arguments"] == ["python", "install", "--quiet", "3.9"]
    assert fetched["bin"] == "0"
    assert made["arguments"][-2].endswith("uv/python/cpython-3.9.9/bin/python3.9")


def test_one_that_is_there_is_not_downloaded(uv: Uv) -> None:
    build(PINS, "3.11", download=True)
    assert uv.calls[0]["arguments"][0] == "venv"


@pytest.mark.parametrize(("download", "variable"), [(False, "1"), (None, "0"), (None, "")])
def test_it_is_not_downloaded_where_that_is_not_allowed(
    uv: Uv, monkeypatch: pytest.MonkeyPatch, download: bool | None, variable: str
) -> None:
    monkeypatch.setenv(DOWNLOADS, variable)
    with pytest.raises(NoPython):
        build(PINS, "3.9", download=download)
    assert uv.calls == []


@pytest.mark.usefixtures("uv")
def test_a_word_that_neither_allows_nor_forbids_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DOWNLOADS, "perhaps")
    with pytest.raises(CannotBuild, match=r"must be one of 0, no, .*, got 'perhaps'"):
        build(PINS, "3.9")


def test_what_uv_says_of_a_download_that_failed_is_told(uv: Uv) -> None:
    uv.fail_on("python install")
    with pytest.raises(CannotBuild, match="No solution found"):
        build(PINS, "3.9", download=True)


def test_what_only_uv_can_read_is_left_to_uv(uv: Uv) -> None:
    build(PINS, "pypy@3.10")
    assert "pypy@3.10" in uv.calls[0]["arguments"]


def needs(python: str, **how: bool) -> Environment:
    return Environment(framework="torch", pins=PINS, python=python, **how)


@pytest.mark.usefixtures("uv")
def test_an_environment_knows_whether_its_python_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert needs("3.11").missing_python is None
    assert needs("3.9", download=True).missing_python is None
    assert "no Python 3.9" in str(needs("3.9").missing_python)
    monkeypatch.setenv(DOWNLOADS, "perhaps")
    assert "perhaps" in str(needs("3.9").missing_python)


def test_an_environment_that_was_made_misses_no_python(uv: Uv) -> None:
    build(PINS, "3.11")
    uv.has_pythons()
    assert needs("3.11").missing_python is None


# Wheels that are kept beside an index


def links(uv: Uv) -> list[str | None]:
    build(PINS, "3.11")
    return [call["find links"] for call in uv.calls]


def test_links_that_pip_is_told_of_are_handed_on(uv: Uv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", LINKS)
    assert links(uv) == ["wheels,more/wheels"] * 2


def test_links_that_pip_is_configured_with_are_handed_on(
    uv: Uv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(f"[global]\nfind-links = {LINKS}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    pip = uv.folder / "pip"  # for an interpreter that has none
    pip.write_text(f'#!/bin/sh\n[ "$*" = "config get global.find-links" ] && echo "{LINKS}"\n')
    pip.chmod(0o755)
    monkeypatch.delenv("PIP_FIND_LINKS")
    assert links(uv) == ["wheels,more/wheels"] * 2


def test_links_that_uv_is_told_of_are_left_alone(uv: Uv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_FIND_LINKS", "own")
    monkeypatch.setenv("PIP_FIND_LINKS", "wheels")
    assert links(uv) == ["own", "own"]


def test_without_links_nothing_is_handed_on(uv: Uv) -> None:
    assert links(uv) == [None, None]


# Modules that are compiled when they are installed


@pytest.mark.parametrize(("never_later", "said"), [(True, "1"), (False, None)])
def test_modules_are_compiled_where_no_import_would_keep_them_so(
    uv: Uv, monkeypatch: pytest.MonkeyPatch, never_later: bool, said: str | None
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", never_later)
    build(PINS, "3.11")
    assert [call["compile"] for call in uv.calls] == [said, said]


def test_what_uv_is_told_of_compiling_is_left_alone(
    uv: Uv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("UV_COMPILE_BYTECODE", "0")
    build(PINS, "3.11")
    assert [call["compile"] for call in uv.calls] == ["0", "0"]


def test_options_of_the_installer_make_another_environment(uv: Uv) -> None:
    option = ("--exclude-newer", "2024-07-18")
    assert build(PINS, "3.11") != build(PINS, "3.11", options=option)
    assert uv.calls[-1]["arguments"][-4:] == [*option, *PINS]


def test_an_environment_knows_its_folder_before_it_is_made(uv: Uv) -> None:
    environment = Environment(framework="torch", pins=PINS, python="3.11")
    home = environment.home
    assert uv.calls == []
    assert Path(environment.executable()) == home / "bin" / "python"


# What the pins need

NEEDED = ("jaxlib==0.10.2", "scipy==1.17.1 ; python_full_version < '3.15'")
HELD = Environment(framework="jax", pins=("jax==0.10.2",), python="3.11", constraints=NEEDED)


def test_what_the_pins_need_is_installed_in_the_versions_of_the_constraints(uv: Uv) -> None:
    definitions.build(HELD)
    (installed,) = uv.made
    file = Path(installed[installed.index("--constraint") + 1])
    assert file.read_text().splitlines() == list(NEEDED)
    assert installed[-1:] == list(HELD.pins)


def test_constraints_make_another_environment() -> None:
    homes = {replace(HELD, constraints=some).home for some in ((), NEEDED, NEEDED[:1])}
    assert len(homes) == 3


def test_another_pin_lets_the_constraints_give_way(uv: Uv) -> None:
    definitions.build(HELD.with_pins(["jax==0.11.0"]))
    _, resolved, installed = (call["arguments"] for call in uv.calls)
    file = installed[installed.index("--constraint") + 1]
    assert resolved[:2] == ["pip", "compile"]
    assert resolved[resolved.index("--output-file") + 1] == file
    assert Path(file).read_text().splitlines() == list(NEEDED)


def test_the_same_pin_again_lets_nothing_give_way() -> None:
    assert HELD.with_pins(HELD.pins) == HELD


def test_an_environment_that_may_differ_is_another_one() -> None:
    assert replace(HELD, strict=False).home != HELD.home


# What there is


def test_what_is_installed_is_told_by_name(uv: Uv) -> None:
    uv.say("pip list", [{"name": "NumPy", "version": "2.0"}])
    assert definitions.installed("python") == {"numpy": "2.0"}


def test_the_pins_that_hold_are_data() -> None:
    assert definitions.pinned()["keras-torch"].locked == ("torch",)
