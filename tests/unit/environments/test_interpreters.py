"""What a worker is told: where compiled code is kept, and where none is."""

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.adapters import jax
from conformance.adapters.registry import FRAMEWORKS
from conformance.environments import definitions, interpreters
from conformance.environments.definitions import Environment

PINS = ("jax==0.10.2",)


@pytest.fixture(autouse=True)
def _made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Environments are there, wherever they would be made."""
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setattr(definitions, "build", lambda of: of.home / "bin/python")


def variables(environment: Environment) -> dict[str, str]:
    return dict(interpreters.interpreter_in(environment, batched=True).variables)


def test_compiled_code_is_kept_in_an_environment_of_pins() -> None:
    environment = Environment(framework="jax", pins=PINS)
    folder = Path(variables(environment)["JAX_COMPILATION_CACHE_DIR"])
    assert environment.home in folder.parents


def test_nothing_is_kept_for_an_interpreter_of_others() -> None:
    ours, theirs = (variables(Environment(framework="jax", pins=pins)) for pins in (PINS, ()))
    assert {name for name in ours if name not in theirs} == set(jax.FRAMEWORK.compiled)


def test_an_environment_sets_its_switches_over_what_is_set_around_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    off = definitions.pinned()["tensorflow"]
    assert variables(off)["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert "TF_ENABLE_ONEDNN_OPTS" not in variables(replace(off, pins=(), variables={}))


@pytest.mark.parametrize(
    ("name", "environment", "expected"),
    [
        ("JAX_PLATFORMS", Environment(framework="jax"), "cpu"),
        ("JAX_PLATFORMS", Environment(framework="jax", device="cuda"), "cuda,cpu"),
        ("CUDA_VISIBLE_DEVICES", Environment(framework="torch"), ""),
        ("CUDA_VISIBLE_DEVICES", Environment(framework="torch", device="cuda"), None),
        ("PLAIN", Environment(framework="torch", variables={"PLAIN": "1"}), "1"),
    ],
)
def test_a_choice_that_is_replaced_is_known(
    monkeypatch: pytest.MonkeyPatch, name: str, environment: Environment, expected: str | None
) -> None:
    for variable in ("JAX_PLATFORMS", "CUDA_VISIBLE_DEVICES", "PLAIN"):
        monkeypatch.delenv(variable, raising=False)
    assert interpreters.replaced_variables(environment) == {}
    monkeypatch.setenv(name, "0")
    replaced = {} if expected is None else {name: expected}
    assert interpreters.replaced_variables(environment) == replaced
    if expected is not None:
        monkeypatch.setenv(name, expected)
        assert interpreters.replaced_variables(environment) == {}


def test_no_other_processor_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = Environment(framework="jax", pins=PINS)
    here = variables(environment)
    monkeypatch.setattr(interpreters, "processor", lambda: "another one")
    assert variables(environment) != here


def test_a_framework_that_compiles_nothing_is_told_nothing() -> None:
    torch = Environment(framework="torch", pins=("torch==2.13.0",))
    assert variables(torch) == variables(replace(torch, pins=()))
    assert not FRAMEWORKS["torch"].compiled
