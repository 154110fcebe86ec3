"""Describe JAX: it pads the zero-inserted input, and reverses the kernel by default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from conformance.adapters import xla
from conformance.adapters.call_source import (
    CallBuilder,
    CallSource,
    Inexpressible,
    keywords,
    listed,
    numbers,
    with_input_padding,
    words,
)
from conformance.adapters.framework import LAYOUT, Api, Framework
from conformance.adapters.interop import Device, TensorInterop
from conformance.adapters.runtime import RuntimeClass
from conformance.question import Question


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    call = call_source.expression if by == "x" else call_source.as_function
    return (f"y, pullback = jax.vjp(lambda {by}: {call}, {by})", "y, = pullback(g)")


def _jvp(call_source: CallSource, names: tuple[str, ...]) -> tuple[str, ...]:
    call = f"lambda {', '.join(names)}: {call_source.as_function}"
    return (f"_, y = jax.jvp({call}, ({listed(names)}), ({listed(names, 't')}))",)


def _double_backward(call_source: CallSource, by: str, names: tuple[str, ...]) -> tuple[str, ...]:
    arguments = ", ".join(names)
    return (
        f"gradients = lambda {by}: jax.vjp("
        f"lambda {arguments}: {call_source.as_function}, {arguments})[1](g)",
        f"y, pullback = jax.vjp(gradients, {by})",
        f"y, = pullback(({listed(names, 't')}))",
    )


# Before version 0.8 it was in `jax.experimental`.
WITH_X64 = (
    "with (jax.enable_x64 if hasattr(jax, 'enable_x64') else jax.experimental.enable_x64)(True):"
)
INTEROP = TensorInterop(
    imports=("import jax", "import jax.numpy as jnp"),
    tensor="jnp.asarray({v})",
    array="np.asarray({v})",
    gradient=_gradient,
    jvp=_jvp,
    double_backward=_double_backward,
    dtype_conversions={
        "bfloat16": ("jnp.asarray({v}, jnp.bfloat16)", "np.asarray({v}, np.float32)")
    },
    dtype_contexts=dict.fromkeys(("float64", "int64", "complex128"), WITH_X64),
    switches=("JAX_DEFAULT_MATMUL_PRECISION", "JAX_ENABLE_X64", "JAX_PLATFORMS"),
    device="jax.devices()[0].platform",
    packages={"jax": "jax.__version__", "jaxlib": "jax.lib.__version__"},
    probes={"x64": "jnp.asarray(np.zeros(1)).dtype == 'float64'"},
    classes=(RuntimeClass(name="xla-x64", probes=("x64",)), RuntimeClass(name="xla")),
)


def _dimensions(q: Question, kernel: str) -> tuple[str, str, str]:
    space = "DHW"[3 - q.rank :] if q.rank <= 3 else "0123456789"[: q.rank]
    return f"NC{space}", f"{kernel}{space}", f"NC{space}"


def without_zeros(q: Question) -> Question:
    """Write padding that is all zeros as ``valid``, as a person would."""
    is_unpadded = not isinstance(q.padding, str) and not any(map(any, q.padding))
    return q.but(padding="valid") if is_unpadded else q


def builder(
    write: CallBuilder, convert: Callable[[Question], Question] = without_zeros
) -> CallBuilder:
    """Return a builder of calls of `jax.lax.conv_transpose`, or of a layer around it.

    Parameters
    ----------
    write
        The builder of a call without output padding and groups, for which there are no parameters.
    convert
        The function that turns padding into that of the call. The words ``same`` and ``circular``
        stay as they are.
    """

    def build(q: Question) -> CallSource | Inexpressible:
        has_word = q.padding == "circular" or (q.padding == "same" and not any(q.output_padding))
        q = q if has_word else convert(q)
        if q.operator == "conv_transpose" and q.has_output_padding:
            return Inexpressible("there is no parameter for output padding")
        if q.operator == "conv_transpose" and q.groups > 1:
            return Inexpressible("there is no parameter for groups")
        return write(q)

    return build


def _transpose(
    q: Question,
    *,
    transpose_kernel: bool = False,
    channels_last: bool = False,
    use_consistent_padding: bool = False,
) -> CallSource:
    # With transpose_kernel=True the letters name the axes of the forward convolution.
    dimensions = _dimensions(q, "OI" if transpose_kernel else "IO")
    arguments = keywords(
        rhs_dilation=None if set(q.dilation) == {1} else q.dilation,
        dimension_numbers=None if channels_last else dimensions,  # channels last are the default
        transpose_kernel=transpose_kernel or None,
        use_consistent_padding=use_consistent_padding or None,
    )
    return CallSource(f"jax.lax.conv_transpose(x, w, {q.stride}, {padding(q)!r}{arguments})")


def padding(q: Question) -> str | list[tuple[int, int]]:
    """Return the padding as JAX and its libraries take it: a word, or a pair for each axis."""
    if isinstance(q.padding, str):
        return q.padding.upper()
    return list(q.padding)


def _with_uneven_padding(q: Question) -> Question:
    """Return the question with an output padding that is less padding at the end."""
    pairs = tuple((b, e - p) for (b, e), p in zip(q.pairs, q.output_padding, strict=True))
    return q.but(padding=pairs, output_padding=(0,) * q.rank)


def _conv(q: Question) -> CallSource:
    arguments = keywords(
        rhs_dilation=None if set(q.dilation) == {1} else q.dilation,
        dimension_numbers=_dimensions(q, "OI"),
        feature_group_count=numbers((q.groups,), 1),
    )
    return CallSource(f"jax.lax.conv_general_dilated(x, w, {q.stride}, {padding(q)!r}{arguments})")


def _grouped(q: Question, *, channels_last: bool = False) -> CallSource:
    """Write a grouped convolution over the zero-inserted input, which equals a transposed one."""
    q = with_input_padding(q)
    dimensions = ("N*C", "*OI", "N*C") if channels_last else ("NC*", "OI*", "NC*")
    arguments = keywords(
        lhs_dilation=q.stride,
        rhs_dilation=None if set(q.dilation) == {1} else q.dilation,
        dimension_numbers=tuple(axes.replace("*", "DHW"[3 - q.rank :]) for axes in dimensions),
        feature_group_count=q.groups,
    )
    ones = (1,) * q.rank
    return CallSource(f"jax.lax.conv_general_dilated(x, w, {ones}, {padding(q)!r}{arguments})")


def _resize(q: Question) -> CallSource:
    shape = (*q.x.shape[:2], *q.output_space)
    return CallSource(f"jax.image.resize(x, {shape}, 'linear')")


CONV_TRANSPOSE = Api(
    id="jax.lax.conv_transpose",
    native=builder(_transpose),
    recipe=builder(_transpose, with_input_padding),
    grouped=_grouped,
    limits=xla.LIMITS,
    reads_kernel_reversed=True,
    takes_bias=False,
    forward="jax.lax.conv_general_dilated",
    parameters=words("lhs=x rhs=kernel strides=stride padding rhs_dilation=dilation"),
)

# The behaviour is probed: 1 + 2^-12 needs more than the ten bits that TF32 keeps of a number.
_TF32 = "(jnp.full((64, 64), 1 + 2**-12) @ jnp.eye(64)).max() == 1"
DEVICES = {
    "cpu": Device(variables={"JAX_PLATFORMS": "cpu"}),
    "cuda": Device(
        variables={"JAX_PLATFORMS": "cuda,cpu", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
        setup=("jax.devices('cuda')",),
        probes={"tf32": _TF32},
        classes=(
            RuntimeClass(name="xla-cuda-tf32-x64", probes=("tf32", "x64")),
            RuntimeClass(name="xla-cuda-tf32", probes=("tf32",)),
            RuntimeClass(name="xla-cuda-x64", probes=("x64",)),
            RuntimeClass(name="xla-cuda"),
        ),
        reported="gpu",
    ),
}
"""The devices; several workers share a GPU, so none takes its memory beforehand.

JAX computes on the first platform; with no other to fall back on it does not say what it misses.
"""

FRAMEWORK = Framework(
    name="jax",
    title="JAX",
    prelude="import jax\nimport jax.numpy as jnp",
    version="jax.__version__",
    interops={None: INTEROP},
    devices=DEVICES,
    compiled={
        "JAX_COMPILATION_CACHE_DIR": "{folder}",
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    },
    together={None: xla.TOGETHER},
    apis=(
        CONV_TRANSPOSE,
        replace(
            CONV_TRANSPOSE,
            id="jax.lax.conv_transpose(transpose_kernel=True)",
            native=builder(partial(_transpose, transpose_kernel=True)),
            recipe=builder(partial(_transpose, transpose_kernel=True), with_input_padding),
            reads_kernel_reversed=False,
        ),
        replace(
            CONV_TRANSPOSE,
            id="jax.lax.conv_transpose(use_consistent_padding=True)",
            versions="jax>=0.9",
            exists="'use_consistent_padding' in jax.lax.conv_transpose.__code__.co_varnames",
            native=builder(partial(_transpose, use_consistent_padding=True), lambda q: q),
            recipe=builder(partial(_transpose, use_consistent_padding=True), _with_uneven_padding),
        ),
        replace(
            CONV_TRANSPOSE,
            id="jax.lax.conv_transpose(channels_last)",
            layout="N *s C",
            kernel_axes="*k in out",
            native=builder(partial(_transpose, channels_last=True)),
            recipe=builder(partial(_transpose, channels_last=True), with_input_padding),
            grouped=partial(_grouped, channels_last=True),
            topics=LAYOUT,
        ),
        Api(
            id="jax.lax.conv_general_dilated",
            operator="conv",
            kernel_axes="out in *k",
            native=builder(_conv),
            limits=xla.LIMITS,
            takes_bias=False,
            parameters=words(
                "lhs=x rhs=kernel window_strides=stride padding rhs_dilation=dilation"
                " feature_group_count=groups"
            ),
        ),
        Api(
            id="jax.image.resize",
            operator="interpolate",
            kernel_axes="out in *k",
            native=_resize,
        ),
    ),
)
