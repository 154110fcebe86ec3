"""Define the header of a run: the cases, and the runtime that answers them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.adapters.base import Framework
from conformance.adapters.runtime import Runtime
from conformance.environments.interpreters import device_of, probes_of, runtime_of
from conformance.observations import Size, Text
from conformance.runs.prepared_case import PreparedCase, digest_of
from conformance.runs.selection import Selection
from conformance.utils import resources
from conformance.workers.worker_client import RuntimeInfo

FORMAT = 2
"""The version of the format that is written; this version reads all before, too."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """The first line of a run file: the runtime, and the cases that it was given.

    Attributes
    ----------
    format
        The version of the format of the file.
    packages
        Versions of the framework and of the packages that compute for it, by name.
    runtime_class
        The class of runtimes with equal answers, according to the probes.
    probes
        Small calls that decide the class, and whether each holds.
    device, mode, threads
        What computes, how the framework was called, and the number of threads of its libraries
        (None if they decide).
    architecture, cpu_level, cpu_model
        Of the processor, such as x86_64, and x86-64-v3 for AVX2.
    switches
        Environment variables that select kernels, as they were set for the worker.
    apis
        Every API id of the framework, and whether this environment has the API.
    cases
        Digest of the cases.
    files
        The files of the cases, as they were named, without those that ship with this package.
    fingerprint
        Digest of the code, the case files and the pins, if there are pins.
    batching
        Whether the worker received the questions one by one, or how else.
    selection
        The part of the cases and APIs that the run covers; None for all.
    failure
        Why there are no observations, for an environment that could not be made.
    """

    format: Size = FORMAT
    framework: Text
    version: Text | None = None
    backend: Text | None = None
    python: Text | None = None
    numpy: Text | None = None
    platform: Text | None = None
    packages: Mapping[Text, Text] = field(default_factory=dict)
    runtime_class: Text | None = None
    probes: Mapping[Text, bool] = field(default_factory=dict)
    device: Text | None = None
    mode: Text | None = None
    threads: Size | None = None
    architecture: Text | None = None
    cpu_level: Text | None = None
    cpu_model: Text | None = None
    switches: Mapping[Text, Text] = field(default_factory=dict)
    apis: Mapping[Text, bool] = field(default_factory=dict)
    cases: Text | None = None
    files: tuple[Text, ...] = ()
    fingerprint: Text | None = None
    batching: Text | None = None
    selection: Selection | None = None
    failure: Text | None = None

    @property
    def name(self) -> str:
        """The framework with its backend."""
        return self.framework if self.backend is None else f"{self.framework}-{self.backend}"

    @property
    def title(self) -> str:
        """The name with the version and the runtime class, if they are known."""
        words = (self.name, self.version, self.runtime_class and f"({self.runtime_class})")
        return " ".join(filter(None, words))

    @property
    def runtime(self) -> Runtime:
        """The runtime as recipes and limitations need it."""
        return Runtime(
            backend=self.backend, packages=self.packages, runtime_class=self.runtime_class
        )


def header(
    framework: Framework,
    identity: RuntimeInfo,
    prepared_cases: Iterable[PreparedCase],
    *,
    batched: bool = False,
) -> Header:
    """Return the header of a run.

    Parameters
    ----------
    framework
        The framework.
    identity
        What the worker reports of its runtime.
    prepared_cases
        The cases. They are read once, one by one.
    batched
        Whether the worker receives many questions at once, if the framework supports that.

    Returns
    -------
    Header
        Without fingerprint and selection.
    """
    facts = identity.facts
    runtime = runtime_of(framework, identity)
    batching = framework.together if batched else None
    files: set[str] = set()

    def contents() -> Iterator[bytes]:
        for prepared_case in prepared_cases:  # once, as there may be more than fit into memory
            files.add(prepared_case.case.place.file)
            yield f"{prepared_case.case.id} {prepared_case.content}".encode()

    cases = digest_of(contents())
    return Header(
        framework=framework.name,
        version=str(facts["version"]),
        backend=runtime.backend,
        python=identity.python,
        numpy=identity.numpy,
        platform=identity.platform,
        packages=runtime.packages,
        runtime_class=runtime.runtime_class,
        probes=probes_of(framework, identity),
        device=device_of(identity),
        mode="eager",
        threads=_threads(identity),
        architecture=identity.machine.architecture or None,
        cpu_level=identity.machine.level,
        cpu_model=identity.machine.model,
        switches=identity.switches,
        apis={api.id: bool(facts[f"api {api.id}"]) for api in framework.apis},
        cases=cases,
        files=tuple(sorted(file for file in files if file and not _is_shipped(file))),
        batching=batching.words if batching else "one by one",
    )


def _threads(identity: RuntimeInfo) -> int | None:
    words = identity.switches.get("OMP_NUM_THREADS", "")
    return int(words) if words.isdecimal() else None


def _is_shipped(file: str) -> bool:
    return Path(file).resolve().is_relative_to(resources.CASES)
