"""Describe the operators ConvTranspose and Conv of ONNX, a format that many programs read.

The arguments mean the same to every reader, so one builder writes the model. A reader is a few
facts (`Reader`) of which `framework` makes an adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from conformance.adapters import runtime
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    keywords,
    output_space,
    words,
)
from conformance.adapters.framework import Api, Framework, convolution_beside
from conformance.adapters.interop import CPU, Device, TensorInterop
from conformance.adapters.limitation import NEGATIVE_PADDING, NO_GRADIENTS, Limitation, boundary
from conformance.adapters.runtime import RuntimeClass
from conformance.oracle.geometry import Axes
from conformance.question import Question

IMPORT = "import onnx.numpy_helper"
"""Imports the package, and the part of it that old releases do not import themselves."""
OPSET, IR_VERSION = 11, 6
"""The versions of the operators and of the format in a model: the first with these operators as
they are, so that old releases of a reader take it, too."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A program that runs models of ONNX.

    Attributes
    ----------
    name, title
        As of a framework.
    module
        The first part of the ids of its APIs.
    imports
        The lines that import it.
    version
        An expression for its version.
    load
        The lines between ``model``, the ``onnx.ModelProto``, and what `run` calls.
    feed
        A line for each input ``{v}`` before `run`.
    argument
        An input ``{v}`` in `run`.
    run
        An expression for the output, a NumPy array, where ``{inputs}`` are the arguments.
    limits
        Its limitations, besides those of the format.
    input_limits
        Those of weights that are inputs, besides.
    suffix
        The end of the ids of another engine of a reader, such as ``(engine=classic)``.
    exists, versions
        An expression that fails where there is no such engine, and the versions that have it, as a
        requirement.
    packages, switches, probes, classes, device
        As of an interop.
    devices, variables, modules, isolated
        As of a framework.
    """

    name: str
    title: str
    module: str
    imports: tuple[str, ...]
    version: str
    load: tuple[str, ...]
    feed: str = ""
    argument: str = "{v}"
    run: str
    limits: tuple[Limitation, ...] = ()
    input_limits: tuple[Limitation, ...] = ()
    suffix: str = ""
    exists: str = ""
    versions: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)
    switches: tuple[str, ...] = ()
    probes: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[RuntimeClass, ...] = runtime.CPU
    device: str = f"'{CPU}'"
    devices: Mapping[str, Device] = field(default_factory=lambda: {CPU: Device()})
    variables: Mapping[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    isolated: bool = False


Arguments = Callable[[Question], Mapping[str, object] | Inexpressible]
"""A function that returns the attributes of a node which say the padding."""


def _pads(q: Question) -> Mapping[str, object] | Inexpressible:
    """Return the numbers: the starts of all axes, and then the ends."""
    if isinstance(q.padding, str) and q.padding != "valid":
        return Inexpressible(f"pads takes numbers, not {q.padding!r}")
    starts, ends = zip(*q.pairs, strict=True)
    return {"pads": _unless((*starts, *ends), 0)}


def _auto_pad(same: str) -> Arguments:
    """Return a function that passes a word on, with the name that ONNX has for ``same``."""
    words = {"same": same, "valid": "VALID"}

    def attributes(q: Question) -> Mapping[str, object] | Inexpressible:
        return {"auto_pad": words[q.padding]} if q.padding in words else _pads(q)

    return attributes


def _output_shape(q: Question) -> Mapping[str, object] | Inexpressible:
    """Return the size of the output, for which the reader chooses the crop, where it is asked.

    Padding that was written beside it is passed on; the format says that it is ignored.
    """
    pads = {} if q.padding == "same" else _pads(q)
    if isinstance(pads, Inexpressible) or (q.length is None and q.padding != "same"):
        return pads
    space = output_space(q)
    return space if isinstance(space, Inexpressible) else {**pads, "output_shape": [*space]}


def _builder(
    reader: Reader,
    padding: Arguments,
    *,
    opset: int = OPSET,
    weights_are_inputs: bool = False,
) -> CallBuilder:
    """Return the builder of a model and of its run."""

    def build(q: Question) -> CallSource | Inexpressible:
        attributes = padding(q)
        if isinstance(attributes, Inexpressible):
            return attributes
        weights = ("w",) if q.bias is None else ("w", "b")
        inputs = ("x", *weights) if weights_are_inputs else ("x",)
        arguments = ", ".join(reader.argument.format(v=name) for name in inputs)
        return CallSource(
            setup=(
                "# Stage: build",
                *_model(q, attributes, opset, inputs, () if weights_are_inputs else weights),
                "# Stage: load",
                *reader.load,
                "# Stage: run",
                *(reader.feed.format(v=name) for name in inputs if reader.feed),
            ),
            expression=reader.run.format(inputs=arguments),
        )

    return build


def _model(
    q: Question,
    padding: Mapping[str, object],
    opset: int,
    inputs: tuple[str, ...],
    constants: tuple[str, ...],
) -> tuple[str, ...]:
    """Return the lines that make ``model``."""
    name = "ConvTranspose" if q.operator == "conv_transpose" else "Conv"
    attributes = keywords(
        kernel_shape=[*q.window],
        strides=_unless(q.stride, 1),
        **padding,
        output_padding=[*q.output_padding] if q.has_output_padding else None,
        dilations=_unless(q.dilation, 1),
        group=None if q.groups == 1 else q.groups,
    )
    names = ", ".join(f'"{name}"' for name in dict.fromkeys((*inputs, *constants)))
    values = [f'value("{v}", dtype({v}), {v}.shape)' for v in inputs]
    arrays = [f'onnx.numpy_helper.from_array({v}, "{v}")' for v in constants]
    return (
        "value = onnx.helper.make_tensor_value_info",
        "dtype = lambda array: onnx.numpy_helper.from_array(array).data_type",
        f'node = onnx.helper.make_node("{name}", [{names}], ["y"]{attributes})',
        f"inputs = [{', '.join(values)}]",
        'outputs = [value("y", dtype(x), [None] * x.ndim)]',
        f"constants = [{', '.join(arrays)}]",
        f'graph = onnx.helper.make_graph([node], "{name}", inputs, outputs, constants)',
        f'opsets = [onnx.helper.make_opsetid("", {opset})]',
        f"model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version={IR_VERSION})",
    )


def _unless(values: Axes, default: int) -> list[int] | None:
    return None if set(values) == {default} else [*values]


LIMITS = (
    NO_GRADIENTS,
    boundary("NumPy has no bfloat16", lambda q: "bfloat16" in q.dtypes.values()),
    boundary(
        "ONNX has it for floating-point numbers only", lambda q: not q.dtype.startswith("float")
    ),
    NEGATIVE_PADDING,
)
"""What the format has not, whoever reads it."""
OUTPUT_PADDING_BELOW_STRIDE_OR_DILATION = Limitation(
    "output padding must be smaller than the stride or the dilation",
    lambda q: any(
        p >= max(s, d) for p, s, d in zip(q.output_padding, q.stride, q.dilation, strict=True)
    ),
)
PARAMETERS = words(
    "X=x W=kernel B=bias strides=stride dilations=dilation group=groups output_padding"
)
SIZE = {"output_shape": "output_size"}
SAME = frozenset({"same"})
"""The topics of a variant that says ``same`` in another way, and nothing else."""


def framework(reader: Reader, *engines: Reader) -> Framework:
    """Return the adapter of a reader, and of its other engines.

    Weights are constants of the model, or inputs. Variants of ConvTranspose say ``same`` as
    SAME_LOWER, as the size of the output, and to the first version of the operator, whose text has
    SAME_UPPER and SAME_LOWER exchanged.
    """
    upper = _auto_pad("SAME_UPPER")
    interop = TensorInterop(
        imports=(IMPORT, *reader.imports),
        tensor="{v}",
        array="{v}",
        gradient=lambda _call_source, _by: (),
        packages={"onnx": "onnx.__version__", **reader.packages},
        switches=reader.switches,
        probes=reader.probes,
        classes=reader.classes,
        device=reader.device,
    )
    constants = _transposed(reader, upper)
    inputs = _transposed(reader, upper, weights_are_inputs=True)
    variants: tuple[tuple[str, CallBuilder, frozenset[str], Mapping[str, str]], ...] = (
        ("(auto_pad=SAME_LOWER)", _builder(reader, _auto_pad("SAME_LOWER")), SAME, {}),
        ("(output_shape)", _builder(reader, _output_shape), SAME | {"shape"}, SIZE),
        ("(opset=10)", _builder(reader, upper, opset=10), SAME, {}),
    )
    transposed = (constants, inputs, *(_transposed(engine, upper) for engine in engines))
    return Framework(
        name=reader.name,
        title=reader.title,
        prelude="\n".join((IMPORT, *reader.imports)),
        version=reader.version,
        interops={None: interop},
        variables=reader.variables,
        devices=reader.devices,
        modules=reader.modules,
        isolated=reader.isolated,
        apis=(
            *transposed,
            *(
                replace(
                    constants,
                    id=constants.id + name,
                    native=native,
                    topics=topics,
                    parameters={**PARAMETERS, **words},
                )
                for name, native, topics, words in variants
            ),
            *map(_convolution, transposed),
        ),
    )


def _transposed(reader: Reader, padding: Arguments, *, weights_are_inputs: bool = False) -> Api:
    suffix = "(weights=inputs)" if weights_are_inputs else reader.suffix
    return Api(
        id=f"{reader.module}.ConvTranspose{suffix}",
        exists=reader.exists or reader.version,
        native=_builder(reader, padding, weights_are_inputs=weights_are_inputs),
        recipe=_builder(reader, _pads, weights_are_inputs=weights_are_inputs),
        limits=(
            *LIMITS,
            OUTPUT_PADDING_BELOW_STRIDE_OR_DILATION,
            *reader.limits,
            *(reader.input_limits if weights_are_inputs else ()),
        ),
        forward=f"{reader.module}.Conv{suffix}",
        parameters=PARAMETERS,
        twin=f"{reader.module}.ConvTranspose" if suffix else None,
        versions=reader.versions,
    )


def _convolution(api: Api) -> Api:
    return convolution_beside(
        replace(api, twin=api.twin and api.twin.replace("ConvTranspose", "Conv")),
        exists=api.existence,
        limits=tuple(x for x in api.limits if x is not OUTPUT_PADDING_BELOW_STRIDE_OR_DILATION),
    )
