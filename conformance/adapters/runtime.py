"""What answers beside the version: the backend, the packages behind it, and the runtime class.

The same pins answer differently on two machines where a library chooses its kernels by the CPU or
by a switch. The *runtime class* is a short word for that choice. It is worked out from probes:
small calls that a worker makes before its first question.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version


@dataclass(frozen=True, kw_only=True)
class RuntimeClass:
    """One class of runtimes that answer alike.

    Parameters
    ----------
    name
        The word that reports, gates and file names use.
    probes
        Names of the probes that all have to hold.
    architecture
        The only CPU architecture that the word fits, such as ``x86_64``; None for any.
    """

    name: str
    probes: tuple[str, ...] = ()
    architecture: str | None = None

    def fits(self, probes: Mapping[str, bool], architecture: str) -> bool:
        """Say whether a runtime with these probes belongs to the class."""
        return self.architecture in (None, architecture) and all(map(probes.get, self.probes))


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What a recipe or a known limitation has to know of the place where a call runs.

    Parameters
    ----------
    backend
        Of a framework that has several.
    packages
        Versions of the framework and of the packages that compute for it, by name.
    runtime_class
        Its name; None where it is not known.
    """

    backend: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    runtime_class: str | None = None

    def is_in(self, classes: Collection[str]) -> bool:
        """Say whether this runtime is, or may be, one of these classes; none stands for all."""
        return self.runtime_class is None or not classes or self.runtime_class in classes

    def has(self, requirement: str) -> bool:
        """Say whether this runtime has, or may have, such a version; an empty one fits all."""
        if not requirement:
            return True
        needed = Requirement(requirement)
        version = self.packages.get(needed.name)
        if version is None:
            return True
        try:
            return needed.specifier.contains(Version(version), prereleases=True)
        except InvalidVersion:
            return True


ANY = Runtime()
"""A runtime of which nothing is known: whatever may hold is taken to hold."""
