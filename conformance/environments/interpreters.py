"""Which interpreter a framework is asked in, and what it is told before the first question."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from conformance.adapters.base import Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.adapters.runtime import Runtime
from conformance.environments.definitions import Environment
from conformance.workers.interpreter import Interpreter, Kind, RuntimeInfo

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
"""Environment variables that make the libraries behind frameworks choose other kernels."""
_TRUTH = Kind("true or false", (True, False, None))
_TEXT = Kind("text of at most 200 characters", (None,), re.compile(r"[ -~]{1,200}"))
_KINDS = {
    "version": Kind("such as 2.13.0", (), re.compile(r"[\w.+!~-]{1,100}")),
    "package": _TEXT,
    "device": _TEXT,
    "api": _TRUTH,
    "probe": _TRUTH,
}
"""What facts have to be, by the first word of their names; None where an expression failed."""
_A_CORE_EACH = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
"""Arrays are small, and threads that wait for one another on busy cores take several times as long;
nor should the order of a sum depend on how many cores there are."""


def interpreter_in(environment: Environment, *, together: bool) -> Interpreter:
    """The interpreter of an environment, which is made now unless it is there.

    What its framework compiles is kept in an environment that was made of pins, and goes with it:
    whoever asks the same again need not wait for it. In an interpreter that others look after, the
    framework could become another one under the same version, and nothing is kept.

    together  as of `interpreter_for`
    Raises `CannotBuild`.
    """
    framework = FRAMEWORKS[environment.framework]
    interpreter = interpreter_for(
        framework, environment.executable(), environment.backend, together=together
    )
    kept = compiled_in(environment.home, framework) if environment.pins else {}
    return replace(
        interpreter, variables={**interpreter.variables, **kept, **environment.variables}
    )


def compiled_in(home: Path, framework: Framework) -> Mapping[str, str]:
    """The environment variables that keep what the framework compiles in a folder of ``home``."""
    folder = home / "compiled" / _processor()
    return {name: value.format(folder=folder) for name, value in framework.compiled.items()}


@cache
def _processor() -> str:
    """A digest of what this machine's processor can do: what is compiled here needs all of it."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        told = f"flags: {platform.processor()}"
    can = sorted(set(re.findall(r"^(?:flags|Features|model name)\s*:.*", told, re.MULTILINE)))
    return hashlib.sha256("\n".join((platform.machine(), *can)).encode()).hexdigest()[:12]


def interpreter_for(
    framework: Framework,
    executable: str,
    backend: str | None = None,
    *,
    together: bool = False,
) -> Interpreter:
    """The interpreter at ``executable``, told what to import, on which backend if it has several,
    and what to look for.

    together  whether it is asked many questions at once, if it has a way to answer them
    """
    said = framework.together if together else None
    chosen = {framework.backend_variable: backend} if framework.backend_variable and backend else {}
    facts = {
        "version": framework.version,
        "backend": framework.backend,
        **{f"api {api.id}": f"bool({api.exists})" for api in framework.apis},
        **dict(_deciding_facts(framework)),
    }
    kinds = {name: _KINDS[name.partition(" ")[0]] for name in facts if name != "backend"}
    return Interpreter(
        executable=executable,
        prelude=framework.prelude,
        facts=facts,
        kinds={**kinds, "backend": _one_of(framework.interops)},
        variables={**_A_CORE_EACH, **framework.variables, **chosen},
        synchronize=framework.synchronize,
        together=said.source if said else "",
        most=said.most if said else 1,
        switches=tuple(
            sorted({*_SWITCHES, *(s for d in framework.interops.values() for s in d.switches)})
        ),
    )


def _one_of(backends: Collection[str | None]) -> Kind:
    """What the backend has to be, of which calls can be written for these."""
    named = sorted(filter(None, backends))
    return Kind(f"one of {', '.join(named)}" if named else "nothing", tuple(backends))


def _deciding_facts(framework: Framework) -> Iterator[tuple[str, str]]:
    """Yield the expressions that every interop names, each under the name of its backend."""
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
    return {name: identity.facts.get(f"probe {backend} {name}") is True for name in names}


def device_of(identity: RuntimeInfo) -> str | None:
    """Return the device that a worker computes on."""
    device = identity.facts.get(f"device {identity.facts['backend']}")
    return None if device is None else str(device)


def runtime_of(framework: Framework, identity: RuntimeInfo) -> Runtime:
    """Return what recipes and limitations have to know of a worker."""
    backend = identity.facts["backend"]
    interop = framework.interops.get(backend)
    versions = {framework.name: identity.facts["version"]}
    for name in interop.packages if interop else ():
        versions[name] = identity.facts.get(f"package {backend} {name}")
    probes = probes_of(framework, identity)
    classes = interop.classes if interop else ()
    names = (c.name for c in classes if c.fits(probes, identity.machine.architecture))
    return Runtime(
        backend=backend,
        packages={name: str(version) for name, version in versions.items() if version},
        runtime_class=next(names, None),
    )
