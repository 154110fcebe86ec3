"""Arrays and arguments as people have them, and the question that they are."""

from typing import Any

import numpy as np
import pytest

from conformance.answers.layouts import axes_of
from conformance.answers.submission import Layouts, submission_of
from conformance.authoring.call_files import CannotUse

LINE: dict[str, Any] = {"x": [1, 2, 3], "kernel": [1, 10, 100], "y": [1, 12, 123, 230, 300]}


def numbered(*shape: int) -> np.ndarray[Any, Any]:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def test_bare_arrays_have_one_example_and_one_channel() -> None:
    submission = submission_of(LINE)
    assert submission.question.x.shape == (1, 1, 3)
    assert submission.answer.shape == (1, 1, 5)


def test_one_example_has_a_batch_of_one() -> None:
    arrays = {"x": numbered(2, 4, 5), "kernel": numbered(2, 3, 2, 2), "y": numbered(3, 5, 6)}
    submission = submission_of(arrays)
    assert submission.question.x.shape == (1, 2, 4, 5)
    assert submission.answer.shape == (1, 3, 5, 6)


def test_one_example_with_channels_last_is_moved() -> None:
    arrays = {"x": numbered(4, 5, 2), "kernel": numbered(2, 2, 3, 2), "y": numbered(5, 6, 3)}
    submission = submission_of(arrays, "keras.layers.ConvTranspose")
    assert submission.question.x.tolist() == arrays["x"].transpose(2, 0, 1)[None].tolist()
    assert submission.answer.shape == (1, 3, 5, 6)


def test_arrays_are_moved_from_the_layout_that_is_named() -> None:
    arrays = {"x": numbered(2, 4, 5, 3), "kernel": numbered(2, 2, 6, 3), "y": numbered(2, 6, 5, 6)}
    layouts = Layouts(x="NHWC", kernel="HWOI", y="NCHW")
    submission = submission_of(arrays, layouts=layouts)
    assert submission.question.x.tolist() == arrays["x"].transpose(0, 3, 1, 2).tolist()
    assert submission.question.kernel.tolist() == arrays["kernel"].transpose(3, 2, 0, 1).tolist()
    assert submission.answer.tolist() == arrays["y"].tolist()


@pytest.mark.parametrize(
    ("name", "canonical", "axes"),
    [
        ("NHWC", "N C *s", "N *s C"),
        ("NCDHW", "N C *s", "N C *s"),
        ("NLC", "N C *s", "N *s C"),
        ("channels_last", "N C *s", "N *s C"),
        ("N *s C", "N C *s", "N *s C"),
        ("HWIO", "in out *k", "*k in out"),
        ("OIHW", "in out *k", "out in *k"),
    ],
)
def test_the_name_of_a_layout_is_an_order_of_axes(name: str, canonical: str, axes: str) -> None:
    assert axes_of("x", name, canonical) == axes


@pytest.mark.parametrize("name", [5, [1], "NHCW", "NC", "HWIO", "nhwc", "", "N C *s *s"])
def test_a_layout_of_other_axes_is_refused(name: Any) -> None:
    with pytest.raises(CannotUse, match="the layout of x must be a name such as NHWC"):
        axes_of("x", name, "N C *s")


def test_an_argument_for_all_axes_may_have_batch_and_channels_too() -> None:
    arrays = {"x": numbered(1, 3, 3, 1), "kernel": numbered(2, 2, 1, 1), "y": numbered(1)}
    padding = [[0, 0], [1, 0], [0, 1], [0, 0]]
    arguments = {"strides": [1, 2, 3, 1], "padding": padding}
    q = submission_of({**arrays, **arguments}, "tf.nn.conv_transpose").question
    assert (q.stride, q.padding) == ((2, 3), ((1, 0), (0, 1)))


def test_an_output_padding_of_zero_is_kept_apart_from_none() -> None:
    assert submission_of({**LINE, "output_padding": 0}).question.zero_given
    assert not submission_of({**LINE, "output_padding": None}).question.zero_given


def test_what_is_left_out_is_what_the_api_takes() -> None:
    arrays = {"input": [1, 2, 3], "filters": [1, 10, 100], "y": [0]}
    assert (
        submission_of({**arrays, "strides": 2}, "tf.nn.conv_transpose").question.padding == "same"
    )


@pytest.mark.parametrize(
    ("dtypes", "dtype", "remark"),
    [
        (("float32", "float32"), "float32", ""),
        (("int8", "int8"), "int32", ""),
        (("int64", "int32"), "int64", "x is int64, kernel is int32: the question is asked"),
        (("int64", "float16"), "float16", "x is int64, kernel is float16: the question"),
        (("float32", "float64"), "float64", "x is float32, kernel is float64: the question is"),
        (("float16", "V2"), "float32", "x is float16, kernel is bfloat16: the question"),
    ],
)
def test_the_question_has_one_dtype(dtypes: tuple[str, str], dtype: str, remark: str) -> None:
    x, kernel = (np.zeros(3, kind) for kind in dtypes)
    submission = submission_of({"x": x, "kernel": kernel, "y": [0]})
    assert submission.question.dtype == dtype
    assert "".join(submission.remarks).startswith(remark)
    assert bool(submission.remarks) == bool(remark)


def test_plain_numbers_have_the_dtype_of_the_arrays_beside_them() -> None:
    assert submission_of(LINE).question.dtype == "float32"
    assert submission_of({**LINE, "x": np.zeros(3, np.float16)}).question.dtype == "float16"
    assert submission_of({**LINE, "x": np.zeros(3)}, typed=False).question.dtype == "float32"


def test_two_bytes_are_a_bfloat16() -> None:
    halves = np.array([0x3FC0, 0xC000], "<u2").view("V2")
    submission = submission_of({"x": halves, "kernel": halves, "y": halves})
    assert submission.question.x.tolist() == [[[1.5, -2]]]
    assert (submission.question.dtype, submission.answer_dtype) == ("bfloat16", "bfloat16")


def test_a_gradient_has_the_layout_of_its_array() -> None:
    arrays = {"x": numbered(1, 4, 4, 2), "kernel": numbered(2, 2, 3, 2)}
    gradient, y = numbered(1, 5, 5, 3), numbered(2, 2, 3, 2)
    values = {**arrays, "gradient": gradient, "y": y, "op": "conv_transpose_kernel_gradient"}
    submission = submission_of(values, "keras.layers.ConvTranspose")
    assert submission.answer.tolist() == y.transpose(3, 2, 0, 1).tolist()
    assert submission.question.gradient is not None
    assert submission.question.gradient.shape == (1, 3, 5, 5)


def test_a_tangent_has_the_layout_of_its_array() -> None:
    values = {
        "x": numbered(1, 4, 4, 2),
        "kernel": numbered(2, 2, 3, 2),
        "kernel_tangent": numbered(2, 2, 3, 2),
        "y": numbered(1, 5, 5, 3),
        "op": "conv_transpose_jvp",
    }
    question = submission_of(values, "keras.layers.ConvTranspose").question
    np.testing.assert_array_equal(question.kernel_tangent, question.kernel)


def test_a_gradient_by_the_bias_needs_no_bias() -> None:
    values = {**LINE, "op": "conv_transpose_bias_gradient", "gradient": [1, 2, 3, 4, 5]}
    submission = submission_of({**values, "y": [15]})
    assert submission.question.bias is not None
    assert submission.answer.tolist() == [15]


class Stubborn:
    """A tensor that makes no array."""

    def __array__(self, *_: object, **__: object) -> None:
        raise RuntimeError("call .detach() first")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"strid": 2}, "'strid' is no array or argument that is known; did you mean 'stride'?"),
        ({"strides": 2}, "keras.layers.ConvTranspose calls something so, and --api says"),
        (
            {"padding": "full"},
            "padding must be numbers or one of 'same', 'valid', 'circular', got 'full'",
        ),
        ({"stride": 0}, "stride must be at least 1 per axis, got 0"),
        ({"stride": [1, 2]}, "stride must be one number or one for each of 1 axes, got 2 numbers"),
        (
            {"stride": 1.5},
            "'stride' must be a word, a whole number, or one or two for each axis, got 1.5",
        ),
        ({"stride": "two"}, "stride must be whole numbers, got 'two'"),
        ({"groups": 2}, "x has 1 channels, which a kernel of shape (1, 1, 3) and 2 groups do not"),
        ({"groups": 0}, "groups must be a whole number of at least 1, got 0"),
        ({"bias": [1, 2]}, "bias must have 1 numbers, one for each output channel, got 2"),
        ({"bias": [[1]]}, "bias must have one axis, got shape (1, 1)"),
        ({"op": "pool"}, "op must be one of conv, conv_bias_gradient"),
        ({"op": "conv", "output_padding": 1}, "output_padding has no meaning for a convolution"),
        ({"op": "conv_input_gradient"}, "the gradient by the output is missing for conv_input"),
        ({"gradient": [1]}, "the gradient has no meaning for conv_transpose"),
        ({"x_tangent": [1]}, "x_tangent has no meaning for conv_transpose"),
        ({"op": "conv_jvp"}, "x_tangent or kernel_tangent or bias_tangent is missing for conv_jvp"),
        ({"op": "conv_jvp", "x_tangent": [1]}, "x_tangent must have the shape (1, 1, 3), got (1,"),
        ({"op": "conv_jvp", "bias_tangent": [1]}, "bias is missing for bias_tangent"),
        (
            {"op": "conv_transpose_input_gradient", "gradient": [1, 2]},
            "gradient must have the output's shape (1, 1, 5), got (1, 1, 2)",
        ),
        ({"rank": 4}, "there are 1, 2 or 3 spatial axes, got 4"),
        ({"rank": 3}, "kernel must have 5 axes, as the kernel has 3 spatial ones, got shape (3,)"),
        ({"x": [[[[1]]]]}, "x must have 3 axes, as the kernel has 1 spatial ones, got shape"),
        ({"x": [1j], "dtype": "float32"}, "x holds complex numbers, and float32 has none"),
        ({"x": np.array([1j], "c16").astype("O")}, "x has dtype object; allowed are float16"),
        ({"x": []}, "x is empty, of shape (1, 1, 0)"),
        ({"x": [[1], [1, 2]]}, "x cannot be made an array of NumPy: setting an array element"),
        ({"x": Stubborn()}, "x cannot be made an array of NumPy: call .detach() first"),
        ({"x": None}, "there is no x; the names are kernel, y"),
        ({"dtype": "float8"}, "dtype must be one of float16, bfloat16"),
        ({"stride": 2**40}, "numbers in an array; at most 67108864 are diagnosed"),
        ({"padding": -(2**40)}, "numbers in an array; at most 67108864 are diagnosed"),
    ],
)
def test_what_has_no_meaning_is_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CannotUse) as error:
        submission_of({**LINE, **values})
    assert sentence in str(error.value)


def test_two_words_of_one_argument_are_refused() -> None:
    with pytest.raises(CannotUse, match=r"'stride' and 'strides' are both stride$"):
        submission_of({**LINE, "stride": 1, "strides": 1}, "keras.layers.ConvTranspose")


def test_an_operator_of_another_api_is_refused() -> None:
    with pytest.raises(CannotUse, match=r"torch\.nn\.Conv is asked for conv, not for conv_transp"):
        submission_of({**LINE, "op": "conv_transpose"}, "torch.nn.Conv")


def test_a_number_for_batch_and_channels_is_refused() -> None:
    with pytest.raises(CannotUse, match="stride must be 1 for batch and channels, got"):
        submission_of({**LINE, "strides": [2, 2, 1]}, "tf.nn.conv_transpose")


@pytest.mark.parametrize(
    ("arguments", "padding", "output_padding"),
    [
        ({"output_size": 6, "padding": 1}, ((1, 1),), (1,)),
        ({"output_shape": [1, 1, 6]}, ((0, 1),), (0,)),
        ({"output_size": [6], "padding": "same"}, ((0, 1),), (0,)),
        ({"output_size": 6, "output_padding": 1}, ((1, 1),), (1,)),
    ],
)
def test_a_length_in_the_words_of_a_case_means_what_it_means_there(
    arguments: dict[str, Any], padding: Any, output_padding: Any
) -> None:
    q = submission_of({**LINE, "stride": 2, **arguments}).question
    assert (q.padding, q.output_padding, q.output_space) == (padding, output_padding, (6,))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"output_size": 4, "padding": 1}, "output_size must be at least [5], got [4]; padding"),
        ({"output_size": 5, "padding": 1, "output_padding": 1}, "output_size must be [6], got [5]"),
        ({"output_size": [2, 1, 6]}, "the output has 1 batch entries and 1 channels"),
        ({"output_size": 6, "output_shape": 6}, "are both output_size"),
        ({"output_size": 2.5}, "must be a word, a whole number"),
    ],
)
def test_a_length_that_cannot_be_is_refused(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CannotUse) as error:
        submission_of({**LINE, "stride": 2, **arguments})
    assert sentence in str(error.value)
