"""Companions: pinned ones first, then those of the release's time, then any."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from packaging.version import Version

from conformance.environments.definitions import Environment
from conformance.history import companions
from conformance.history.companions import attempts, base_environment
from conformance.history.releases import NoRelease, Release, requirement_of

TORCH = Environment(framework="torch", pins=("torch==2", "numpy==2"), python="3.11")
KERAS = Environment(
    framework="keras", backend="tensorflow", pins=("keras==3", "tensorflow==2", "numpy==2")
)
KERAS_ON_TORCH = Environment(
    framework="keras", backend="torch", pins=("keras==3", "torch==2", "numpy==2"), locked=("torch",)
)
TENSORFLOW = Environment(framework="tensorflow", pins=("tensorflow==2", "keras==3"))


@pytest.fixture(autouse=True)
def _pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    places = {"tf": TENSORFLOW, "torch": TORCH, "keras": KERAS, "keras-torch": KERAS_ON_TORCH}
    monkeypatch.setattr(companions, "pinned", lambda: places)


def dated(monkeypatch: pytest.MonkeyPatch, date: datetime | None) -> None:
    monkeypatch.setattr(companions, "uploaded", lambda _release, _python: date)


# The place of a package


@pytest.mark.parametrize(
    ("package", "framework", "backend", "place"),
    [
        ("keras", None, None, KERAS),
        ("Keras", None, None, KERAS),
        ("keras", None, "torch", KERAS_ON_TORCH),
        ("keras", "tensorflow", None, TENSORFLOW),
        ("torch", None, None, TORCH),
        ("torch", "keras", None, KERAS_ON_TORCH),
        ("numpy", "torch", None, TORCH),
    ],
)
def test_the_place_of_a_package(
    package: str, framework: str | None, backend: str | None, place: Environment
) -> None:
    assert base_environment(package, framework, backend) == place


def test_a_package_without_a_place_is_told_what_there_is() -> None:
    with pytest.raises(NoRelease) as told:
        base_environment("keras", None, "jax")
    said = "no pinned environment has keras on jax; pinned are keras, numpy, tensorflow, torch"
    assert str(told.value) == said


# The environments to try


def tried(place: Environment, *pythons: str, fixed: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """What is installed in each attempt, and the choice that it comes from."""
    release = Release("keras", Version("2"), pythons or ("3.11",))
    found = attempts(place, release, [requirement_of(words) for words in fixed])
    return [(one.companions, one.environment.python, *one.environment.pins) for one in found]


SAID = ("packaging", "setuptools")


def test_the_pinned_companions_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    dated(monkeypatch, None)
    assert tried(KERAS)[:2] == [
        ("as pinned", "3.11", "keras==2", "tensorflow==2", "numpy==2"),
        ("as pinned", "3.11", "keras==2", "tensorflow==2", "numpy==2", *SAID),
    ]


def test_without_a_date_any_companion_comes_then(monkeypatch: pytest.MonkeyPatch) -> None:
    dated(monkeypatch, None)
    assert tried(KERAS)[2:] == [("any", "3.11", "keras==2", "tensorflow", "numpy", *SAID)]


def test_with_a_date_those_of_that_time_come_before(monkeypatch: pytest.MonkeyPatch) -> None:
    dated(monkeypatch, datetime(2024, 1, 1, tzinfo=UTC))
    assert [choice for choice, *_ in tried(KERAS)[2:]] == ["of its time", "any"]


def test_nothing_is_much_younger_than_the_release(monkeypatch: pytest.MonkeyPatch) -> None:
    dated(monkeypatch, datetime(2024, 1, 1, tzinfo=UTC))
    found = [
        one.environment.options
        for one in attempts(KERAS, Release("keras", Version("2"), ("3.11",)))
    ]
    assert found[2][-2:] == ("--exclude-newer", "2024-01-31")


def test_what_holds_is_not_held_to_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    dated(monkeypatch, datetime(2024, 1, 1, tzinfo=UTC))
    release = Release("keras", Version("2"), ("3.11",))
    found = [one.environment for one in attempts(KERAS_ON_TORCH, release)]
    assert found[2].pins[1:3] == ("torch==2", "numpy")
    assert found[2].options[-2:] == ("--exclude-newer-package", "numpy=2024-01-31")


def test_what_is_asked_for_holds_in_every_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    dated(monkeypatch, None)
    for _, _, *pins in tried(KERAS, fixed=("tensorflow==1.9", "extra>2")):
        assert {"tensorflow==1.9", "extra>2"} < set(pins)


def test_with_nothing_left_to_choose_there_is_no_other_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dated(monkeypatch, None)
    choices = {choice for choice, *_ in tried(KERAS, fixed=("tensorflow==1.9", "numpy==1"))}
    assert choices == {"as pinned"}


def test_only_beside_pinned_companions_is_the_rest_as_it_is_pinned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dated(monkeypatch, datetime(2024, 1, 1, tzinfo=UTC))
    place = replace(KERAS, constraints=("h5py==3.14.0",))
    for one in attempts(place, Release("keras", Version("2"), ("3.11",))):
        assert bool(one.environment.constraints) == (one.companions == "as pinned")
        assert not one.environment.strict


def test_every_python_with_a_wheel_is_tried_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    dated(monkeypatch, None)
    assert [python for _, python, *_ in tried(KERAS, "3.11", "3.9")] == ["3.11"] * 3 + ["3.9"] * 3


def test_nothing_that_is_named_is_built_from_source(monkeypatch: pytest.MonkeyPatch) -> None:
    dated(monkeypatch, None)
    first = next(attempts(KERAS, Release("keras", Version("2"), ("3.11",))))
    words = ("--only-binary", "keras", "--only-binary", "tensorflow", "--only-binary", "numpy")
    assert first.environment.options == words


def test_a_part_of_the_package_has_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    dated(monkeypatch, datetime(2024, 1, 1, tzinfo=UTC))
    place = replace(KERAS, pins=("keras==3.15", "keras-part==3.15", "numpy==2"))
    found = tried(place)
    assert found[0] == ("as pinned", "3.11", "keras==2", "keras-part==2", "numpy==2")
    assert found[2] == ("of its time", "3.11", "keras==2", "keras-part==2", "numpy", *SAID)
    # A release from before there was that part.
    assert found[3] == ("of its time", "3.11", "keras==2", "numpy", *SAID)


def test_for_a_table_companions_of_the_year_after_the_release_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dated(monkeypatch, datetime(2024, 1, 1, tzinfo=UTC))
    release = Release("keras", Version("2"), ("3.11",))
    found = list(attempts(KERAS, release, pinned_first=False))
    assert [one.companions for one in found] == ["of its time", "of its time"]
    days = [one.environment.options[-2:] for one in found]
    assert days == [("--exclude-newer", "2024-12-31"), ("--exclude-newer", "2024-01-31")]
    dated(monkeypatch, None)
    found = list(attempts(KERAS, release, pinned_first=False))
    assert [one.companions for one in found] == ["any"]
