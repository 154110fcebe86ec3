"""The plain framework with faults that only some questions meet: what a random search is for."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from fakes import plain, unruly


def ask(operator: str, x: plain.Tensor, w: plain.Tensor, *rest: Any, **said: Any) -> plain.Tensor:
    """``operator`` of the plain framework, with the fault that is said."""
    fault = said.pop("fault")
    y = plain.ask(operator, x, w, *rest, **said)
    return plain.Tensor(_FAULTS[fault](y.values, SimpleNamespace(w=w.values, **said)), y.made)


def _wrong_when_dilated_and_strided(y: np.ndarray, asked: SimpleNamespace) -> np.ndarray:
    """One number is off by a hundred, as no convention has it."""
    if max(asked.stride) > 1 and max(asked.dilation) > 1:
        y = y.copy()
        y.flat[-1:] += 100
    return y


def _exits_on_long_kernels(y: np.ndarray, asked: SimpleNamespace) -> np.ndarray:
    if max(asked.w.shape[2:]) >= 4:
        os._exit(3)
    return y


def _refuses_groups(y: np.ndarray, asked: SimpleNamespace) -> np.ndarray:
    if asked.groups > 1:
        raise ValueError(f"{asked.groups} groups are too many.")
    return y


def _wrong_once(y: np.ndarray, _: SimpleNamespace) -> np.ndarray:
    try:
        Path(os.environ["FAKE_FOLDER"], "wrong").touch(exist_ok=False)
    except FileExistsError:
        return y
    return y + 100


def _holds_on(y: np.ndarray, asked: SimpleNamespace) -> np.ndarray:
    """Until somebody puts an end to it, who is told of it through a pipe."""
    if asked.groups > 1:
        unruly.hold_open(str(Path(os.environ["FAKE_FOLDER"], "pipe")))
        unruly.stall()
    return y


_FAULTS = {
    "wrong": _wrong_when_dilated_and_strided,
    "exits": _exits_on_long_kernels,
    "refuses": _refuses_groups,
    "wrong once": _wrong_once,
    "holds on": _holds_on,
}
