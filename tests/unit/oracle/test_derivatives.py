"""Further derivatives: against differences of the operators, which are exact for polynomials."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from conformance import oracle
from conformance.cases.sampling import SMALL, draw
from conformance.question import Question

Array = NDArray[Any]
OPERATORS = ("conv", "conv_transpose")


@st.composite
def calls(draw_: st.DrawFn) -> tuple[str, Question]:
    """An operator, and a question about it in whole numbers, which sums hold exactly."""
    operator = draw_(st.sampled_from(OPERATORS))
    q = draw(draw_(st.integers(0, 999)), draw_(st.integers(0, 99)), (operator,), SMALL)
    return operator, q.map_arrays(lambda array: array.astype(np.int64))


def like(array: Array | tuple[int, ...], seed: int) -> Array:
    shape = array if isinstance(array, tuple) else array.shape
    return np.random.default_rng(seed).integers(-4, 5, shape)


def arguments(q: Question) -> dict[str, Any]:
    transposed = {"output_padding": q.output_padding} if q.operator == "conv_transpose" else {}
    return {
        "stride": q.stride,
        "padding": q.padding,
        "dilation": q.dilation,
        "groups": q.groups,
        **transposed,
    }


def forward(operator: str, q: Question, x: Array, kernel: Array, bias: Array | None) -> Array:
    return getattr(oracle, operator)(x, kernel, bias=bias, **arguments(q))


def gradients(operator: str, q: Question, x: Array, kernel: Array, g: Array) -> tuple[Array, Array]:
    by_input = getattr(oracle, f"{operator}_input_gradient")
    by_kernel = getattr(oracle, f"{operator}_kernel_gradient")
    return (
        by_input(x.shape, kernel, g, **arguments(q)),
        by_kernel(x, kernel.shape, g, **arguments(q)),
    )


@given(calls())
def test_a_gradient_by_the_bias_is_the_adjoint_of_adding_it(call: tuple[str, Question]) -> None:
    operator, q = call
    g, bias = like(q.output_shape, 1), like((q.output_channels,), 2)
    added = forward(operator, q, q.x, q.kernel, bias) - forward(operator, q, q.x, q.kernel, None)
    gradient = getattr(oracle, f"{operator}_bias_gradient")(
        q.x.shape, q.kernel.shape, g, **arguments(q)
    )
    assert (gradient * bias).sum() == (g * added).sum()


@given(calls(), st.integers(1, 7))
def test_a_jvp_is_half_the_difference_of_two_steps(
    call: tuple[str, Question], tangents: int
) -> None:
    """The output is of degree two in a step, so that its central difference is exact."""
    operator, q = call
    directions = [like(q.x, 1), like(q.kernel, 2), like((q.output_channels,), 3)]
    x, kernel, bias = (
        d if tangents & bit else np.zeros_like(d)
        for d, bit in zip(directions, (1, 2, 4), strict=True)
    )
    named = zip(("x_tangent", "kernel_tangent", "bias_tangent"), directions, (1, 2, 4), strict=True)
    jvp = getattr(oracle, f"{operator}_jvp")(
        q.x,
        q.kernel,
        **{name: d for name, d, bit in named if tangents & bit},
        **arguments(q),
    )
    later = forward(operator, q, q.x + x, q.kernel + kernel, bias)
    earlier = forward(operator, q, q.x - x, q.kernel - kernel, -bias)
    np.testing.assert_array_equal(2 * jvp, later - earlier)


@given(calls())
def test_a_double_backward_is_the_gradient_of_gradients_times_tangents(
    call: tuple[str, Question],
) -> None:
    """S = <dL/dx, x'> + <dL/dw, w'> is linear in a step of one array, so that a difference is."""
    operator, q = call
    g = like(q.output_shape, 1)
    x_tangent, kernel_tangent = like(q.x, 2), like(q.kernel, 3)

    def total(x: Array, kernel: Array, g: Array) -> int:
        by_input, by_kernel = gradients(operator, q, x, kernel, g)
        return int((by_input * x_tangent).sum() + (by_kernel * kernel_tangent).sum())

    steps = {"input": like(q.x, 4), "kernel": like(q.kernel, 5), "gradient": like(g, 6)}
    stepped = {
        "input": total(q.x + steps["input"], q.kernel, g),
        "kernel": total(q.x, q.kernel + steps["kernel"], g),
        "gradient": total(q.x, q.kernel, g + steps["gradient"]),
    }
    for by, step in steps.items():
        second = getattr(oracle, f"{operator}_double_backward")(
            q.x,
            q.kernel,
            g,
            by=by,
            x_tangent=x_tangent,
            kernel_tangent=kernel_tangent,
            **arguments(q),
        )
        assert second.shape == step.shape
        assert (second * step).sum() == stepped[by] - total(q.x, q.kernel, g)


def test_a_jvp_in_a_half_is_rounded_once() -> None:
    x = np.array([[[2048]]], np.float16)  # beyond which float16 has even numbers only
    one = np.ones((1, 1, 1), np.float16)
    y = oracle.conv_jvp(x, one, x_tangent=one, kernel_tangent=one)
    assert (y.dtype, y.item()) == (np.float16, 2048)
    y = oracle.conv_jvp(x, one, x_tangent=one, kernel_tangent=one, bias_tangent=[1.0])
    assert y.item() == 2050


def test_an_infinity_beside_a_tangent_of_the_bias_stays_out() -> None:
    x = np.array([[[np.inf]]])
    assert oracle.conv_jvp(x, np.ones((1, 1, 1)), bias_tangent=[3.0]).item() == 3


X, KERNEL, G = np.ones((1, 1, 3)), np.ones((1, 1, 2)), np.ones((1, 1, 4))


@pytest.mark.parametrize(
    ("function", "keywords", "sentence"),
    [
        ("conv_transpose_jvp", {}, "a tangent is needed, of x, of the kernel or of the bias"),
        ("conv_transpose_jvp", {"x_tangent": [[[1]]]}, r"x_tangent must have the shape \(1, 1, 3"),
        ("conv_transpose_double_backward", {"by": "input"}, "the tangent of the kernel is needed"),
        ("conv_transpose_double_backward", {"by": "kernel"}, "the tangent of x is needed"),
        (
            "conv_transpose_double_backward",
            {"by": "output", "x_tangent": X},
            "by must be input, kernel or gradient, got 'output'",
        ),
    ],
)
def test_what_a_derivative_lacks_is_said(
    function: str, keywords: dict[str, Any], sentence: str
) -> None:
    arrays = (X, KERNEL) if function.endswith("jvp") else (X, KERNEL, G)
    with pytest.raises(ValueError, match=sentence):
        getattr(oracle, function)(*arrays, **keywords)


@pytest.mark.parametrize("shape", [(2,), (1, 2, 1), (1, 1, 4, 1)])
def test_a_gradient_by_a_bias_that_does_not_fit_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="does not fit an output of shape"):
        oracle.conv_transpose_bias_gradient(X.shape, KERNEL.shape, G, bias_shape=shape)
