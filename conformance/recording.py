"""A recording: every case asked in one environment, and written down as a run file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from conformance import progress, runs, shipped, survey
from conformance.api import Framework
from conformance.environments import CannotBuild, Environment
from conformance.frameworks import FRAMEWORKS
from conformance.runs import Header, RunError
from conformance.sources import digest as digest_of
from conformance.survey import Subject
from conformance.workers.controller import CannotStart, Examination

FOLDER = Path("reports", "runs")
"""Where run files go unless it is said otherwise."""
TIMEOUT = 60.0
"""Seconds for a question."""
MEMORY = 8 * 2**30
"""Bytes that a worker may use beyond what it starts with."""


def record(
    environment: Environment,
    subjects: Sequence[Subject],
    path: Path | None,
    *,
    api_ids: Collection[str] = (),
    jobs: int = 1,
    timeout: float = TIMEOUT,
    memory: int = MEMORY,
    sources: str | None = None,
) -> tuple[Path, Counter[str]]:
    """Asks every subject of every API, or of those named, and writes the run file at ``path``.

    Returns where it was written, and how often each status was observed. An environment that cannot
    be made or started leaves a run at ``path`` that says so. Raises ``CannotBuild``,
    ``CannotStart``, ``OSError``.
    """
    framework = FRAMEWORKS[environment.framework]
    writer = None
    try:
        interpreter = survey.interpreter_for(
            framework, environment.executable(), environment.backend
        )

        def start() -> Examination:
            return Examination(interpreter, timeout=timeout, memory=memory)

        with start() as examination:
            header = survey.header(framework, examination.identity, subjects)
            header = replace(header, sources=sources)
            path = path or FOLDER / f"{header.name}.jsonl"
            apis = [
                api
                for api in framework.apis
                if header.apis[api.id] and api.id in (api_ids or header.apis)
            ]
            items = list(survey.items(framework, header.backend, apis, subjects))
            observations = (
                survey.observe(examination, items)
                if jobs == 1
                else survey.observe_side_by_side(start, items, jobs)
            )
            with runs.writing(path, header) as writer, progress.bar() as bar:
                total = sum(len(item.modes) for item in items)
                task = bar.add_task(f"{header.name} {header.version}", total=total)
                for observation in observations:
                    writer.add(observation)
                    bar.advance(task)
            return path, writer.counts
    except (CannotStart, CannotBuild) as error:
        if path and writer is None:  # what was observed before a failure is kept, without a footer
            _write_failure(path, framework, environment.backend, str(error))
        raise


def made_from(environment: Environment, cases: Sequence[Path], words: Sequence[str]) -> str:
    """A digest of all that makes a run of an environment of pins what it is.

    words  the options that change what is asked, or how
    """
    variable = FRAMEWORKS[environment.framework].backend_variable
    return digest_of(
        cases or (shipped.CASES,),
        (
            environment.python,
            *sorted(environment.pins),
            *environment.options,
            str(environment.backend),
            *words,
        ),
        [variable] if variable else [],
    )


def is_made_from(path: Path, digest: str) -> bool:
    """Whether there is a complete run with this digest at ``path``, so that none is needed."""
    try:
        run = runs.read(path)
    except RunError:
        return False
    return run.complete and run.header.sources == digest


def _write_failure(path: Path, framework: Framework, backend: str | None, why: str) -> None:
    """A run of nothing, so that the report shows a framework that did not run, and why."""
    backend = backend or framework.chosen_backend
    with runs.writing(path, Header(framework=framework.name, backend=backend, failure=why)):
        pass
