"""Record with which versions, and in which runtime classes, a bug was seen.

A wrong answer is a known bug only there: another version may have fixed the bug and be wrong in
another way, and another CPU may never run the routine with the bug.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """Versions and runtime classes with which a bug was seen.

    Parameters
    ----------
    name
        Of the framework, with its backend where it has several, such as ``keras-jax``.
    versions
        Requirements that all hold, such as ``keras>=3.13.0,<=3.14.1``: the framework's, and that of
        its backend.
    classes
        Runtime classes in which the bug shows.
    others
        Runtime classes in which it was looked for and does not show.
    """

    name: str
    versions: tuple[str, ...]
    classes: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def framework(self) -> str:
        """Return the name of the framework, without a backend."""
        return _requirement(self.versions[0]).name

    def is_of(self, packages: Mapping[str, str]) -> bool:
        """Return whether these versions, by name, are among those of the sighting.

        The framework has to be among them; a missing backend matches.
        """
        return self.framework in packages and all(_holds(pin, packages) for pin in self.versions)

    def expects(self, packages: Mapping[str, str], runtime_class: str | None) -> bool | None:
        """Return whether the bug has to show with these versions in this class.

        It is None where the page does not say it, or the class is not known.
        """
        if not self.is_of(packages):
            return None
        return {**dict.fromkeys(self.others, False), **dict.fromkeys(self.classes, True)}.get(
            runtime_class or ""
        )


def _holds(text: str, packages: Mapping[str, str]) -> bool:
    requirement = _requirement(text)
    if requirement.name not in packages:
        return True
    try:
        return requirement.specifier.contains(Version(packages[requirement.name]), prereleases=True)
    except InvalidVersion:
        return False


_requirement = cache(Requirement)
