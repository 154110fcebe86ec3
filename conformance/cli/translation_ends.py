"""Opens the two ends of a translation: an API, its record, and an interpreter that has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal, NoReturn

import click

from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.cli.environment_options import refuse_backend
from conformance.cli.exit_status import refuse
from conformance.environments.definitions import Environment
from conformance.observations import Mode
from conformance.runs import run_header
from conformance.runs.profiles import Profile
from conformance.runs.run_files import Header
from conformance.runs.worker_limits import WorkerLimits, client_in
from conformance.translate import records
from conformance.translate.records import Record
from conformance.translate.translation import Place
from conformance.utils.text import plain
from conformance.workers.worker_client import WorkerClient, WorkerError


@dataclass(frozen=True, eq=False)
class End:
    """One end of a translation.

    Attributes
    ----------
    place
        The API and its runtime.
    record
        The record of the API, of the same runtime class and version if there is one.
    header
        The header of the interpreter, or else of the record.
    client
        The client of the interpreter, if there is one.
    """

    place: Place
    record: Record
    header: Header
    client: WorkerClient | None = None

    @property
    def title(self) -> str:
        """The API with the version, the backend and the runtime class."""
        return f"{self.place.api.id} ({environment_title(self.header)})"

    @property
    def profile(self) -> Profile:
        """The profile of the API in the record."""
        profile = self.record.profile(self.place.api)
        assert profile is not None  # as `open_end` chooses records that have it
        return profile

    @property
    def is_recorded(self) -> bool:
        """Whether the record is of the version and runtime class where the API is called."""
        header, other = self.header, self.record.header
        return (header.version, header.runtime_class) == (other.version, other.runtime_class)


def environment_title(header: Header) -> str:
    """Return the version, backend and runtime class of an environment, as far as known."""
    backend = f"on {header.backend}" if header.backend else None
    return plain(", ".join(filter(None, (header.version, backend, header.runtime_class))))


@contextmanager
def open_end(
    api_id: str,
    end: Literal["from", "to"],
    backend: str | None,
    runtime_class: str | None,
    python: str | None,
    all_records: Sequence[Record],
    limits: WorkerLimits,
) -> Iterator[End]:
    """Find the record of an API, and start its interpreter if one is named.

    Parameters
    ----------
    api_id
        The API.
    end
        The prefix of the options of this end.
    backend, runtime_class
        The backend and the runtime class of the record; None for any.
    python
        An interpreter that has the framework; None to use the record alone.
    all_records
        The records to choose from.
    limits
        The limits of the worker.

    Yields
    ------
    End
        The end; its interpreter lives until the context ends.

    Raises
    ------
    click.UsageError
        If no record has the API.
    SystemExit
        If the interpreter cannot be asked.
    """
    framework = next(f for f in FRAMEWORKS.values() if APIS[api_id] in f.apis)
    api = APIS[api_id]
    refuse_backend(framework.name, backend, f"--{end}-backend")
    mode: Mode = "native" if end == "from" else "recipe"
    find = partial(records.telling, all_records, api, mode)
    if python is None:
        record = find(backend=backend, runtime_class=runtime_class)
        record = record or _refuse_unobserved(all_records, api_id, backend, runtime_class)
        yield End(Place(framework, record.runtime, api), record, record.header)
        return
    if runtime_class is not None:
        raise click.UsageError(f"--{end}-class is for no interpreter: --{end}-python has its own")
    environment = Environment(framework=framework.name, python=python, backend=backend)
    try:
        with client_in(environment, limits) as client:
            header = run_header.header(framework, client.identity, ())
            if not header.apis[api_id]:
                refuse("translate", f"{framework.title} {header.version} has no {api_id}")
            record = find(header) or _refuse_unobserved(all_records, api_id, header.backend, None)
            yield End(Place(framework, header.runtime, api), record, header, client)
    except WorkerError as error:
        refuse("translate", f"{framework.title}: {error}")


def _refuse_unobserved(
    all_records: Sequence[Record], api_id: str, backend: str | None, runtime_class: str | None
) -> NoReturn:
    """Raise ``click.UsageError`` for an API that no record has."""
    place = f" on {backend}" if backend else ""
    place += f" in the runtime class {runtime_class!r}" if runtime_class else ""
    headers = [record.header for record in all_records if record.header.apis.get(api_id)]
    classes = {h.runtime_class for h in headers if backend in (None, h.backend)} - {None}
    remark = (
        f", only in {', '.join(sorted(map(str, classes)))}" if classes and runtime_class else ""
    )
    raise click.UsageError(
        f"no run has observed {api_id}{place}{remark}; `conformance run` makes one"
    )
