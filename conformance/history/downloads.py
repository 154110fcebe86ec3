"""What making environments would download: told before anything is, and held to a limit.

uv tells what it would install and, where the index says so, how large that is. What it has in its
cache, or finds in a folder, is no download.
"""

from __future__ import annotations

import math
import re
import tempfile
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, groupby, zip_longest
from typing import Any

from conformance.environments.definitions import Environment
from conformance.environments.installer import CannotBuild, messages, uv
from conformance.utils import byte_sizes
from conformance.workers import pythons


class TooLarge(Exception):
    """A download that is not made, as it is beyond what is allowed; in a sentence."""


@dataclass(frozen=True)
class Download:
    """A file that uv would download.

    pin   its package and version, such as ``keras==3.8.0``
    size  bytes; None where the index does not say
    """

    pin: str
    size: int | None


@dataclass(frozen=True)
class Amount:
    """How much is downloaded.

    number   of files
    size     bytes of those whose size is known
    unknown  how many are not
    """

    number: int = 0
    size: int = 0
    unknown: int = 0

    def __str__(self) -> str:
        if not self.number:
            return "nothing to download"
        files = f"{self.number:,} download{'s' if self.number > 1 else ''}"
        unknown = f" and {self.unknown:,} of unknown size" if self.unknown else ""
        return f"{files}, about {byte_sizes.shown(self.size)}{unknown}"

    def plus(self, other: Amount, times: int = 1) -> Amount:
        """Add another amount, as often as it comes."""
        return Amount(
            self.number + times * other.number,
            self.size + times * other.size,
            self.unknown + times * other.unknown,
        )


def amount(files: Collection[Download]) -> Amount:
    """Add up files, each of which is downloaded once."""
    known = [file.size for file in files if file.size is not None]
    return Amount(len(files), sum(known), len(files) - len(known))


@dataclass
class Allowance:
    """How much may be downloaded, in bytes, and how much was."""

    limit: float = math.inf
    spent: int = 0

    def refuse_more(self, wanted: Amount) -> None:
        """Refuse downloads beyond what is left.

        Parameters
        ----------
        wanted
            What is to be downloaded next.

        Raises
        ------
        TooLarge
            Where that is more than is left.
        """
        size = self.spent + wanted.size
        if size > self.limit:
            before = f", after {byte_sizes.shown(self.spent)} before" if self.spent else ""
            raise TooLarge(
                f"{wanted}{before}, is more than the {byte_sizes.shown(int(self.limit))} that"
                f" --max-download allows; --max-download {_round(size)} would allow it"
            )

    def spend(self, environment: Environment) -> None:
        """Count what making an environment downloads, before it is made.

        Parameters
        ----------
        environment
            One that is to be made; of one that is made already nothing is counted, nor of one for
            which uv finds no solution.

        Raises
        ------
        TooLarge
            Where it is more than is left.
        """
        if self.limit == math.inf or environment.is_made:
            return
        try:
            wanted = amount(uncached(files_of(environment), environment.python))
        except CannotBuild:
            return  # making it fails of the same
        self.refuse_more(wanted)
        self.spent += wanted.size


def files_of(environment: Environment) -> frozenset[Download]:
    """Tell what an environment is made of, less what is in a folder.

    Parameters
    ----------
    environment
        One with pins.

    Returns
    -------
    frozenset of Download
        Whether uv has them in its cache or not.

    Raises
    ------
    CannotBuild
        Where uv finds no solution.
    """
    options = (*_python(environment.python), *environment.options)
    words = ("--quiet", "--no-header", "--format", "pylock.toml", *options)
    lock = uv("pip", "compile", *words, "-", given="\n".join(environment.pins))
    return frozenset(_files(tomllib.loads(lock)))


def uncached(files: Collection[Download], python: str) -> frozenset[Download]:
    """Tell which files uv has to download.

    Parameters
    ----------
    files
        Of any number of environments.
    python
        What they are for.

    Returns
    -------
    frozenset of Download
        Those that are not in its cache.
    """
    options = _python(python)
    ordered = sorted(files, key=lambda file: file.pin)
    by_name = groupby(ordered, key=lambda file: file.pin.partition("==")[0])
    # uv is asked about one version of each package at a time.
    rounds = zip_longest(*(tuple(versions) for _, versions in by_name))
    with ThreadPoolExecutor(4) as pool:
        alike = pool.map(lambda some: _uncached([f for f in some if f], options), rounds)
        return frozenset(chain.from_iterable(alike))


def _uncached(files: Sequence[Download], options: Sequence[str]) -> Iterator[Download]:
    """Those of different packages; each is asked about alone only where not all are alike."""
    number = _number(files, options)
    if number == len(files):
        return iter(files)
    return (file for file in files if number and _number([file], options))


def _python(request: str) -> tuple[str, ...]:
    """uv's options for a Python; one that is not installed need not be, to tell what goes on it."""
    path = pythons.find(request)
    if path is not None:
        return ("--python", path)
    return ("--python", str(pythons.HERE), "--python-version", request)


def _files(lock: Mapping[str, Any]) -> Iterator[Download]:
    """Of each package one file: the largest, where several go on this machine."""
    for package in lock.get("packages", ()):
        files = package.get("wheels") or [package.get("sdist", {})]
        if not any(file.get("url", "file:").startswith("file:") for file in files):
            known = [file["size"] for file in files if "size" in file]
            pin = f"{package['name']}=={package['version']}"
            yield Download(pin, max(known, default=None))


def _number(files: Sequence[Download], options: Sequence[str]) -> int:
    """How many of them uv would download: it says so, and nothing else tells what it has."""
    with tempfile.TemporaryDirectory() as empty:
        words = ("--offline", "--no-deps", "--dry-run", "--target", empty, *options)
        try:
            said = messages("pip", "install", *words, *(file.pin for file in files))
        except CannotBuild:  # it knows nothing of them without a network
            return len(files)
    match = re.search(r"Would download (\d+) ", said)
    return int(match[1]) if match else 0


def _round(size: int) -> str:
    """A size that is no smaller, in round numbers, as it is typed."""
    unit = next(
        unit for unit in ("GB", "MB", "KB") if size >= byte_sizes.UNITS[unit] or unit == "KB"
    )
    return f"{math.ceil(size / byte_sizes.UNITS[unit])}{unit.replace('K', 'k')}"
