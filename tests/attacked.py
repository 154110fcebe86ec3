"""What holds of a command, whatever it is handed: a documented status, in time, in sentences."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from click.testing import CliRunner, Result

from conformance.cli import main


def ended_well(
    words: Sequence[str], statuses: Collection[int], seconds: float, text: str = ""
) -> Result:
    """What a command prints; fails for a traceback, a mistake of ours or an undocumented status.

    statuses  those that it may end with
    seconds   of this process that it may take, so that a busy machine does not count
    text      what is typed
    """
    began = time.process_time()
    ran = CliRunner().invoke(main, list(words), input=text)
    spent = time.process_time() - began
    assert isinstance(ran.exception, SystemExit | None), (words, ran.exception)
    assert ran.exit_code in statuses, (words, ran.exit_code, ran.output[-2000:])
    assert "Traceback" not in ran.output, (words, ran.output[-2000:])
    assert spent < seconds, (words, spent)
    if ran.exit_code == 2:
        assert ran.stderr.strip(), words
    return ran
