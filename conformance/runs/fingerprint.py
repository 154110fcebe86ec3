"""Compute one digest of all that a run is made from, so that no run is made twice."""

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.runs import run_files
from conformance.runs.prepared_case import digest_of
from conformance.runs.run_files import RunError
from conformance.utils import resources

PACKAGE = Path(__file__).resolve().parent.parent
_SUFFIXES = (".yaml", ".yml")


def digest(cases: Iterable[Path], words: Sequence[str], variables: Iterable[str]) -> str:
    """Return a digest of our code, case files, words and environment variables.

    A file counts with its folders: as they are within this package or the corpus, or else below the
    working directory, or else from the root. So it does not matter how a file is named, and a file
    that was moved is another one.
    """
    files = sorted({**_code_files(PACKAGE), **_case_files(cases)}.items())
    texts = (*words, *(f"{name}={os.environ.get(name)}" for name in sorted(variables)))
    return digest_of(
        (
            *(part for name, data in files for part in (_encoded(name), data)),
            *map(_encoded, texts),
        )
    )


@cache
def code() -> str:
    """Return a digest of our code alone, as it was at the first call in this process."""
    return digest((), (), ())


def run_fingerprint(environment: Environment, cases: Sequence[Path], words: Sequence[str]) -> str:
    """Return a digest of all that a run in an environment of pins is made from.

    Parameters
    ----------
    cases
        Files and folders of cases; empty for the corpus.
    """
    variable = FRAMEWORKS[environment.framework].backend_variable
    return digest(
        cases or (resources.CASES,),
        (
            *environment.identity,
            *(f"{name}={value}" for name, value in sorted(environment.variables.items())),
            str(environment.backend),
            environment.device,
            *words,
        ),
        [variable] if variable else [],
    )


def has_fingerprint(path: Path, fingerprint: str) -> bool:
    """Return whether there is a complete run with this fingerprint at ``path`` already."""
    try:
        run = run_files.read(path)
    except RunError:
        return False
    return run.complete and run.header.fingerprint == fingerprint


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


@cache
def _code_files(package: Path) -> dict[str, bytes]:
    """Return our code as it was at the first call in this process."""
    files = (path for path in package.rglob("*.py") if path.is_file())
    return {f"code/{path.relative_to(package).as_posix()}": path.read_bytes() for path in files}


def _case_files(paths: Iterable[Path]) -> dict[str, bytes]:
    return {f"cases/{_name(file)}": _data(file) for path in paths for file in _files(path)}


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        files = path.rglob("*")
        yield from (file for file in files if file.suffix in _SUFFIXES and file.is_file())


def _data(file: Path) -> bytes:
    """Return the bytes of a file; none if it cannot be read, as the loader reports that."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _name(file: Path) -> str:
    path = file.resolve()
    for root in (resources.CASES.resolve(), Path.cwd()):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.as_posix()
