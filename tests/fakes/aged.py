"""A framework that was not always as it is: what it does depends on the release that is pinned.

It knows its version from the environment that the fake installer made, which is where it runs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fakes import plain

PINS = Path(os.environ["FAKE_HOME"], "conformance-ready").read_text(encoding="utf-8").split()
VERSION = next(pin.partition("==")[2] for pin in PINS if pin.startswith("plain=="))
_AGE = tuple(map(int, VERSION.split(".")))

if _AGE < (1, 1) and "companion==5" in PINS:
    raise ImportError("companion 5 is too new for me")
if _AGE == (1, 2):
    raise ImportError("released by mistake")


def ask(*operands: Any, **arguments: Any) -> plain.Tensor:
    """The kernel was read backwards before 1.4, dilation refused before 1.1, and all in 1.6."""
    if _AGE == (1, 6):
        raise ValueError("companion is too new for me")
    limits = ("no dilation",) if _AGE < (1, 1) else ()
    return plain.ask(*operands, **arguments, flips=_AGE < (1, 4), limits=limits)
