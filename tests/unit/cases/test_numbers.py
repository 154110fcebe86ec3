"""Numbers of two dtypes, numbers that are not finite, overflow, and complex numbers in cases."""

from pathlib import Path

import numpy as np
import pytest
from case_files import HEAD, cases, problems

from conformance.cases import Case
from conformance.question import Question, answer, promoted


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cases.yaml"


def question(case: Case) -> Question:
    assert isinstance(case.question, Question)
    return case.question


def the_case(file: Path, lines: str) -> Case:
    (case,) = cases(file, HEAD + "".join(f"    {line}\n" for line in lines.strip().split("; ")))
    return case


PROMOTED = [
    ("float16", "float16", "float16"),
    ("float16", "bfloat16", "float32"),
    ("bfloat16", "float32", "float32"),
    ("bfloat16", "float64", "float64"),
    ("bfloat16", "int32", "float64"),
    ("bfloat16", "complex64", "complex64"),
    ("int32", "int64", "int64"),
    ("int32", "float16", "float64"),
    ("int64", "float32", "float64"),
    ("float64", "complex64", "complex128"),
]


@pytest.mark.parametrize(("first", "second", "both"), PROMOTED)
def test_two_dtypes_are_promoted(file: Path, first: str, second: str, both: str) -> None:
    assert promoted(first, second) == promoted(second, first) == both  # type: ignore[arg-type]
    lines = f"x: [1, 2]; kernel: [3, 4]; bias: [5]; dtype: {first}; kernel_dtype: {second}"
    q = question(the_case(file, lines))
    assert (q.dtypes["x"], q.dtypes["kernel"], q.dtype) == (first, second, both)
    assert q.dtypes["bias"] == both
    result = answer(q)
    assert result.dtype == ("float32" if both == "bfloat16" else both)
    assert result.tolist() == [[[8, 15, 13]]]


def test_one_dtype_said_twice_is_one(file: Path) -> None:
    lines = "x: [1, 2]; kernel: [3, 4]; kernel_dtype: float32"
    assert question(the_case(file, lines)).operand_dtypes is None


NONFINITE = [
    # The kernel takes each to two places, and stride 3 leaves one without a product.
    ("x: [.inf, .nan, -.inf]; kernel: [1, 2]; stride: 3", "inf inf 0 nan nan 0 -inf -inf"),
    ("x: [.inf, 1]; kernel: [1, -2]", "inf -inf -2"),
    ("x: [.inf, 1]; kernel: [0, 1]", "nan inf 1"),
    ("x: [.inf, -.inf]; kernel: [1, 1]", "inf nan -inf"),
    ("x: [1, 2]; kernel: [1, .inf]; stride: 3", "1 inf 0 2 inf"),
    ("x: [1, 2]; kernel: [1, 3]; bias: [-.inf]", "-inf -inf -inf"),
    ("op: conv; x: [1, 2, 3]; kernel: [.inf, 1, 1]; padding: 1", "3 inf inf"),
    ("x: {shape: [2], fill: .inf}; kernel: [1, 3]", "inf inf inf"),
]


@pytest.mark.parametrize(("lines", "numbers"), NONFINITE)
def test_what_is_not_finite_reaches_what_the_kernel_takes_it_to(
    file: Path, lines: str, numbers: str
) -> None:
    case = the_case(file, lines)
    assert case.exact
    expected = np.array(numbers.split(), float)
    np.testing.assert_array_equal(answer(case.question).ravel(), expected)


def test_stated_numbers_may_be_infinite_or_nan(file: Path) -> None:
    lines = "x: [.inf, 1]; kernel: [0, 1]; expected: {numbers: [NUMBERS]}"
    assert the_case(file, lines.replace("NUMBERS", ".nan, .inf, 1")).expected.numbers is not None
    text = HEAD + "".join(f"    {line}\n" for line in lines.split("; "))
    for wrong in ("1, .inf, 1", ".nan, -.inf, 1", ".nan, .inf, .nan"):
        (problem,) = problems(file, text.replace("NUMBERS", wrong))
        assert "states numbers that the oracle does not give: 1 of 3 differ" in problem


OVERFLOWS = [
    ("x: [60000, 0, -60000]; kernel: [4, -8]; dtype: float16", True, "inf -inf -inf inf"),
    ("x: [60000, 60000]; kernel: [1, 1]; dtype: float16; exact: false", False, "60000 inf 60000"),
    ("x: [60000, -60000]; kernel: [1, 1]; dtype: float16; exact: false", False, "60000 0 -60000"),
    ("x: [1.e+38, 0]; kernel: [9, -9]; exact: false", False, "inf -inf 0"),
]


@pytest.mark.parametrize(("lines", "exact", "numbers"), OVERFLOWS)
def test_a_sum_beyond_the_range_is_infinite(
    file: Path, lines: str, exact: bool, numbers: str
) -> None:
    case = the_case(file, lines)
    assert case.exact is exact
    np.testing.assert_array_equal(answer(case.question).ravel(), np.array(numbers.split(), float))


UNPROVEN = [
    # In another order the sum of the second element is NaN.
    "x: [3.e+38, -3.e+38]; kernel: [1, 1]; exact: false",
    "x: [3.e+38, -3.e+38]; kernel: [1, 1]; dtype: bfloat16; exact: false",
    # 60000 + 8 is rounded, as float16 holds multiples of 32 there.
    "x: [60000, 8]; kernel: [1, 1]; dtype: float16",
    # What overflows comes before the infinity of the other sign, or after it.
    "x: [3.e+38, -.inf]; kernel: [9, 9]; exact: false",
]


@pytest.mark.parametrize("lines", UNPROVEN)
def test_sums_that_depend_on_their_order_are_refused(file: Path, lines: str) -> None:
    text = HEAD + "".join(f"    {line}\n" for line in lines.split("; "))
    (problem,) = problems(file, text)
    assert problem.startswith("2:5: one: sums may reach ")


def test_complex_numbers_are_written_with_a_j(file: Path) -> None:
    case = the_case(
        file, "x: [1+2j, 3, -1.5e+0j]; kernel: [1, 2-1j]; dtype: complex64; exact: false"
    )
    assert question(case).x.tolist() == [[[1 + 2j, 3, -1.5j]]]
    assert answer(case.question).tolist() == [[[1 + 2j, 7 + 3j, 6 - 4.5j, -1.5 - 3j]]]


REFUSED = [
    ("x: [1, 2j]; kernel: [1]", "4:12: one: float32 cannot hold the 2j of x"),
    ("x: [1, 2j]; kernel: [1]; exact: false", "4:12: one: float32 cannot hold the 2j of x"),
    ("x: [1, 2]; kernel: [2j]; dtype: complex64; kernel_dtype: float32", "5:14: one: float32 can"),
    ("x: [1, .nan]; kernel: [1]; dtype: int32", "4:12: one: int32 cannot hold the nan of x"),
    ("x: [1, 1.e+39]; kernel: [1]; exact: false", "4:12: one: float32 cannot hold the 1e+39 of x"),
    ("x: [1, .inf]; kernel: [1j]; dtype: complex64", "4:12: one: products of complex numbers"),
    ("x: [1, 2]; kernel: [1, infj]; dtype: complex64", "5:17: one: an entry of kernel must be a"),
    ("x: [1, 2]; kernel: [1+_1j]; dtype: complex64", "5:14: one: an entry of kernel must be a"),
    ("x: [1, 2]; kernel: [1]; kernel_dtype: float8", "6:19: one: kernel_dtype must be "),
    (
        "op: conv_input_gradient; x: [1, 2]; kernel: [1]; kernel_dtype: float16",
        "7:19: one: kernel_dtype has no meaning for op conv_input_gradient; the answers of conv",
    ),
    (
        "op: interpolate; x: [1, 2j]; stride: 2; dtype: complex64; exact: false",
        "2:5: one: has no answer: x must be of a float dtype to be interpolated, got complex",
    ),
]


@pytest.mark.parametrize(("lines", "sentence"), REFUSED)
def test_numbers_that_a_dtype_lacks_are_refused(file: Path, lines: str, sentence: str) -> None:
    text = HEAD + "".join(f"    {line}\n" for line in lines.split("; "))
    assert problems(file, text)[0].startswith(sentence)
