"""Claims and errata: counted from what the answers were found to bear out."""

import pytest
from report_runs import (
    FUNCTION,
    LAYER,
    RIGHT,
    both,
    case,
    erroneous,
    failed,
    observed,
    report_of,
    run,
)

from conformance.cases.model import Case
from conformance.report.claims import Claim
from conformance.report.errata import ErratumRow
from conformance.report.model import Report

D1 = case("one", claims=("D1",))
ALSO = case("two", claims=("D1",))


def claim(report: Report, id_: str = "D1") -> Claim:
    return next(claim for _, own in report.claims for claim in own if claim.id == id_)


def outcome(*statuses: str, **given: object) -> object:
    """What the claim D1 comes to natively where its cases have these statuses."""
    cases = (D1, ALSO)[: len(statuses)]
    seen = [
        one
        for of, status in zip(cases, statuses, strict=True)
        for one in both(of, {"native": status, "recipe": "match"}, **given)
    ]
    lone = run(*seen, apis={LAYER: True})
    found = claim(report_of(lone, cases=cases)).outcomes["native"]
    return [what for what, _ in found if what != "not run"]


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        (("match", "match"), "holds"),
        (("match", "mismatch"), "fails"),
        (("crashed",), "fails"),
        (("match", "inexpressible"), "in part"),
        (("inexpressible", "rejected"), "cannot be asked"),
    ],
)
def test_a_claim_comes_to_what_the_answers_to_its_cases_do(
    statuses: tuple[str, ...], told: str
) -> None:
    assert outcome(*statuses) == [told]


def test_a_claim_that_an_answer_satisfies_holds_of_a_wrong_answer_too() -> None:
    assert outcome("mismatch", claim=True) == ["holds"]


def test_a_claim_is_not_run_on_an_api_that_is_not_there() -> None:
    found = claim(report_of(run(*both(D1, RIGHT)), cases=(D1,)))
    assert found.outcomes["recipe"] == (("holds", 1), ("not run", 1))


def test_a_claim_without_a_case_is_there_all_the_same() -> None:
    assert claim(report_of(run(), cases=(D1,)), "U14").cases == 0


def test_there_are_as_many_claims_as_the_documents_make() -> None:
    report = report_of(run(), cases=())
    assert sum(len(own) for _, own in report.claims) == 8 + 11 + 12 + 3 + 14


def test_a_claim_that_no_document_is_known_for_is_told_by_its_case() -> None:
    other = case("one", claims=("Z9",))
    assert claim(report_of(run(), cases=(other,)), "Z9").sentence == "Why one."


def test_of_an_erratum_it_is_the_correction_that_is_held() -> None:
    wrong = erroneous()
    seen = both(wrong, RIGHT, claim=False, correction=True)
    found = claim(report_of(run(*seen), cases=(wrong,)), "C1")
    assert found.outcomes["recipe"] == (("holds", 1), ("not run", 1))


def test_a_claim_shows_what_its_document_states_and_what_holds_instead() -> None:
    erratum = claim(report_of(run(), cases=(erroneous(),)), "C1")
    assert (erratum.stated, erratum.corrected) == ((" 1 12 20  7",), (" 1 12 20",))
    right = claim(report_of(run(), cases=(case("bare", claims=("D1",)), D1)))
    assert (right.case, right.stated, right.corrected) == ("bare", (), ())


def told(of: Case, correction: bool, claim: bool) -> ErratumRow:
    seen = both(of, RIGHT, correction=correction, claim=claim)
    return report_of(run(*seen), failed("mxnet", "No."), cases=(of,)).errata[0]


def test_an_erratum_shows_both_numbers() -> None:
    shown = told(erroneous(), True, False)
    assert (shown.document_lines, shown.correction_lines) == ((" 1 12 20  7",), (" 1 12 20",))


def test_frameworks_that_answered_side_with_someone_and_the_others_are_named() -> None:
    shown = told(erroneous(), True, False)
    assert (shown.verdict, shown.without_answer) == (
        "1 of 1 frameworks side with the correction.",
        ("mxnet (not run)",),
    )


def test_a_framework_that_sides_with_the_document_is_named() -> None:
    assert told(erroneous(), False, True).verdict == (
        "0 of 1 frameworks side with the correction; torch 2.0 sides with the document."
    )


def test_a_framework_whose_apis_disagree_sides_with_neither() -> None:
    wrong = erroneous()
    seen = [
        observed(wrong, "recipe", "match", correction=True),
        observed(wrong, "recipe", "mismatch", api=FUNCTION, correction=False, claim=True),
    ]
    shown = report_of(run(*seen), cases=(wrong,)).errata[0]
    assert shown.sides == (("torch", "torch 2.0", "neither"),)
