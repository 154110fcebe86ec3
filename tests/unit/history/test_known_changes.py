"""What the history has of a package, where a change is searched for."""

from packaging.version import Version

from conformance.history.known_changes import askable, likely_change
from conformance.history.releases import Release
from conformance.history.series import all_series
from conformance.history.table import Row

RELEASES = tuple(Release("plain", Version(f"1.{n}"), ("3.11",)) for n in range(6))
CHOICES = {"1.0": "flipped", "1.3": "flipped", "1.4": "as it stands"}
ROWS = [
    Row(package="plain", version=v, api="plain.ask", axis="kernel flip", choice=choice, cases=2)
    for v, choice in CHOICES.items()
]
ROWS.append(Row(package="plain", version="1.2", reason="released by mistake"))
SERIES = all_series(ROWS)


def test_what_could_not_be_asked_is_left_out_unless_it_is_an_end() -> None:
    assert [str(r.version) for r in askable(SERIES, RELEASES, [])] == [
        "1.0",
        "1.1",
        "1.3",
        "1.4",
        "1.5",
    ]
    assert askable(SERIES, RELEASES, [Version("1.2")]) == RELEASES
    assert askable(SERIES, RELEASES[2:3], []) == RELEASES[2:3]


def test_the_first_change_of_an_api_on_the_axes_of_a_case_is_found() -> None:
    assert likely_change(SERIES, RELEASES, {"kernel flip"}, ["plain.ask"]) == (3, 4)
    assert likely_change(SERIES, RELEASES[1:], {"kernel flip"}, ["plain.ask"]) == (2, 3)


def test_a_change_of_another_kind_or_place_is_none() -> None:
    assert likely_change(SERIES, RELEASES, {"dilation"}, ["plain.ask"]) is None
    assert likely_change(SERIES, RELEASES, {"kernel flip"}, ["plain.new"]) is None
    assert likely_change(SERIES, RELEASES[4:], {"kernel flip"}, ["plain.ask"]) is None
    assert likely_change((), RELEASES, {"kernel flip"}, ["plain.ask"]) is None
