"""Define the exit statuses of every command, and turn errors into them.

Status 1 says that a command did its work and has something to report. A failure therefore never
exits with 1: it prints a sentence to the standard error and exits with 2, and a mistake of this
program exits with 3.
"""

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

from conformance.utils.printable import PrintableError, printable_lines
from conformance.utils.resources import table

FAILED = 2
"""The status of a command that could not do its work."""
MISTAKE = 3
"""The status of a command that met a mistake of this program."""

_COMMANDS = table(__file__, "commands.toml")
SUMMARIES: Mapping[str, str] = {name: entry["summary"] for name, entry in _COMMANDS.items()}
"""What each command does, in the order of the help."""
STATUSES: Mapping[str, Mapping[int, str]] = {
    name: {int(key): meaning for key, meaning in entry.items() if key.isdecimal()}
    for name, entry in _COMMANDS.items()
}
"""The statuses of each command and their meanings; `MISTAKE` is the same for all."""
MEANING_OF_MISTAKE = "There is a mistake in this program; please report it."

_WRITE_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE, errno.EBADF}
)
"""Errors of the system that name no file, when an output stream cannot be written."""


class Interrupted(SystemExit):
    """Raised at the end of a command that was interrupted, with `FAILED`."""


def epilog(command: str) -> str:
    """Write the end of a command's help: each status and its meaning."""
    statuses = {**STATUSES.get(command, {}), MISTAKE: MEANING_OF_MISTAKE}
    lines = (f"  {status}  {meaning}" for status, meaning in statuses.items())
    return "\b\nExit status:\n" + "\n".join(lines)


def message(error: BaseException) -> str:
    """Return the message of an error for a person; for errors of the system, file and reason.

    Returns one or more lines, without the error number of the system.
    """
    if isinstance(error, OSError) and error.strerror:
        if error.filename is not None:
            return f"{os.fsdecode(error.filename)}: {error.strerror}"
        if error.errno in _WRITE_ERRORS:
            return f"writing failed: {error.strerror}"
        return error.strerror
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    return str(error) or type(error).__name__


def print_error(source: str | None, lines: Iterable[str]) -> None:
    """Print the lines of an error to the standard error, each after the command that it is of.

    ``source`` is the command, printable, and what of it failed; None if there is no command.
    """
    prefix = f"conformance {source}" if source else "conformance"
    for line in lines:
        click.echo(printable_lines(f"{prefix}: {line}"), err=True)


def refuse(command: str, error: BaseException | str) -> NoReturn:
    """Exit from a command that could not do its work, and print the reason.

    Raises ``SystemExit`` always, with `FAILED`.
    """
    reason = error if isinstance(error, str) else message(error)
    print_error(command, reason.splitlines())
    raise SystemExit(FAILED)


def guard(command: str | None, work: Callable[[], Any]) -> NoReturn:
    """Run a command, and exit with a documented status whatever happens.

    ``command`` is the name of the command, where there is one. ``work`` is the command. Its own
    ``SystemExit`` keeps its status. Raises ``SystemExit`` always; `Interrupted` after an interrupt.
    """
    interrupted = False
    try:
        status = _status(work)
        for stream in _streams():
            stream.flush()
    except click.ClickException as error:
        status = FAILED
        text = io.StringIO()  # it may quote the command line
        error.show(text)
        with suppress(OSError):
            click.echo(printable_lines(text.getvalue()), nl=False, err=True)
    except (KeyboardInterrupt, EOFError, click.Abort) as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        if sys.stderr is not None and sys.stderr.isatty():
            click.echo(err=True)  # below the terminal's own ^C
        status = _print(command, ["stopped"])
    except (OSError, MemoryError, PrintableError) as error:
        status = _print(command, message(error).splitlines())
    except Exception as mistake:
        status = _print(command, _mistake_lines(mistake), status=MISTAKE)
    except Interrupted:
        interrupted, status = True, FAILED
    _discard_unwritable_output()
    raise (Interrupted if interrupted else SystemExit)(status) from None


def _status(work: Callable[[], Any]) -> int:
    try:
        work()
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except SystemExit as exit_:
        if isinstance(exit_.__context__, KeyboardInterrupt):  # the command has printed a message
            raise Interrupted(FAILED) from None
        if exit_.code is None or isinstance(exit_.code, int):
            return exit_.code or 0
        return _print(None, [str(exit_.code)])
    return 0


def _print(command: str | None, lines: Iterable[str], status: int = FAILED) -> int:
    """Print lines to the standard error, if it can be written, and return the status."""
    with suppress(OSError):
        print_error(command, lines)
    return status


def _streams() -> list[IO[str]]:
    """Return the output streams; one that was closed before the start is None in ``sys``."""
    return [stream for stream in (sys.stdout, sys.stderr) if stream is not None]


def _discard_unwritable_output() -> None:
    """Discard what cannot be written, so that the interpreter does not retry when it exits."""
    for stream in _streams():
        try:
            stream.flush()
        except OSError:
            with suppress(OSError, ValueError):
                descriptor = os.open(os.devnull, os.O_WRONLY)
                os.dup2(descriptor, stream.fileno())
                os.close(descriptor)


def _mistake_lines(mistake: Exception) -> Iterator[str]:
    """Write the traceback to a file, and yield the message with the path of that file."""
    place = _place(mistake)
    message = " ".join(str(mistake).split())[:300]
    yield f"this is a mistake in conformance: {type(mistake).__name__}{place}: {message}"
    with suppress(OSError):
        descriptor, path = tempfile.mkstemp(prefix="conformance-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"conformance {' '.join(map(repr, sys.argv[1:]))}, Python {sys.version}\n")
            file.writelines(traceback.format_exception(mistake))
        yield f"please report it, with {path}"


def _place(mistake: Exception) -> str:
    """Return the innermost line of this package in the traceback."""
    package = Path(__file__).parent.parent
    frames = [
        frame
        for frame in traceback.extract_tb(mistake.__traceback__)
        if Path(frame.filename).is_relative_to(package)
    ]
    if not frames:
        return ""
    file = Path(frames[-1].filename).relative_to(package).as_posix()
    return f" at {file}:{frames[-1].lineno}"
