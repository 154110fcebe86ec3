"""The cases that an API is asked where every call takes seconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from conformance.cases import Case, load
from conformance.cases.model import Place
from conformance.cases.sample import IDS, is_sampled
from conformance.conventions.axes import AXES
from conformance.quality.mutation import choices_of, kill_record
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import resources


@pytest.fixture(scope="module")
def corpus() -> dict[str, Case]:
    return {case.id: case for case in load([resources.CASES], check=False).cases}


def test_every_id_is_that_of_a_case(corpus: dict[str, Case]) -> None:
    assert corpus.keys() >= IDS


def test_the_documents_cases_are_in_it(corpus: dict[str, Case]) -> None:
    assert {id_ for id_, case in corpus.items() if case.document is not None} <= IDS


def test_cases_of_ones_own_are_all_asked(corpus: dict[str, Case]) -> None:
    other = next(case for id_, case in corpus.items() if id_ not in IDS)
    assert not is_sampled(other)
    assert is_sampled(replace(other, place=Place("mine.yaml", 1, 1)))


def test_two_of_them_distinguish_every_two_choices_on_an_axis(corpus: dict[str, Case]) -> None:
    missing = {choices: 2 for axis in range(len(AXES)) for choices in choices_of(axis)}
    # Those outside the documents were chosen for what these lack, so they come first.
    for case in sorted((corpus[id_] for id_ in IDS), key=lambda case: case.document is not None):
        if missing:
            found = Counter(kill_record(PreparedCase(case), pairs=()).distinctions)
            missing = {c: n - found[c] for c, n in missing.items() if n > found[c]}
    assert missing == {}
