"""A case file becomes cases: five lines are enough, and nothing that they say is lost."""

from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from case_files import HEAD, MINIMAL, cases

from conformance.cases import Case, load
from conformance.question import Chain, Pool, Question, answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "padding.yaml"


def question(case: Case) -> Question:
    assert isinstance(case.question, Question)
    return case.question


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in dedent(text).strip().split("\n"))


def test_five_lines_make_a_case(file: Path) -> None:
    (case,) = cases(file, MINIMAL)
    assert (case.id, case.op, case.exact, case.topics) == (
        "one",
        "conv_transpose",
        True,
        ("basic",),
    )
    assert answer(case.question).tolist() == [[[1, 12, 20]]]


def test_a_case_knows_where_it_is_written(file: Path) -> None:
    (case,) = cases(file, MINIMAL)
    assert str(case.place) == f"{file}:2:9"


def test_the_document_is_shared_by_the_cases_of_its_file(file: Path) -> None:
    head = "document: {id: guide, title: A guide, source: chapter 2}\n"
    (case,) = cases(file, head + MINIMAL + "    section: part 1\n    claims: [D4]\n")
    assert case.document is not None
    assert (case.document.title, case.section, case.claims) == ("A guide", "part 1", ("D4",))


@pytest.mark.parametrize(
    ("said", "zero_given"),
    [("", False), ("0", True), ("[0]", True), ("1", False)],
)
def test_an_output_padding_of_0_is_not_none(file: Path, said: str, zero_given: bool) -> None:
    (case,) = cases(file, MINIMAL + (f"    output_padding: {said}\n" if said else ""))
    assert question(case).zero_given == zero_given
    assert answer(case.question).shape == (1, 1, 4 if said == "1" else 3)


def test_arguments_become_one_number_an_axis(file: Path) -> None:
    text = HEAD + indented(
        """
        x: [[1, 2], [3, 4]]
        kernel: [[1, 2], [3, 4]]
        stride: [2, 3]
        padding: [0, [1, 2]]
        dilation: 2
        output_padding: 1
        """
    )
    q = question(*cases(file, text))
    assert (q.stride, q.padding, q.dilation, q.output_padding) == (
        (2, 3), ((0, 0), (1, 2)), (2, 2), (1, 1),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("dtype", "kept"), [("float16", "float16"), ("bfloat16", "float32"), ("int64", "int64")]
)
def test_arrays_are_stored_in_the_dtype_of_the_case(file: Path, dtype: str, kept: str) -> None:
    q = question(*cases(file, f"{MINIMAL}    dtype: {dtype}\n"))
    assert [str(q.x.dtype), str(q.kernel.dtype), q.dtype] == [kept, kept, dtype]


def test_a_tangent_is_bare_or_full_as_its_array(file: Path) -> None:
    tangents = "    x_tangent: [1, 0]\n    kernel_tangent: {shape: [1, 1, 2], fill: 2}\n"
    q = question(*cases(file, f"{MINIMAL}    op: conv_transpose_jvp\n{tangents}"))
    assert q.x_tangent is not None
    assert q.kernel_tangent is not None
    assert (q.x_tangent.shape, q.kernel_tangent.shape) == (q.x.shape, q.kernel.shape)


def test_a_gradient_by_the_bias_states_one_number_for_each_channel(file: Path) -> None:
    gradient = "    bias: [5]\n    gradient: [1, 2, 3]\n    expected: {numbers: [6]}\n"
    (case,) = cases(file, f"{MINIMAL}    op: conv_transpose_bias_gradient\n{gradient}")
    assert case.expected.numbers is not None
    assert case.expected.numbers.tolist() == [6]


def test_a_gradient_defaults_to_small_integers_of_the_outputs_shape(file: Path) -> None:
    q = question(*cases(file, MINIMAL + "    op: conv_transpose_input_gradient\n"))
    assert q.gradient is not None
    assert q.gradient.shape == (1, 1, 3)
    assert set(q.gradient.flat) <= set(range(-3, 4))


@pytest.mark.parametrize(
    ("op", "shape"),
    [
        ("conv_transpose", (0, 3, 5)),
        ("conv_transpose_input_gradient", (0, 2, 4)),
        ("conv_transpose_kernel_gradient", (2, 3, 2)),
    ],
)
def test_a_batch_may_be_empty(file: Path, op: str, shape: tuple[int, ...]) -> None:
    arrays = "    x: {shape: [0, 2, 4], arange: 0}\n    kernel: {shape: [2, 3, 2], arange: 0}\n"
    (case,) = cases(file, f"{HEAD}    op: {op}\n{arrays}")
    assert answer(case.question).shape == shape


def test_each_step_of_a_chain_gets_the_answer_to_those_before_it(file: Path) -> None:
    text = HEAD + indented(
        """
        op: chain
        x: [[0, 1], [2, 3]]
        steps:
          - {kernel: [[1, 1], [1, 1]]}
          - {op: max_pool, size: 3}
          - {op: conv, kernel: [[2]]}
        """
    )
    (case,) = cases(file, text)
    assert isinstance(case.question, Chain)
    _, pool, last = case.question.steps
    assert isinstance(pool, Pool)
    assert isinstance(last, Question)
    assert last.x.tolist() == [[[[6]]]]
    assert answer(case.question).tolist() == [[[[12]]]]


def test_interpolation_needs_no_kernel_and_is_real_valued(file: Path) -> None:
    (case,) = cases(file, HEAD + "    op: interpolate\n    x: [[1, 2], [3, 4]]\n    stride: 2\n")
    assert not case.exact


def test_stated_numbers_get_batch_and_channel_axes(file: Path) -> None:
    (case,) = cases(file, MINIMAL + "    expected: {numbers: [1, 12, 20]}\n")
    assert case.expected.numbers is not None
    assert case.expected.numbers.tolist() == [[[1, 12, 20]]]


def test_vary_makes_a_case_of_every_combination(file: Path) -> None:
    vary = "    vary: {stride: [1, 2], padding: [0, same, [[-1, 0]]]}\n"
    assert [case.id for case in cases(file, MINIMAL + vary)] == [
        "one-stride-1-padding-0",
        "one-stride-1-padding-same",
        "one-stride-1-padding-minus1to0",
        "one-stride-2-padding-0",
        "one-stride-2-padding-same",
        "one-stride-2-padding-minus1to0",
    ]


def test_vary_makes_a_case_of_every_change(file: Path) -> None:
    vary = "    vary: [{stride: [2], output_padding: 1}, {id: long, kernel: [1, 2, 3]}]\n"
    first, second = cases(file, MINIMAL + vary)
    assert (first.id, second.id) == ("one-stride-2-output-padding-1", "one-long")
    assert question(first).stride == (2,)
    assert question(second).window == (3,)


def test_a_question_without_an_answer_is_asked_all_the_same(file: Path) -> None:
    text = MINIMAL + "    stride: 0\n    expected: {error: stride must be at least 1}\n"
    assert question(*cases(file, text)).stride == (0,)


def test_an_erratum_turns_a_contradiction_into_a_case(file: Path) -> None:
    stated = "    expected: {shape: [4]}\n    erratum: {sentence: It is 3., shape: [3]}\n"
    (case,) = cases(file, MINIMAL + stated)
    assert case.erratum is not None
    assert (case.expected.shape, case.erratum.shape) == ((4,), (3,))


def test_statements_are_not_held_against_the_oracle_unless_asked_for(file: Path) -> None:
    file.write_text(MINIMAL + "    expected: {numbers: [9, 9, 9]}\n")
    assert load([file], check=False).problems == ()


def test_folders_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for path in ("z.yaml", "inner/m.yml", "a.yaml"):
        text = MINIMAL.replace("one", Path(path).stem)
        (tmp_path / path).write_text(text)
    (tmp_path / "notes.txt").write_text("not a case")
    assert [case.id for case in load([tmp_path]).cases] == ["a", "m", "z"]


def test_all_arrays_of_a_case_are_finite(file: Path) -> None:
    (case,) = cases(file, HEAD + "    x: {shape: [4], normal: 2.5}\n    kernel: [0.5, 1]\n")
    assert not case.exact
    assert np.isfinite(answer(case.question)).all()
