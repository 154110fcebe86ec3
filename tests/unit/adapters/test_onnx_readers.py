"""Readers of ONNX: what the models say, and what a reader is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from conformance.adapters import onnx, onnx_readers
from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api, Framework
from conformance.adapters.onnx import Reader
from conformance.adapters.runtime import ANY, Runtime
from conformance.observations import MODES, Mode
from conformance.question import Op, OutputLength, Question
from conformance.recipes import call_writer, search
from conformance.recipes.call_writer import Call

READER = Reader(
    name="reader",
    title="Reader",
    module="reader",
    imports=("import reader",),
    version="reader.__version__",
    load=("loaded = reader.load(model)",),
    feed="loaded.feed({v})",
    run="loaded.run({inputs})",
)
FRAMEWORK = onnx.framework(READER)


def question(op: Op = "conv_transpose", **arguments: Any) -> Question:
    fields = {
        "x": np.ones((1, 2, 3, 3), np.float32),
        "kernel": np.ones((2, 2, 3, 3), np.float32),
        "stride": (1, 1),
        "padding": ((0, 0), (0, 0)),
        "output_padding": (0, 0),
        "dilation": (1, 1),
        **arguments,
    }
    return Question(op=op, **fields)


def line(end: str, q: Question, mode: Mode = "native") -> str:
    """The line of a call that makes the node."""
    call = call_writer.write(FRAMEWORK, ANY, FRAMEWORK.api(f"reader.{end}"), q, mode)
    assert isinstance(call, Call)
    return next(line for line in call.source.splitlines() if line.startswith("node ="))


START = 'node = onnx.helper.make_node("ConvTranspose", ["x", "w"], ["y"], kernel_shape=[3, 3]'


@pytest.mark.parametrize(
    ("arguments", "attributes"),
    [
        ({}, ""),
        ({"stride": (2, 1)}, ", strides=[2, 1]"),
        ({"padding": ((1, 2), (3, 4))}, ", pads=[1, 3, 2, 4]"),
        ({"padding": "valid"}, ", auto_pad='VALID'"),
        ({"padding": "same"}, ", auto_pad='SAME_UPPER'"),
        ({"stride": (2, 2), "output_padding": (1, 0)}, ", strides=[2, 2], output_padding=[1, 0]"),
        ({"dilation": (1, 2), "groups": 2}, ", dilations=[1, 2], group=2"),
    ],
    ids=str,
)
def test_arguments_have_the_names_of_onnx(arguments: Mapping[str, Any], attributes: str) -> None:
    assert line("ConvTranspose", question(**arguments)) == f"{START}{attributes})"


@pytest.mark.parametrize(
    ("end", "attributes"),
    [
        ("ConvTranspose", "auto_pad='SAME_UPPER'"),
        ("ConvTranspose(auto_pad=SAME_LOWER)", "auto_pad='SAME_LOWER'"),
        ("ConvTranspose(output_shape)", "output_shape=[6, 6]"),
    ],
)
def test_same_is_said_in_three_ways_and_a_recipe_passes_numbers(end: str, attributes: str) -> None:
    q = question(padding="same", stride=(2, 2))
    assert line(end, q) == f"{START}, strides=[2, 2], {attributes})"
    assert line(end, q, "recipe") == f"{START}, strides=[2, 2], pads=[0, 0, 1, 1])"


@pytest.mark.parametrize(
    ("written", "attributes"),
    [(None, ""), (((1, 1), (1, 1)), "pads=[1, 1, 1, 1], "), ("valid", ""), ("same", "")],
    ids=str,
)
def test_padding_beside_a_size_is_passed_on(written: Any, attributes: str) -> None:
    q = question(padding=((1, 1), (1, 1)), length=OutputLength(space=(3, 3), padding=written))
    assert line("ConvTranspose(output_shape)", q) == f"{START}, {attributes}output_shape=[3, 3])"


@pytest.mark.parametrize(
    ("end", "inputs", "constants"),
    [("ConvTranspose", "x", "wb"), ("ConvTranspose(weights=inputs)", "xwb", "")],
)
def test_weights_are_constants_or_inputs(end: str, inputs: str, constants: str) -> None:
    q = question(bias=np.ones(2, np.float32))
    call = call_writer.write(FRAMEWORK, ANY, FRAMEWORK.api(f"reader.{end}"), q, "native")
    assert isinstance(call, Call)
    assert [v for v in "xwb" if f'value("{v}"' in call.source] == list(inputs)
    assert [v for v in "xwb" if f"from_array({v}," in call.source] == list(constants)
    assert [v for v in "xwb" if f"loaded.feed({v})" in call.source] == list(inputs)


def test_a_refusal_can_name_its_stage() -> None:
    call = call_writer.write(FRAMEWORK, ANY, FRAMEWORK.apis[0], question(), "native")
    assert isinstance(call, Call)
    stages = [text for text in call.source.splitlines() if text.startswith("#")]
    assert stages == ["# Stage: build", "# Stage: load", "# Stage: run"]


@pytest.mark.parametrize("dtype", ["int32", "int64", "bfloat16", "complex64"])
def test_the_format_has_only_floating_point_numbers(dtype: Any) -> None:
    for api in FRAMEWORK.apis:
        q = question(api.operator, dtype=dtype)
        for mode in MODES:
            assert isinstance(call_writer.write(FRAMEWORK, ANY, api, q, mode), Inexpressible)


@pytest.mark.parametrize("framework", onnx_readers.FRAMEWORKS, ids=lambda one: one.name)
def test_a_reader_has_both_ways_to_pass_weights(framework: Framework) -> None:
    ends = {api.id.rpartition(".")[2] for api in framework.apis}
    ways = ("", "(weights=inputs)")
    assert ends >= {f"{name}{way}" for name in ("ConvTranspose", "Conv") for way in ways}


@pytest.mark.parametrize("framework", onnx_readers.FRAMEWORKS, ids=lambda one: one.name)
def test_a_twin_is_an_api_of_the_same_operator(framework: Framework) -> None:
    twins = [(api, framework.api(api.twin)) for api in framework.apis if api.twin]
    assert twins
    assert all(api.operator == twin.operator for api, twin in twins)


OPENCV = {api.id: api for api in onnx_readers.FRAMEWORKS[-1].apis}


@pytest.mark.parametrize(
    ("end", "version", "is_there"),
    [("", "4.14.0", True), ("(engine=NEW)", "4.14.0", False), ("(engine=NEW)", "5.0.0", True)],
)
def test_an_engine_has_its_versions(end: str, version: str, is_there: bool) -> None:
    api = OPENCV[f"cv2.dnn.ConvTranspose{end}"]
    assert Runtime(packages={"opencv": version}).has(api.versions) is is_there


@pytest.mark.parametrize(
    ("end", "version", "move"),
    [
        ("", "4.14.0", "zeros put into the kernel"),
        ("", "5.0.0", None),
        ("(engine=CLASSIC)", "5.0.0", "zeros put into the kernel"),
    ],
)
def test_a_limitation_holds_for_its_engine_only(end: str, version: str, move: str | None) -> None:
    api: Api = OPENCV[f"cv2.dnn.ConvTranspose{end}"]
    runtime = Runtime(packages={"opencv": version})
    plan = search.recipe(api, question(dilation=(2, 2)), runtime)
    assert not isinstance(plan, Inexpressible)
    assert plan.moves == ((move,) if move else ())
