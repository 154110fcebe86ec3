"""Choose the packages beside a release, where the pinned versions do not work with it.

A framework of three years ago refuses the NumPy of today. The environments to try come the
likeliest first: with the pinned companions, so that releases differ in nothing else; with
companions of the release's own time; with any that the installer accepts.
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
"""How much younger than a release its companions may be: new versions appear one after another."""

UNDECLARED = ("packaging", "setuptools")
"""What old releases import and do not require: Keras 3.0 to 3.3, and users of distutils."""

Choice = Literal["as pinned", "of its time", "any"]


@dataclass(frozen=True)
class Attempt:
    """An environment to try for a release, with the way its companions were chosen."""

    environment: Environment
    companions: Choice


def base_environment(package: str, framework: str | None, backend: str | None) -> Environment:
    """Return the first pinned environment that has a package.

    A framework and a backend of None stand for any.

    Raises ``NoRelease`` where there is none.
    """
    environments = [e for e in pinned().values() if any(_is_of(package, pin) for pin in e.pins)]
    same_name = {e.framework for e in environments if same_package(e.framework, package)}
    frameworks = {framework} if framework else same_name or {e.framework for e in environments}
    for environment in environments:
        if environment.framework in frameworks and backend in (None, environment.backend):
            return environment
    words = (package, framework and f"of {framework}", backend and f"on {backend}")
    names = sorted({Requirement(pin).name for e in pinned().values() for pin in e.pins})
    raise NoRelease(
        f"no pinned environment has {' '.join(filter(None, words))}; pinned are {', '.join(names)}"
    )


def attempts(
    place: Environment, release: Release, fixed: Sequence[Requirement] = ()
) -> Iterator[Attempt]:
    """Yield the environments to try for a release, the likeliest first.

    Parameters
    ----------
    fixed
        Requirements of all environments, in place of a pin or besides.
    """
    fixed_pins = {_name(requirement): str(requirement) for requirement in fixed}
    strict_pins = {_name(Requirement(pin)): pin for pin in place.pins} | fixed_pins
    strict_pins.pop(canonicalize_name(release.package), None)
    fixed_pins |= {name: strict_pins[name] for name in place.locked if name in strict_pins}
    loose_pins = {name: fixed_pins.get(name, name) for name in strict_pins}
    undeclared = {name: name for name in UNDECLARED if name not in strict_pins}
    wheels = [word for name in (release.package, *strict_pins) for word in ("--only-binary", name)]

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
        yield attempt("as pinned", python, strict_pins)
        yield attempt("as pinned", python, strict_pins | undeclared)
        if loose_pins == strict_pins:
            continue
        upload_time = uploaded(release, python)
        if upload_time is not None:
            names = [name for name in loose_pins if name not in fixed_pins] if fixed_pins else ()
            age_limit = _age_limit(upload_time + MARGIN, names)
            yield attempt("of its time", python, loose_pins | undeclared, *age_limit)
        yield attempt("any", python, loose_pins | undeclared)


def _age_limit(time: datetime, names: Sequence[str]) -> Iterator[str]:
    """Yield the installer's options that exclude younger packages: all, or some by name."""
    day = time.date().isoformat()
    if not names:
        yield from ("--exclude-newer", day)
    for name in names:
        yield from ("--exclude-newer-package", f"{name}={day}")


def _is_of(package: str, pin: str) -> bool:
    return same_package(package, Requirement(pin).name)


def _name(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)
