"""What is said of an answer: right in any dtype, wrong with its reason, or not to be told."""

from typing import Any

import numpy as np
import pytest

import conformance
from conformance.answers.comparisons import is_exact
from conformance.answers.submission import submission_of
from conformance.cases.array_rules import random
from conformance.cases.arrays import to_dtype
from conformance.question import Array, Dtype

LINE: dict[str, Any] = {"x": [1, 2, 3], "kernel": [1, 10, 100], "stride": 2, "padding": 1}
RIGHT, FLIPPED = [10, 102, 20, 203, 30], [10, 201, 20, 302, 30]
FLOATS: tuple[Dtype, ...] = ("float16", "bfloat16", "float32", "float64")


def layer(dtype: Dtype, *, whole: bool) -> tuple[dict[str, Any], Array]:
    """A layer, and its answer in float64."""
    r = random(5)
    arrays = {
        "x": r.normal(0, 2, (2, 6, 5, 4)),
        "kernel": r.normal(0, 2, (6, 2, 3, 2)),
        "bias": r.normal(0, 2, 4),
    }
    if whole:
        arrays = {name: np.rint(array) for name, array in arrays.items()}
    arrays = {name: to_dtype(array, dtype) for name, array in arrays.items()}
    wide = {name: array.astype(np.float64) for name, array in arrays.items()}
    arguments = {"stride": (2, 3), "padding": ((1, 0), (0, 1)), "groups": 2, "dtype": dtype}
    x, kernel, bias = wide.values()
    y = conformance.conv_transpose(
        x, kernel, bias=bias, stride=(2, 3), padding=((1, 0), (0, 1)), groups=2
    )
    return {**arrays, **arguments}, y


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("whole", [True, False])
def test_a_right_answer_is_right_in_every_dtype(dtype: Dtype, whole: bool) -> None:
    question, y = layer(dtype, whole=whole or dtype.startswith("int"))
    assert conformance.diagnose(y=to_dtype(y, dtype), **question).is_right


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("answer_dtype", ["float16", "float32", "float64"])
def test_a_right_answer_in_another_dtype_is_right(dtype: Dtype, answer_dtype: Dtype) -> None:
    question, y = layer(dtype, whole=False)
    diagnosis = conformance.diagnose(y=to_dtype(to_dtype(y, dtype), answer_dtype), **question)
    assert diagnosis.is_right
    if answer_dtype not in (dtype, "float32" if dtype == "bfloat16" else dtype):
        sentence = f"The answer is {answer_dtype} and the question {dtype}; both are compared as"
        assert diagnosis.remarks[0].startswith(sentence)


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_flipped_kernel_is_named_in_every_dtype(dtype: Dtype) -> None:
    question, _ = layer(dtype, whole=False)
    flipped = {**question, "kernel": question["kernel"][:, :, ::-1, ::-1].astype(np.float64)}
    arguments = {key: flipped[key] for key in ("bias", "stride", "padding", "groups")}
    y = conformance.conv_transpose(flipped["x"].astype("f8"), flipped["kernel"], **arguments)
    diagnosis = conformance.diagnose(y=to_dtype(y, dtype), seconds=None, **question)
    assert diagnosis.names == (("kernel flip: flipped",),)


def test_whole_numbers_of_a_list_are_compared_with_real_ones() -> None:
    assert conformance.diagnose(**LINE, y=[float(n) for n in RIGHT]).is_right
    assert conformance.diagnose(**{**LINE, "x": np.float32([1, 2, 3])}, y=RIGHT).is_right


def test_a_narrow_answer_that_lost_its_numbers_is_named() -> None:
    x = np.array([2**40 + 1, 5])
    diagnosis = conformance.diagnose(x, [1, 0], np.array([1, 5, 0], np.int32))
    assert diagnosis.names == (("dtype: narrowed to 32 bits",),)


def test_an_answer_shows_what_it_did_beside_what_was_asked() -> None:
    assert str(conformance.diagnose(**LINE, y=FLIPPED)).splitlines() == [
        "The answer is wrong",
        "  Asked: conv_transpose of x (1, 1, 3) with kernel (1, 1, 3), stride 2, padding 1,"
        " float32.",
        "    answer (1, 1, 5)          |   oracle (1, 1, 5)",
        "     10  201*  20  302*  30   |    10  102*  20  203*  30",
        "    2 of 5 numbers differ (*)",
        "  The kernel is read backwards along every axis.",
        "  convention: kernel flip: flipped",
    ]


def test_a_right_answer_is_called_right() -> None:
    diagnosis = conformance.diagnose(**LINE, y=RIGHT)
    assert str(diagnosis).splitlines()[::2] == [
        "The answer is right",
        "  This is the right answer.",
    ]


def test_what_nothing_explains_is_said_with_what_is_known() -> None:
    diagnosis = conformance.diagnose(**LINE, y=[102, 10, 20, 203, 30], seconds=None)
    assert (diagnosis.status, diagnosis.names) == ("wrong", ())
    assert diagnosis.words == (
        "No known convention. The largest difference is 92, at [0, 0, 0]. The numbers are the right"
        " ones in other places. It differs only in index of spatial axis 0: 0 and 1."
    )


def test_numbers_that_rounding_cannot_tell_apart_are_undecided() -> None:
    """A bfloat16 near 100 has steps of 0.5, and the bias is 0.4."""
    diagnosis = conformance.diagnose([100], [1], [100.0], bias=[0.4], dtype="bfloat16")
    assert diagnosis.status == "undecided"
    assert not diagnosis.is_right
    assert diagnosis.words == (
        "Rounding hides whether this is the right answer or another one: bias: dropped."
    )
    assert diagnosis.names == (("bias: dropped",),)


def test_an_answer_to_a_question_without_one_is_explained() -> None:
    diagnosis = conformance.diagnose([1, 2, 3], [1, 10], [1, 12, 23, 30], padding=4)
    assert diagnosis.expected is None
    assert ("padding: ignored",) in diagnosis.names
    assert "  The question has no answer. It answered:" in str(diagnosis).splitlines()


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([10, float("nan"), 20, 203, 30], "No known convention. It holds 1 NaN."),
        (np.array([1j] * 5), "No known convention. Its numbers are complex, of dtype complex128."),
        ([], "No known convention. Its shape is (1, 1, 0), not (1, 1, 5)."),
        (7, "No known convention. Its shape is (), not (1, 1, 5)."),
        ([[[[[[7]]]]]], "No known convention. Its shape is (1, 1, 1, 1, 1, 1), not (1, 1, 5)."),
    ],
)
def test_any_answer_is_answered(y: Any, words: str) -> None:
    assert conformance.diagnose(**LINE, y=y).words == words


def test_a_search_that_was_cut_says_so() -> None:
    r = np.random.default_rng(0)
    x, kernel = r.integers(-3, 4, (2, 4, 5, 5, 5)), r.integers(-3, 4, (4, 3, 3, 3, 3))
    arguments: dict[str, Any] = {"stride": 2, "padding": 1, "output_padding": 1}
    y = r.integers(-9, 9, conformance.conv_transpose(x, kernel, **arguments).shape)
    diagnosis = conformance.diagnose(x, kernel, y, seconds=1e-9, **arguments)
    assert diagnosis.cut is not None
    assert "The search was cut after" in diagnosis.words


def test_a_wrong_word_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="did you mean 'stride'"):
        conformance.diagnose([1], [1], [1], strid=2)


def test_a_layout_of_its_own_for_each_array() -> None:
    x, kernel = np.arange(12).reshape(1, 2, 2, 3), np.arange(24).reshape(2, 2, 2, 3)
    y = conformance.conv_transpose(x.transpose(0, 3, 1, 2), kernel.transpose(3, 2, 0, 1))
    layouts = {"x_layout": "NHWC", "kernel_layout": "HWOI", "y_layout": "NCHW"}
    assert conformance.diagnose(x, kernel, y, **layouts).is_right


@pytest.mark.parametrize(
    ("x", "exact"),
    [([1, 2], True), ([0.5, 2], False), ([2**20, 1], True), ([2**23, 2**22], False)],
)
def test_whole_numbers_with_exact_sums_are_compared_to_the_bit(x: list[float], exact: bool) -> None:
    values = {"x": x, "kernel": [1, 10], "y": [0], "dtype": "float32"}
    assert is_exact(submission_of(values).question) == exact


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_a_half_that_is_stored_in_float32_is_compared_as_one(half: Dtype) -> None:
    question, y = layer(half, whole=False)
    wide = {name: question[name].astype(np.float32) for name in ("x", "kernel", "bias")}
    question = {**question, **wide, "dtype": None}
    right = to_dtype(y, half).astype(np.float32)
    diagnosis = conformance.diagnose(y=right, **question)
    assert diagnosis.is_right
    assert diagnosis.remarks == (f"All numbers are those of {half}, and are compared as such.",)
    backwards = conformance.diagnose(y=right[:, :, ::-1, ::-1].copy(), **question, seconds=None)
    assert backwards.names[0] == ("answer layout: backwards",)


def test_sums_that_overflow_a_half_are_right_as_infinities() -> None:
    x, kernel = np.full(3, 60000, np.float16), np.array([1, 1.5], np.float16)
    y = np.array([60000, np.inf, np.inf, np.inf], np.float16)
    assert conformance.diagnose(x, kernel, y).is_right
    assert not conformance.diagnose(x, kernel, np.where(np.isinf(y), 0, y)).is_right


# Numbers that were printed


def printed(places: int, *, flipped: bool = False) -> dict[str, Any]:
    """A layer whose numbers, those of the answer too, were copied from a terminal."""
    r = random(3)
    x, kernel, bias = r.normal(size=(1, 2, 4, 4)), r.normal(size=(2, 3, 3, 3)), r.normal(size=3)
    read = kernel[:, :, ::-1, ::-1] if flipped else kernel
    y = conformance.conv_transpose(x, read, bias=bias, stride=2, padding=1)
    arrays = {"x": x, "kernel": kernel, "bias": bias, "y": y}
    rounded = {name: np.round(array, places) for name, array in arrays.items()}
    return {**rounded, "stride": 2, "padding": 1, "dtype": "float32"}


@pytest.mark.parametrize("places", [2, 4, 6])
def test_a_printed_answer_is_right_as_far_as_its_decimals_tell(places: int) -> None:
    diagnosis = conformance.diagnose(**printed(places))
    assert diagnosis.is_right
    sentence = f"The answer has {places} decimals, and is compared as far as they tell."
    assert diagnosis.remarks == (f"{_CONVERTED} {sentence}",)


_CONVERTED = "The answer is float64 and the question float32; both are compared as float32."


@pytest.mark.parametrize("places", [2, 4, 6])
def test_a_printed_answer_is_explained(places: int) -> None:
    diagnosis = conformance.diagnose(**printed(places, flipped=True), seconds=None)
    assert diagnosis.names == (("kernel flip: flipped",),)


def test_decimals_that_hide_another_answer_decide_nothing() -> None:
    diagnosis = conformance.diagnose([1], [1.06, 1.14], [1.1, 1.1], seconds=None)
    assert diagnosis.status == "undecided"
    assert ("kernel flip: flipped",) in diagnosis.names


def test_whole_numbers_and_all_digits_are_not_printed() -> None:
    x = np.float32(random(1).normal(size=5))
    y = np.nextafter(np.convolve(x, x).astype(np.float32), np.float32(9))
    y[0] += np.float32(1e-5)
    assert conformance.diagnose(x, x, y).status == "wrong"
    assert conformance.diagnose([1, 2], [1, 10], [1.0, 12.0, 21.0]).status == "wrong"


# Batches


def test_of_a_batch_what_explains_all_examples_is_named() -> None:
    """The search looks at two of them."""
    x = np.float32([[[1, 2, 3]], [[3, 2, 1]], [[5, 7, 9]], [[0, 0, 0]]])
    kernel = np.float32([[[1, 10, 100]]])
    y = conformance.conv_transpose(x, kernel[:, :, ::-1], padding=1)
    diagnosis = conformance.diagnose(x, kernel, y, padding=1)
    assert ("kernel flip: flipped",) in diagnosis.names


def test_a_bias_along_the_batch_axis_is_named_from_all_examples() -> None:
    x = np.float32([[[1, 2, 3]], [[3, 2, 1]], [[5, 7, 9]]])
    kernel, bias = np.float32([[[1], [10], [100]]]), np.float32([1, 2, 3])
    y = conformance.conv_transpose(x, kernel) + bias[:, None, None]
    diagnosis = conformance.diagnose(x, kernel, y, bias=bias)
    assert ("bias: along the batch axis",) in diagnosis.names


def test_what_explains_only_some_examples_is_not_named() -> None:
    x = np.float32([[[1, 2, 3]], [[3, 2, 1]], [[5, 7, 9]], [[4, 4, 2]]])
    kernel = np.float32([[[1, 10, 100]]])
    y = conformance.conv_transpose(x, kernel)
    y[:2] = conformance.conv_transpose(x[:2], kernel[:, :, ::-1])
    diagnosis = conformance.diagnose(x, kernel, y, seconds=None)
    assert diagnosis.explanations == ()
    assert diagnosis.words.endswith("It differs only in example 0 and 1.")
