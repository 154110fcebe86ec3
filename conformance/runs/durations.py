"""Remember how long runs in each environment took, so that the longest start first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Annotated

import msgspec

from conformance.adapters.base import CPU
from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.utils import durable_files

Seconds = Annotated[float, msgspec.Meta(ge=0, le=10**6)]


@dataclass(frozen=True)
class Duration:
    """Seconds until a framework has started, and for each observation after that."""

    start: Seconds
    observation: Seconds


ENOUGH = 100
"""The fewest observations from which a duration is recorded."""
GUESS = Duration(5.0, 0.005)
"""The duration of an environment that resembles no recorded one."""
LONGEST = 2**22
"""The most bytes of the file that are read."""
_DECODER = msgspec.json.Decoder(dict[str, Duration])


def recall() -> Mapping[str, Duration]:
    """Return the recorded durations by environment; none if the file cannot be read."""
    try:
        with _file().open("rb") as file:
            return _DECODER.decode(file.read(LONGEST))
    except (OSError, ValueError, RecursionError):
        return {}


def remember(environment: Environment, duration: Duration) -> None:
    """Record the duration of an environment for later runs."""
    durations = {**recall(), _name(environment): duration}
    text = json.dumps({name: asdict(durations[name]) for name in sorted(durations)}, indent=1)
    with suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        durable_files.replace({_file(): f"{text}\n".encode()})


def expected(environment: Environment, recorded: Mapping[str, Duration]) -> Duration:
    """Return the duration to expect of an environment, from those that `recall` returns.

    It is the recorded one, the mean of the most similar environments, or `GUESS`.
    """
    name = _name(environment)
    if name in recorded:
        return recorded[name]
    words = name.split()
    for prefix in (words[:2], words[1:2], words[:1]):  # a backend may be a framework of its own
        similar = [recorded[key] for key in recorded if key.split()[: len(prefix)] == prefix]
        if similar:
            return Duration(mean(d.start for d in similar), mean(d.observation for d in similar))
    return GUESS


def _name(environment: Environment) -> str:
    variables = (f"{name}={value}" for name, value in sorted(environment.variables.items()))
    return " ".join(
        (
            environment.framework,
            environment.backend or "-",
            *((environment.device,) if environment.device != CPU else ()),
            environment.python,
            *sorted(environment.pins),
            *environment.options,
            *variables,
        )
    )


def _file() -> Path:
    return definitions.folder() / "times.json"
