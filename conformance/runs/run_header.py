"""The header of a run: what was asked, and what answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from conformance.adapters.base import Framework
from conformance.environments.interpreters import device_of, probes_of, runtime_of
from conformance.runs.prepared_case import PreparedCase, digest_of
from conformance.runs.run_files import Header
from conformance.utils import resources
from conformance.workers.worker_client import RuntimeInfo


def header(
    framework: Framework,
    identity: RuntimeInfo,
    prepared_cases: Iterable[PreparedCase],
    *,
    together: bool = False,
) -> Header:
    """The header of a run in an interpreter that said who it is; ``together`` as it was started."""
    facts = identity.facts
    runtime = runtime_of(framework, identity)
    said = framework.together if together else None
    files: set[str] = set()

    def asked() -> Iterator[bytes]:
        for prepared_case in prepared_cases:  # once, as there may be more than fit into memory
            files.add(prepared_case.case.place.file)
            yield f"{prepared_case.case.id} {prepared_case.content}".encode()

    cases = digest_of(asked())
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
        files=tuple(sorted(file for file in files if file and not _ships(Path(file)))),
        asked=said.words if said else "one by one",
    )


def _threads(identity: RuntimeInfo) -> int | None:
    words = identity.switches.get("OMP_NUM_THREADS", "")
    return int(words) if words.isdecimal() else None


def _ships(file: Path) -> bool:
    return file.resolve().is_relative_to(resources.CASES)
