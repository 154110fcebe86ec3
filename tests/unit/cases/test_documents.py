"""The five documents: every claim in them is carried by a case, in the file of its document."""

from pathlib import Path

import pytest

from conformance.cases import Case, Loaded, load
from conformance.cases.expectations import check, claim_holds, correction_holds
from conformance.question import answer

FOLDER = Path(__file__).parents[3] / "cases" / "documents"

CLAIMS = {
    "machinecurve": ("M", 8),
    "ee559": ("E", 11),
    "d2l": ("D", 12),
    "codemia": ("C", 3),
    "udea": ("U", 14),
}
"""The letter of each document's claims, and how many there are."""

ALL = [
    (document, f"{letter}{number}")
    for document, (letter, count) in CLAIMS.items()
    for number in range(1, count + 1)
]


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load([FOLDER])


@pytest.fixture(scope="module")
def cases(loaded: Loaded) -> dict[str, Case]:
    return {case.id: case for case in loaded.cases}


def test_the_documents_load_without_a_problem(loaded: Loaded) -> None:
    assert [str(problem) for problem in loaded.problems] == []


def test_there_is_one_file_for_each_document() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(CLAIMS)


@pytest.mark.parametrize(("document", "claim"), ALL)
def test_every_claim_has_a_case_that_states_something_in_its_documents_file(
    loaded: Loaded, document: str, claim: str
) -> None:
    carrying = [case for case in loaded.cases if claim in case.claims]
    assert carrying
    assert {Path(case.place.file).stem for case in carrying} == {document}
    assert all(case.expected.tolerance or _states(case) for case in carrying)


def _states(case: Case) -> bool:
    said = case.expected
    stated = (said.numbers, said.shape, said.matrix, said.parameters, said.property)
    return any(part is not None for part in stated)


def test_every_case_is_from_its_files_document_and_carries_a_known_claim(loaded: Loaded) -> None:
    known = {claim for _, claim in ALL}
    for case in loaded.cases:
        assert case.document is not None and case.document.id == Path(case.place.file).stem
        assert case.claims and set(case.claims) <= known
        assert case.id.startswith(case.document.id)


def test_what_every_case_states_holds_of_the_oracle(loaded: Loaded) -> None:
    assert [(case.id, said) for case in loaded.cases if (said := check(case))] == []


def test_the_oracles_answer_satisfies_every_document_but_where_it_is_corrected(
    loaded: Loaded,
) -> None:
    for case in loaded.cases:
        given = answer(case.question)
        assert claim_holds(case, given) is (case.erratum is None), case.id
        assert correction_holds(case, given) is (None if case.erratum is None else True), case.id


def test_two_sentences_of_the_documents_are_corrected(loaded: Loaded) -> None:
    corrected = {case.id for case in loaded.cases if case.erratum}
    assert corrected == {"machinecurve-energy", "codemia-example"}


def test_the_printed_codemia_example_is_not_the_output_at_any_stride(
    cases: dict[str, Case],
) -> None:
    example = cases["codemia-example"]
    for stride in (1, 2, 3):
        given = answer(example.question.but(stride=(stride, stride)))
        assert claim_holds(example, given) is False


def test_the_tolerance_of_the_reconstruction_is_the_least_power_of_ten(
    cases: dict[str, Case],
) -> None:
    case = cases["udea-reconstruction"]
    apart = abs(answer(case.question) - case.expected.numbers).max()
    assert case.expected.tolerance.absolute / 10 < apart <= case.expected.tolerance.absolute


def test_only_interpolation_and_the_reconstruction_are_real_valued(loaded: Loaded) -> None:
    real = {case.id for case in loaded.cases if not case.exact}
    assert real == {
        "ee559-interpolation",
        "ee559-interpolation-by-transposed-convolution",
        "udea-reconstruction",
    }
