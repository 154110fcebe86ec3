"""The two ends of a translation: an API, the record that tells of it, and who can be asked."""

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
from conformance.environments import interpreters
from conformance.observations import Mode
from conformance.runs import run_header
from conformance.runs.profiles import Profile
from conformance.runs.run_files import Header
from conformance.runs.worker_limits import WorkerLimits
from conformance.translate import records
from conformance.translate.records import Record
from conformance.translate.translation import Place
from conformance.utils.text import plain
from conformance.workers.worker_client import WorkerClient, WorkerError


@dataclass(frozen=True, eq=False)
class End:
    """One end.

    Attributes
    ----------
    place
        The API, where it is.
    record
        What tells of it: of the same runtime class and version if there is such a record.
    header
        Of the environment where it is called: of the interpreter, or else of the record.
    client
        The interpreter, if there is one.
    """

    place: Place
    record: Record
    header: Header
    client: WorkerClient | None = None

    @property
    def title(self) -> str:
        """The API with the version, the backend and the runtime class."""
        return f"{self.place.api.id} ({where(self.header)})"

    @property
    def profile(self) -> Profile:
        """What the API is observed to mean."""
        profile = self.record.profile(self.place.api)
        assert profile is not None  # or the record had not been chosen
        return profile

    @property
    def is_recorded(self) -> bool:
        """Whether the record is of the version and runtime class where the API is called."""
        own, other = self.header, self.record.header
        return (own.version, own.runtime_class) == (other.version, other.runtime_class)


def where(header: Header) -> str:
    """Name an environment by its version, backend and runtime class, as far as they are known."""
    on = f"on {header.backend}" if header.backend else None
    return plain(", ".join(filter(None, (header.version, on, header.runtime_class))))


@contextmanager
def opened(
    api_id: str,
    end: Literal["from", "to"],
    backend: str | None,
    runtime_class: str | None,
    python: str | None,
    known: Sequence[Record],
    terms: WorkerLimits,
) -> Iterator[End]:
    """Find out what is known of an API, and start its interpreter if one was named.

    Parameters
    ----------
    api_id
        The API.
    end
        Which one it is, as its options begin.
    backend, runtime_class
        That were asked for.
    python
        An interpreter that has the framework.
    known
        The records that there are.
    terms
        How it is treated.

    Yields
    ------
    End
        Until whose end the interpreter lives.

    Raises
    ------
    click.UsageError
        Where nothing is known of the API.
    SystemExit
        Where the interpreter cannot be asked.
    """
    framework = next(f for f in FRAMEWORKS.values() if APIS[api_id] in f.apis)
    api = APIS[api_id]
    refuse_backend(framework.name, backend, f"--{end}-backend")
    mode: Mode = "native" if end == "from" else "recipe"
    tell = partial(records.telling, known, api, mode)
    if python is None:
        record = tell(backend=backend, runtime_class=runtime_class)
        record = record or _strange(known, api_id, backend, runtime_class)
        yield End(Place(framework, record.runtime, api), record, record.header)
        return
    if runtime_class is not None:
        raise click.UsageError(f"--{end}-class is for no interpreter: --{end}-python has its own")
    interpreter = interpreters.interpreter_for(framework, python, backend)
    try:
        with WorkerClient(interpreter, timeout=terms.timeout, startup=terms.startup) as client:
            header = run_header.header(framework, client.identity, ())
            if not header.apis[api_id]:
                refuse("translate", f"{framework.title} {header.version} has no {api_id}")
            record = tell(header) or _strange(known, api_id, header.backend, None)
            yield End(Place(framework, header.runtime, api), record, header, client)
    except WorkerError as error:
        refuse("translate", f"{framework.title}: {error}")


def _strange(
    known: Sequence[Record], api_id: str, backend: str | None, runtime_class: str | None
) -> NoReturn:
    """Refuses an API that nothing is known of, there."""
    there = f" on {backend}" if backend else ""
    there += f" in the runtime class {runtime_class!r}" if runtime_class else ""
    headers = [record.header for record in known if record.header.apis.get(api_id)]
    classes = {h.runtime_class for h in headers if backend in (None, h.backend)} - {None}
    only = f", only in {', '.join(sorted(map(str, classes)))}" if classes and runtime_class else ""
    raise click.UsageError(
        f"no run has observed {api_id}{there}{only}; `conformance run` makes one"
    )
