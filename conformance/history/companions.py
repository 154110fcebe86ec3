"""Choose the packages beside a release, where the pinned versions do not work with it.

A framework of three years ago refuses the NumPy of today. The environments to try come the
likeliest first: with the pinned companions, so that releases differ in nothing else; with
companions of the release's own time; with any that the installer accepts.
"""

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
YEAR = timedelta(days=365)
"""How much younger they may be in the table of a history, as people update them beside it."""

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
    place: Environment,
    release: Release,
    fixed: Sequence[Requirement] = (),
    *,
    pinned_first: bool = True,
) -> Iterator[Attempt]:
    """Yield the environments to try for a release, the likeliest first.

    Parameters
    ----------
    fixed
        Requirements of all environments, in place of a pin or besides.
    pinned_first
        Whether the pinned companions are tried first, and any at last. If not, companions are of
        the year after the release or, where these do not go with it, of the month.
    """
    fixed_pins = {_name(requirement): str(requirement) for requirement in fixed}
    strict_pins = {_name(Requirement(pin)): pin for pin in place.pins} | fixed_pins
    own_pin = strict_pins.pop(canonicalize_name(release.package), "")
    fixed_pins |= {name: strict_pins[name] for name in place.locked if name in strict_pins}
    # What is pinned at the same version is a part of the package, which old releases do not have.
    parts = [n for n, pin in strict_pins.items() if own_pin and _version(pin) == _version(own_pin)]
    part_pins = {n: f"{n}=={release.version}" for n in parts if n not in fixed_pins}
    strict_pins |= part_pins
    loose_pins = {n: fixed_pins.get(n, n) for n in strict_pins if n not in part_pins}
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

    names = [name for name in loose_pins if name not in fixed_pins] if fixed_pins else ()
    for python in release.pythons:
        if pinned_first:
            yield attempt("as pinned", python, strict_pins)
            yield attempt("as pinned", python, strict_pins | undeclared)
            if loose_pins == strict_pins:
                continue
        upload_time = uploaded(release, python)
        for margin in (MARGIN,) if pinned_first else (YEAR, MARGIN):
            if upload_time is not None:
                age_limit = _age_limit(upload_time + margin, names)
                if part_pins:
                    pins = part_pins | loose_pins | undeclared
                    yield attempt("of its time", python, pins, *age_limit)
                yield attempt("of its time", python, loose_pins | undeclared, *age_limit)
        if pinned_first or upload_time is None:
            yield attempt("any", python, loose_pins | undeclared)


def _age_limit(time: datetime, names: Sequence[str]) -> tuple[str, ...]:
    """Return the installer's options that exclude younger packages: all, or some by name."""
    day = time.date().isoformat()
    if not names:
        return ("--exclude-newer", day)
    return tuple(w for name in names for w in ("--exclude-newer-package", f"{name}={day}"))


def _is_of(package: str, pin: str) -> bool:
    return same_package(package, Requirement(pin).name)


def _version(pin: str) -> str:
    return pin.partition("==")[2]


def _name(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)
