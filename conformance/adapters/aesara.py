"""Describe Aesara, which goes on from Theano: gradients of convolutions, of reversed kernels."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from conformance.adapters import runtime
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    arguments,
    numbers,
    output_space,
    per_axis,
    words,
)
from conformance.adapters.framework import Api, convolution_beside, library
from conformance.adapters.interop import TensorInterop, gradient_lines
from conformance.adapters.limitation import (
    NOT_FINITE,
    PADDING_LIMITS,
    Limitation,
    boundary,
    of_dtypes,
)
from conformance.question import Question

INTEROP = TensorInterop(
    imports=("import aesara", "import aesara.tensor.nnet.abstract_conv"),
    tensor="aesara.tensor.as_tensor_variable({v})",
    array="{v}.eval()",
    gradient=gradient_lines("y = {y}", "y = aesara.grad(None, {by}, known_grads={{y: g}})"),
    switches=("AESARA_FLAGS",),
    packages={"aesara": "aesara.__version__"},
    probes={runtime.PYTHON: "not aesara.config.cxx"},
    classes=runtime.CPU_OR_PYTHON,
)


def _builder(*, flips: bool) -> CallBuilder:
    """Return the builder of a call; by default the functions reverse the kernel."""

    def build(q: Question) -> CallSource | Inexpressible:
        if isinstance(q.padding, str) and q.padding != "valid":
            return Inexpressible(f"border_mode has no word for {q.padding!r}")
        symmetric = all(begin == end for begin, end in q.pairs)
        begins = tuple(begin for begin, _ in q.pairs)
        options = arguments(
            q,
            "border_mode subsample=stride filter_flip filter_dilation=dilation num_groups=groups",
            border_mode=numbers(begins, 0) if symmetric else q.pairs,
            filter_flip=None if flips else False,
            **per_axis(q),
        )
        module = "aesara.tensor.nnet.abstract_conv"
        if q.operator == "conv":
            return CallSource(f"{module}.conv{q.rank}d(x, w{options})")
        space = output_space(q)
        if isinstance(space, Inexpressible):
            return space
        shape = (len(q.x), q.output_channels, *space)
        return CallSource(f"{module}.conv{q.rank}d_grad_wrt_inputs(x, w, {shape}{options})")

    return build


DIRECT = 10_000
"""The size of the input times that of the kernel up to which SciPy adds up directly.

Observed of random questions: it does so up to 11,520, and not from 37,800 on.
"""


def _is_large(q: Question) -> bool:
    padded = (n + begin + end for n, (begin, end) in zip(q.space, q.pairs, strict=True))
    return prod(padded) * prod(q.window) > DIRECT


LIMITS = (
    replace(
        boundary(
            "SciPy adds up three axes by Fourier transforms",
            lambda q: q.rank == 3 and (q.op != "conv" or _is_large(q)),
        ),
        classes=frozenset({runtime.PYTHON}),
    ),
    boundary("there is no function for one spatial axis", lambda q: q.rank == 1),
    of_dtypes("numbers are float32 or float64", "float32", "float64"),
    Limitation(
        "padding of three axes is the same at both ends",
        lambda q: q.rank == 3 and any(begin != end for begin, end in q.pairs),
    ),
    *PADDING_LIMITS,
    NOT_FINITE,
)
ARGUMENTS = (
    "filters=kernel border_mode=padding subsample=stride filter_dilation=dilation num_groups=groups"
)

CONV_TRANSPOSE = Api(
    id="aesara.tensor.nnet.conv_grad_wrt_inputs",
    exists="aesara.tensor.nnet.abstract_conv.conv2d_grad_wrt_inputs",
    native=_builder(flips=True),
    recipe=_builder(flips=False),
    limits=LIMITS,
    takes_bias=False,
    forward="aesara.tensor.nnet.conv",
    parameters=words(f"output_grad=x {ARGUMENTS}"),
)

FRAMEWORK = library(
    "aesara",
    "Aesara",
    INTEROP,
    apis=(
        CONV_TRANSPOSE,
        replace(
            convolution_beside(CONV_TRANSPOSE, LIMITS, "aesara.tensor.nnet.abstract_conv.conv2d"),
            parameters=words(f"input=x {ARGUMENTS}"),
        ),
    ),
)
