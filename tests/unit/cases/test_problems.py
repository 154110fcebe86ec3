"""Everything wrong in any case file is told at once: a sentence each, at the place of the value."""

from pathlib import Path

import pytest
from case_files import HEAD, MINIMAL, loaded, problems

from conformance.cases import load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "padding.yaml"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("strde: 2", "6:5: one: unknown key 'strde'; did you mean 'stride'?"),
        ('"str\\nde": 2', "6:5: one: unknown key 'str de'; did you mean 'stride'?"),
        ("stride: 0", "6:13: one: stride must be at least 1 per axis, got 0"),
        ("stride: [0]", "6:14: one: stride must be at least 1 per axis, got 0"),
        ("stride: 2.0", "6:13: one: stride must be a whole number or a list of them, got 2.0"),
        ("stride: true", "6:13: one: stride must be a whole number or a list of them, got true"),
        (
            "stride: '2'",
            "6:13: one: stride must be a whole number or a list of them, got the text '2'",
        ),
        (
            "stride: [1, 2]",
            "6:13: one: stride must be one number or one for each of 1 axes, got 2 numbers",
        ),
        (
            "padding: smae",
            "6:14: one: padding must be a whole number, a list, 'same', 'valid' or 'circular', got"
            " the text",
        ),
        (
            "padding: 5",
            "6:14: one: padding (5, 5) leaves -7 of the 3 elements of an axis",
        ),
        ("topics: [strides]", "did you mean 'stride'?"),
        ("dtype: float", "'float'; it is float32 for some and float64 for others"),
        ("exact: 1", "6:12: one: exact must be true or false, got 1"),
        ("bias: [1, 2]", "6:11: one: "),
        ("bias: [1j]", "6:12: one: float32 cannot hold the 1j of bias"),
        ("bias: [[1]]", "6:11: one: bias must be one plain list, got 2 lists deep"),
        ("bias: [1, [2]]", "6:15: one: an entry of bias must be a number, got a list of 1"),
        ("bias: [0.5]\n    exact: true", "6:12: one: bias holds 0.5, which is not whole"),
        ("gradient: [1]", "6:15: one: gradient has no meaning for op conv_transpose"),
        ("x_tangent: [1]", "x_tangent has no meaning for op conv_transpose; op conv_transpose_jvp"),
        (
            "op: conv_transpose_jvp",
            "2:5: one: x_tangent or kernel_tangent or bias_tangent is missing; op conv_transpose",
        ),
        (
            "op: conv_transpose_jvp\n    x_tangent: [1, 2, 3]",
            "7:16: one: x_tangent must have the shape (1, 1, 2) of x, got (1, 1, 3)",
        ),
        ("op: conv_transpose_jvp\n    bias_tangent: [1]", "bias is missing; bias_tangent needs it"),
        (
            "op: conv_transpose_jvp\n    bias: [1]\n    x_tangent: [1, 2]",
            "7:11: one: bias has no part in op conv_transpose_jvp without a bias_tangent",
        ),
        (
            "op: conv_transpose_jvp\n    bias: [1]\n    bias_tangent: [[1]]",
            "8:19: one: bias_tangent must be one plain list, got 2 lists deep",
        ),
        (
            "op: conv_transpose_jvp\n    x_tangent: [1, 16777217]",
            "7:20: one: float32 cannot hold the 16777217 of x_tangent",
        ),
        (
            "op: conv_transpose_bias_gradient",
            "one: bias is missing; op conv_transpose_bias_gradient",
        ),
        ("op: conv_transpose_bias_gradient\n    bias: [1, 2]", "bias of shape (2,) does not fit"),
        (
            "op: conv_double_backward_input\n    kernel_tangent: [1, 2]\n    x_tangent: [1, 2]",
            "8:16: one: x_tangent has no meaning for op conv_double_backward_input",
        ),
        ("op: conv\n    output_padding: 1", "7:21: one: output_padding has no meaning for op conv"),
        ("claims: [four]", "6:14: one: an entry of claims must be a letter and a number"),
        ("bias: [16777216]", "float32 holds every whole number only up to 16777216"),
        ("dtype: bfloat16\n    bias: [257]", "7:12: one: bfloat16 cannot hold the 257 of bias"),
        ("stride: 99999999", "at most 4194304 are allowed"),
        ("stride: 99999999999", "6:13: one: stride must be at most 2147483647, got 99999999999"),
        ("expected: {}", "6:15: one: expected states nothing"),
        ("expected: orcale", "6:15: one: expected must be 'oracle' or a mapping"),
        ("expected: {numbers: [1, 12, 21]}", "6:25: one: states numbers"),
        ("expected: {error: no}", "states that the question has no answer"),
        ("expected: {property: adjont}", "6:26: one: there is no property 'adjont'"),
        ("expected: {error: no, shape: [3]}", "6:15: one: expected states an error"),
        ("erratum: {sentence: It., shape: [3]}", "6:14: one: erratum needs what the document"),
        ("vary: {stride: 2}", "6:20: one: vary needs a list of values for stride, got 2"),
        ("vary: {bias: [[[1]]]}", "6:19: one: no id can be made from this value of bias"),
        ("vary: [{why: Else.}]", "6:12: one: no id can be made from these changes"),
        ("vary: 3", "6:11: one: vary must be a mapping of lists, or a list of"),
    ],
)
def test_a_wrong_line_is_told_at_its_place(file: Path, line: str, sentence: str) -> None:
    (wrong,) = problems(file, f"{MINIMAL}    {line}\n")
    assert sentence in wrong


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a" * 100_000, "why must have at most 5000 characters, not 100000, got the text"),
        ("/-" * 30_000 + ".", "why must have at most 5000 characters, not 60001, got the text"),
        ("a" * 5_000, "why must be a sentence that ends with a full stop, got the text"),
        (".", "why must be a sentence that ends with a full stop, got the text '.'"),
        (" .", "why must be a sentence that ends with a full stop, got the text ' .'"),
    ],
    ids=["no full stop", "paths", "as long as can be", "only a stop", "a space and a stop"],
)
def test_a_reason_is_a_sentence_that_people_read(file: Path, text: str, sentence: str) -> None:
    (wrong,) = problems(file, MINIMAL.replace("It differs.", f"'{text}'"))
    assert f"3:10: one: {sentence}" in wrong


def test_an_id_is_short_enough_to_be_a_name(file: Path) -> None:
    (wrong,) = problems(file, MINIMAL.replace("id: one", f"id: {'a' * 201}"))
    assert "id must have at most 200 characters, not 201" in wrong


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ("[-1, 1, 4]", "4:17: one: an entry of shape must be at least 1, or 0 for an empty batch"),
        ("[1, 0, 4]", "4:20: one: an entry of shape must be at least 1, got 0"),
        ("[0]", "at least 1 element along each, got the shape (1, 1, 0)"),
    ],
)
def test_only_a_batch_may_be_empty(file: Path, shape: str, sentence: str) -> None:
    x = f"    x: {{shape: {shape}, fill: 1}}\n"
    (wrong,) = problems(file, HEAD + x + "    kernel: [1]\n")
    assert sentence in wrong


def test_a_chain_begins_with_an_operator(file: Path) -> None:
    steps = "    op: chain\n    x: [[1, 2]]\n    steps: [{op: max_pool, size: 1}]\n"
    assert problems(file, HEAD + steps) == [
        "6:18: one: a chain begins with an operator; give x as max_pool leaves it"
    ]


def test_a_kernel_without_outputs_is_none(file: Path) -> None:
    kernel = "    op: conv\n    kernel: {shape: [0, 1, 2], fill: 1}\n"
    (wrong,) = problems(file, HEAD + "    x: [1, 2]\n" + kernel)
    assert wrong == "6:13: one: kernel must not be empty, got the shape (0, 1, 2)"


@pytest.mark.parametrize(
    ("kernel", "sentence"),
    [
        ("[1, 1, 80, 80]", "5:13: one: kernel covers 6400 elements; at most 4096 are allowed"),
        ("[4, 90, 60, 60]", "the answer takes 518400000 products; at most 134217728 are allowed"),
    ],
)
def test_more_work_than_a_suite_should_do_is_refused(
    file: Path, kernel: str, sentence: str
) -> None:
    x = "    x: {shape: [1, 4, 20, 20], fill: 1}\n"
    (wrong,) = problems(file, f"{HEAD}{x}    kernel: {{shape: {kernel}, fill: 1}}\n")
    assert sentence in wrong


def test_vary_is_capped(file: Path) -> None:
    many = list(range(101))
    (wrong,) = problems(file, f"{MINIMAL}    vary: {{stride: {many}, padding: {many}}}\n")
    assert "vary must make 1 to 10000 cases, got 10201" in wrong


def test_channels_that_contradict_the_kernel_are_told_at_the_kernel(file: Path) -> None:
    (wrong,) = problems(file, HEAD + "    x: [[[1], [2]]]\n    kernel: [[[1]]]\n")
    assert wrong.startswith("5:13: one: ")


def test_operands_of_different_rank_are_told_at_the_second(file: Path) -> None:
    (wrong,) = problems(file, HEAD + "    x: [1]\n    kernel: [[1]]\n")
    assert wrong.startswith("5:13: one: kernel must have 1 axis, or 3 with batch and channels")


def test_a_number_inside_a_ragged_list_is_told_at_its_place(file: Path) -> None:
    (wrong,) = problems(file, HEAD + "    x: [[1, 2], [3]]\n    kernel: [[1]]\n")
    assert wrong.startswith("4:17: one: an entry of x must be a list of 2")


def test_everything_wrong_in_all_files_is_told_at_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        text = MINIMAL.replace("one", name) + "    stride: x\n    groups: y\n    z: 1\n"
        (tmp_path / f"{name}.yaml").write_text(text)
    places = [(Path(p.place.file).name, p.place.line, p.case_id) for p in load([tmp_path]).problems]
    assert places == [(f"{n}.yaml", line, n) for n in ("a", "b") for line in (6, 7, 8)]


def test_a_case_that_is_right_is_loaded_beside_one_that_is_wrong(file: Path) -> None:
    wrong = "  - {id: two, why: Nothing., x: [1], kernel: [1], stride: 0}\n"
    result = loaded(file, MINIMAL + wrong)
    assert [case.id for case in result.cases] == ["one"]
    assert [problem.case_id for problem in result.problems] == ["two"]


def test_an_id_is_unique_over_all_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yml").write_text(MINIMAL)
    (problem,) = load([tmp_path]).problems
    assert str(problem) == (
        f"{tmp_path / 'b.yml'}:2:9: one: this id was already given at {tmp_path / 'a.yml'}:2:9"
    )


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(MINIMAL)
    (tmp_path / "b.yml").symlink_to(tmp_path / "a.yml")
    result = load([tmp_path, tmp_path / "a.yml", tmp_path / "b.yml"])
    assert ([case.id for case in result.cases], result.problems) == (["one"], ())


def test_a_second_key_is_told_with_the_case_it_stands_in(file: Path) -> None:
    wrong = problems(file, MINIMAL + "    x: [3]\n")
    assert wrong == ["6:5: one: the key 'x' was already given at line 4, column 5"]


def test_a_value_the_reader_refused_is_not_told_of_twice(file: Path) -> None:
    wrong = problems(file, MINIMAL + "    stride:\n")
    assert wrong == ["6:5: one: the key 'stride' has no value"]


def test_what_is_wrong_in_every_variant_is_said_once(file: Path) -> None:
    wrong = problems(file, MINIMAL + "    groups: 0\n    vary: {stride: [1, 2]}\n")
    assert wrong == ["6:13: one-stride-1: groups must be at least 1, got 0"]


def test_a_stale_erratum_is_told_at_the_erratum(file: Path) -> None:
    stated = "    expected: {shape: [3]}\n    erratum: {sentence: It is 4., shape: [4]}\n"
    (wrong,) = problems(file, MINIMAL + stated)
    assert wrong.startswith("7:14: one: has a stale erratum")


@pytest.mark.parametrize("name", ["missing.yaml", "\0"])
def test_a_path_without_a_file_is_a_problem(tmp_path: Path, name: str) -> None:
    (problem,) = load([tmp_path / name]).problems
    assert (problem.place.line, problem.case_id) == (1, None)


def test_a_folder_without_case_files_is_a_problem(tmp_path: Path) -> None:
    (problem,) = load([tmp_path]).problems
    assert problem.sentence == "this folder has no case files (*.yaml, *.yml)"
