"""Times: recalled for what was timed, guessed for what was not, and never in anybody's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.environments.definitions import Environment
from conformance.runs import durations
from conformance.runs.durations import GUESS, Duration, expected, recall, remember

JAX = Environment(framework="jax", pins=("jax==0.4",), python="3.11")
NEWER = Environment(framework="jax", pins=("jax==0.5",), python="3.11")
TORCH = Environment(framework="torch", pins=("torch==2.0",), python="3.11")
ON_JAX = Environment(framework="keras", pins=("keras==3.0",), python="3.11", backend="jax")
ON_TORCH = Environment(framework="keras", pins=("keras==3.0",), python="3.11", backend="torch")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path))
    return tmp_path


def test_nothing_is_known_at_first() -> None:
    assert recall() == {}


def test_what_was_recorded_is_recalled() -> None:
    remember(JAX, Duration(2.0, 0.06))
    remember(TORCH, Duration(1.0, 0.002))
    assert expected(JAX, recall()) == Duration(2.0, 0.06)
    assert expected(TORCH, recall()) == Duration(1.0, 0.002)


def test_the_last_time_counts() -> None:
    remember(JAX, Duration(2.0, 0.06))
    remember(JAX, Duration(2.0, 0.03))
    assert expected(JAX, recall()) == Duration(2.0, 0.03)


def test_another_version_is_thought_to_take_as_long() -> None:
    remember(JAX, Duration(2.0, 0.06))
    remember(TORCH, Duration(1.0, 0.002))
    assert expected(NEWER, recall()) == Duration(2.0, 0.06)


def test_the_same_backend_says_more_than_the_same_framework() -> None:
    remember(ON_JAX, Duration(2.0, 0.06))
    remember(ON_TORCH, Duration(1.0, 0.002))
    newer = Environment(framework="keras", pins=("keras==3.1",), python="3.11", backend="jax")
    assert expected(newer, recall()) == Duration(2.0, 0.06)


def test_a_backend_says_more_than_other_backends_of_the_framework() -> None:
    remember(ON_TORCH, Duration(1.0, 0.002))
    remember(JAX, Duration(2.0, 0.06))
    assert expected(ON_JAX, recall()) == Duration(2.0, 0.06)


def test_of_several_that_are_alike_the_mean_is_expected() -> None:
    remember(ON_JAX, Duration(3.0, 0.06))
    remember(ON_TORCH, Duration(1.0, 0.02))
    other = Environment(
        framework="keras", pins=("keras==3.1",), python="3.11", backend="tensorflow"
    )
    assert expected(other, recall()) == Duration(2.0, 0.04)


def test_what_is_like_nothing_that_was_timed_is_guessed() -> None:
    remember(TORCH, Duration(1.0, 0.002))
    assert expected(JAX, recall()) == GUESS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"jax": 1}',
        '{"jax": {"start": 1}}',
        '{"jax": {"start": "soon", "observation": 1}}',
        '{"jax": {"start": NaN, "observation": 1}}',
        '{"jax": {"start": -1, "observation": 1}}',
        '{"jax": {"start": 1e999, "observation": 1}}',
        '{"jax": {"start": null, "observation": [1]}}',
        "[" * 100_000,
        '{"jax": ' * 100_000,
        "\xff",
        "\0",
    ],
)
def test_a_file_that_cannot_be_read_is_nothing_known(folder: Path, text: str) -> None:
    (folder / "times.json").write_text(text, encoding="latin-1")
    assert recall() == {}


def test_a_folder_that_cannot_be_written_to_is_nobodys_trouble(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").touch()
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(folder / "file"))
    remember(JAX, Duration(2.0, 0.06))
    assert durations.recall() == {}


def test_rubbish_of_any_length_is_nothing_known(folder: Path) -> None:
    (folder / "times.json").write_text('{"jax": {"start": 1, "observation": 1}, "' + "a" * 2**23)
    assert recall() == {}


def test_what_is_no_file_is_nothing_known(folder: Path) -> None:
    (folder / "times.json").mkdir()
    assert recall() == {}
    remember(JAX, Duration(2.0, 0.06))
    assert [path.name for path in folder.iterdir()] == ["times.json"]
