"""The runtime: what decides answers beside the version, and the class that comes of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.frameworks import INTEROP, api, framework

from conformance.adapters import onednn
from conformance.adapters.interop import Device
from conformance.adapters.limitation import Limitation
from conformance.adapters.registry import FRAMEWORKS
from conformance.adapters.runtime import ANY, Runtime, RuntimeClass
from conformance.environments import definitions, interpreters
from conformance.environments.interpreters import runtime_of
from conformance.runs import run_header
from conformance.workers import worker
from conformance.workers.protocol import Machine, RuntimeInfo
from conformance.workers.worker_client import WorkerClient

LEVELS = {
    "x86-64-v1": "fpu cmov cx8 mmx fxsr sse sse2",
    "x86-64-v2": "pni ssse3 sse4_1 sse4_2 cx16 popcnt lahf_lm",
    "x86-64-v3": "avx avx2 fma f16c bmi1 bmi2 movbe xsave abm",
    "x86-64-v4": "avx512f avx512dq avx512cd avx512bw avx512vl avx512_vnni",
}


# The class


def classed(
    name: str, backend: str | None, probes: Mapping[str, Any], **machine: Any
) -> str | None:
    """The class of a worker whose probes came to this."""
    own = FRAMEWORKS[name]
    facts = {f"probe {backend} {probe}": value for probe, value in probes.items()}
    facts |= {"version": "1.0", "backend": backend}
    machine = {"architecture": "x86_64", **machine}
    identity = RuntimeInfo("3.11", "Linux", "2.0", facts, Machine(**machine), {})
    return runtime_of(own, identity).runtime_class


F32, BF16, F16 = "onednn float32", "onednn bfloat16", "onednn float16"
DOT_PRODUCTS, TILES = "onednn bfloat16 instructions", "onednn tiles"
ZEN_4 = {F32: True, BF16: True, DOT_PRODUCTS: True}
SAPPHIRE_RAPIDS = {**ZEN_4, F16: True, TILES: True}


@pytest.mark.parametrize(
    ("name", "backend", "probes", "expected"),
    [
        ("tensorflow", None, {F32: True, BF16: True}, "onednn-avx512-core"),
        ("tensorflow", None, ZEN_4, "onednn-avx512"),
        ("tensorflow", None, {**SAPPHIRE_RAPIDS, TILES: False}, "onednn-avx512-fp16"),
        ("tensorflow", None, SAPPHIRE_RAPIDS, "onednn-amx"),
        ("tensorflow", None, {**SAPPHIRE_RAPIDS, BF16: None, F16: None}, "onednn-avx2"),
        ("tensorflow", None, {F32: True, BF16: None}, "onednn-avx2"),
        ("tensorflow", None, {F32: None, BF16: None}, "eigen"),
        ("tensorflow", None, {}, "eigen"),
        ("keras", "tensorflow", ZEN_4, "onednn-avx512"),
        ("keras", "tensorflow", {F32: None, BF16: None}, "eigen"),
        ("keras", "torch", {F32: True, BF16: False}, "onednn-avx2"),
        ("keras", "jax", {"x64": False}, "xla"),
        ("torch", None, {F32: True, BF16: True}, "onednn-avx512-core"),
        ("torch", None, ZEN_4, "onednn-avx512"),
        ("torch", None, SAPPHIRE_RAPIDS, "onednn-amx"),
        ("torch", None, {F32: True, BF16: False}, "onednn-avx2"),
        ("torch", None, {F32: False, BF16: False}, "native"),
        ("jax", None, {"x64": False}, "xla"),
        ("jax", None, {"x64": True}, "xla-x64"),
        ("mxnet", None, {"onednn": True}, "onednn"),
        ("mxnet", None, {"onednn": False}, "native"),
    ],
)
def test_probes_decide_the_class(
    name: str, backend: str | None, probes: Mapping[str, Any], expected: str
) -> None:
    assert classed(name, backend, probes) == expected


def test_the_level_of_the_cpu_does_not_decide_it() -> None:
    """A switch may keep oneDNN from what the CPU can do."""
    probes = {F32: True, BF16: None}
    assert classed("tensorflow", None, probes, level="x86-64-v4") == "onednn-avx2"


def test_on_another_architecture_no_class_is_called_after_an_instruction_of_x86() -> None:
    names = [
        classed("tensorflow", None, probes, architecture="aarch64")
        for probes in (SAPPHIRE_RAPIDS, {F32: True}, {})
    ]
    assert names == ["onednn-bfloat16", "onednn", "eigen"]


def test_what_is_true_like_an_array_and_not_true_holds_nothing() -> None:
    assert classed("jax", None, {"x64": "yes"}) == "xla"


@pytest.mark.parametrize(
    ("flags", "switch", "found"),
    [
        ("avx512_bf16 amx_bf16", None, (True, True)),
        ("avx512_bf16 amx_bf16", "avx512_core_fp16", (True, False)),
        ("avx512_bf16 amx_bf16", "AVX512_CORE_VNNI", (False, False)),
        ("avx512_bf16", "ALL", (True, False)),
        ("avx512_bf161", None, (False, False)),
        (None, None, (None, None)),
    ],
)
def test_instructions_are_those_of_the_cpu_that_onednn_may_use(
    flags: str | None,
    switch: str | None,
    found: tuple[bool | None, bool | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the expressions find where the system tells of this CPU."""
    cpuinfo = tmp_path / "cpuinfo"
    if flags is not None:  # as on Linux
        cpuinfo.write_text(f"model name\t: Any\nflags\t\t: fpu {flags}\n")
    for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"):
        monkeypatch.delenv(name, raising=False)
        if switch is not None:
            monkeypatch.setenv(name, switch)
    probes = (onednn.INSTRUCTIONS[name] for name in (DOT_PRODUCTS, TILES))
    facts = [worker._fact(probe.replace("/proc/cpuinfo", str(cpuinfo)), {}) for probe in probes]
    assert tuple(facts) == found


# What a worker says


def probing(**interop: Any) -> Any:
    """A framework whose interop probes."""
    interops = {None: replace(INTEROP, **interop)}
    return framework(api(), interops=interops)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fakes can be imported in a worker."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.mark.usefixtures("fake")
def test_a_header_records_what_decides_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAIN_KERNELS", "slow")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    own = probing(
        switches=("PLAIN_KERNELS", "PLAIN_OTHERS"),
        device="'abacus'",
        packages={"beads": "'7.0'", "gone": "nothing.there"},
        probes={"adds": "1 + 1 == 2", "raises": "1 / 0", "wrong": "1 + 1 == 3"},
        classes=(
            RuntimeClass(name="raising", probes=("adds", "raises")),
            RuntimeClass(name="adding", probes=("adds",)),
            RuntimeClass(name="nothing"),
        ),
    )
    with WorkerClient(interpreters.interpreter_for(own, sys.executable)) as client:
        header = run_header.header(own, client.identity, ())
    assert header.probes == {"adds": True, "raises": False, "wrong": False}
    assert header.runtime_class == "adding"
    assert header.packages == {"plain": "1.0", "beads": "7.0"}
    assert (header.device, header.mode) == ("abacus", "eager")
    switches = dict(header.switches)
    assert switches.pop("OMP_NUM_THREADS") == str(header.threads)
    assert switches.items() >= {"PLAIN_KERNELS": "slow", "ONEDNN_MAX_CPU_ISA": "AVX2"}.items()
    assert not {"PLAIN_OTHERS", "XLA_FLAGS"} & switches.keys()
    assert header.architecture
    assert header.runtime == Runtime(packages=header.packages, runtime_class="adding")


@pytest.mark.usefixtures("fake")
def test_a_device_has_variables_lines_probes_and_classes_of_its_own() -> None:
    abacus = Device(
        variables={"PLAIN_BEADS": "red"},
        setup=("import os", "beads = os.environ['PLAIN_BEADS']"),
        probes={"red": "beads == 'red'"},
        classes=(
            RuntimeClass(name="blue", probes=("red", "wrong")),
            RuntimeClass(name="red", probes=("red", "adds")),
        ),
        reported="frame",
    )
    own = replace(
        probing(
            device="'frame' if 'beads' in globals() else 'cpu'",
            probes={"adds": "1 + 1 == 2", "wrong": "False"},
            classes=(RuntimeClass(name="by head"),),
        ),
        devices={"cpu": Device(), "abacus": abacus},
    )
    headers = {}
    for device in own.devices:
        interpreter = interpreters.interpreter_for(own, sys.executable, device=device)
        with WorkerClient(interpreter) as client:
            headers[device] = run_header.header(own, client.identity, ())
    assert [(h.device, h.runtime_class) for h in headers.values()] == [
        ("cpu", "by head"),
        ("frame", "red"),
    ]
    assert headers["abacus"].probes == {"adds": True, "wrong": False, "red": True}
    assert headers["cpu"].probes == {"adds": True, "wrong": False}


@pytest.mark.parametrize("number", range(len(LEVELS)))
def test_the_level_of_a_cpu_is_the_highest_of_which_it_has_all(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    flags = " ".join(list(LEVELS.values())[: number + 1])
    cpuinfo(monkeypatch, f"processor\t: 0\nmodel name\t: A CPU\nflags\t\t: {flags}\n")
    machine = worker._machine()
    assert (machine["level"], machine["model"]) == (list(LEVELS)[number], "A CPU")


def test_a_level_is_none_of_a_cpu_that_lacks_one_below(monkeypatch: pytest.MonkeyPatch) -> None:
    cpuinfo(monkeypatch, f"flags : {LEVELS['x86-64-v1']} {LEVELS['x86-64-v3']}\n")
    assert worker._machine()["level"] == "x86-64-v1"


def test_a_cpu_that_is_no_x86_has_no_level(monkeypatch: pytest.MonkeyPatch) -> None:
    cpuinfo(monkeypatch, "Features : fp asimd sve\n")
    assert worker._machine()["level"] is None


def cpuinfo(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: text)


# Limitations


REFUSES = Limitation("no", lambda _: True)


@pytest.mark.parametrize(
    ("limit", "runtime", "is_known"),
    [
        (REFUSES, ANY, True),
        (replace(REFUSES, classes=frozenset({"eigen"})), Runtime(runtime_class="eigen"), True),
        (replace(REFUSES, classes=frozenset({"eigen"})), Runtime(runtime_class="xla"), False),
        (replace(REFUSES, classes=frozenset({"eigen"})), ANY, True),
        (replace(REFUSES, versions="keras<3.15"), Runtime(packages={"keras": "3.14.1"}), True),
        (replace(REFUSES, versions="keras<3.15"), Runtime(packages={"keras": "3.15.0"}), False),
        (replace(REFUSES, versions="torch<2.14"), Runtime(packages={"torch": "2.13.0+cpu"}), True),
        (replace(REFUSES, versions="keras<3.15"), Runtime(packages={"torch": "2.13.0"}), True),
        (replace(REFUSES, versions="keras<3.15"), Runtime(packages={"keras": "nightly"}), True),
        (replace(REFUSES, versions="keras<3.15"), ANY, True),
    ],
)
def test_a_limitation_holds_of_its_versions_and_classes(
    limit: Limitation, runtime: Runtime, is_known: bool
) -> None:
    assert limit.is_known_of(runtime) is is_known
    limited = replace(api("plain.ask"), limits=(limit,))
    for _ in range(2):
        assert limited.limits_in(runtime) == (limit,) * is_known


def test_every_class_that_a_limitation_names_is_one() -> None:
    for own in FRAMEWORKS.values():
        names = {c.name for interop in own.interops.values() for c in interop.classes}
        for known in own.apis:
            for limit in known.limits:
                assert not limit.classes or limit.classes & names, limit.reason


# Pinned environments


def test_tensorflow_is_pinned_without_onednn_and_with_it() -> None:
    pinned = definitions.pinned()
    for name in ("tensorflow", "keras-tensorflow"):
        off, on = pinned[name], pinned[f"{name}-onednn"]
        assert (off.pins, off.python, off.backend) == (on.pins, on.python, on.backend)
        assert off.variables == {"TF_ENABLE_ONEDNN_OPTS": "0"}
        assert on.variables == {"TF_ENABLE_ONEDNN_OPTS": "1"}
        assert (off.portable, on.portable) == (True, False)
        assert off.home == on.home
        assert off != on


@pytest.mark.parametrize("package", ["torch", "tensorflow"])
def test_what_computes_chooses_no_kernels_by_the_cpu(package: str) -> None:
    pinned = definitions.pinned()
    variables = pinned[package].variables
    for name, environment in pinned.items():
        packages = {pin.partition("==")[0].removesuffix("-cpu") for pin in environment.pins}
        if environment.portable and package in packages:
            assert environment.variables.items() >= variables.items(), name
