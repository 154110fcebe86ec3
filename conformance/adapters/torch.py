"""Describe PyTorch's functions and layers, whose terms and kernel layout are the canonical ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.adapters import onednn, onednn_limitations
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    arguments,
    by_operator,
    keywords,
    layer_sizes,
    listed,
    numbers,
    operands,
    symmetric,
    words,
)
from conformance.adapters.framework import LAYOUT, Api, Framework, convolution_beside
from conformance.adapters.interop import Device, TensorInterop, gradient_lines
from conformance.adapters.limitation import NEGATIVE_PADDING, ZEROS_AROUND, Limitation
from conformance.adapters.runtime import RuntimeClass
from conformance.oracle.geometry import Axes
from conformance.question import Question


def _jvp(call_source: CallSource, names: tuple[str, ...]) -> tuple[str, ...]:
    arguments, call = ", ".join(names), call_source.as_function
    tangents = listed(names, "t")
    return (f"_, y = torch.func.jvp(lambda {arguments}: {call}, ({listed(names)}), ({tangents}))",)


def _double_backward(call_source: CallSource, by: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return (
        *(f"{name}.requires_grad_()" for name in dict.fromkeys((*names, by))),
        f"y = {call_source.as_function}",
        f"gradients = torch.autograd.grad(y, ({listed(names)}), g, create_graph=True)",
        f"y, = torch.autograd.grad(gradients, {by}, ({listed(names, 't')}))",
    )


INTEROP = TensorInterop(
    imports=("import torch",),
    tensor="torch.tensor({v})",
    array="{v}.numpy(force=True)",
    gradient=gradient_lines(
        "{by}.requires_grad_()", "y = {y}", "y, = torch.autograd.grad(y, {by}, g)"
    ),
    jvp=_jvp,
    double_backward=_double_backward,
    dtype_conversions={
        "bfloat16": ("torch.tensor({v}).bfloat16()", "{v}.float().numpy(force=True)")
    },
    conjugates_gradients=True,
    unsupported_layouts=("reversed",),  # it has no negative strides
    switches=("ATEN_CPU_CAPABILITY",),
    device="torch.zeros(()).device.type",
    packages={"torch": "torch.__version__"},
    probes={
        onednn.FLOAT32: "torch.backends.mkldnn.is_available() and torch._C._get_mkldnn_enabled()",
        onednn.BFLOAT16: "torch.ops.mkldnn._is_mkldnn_bf16_supported()",
        onednn.FLOAT16: "torch.ops.mkldnn._is_mkldnn_fp16_supported()",
        **onednn.INSTRUCTIONS,
    },
    classes=onednn.classes(without="native"),
)


def _builder(write: Callable[[Question, str], CallSource]) -> CallBuilder:
    """Return the builder of a call from a function of the question and its keyword arguments."""

    def build(q: Question, padding: object) -> CallSource:
        return write(
            q, arguments(q, "stride padding output_padding groups dilation", padding=padding)
        )

    with_numbers = symmetric(lambda q, padding: build(q, numbers(padding, 0)))

    def with_words(q: Question) -> CallSource | Inexpressible:
        takes_word = q.operator == "conv" and isinstance(q.padding, str)
        return build(q, q.padding) if takes_word else with_numbers(q)

    return with_words


@_builder
def _function(q: Question, words: str) -> CallSource:
    name = f"{by_operator(q, 'conv_transpose', 'conv')}{q.rank}d"
    return CallSource(f"torch.nn.functional.{name}({operands(q)}{words})")


def _channels_last(q: Question) -> CallSource | Inexpressible:
    """Write the same call with channels last in memory; they stay the second axis."""
    if q.rank == 1:
        return Inexpressible("there is no memory format for one spatial axis")
    call_source = _function(q)
    if isinstance(call_source, Inexpressible):
        return call_source
    memory = f"torch.channels_last{'_3d' if q.rank == 3 else ''}"
    lines = tuple(f"{v} = {v}.contiguous(memory_format={memory})" for v in ("x", "w"))
    return replace(call_source, setup=lines)


@_builder
def _layer(q: Question, words: str) -> CallSource:
    name = f"{by_operator(q, 'ConvTranspose', 'Conv')}{q.rank}d"
    # Whole numbers have no gradient, which a parameter requires by default.
    kernel, bias_dtype = q.dtypes["kernel"], q.dtype
    learns, bias_learns = (
        keywords(requires_grad=False if dtype.startswith("int") else None)
        for dtype in (kernel, bias_dtype)
    )
    parameters = "{'weight': w}" if q.bias is None else "{'weight': w, 'bias': b}"
    size = None if q.length is None else {"output_size": q.length.space}
    return CallSource(
        setup=(
            f"layer = torch.nn.{name}({layer_sizes(q)}{words}{arguments(q, 'bias')})",
            f"layer.weight = torch.nn.Parameter(w{learns})",
            *(() if q.bias is None else (f"layer.bias = torch.nn.Parameter(b{bias_learns})",)),
        ),
        expression=f"layer(x{keywords(**size or {})})",
        kernel="layer.weight",
        bias="layer.bias",
        function=f"torch.func.functional_call(layer, {parameters}, x{keywords(kwargs=size)})",
        parameters="sum(parameter.numel() for parameter in layer.parameters())",
    )


def _interpolate(q: Question) -> CallSource:
    mode = ("linear", "bilinear", "trilinear")[q.rank - 1]
    factor = tuple(map(float, q.stride))
    return CallSource(
        f"torch.nn.functional.interpolate(x{keywords(scale_factor=factor, mode=mode)})"
    )


def _shortest(q: Question) -> Axes:
    """Return the lengths of the output without an output padding, which may be below 1."""
    full = q.but(padding="valid", output_padding=(0,) * q.rank).output_space
    return tuple(n - begin - end for n, (begin, end) in zip(full, q.pairs, strict=True))


WHOLE_NUMBERS = Limitation("whole numbers need 64 bits", lambda q: q.dtype == "int32")
DILATED_WHOLE_NUMBERS = Limitation(
    "dilation needs int64 or floats", lambda q: q.dtype == "int32" and set(q.dilation) != {1}
)
NO_EXAMPLES = Limitation(
    "a gradient of an empty batch is not differentiated again",
    lambda q: q.wanted.startswith("double_backward") and not len(q.x),
)
SHARED_LIMITS = (
    ZEROS_AROUND,
    *onednn_limitations.ZEROS_BESIDE,
    *onednn_limitations.OF_INSTRUCTIONS,
    onednn_limitations.UNWRITTEN,
    onednn_limitations.LONG_PADDING,
    NEGATIVE_PADDING,
    NO_EXAMPLES,
)
TRANSPOSE_LIMITS = (
    *SHARED_LIMITS,
    Limitation(
        "output padding must be smaller than the stride or the dilation",
        lambda q: any(
            p >= max(s, d) for p, s, d in zip(q.output_padding, q.stride, q.dilation, strict=True)
        ),
    ),
    WHOLE_NUMBERS,
)
CONV_LIMITS = (
    *SHARED_LIMITS,
    Limitation(
        "padding='same' needs stride 1", lambda q: q.padding == "same" and set(q.stride) != {1}
    ),
    DILATED_WHOLE_NUMBERS,
)

CONV_TRANSPOSE = Api(
    id="torch.nn.functional.conv_transpose",
    exists="torch.nn.functional.conv_transpose1d",
    native=_function,
    limits=TRANSPOSE_LIMITS,
    takes_unbatched=True,
    forward="torch.nn.functional.conv",
    parameters=words("input=x weight=kernel bias stride padding dilation groups output_padding"),
)
LAYER = replace(
    CONV_TRANSPOSE,
    id="torch.nn.ConvTranspose",
    native=_layer,
    exists="torch.nn.ConvTranspose1d",
    limits=(
        *TRANSPOSE_LIMITS,
        Limitation(
            "output_size must be less than a stride above its minimum",
            lambda q: (
                q.length is not None
                and any(
                    n - least >= s
                    for n, least, s in zip(q.length.space, _shortest(q), q.stride, strict=True)
                )
            ),
        ),
    ),
    has_parameters=True,
    forward="torch.nn.Conv",
    defaults={"padding": 0},  # a length is that of the output padding beside it
    parameters={**CONV_TRANSPOSE.parameters, "output_size": "output_size"},
)

# The behaviour is probed: 1 + 2^-12 needs more than the ten bits that TF32 keeps of a number.
_FINE = "torch.full((1, 64, 8, 8), 1 + 2**-12), torch.eye(64)[..., None, None]"


def _chosen(device: str) -> tuple[str, ...]:
    """Return the lines that put new tensors on a device, and raise where there is none."""
    return (f"torch.set_default_device({device!r})", "torch.zeros(1).sum()")


DEVICES = {
    "cpu": Device(variables={"CUDA_VISIBLE_DEVICES": ""}),
    "cuda": Device(
        setup=_chosen("cuda"),
        probes={
            "tf32": f"torch.nn.functional.conv2d({_FINE}).max() == 1",
            "cudnn": "torch.backends.cudnn.is_available() and torch.backends.cudnn.enabled",
            "cudnn benchmark": "torch.backends.cudnn.benchmark",
        },
        classes=(
            RuntimeClass(name="cudnn-tf32", probes=("cudnn", "tf32")),
            RuntimeClass(name="cudnn", probes=("cudnn",)),
            RuntimeClass(name="cuda"),
        ),
    ),
    **{
        name: Device(setup=_chosen(name), classes=(RuntimeClass(name=name),))
        for name in ("mps", "xpu")
    },
}

FRAMEWORK = Framework(
    name="torch",
    title="PyTorch",
    prelude="import torch",
    version="torch.__version__",
    interops={None: INTEROP},
    devices=DEVICES,
    apis=(
        CONV_TRANSPOSE,
        replace(
            CONV_TRANSPOSE,
            id="torch.nn.functional.conv_transpose(channels_last)",
            native=_channels_last,
            takes_unbatched=False,
            topics=LAYOUT,
        ),
        LAYER,
        convolution_beside(CONV_TRANSPOSE, CONV_LIMITS, exists="torch.nn.functional.conv1d"),
        convolution_beside(LAYER, CONV_LIMITS, exists="torch.nn.Conv1d"),
        Api(
            id="torch.nn.functional.interpolate",
            operator="interpolate",
            kernel_axes="out in *k",
            native=_interpolate,
        ),
    ),
)
