"""The support matrix: answers in a word, joined where they agree, and never guessed."""

from typing import Any

import numpy as np
from report_runs import FUNCTION, LAYER, both, case, observed, report_of, run

from conformance.cases.model import Case
from conformance.observations import Observation
from conformance.report.model import Report
from conformance.report.support_cells import SupportCell, fold
from conformance.report.support_questions import PLACES

ONE, TWO = case("one"), case("two")
HERE = {LAYER: True, FUNCTION: True}


def flipped(of: Case, api: str = LAYER) -> Observation:
    return observed(of, "native", "mismatch", api, explanations=(("kernel flip: flipped",),))


def cells(report: Report, id_: str) -> list[SupportCell]:
    """The cells of all columns for a question."""
    return [
        c.cells[PLACES[id_]]
        for implementation in report.support.implementations
        for c in implementation.columns
    ]


def volume(id_: str, **given: Any) -> Case:
    """A case of three spatial axes."""
    question = ONE.question.but(  # type: ignore[union-attr]
        x=np.ones((1, 1, 2, 2, 2), np.float32),
        kernel=np.ones((1, 1, 2, 2, 2), np.float32),
        **{"stride": (1,) * 3, "dilation": (1,) * 3, "output_padding": (0,) * 3, **given},
        padding=((0, 0),) * 3,
    )
    return case(id_, question=question)


def test_a_flip_that_was_observed_is_another_choice() -> None:
    report = report_of(run(flipped(ONE)), cases=(ONE,))
    assert cells(report, "flip")[0] == SupportCell("yes", "other")


def test_what_no_case_tells_is_unknown() -> None:
    report = report_of(run(flipped(ONE)), cases=(ONE,))
    assert cells(report, "groups")[0].tone == "unknown"


def test_apis_with_the_same_answers_share_a_column() -> None:
    same = [o for api in (LAYER, FUNCTION) for o in both(ONE, {"native": "match"}, api=api)]
    (family,) = report_of(run(*same, apis=HERE), cases=(ONE,)).support.implementations
    assert [column.apis for column in family.columns] == [
        ("nn.functional.conv_transpose", "nn.ConvTranspose")
    ]


def test_apis_with_other_answers_have_columns_of_their_own_and_fold_into_both_words() -> None:
    native = (flipped(ONE), observed(ONE, "native", "match", FUNCTION))
    report = report_of(run(*native, apis=HERE), cases=(ONE,))
    (family,) = report.support.implementations
    assert (len(family.columns), family.folded[0].word, family.folded[0].tone) == (
        2, "no / yes", "other",
    )  # fmt: skip


def test_libraries_of_one_family_share_a_column_and_a_library_alone_keeps_its_name() -> None:
    flax = run(framework="flax", apis={})
    jax = run(framework="jax", apis={})
    others = [run(framework=name, apis={}) for name in ("mlx", "nnabla")]
    families = report_of(flax, run(), jax, *others, cases=(ONE,)).support.families
    assert [(f.name, [i.title for i in f.implementations]) for f in families] == [
        ("torch", ["PyTorch"]),
        ("jax", ["JAX", "Flax"]),
        ("Other libraries", ["MLX", "nnabla"]),
    ]


def test_a_cell_of_a_family_counts_the_words_that_are_too_many() -> None:
    words = ("no", "yes", "yes", "refused", "in part", "crashes")
    assert fold([SupportCell(word, "same") for word in words]).word == "yes / no / 3 more"


def test_a_refused_argument_comes_with_the_reason() -> None:
    deep = case("dilated", question=ONE.question.but(dilation=(2,)))  # type: ignore[union-attr]
    refused = observed(deep, "native", "rejected", detail="It takes no dilation.")
    (cell,) = cells(report_of(run(refused), cases=(deep,)), "dilation")
    assert (cell.word, cell.tone) == ("refused", "refused")
    assert "It takes no dilation." in cell.sentence


def test_a_row_in_which_all_agree_is_no_difference() -> None:
    report = report_of(run(flipped(ONE)), cases=(ONE,))
    assert not report.support.differ(0)


def test_three_axes_work_where_a_naive_call_is_answered() -> None:
    deep = volume("deep")
    report = report_of(run(observed(deep, "native", "match")), cases=(deep,))
    assert cells(report, "rank-3") == [SupportCell("yes", "same")]


def test_a_refused_dilation_of_three_axes_is_refused() -> None:
    deep = volume("deep", dilation=(2, 2, 2))
    report = report_of(run(observed(deep, "native", "rejected")), cases=(deep,))
    assert cells(report, "rank-3-dilation") == [SupportCell("refused", "refused")]


def test_a_crash_is_never_a_yes() -> None:
    deep, other = volume("deep"), volume("other")
    seen = (observed(deep, "native", "match"), observed(other, "native", "crashed"))
    report = report_of(run(*seen), cases=(deep, other))
    assert cells(report, "rank-3") == [SupportCell("crashes", "broken")]


def test_an_environment_that_failed_is_unknown_everywhere() -> None:
    report = report_of(run(failure="No.", version=None, apis={}), cases=(ONE,))
    tones = {
        c.tone for f in report.support.implementations for column in f.columns for c in column.cells
    }
    assert tones == {"unknown"}


def test_the_answers_to_a_question_name_who_gives_them() -> None:
    native = (flipped(ONE), observed(ONE, "native", "match", FUNCTION))
    report = report_of(run(*native, apis=HERE), cases=(ONE,))
    assert report.support.words_of("flip") == {
        "no": ("PyTorch nn.functional.conv_transpose",),
        "yes": ("PyTorch nn.ConvTranspose",),
    }


def test_few_exceptions_are_told_in_the_sentence_and_many_in_the_cell() -> None:
    cases = [case(f"c{n}") for n in range(12)]
    right = [observed(of, "native", "match") for of in cases]
    few = report_of(run(*right[1:], flipped(cases[0])), cases=tuple(cases))
    (cell,) = cells(few, "flip")
    assert (cell.word, cell.tone) == ("no", "same")
    assert (cell.cases, cell.exceptions) == (11, "otherwise in 1")
    many = report_of(run(*right[:3], flipped(cases[3])), cases=tuple(cases))
    assert cells(many, "flip") == [SupportCell("no, not always", "broken")]


def test_a_conversion_is_compared_with_its_source() -> None:
    converted = flipped(ONE, "keras.layers.ConvTranspose(TFLiteConverter, LiteRT)")
    source = observed(ONE, "native", "match", "keras.layers.ConvTranspose")
    litert = run(source, converted, framework="keras-litert", apis={})
    report = report_of(litert, run(flipped(ONE)), cases=(ONE,))
    title = "keras.layers.ConvTranspose(TFLiteConverter, LiteRT) (2.0)"
    assert report.conversions == ((title, 1, 1),)


def test_the_columns_of_a_framework_are_compared_with_each_other() -> None:
    native = (flipped(ONE), observed(ONE, "native", "match", FUNCTION))
    report = report_of(run(*native, apis=HERE), cases=(ONE,))
    rows = ("Is the kernel read in reverse?",)
    assert report.support.differing_rows("torch") == {"PyTorch": rows}
