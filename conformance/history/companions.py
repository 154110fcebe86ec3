"""Companions: what a release is asked beside, where the pinned versions do not go with it.

A framework of three years ago refuses the NumPy of today. The environments to try come the
likeliest first: with the companions as they are pinned, so that one release differs from the next
in nothing else; with those of the release's own time; with any that it goes with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conformance.environments.definitions import Environment, pinned
from conformance.history.releases import NoRelease, Release, same_package, uploaded

MARGIN = timedelta(days=30)
"""How much younger than a release its companions may be: one waits for the other's new version."""

UNSAID = ("packaging", "setuptools")
"""What old releases import and do not ask for: Keras 3.0 to 3.3, and whatever knew distutils."""

Choice = Literal["as pinned", "of its time", "any"]


@dataclass(frozen=True)
class Attempt:
    """An environment to try for a release, and how its companions were chosen."""

    environment: Environment
    companions: Choice


def base_environment(package: str, framework: str | None, backend: str | None) -> Environment:
    """The first pinned environment that has the package, of that framework and backend if given.

    Raises `NoRelease` where there is none.
    """
    places = [e for e in pinned().values() if any(_is_of(package, pin) for pin in e.pins)]
    own = {e.framework for e in places if same_package(e.framework, package)}
    frameworks = {framework} if framework else own or {e.framework for e in places}
    for environment in places:
        if environment.framework in frameworks and backend in (None, environment.backend):
            return environment
    words = (package, framework and f"of {framework}", backend and f"on {backend}")
    known = sorted({Requirement(pin).name for e in pinned().values() for pin in e.pins})
    raise NoRelease(
        f"no pinned environment has {' '.join(filter(None, words))}; pinned are {', '.join(known)}"
    )


def attempts(
    place: Environment, release: Release, fixed: Sequence[Requirement] = ()
) -> Iterator[Attempt]:
    """The environments to try for a release in the place of its pin, the likeliest first.

    fixed  requirements that hold in all of them, in place of a pin or besides
    """
    held = {_name(requirement): str(requirement) for requirement in fixed}
    strict = {_name(Requirement(pin)): pin for pin in place.pins} | held
    strict.pop(canonicalize_name(release.package), None)
    held |= {name: strict[name] for name in place.locked if name in strict}
    loose = {name: held.get(name, name) for name in strict}
    unsaid = {name: name for name in UNSAID if name not in strict}
    wheels = [word for name in (release.package, *strict) for word in ("--only-binary", name)]

    def attempt(choice: Choice, python: str, pins: Mapping[str, str], *options: str) -> Attempt:
        environment = replace(
            place,
            pins=(release.pin, *pins.values()),
            python=python,
            options=(*wheels, *options),
            constraints=place.constraints if choice == "as pinned" else (),
            strict=False,
        )
        return Attempt(environment, choice)

    for python in release.pythons:
        yield attempt("as pinned", python, strict)
        yield attempt("as pinned", python, strict | unsaid)
        if loose == strict:
            continue
        since = uploaded(release, python)
        if since is not None:
            younger = () if not held else [name for name in loose if name not in held]
            until = _until(since + MARGIN, younger)
            yield attempt("of its time", python, loose | unsaid, *until)
        yield attempt("any", python, loose | unsaid)


def _until(time: datetime, names: Sequence[str]) -> Iterator[str]:
    """The installer's options for nothing that is younger, or of some packages only."""
    day = time.date().isoformat()
    if not names:
        yield from ("--exclude-newer", day)
    for name in names:
        yield from ("--exclude-newer-package", f"{name}={day}")


def _is_of(package: str, pin: str) -> bool:
    return same_package(package, Requirement(pin).name)


def _name(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)
