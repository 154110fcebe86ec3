"""Small tables of a history, made by hand."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.history import table
from conformance.history.series import Series, all_series
from conformance.history.table import Row

LAYER = "keras.layers.ConvTranspose"
FUNCTION = "keras.ops.conv_transpose"
ODD = "same: odd element"
START, END = "cropped at the start", "cropped at the end"
STANDS, FLIPPED = "as it stands", "flipped"
Stage = Mapping[str, str]


def rows(
    versions: Mapping[str, Stage], api: str = LAYER, package: str = "keras", **fields: Any
) -> Iterator[Row]:
    """The rows of an API: its choice by axis, for each version; an empty stage lacks the API."""
    for number, (version, stage) in enumerate(versions.items(), 1):
        common = {"package": package, "version": version, "date": f"2024-01-{number:02}", **fields}
        for axis, choice in stage.items():
            yield Row(api=api, axis=axis, choice=choice, cases=2, **common)
        if not stage:
            yield Row(api=api, reason=f"{package} {version} has no {api}", **common)


def failed(version: str, reason: str, package: str = "keras", **fields: Any) -> Row:
    """The row of a release that could not be asked."""
    return Row(package=package, version=version, reason=reason, **fields)


def odd(*choices: str, **other: str) -> dict[str, Stage]:
    """Versions 3.0, 3.1, ... with these choices of the odd element; other axes stay."""
    return {f"3.{n}": {ODD: choice, **other} for n, choice in enumerate(choices)}


def one(*found: Row) -> Series:
    """The only series of some rows."""
    (series,) = all_series(found)
    return series


def written(folder: Path, *found: Row) -> Path:
    """A folder with the table of some rows."""
    table.write(folder, found)
    return folder
