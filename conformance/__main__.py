"""The start of ``conformance`` and of ``python -m conformance``, which can be interrupted."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; an interrupt ends it with 2, at whatever moment it comes."""
    try:
        from conformance.cli.app import main as command
        from conformance.cli.exit_status import Interrupted
    except KeyboardInterrupt:
        sys.stderr.write("conformance: stopped\n")
        _end(2)
    try:
        command(prog_name="conformance")
    except Interrupted as end:
        _end(end.code if isinstance(end.code, int) else 2)


def _end(status: int) -> None:
    """End the process now.

    Python ends it by the signal, in spite of the status, where the interrupt came while it was
    running a string of code, as it does to make a dataclass.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, AttributeError):
            continue
    os._exit(status)


if __name__ == "__main__":
    main()
