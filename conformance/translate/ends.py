"""Open the two ends of a translation: an API, its record, and an interpreter that has it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from conformance.environments.definitions import Environment
from conformance.observations import Mode
from conformance.runs import lookup, run_header
from conformance.runs.profiles import Profile
from conformance.runs.run_files import Header
from conformance.runs.worker_limits import WorkerLimits, client_in
from conformance.translate import records
from conformance.translate.records import NoRecord, Record
from conformance.translate.translation import Place
from conformance.utils.printable import PrintableError
from conformance.utils.text import on, plain
from conformance.workers.worker_client import WorkerClient, WorkerError


class NoAnswer(PrintableError):
    """An interpreter that cannot be asked, or that does not answer; the message says why."""


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
    mode: Mode,
    backend: str | None,
    runtime_class: str | None,
    python: str | None,
    all_records: Sequence[Record],
    limits: WorkerLimits,
) -> Iterator[End]:
    """Find the record of an API, and start its interpreter if one is named.

    ``backend`` and ``runtime_class`` are the backend and the runtime class of the record; None for
    any. ``python`` is an interpreter that has the framework; None to use the record alone. Yields
    the end; its interpreter lives until the context ends. Raises ``NoRecord`` if no record has the
    API. Raises ``NoAnswer`` if the interpreter cannot be asked.
    """
    framework, api = lookup.api_named(api_id)
    find = partial(records.nearest, all_records, api, mode)
    if python is None:
        record = find(backend=backend, runtime_class=runtime_class)
        if record is None:
            raise NoRecord(_unobserved(all_records, api_id, backend, runtime_class))
        yield End(Place(framework, record.runtime, api), record, record.header)
        return
    environment = Environment(framework=framework.name, python=python, backend=backend)
    try:
        with client_in(environment, limits) as client:
            header = run_header.header(framework, client.identity, ())
            if not header.apis[api_id]:
                raise NoAnswer(f"{framework.title} {header.version} has no {api_id}")
            record = find(header)
            if record is None:
                raise NoRecord(_unobserved(all_records, api_id, header.backend, None))
            yield End(Place(framework, header.runtime, api), record, header, client)
    except WorkerError as error:
        raise NoAnswer(f"{framework.title}: {error}") from None


def _unobserved(
    all_records: Sequence[Record], api_id: str, backend: str | None, runtime_class: str | None
) -> str:
    """Return in a sentence that no record has an API."""
    place = on(backend) + (f" in the runtime class {runtime_class!r}" if runtime_class else "")
    headers = [record.header for record in all_records if record.header.apis.get(api_id)]
    classes = {h.runtime_class for h in headers if backend in (None, h.backend)} - {None}
    remark = (
        f", only in {', '.join(sorted(map(str, classes)))}" if classes and runtime_class else ""
    )
    return f"no run has observed {api_id}{place}{remark}; `conformance run` makes one"
