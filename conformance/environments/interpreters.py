"""Describe the interpreter of a worker, and what a worker reports of its runtime."""

import hashlib
import os
import platform
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from conformance.adapters.framework import Batched, Framework
from conformance.adapters.interop import CPU
from conformance.adapters.registry import FRAMEWORKS
from conformance.adapters.runtime import Runtime
from conformance.environments.definitions import Environment
from conformance.workers.interpreter import Interpreter, Kind, RuntimeInfo
from conformance.workers.protocol import Version

_SWITCHES = (
    "CUDA_VISIBLE_DEVICES",
    "DNNL_MAX_CPU_ISA",
    "MKL_ENABLE_INSTRUCTIONS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
    "XLA_FLAGS",
)
"""Environment variables that make the libraries behind frameworks select other kernels."""
_BOOLEAN = Kind("true or false", bool | None)
_TEXT = Kind(
    "text of at most 200 characters",
    Annotated[str, msgspec.Meta(pattern=r"\A[ -~]{1,200}\Z")] | None,
)
_KINDS = {
    "version": Kind("such as 2.13.0", Version),
    "package": _TEXT,
    "device": _TEXT,
    "api": _BOOLEAN,
    "probe": _BOOLEAN,
}
"""The valid facts, by the first word of their names; a fact is None if its expression failed."""
_ONE_THREAD = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
"""One thread for each worker: arrays are small, threads on busy cores take several times as long,
and the order of a sum must not depend on the number of cores."""


def interpreter_in(environment: Environment, *, batched: bool) -> Interpreter:
    """Return the interpreter of an environment with its variables.

    The environment is made first if needed; raise `CannotBuild` if that fails. An environment of
    pins keeps what its framework compiles, so that later workers start faster. In another
    interpreter, the framework may change under the same version, and nothing is kept. ``together``
    is as of `interpreter_for`.
    """
    framework = FRAMEWORKS[environment.framework]
    interpreter = interpreter_for(
        framework,
        environment.executable(),
        environment.backend,
        device=environment.device,
        batched=batched,
    )
    variables = dict(compiled_in(environment.home, framework)) if environment.pins else {}
    if environment.npm:
        variables["NODE_PATH"] = str(environment.home / "node_modules")
    return replace(
        interpreter, variables={**interpreter.variables, **variables, **environment.variables}
    )


def compiled_in(home: Path, framework: Framework) -> Mapping[str, str]:
    """Return the variables that make a framework keep compiled code in a folder of ``home``."""
    folder = home / "compiled" / processor()
    return {name: value.format(folder=folder) for name, value in framework.compiled.items()}


@cache
def processor() -> str:
    """Return a digest of the processor's features, which compiled code may need."""
    try:
        description = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        description = f"flags: {platform.processor()}"
    lines = re.findall(r"^(?:flags|Features|model name)\s*:.*", description, re.MULTILINE)
    features = sorted(set(lines))
    return hashlib.sha256("\n".join((platform.machine(), *features)).encode()).hexdigest()[:12]


def interpreter_for(
    framework: Framework,
    executable: str,
    backend: str | None = None,
    *,
    device: str = CPU,
    batched: bool = False,
) -> Interpreter:
    """Return the interpreter of a framework, with its imports, variables and facts to report.

    Parameters
    ----------
    backend
        The backend, if the framework has several.
    device
        What to compute on, one of the framework's devices.
    batched
        Whether the worker receives many questions at once, if the framework supports that.
    """
    batching = batching_of(framework, backend, batched=batched)
    setting = framework.devices[device]
    variables = {**_ONE_THREAD, **framework.variables, **setting.variables}
    if framework.backend_variable and backend:
        variables[framework.backend_variable] = backend
    facts = {
        "version": framework.version,
        "backend": framework.backend,
        **{f"api {api.id}": f"bool({api.existence})" for api in framework.apis},
        **dict(_backend_facts(framework)),
        **{_device_probe(name): f"bool({probe})" for name, probe in setting.probes.items()},
    }
    kinds = {name: _KINDS[name.partition(" ")[0]] for name in facts if name != "backend"}
    return Interpreter(
        executable=executable,
        prelude="\n".join((framework.prelude, *setting.setup)),
        facts=facts,
        kinds={**kinds, "backend": _backend_kind(framework.interops)},
        variables=variables,
        synchronize=framework.synchronize,
        together=batching.source if batching else "",
        most=batching.most if batching else 1,
        switches=tuple(
            sorted({*_SWITCHES, *(s for d in framework.interops.values() for s in d.switches)})
        ),
        isolated=framework.isolated,
    )


def batching_of(framework: Framework, backend: str | None, *, batched: bool) -> Batched | None:
    """Return how the worker of a backend receives many questions at once; None if it does not.

    The arguments are as of `interpreter_for`.
    """
    return framework.together.get(backend or framework.chosen_backend) if batched else None


def replaced_variables(environment: Environment) -> dict[str, str]:
    """Return the values of a worker that replace a person's choice of device or kernels."""
    device = FRAMEWORKS[environment.framework].devices[environment.device]
    return {
        name: value
        for name, value in {**device.variables, **environment.variables}.items()
        if os.environ.get(name, value) != value
    }


def _backend_kind(backends: Collection[str | None]) -> Kind:
    """Return the valid backends: those that calls can be written for."""
    names = sorted(filter(None, backends))
    return Kind(f"one of {', '.join(names)}" if names else "nothing", Literal[tuple(backends)])


def _backend_facts(framework: Framework) -> Iterator[tuple[str, str]]:
    """Yield the expressions of every backend with their names."""
    for backend, interop in framework.interops.items():
        yield f"device {backend}", interop.device
        for name, expression in interop.packages.items():
            yield f"package {backend} {name}", expression
        for name, expression in interop.probes.items():
            yield f"probe {backend} {name}", f"bool({expression})"


def probes_of(framework: Framework, identity: RuntimeInfo) -> dict[str, bool]:
    """Return which probes of the backend in use hold in a worker, by name."""
    backend = identity.facts["backend"]
    interop = framework.interops.get(backend)
    names = interop.probes if interop else ()
    device_names = framework.reported_device(device_of(identity)).probes
    return {
        **{name: identity.facts.get(f"probe {backend} {name}") is True for name in names},
        **{name: identity.facts.get(_device_probe(name)) is True for name in device_names},
    }


def _device_probe(name: str) -> str:
    return f"probe of the device: {name}"


def device_of(identity: RuntimeInfo) -> str | None:
    """Return the device that a worker computes on."""
    device = identity.facts.get(f"device {identity.facts['backend']}")
    return None if device is None else str(device)


def runtime_of(framework: Framework, identity: RuntimeInfo) -> Runtime:
    """Return the runtime of a worker, as recipes and limitations need it."""
    backend = identity.facts["backend"]
    interop = framework.interops.get(backend)
    versions = {framework.name: identity.facts["version"]}
    for name in interop.packages if interop else ():
        versions[name] = identity.facts.get(f"package {backend} {name}")
    probes = probes_of(framework, identity)
    device_classes = framework.reported_device(device_of(identity)).classes
    classes = device_classes or (interop.classes if interop else ())
    names = (c.name for c in classes if c.fits(probes, identity.machine.architecture))
    return Runtime(
        backend=backend,
        packages={name: str(version) for name, version in versions.items() if version},
        runtime_class=next(names, None),
    )
