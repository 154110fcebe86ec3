"""Observations and verdicts: what each mode came to, and what that comes to together."""

from dataclasses import replace
from typing import get_args

import pytest

from conformance.observations import VERDICTS, Observation, Status, Verdict, verdict

OBSERVED = Observation(
    api="plain.conv_transpose",
    case="one",
    mode="native",
    status="mismatch",
    op="conv_transpose",
    topics=("stride", "padding"),
    diagnosis="The kernel is read backwards along every axis.",
    explanations=(("kernel flip: flipped",), ("bias: dropped", "dilation: ignored")),
    detail="1 of 3 numbers differ.",
    cost="arguments only",
    claim=False,
    shape=(1, 1, 3),
    dtype="float32",
    digest="d",
    content="c",
    exact=True,
)


def test_what_identifies_an_observation_holds_no_version() -> None:
    assert OBSERVED.key == ("plain.conv_transpose", "one", "native")


@pytest.mark.parametrize("status", ["rejected", "mismatch", "crashed"])
def test_a_known_limit_that_is_all_that_is_known_is_said_once(status: Status) -> None:
    limit = "it has no such axis"
    limited = replace(OBSERVED, status=status, diagnosis=None, detail=limit, limitation=limit)
    assert limited.full_diagnosis == "It has no such axis."


def test_a_line_says_what_it_is() -> None:
    assert OBSERVED.line()["kind"] == "observation"


@pytest.mark.parametrize(
    ("native", "recipe", "expected"),
    [
        ("match", "match", "same"),
        ("mismatch", "match", "translated"),
        ("rejected", "match", "translated"),
        ("inexpressible", "match", "translated"),
        ("mismatch", "mismatch", "different"),
        ("match", "mismatch", "different"),
        ("inexpressible", "mismatch", "different"),
        ("mismatch", "rejected", "rejected"),
        ("match", "rejected", "rejected"),
        ("mismatch", "inexpressible", "inexpressible"),
        ("undecided", "undecided", "undecided"),
        ("match", "undecided", "undecided"),
        ("undecided", "match", "undecided"),
        ("undecided", "mismatch", "different"),
        ("mismatch", "undecided", "undecided"),
        ("undecided", "crashed", "broken"),
        ("crashed", "match", "broken"),
        ("match", "crashed", "broken"),
        ("match", "hung", "broken"),
        ("flaky", "mismatch", "broken"),
    ],
)
def test_a_verdict_follows_from_both_modes(
    native: Status, recipe: Status, expected: Verdict
) -> None:
    assert verdict({"native": native, "recipe": recipe}) == expected


@pytest.mark.parametrize("statuses", [{}, {"native": "match"}, {"recipe": "match"}])
def test_a_mode_that_was_not_observed_leaves_no_verdict(statuses: dict[str, Status]) -> None:
    assert verdict(statuses) == "not run"


@pytest.mark.parametrize("native", get_args(Status))
@pytest.mark.parametrize("recipe", get_args(Status))
def test_every_pair_of_statuses_has_a_verdict(native: Status, recipe: Status) -> None:
    assert verdict({"native": native, "recipe": recipe}) in VERDICTS


def test_every_verdict_has_a_rank() -> None:
    assert sorted(VERDICTS) == sorted(get_args(Verdict))
