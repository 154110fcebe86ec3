"""Turn the run of a release into rows of the table of a history."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from packaging.utils import canonicalize_name

from conformance.history.history import Entry
from conformance.history.releases import uploaded
from conformance.history.table import Row
from conformance.history.version_ranges import WITHOUT_CHOICE
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import profiles
from conformance.utils.text import plain, shortened
from conformance.workers import pythons

LACKING = "not in this version"
LONGEST = 300
"""Characters of a reason."""


def rows_of(
    entry: Entry, backend: str | None, prepared_cases: Mapping[str, PreparedCase]
) -> Iterator[Row]:
    """Yield the rows of a release.

    Parameters
    ----------
    backend
        Of a framework that has several.
    """
    release, run = entry.release, entry.run
    times = (uploaded(release, python) for python in (*release.pythons, str(pythons.HERE)))
    date = next(filter(None, times), None)
    row = Row(
        package=release.package,
        version=str(release.version),
        date=date.date().isoformat() if date else "",
        backend=backend or "",
    )
    if run is None:
        yield replace(row, reason=_reason(entry.trouble or ""))
        return
    row = replace(
        row,
        python=".".join((run.header.python or "").split(".")[:2]),
        runtime=run.header.runtime_class or "",
        companions="; ".join(_companions(entry, run.header.packages)),
    )
    for api, is_available in run.header.apis.items():
        if not is_available:
            yield replace(row, api=api, reason=LACKING)
    for profile in profiles(run.observations, prepared_cases):
        for finding in profile.findings:
            if finding.choice or finding.known in WITHOUT_CHOICE:
                yield replace(
                    row,
                    api=profile.api,
                    axis=finding.axis.name,
                    choice=finding.words,
                    cases=len(finding.cases or finding.refused),
                )


def _companions(entry: Entry, packages: Mapping[str, str]) -> Iterator[str]:
    """Yield what is beside a release: its companions, and what computes for it."""
    yield from entry.companions
    names = {canonicalize_name(words.split()[0]) for words in entry.companions}
    for name, version in packages.items():
        if canonicalize_name(name) not in {*names, canonicalize_name(entry.release.package)}:
            yield f"{name} {version}"


def _reason(words: str) -> str:
    """Return why a release could not be asked, without addresses and folders of this machine."""
    words = re.sub(r"https?://[^\s`'\"]+", "…", words)
    return shortened(plain(re.sub(r"(?<![\w.…])/(?:[^\s/:'\"`]+/)+", "…/", words)), LONGEST)
