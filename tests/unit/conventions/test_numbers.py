"""The conventions about numbers that are not finite, of two dtypes, and complex."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.cases.arrays import to_dtype
from conformance.conventions.axes import BY_NAME
from conformance.conventions.diagnosis import diagnose
from conformance.conventions.interpretations import answer_under
from conformance.question import Array, Question, answer, promoted

INF = np.inf


def asked(x: Any, kernel: Any, dtype: Any = "float32", **fields: Any) -> Question:
    """Return a question over one axis, of one channel."""
    x_dtype, kernel_dtype = fields.pop("operand_dtypes", (dtype, dtype))
    gradient = fields.pop("gradient", None)
    defaults: dict[str, Any] = {
        "op": "conv_transpose",
        "operand_dtypes": None if x_dtype == kernel_dtype else (x_dtype, kernel_dtype),
        "dtype": promoted(x_dtype, kernel_dtype),
    }
    return Question(
        x=to_dtype(np.array([[x]]), x_dtype),
        kernel=to_dtype(np.array([[kernel]]), kernel_dtype),
        gradient=None if gradient is None else to_dtype(np.array([[gradient]]), dtype),
        **{**defaults, **fields},
    )


def under(q: Question, name: str) -> Array | None:
    return answer_under(q, (BY_NAME[name],))


def by_matrix(q: Question, *, inserted: bool) -> Array:
    """Return a transposed convolution over one axis as a loop that multiplies zeros as well."""
    (x,), (w,) = q.x[0], q.kernel[0]
    (s,), (d,), ((b, _),) = q.stride, q.dilation, q.pairs
    y = np.zeros(q.output_space)
    for place in range(len(y)):
        for a in range(len(w)):
            i, rest = divmod(place + b - a * d, s)
            if rest and not inserted:
                continue
            number = x[i] if not rest and 0 <= i < len(x) else 0.0
            with np.errstate(invalid="ignore"):
                y[place] += number * w[a]
    return y


BORDER, STRIDE = "zeros: of the border", "zeros: of border and stride"
INFINITE: list[dict[str, Any]] = [
    {},
    {"stride": (2,)},
    {"stride": (3,), "dilation": (2,)},
    {"stride": (2,), "padding": ((1, 2),)},
    {"stride": (2,), "padding": ((-1, 0),), "output_padding": (1,)},
    {"dilation": (2,), "padding": ((1, 0),)},
]


@pytest.mark.parametrize("fields", INFINITE)
@pytest.mark.parametrize("kernel", [[1, INF, -2], [INF, 2], [3, 1, 2, -INF]])
def test_an_infinite_kernel_meets_zeros(fields: dict[str, Any], kernel: list[float]) -> None:
    q = asked([1, 2, 3], kernel, **fields)
    border, stride = under(q, BORDER), under(q, STRIDE)
    assert border is not None
    np.testing.assert_array_equal(border.ravel(), by_matrix(q, inserted=False))
    if q.stride == (1,):
        assert stride is None
    else:
        assert stride is not None
        np.testing.assert_array_equal(stride.ravel(), by_matrix(q, inserted=True))


@pytest.mark.parametrize("name", [BORDER, STRIDE])
def test_zeros_change_nothing_of_a_finite_kernel(name: str) -> None:
    assert under(asked([1, INF, 3], [1, 2], stride=(2,)), name) is None


def test_a_padded_convolution_meets_zeros_at_its_ends() -> None:
    q = asked([1, 2, 3], [INF, 1, 2], op="conv", padding=((1, 1),))
    assert answer(q).ravel().tolist() == [5, INF, INF]
    y = under(q, BORDER)
    assert y is not None
    np.testing.assert_array_equal(y.ravel(), [np.nan, INF, INF])
    assert under(q, STRIDE) is None


def test_the_gradient_of_what_was_cropped_meets_zeros() -> None:
    fields: dict[str, Any] = {"op": "conv_transpose_input_gradient", "padding": ((1, 0),)}
    q = asked([1, 2, 3], [INF, 1], gradient=[1, 2, 3], **fields)
    assert answer(q).ravel().tolist() == [1, INF, INF]
    y = under(q, BORDER)
    assert y is not None
    np.testing.assert_array_equal(y.ravel(), [np.nan, INF, INF])


@pytest.mark.parametrize("op", ["conv_kernel_gradient", "conv_transpose_kernel_gradient"])
def test_the_gradient_by_the_kernel_meets_zeros_at_the_ends(op: str) -> None:
    """Of two equal arrays, of which one is padded, the other one is infinite at its start."""
    fields: dict[str, Any] = {"op": op, "padding": ((1, 1),)}
    first, second = [1, 2, 3], [INF, 1, 1]
    x, gradient = (first, second) if op == "conv_kernel_gradient" else (second, first)
    q = asked(x, [1, 1, 1], gradient=gradient, **fields)
    assert answer(q).ravel().tolist() == [3, INF, INF]
    y = under(q, BORDER)
    assert y is not None
    np.testing.assert_array_equal(y.ravel(), [np.nan, INF, INF])
    assert under(q, STRIDE) is None


def test_numbers_of_two_dtypes_are_made_those_of_one() -> None:
    q = asked([1, 2049], [1, 3], operand_dtypes=("float32", "float16"))
    assert answer(q).tolist() == [[[1, 2052, 6147]]]
    y = under(q, "two dtypes: the kernel's")
    assert y is not None
    assert (y.dtype, y.tolist()) == ("float16", [[[1, 2052, 6144]]])
    assert under(q, "two dtypes: the input's") is None


def test_both_of_two_dtypes_may_be_too_narrow() -> None:
    q = asked([1, 16777217], [1, 3], operand_dtypes=("int32", "float32"))
    assert answer(q).tolist() == [[[1, 16777220, 50331651]]]
    answers = {name: under(q, f"two dtypes: the {name}'s") for name in ("kernel", "input")}
    assert {name: y.dtype.name for name, y in answers.items() if y is not None} == {
        "kernel": "float32",
        "input": "int32",
    }


X, W, G = [1 + 2j, 3], [2 - 1j, 1j], [1, 1j, 2 - 1j]
OTHER = {"conv_transpose_input_gradient": W, "conv_transpose_kernel_gradient": X}


@pytest.mark.parametrize("op", OTHER)
def test_gradients_may_take_the_conjugate(op: str) -> None:
    q = asked(X, W, "complex64", op=op, gradient=G)
    y = under(q, "conjugate: in gradients")
    assert y is not None
    # numpy.correlate takes the conjugate of its second argument, as torch and TensorFlow do.
    conjugated, plain = (np.correlate(G, f(OTHER[op]), "valid") for f in (np.array, np.conj))
    assert (y.ravel().tolist(), answer(q).ravel().tolist()) == (
        conjugated.tolist(),
        plain.tolist(),
    )


def test_a_conjugated_kernel_is_named() -> None:
    q = asked(X, W, "complex64")
    y = answer(q.but(kernel=q.kernel.conj()))
    assert diagnose(q, answer(q), y, exact=True).names == (("conjugate: of the kernel",),)
    assert under(asked(X, W, "complex64"), "conjugate: in gradients") is None


def test_nan_at_another_place_is_named() -> None:
    q = asked([1, np.nan, 3], [1, 10])
    y = answer(q.but(kernel=q.kernel[..., ::-1]))
    assert diagnose(q, answer(q), y, exact=True).names == (("kernel flip: flipped",),)


def test_a_half_that_overflows_on_the_way_is_named() -> None:
    q = asked([40000, 40000, -40000], [1, 1, -1], "float16")
    y = np.array([[[40000, INF, INF, -INF, 40000]]], np.float16)
    names = diagnose(q, answer(q), y, exact=False).names
    assert names == (("float16 accumulation: in float16",),)
