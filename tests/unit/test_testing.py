"""Assertions for other people's test suites: they pass, or name the convention."""

from typing import Any

import numpy as np
import pytest

import conformance
from conformance.testing import assert_conv, assert_conv_transpose

LINE: dict[str, Any] = {"x": [1, 2, 3], "kernel": [1, 10, 100]}
ARGUMENTS: dict[str, Any] = {"stride": 2, "padding": 1, "groups": 2}
OPERATORS = {
    "conv": (
        assert_conv,
        conformance.conv,
        conformance.conv_input_gradient,
        conformance.conv_kernel_gradient,
    ),
    "conv_transpose": (
        assert_conv_transpose,
        conformance.conv_transpose,
        conformance.conv_transpose_input_gradient,
        conformance.conv_transpose_kernel_gradient,
    ),
}


def layer(operator: str, dtype: str = "float32", *, whole: bool = False) -> dict[str, Any]:
    """Arguments that pass the assertion: a layer with its answer and its gradients."""
    _, forward, input_gradient, kernel_gradient = OPERATORS[operator]
    r = np.random.default_rng(0)
    shape = (4, 3, 3, 2) if operator == "conv_transpose" else (6, 2, 3, 2)
    x, kernel, bias = r.normal(size=(2, 4, 6, 5)), r.normal(size=shape), r.normal(size=6)
    if whole:
        x, kernel, bias = (np.rint(3 * array) for array in (x, kernel, bias))
    x, kernel, bias = (array.astype(dtype) for array in (x, kernel, bias))
    y = forward(x, kernel, bias=bias, **ARGUMENTS)
    gradient = np.rint(2 * r.normal(size=y.shape)).astype(dtype)
    return {
        "y": y,
        "x": x,
        "kernel": kernel,
        "bias": bias,
        "output_gradient": gradient,
        "x_gradient": input_gradient(x.shape, kernel, gradient, **ARGUMENTS),
        "kernel_gradient": kernel_gradient(x, kernel.shape, gradient, **ARGUMENTS),
        "bias_gradient": gradient.sum((0, 2, 3)),
        **ARGUMENTS,
    }


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("whole", [True, False])
def test_a_right_layer_passes(operator: str, dtype: str, whole: bool) -> None:
    OPERATORS[operator][0](**layer(operator, dtype, whole=whole))


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("name", ["y", "x_gradient", "kernel_gradient", "bias_gradient"])
@pytest.mark.parametrize("factor", [0, 1.001, -1])
@pytest.mark.usefixtures("shallow_diagnosis")
def test_a_wrong_array_fails_by_its_name(operator: str, name: str, factor: float) -> None:
    arguments = layer(operator)
    arguments[name] = (arguments[name] * factor).astype(np.float32)
    with pytest.raises(AssertionError, match=f"^{name}: "):
        OPERATORS[operator][0](**arguments)


def test_a_failure_names_the_convention() -> None:
    with pytest.raises(AssertionError, match="The kernel is read backwards along every axis"):
        assert_conv_transpose([10, 201, 20, 302, 30], **LINE, stride=2, padding=1)


def test_a_gradient_through_a_flipped_kernel_is_named() -> None:
    arguments = layer("conv_transpose")
    flipped = arguments["kernel"][:, :, ::-1, ::-1]
    arguments["x_gradient"] = conformance.conv_transpose_input_gradient(
        arguments["x"].shape, flipped, arguments["output_gradient"], **ARGUMENTS
    )
    with pytest.raises(AssertionError, match="x_gradient: The answer is wrong"):
        assert_conv_transpose(**arguments)


def test_a_layer_is_asserted_in_its_own_words_and_layout() -> None:
    assert_conv_transpose(
        np.reshape([1, 10, 102, 20, 203, 30], (1, 6, 1)),
        np.reshape([1, 2, 3], (1, 3, 1)),
        np.reshape([1, 10, 100], (3, 1, 1)),
        api="keras.layers.ConvTranspose",
        strides=2,
        padding="same",
        output_gradient=np.ones((1, 6, 1)),
        bias_gradient=[6],
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"strid": 2}, "did you mean 'stride'"),
        ({"x_gradient": [1, 2, 3]}, "the gradient by the output is missing"),
        ({"api": "torch.nn.Conv"}, "torch.nn.Conv is asked for conv, not for conv_transpose"),
    ],
)
def test_a_wrong_argument_is_no_failure_of_the_layer(
    arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        assert_conv_transpose([1, 12, 123, 230, 300], **LINE, **arguments)


@pytest.mark.parametrize(("whole", "count"), [(True, 1), (False, 2)])
def test_a_passing_assertion_asks_the_oracle_once_or_twice(
    monkeypatch: pytest.MonkeyPatch, whole: bool, count: int
) -> None:
    """Real numbers may need a second sum for the rounding of small ones."""
    from conformance.question import answers as of_questions

    asked: list[str] = []
    answers = {
        op: (lambda q, function=function, op=op: asked.append(op) or function(q))
        for op, function in of_questions._ANSWERS.items()
    }
    monkeypatch.setattr(of_questions, "_ANSWERS", answers)
    arguments = layer("conv_transpose", whole=whole)
    assert_conv_transpose(
        **{key: arguments[key] for key in ("y", "x", "kernel", "bias", *ARGUMENTS)}
    )
    assert len(asked) <= count
