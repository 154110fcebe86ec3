"""Read and write the history of packages: the convention on each axis in each release.

``PACKAGE.csv``, or ``PACKAGE-BACKEND.csv`` where the framework has several, has a row for every
release, API and axis. A release that could not be asked has one row, and so has an API that a
release lacks; its ``reason`` says why.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from conformance.utils import durable_files
from conformance.utils.grouping import group
from conformance.utils.printable import PrintableError

FOLDER = Path("reports", "history")
"""The folder of the files, from the root of a clone."""


class BrokenTable(PrintableError):
    """A file that is no table of a history, with its line."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What an API did on one axis in one release.

    Parameters
    ----------
    package, version
        The release.
    date
        The day of its upload, such as ``2024-05-01``; empty where the index does not say.
    python
        The version that ran it, such as ``3.11``; empty where none did.
    backend
        Of a framework that has several, else empty.
    runtime
        The runtime class; empty where there is none.
    companions
        The packages beside it, such as ``numpy 2.4.6; jaxlib 0.10.2``.
    api, axis
        Both empty in a row of a release that could not be asked; the axis alone in that of an API
        that the release lacks.
    choice
        The name of the choice, or ``refused``, ``no parameter`` or ``no answer``. Where it is
        another one for a number of spatial axes, such as ``of the kernel; in 3-D: ignored``.
    cases
        How many cases show the choice.
    reason
        Why there is no choice, in a row without an axis.
    """

    package: str
    version: str
    date: str = ""
    python: str = ""
    backend: str = ""
    runtime: str = ""
    companions: str = ""
    api: str = ""
    axis: str = ""
    choice: str = ""
    cases: int = 0
    reason: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What no two rows have in common."""
        return self.package, self.backend, self.version, self.api, self.axis


COLUMNS = tuple(field.name for field in fields(Row))
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PYTHON = re.compile(r"\d{1,3}\.\d{1,3}")


def choice_of(words: str, rank: int) -> str:
    """Return the choice for a number of spatial axes, in the words of a row."""
    choice, *exceptions = words.split("; in ")
    ranks = dict(words.split("-D: ", 1) for words in exceptions if "-D: " in words)
    return ranks.get(str(rank), choice)


def path_of(folder: Path, package: str, backend: str | None) -> Path:
    """Return the path of a package's file."""
    return folder / f"{'-'.join(filter(None, (canonicalize_name(package), backend)))}.csv"


def read(folder: Path) -> list[Row]:
    """Return the rows of all files of a folder, in the order of their names.

    Raises ``BrokenTable`` for a folder or a file that cannot be read, and for a row that `write`
    writes nowhere.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".csv")
    except OSError as error:
        raise BrokenTable(f"{folder}: cannot be read: {error.strerror or error}") from None
    return [row for path in paths for row in read_file(path)]


def read_file(path: Path) -> list[Row]:
    """Return the rows of one file; it raises as `read` does."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BrokenTable(f"{path}: is not text in UTF-8") from None
    except OSError as error:
        raise BrokenTable(f"{path}: cannot be read: {error.strerror or error}") from None
    reader = csv.reader(io.StringIO(text), strict=True)
    rows: dict[tuple[str, ...], Row] = {}
    owners: set[tuple[str, str]] = set()
    try:
        if next(reader, None) != list(COLUMNS):
            raise ValueError(f"the columns must be {', '.join(COLUMNS)}")
        for cells in reader:
            row = _row(cells)
            if row.key in rows:
                raise ValueError(f"{' '.join(filter(None, row.key))} has a row before this one")
            owner = row.package, row.backend
            if owner not in owners and path_of(path.parent, *owner) != path:
                raise ValueError(f"{row.package} {row.backend}".strip() + " has a file of its own")
            owners.add(owner)
            rows[row.key] = row
    except (ValueError, csv.Error) as error:
        raise BrokenTable(f"{path}:{max(reader.line_num, 1)}: {error}") from None
    return list(rows.values())


def write(folder: Path, rows: Iterable[Row]) -> None:
    """Write the files of all packages that have rows, each sorted from the oldest release on.

    Files of other packages stay. A file is replaced when the new one is on the disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = group(rows, lambda row: path_of(folder, row.package, row.backend))
    durable_files.replace({path: _text(of_file).encode() for path, of_file in files.items()})


def _text(rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(astuple, sorted(rows, key=_order)))
    return text.getvalue()


def _order(row: Row) -> tuple[Version, str, str]:
    return Version(row.version), row.api, row.axis


def _row(cells: list[str]) -> Row:
    """Return the row of a line's cells; raise ``ValueError`` with a sentence."""
    if len(cells) != len(COLUMNS):
        raise ValueError(f"a row has {len(COLUMNS)} cells, got {len(cells)}")
    words = dict(zip(COLUMNS, cells, strict=True))
    for problem in _problems(words):
        raise ValueError(problem)
    return Row(**{**words, "cases": int(words["cases"])})  # type: ignore[arg-type]


@cache
def _is_version(words: str) -> bool:
    try:
        Version(words)
    except InvalidVersion:
        return False
    return True


def _problems(words: dict[str, str]) -> Iterator[str]:
    if not words["package"]:
        yield "package must not be empty"
    if not _is_version(words["version"]):
        yield f"version must be such as 3.8.0, got {words['version'][:40]!r}"
    if words["date"] and not _DATE.fullmatch(words["date"]):
        yield f"date must be such as 2024-05-01, or empty, got {words['date'][:40]!r}"
    if words["python"] and not _PYTHON.fullmatch(words["python"]):
        yield f"python must be such as 3.11, or empty, got {words['python'][:40]!r}"
    if not words["cases"].isascii() or not words["cases"].isdigit():
        yield f"cases must be a number, got {words['cases'][:40]!r}"
    if words["axis"] and not words["api"]:
        yield f"a row of the axis {words['axis']!r} must name its api"
    if bool(words["axis"]) != bool(words["choice"]) or bool(words["axis"]) == bool(words["reason"]):
        yield "a row must have an axis and a choice, or a reason and neither"
