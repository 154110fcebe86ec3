"""Make the header of a run: the cases, and the runtime that answers them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from conformance.adapters.framework import Batched, Framework
from conformance.environments.interpreters import device_of, probes_of, runtime_of
from conformance.runs.prepared_case import PreparedCase, digest_of
from conformance.runs.run_records import Header
from conformance.utils import resources
from conformance.workers.worker_client import RuntimeInfo


def header(
    framework: Framework,
    identity: RuntimeInfo,
    prepared_cases: Iterable[PreparedCase],
    batching: Batched | None = None,
) -> Header:
    """Return the header of a run, without fingerprint and selection.

    Parameters
    ----------
    prepared_cases
        The cases. They are read once, one by one.
    batching
        How the worker receives many questions at once; None if it does not.
    """
    facts = identity.facts
    runtime = runtime_of(framework, identity)
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
