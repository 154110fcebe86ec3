"""Describe ncnn: a model is a text of numbered parameters, the last axis first, and a file."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import runtime
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    output_space,
    words,
)
from conformance.adapters.framework import Api, convolution_beside, library
from conformance.adapters.interop import TensorInterop
from conformance.adapters.limitation import (
    NEGATIVE_PADDING,
    NO_EMPTY_BATCH,
    NO_GRADIENTS,
    ZEROS_AROUND,
    Limitation,
    boundary,
)
from conformance.adapters.modes import only
from conformance.oracle.geometry import Axes, effective_kernel_size
from conformance.question import Question

MAGIC = 7767517
"""The number with which the text of a model begins."""
SAME_UPPER = -233
"""The padding of which the end loses the odd element of a given size of the output."""
DYNAMIC_WEIGHT = {"conv_transpose": 28, "conv": 19}
"""The parameter by which weights are inputs."""


def _numbers(q: Question) -> str | Inexpressible:
    """Return the parameters of a layer by their numbers in ncnn's list, as an f-string of ``w``."""
    axes: list[tuple[tuple[int, ...], Axes]] = [
        ((1, 11, 21), q.window),
        ((2, 12, 22), q.dilation),
        ((3, 13, 23), q.stride),
    ]
    if q.padding == "same":
        axes.append(((4, 14, 24), (SAME_UPPER,) * q.rank))
    elif isinstance(q.padding, str) and q.padding != "valid":
        return Inexpressible(f"padding has no number for {q.padding!r}")
    else:
        begins, ends = zip(*q.pairs, strict=True)
        axes += [((4, 14, 24), begins), ((15, 16, 17), ends)]
    if q.has_output_padding:
        axes.append(((18, 19, 20), q.output_padding))
    if q.operator == "conv_transpose" and q.padding == "same":
        space = output_space(q)
        if isinstance(space, Inexpressible):
            return space
        axes.append(((25, 26, 27) if q.rank == 3 else (20, 21), space))
    pairs: list[tuple[int, int | str]] = [(0, q.output_channels), (5, int(q.bias is not None))]
    pairs.append((6, "{w.size}"))
    for keys, values in axes:
        pairs += zip(keys, reversed(values), strict=False)
    if q.groups > 1:
        pairs.append((7, q.groups))
    return " ".join(f"{key}={value}" for key, value in pairs)


def _builder(*, dynamic: bool = False) -> CallBuilder:
    """Return the builder of a model and of its run, which takes one image at a time.

    The weights are in a file, after four bytes that say that they are float32, or inputs.
    """

    def build(q: Question) -> CallSource | Inexpressible:
        numbers = _numbers(q)
        if isinstance(numbers, Inexpressible):
            return numbers
        name = "Deconvolution" if q.operator == "conv_transpose" else "Convolution"
        kind = name + ("DepthWise" if q.groups > 1 else "") + ("1D", "", "3D")[q.rank - 1]
        weights = ("w",) if q.bias is None else ("w", "b")
        inputs = ("x", *weights) if dynamic else ("x",)
        flag = f" {DYNAMIC_WEIGHT[q.operator]}=1" if dynamic else ""
        lines = (
            str(MAGIC),
            f"{len(inputs) + 1} {len(inputs) + 1}",
            *(f"Input {name} 0 1 {name}" for name in inputs),
        )
        layer = f"{kind} layer {len(inputs)} 1 {' '.join(inputs)} y {numbers}{flag}"
        content = "" if dynamic else "".join(f" + {name}.tobytes()" for name in weights)
        image = "x" if q.unbatched else "image"
        run = f"run({', '.join((image, *inputs[1:]))})"
        return CallSource(
            setup=(
                "def check(status):",
                "    if status:",
                "        raise ValueError(f'ncnn returns {status}')",
                "# Stage: load",
                "net = ncnn.Net()",
                "net.opt.use_fp16_storage = False  # the default of some processors",
                "net.opt.use_winograd_convolution = False  # it rounds whole numbers",
                f"lines = ({', '.join(map(repr, lines))}, f{layer!r})",
                "check(net.load_param_mem('\\n'.join((*lines, ''))))",
                "with tempfile.NamedTemporaryFile() as file:",
                f"    file.write(bytes(4){content})",
                "    file.flush()",
                "    check(net.load_model(file.name))",
                "# Stage: run",
                "def run(*arrays):",
                "    extractor = net.create_extractor()",
                f"    for name, array in zip({inputs}, arrays):",
                "        array = np.ascontiguousarray(array)  # all that ncnn reads rightly",
                "        extractor.input(name, ncnn.Mat(array).clone())",
                "    status, y = extractor.extract('y')",
                "    check(status)",
                "    return np.array(y)",
            ),
            expression=run if q.unbatched else f"np.stack([{run} for image in x])",
        )

    return build


def _crops_for_same(q: Question) -> bool:
    """Return whether SAME of a convolution leaves places over along one axis, and pads another."""
    if q.operator != "conv" or q.padding != "same":
        return False
    sizes = effective_kernel_size(q.window, q.dilation)
    totals = [r + (n - 1) // s * s - n for n, r, s in zip(q.space, sizes, q.stride, strict=True)]
    return min(totals) < 0 < max(totals)


LIMITS = (
    NO_GRADIENTS,
    only("float32"),
    NO_EMPTY_BATCH,
    Limitation(
        "what is not float32 is not converted",
        lambda q: set(q.dtypes.values()) != {"float32"},
        is_refusal=False,
    ),
    Limitation(
        "padding below 0 is ignored, or reads other memory: docs/findings.md",
        NEGATIVE_PADDING.concerns,
        is_refusal=False,
        corrupts_process=True,
    ),
    Limitation(
        "nothing is added to the end for SAME: docs/findings.md",
        lambda q: q.operator != "conv" and q.padding == "same" and min(map(min, q.pairs)) < 0,
        is_refusal=False,
    ),
    Limitation(
        "SAME of a convolution crops an axis where another is padded: docs/findings.md",
        _crops_for_same,
        is_refusal=False,
        corrupts_process=True,
    ),
    ZEROS_AROUND,
)
DECONVOLUTION = Api(
    id="ncnn.Deconvolution",
    exists="ncnn.Net",
    native=_builder(),
    takes_unbatched=True,
    kernel_axes="out in *k",
    divides_inputs=True,
    limits=LIMITS,
    forward="ncnn.Convolution",
    parameters=words(
        "bottom=x weight_data=kernel bias_data=bias stride dilation pad=padding"
        " output_pad=output_padding group=groups"
    ),
)
DYNAMIC = replace(
    DECONVOLUTION,
    id="ncnn.Deconvolution(dynamic_weight)",
    native=_builder(dynamic=True),
    kernel_axes="in out *k",
    divides_inputs=False,
    limits=(*LIMITS, boundary("three axes have weights in a file", lambda q: q.rank == 3)),
    forward="ncnn.Convolution(dynamic_weight)",
    twin=DECONVOLUTION.id,
)

INTEROP = TensorInterop(
    imports=("import tempfile", "import ncnn"),
    tensor="{v}",
    array="{v}",
    gradient=lambda _call_source, _by: (),
    packages={"ncnn": "ncnn.__version__"},
    classes=runtime.CPU,
)

FRAMEWORK = library(
    "ncnn",
    "ncnn",
    INTEROP,
    apis=(
        DECONVOLUTION,
        DYNAMIC,
        convolution_beside(DECONVOLUTION, LIMITS, exists="ncnn.Net"),
        replace(
            convolution_beside(DYNAMIC, DYNAMIC.limits, exists="ncnn.Net"),
            twin=DECONVOLUTION.forward,
        ),
    ),
)
