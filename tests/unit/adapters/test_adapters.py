"""What adapters write, without their frameworks: source that compiles and names only what is there.

Whether it is right is seen where the framework is, in `tests/frameworks`.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import chain, islice, product
from pkgutil import iter_modules
from typing import Any, NamedTuple

import numpy as np
import pytest

from conformance import adapters
from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api, Framework
from conformance.adapters.registry import APIS, FRAMEWORKS, HOMES
from conformance.adapters.runtime import ANY, Runtime
from conformance.cases import corpus
from conformance.cases.sampling import DERIVED_OPS, SAMPLED_OPS, draws
from conformance.observations import MODES, Mode
from conformance.question import (
    Chain,
    Operator,
    OutputLength,
    Question,
    chained,
    operator_of,
    tangents_of,
)
from conformance.recipes import call_writer, search
from conformance.recipes.call_writer import Call
from conformance.recipes.search import Cost
from conformance.runs import plan
from conformance.runs.prepared_case import PreparedCase


class Speaker(NamedTuple):
    """An API of a framework, on one of its backends, where it has the fewest limitations."""

    name: str
    backend: str | None
    api_id: str

    @property
    def framework(self) -> Framework:
        return FRAMEWORKS[self.name]

    @property
    def api(self) -> Api:
        return self.framework.api(self.api_id)

    @property
    def runtime(self) -> Runtime:
        classes = self.framework.interops[self.backend].classes
        return Runtime(backend=self.backend, runtime_class=classes[0].name)

    def write(self, q: Question | Chain, mode: Mode) -> Call | Inexpressible:
        return call_writer.write(self.framework, self.runtime, self.api, q, mode)

    def __str__(self) -> str:
        return f"{self.backend or self.name}-{self.api_id}"


SPEAKERS = [
    Speaker(name, backend, api.id)
    for name, framework in FRAMEWORKS.items()
    for backend in framework.interops
    for api in framework.apis
]
EVERY_API = pytest.mark.parametrize("speaker", SPEAKERS, ids=str)


def square(op: str = "conv_transpose", **arguments: Any) -> Question:
    """The question of the design page: two axes, stride 2, padding 1, output padding 1."""
    transposed = op.startswith("conv_transpose")
    fields = {
        "x": np.ones((1, 2, 4, 4), np.float32),
        "kernel": np.ones((2, 3, 3, 3) if transposed else (3, 2, 3, 3), np.float32),
        "stride": (2, 2),
        "padding": ((1, 1), (1, 1)),
        "output_padding": (1, 1) if transposed else (0, 0),
        "dilation": (1, 1),
        **arguments,
    }
    return Question(op=op, **fields)


def questions(api: Api) -> tuple[Question, ...]:
    """All that this API may be asked, drawn; the last of them in a dtype that NumPy lacks."""
    if api.operator == "interpolate":
        return (square("interpolate", kernel=np.zeros(0, np.float32)),)
    return drawn(api.operator, api.has_parameters)


@cache
def drawn(operator: Operator, has_parameters: bool) -> tuple[Question, ...]:
    ops = tuple(op for op in SAMPLED_OPS if operator_of(op) == operator)
    further = tuple(op for op in DERIVED_OPS if operator_of(op) == operator)
    if has_parameters:
        ops += (f"{operator}_parameters",)
    return (
        *islice(draws(seed=8, ops=ops), 60),
        *islice(draws(seed=9, ops=further), 30),
        square(operator, dtype="bfloat16", output_padding=(0, 0)),
    )


NO_WAY_AROUND = {
    "tfjs": {
        "'valid' gives at least the length of the input times the stride",
        "three axes are wrong on WebAssembly: docs/findings.md",
        "an output that the strides do not reach is left unwritten: docs/findings.md",
        "padding must not be negative",
    }
}
"""Limits of a framework that no rewriting avoids for every question."""


def written(speaker: Speaker, mode: Mode) -> Iterator[Call]:
    api, runtime = speaker.api, speaker.runtime
    for q in questions(api):
        if search.boundary(api, q, runtime):
            continue  # the API has no such thing
        call = speaker.write(q, mode)
        if isinstance(call, Call):
            yield call
        else:
            excused = api.topics or q.op in DERIVED_OPS  # a variant, or not in every framework
            if q.dtype != "float32":  # which no rewriting changes
                excused = excused or search.first_limitation(api, q, runtime)
            excused = excused or call.reason in NO_WAY_AROUND.get(speaker.name, ())
            assert mode == "native" or excused, f"no recipe for {q}: {call.reason}"
            assert call.reason


@cache
def names_used(source: str) -> set[str]:
    """Names that the source reads and never sets; an error if it does not compile."""
    tree = ast.parse(source)
    compile(tree, "<call>", "exec")
    nodes = list(ast.walk(tree))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    given = {node.arg for node in nodes if isinstance(node, ast.arg)}
    given |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    given |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return {name.id for name in names} - given - set(dir(builtins))


@cache
def names_bound(source: str) -> set[str]:
    """The names that the first lines of a script import and assign."""
    nodes = list(ast.walk(ast.parse(source)))
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    aliases = [alias for node in imports for alias in node.names]
    targets = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    return {alias.asname or alias.name.partition(".")[0] for alias in aliases} | {
        target.id for target in targets if isinstance(target, ast.Name)
    }


# Everything that is drawn


@EVERY_API
def test_what_is_written_compiles_and_names_only_what_is_there(speaker: Speaker) -> None:
    worker = names_bound(speaker.framework.prelude)
    calls = {mode: list(written(speaker, mode)) for mode in MODES}
    for call in chain.from_iterable(calls.values()):
        script = names_bound("\n".join(call.imports))
        needed = names_used(call.source) - {"np", *call.arrays}
        assert needed <= script
        assert needed <= worker
    assert {call.cost for call in calls["native"]} <= {Cost.ARGUMENTS}


WORDS: dict[str, tuple[dict[str, Any], ...]] = {
    "stride": ({"stride": (3, 2)},),
    "padding": tuple({"padding": p} for p in (((1, 1), (1, 1)), ((0, 1), (1, 0)), "same")),
    "dilation": ({"dilation": (2, 1)},),
    "output_padding": ({"output_padding": (1, 0)}, {"zero_given": True}),
    "output_size": ({"length": OutputLength(space=(16, 15))},),
}
"""What a person writes beside the arrays, by its key; `groups` may be in the kernel's shape."""


@EVERY_API
def test_each_word_is_in_the_naive_call_of_every_derivative_or_refused(speaker: Speaker) -> None:
    api = speaker.api

    def source(op: str, **words: Any) -> str | None:
        call = speaker.write(derivative(op, **words), "native")
        return call.source if isinstance(call, Call) else None

    ops = [op for op in (*SAMPLED_OPS, *DERIVED_OPS) if operator_of(op) == api.operator]
    plain = {op: source(op) for op in ops}
    dropped = [
        (op, words)
        for op in ops
        if plain[op] is not None
        for key, ways in WORDS.items()
        if api.operator != "conv" or not key.startswith("output_")
        for words in ways
        if words != {"zero_given": True} or "output_padding" in api.parameters.values()
        if source(op, **words) == plain[op]
    ]
    assert dropped == []


def derivative(op: str, **words: Any) -> Question:
    """A question of every array that its op may have, with these words."""
    transposed = op.startswith("conv_transpose")
    shapes = {"x": (1, 2, 7, 7), "kernel": (2, 3, 3, 3) if transposed else (3, 2, 3, 3)}
    arrays = {field: np.ones(shape, np.float32) for field, shape in shapes.items()}
    if op.endswith("bias_gradient"):
        arrays["bias"] = np.ones(3, np.float32)
    arrays |= {f"{n}_tangent": arrays[n] for n in arrays if f"{n}_tangent" in tangents_of(op)}
    q = square(op, **{**arrays, "padding": ((0, 0),) * 2, "output_padding": (0, 0), **words})
    return q.but(gradient=np.ones(q.output_shape, np.float32)) if q.needs_gradient else q


NO_NUMBERS_TO_ASK_WITH = (
    {"stride": (2, 0)},
    {"stride": (-7, -7)},
    {"stride": (0, 0), "padding": "same"},
    {"dilation": (2, 0)},
    {"dilation": (-7, -7)},
    {"output_padding": (1, -7)},
)


@EVERY_API
def test_a_number_that_means_nothing_is_handed_over_as_it_is(speaker: Speaker) -> None:
    operator = speaker.api.operator
    if operator == "interpolate":
        return
    for wrong, padding in product(NO_NUMBERS_TO_ASK_WITH, ("valid", ((1, 1), (1, 1)))):
        if operator == "conv" and "output_padding" in wrong:
            continue
        q = square(operator, **{"output_padding": (0, 0), "padding": padding, **wrong})
        native, recipe = (speaker.write(q, mode) for mode in MODES)
        if isinstance(native, Inexpressible):
            assert native == recipe, (wrong, padding)
            continue
        # A recipe that puts it right would answer what has no answer.
        assert isinstance(recipe, Call), (wrong, padding)
        assert native.source == recipe.source, (wrong, padding)
        if "output_padding" in wrong and re.search(
            r"output_shape|input_sizes|wrt_inputs|dTranspose\(x, w, \[", native.source
        ):
            continue  # TensorFlow is told the length, and has no such number
        numbers = next(numbers for numbers in wrong.values() if numbers != "same")
        values = rf"[(\[ ]{numbers[0]}, {numbers[1]}[\]),]|={numbers[1]}[,)]"
        values += rf"| \d+={numbers[1]} \d+={numbers[0]}\b"  # of ncnn, the last axis first
        assert re.search(values, native.source), (wrong, padding)


@pytest.fixture(scope="module")
def unanswerable() -> list[PreparedCase]:
    return [PreparedCase(case) for case in corpus.select_cases((), "errors")]


@EVERY_API
def test_questions_without_an_answer_are_asked_too(
    speaker: Speaker, unanswerable: list[PreparedCase]
) -> None:
    """They come to nothing in the framework, and never in an adapter."""
    api = speaker.api
    asked = sum(plan.is_applicable(api, prepared_case.case) for prepared_case in unanswerable)
    written = plan.invocations(speaker.framework, speaker.runtime, [api], unanswerable)
    assert sum(len(item.modes) for item in written) == 2 * asked


@EVERY_API
def test_an_api_says_where_to_look_for_it(speaker: Speaker) -> None:
    used = names_used(speaker.api.exists)
    assert used <= names_bound(speaker.framework.prelude)


# The table of APIs


def test_ids_are_unique() -> None:
    """A twin is in two frameworks, and is the same API in both."""
    for framework in FRAMEWORKS.values():
        assert len({api.id for api in framework.apis}) == len(framework.apis)
        assert all(APIS[api.id] is api for api in framework.apis)


def test_an_api_is_of_the_framework_that_it_is_no_twin_in() -> None:
    assert HOMES["torch.nn.ConvTranspose"].name == "torch"
    assert HOMES["torch.nn.ConvTranspose(torch.jit.script)"].name == "torch-modes"


@pytest.mark.parametrize("api_id", [api.id for api in APIS.values() if api.twin])
def test_a_mode_is_asked_beside_its_twin(api_id: str) -> None:
    twin = HOMES[api_id].api(APIS[api_id].twin)
    assert (twin.operator, twin.layout) == (APIS[api_id].operator, APIS[api_id].layout)


def test_frameworks_are_found_by_their_names() -> None:
    assert all(one.name == name for name, one in FRAMEWORKS.items())


@pytest.mark.parametrize("api_id", APIS)
def test_what_transposes_goes_along_with_a_convolution_of_the_same_framework(api_id: str) -> None:
    api = APIS[api_id]
    if api.operator == "conv_transpose":
        for framework in (one for one in FRAMEWORKS.values() if api in one.apis):
            assert framework.api(api.forward).operator == "conv"
    else:
        assert api.forward is None


@pytest.mark.parametrize("api_id", APIS)
def test_reasons_of_limits_are_given_in_words(api_id: str) -> None:
    assert all(limit.reason for limit in APIS[api_id].limits)


def test_an_api_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"torch\.nn\.Linear"):
        FRAMEWORKS["torch"].api("torch.nn.Linear")


@pytest.mark.parametrize("module", [module.name for module in iter_modules(adapters.__path__)])
def test_an_adapter_says_why_it_exists(module: str) -> None:
    assert import_module(f"conformance.adapters.{module}").__doc__


# By hand


@pytest.mark.parametrize(
    ("api_id", "line"),
    [
        (
            "torch.nn.functional.conv_transpose",
            "y = torch.nn.functional.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1)",
        ),
        (
            "torch.nn.ConvTranspose",
            "layer = torch.nn.ConvTranspose2d("
            "2, 3, (3, 3), stride=2, padding=1, output_padding=1, bias=False)",
        ),
        (
            "mxnet.npx.deconvolution",
            "y = mx.npx.deconvolution(x, w, kernel=(3, 3), stride=(2, 2), pad=(1, 1), adj=(1, 1),"
            " num_filter=3, no_bias=True)",
        ),
        (
            "mxnet.gluon.nn.ConvTranspose",
            "layer = mx.gluon.nn.Conv2DTranspose(3, (3, 3), strides=2, padding=1,"
            " output_padding=1, use_bias=False, in_channels=2)",
        ),
        (
            "tf.nn.conv_transpose",
            "y = tf.nn.conv_transpose(x, w, output_shape=(1, 8, 8, 3), strides=2,"
            " padding=[[0, 0], [1, 1], [1, 1], [0, 0]])",
        ),
        (
            "tf.nn.convNd_transpose",
            "y = tf.nn.conv2d_transpose(x, w, output_shape=(1, 8, 8, 3), strides=2,"
            " padding=[[0, 0], [1, 1], [1, 1], [0, 0]])",
        ),
        (
            "tf.raw_ops.ConvNdBackpropInput",
            "y = tf.raw_ops.Conv2DBackpropInput(filter=w, out_backprop=x,"
            " input_sizes=(1, 8, 8, 3), strides=(1, 2, 2, 1), padding='EXPLICIT',"
            " explicit_paddings=[0, 0, 1, 1, 1, 1, 0, 0])",
        ),
        (
            "mlx.core.conv_transpose",
            "y = mx.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1)",
        ),
        (
            "tinygrad.Tensor.conv_transpose2d",
            "y = x.conv_transpose2d(w, stride=2, padding=1, output_padding=1)",
        ),
        (
            "nnabla.functions.deconvolution",
            "y = nnabla.functions.deconvolution(x, w, pad=(1, 1), stride=(2, 2),"
            " output_padding=(1, 1))",
        ),
        (
            "paddle.nn.functional.conv_transpose",
            "y = paddle.nn.functional.conv2d_transpose(x, w, stride=2, padding=1,"
            " output_padding=1)",
        ),
        (
            "chainer.functions.deconvolution_2d",
            "y = chainer.functions.deconvolution_2d(x, w, stride=2, pad=1, outsize=(8, 8))",
        ),
        (
            "aesara.tensor.nnet.conv_grad_wrt_inputs",
            "y = aesara.tensor.nnet.abstract_conv.conv2d_grad_wrt_inputs(x, w, (1, 3, 8, 8),"
            " border_mode=1, subsample=(2, 2))",
        ),
    ],
)
def test_the_question_of_the_design_page_is_asked_natively(api_id: str, line: str) -> None:
    assert line in native(api_id, square()).source.splitlines()


@pytest.mark.parametrize(
    ("api_id", "changes", "line"),
    [
        (
            "jax.lax.conv_transpose",
            {"output_padding": (0, 0)},
            "y = jax.lax.conv_transpose(x, w, (2, 2), [(1, 1), (1, 1)],"
            " dimension_numbers=('NCHW', 'IOHW', 'NCHW'))",
        ),
        (
            "jax.lax.conv_transpose(transpose_kernel=True)",
            {"output_padding": (0, 0), "padding": "same"},
            "y = jax.lax.conv_transpose(x, w, (2, 2), 'SAME',"
            " dimension_numbers=('NCHW', 'OIHW', 'NCHW'), transpose_kernel=True)",
        ),
        (
            "keras.ops.conv_transpose",
            {"padding": "same"},
            "y = keras.ops.conv_transpose(x, w, strides=2, padding='same', output_padding=1)",
        ),
        (
            "keras.layers.ConvTranspose",
            {"padding": "valid", "bias": np.ones(3, np.float32)},
            "layer = keras.layers.Conv2DTranspose(3, (3, 3), strides=2, output_padding=1)",
        ),
        (
            "mxnet.npx.deconvolution(target_shape)",
            {"padding": "same", "output_padding": (0, 0)},
            "y = mx.npx.deconvolution(x, w, kernel=(3, 3), stride=(2, 2), target_shape=(8, 8),"
            " num_filter=3, no_bias=True)",
        ),
        (
            "torch.nn.functional.conv_transpose(channels_last)",
            {},
            "x = x.contiguous(memory_format=torch.channels_last)",
        ),
        (
            "keras.ops.conv_transpose(channels_first)",
            {"padding": "same"},
            "y = keras.ops.conv_transpose(x, w, strides=2, padding='same', output_padding=1,"
            " data_format='channels_first')",
        ),
        (
            "tf.nn.conv_transpose(channels_first)",
            {"output_padding": (0, 0)},
            "y = tf.nn.conv_transpose(x, w, output_shape=(1, 3, 7, 7), strides=2,"
            " padding=[[0, 0], [0, 0], [1, 1], [1, 1]], data_format='NCHW')",
        ),
        (
            "jax.lax.conv_transpose(channels_last)",
            {"padding": "same", "output_padding": (0, 0)},
            "y = jax.lax.conv_transpose(x, w, (2, 2), 'SAME')",
        ),
        (
            "mxnet.npx.deconvolution(channels_last)",
            {},
            "y = mx.npx.deconvolution(x, w, kernel=(3, 3), stride=(2, 2), pad=(1, 1), adj=(1, 1),"
            " layout='NHWC', num_filter=3, no_bias=True)",
        ),
        (
            "torch.nn.functional.conv_transpose",
            {"groups": 2, "dilation": (1, 2), "bias": np.ones(6, np.float32)},
            "y = torch.nn.functional.conv_transpose2d(x, w, b, stride=2, padding=1,"
            " output_padding=1, groups=2, dilation=(1, 2))",
        ),
    ],
)
def test_other_questions_are_asked_natively(
    api_id: str, changes: dict[str, Any], line: str
) -> None:
    assert line in native(api_id, square(**changes)).source.splitlines()


@pytest.mark.parametrize(
    ("api_id", "changes", "reason"),
    [
        ("jax.lax.conv_transpose", {}, "there is no parameter for output padding"),
        ("keras.layers.ConvTranspose", {}, "padding is 'valid' or 'same', never numbers"),
        ("keras.ops.conv_transpose", {}, "padding is 'valid' or 'same', never numbers"),
        ("torch.nn.ConvTranspose", {"padding": "same"}, "padding takes numbers, not 'same'"),
        (
            "mxnet.npx.deconvolution",
            {"padding": ((1, 0), (1, 1))},
            "padding takes one number per axis, the same at its start and end",
        ),
        (
            "mxnet.npx.deconvolution(target_shape)",
            {},
            "padding takes no numbers, only the size of the output",
        ),
        (
            "mxnet.npx.deconvolution(target_shape)",
            {"padding": "valid"},
            "nobody says the size of an output of which nothing is cropped",
        ),
        (
            "mxnet.npx.deconvolution(target_shape)",
            {"padding": "same"},
            "output padding is part of the size, and has no parameter of its own",
        ),
        (
            "keras.ops.conv_transpose",
            {"padding": "same", "groups": 2},
            "there is no parameter for groups",
        ),
    ],
)
def test_what_cannot_be_said_natively_is_inexpressible(
    api_id: str, changes: dict[str, Any], reason: str
) -> None:
    assert native(api_id, square(**changes)) == Inexpressible(reason)


def native(api_id: str, q: Question) -> Call | Inexpressible:
    framework = next(one for one in FRAMEWORKS.values() if APIS[api_id] in one.apis)
    runtime = Runtime(backend=next(iter(framework.interops)))
    return call_writer.write(framework, runtime, APIS[api_id], q, "native")


# More is cropped than the kernel reaches, at the start only: JAX is to crop its input and pad it.
BEYOND_THE_KERNEL = {
    "padding": ((3, 1), (1, 1)),
    "output_padding": (0, 0),
    "stride": (1, 1),
}
# Of MXNet's target shape the larger half is cropped at the start, and at stride 1 nothing odd.
ODD_AT_BEGIN = {"padding": ((1, 0), (1, 0)), "output_padding": (0, 0)}
ODD_AT_END = {"padding": ((0, 1), (0, 1)), "output_padding": (0, 0)}
ODD_AT_STRIDE_1 = {**ODD_AT_BEGIN, "stride": (1, 1)}

# 39 -> 20 -> 39: an odd length that a convolution of stride 2 came from, on one axis.
SAME_OF_39 = {
    "x": np.ones((1, 2, 20), np.float32),
    "kernel": np.ones((2, 3, 3), np.float32),
    "stride": (2,),
    "padding": ((1, 1),),
    "output_padding": (0,),
    "dilation": (1,),
}

# TensorFlow's own routines, those without oneDNN, take no dilation.
DILATED = {"dilation": (2, 2), "stride": (1, 1), "output_padding": (0, 0)}
DILATED_DOUBLES = {**DILATED, "dtype": "float64"}
# Of whole numbers torch dilates those of 64 bits only.
DILATED_INTS = {**DILATED, "op": "conv", "dtype": "int32"}


@pytest.mark.parametrize(
    ("api_id", "changes", "cost"),
    [
        ("torch.nn.functional.conv_transpose", {}, Cost.ARGUMENTS),
        ("torch.nn.functional.conv_transpose", {"padding": "same"}, Cost.ARGUMENTS),
        ("torch.nn.functional.conv_transpose", {"padding": ((0, 2), (1, 1))}, Cost.CROP),
        ("torch.nn.functional.conv", DILATED_INTS | {"dtype": "int64"}, Cost.ARGUMENTS),
        ("torch.nn.functional.conv", DILATED_INTS, Cost.KERNEL),
        ("tf.nn.conv_transpose", {}, Cost.ARGUMENTS),
        ("tf.nn.conv_transpose(channels_first)", {}, Cost.CROP),
        ("jax.lax.conv_transpose", {}, Cost.KERNEL),
        ("jax.lax.conv_transpose(transpose_kernel=True)", {}, Cost.ARGUMENTS),
        ("jax.lax.conv_transpose(transpose_kernel=True)", {"groups": 2}, Cost.FUNCTION),
        ("jax.lax.conv_transpose(channels_last)", {"groups": 2}, Cost.FUNCTION),
        ("jax.lax.conv_transpose(transpose_kernel=True)", BEYOND_THE_KERNEL, Cost.CROP),
        ("tf.nn.conv_transpose", SAME_OF_39, Cost.ARGUMENTS),
        ("tf.nn.conv_transpose", SAME_OF_39 | {"padding": ((0, 2),)}, Cost.CROP),
        ("tf.nn.conv_transpose", SAME_OF_39 | {"padding": ((2, 2),)}, Cost.CROP),
        ("tf.nn.conv_transpose", SAME_OF_39 | {"output_padding": (2,)}, Cost.CROP),
        ("keras.ops.conv_transpose", {}, Cost.CROP),
        ("keras.ops.conv_transpose", SAME_OF_39, Cost.ARGUMENTS),
        ("keras.ops.conv_transpose", SAME_OF_39 | {"padding": ((0, 1),)}, Cost.ARGUMENTS),
        ("keras.ops.conv_transpose", SAME_OF_39 | {"padding": ((1, 0),)}, Cost.CROP),
        ("keras.ops.conv_transpose", SAME_OF_39 | {"padding": ((2, 2),)}, Cost.CROP),
        ("keras.ops.conv_transpose", {"padding": "valid"} | DILATED, Cost.ARGUMENTS),
        ("keras.ops.conv_transpose", {"padding": "valid"} | DILATED_DOUBLES, Cost.KERNEL),
        ("keras.layers.ConvTranspose", {"padding": "valid"} | DILATED_DOUBLES, Cost.KERNEL),
        ("mxnet.npx.deconvolution", {}, Cost.ARGUMENTS),
        ("mxnet.npx.deconvolution", DILATED | {"stride": (2, 1)}, Cost.ARGUMENTS),
        ("mxnet.npx.deconvolution", DILATED_DOUBLES, Cost.ARGUMENTS),
        ("mxnet.npx.deconvolution", DILATED_DOUBLES | {"stride": (2, 1)}, Cost.KERNEL),
        ("mxnet.npx.deconvolution(target_shape)", ODD_AT_BEGIN, Cost.ARGUMENTS),
        ("mxnet.npx.deconvolution(target_shape)", ODD_AT_END, Cost.CROP),
        ("mxnet.npx.deconvolution(target_shape)", ODD_AT_STRIDE_1, Cost.CROP),
    ],
)
def test_a_recipe_costs_what_it_must(api_id: str, changes: dict[str, Any], cost: Cost) -> None:
    assert recipe(api_id, square(**changes), "onednn-avx512").cost == cost


def recipe(api_id: str, q: Question, runtime_class: str) -> Call:
    framework = next(one for one in FRAMEWORKS.values() if APIS[api_id] in one.apis)
    if framework.name == "mxnet":
        runtime_class = runtime_class.partition("-")[0]
    runtime = Runtime(backend=next(iter(framework.interops)), runtime_class=runtime_class)
    call = call_writer.write(framework, runtime, APIS[api_id], q, "recipe")
    assert isinstance(call, Call)
    return call


VALID = {"padding": "valid"}
GROUPED = {
    "padding": "valid",
    "groups": 2,
    "x": np.ones((1, 4, 4, 4), np.float32),
    "kernel": np.ones((4, 2, 3, 3), np.float32),
    "output_padding": (0, 0),
}


def test_same_with_a_length_is_one_call() -> None:
    call = recipe("tf.nn.conv_transpose", square(**SAME_OF_39), "eigen")
    assert "output_shape=(1, 39, 3), strides=2, padding='SAME')" in call.source


def test_an_output_padding_of_0_crops_half_a_kernel_with_keras() -> None:
    call = recipe("keras.layers.ConvTranspose", square(**SAME_OF_39), "eigen")
    assert call.cost == Cost.CROP  # some versions refuse it
    call = recipe("keras.ops.conv_transpose", square(**SAME_OF_39), "eigen")
    assert "padding='same', output_padding=0)" in call.source


@pytest.mark.parametrize("groups", [1, 4])
def test_jax_takes_groups_in_one_call(groups: int) -> None:
    x, kernel = np.ones((1, 4, 3, 3), np.float32), np.ones((4, 2, 3, 3), np.float32)
    q = square(x=x, kernel=kernel, groups=groups)
    source = recipe("jax.lax.conv_transpose", q, "xla").source
    assert ("jax.lax.conv_general_dilated" in source) == (groups > 1)
    assert "for " not in source


@pytest.mark.parametrize(
    ("api_id", "said"),
    [
        ("torch.nn.ConvTranspose", "output_padding=0"),
        ("torch.nn.functional.conv_transpose", "output_padding=0"),
        ("keras.layers.ConvTranspose", "output_padding=0"),
        ("keras.ops.conv_transpose", "output_padding=0"),
        ("mxnet.npx.deconvolution", "adj=(0, 0)"),
        ("mxnet.nd.Deconvolution", "adj=(0, 0)"),
        ("mxnet.gluon.nn.ConvTranspose", "output_padding=0"),
    ],
)
def test_an_output_padding_of_0_is_handed_over_where_it_was_given(api_id: str, said: str) -> None:
    q = square(padding="valid", output_padding=(0, 0))
    for zero_given in (True, False):
        call = native(api_id, q.but(zero_given=zero_given))
        assert isinstance(call, Call)
        assert (said in call.source) == zero_given


def test_an_api_without_output_padding_has_no_0_for_it() -> None:
    q = square(padding="valid", output_padding=(0, 0), zero_given=True)
    assert native("jax.lax.conv_transpose", q) == Inexpressible(
        "there is no parameter for output padding"
    )


@pytest.mark.parametrize(
    ("api_id", "changes", "costs"),
    [
        ("tf.nn.conv_transpose", VALID | DILATED, (Cost.ARGUMENTS, Cost.ARGUMENTS, Cost.KERNEL)),
        ("tf.nn.conv_transpose", GROUPED, (Cost.ARGUMENTS, Cost.ARGUMENTS, Cost.BLOCKS)),
        (
            "tf.nn.conv_transpose(channels_first)",
            VALID | {"output_padding": (0, 0)},
            (Cost.ARGUMENTS, Cost.ARGUMENTS, Cost.LAYOUT),
        ),
        (
            "keras.ops.conv_transpose",
            VALID | DILATED,
            (Cost.ARGUMENTS, Cost.ARGUMENTS, Cost.KERNEL),
        ),
        (
            "keras.layers.ConvTranspose(channels_first)",
            VALID | {"output_padding": (0, 0)},
            (Cost.ARGUMENTS, Cost.ARGUMENTS, Cost.LAYOUT),
        ),
    ],
)
def test_what_a_recipe_costs_on_tensorflow_depends_on_the_runtime_class(
    api_id: str, changes: dict[str, Any], costs: tuple[Cost, ...]
) -> None:
    classes = ("onednn-avx512", "onednn-avx2", "eigen")
    assert tuple(recipe(api_id, square(**changes), c).cost for c in classes) == costs


def test_in_bfloat16_a_cpu_with_avx2_only_is_as_without_onednn() -> None:
    q = square(**VALID, **DILATED, dtype="bfloat16")
    classes = ("onednn-avx512", "onednn-avx2", "eigen")
    costs = [recipe("tf.nn.conv_transpose", q, c).cost for c in classes]
    assert costs == [Cost.ARGUMENTS, Cost.KERNEL, Cost.KERNEL]


def test_where_the_runtime_class_is_not_known_every_limitation_is_gone_around() -> None:
    framework = FRAMEWORKS["tensorflow"]
    q = square(**VALID, **DILATED)
    call = call_writer.write(framework, ANY, APIS["tf.nn.conv_transpose"], q, "recipe")
    assert isinstance(call, Call)
    assert call.cost == Cost.KERNEL


@pytest.mark.parametrize("op", ["conv", "conv_kernel_gradient", "conv_input_gradient"])
def test_an_empty_batch_is_asked_as_one_of_zeros_where_it_is_answered_wrongly(op: str) -> None:
    arrays = {
        "x": np.ones((0, 2, 4, 4), np.float32),
        "kernel": np.ones((3, 2, 3, 3), np.float32),
        "gradient": None if op == "conv" else np.ones((0, 3, 2, 2), np.float32),
    }
    plain = {"stride": (1, 1), "padding": "valid", "output_padding": (0, 0)}
    call = recipe("tf.nn.convolution", square(op, **arrays, **plain), "onednn-avx512")
    assert ("a batch of zeros in place of none" in call.moves) == (op == "conv")


FLOATS_OF_MXNET = "numbers must be floats of 32 or 64 bits"


@pytest.mark.parametrize(
    ("api_id", "backend", "dtype", "rank", "reason"),
    [
        ("torch.nn.ConvTranspose", None, "int32", 3, "whole numbers need 64 bits"),
        ("keras.ops.conv_transpose", "torch", "int32", 1, "whole numbers need 64 bits"),
        ("tf.nn.conv_transpose", None, "int64", 2, "whole numbers need 32 bits"),
        ("tf.nn.conv_transpose", None, "int32", 3, "whole numbers need one or two spatial axes"),
        ("tf.nn.conv_transpose", None, "complex64", 1, "numbers must be real"),
        ("keras.ops.conv_transpose", "tensorflow", "complex128", 2, "numbers must be real"),
        ("keras.layers.ConvTranspose", "jax", "complex64", 2, "numbers must be real"),
        (
            "keras.layers.ConvTranspose",
            "tensorflow",
            "int32",
            2,
            "a layer initialises whole numbers only where its inputs and outputs are few",
        ),
        ("mxnet.npx.deconvolution", None, "float16", 2, FLOATS_OF_MXNET),
        ("mxnet.gluon.nn.ConvTranspose", None, "int64", 1, FLOATS_OF_MXNET),
        ("mxnet.npx.deconvolution(target_shape)", None, "complex64", 1, FLOATS_OF_MXNET),
    ],
)
def test_a_refusal_of_a_dtype_is_known(
    api_id: str, backend: str | None, dtype: str, rank: int, reason: str
) -> None:
    own = {
        "x": np.ones((1, 2, *(4,) * rank), dtype),
        "kernel": np.ones((2, 3, *(3,) * rank), dtype),
        "padding": "valid",
        **dict.fromkeys(("stride", "dilation"), (1,) * rank),
        "output_padding": (0,) * rank,
    }
    framework = next(one for one in FRAMEWORKS.values() if APIS[api_id] in one.apis)
    runtime = Runtime(backend=backend, runtime_class="eigen")
    call = call_writer.write(framework, runtime, APIS[api_id], square(dtype=dtype, **own), "recipe")
    assert call == Inexpressible(reason)


def test_a_dilated_layer_is_counted_as_it_is_without_onednn_too() -> None:
    q = square(**VALID, **DILATED, op="conv_transpose_parameters")
    call = recipe("keras.layers.ConvTranspose", q, "eigen")
    assert (call.cost, call.moves) == (Cost.ARGUMENTS, ())


def test_a_target_shape_goes_along_with_the_crop_at_the_begin() -> None:
    framework, api_id = FRAMEWORKS["mxnet"], "mxnet.npx.deconvolution(target_shape)"
    call = call_writer.write(framework, ANY, APIS[api_id], square(**ODD_AT_BEGIN), "recipe")
    assert "pad=(1, 1), target_shape=(8, 8)" in call.source


@EVERY_API
def test_a_chain_has_a_recipe(speaker: Speaker) -> None:
    if speaker.api.operator == "conv_transpose":
        back = square("conv", x=np.ones((1, 3, 8, 8), np.float32), kernel=np.ones((2, 3, 3, 3)))
        call = speaker.write(chained(square().x, (square(), back)), "recipe")
        if isinstance(call, Inexpressible):
            # It is a variant, of an API that has a recipe, or it has no such thing.
            assert speaker.api.topics or search.boundary(speaker.api, square(), speaker.runtime)
            return
        compile(call.source, "<call>", "exec")


# What TensorFlow 2.21 gets wrong

ON_TENSORFLOW = pytest.mark.parametrize(
    "speaker",
    [
        speaker
        for speaker in SPEAKERS
        if "tensorflow" in (speaker.name, speaker.backend) and speaker.api.operator == "conv"
    ],
    ids=str,
)


def on_tensorflow(speaker: Speaker, **arguments: Any) -> Call:
    runtime = Runtime(backend=speaker.backend, runtime_class="onednn-avx512")
    q = square("conv", **arguments)
    call = call_writer.write(speaker.framework, runtime, speaker.api, q, "recipe")
    assert isinstance(call, Call)
    return call


@ON_TENSORFLOW
def test_no_empty_batch_is_asked_for_its_convolution_where_that_is_wrong(speaker: Speaker) -> None:
    plain = {"stride": (1, 1), "padding": ((0, 0), (0, 0))}
    for dtype, wrong in (("float32", True), ("bfloat16", True), ("float64", False)):
        stored = np.float64 if dtype == "float64" else np.float32
        arrays = {"x": np.ones((0, 2, 4, 4), stored), "kernel": np.ones((3, 2, 3, 3), stored)}
        written = on_tensorflow(speaker, dtype=dtype, **arrays, **plain)
        assert ("a batch of zeros in place of none" in written.moves) == wrong, dtype


@ON_TENSORFLOW
def test_three_axes_are_asked_without_same_where_that_begins_late(speaker: Speaker) -> None:
    cube = {"padding": "same", "dilation": (1, 1, 1), "output_padding": (0, 0, 0)}
    arrays = {"x": np.ones((1, 1, 6, 3, 3)), "kernel": np.ones((1, 1, 1, 2, 2))}
    for stride, late in (((3, 1, 1), True), ((2, 1, 1), False)):
        written = on_tensorflow(speaker, dtype="float64", stride=stride, **arrays, **cube)
        assert ("same" in written.source.lower()) != late, stride


# A person's own words


@pytest.mark.parametrize(
    ("api_id", "lines"),
    [
        (
            "torch.nn.ConvTranspose",
            {
                "beside": "y = layer(x, output_size=(8, 8))",
                "alone": "y = layer(x, output_size=(8, 8))",
            },
        ),
        (
            "tf.nn.conv_transpose",
            {
                "beside": "output_shape=(1, 8, 8, 3), strides=2, padding=[[0, 0], [1, 1], [1, 1],",
                "alone": "output_shape=(1, 8, 8, 3), strides=2, padding='SAME')",
            },
        ),
        (
            "mxnet.npx.deconvolution",
            {
                "beside": "stride=(2, 2), pad=(1, 1), target_shape=(8, 8), num_filter=3",
                "alone": "stride=(2, 2), target_shape=(8, 8), num_filter=3",
            },
        ),
        (
            "mxnet.npx.deconvolution(target_shape)",
            {"alone": "stride=(2, 2), target_shape=(8, 8), num_filter=3"},
        ),
    ],
)
def test_a_length_is_passed_in_the_word_of_the_api(api_id: str, lines: dict[str, str]) -> None:
    padding = {"beside": ((1, 1), (1, 1)), "alone": None}
    for beside, line in lines.items():
        q = square(length=OutputLength(space=(8, 8), padding=padding[beside]))
        assert line in native(api_id, q).source


@pytest.mark.parametrize(
    "api_id",
    [
        "torch.nn.functional.conv_transpose", "keras.layers.ConvTranspose",
        "jax.lax.conv_transpose", "mxnet.gluon.nn.ConvTranspose",
    ],
)  # fmt: skip
def test_an_api_without_such_a_word_has_only_a_recipe(api_id: str) -> None:
    q = square(length=OutputLength(space=(8, 8), padding=((1, 1), (1, 1))))
    assert native(api_id, q) == Inexpressible("there is no parameter for the length of the output")


def test_tensorflow_has_no_output_padding_beside_the_shape() -> None:
    length = OutputLength(space=(8, 8), output_padding=(1, 1))
    assert native("tf.nn.conv_transpose", square(length=length)) == Inexpressible(
        "output padding is part of the output's shape"
    )


def test_tensorflow_is_told_the_shape_of_one_example() -> None:
    call = native("tf.nn.conv_transpose", square(unbatched=True))
    assert "output_shape=(8, 8, 3)" in call.source


@EVERY_API
def test_circular_padding_is_passed_only_where_there_is_one(speaker: Speaker) -> None:
    if speaker.api.operator == "conv_transpose" and not speaker.api.takes_circular:
        call = speaker.write(square(padding="circular", output_padding=(0, 0)), "native")
        assert isinstance(call, Inexpressible)
