"""The start of ``conformance`` and of ``python -m conformance``, which can be interrupted."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; an interrupt while it is imported ends as any later one does."""
    try:
        from conformance.cli import main as command
    except KeyboardInterrupt:
        sys.stderr.write("conformance: stopped\n")
        raise SystemExit(2) from None
    command(prog_name="conformance")


if __name__ == "__main__":
    main()
