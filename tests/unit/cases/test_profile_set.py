"""The cases that are enough for a profile, and those that slow APIs are asked."""

from dataclasses import replace

import pytest

from conformance.cases import Case, load
from conformance.cases.model import Place
from conformance.cases.profile_set import IDS, is_sampled
from conformance.utils import resources


@pytest.fixture(scope="module")
def corpus() -> dict[str, Case]:
    return {case.id: case for case in load([resources.CASES], check=False).cases}


def test_every_id_is_that_of_a_case(corpus: dict[str, Case]) -> None:
    assert corpus.keys() >= IDS


def test_slow_apis_are_asked_the_documents_cases_too(corpus: dict[str, Case]) -> None:
    assert all(is_sampled(case) for case in corpus.values() if case.document is not None)


def test_cases_of_ones_own_are_all_asked(corpus: dict[str, Case]) -> None:
    others = (c for id_, c in corpus.items() if id_ not in IDS and c.document is None)
    other = next(others)
    assert not is_sampled(other)
    assert is_sampled(replace(other, place=Place("mine.yaml", 1, 1)))
