"""The plain framework, in trouble over one number: the first of x says what goes wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from fakes import plain, unruly

FIRST_NUMBER = {
    "fine": 1,
    # First, so that it is not asked in vain in a worker that another's rubbish has ended.
    "crashes once": 21,
    "refuses": 10,
    "segfaults": 11,
    "exits": 12,
    "hangs": 13,
    "floods": 14,
    "writes rubbish": 15,
    "hoards": 16,
    "answers NaN": 17,
    "answers in another shape": 18,
    "answers in another dtype": 19,
    "answers with no numbers": 20,
    "holds on": 22,
    "dawdles": 23,
    "waits": 24,
}
"""The first number of x for each trouble."""


def _refuse() -> None:
    raise ValueError("such an x is not supported.\nSee the manual.")


_BEFORE = {
    "refuses": _refuse,
    "segfaults": unruly.segfault,
    "exits": lambda: os._exit(3),
    "hangs": unruly.stall,
    "floods": lambda: unruly.flood(2, 3),
    "writes rubbish": unruly.write_rubbish,
    "hoards": unruly.hoard,
    "crashes once": lambda: unruly.crash_once(os.environ["FAKE_FOLDER"] + "/crashed"),
    "dawdles": lambda: time.sleep(0.02),
    "waits": lambda: unruly.wait_for(os.environ["FAKE_FOLDER"] + "/go"),
    "holds on": lambda: _hold_on(Path(os.environ["FAKE_FOLDER"])),
}
_AFTER = {
    "answers NaN": lambda y: y * np.nan,
    "answers in another shape": lambda y: y[..., :-1],
    "answers in another dtype": lambda y: y.astype(np.float64),
    "answers with no numbers": lambda y: y.astype(object),
}
_TROUBLE = {number: trouble for trouble, number in FIRST_NUMBER.items()}


def ask(operator: str, x: plain.Tensor, *rest: Any, **arguments: Any) -> plain.Tensor:
    trouble = _TROUBLE.get(int(x.values.flat[0]), "fine")
    _BEFORE.get(trouble, lambda: None)()
    y = plain.ask(operator, x, *rest, **arguments)
    return plain.Tensor(_AFTER.get(trouble, lambda array: array)(y.values), y.made)


def _hold_on(folder: Path) -> None:
    """Until somebody puts an end to it, who is told of it through a pipe."""
    unruly.hold_open(str(folder / "pipe"))
    unruly.stall()
