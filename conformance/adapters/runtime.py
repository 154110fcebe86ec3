"""Describe a runtime: the backend, the packages that compute, and the runtime class.

The same pins answer differently on two machines where a library chooses its kernels by the CPU or
by a switch. The *runtime class* is a short word for that choice. It is derived from probes: small
calls that a worker makes before its first question.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version


@dataclass(frozen=True, kw_only=True)
class RuntimeClass:
    """A class of runtimes that answer alike.

    Attributes
    ----------
    name
        The word in reports, gates and file names.
    probes
        The names of the probes that all have to succeed.
    architecture
        The only CPU architecture of the class, such as ``x86_64``; None for any.
    """

    name: str
    probes: tuple[str, ...] = ()
    architecture: str | None = None

    def fits(self, probes: Mapping[str, bool], architecture: str) -> bool:
        """Return whether a runtime with these probes belongs to the class."""
        return self.architecture in (None, architecture) and all(map(probes.get, self.probes))


CPU = (RuntimeClass(name="cpu"),)
"""The one class of a library that does not choose its routines by the CPU or by a switch."""
PYTHON = "python"
"""The name of the class, and of its probe, in which Python computes, without a compiler."""
CPU_OR_PYTHON = (RuntimeClass(name=PYTHON, probes=(PYTHON,)), *CPU)
"""The classes of a library that a compiler serves where there is one."""


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """The properties of a runtime on which recipes and known limitations depend.

    Attributes
    ----------
    backend
        The backend of a framework that has several.
    packages
        The versions of the framework and of the packages that compute for it, by name.
    runtime_class
        The name of the runtime class; None if it is unknown.
    """

    backend: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict, hash=False)
    runtime_class: str | None = None

    def is_in(self, classes: Collection[str]) -> bool:
        """Return whether this runtime may be of one of these classes; none stands for all."""
        return self.runtime_class is None or not classes or self.runtime_class in classes

    def has(self, requirement: str) -> bool:
        """Return whether this runtime may have such a version; an empty one fits all."""
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
"""A runtime of which nothing is known, so that it may have every limitation."""
