"""Exit statuses: what each command ends with, and the one place that every other end goes through.

A script acts on the status: 1 says that a command did its work and has something to report. So a
failure never ends with 1, whatever it is. It is a sentence on the standard error and status 2, and
a mistake of this program is status 3.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NoReturn

import click

from conformance.utils.printable import PrintableError, printable, printable_lines

FAILED = 2
"""The status of a command that could not do its work."""
MISTAKE = 3
"""The status of a command that met a mistake of this program."""

STATUSES: Mapping[str, Mapping[int, str]] = {
    "accept": {
        0: "The baselines are written.",
        2: "A run is incomplete, or two runs contradict each other; nothing is written.",
    },
    "apis": {
        0: "The APIs are listed, whatever the interpreter has.",
        2: "The interpreter cannot be run.",
    },
    "bisect": {
        0: "The answer changed, and this is where.",
        1: "Both ends answer alike.",
        2: "No end can be asked, or there is no such case, API or release.",
    },
    "check": {
        0: "There is nothing to find fault with.",
        1: "There are findings.",
        2: "A file or folder cannot be read, or a file cannot be written.",
    },
    "environments": {
        0: "The environments are listed, or those that may go are removed.",
        2: "One that was named is unknown or in use, or the folder cannot be read.",
    },
    "explain": {
        0: "The case was asked, whatever came of it.",
        2: "The framework cannot be asked, or there is no such case or API.",
    },
    "findings": {
        0: "Every bug shows where the page says so, and not where it says that it does not.",
        1: "The page is wrong of a bug.",
        2: "Not everything could be looked for.",
    },
    "fuzz": {
        0: "No recipe failed.",
        1: "A recipe failed, or the framework refused one that should be right.",
        2: "Not every question could be asked.",
    },
    "gate": {
        0: "Nothing changed.",
        1: "Something changed, or a change that is expected did not happen.",
        2: "The two cannot be compared, or a file cannot be written.",
    },
    "history": {
        0: "A release was asked, whatever changed.",
        2: "No release could be asked, or a file cannot be written.",
    },
    "new": {
        0: "The case is written.",
        2: "There is no such case; nothing is written.",
    },
    "report": {
        0: "The report is written, whatever it says.",
        2: "A file cannot be read or written.",
    },
    "repro": {
        0: "The script is written.",
        2: "There is no such call, or the framework cannot be asked.",
    },
    "run": {
        0: "Every run is complete, whatever it found.",
        2: "A run is not complete.",
    },
    "translate": {
        0: "The other call is written.",
        1: "There is no such call, or the first API refuses its own.",
        2: "It cannot be told, or the call could not be run that was to be.",
    },
}
"""What each command ends with, by its name; `MISTAKE` is the same for all."""
OF_A_MISTAKE = "There is a mistake in this program; please report it."

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE, errno.EBADF})
"""Errors of the system that name no file, when what was written goes nowhere."""


class Interrupted(SystemExit):
    """The end of a command that was interrupted, with `FAILED`."""


def epilog(command: str) -> str:
    """Write the end of a command's help: each status and what it says.

    Parameters
    ----------
    command
        The name of the command.

    Returns
    -------
    str
        Paragraphs as click takes them.
    """
    statuses = {**STATUSES.get(command, {}), MISTAKE: OF_A_MISTAKE}
    lines = (f"  {status}  {meaning}" for status, meaning in statuses.items())
    return "\b\nExit status:\n" + "\n".join(lines)


def words(error: BaseException) -> str:
    """Put an error into a sentence for a person; of the system's errors, the file and the reason.

    Parameters
    ----------
    error
        What was raised.

    Returns
    -------
    str
        One or more lines, without the number of an error of the system.
    """
    if isinstance(error, OSError) and error.strerror:
        if error.filename is not None:
            return f"{os.fsdecode(error.filename)}: {error.strerror}"
        if error.errno in _FULL:
            return f"writing failed: {error.strerror}"
        return error.strerror
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    return str(error) or type(error).__name__


def refuse(command: str, error: BaseException | str) -> NoReturn:
    """End a command that could not do its work, each line of the reason under its name.

    Parameters
    ----------
    command
        The name of the command.
    error
        The reason.

    Raises
    ------
    SystemExit
        Always, with `FAILED`.
    """
    reason = error if isinstance(error, str) else words(error)
    for line in reason.splitlines():
        click.echo(printable(f"conformance {command}: {line}"), err=True)
    raise SystemExit(FAILED)


def guarded(command: str | None, work: Callable[[], Any]) -> NoReturn:
    """Do the work of a command, and end the process with a documented status whatever happens.

    Parameters
    ----------
    command
        The name of the command, where there is one.
    work
        What the command does. The ``SystemExit`` that it raises is passed on.

    Raises
    ------
    SystemExit
        Always; `Interrupted` after an interrupt.
    """
    interrupted = False
    try:
        status = _status(work)
        for stream in _streams():
            stream.flush()
    except click.ClickException as refusal:
        status = FAILED
        sentence = io.StringIO()  # it may quote what was typed
        refusal.show(sentence)
        with suppress(OSError):
            click.echo(printable_lines(sentence.getvalue()), nl=False, err=True)
    except (KeyboardInterrupt, EOFError, click.Abort) as end:
        interrupted = isinstance(end, KeyboardInterrupt)
        if sys.stderr is not None and sys.stderr.isatty():
            click.echo(err=True)  # below the terminal's own ^C
        status = _say(command, ["stopped"])
    except (OSError, MemoryError, PrintableError) as error:
        status = _say(command, [words(error)])
    except Exception as mistake:
        status = _say(command, _report(mistake), status=MISTAKE)
    except Interrupted:
        interrupted, status = True, FAILED
    _let_go()
    raise (Interrupted if interrupted else SystemExit)(status) from None


def _status(work: Callable[[], Any]) -> int:
    """The status that the work ends with, 0 where it comes to its end."""
    try:
        work()
    except click.exceptions.Exit as end:
        return end.exit_code
    except SystemExit as end:
        if isinstance(end.__context__, KeyboardInterrupt):  # of which the command has said all
            raise Interrupted(FAILED) from None
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        return _say(None, [str(end.code)])
    return 0


def _say(command: str | None, lines: Iterable[str], status: int = FAILED) -> int:
    """Print lines to the standard error, if there is one that takes them; the status comes back."""
    with suppress(OSError):
        for line in lines:
            named = f"conformance{f' {command}' if command else ''}: {line}"
            click.echo(printable_lines(named), err=True)
    return status


def _streams() -> list[IO[str]]:
    """Where output goes; a stream that was closed before the start is None."""
    return [stream for stream in (sys.stdout, sys.stderr) if stream is not None]


def _let_go() -> None:
    """Forget what cannot be written, so that the end of the interpreter does not try once more."""
    for stream in _streams():
        try:
            stream.flush()
        except OSError:
            with suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)


def _report(mistake: Exception) -> Iterator[str]:
    """What there is to say of a mistake of ours, and the file that says the rest."""
    where = _where(mistake)
    said = " ".join(str(mistake).split())[:300]
    yield f"this is a mistake in conformance: {type(mistake).__name__}{where}: {said}"
    with suppress(OSError):
        descriptor, path = tempfile.mkstemp(prefix="conformance-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"conformance {' '.join(map(repr, sys.argv[1:]))}, Python {sys.version}\n")
            file.writelines(traceback.format_exception(mistake))
        yield f"please report it, with {path}"


def _where(mistake: Exception) -> str:
    """The innermost line of ours that it came from."""
    package = Path(__file__).parent.parent
    own = [
        frame
        for frame in traceback.extract_tb(mistake.__traceback__)
        if Path(frame.filename).is_relative_to(package)
    ]
    if not own:
        return ""
    return f" at {Path(own[-1].filename).relative_to(package).as_posix()}:{own[-1].lineno}"
