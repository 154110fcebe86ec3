"""Count what making environments would download, and refuse more than a limit.

uv tells what it would install and, where the index says so, how large that is. A file in its cache
or in a local folder is no download.
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
from conformance.environments.installer import CannotBuild, uv
from conformance.utils import byte_sizes
from conformance.utils.printable import PrintableError
from conformance.utils.text import count
from conformance.workers import pythons


class TooLarge(PrintableError):
    """A download that is larger than what is allowed, with a sentence."""


@dataclass(frozen=True)
class Download:
    """A file that uv would download.

    Parameters
    ----------
    pin
        Its package and version, such as ``keras==3.8.0``.
    size
        In bytes; None where the index does not say.
    """

    pin: str
    size: int | None


@dataclass(frozen=True)
class Amount:
    """How much is downloaded.

    Parameters
    ----------
    number
        Of files.
    size
        In bytes, of the files whose size is known.
    unknown
        How many sizes are unknown.
    """

    number: int = 0
    size: int = 0
    unknown: int = 0

    def __str__(self) -> str:
        if not self.number:
            return "nothing to download"
        files = count(self.number, "download")
        unknown = f" and {self.unknown:,} of unknown size" if self.unknown else ""
        return f"{files}, about {byte_sizes.shown(self.size)}{unknown}"

    def plus(self, other: Amount, times: int = 1) -> Amount:
        """Return the sum with another amount, taken ``times`` times."""
        return Amount(
            self.number + times * other.number,
            self.size + times * other.size,
            self.unknown + times * other.unknown,
        )


def amount(files: Collection[Download]) -> Amount:
    """Return the amount of files, each of which is downloaded once."""
    sizes = [file.size for file in files if file.size is not None]
    return Amount(len(files), sum(sizes), len(files) - len(sizes))


@dataclass
class Allowance:
    """How much may be downloaded, in bytes, and how much was."""

    limit: float = math.inf
    spent: int = 0

    def refuse_more(self, download: Amount) -> None:
        """Raise `TooLarge` where the next download exceeds the limit."""
        size = self.spent + download.size
        if size > self.limit:
            before = f", after {byte_sizes.shown(self.spent)} before" if self.spent else ""
            raise TooLarge(
                f"{download}{before}, is more than the {byte_sizes.shown(int(self.limit))} that"
                f" --max-download allows; --max-download {_option_value(size)} would allow it"
            )

    def spend(self, environment: Environment) -> None:
        """Count what making an environment downloads, before it is made.

        Nothing is counted for one that is made already, or for which uv finds no solution.

        Raises ``TooLarge`` where the limit is exceeded.
        """
        if self.limit == math.inf or environment.is_made:
            return
        try:
            download = amount(uncached(files_of(environment), environment.python))
        except CannotBuild:
            return  # making the environment fails in the same way
        self.refuse_more(download)
        self.spent += download.size


def files_of(environment: Environment) -> frozenset[Download]:
    """Return the files that an environment of pins is made of, except those in a local folder.

    Raises ``CannotBuild`` where uv finds no solution.
    """
    options = (*_python(environment.python), *environment.options)
    words = ("--quiet", "--no-header", "--format", "pylock.toml", *options)
    lock = uv("pip", "compile", *words, "-", stdin="\n".join(environment.pins)).stdout
    return frozenset(_files(tomllib.loads(lock)))


def uncached(files: Collection[Download], python: str) -> frozenset[Download]:
    """Return the files of environments of one Python that are not in uv's cache."""
    options = _python(python)
    sorted_files = sorted(files, key=lambda file: file.pin)
    by_name = groupby(sorted_files, key=lambda file: file.pin.partition("==")[0])
    # uv is asked about one version of each package at a time.
    rounds = zip_longest(*(tuple(versions) for _, versions in by_name))
    with ThreadPoolExecutor(4) as pool:
        results = pool.map(lambda batch: _uncached([f for f in batch if f], options), rounds)
        return frozenset(chain.from_iterable(results))


def _uncached(files: Sequence[Download], options: Sequence[str]) -> Iterator[Download]:
    """Return those of different packages; uv is asked about each only where it has some of them."""
    number = _download_count(files, options)
    if number == len(files):
        return iter(files)
    return (file for file in files if number and _download_count([file], options))


def _python(request: str) -> tuple[str, ...]:
    """Return uv's options for a Python, which need not be installed to resolve for it."""
    path = pythons.find(request)
    if path is not None:
        return ("--python", path)
    return ("--python", str(pythons.HERE), "--python-version", request)


def _files(lock: Mapping[str, Any]) -> Iterator[Download]:
    """Yield one file for each package: the largest of those that fit this machine."""
    for package in lock.get("packages", ()):
        files = package.get("wheels") or [package.get("sdist", {})]
        if not any(file.get("url", "file:").startswith("file:") for file in files):
            sizes = [file["size"] for file in files if "size" in file]
            pin = f"{package['name']}=={package['version']}"
            yield Download(pin, max(sizes, default=None))


def _download_count(files: Sequence[Download], options: Sequence[str]) -> int:
    """Return how many of the files uv would download, by its message in a dry run."""
    with tempfile.TemporaryDirectory() as empty:
        words = ("--offline", "--no-deps", "--dry-run", "--target", empty, *options)
        try:
            output = uv("pip", "install", *words, *(file.pin for file in files)).stderr
        except CannotBuild:  # without a network uv does not find them
            return len(files)
    match = re.search(r"Would download (\d+) ", output)
    return int(match[1]) if match else 0


def _option_value(size: int) -> str:
    """Return a size that is no smaller, in round numbers, as a user types it."""
    unit = next(
        unit for unit in ("GB", "MB", "KB") if size >= byte_sizes.UNITS[unit] or unit == "KB"
    )
    return f"{math.ceil(size / byte_sizes.UNITS[unit])}{unit.replace('K', 'k')}"
