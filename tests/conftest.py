"""What several tests watch, and that none fails for want of speed."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from reproductions import make

__all__ = ["make"]  # a fixture

settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line has it
# No child depends on the shell: what it starts in the background ignores Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
    os.environ.pop(name, None)


@pytest.fixture(scope="session", autouse=True)
def unmeasured_workers() -> Iterator[None]:
    """Workers are not measured: coverage takes longer to start than they do, and dies with them."""
    with patch.dict(os.environ):
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
        yield


@pytest.fixture
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few random questions say which pairs of conventions can be killed: many take seconds."""
    from conformance.quality import mutation

    few = partial(mutation.killable_pairs, count=20)
    monkeypatch.setattr(mutation, "killable_pairs", few)


@pytest.fixture
def shallow_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one convention does not explain remains unexplained: to try three takes seconds."""
    from conformance.conventions import diagnosis

    monkeypatch.setattr(diagnosis, "MOST", 1)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files and folders that were written to their disk, in turn."""
    paths: list[Path] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    return paths
