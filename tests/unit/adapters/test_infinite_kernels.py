"""Infinite kernels: where they were seen to be multiplied with zeros, no recipe is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.registry import FRAMEWORKS
from conformance.adapters.runtime import Runtime
from conformance.cases import sampling
from conformance.question import Dtype, Op, Question
from conformance.recipes import call_writer
from conformance.recipes.call_writer import Call

TORCH = ("torch", "torch.nn.functional.conv_transpose", Runtime(runtime_class="onednn-avx2"))
TENSORFLOW = ("tensorflow", "tf.nn.convNd_transpose", Runtime(runtime_class="eigen"))
ONEDNN = ("tensorflow", "tf.nn.convNd_transpose", Runtime(runtime_class="onednn-avx512"))
KERAS = ("keras", "keras.layers.Conv", Runtime(backend="tensorflow", runtime_class="eigen"))
OPENVINO = ("keras", "keras.ops.conv_transpose", Runtime(backend="openvino", runtime_class="cpu"))
JAX = ("jax", "jax.lax.conv_transpose", Runtime(runtime_class="xla"))
ONNXRUNTIME = ("onnxruntime", "onnxruntime.Conv", Runtime(runtime_class="cpu"))
TVM = ("tvm", "tvm.relax.frontend.onnx.ConvTranspose", Runtime(runtime_class="cpu"))
ROW = {"x": (2, 1, 3), "kernel": (1, 1, 3), "stride": (2,)}
GROUPS = {"x": (1, 2, 2), "kernel": (2, 1, 2), "stride": (2,), "groups": 2}
PLANE = {"x": (2, 1, 3, 3), "kernel": (1, 1, 3, 3), "stride": (2, 2)}
SPACE = {"x": (2, 1, 3, 3, 3), "kernel": (1, 1, 2, 2, 2), "stride": (2, 2, 2)}


def question(kernel: float, arguments: dict[str, Any], op: Op = "conv_transpose") -> Question:
    """A question of ones, with this number in its kernel."""
    arrays = {name: np.ones(arguments[name], np.float32) for name in ("x", "kernel")}
    arrays["kernel"].flat[0] = kernel
    q = Question(**{**arguments, **arrays}, op=op)
    return q.but(gradient=np.ones(q.output_shape, np.float32)) if q.is_derivative else q


def recipe(asked: tuple[str, str, Runtime], q: Question) -> Call | Inexpressible:
    name, api, runtime = asked
    framework = FRAMEWORKS[name]
    return call_writer.write(framework, runtime, framework.api(api), q, "recipe")


@pytest.mark.parametrize(
    ("asked", "op", "arguments"),
    [
        (TORCH, "conv_transpose", ROW),
        (ONEDNN, "conv_transpose", ROW),
        (TENSORFLOW, "conv_transpose", SPACE),
        (OPENVINO, "conv_transpose", PLANE),
        (ONNXRUNTIME, "conv", {**ROW, "padding": ((1, 1),)}),
        (TVM, "conv_transpose", ROW),
    ],
)
def test_there_is_a_recipe_for_finite_kernels_only(
    asked: tuple[str, str, Runtime], op: Op, arguments: dict[str, Any]
) -> None:
    assert isinstance(recipe(asked, question(1.0, arguments, op)), Call)
    infinite = recipe(asked, question(np.inf, arguments, op))
    assert isinstance(infinite, Inexpressible)
    assert "zeros" in infinite.reason


@pytest.mark.parametrize(("asked", "op"), [(KERAS, "conv_input_gradient"), (JAX, "conv_transpose")])
def test_groups_are_put_into_one_kernel_where_it_is_infinite(
    asked: tuple[str, str, Runtime], op: Op
) -> None:
    calls = [recipe(asked, question(number, GROUPS, op)) for number in (1.0, np.inf)]
    has_blocks = ["blocks" in call.source for call in calls if isinstance(call, Call)]
    assert has_blocks == [False, True]


@pytest.mark.parametrize(
    ("asked", "arguments"),
    [
        (TORCH, {**ROW, "kernel": (1, 1, 2)}),  # rows end with a stride
        (TORCH, {**ROW, "dtype": "float64"}),  # oneDNN does not compute it
        (TENSORFLOW, {**SPACE, "x": (1, 1, 3, 3, 3)}),  # one example
        (JAX, {**GROUPS, "kernel": (2, 1, 2), "groups": 1}),
    ],
)
def test_elsewhere_there_is_a_recipe_for_an_infinite_kernel(
    asked: tuple[str, str, Runtime], arguments: dict[str, Any]
) -> None:
    assert isinstance(recipe(asked, question(np.inf, arguments)), Call)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize(("name", "has_call"), [("onednn-avx2", True), ("onednn-amx", False)])
def test_onednn_is_given_finite_bfloat16_only(name: str, has_call: bool, dtype: Dtype) -> None:
    asked = (*TORCH[:2], Runtime(runtime_class=name))
    q = question(1.0, {"x": (1, 1, 3), "kernel": (1, 1, 2), "dtype": dtype})
    infinite = q.but(x=np.float32([[[1, np.inf, 1]]]))
    assert isinstance(recipe(asked, infinite), Call) is (has_call or dtype != "bfloat16")


@pytest.mark.parametrize("rank", [2, 3])
def test_an_infinite_input_has_a_kernel_gradient_of_tensorflow_over_two_axes(rank: int) -> None:
    arguments = {"x": (1, 1, *(3,) * rank), "kernel": (1, 1, *(2,) * rank), "stride": (2,) * rank}
    q = question(1.0, arguments, "conv_kernel_gradient")
    asked = ("tensorflow", "tf.nn.convNd", Runtime(runtime_class="eigen"))
    infinite = q.but(x=np.where(np.arange(q.x.size).reshape(q.x.shape), q.x, np.inf))
    assert isinstance(recipe(asked, q), Call)
    assert isinstance(recipe(asked, infinite), Call) is (rank == 2)


@pytest.mark.parametrize(
    "op", ["conv_bias_gradient", "conv_jvp", "conv_double_backward_input", "conv_kernel_gradient"]
)
def test_layers_of_nnx_are_made_of_the_arguments_that_are_differentiated(op: Op) -> None:
    q = sampling.draw(0, 0, (op,))
    call = recipe(("flax", "flax.nnx.Conv", Runtime(runtime_class="xla")), q)
    assert isinstance(call, Call)
    assert "lambda" in call.source
    assert call.source.partition("lambda")[2].count("flax.nnx.Conv(") == 1


@pytest.mark.parametrize("groups", [1, 2])
def test_an_infinite_input_has_a_kernel_gradient_of_xla_group_by_group(groups: int) -> None:
    arguments = {"x": (1, 2, 3), "kernel": (2, 2 // groups, 2), "stride": (2,), "groups": groups}
    q = question(1.0, arguments, "conv_kernel_gradient")
    asked = ("jax", "jax.lax.conv_general_dilated", Runtime(runtime_class="xla"))
    call = recipe(asked, q.but(x=q.x * np.float32(np.inf)))
    assert isinstance(call, Call)
    assert ("groups = []" in call.source) is (groups > 1)


def test_an_infinite_gradient_has_no_kernel_gradient_of_a_transposed_convolution_of_xla() -> None:
    q = question(1.0, {"x": (1, 1, 3), "kernel": (1, 1, 2)}, "conv_transpose_kernel_gradient")
    assert isinstance(recipe(JAX, q), Call)
    assert isinstance(recipe(JAX, q.but(gradient=q.gradient * np.float32(np.inf))), Inexpressible)


@pytest.mark.parametrize(("dtype", "is_split"), [("float32", False), ("float64", True)])
def test_an_infinite_number_among_groups_of_doubles_stays_in_its_group(
    dtype: Dtype, is_split: bool
) -> None:
    """XLA joins groups of 64 bits in one kernel, with zeros."""
    x = np.array([[[1, np.inf], [1, 1]]], dtype)
    q = Question(op="conv", x=x, kernel=np.ones((2, 1, 2), dtype), groups=2, dtype=dtype)
    call = recipe(("jax", "jax.lax.conv_general_dilated", JAX[2]), q)
    assert isinstance(call, Call)
    assert ("a call for each group" in call.moves) is is_split
