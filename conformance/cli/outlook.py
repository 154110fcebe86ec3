"""What the history of a package lets one expect of a run, with few imports, as `gate` is quick."""

from conformance.adapters.registry import HOMES
from conformance.history import table
from conformance.history.outlook import outlook
from conformance.history.series import Series, all_series
from conformance.runs.run_files import Header
from conformance.utils import resources


def outlook_of(before: Header, after: Header) -> tuple[str, ...]:
    """Return what the history says of a version, and of the changes up to it."""
    return tuple(outlook(series_of(after), after.runtime_class, before.version, after.version))


def series_of(header: Header) -> list[Series]:
    """Return the history of the framework of a run, on its backend, in all runtime classes."""
    ids = {id_ for id_ in header.apis if id_ in HOMES and HOMES[id_].name == header.framework}
    backend = header.backend or ""
    return [
        series
        for series in all_series(table.read(resources.HISTORY))
        if series.backend == backend and not ids.isdisjoint(series.stages)
    ]
