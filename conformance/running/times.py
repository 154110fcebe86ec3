"""How long environments took before, so that the longest are begun first. Nothing else needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

from conformance import environments
from conformance.environments import Environment


@dataclass(frozen=True)
class Time:
    """Seconds until a framework can be asked, and for each observation from then on."""

    start: float
    observation: float


ENOUGH = 100
"""Observations that a time is worth recording from."""
GUESS = Time(5.0, 0.005)
"""Where nothing like it was ever timed."""


def recall() -> Mapping[str, Time]:
    """What was recorded, by environment; nothing where that cannot be read."""
    try:
        recorded = json.loads(_file().read_text(encoding="utf-8"))
        return {name: Time(**given) for name, given in recorded.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def remember(environment: Environment, time: Time) -> None:
    """Records a time, for whoever shares out work later."""
    known = {**recall(), _name(environment): time}
    text = json.dumps({name: asdict(known[name]) for name in sorted(known)}, indent=1)
    beside = _file().with_suffix(".new")
    with suppress(OSError):
        beside.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text + "\n", encoding="utf-8")
        beside.replace(_file())


def expected(environment: Environment, known: Mapping[str, Time]) -> Time:
    """The time of this environment, of those most like it, or else a guess."""
    name = _name(environment)
    if name in known:
        return known[name]
    words = name.split()
    for like in (words[:2], words[1:2], words[:1]):  # a backend may be a framework of its own
        times = [known[other] for other in known if other.split()[: len(like)] == like]
        if times:
            return Time(mean(t.start for t in times), mean(t.observation for t in times))
    return GUESS


def _name(environment: Environment) -> str:
    backend = environment.backend or "-"
    switches = (f"{name}={value}" for name, value in sorted(environment.variables.items()))
    made_of = (environment.python, *sorted(environment.pins), *environment.options, *switches)
    return " ".join((environment.framework, backend, *made_of))


def _file() -> Path:
    return environments.folder() / "times.json"
