"""Check the files that a command is about to write, without imports that delay a silent gate."""

from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click

from conformance.utils.printable import printable


def keep_inputs(
    outputs: Iterable[tuple[str, Path | None]], inputs: Iterable[Path | str | None]
) -> None:
    """Refuse an output that is one of the inputs, or the same file as another output.

    ``outputs`` are the options and the files that are about to be written; None for an option
    without a file. ``inputs`` are the files that are read; a folder stands for the case files and
    baselines in it. Missing files are ignored. Raises ``click.BadParameter`` if an output is an
    input or another output.
    """
    sources = [Path(path) for path in inputs if path is not None]
    targets: dict[Path, str] = {}
    for option, path in outputs:
        if path is None or (path.exists() and not path.is_file()):
            continue  # a device may take several outputs
        if any(_is_within(path, source) for source in sources):
            raise click.BadParameter(
                f"{path} is one of the inputs, and would be overwritten", param_hint=option
            )
        place = path.resolve()
        if place in targets:
            raise click.BadParameter(f"{path} is the file of {targets[place]}", param_hint=option)
        targets[place] = option


def _is_within(path: Path, source: Path) -> bool:
    """Return whether a file is the source, or a case file or baseline in that folder."""
    from conformance.cases.loader import SUFFIXES  # here, as the import would delay `run`

    try:
        if source.is_dir():
            is_inside = path.resolve().is_relative_to(source.resolve())
            return is_inside and path.suffix in (*SUFFIXES, ".csv")
        return path.is_file() and path.samefile(source)
    except (OSError, ValueError):
        return False


def refuse_without(option: str, other: str) -> NoReturn:
    """Raise ``click.UsageError`` for an option that has no meaning without another one."""
    raise click.UsageError(f"{option} has no meaning without {other}")


def write(text: str, path: Path | None) -> None:
    """Write text to a file and print its path, or print the text where there is no file."""
    if path is None:
        click.echo(text, nl=False)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(printable(str(path)))
