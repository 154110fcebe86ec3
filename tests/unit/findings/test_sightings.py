"""Sightings: a bug is known of the versions and classes that it was seen with, and of no others."""

import pytest

from conformance.findings.sightings import Sighting

SEEN = Sighting(
    name="keras-jax",
    versions=("keras>=3.13.0,<=3.14.1", "jax==0.10.2"),
    classes=("xla",),
    others=("xla-x64",),
)


@pytest.mark.parametrize(
    ("packages", "fits"),
    [
        ({"keras": "3.13.0", "jax": "0.10.2"}, True),
        ({"keras": "3.14.1", "jax": "0.10.2", "jaxlib": "9"}, True),
        ({"keras": "3.14.0+local"}, True),
        ({"keras": "3.12.9", "jax": "0.10.2"}, False),
        ({"keras": "3.15.0", "jax": "0.10.2"}, False),
        ({"keras": "3.13.0", "jax": "0.10.3"}, False),
        ({"keras": "9.9.0"}, False),
        ({"keras": "3.13.0-unknown-build"}, False),
        ({"jax": "0.10.2"}, False),
        ({}, False),
    ],
)
def test_versions_fit_or_do_not(packages: dict[str, str], fits: bool) -> None:
    assert SEEN.is_of(packages) is fits


@pytest.mark.parametrize(
    ("version", "runtime_class", "expected"),
    [
        ("3.13.0", "xla", True),
        ("3.13.0", "xla-x64", False),
        ("3.13.0", "another", None),
        ("3.13.0", None, None),
        ("3.15.1", "xla", None),
    ],
)
def test_a_bug_has_to_show_only_where_it_was_looked_for(
    version: str, runtime_class: str | None, expected: bool | None
) -> None:
    assert SEEN.expects({"keras": version}, runtime_class) is expected
