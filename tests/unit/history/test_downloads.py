"""Downloads: what making environments takes from elsewhere, foreseen and held to a limit."""

from pathlib import Path

import pytest
from fakes.installer import Uv, pretend

from conformance.environments.definitions import CannotBuild, Environment
from conformance.history import downloads
from conformance.history.downloads import Allowance, Amount, Download, TooLarge, amount, files_of

MB = 10**6
WHEELS = {"plain==1": 12 * MB, "plain==2": 13 * MB, "other==5": MB, "odd==1": None}


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uv:
    uv = pretend(tmp_path, monkeypatch)
    uv.has_wheels(WHEELS)
    return uv


def of(*pins: str, python: str = "3.11") -> Environment:
    return Environment(framework="plain", pins=pins, python=python)


def needed(environment: Environment) -> set[str]:
    files = downloads.uncached(files_of(environment), environment.python)
    return {file.pin for file in files}


# What is downloaded


@pytest.mark.usefixtures("uv")
def test_an_environment_is_made_of_files_with_sizes() -> None:
    assert files_of(of("plain==1", "odd")) == {
        Download("plain==1", 12 * MB),
        Download("odd==1", None),
    }


def test_options_of_the_installer_decide_it_too(uv: Uv) -> None:
    environment = Environment(
        framework="plain", pins=("plain==1",), python="3.11", options=("--only-binary", "plain")
    )
    files_of(environment)
    assert uv.calls[-1]["arguments"][-3:] == ["--only-binary", "plain", "-"]


def test_a_python_that_is_not_installed_need_not_be(uv: Uv) -> None:
    files_of(of("plain==1", python="3.9"))
    words = uv.calls[-1]["arguments"]
    assert words[words.index("--python-version") + 1] == "3.9"


def test_what_has_no_solution_is_said(uv: Uv) -> None:
    with pytest.raises(CannotBuild, match="No solution found for plain==7"):
        files_of(of("plain==7"))
    assert uv.made == []


LOCK = """
[[packages]]
name = "local"
version = "1"
wheels = [{url = "file:///wheels/local.whl"}]
[[packages]]
name = "beside"
version = "1"
wheels = [{path = "beside.whl"}]
[[packages]]
name = "several"
version = "1"
wheels = [{url = "there/a.whl", size = 3}, {url = "there/b.whl", size = 5}]
[[packages]]
name = "source"
version = "1"
sdist = {url = "there/source.tar.gz", size = 7}
"""


def test_what_is_in_a_folder_is_not_downloaded_and_of_several_the_largest_counts(uv: Uv) -> None:
    (uv.folder / "wheels").unlink()
    uv.say("pip compile", LOCK)
    assert files_of(of("any")) == {Download("several==1", 5), Download("source==1", 7)}


@pytest.mark.usefixtures("uv")
def test_what_is_in_the_cache_is_not_downloaded() -> None:
    environment = of("plain==1", "other==5")
    assert needed(environment) == {"plain==1", "other==5"}
    of("other==5").executable()
    assert needed(environment) == {"plain==1"}
    of("plain==1").executable()
    assert needed(environment) == set()


@pytest.mark.usefixtures("uv")
def test_versions_of_one_package_are_told_apart() -> None:
    of("plain==1", "other==5").executable()
    files = [Download(pin, 1) for pin in ("plain==1", "plain==2", "other==5")]
    assert downloads.uncached(files, "3.11") == {Download("plain==2", 1)}


def test_what_uv_knows_nothing_of_is_downloaded(uv: Uv) -> None:
    uv.fail_on("--offline")
    assert needed(of("plain==1", "other==5")) == {"plain==1", "other==5"}


def test_nothing_is_downloaded_for_nothing(uv: Uv) -> None:
    assert downloads.uncached([], "3.11") == frozenset()
    assert uv.calls == []


# How much that is


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "nothing to download"),
        ([Download("a==1", 12 * MB)], "1 download, about 12 MB"),
        ([Download("a==1", 12 * MB), Download("b==1", MB)], "2 downloads, about 13 MB"),
        (
            [Download("a==1", MB), Download("b==1", None)],
            "2 downloads, about 1.0 MB and 1 of unknown size",
        ),
    ],
)
def test_how_much_it_is_is_said_in_words(files: list[Download], words: str) -> None:
    assert str(amount(files)) == words


def test_amounts_are_added() -> None:
    assert Amount(1, 10, 0).plus(Amount(2, 5, 1), 3) == Amount(7, 25, 3)


# The limit


@pytest.mark.usefixtures("uv")
def test_what_is_allowed_is_counted() -> None:
    allowance = Allowance(30 * MB)
    allowance.spend(of("plain==1", "other==5"))
    assert allowance.spent == 13 * MB


@pytest.mark.usefixtures("uv")
def test_what_is_more_is_refused_with_what_would_allow_it() -> None:
    allowance = Allowance(20 * MB)
    allowance.spend(of("plain==1"))
    with pytest.raises(TooLarge) as told:
        allowance.spend(of("plain==2"))
    assert str(told.value) == (
        "1 download, about 13 MB, after 12 MB before, is more than the 20 MB that --max-download"
        " allows; --max-download 25MB would allow it"
    )
    assert allowance.spent == 12 * MB


@pytest.mark.usefixtures("uv")
def test_what_is_made_costs_nothing() -> None:
    of("plain==1").executable()
    allowance = Allowance(0)
    allowance.spend(of("plain==1"))
    assert allowance.spent == 0


@pytest.mark.usefixtures("uv")
def test_what_cannot_be_made_is_not_refused_for_its_size() -> None:
    Allowance(0).spend(of("plain==7"))


def test_without_a_limit_nobody_is_asked(uv: Uv) -> None:
    Allowance().spend(of("plain==1"))
    assert uv.calls == []
