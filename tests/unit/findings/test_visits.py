"""Where the scripts of the page run: in which environments, for which entries."""

import pytest

from conformance.environments import definitions
from conformance.findings import page, visits
from conformance.findings.visits import framework_name, visits_of

PINNED = definitions.pinned()


@pytest.mark.parametrize("name", PINNED)
def test_an_environment_is_visited_with_the_versions_that_entries_name(name: str) -> None:
    environment = PINNED[name]
    for visit in visits_of(name, environment, page.entries()):
        versions = dict(visits._versions(visit.environment))
        assert visit.entries
        for entry in visit.entries:
            assert any(sighting.is_of(versions) for sighting in entry.sightings), entry.title


def test_every_entry_has_a_pinned_environment_to_run_in() -> None:
    visited = {
        entry.title
        for name, environment in PINNED.items()
        for visit in visits_of(name, environment, page.entries())
        for entry in visit.entries
    }
    names = {framework_name(e.framework, e.backend) for e in PINNED.values()}
    expected = {e.title for e in page.entries() if any(s.name in names for s in e.sightings)}
    assert visited == expected


def test_an_environment_does_not_visit_what_another_one_has_the_versions_of() -> None:
    (visit,) = visits_of("opencv4", PINNED["opencv4"], page.entries())
    assert visit.environment == PINNED["opencv4"]
    assert all("OpenCV 4.14.0" in entry.title for entry in visit.entries)
