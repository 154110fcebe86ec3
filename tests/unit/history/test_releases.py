"""Releases: those that pip finds, for which Python, and which of them a range means."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.installer import Uv, pretend
from packaging.version import Version

from conformance.environments.definitions import CannotBuild
from conformance.history import releases
from conformance.history.releases import (
    NoRelease,
    Release,
    published_releases,
    requirement_of,
    selected_releases,
    uploaded,
)

ALL = "--ignore-requires-python"


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uv:
    return pretend(tmp_path, monkeypatch)


def release(version: str, *pythons: str) -> Release:
    return Release("plain", Version(version), pythons or ("3.11",))


def versions(found: tuple[Release, ...]) -> list[str]:
    return [str(one.version) for one in found]


# What exists


def test_releases_come_by_version_and_not_by_their_letters(uv: Uv) -> None:
    uv.releases(["1.10", "1.9", "1.2"], "3.11")
    assert versions(published_releases("plain", ["3.11"])) == ["1.2", "1.9", "1.10"]


def test_each_release_knows_the_pythons_that_it_has_a_wheel_for(uv: Uv) -> None:
    uv.releases(["1.0", "2.0"], "3.9")
    uv.releases(["2.0"], "3.12")
    found = published_releases("plain", ["3.12", "3.9"])
    assert [one.pythons for one in found] == [("3.9",), ("3.12", "3.9")]


def test_one_without_a_wheel_is_there_all_the_same(uv: Uv) -> None:
    uv.releases(["0.1", "1.0"], ALL)
    uv.releases(["1.0"], "3.11")
    assert [one.pythons for one in published_releases("plain", ["3.11"])] == [(), ("3.11",)]


def test_builds_of_one_release_are_one(uv: Uv) -> None:
    uv.releases(["1.0+cpu", "1.0"], "3.11")
    assert versions(published_releases("plain", ["3.11"])) == ["1.0"]


def test_only_wheels_are_asked_for(uv: Uv) -> None:
    uv.releases(["1.0"], "3.11")
    published_releases("plain", ["3.11"])
    told = next(call["arguments"] for call in uv.calls if "3.11" in call["arguments"])
    assert told[told.index("--only-binary") + 1] == ":all:"


@pytest.mark.usefixtures("uv")
def test_a_package_that_nobody_knows_is_told() -> None:
    with pytest.raises(NoRelease, match=r"no release of 'plain' for Python 3\.11, 3\.9"):
        published_releases("plain", ["3.11", "3.9"])


def test_an_index_that_does_not_answer_is_no_package_without_releases(uv: Uv) -> None:
    uv.fail_on("tool run")
    with pytest.raises(CannotBuild, match="No solution found"):
        published_releases("plain", ["3.11"])


# What is meant


@pytest.mark.parametrize(
    "words", ["plain @ file:///plain.whl", "plain[extra]", "plain; python_version > '3'", "=1", ""]
)
def test_anything_but_a_package_with_a_range_is_refused(words: str) -> None:
    with pytest.raises(NoRelease, match=r"a package|no package"):
        requirement_of(words)


@pytest.mark.parametrize(
    ("words", "version"),
    [
        ("plain==1.0", "1.0"),
        ("plain===1.0", "1.0"),
        ("plain==1.*", None),
        ("plain>=1", None),
        ("plain", None),
    ],
)
def test_an_exact_version_is_told_from_a_range(words: str, version: str | None) -> None:
    found = releases.exact(requirement_of(words))
    assert (found and str(found)) == version


SERIES = tuple(map(release, ("1.0.0", "1.0.1", "1.0.2", "1.1.0", "1.2.0rc1", "1.2.0", "1.2.3")))


def chosen(*words: str, **how: object) -> list[str]:
    return versions(selected_releases(map(requirement_of, words), SERIES, **how))  # type: ignore[arg-type]  # options


def test_of_a_range_the_first_and_the_last_of_each_series_are_meant() -> None:
    assert chosen("plain") == ["1.0.0", "1.0.2", "1.1.0", "1.2.0", "1.2.3"]


def test_every_release_of_a_range_is_meant_if_that_is_said() -> None:
    assert chosen("plain<1.1", every=True) == ["1.0.0", "1.0.1", "1.0.2"]


def test_at_most_so_many_are_spread_evenly_with_both_ends() -> None:
    assert chosen("plain", at_most=3) == ["1.0.0", "1.1.0", "1.2.3"]


def test_of_one_at_most_the_newest_is_meant() -> None:
    assert chosen("plain", at_most=1) == ["1.2.3"]


def test_exact_versions_are_meant_whatever_the_number() -> None:
    assert chosen("plain==1.0.1", "plain", at_most=1) == ["1.0.1", "1.2.3"]


def test_early_releases_are_left_out() -> None:
    assert "1.2.0rc1" not in chosen("plain", every=True)


@pytest.mark.parametrize(
    ("words", "how"),
    [("plain", {"pre": True}), ("plain>=1.2.0rc1", {}), ("plain==1.2.0rc1", {})],
)
def test_early_releases_are_meant_when_asked_for(words: str, how: dict[str, bool]) -> None:
    assert "1.2.0rc1" in chosen(words, every=True, **how)


def test_an_exact_version_that_pip_does_not_know_has_no_wheel() -> None:
    (found,) = selected_releases([requirement_of("plain==9")], SERIES)
    assert found == Release("plain", Version("9"), ())


def test_a_range_without_releases_is_told() -> None:
    with pytest.raises(NoRelease, match=r"no release of 7 is within 'plain>=9'"):
        selected_releases([requirement_of("plain>=9")], SERIES)


# When it was uploaded

LOCK = """
[[packages]]
name = "plain"
version = "1.0"
sdist = {url = "plain.tar.gz", upload-time = 2024-01-03T00:00:00Z}
wheels = [{url = "plain.whl", upload-time = 2024-01-02T00:00:00Z}]
"""


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    uploaded.cache_clear()


def test_a_release_was_uploaded_with_its_first_file(uv: Uv) -> None:
    uv.say("pip compile", LOCK)
    assert uploaded(release("1.0"), "3.11") == datetime(2024, 1, 2, tzinfo=UTC)


def test_an_index_may_not_say_when(uv: Uv) -> None:
    uv.say("pip compile", LOCK.replace("upload-time", "size-in-words"))
    assert uploaded(release("1.0"), "3.11") is None


def test_what_cannot_be_resolved_was_uploaded_nobody_knows_when(uv: Uv) -> None:
    uv.fail_on("pip compile")
    assert uploaded(release("1.0"), "3.11") is None
