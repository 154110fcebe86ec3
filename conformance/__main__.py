"""Starts ``conformance`` and ``python -m conformance``, and handles an interrupt at any time."""

import os
import sys


def main() -> None:
    """Run the command line, and exit with 2 after an interrupt, whenever it comes."""
    try:
        from conformance.cli.app import main as command
        from conformance.cli.exit_status import Interrupted
    except KeyboardInterrupt:
        sys.stderr.write("conformance: stopped\n")
        _exit(2)
    try:
        command(prog_name="conformance")
    except Interrupted as error:
        _exit(error.code if isinstance(error.code, int) else 2)


def _exit(status: int) -> None:
    """Exit from the process now.

    Python would exit by the signal, in spite of the status, if the interrupt came while it was
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
