"""How long environments took before, so that the longest are begun first. Nothing else needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Annotated

import msgspec

from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.utils import durable_files

Seconds = Annotated[float, msgspec.Meta(ge=0, le=10**6)]


@dataclass(frozen=True)
class Duration:
    """Seconds until a framework can be asked, and for each observation from then on."""

    start: Seconds
    observation: Seconds


ENOUGH = 100
"""Observations that a time is worth recording from."""
GUESS = Duration(5.0, 0.005)
"""Where nothing like it was ever timed."""
LONGEST = 2**22
"""Bytes of the file that are read."""
_DECODER = msgspec.json.Decoder(dict[str, Duration])


def recall() -> Mapping[str, Duration]:
    """What was recorded, by environment; nothing where that cannot be read."""
    try:
        with _file().open("rb") as file:
            return _DECODER.decode(file.read(LONGEST))
    except (OSError, ValueError, RecursionError):
        return {}


def remember(environment: Environment, time: Duration) -> None:
    """Records a time, for whoever shares out work later."""
    known = {**recall(), _name(environment): time}
    text = json.dumps({name: asdict(known[name]) for name in sorted(known)}, indent=1)
    with suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        durable_files.replace({_file(): f"{text}\n".encode()})


def expected(environment: Environment, known: Mapping[str, Duration]) -> Duration:
    """The time of this environment, of those most like it, or else a guess."""
    name = _name(environment)
    if name in known:
        return known[name]
    words = name.split()
    for like in (words[:2], words[1:2], words[:1]):  # a backend may be a framework of its own
        times = [known[other] for other in known if other.split()[: len(like)] == like]
        if times:
            return Duration(mean(t.start for t in times), mean(t.observation for t in times))
    return GUESS


def _name(environment: Environment) -> str:
    backend = environment.backend or "-"
    switches = (f"{name}={value}" for name, value in sorted(environment.variables.items()))
    made_of = (environment.python, *sorted(environment.pins), *environment.options, *switches)
    return " ".join((environment.framework, backend, *made_of))


def _file() -> Path:
    return definitions.folder() / "times.json"
