"""Which environments the words of a command mean."""

import sys
from typing import get_args

import click
import pytest

from conformance.cli.environment_options import select_environments
from conformance.environments import definitions
from conformance.environments.definitions import Environment, Tier


def chosen(*names: str, pins: tuple[str, ...] = ()) -> dict[str | None, tuple[str, ...]]:
    return {name: e.pins for name, e in select_environments(None, names, None, pins, None)}


def test_all_are_all_that_are_pinned() -> None:
    assert {"torch", "tensorflow", "keras-jax", "mxnet"} <= chosen("all").keys()


@pytest.fixture
def tiers(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {tier: Environment(framework="torch", tier=tier) for tier in get_args(Tier)}
    monkeypatch.setattr(definitions, "pinned", lambda: made)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["all"], {"default"}),
        (["extra"], {"extra"}),
        (["all", "extra"], {"default", "extra"}),
        (["large", "all"], {"large", "default"}),
    ],
)
@pytest.mark.usefixtures("tiers")
def test_a_large_environment_is_asked_for_by_its_name(names: list[str], expected: set[str]) -> None:
    assert chosen(*names).keys() == expected


def test_a_device_is_in_the_name_of_a_run() -> None:
    ((name, environment),) = select_environments(None, ("jax",), None, (), None, device="cuda")
    assert (name, environment.device) == ("jax-cuda", "cuda")
    ((name, environment),) = select_environments("torch", (), None, (), None, device="mps")
    assert (name, environment.device) == ("torch-mps", "mps")


@pytest.mark.parametrize(
    ("framework", "names", "sentence"),
    [
        ("torch", (), "the device of PyTorch must be one of cpu, cuda, mps, xpu, got 'tpu'"),
        (None, ("mxnet",), "the device of MXNet must be one of cpu, got 'tpu'"),
    ],
)
def test_a_device_that_a_framework_lacks_is_refused(
    framework: str | None, names: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(click.BadParameter) as refusal:
        select_environments(framework, names, None, (), None, device="tpu")
    assert refusal.value.message == sentence


def test_another_pin_stands_in_the_place_of_the_pinned_one() -> None:
    (pins,) = chosen("torch", pins=("torch>=3",)).values()
    assert [pin for pin in pins if pin.startswith("torch")] == ["torch>=3"]


def test_another_pin_leaves_the_others_as_they_are() -> None:
    (changed,) = chosen("torch", pins=("torch>=3",)).values()
    (plain,) = chosen("torch").values()
    assert set(plain) - set(changed) == {pin for pin in plain if pin.startswith("torch")}


def test_another_pin_of_all_means_those_that_have_the_package() -> None:
    assert set(chosen("all", pins=("Keras==9",))) == {
        "tensorflow",
        "tensorflow-onednn",
        "keras-tensorflow",
        "keras-tensorflow-onednn",
        "keras-torch",
        "keras-jax",
    }


@pytest.mark.parametrize(
    ("pin", "said"),
    [("nothing==1", "have no such package"), ("torch=1", "--with"), ("", "--with")],
)
def test_a_pin_of_nothing_is_refused(pin: str, said: str) -> None:
    with pytest.raises(click.UsageError, match=said):
        chosen("all", pins=(pin,))


def test_a_pinned_environment_has_its_own_python() -> None:
    with pytest.raises(click.UsageError, match="--environment"):
        select_environments(None, ("torch",), "3.12", (), None)


def test_somewhere_has_to_be_said() -> None:
    with pytest.raises(click.UsageError, match="--framework"):
        select_environments(None, (), None, (), None)


# The Python


def made(python: str | None, pins: tuple[str, ...] = ("x==1",), **how: bool) -> Environment:
    ((_, environment),) = select_environments("torch", (), python, pins, None, **how)
    return environment


def test_one_python_is_one_environment_however_it_is_named() -> None:
    assert made("python3.8").home == made("3.8").home != made("3.9").home


def test_an_interpreter_that_is_there_keeps_its_name() -> None:
    assert made("python3.8", pins=()).python == "python3.8"
    assert made(None).python == made(None, pins=()).python == sys.executable


def test_what_may_be_downloaded_does_not_make_another_environment() -> None:
    assert made("3.8", download_python=True).download
    assert made("3.8", download_python=True) == made("3.8", download_python=False)
    assert all(
        e.download
        for _, e in select_environments(None, ("torch",), None, (), None, download_python=True)
    )


def test_nothing_is_downloaded_for_an_interpreter_that_has_the_framework() -> None:
    with pytest.raises(click.UsageError, match="--download-python is for environments"):
        made("3.8", pins=(), download_python=True)
