"""Examples: the case that shows a change, by the two choices and by what the API can be asked."""

import pytest
from case_files import cases
from history_tables import END, FLIPPED, LAYER, ODD, STANDS, START, one, rows

from conformance.cases import profile_set
from conformance.history.examples import examples
from conformance.runs.prepared_case import PreparedCase

CASES = """
cases:
  - {id: plain, why: A., x: [1, 2], kernel: [1, 10]}
  - {id: palindrome, why: A., x: [1, 2], kernel: [1, 1]}
  - {id: odd-total, why: A., x: [1, 2], kernel: [1, 2], padding: same}
  - {id: odd-total-and-dilated, why: A., x: [1, 2], kernel: [1, 2], padding: same, dilation: 3}
  - {id: even-total, why: A., x: [1, 2], kernel: [1, 2, 3], padding: same}
  - {id: dilated, why: A., x: [1, 2], kernel: [1, 2], dilation: 2}
  - {id: plane, why: A., x: [[1, 2]], kernel: [[1, 10]], rank: 2}
  - {id: convolution, why: A., op: conv, x: [1, 2, 3], kernel: [1, 10]}
"""
KERNEL, TORCH = "kernel flip", "torch.nn.ConvTranspose"


@pytest.fixture(scope="module")
def prepared_cases(tmp_path_factory: pytest.TempPathFactory) -> list[PreparedCase]:
    return list(map(PreparedCase, cases(tmp_path_factory.mktemp("cases") / "cases.yaml", CASES)))


def example(
    prepared_cases: list[PreparedCase], axis: str, before: str, after: str, **fields: str
) -> str | None:
    series = one(*rows({"1": {axis: before}, "2": {axis: after}}, **fields))
    return next(iter(examples([series], prepared_cases).values()), None)


@pytest.mark.parametrize(
    ("axis", "before", "after", "case"),
    [
        (KERNEL, STANDS, FLIPPED, "plain"),
        (KERNEL, FLIPPED, STANDS, "plain"),
        (ODD, START, END, "odd-total"),
        (ODD, "refused", END, "odd-total"),
        ("dilation", "refused", "ignored", "dilated"),
        (KERNEL, STANDS, f"{STANDS}; in 2-D: {FLIPPED}", "plane"),
        (ODD, "refused", "no answer", "odd-total"),
        (KERNEL, f"{STANDS}; in 2-D: {FLIPPED}", FLIPPED, "plain"),
        (KERNEL, f"{STANDS}; in 3-D: {FLIPPED}", STANDS, None),
        ("no such axis", "a", "b", None),
        ("no such axis", "a; in b", "a; in 2-D: b", None),
        (KERNEL, STANDS, f"{FLIPPED}; in short", "plain"),
        ("gradients", "of the same call", "of another call", None),
    ],
)
def test_it_is_the_simplest_that_the_choices_answer_differently(
    prepared_cases: list[PreparedCase], axis: str, before: str, after: str, case: str | None
) -> None:
    assert example(prepared_cases, axis, before, after, backend="torch") == case


@pytest.mark.parametrize(
    ("fields", "case"),
    [
        ({"api": LAYER, "backend": "torch"}, "odd-total"),
        ({"api": TORCH, "package": "torch"}, None),  # it takes numbers only
        ({"api": LAYER, "backend": "theano"}, None),
        ({"api": "no.such.api"}, None),
    ],
)
def test_a_naive_call_asks_it(
    prepared_cases: list[PreparedCase], fields: dict[str, str], case: str | None
) -> None:
    assert example(prepared_cases, ODD, START, END, **fields) == case


def test_a_convolution_has_a_case_of_its_own(prepared_cases: list[PreparedCase]) -> None:
    api = "torch.nn.Conv"
    assert example(prepared_cases, KERNEL, STANDS, FLIPPED, api=api, package="torch") == (
        "convolution"
    )


def test_cases_that_the_history_was_asked_come_first(
    prepared_cases: list[PreparedCase], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile_set, "IDS", frozenset({"odd-total-and-dilated"}))
    assert example(prepared_cases, ODD, START, END, backend="torch") == "odd-total-and-dilated"
