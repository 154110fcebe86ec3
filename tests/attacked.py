"""What holds of a command, whatever it is handed: it ends, as documented and in sentences."""

import signal
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from click.testing import CliRunner, Result

from conformance.cli.app import main

PATIENCE = 300
"""Seconds in which everything ends, on however busy a machine; what does not is a hang."""


class Hung(BaseException):
    """Nothing came to its end."""


@contextmanager
def patience(what: object) -> Iterator[None]:
    """Ends what takes more than `PATIENCE`."""

    def end(*_: object) -> None:
        raise Hung(what)

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def ended_well(words: Sequence[str], statuses: Collection[int], text: str = "") -> Result:
    """What a command prints; fails for a traceback, a hang, or an undocumented status.

    statuses  those that it may end with
    text      what is typed
    """
    with patience(words):
        ran = CliRunner().invoke(main, list(words), input=text)
    assert isinstance(ran.exception, SystemExit | None), (words, ran.exception)
    assert ran.exit_code in statuses, (words, ran.exit_code, ran.output[-2000:])
    assert "Traceback" not in ran.output, (words, ran.output[-2000:])
    assert ran.exit_code != 2 or ran.stderr.strip(), words
    return ran
