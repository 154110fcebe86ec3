"""Describe JAX: it pads the zero-inserted input, and reverses the kernel by default."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any

from conformance.adapters.base import (
    LAYOUT,
    ZEROS_AROUND,
    Api,
    Batched,
    CallBuilder,
    CallSource,
    Device,
    Framework,
    Inexpressible,
    Limitation,
    TensorInterop,
    keywords,
    numbers,
)
from conformance.adapters.runtime import RuntimeClass
from conformance.oracle import geometry
from conformance.oracle.geometry import Pairs
from conformance.question import Question


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    return (
        f"y, pullback = jax.vjp(lambda {by}: {call_source.expression}, {by})",
        "y, = pullback(g)",
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


def _with_input_padding(q: Question) -> Question:
    """Return the question with the padding of the zero-inserted input that leaves the same crop.

    A full output needs the effective kernel size less one on each side; a crop reduces that.
    """
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    return q.but(
        padding=tuple(
            (r - 1 - b, r - 1 - e + p)
            for r, (b, e), p in zip(extents, q.pairs, q.output_padding, strict=True)
        ),
        output_padding=(0,) * q.rank,
    )


def _transpose(
    q: Question, *, transpose_kernel: bool = False, channels_last: bool = False
) -> CallSource | Inexpressible:
    if q.has_output_padding:
        return Inexpressible("there is no parameter for output padding")
    if q.groups > 1:
        return Inexpressible("there is no parameter for groups")
    # With transpose_kernel=True the letters name the axes of the forward convolution.
    dimensions = _dimensions(q, "OI" if transpose_kernel else "IO")
    arguments = keywords(
        rhs_dilation=None if set(q.dilation) == {1} else q.dilation,
        dimension_numbers=None if channels_last else dimensions,  # channels last are the default
        transpose_kernel=transpose_kernel or None,
    )
    return CallSource(f"jax.lax.conv_transpose(x, w, {q.stride}, {_padding(q)!r}{arguments})")


def _padding(q: Question) -> str | list[tuple[int, int]]:
    if isinstance(q.padding, str):
        return q.padding.upper()
    return list(q.padding)


def _without_zeros(q: Question) -> Question:
    """Write padding that is all zeros as ``valid``, as a person would."""
    is_unpadded = not isinstance(q.padding, str) and not any(map(any, q.padding))
    return q.but(padding="valid") if is_unpadded else q


def _builder(convert: Callable[[Question], Question], **options: bool) -> CallBuilder:
    return lambda q: _transpose(convert(q), **options)


def _conv(q: Question) -> CallSource:
    q = _without_zeros(q)
    arguments = keywords(
        rhs_dilation=None if set(q.dilation) == {1} else q.dilation,
        dimension_numbers=_dimensions(q, "OI"),
        feature_group_count=numbers((q.groups,), 1),
    )
    return CallSource(f"jax.lax.conv_general_dilated(x, w, {q.stride}, {_padding(q)!r}{arguments})")


def _grouped(q: Question, *, channels_last: bool = False) -> CallSource:
    """Write a grouped convolution over the zero-inserted input, which equals a transposed one."""
    q = _with_input_padding(q)
    dimensions = ("N*C", "*OI", "N*C") if channels_last else ("NC*", "OI*", "NC*")
    arguments = keywords(
        lhs_dilation=q.stride,
        rhs_dilation=None if set(q.dilation) == {1} else q.dilation,
        dimension_numbers=tuple(axes.replace("*", "DHW"[3 - q.rank :]) for axes in dimensions),
        feature_group_count=q.groups,
    )
    ones = (1,) * q.rank
    return CallSource(f"jax.lax.conv_general_dilated(x, w, {ones}, {_padding(q)!r}{arguments})")


def _resize(q: Question) -> CallSource:
    shape = (*q.x.shape[:2], *q.output_space)
    return CallSource(f"jax.image.resize(x, {shape}, 'linear')")


def reads_past_the_end(q: Question) -> bool:
    """Return whether XLA on the CPU (0.10.2) reads behind an array in place of zeros.

    It does over one or two axes if a convolution crops its input at the start and adds as many
    zeros at the end or fewer, and no zeros are inserted into the input: openxla/xla#48713.
    """
    # The input gradient of a convolution inserts zeros, and so do the others of its transpose.
    inserts_zeros = (q.operator == "conv") == (q.wanted == "input_gradient")
    pairs = _with_input_padding(q).pairs if inserts_zeros else _effective_padding(q)
    return (
        q.rank < 3
        and not (inserts_zeros and max(q.stride) > 1)
        and any(b < 0 < e <= -b for b, e in pairs)
    )


def _effective_padding(q: Question) -> Pairs:
    """Return the padding of the convolution, without the part that no place overlaps."""
    if q.operator == "conv_transpose":
        return tuple((b, e - p) for (b, e), p in zip(q.pairs, q.output_padding, strict=True))
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    return tuple(
        (b, e - (n + b + e - r) % s)
        for n, (b, e), r, s in zip(q.space, q.pairs, extents, q.stride, strict=True)
    )


def ends_the_process(q: Question) -> bool:
    """Return whether XLA (0.10.2) fails one of its own checks while it compiles, and aborts.

    It exchanges input and kernel if the kernel has more elements, apart from axes that it treats
    otherwise: axes where both kernel and stride are 2 and nothing is padded, and axes where the
    input is 1 and padded by all of the kernel. It then fails over one of the former. Observed: it
    aborts on all of 210 such questions and on none of 1,638 others.
    """
    if q.operator != "conv_transpose":
        return False
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    has_halved_axis, others = False, []
    for n, k, s, r, pair in zip(
        q.space, q.window, q.stride, extents, _with_input_padding(q).pairs, strict=True
    ):
        if k == s == r == 2 < n and pair == (0, 0):
            has_halved_axis = True
        elif n > 1 or pair != (r - 1, r - 1):
            others.append((n, k))
    return has_halved_axis and prod(k for _, k in others) > prod(n for n, _ in others)


def multiplies_zeros(q: Question) -> bool:
    """Return whether XLA on the CPU (0.10.2) multiplies zeros with an infinite kernel.

    It multiplies those around the data, and over three axes or with a dilation also those that a
    stride inserts.
    """
    is_skipped = q.rank < 3 and set(q.dilation) == {1} and min(q.stride) > 1
    return q.has_infinite_kernel and not q.gathers and not is_skipped


ZEROS_BETWEEN = Limitation(
    "an infinite kernel is multiplied with zeros, which gives NaN",
    multiplies_zeros,
    is_refusal=False,
)
LIMITS = (
    ZEROS_AROUND,
    ZEROS_BETWEEN,
    Limitation(
        "cropped at the start and padded at the end, numbers are uninitialised",
        reads_past_the_end,
        is_refusal=False,
    ),
    Limitation("XLA ends the process while it compiles this", ends_the_process, is_refusal=False),
)


def together(calls: list[tuple[Callable[..., Any], tuple[Any, ...]]]) -> list[Any]:
    """Compile the calls a few dozen to a program, and calls with the same program only once.

    XLA takes long for every program, and longer for every loop in it. This function runs in a
    worker. A call that cannot be traced, and one whose program cannot be compiled, has no answer
    here.
    """
    import os
    import re
    from concurrent.futures import ThreadPoolExecutor
    from importlib import import_module

    jax = import_module("jax")
    calls_per_program = 32
    answers: list[Any] = [None] * len(calls)
    groups: dict[Any, list[int]] = {}
    for number, (call, arguments) in enumerate(calls):
        try:
            text = str(jax.make_jaxpr(call)(*arguments))
        except Exception:  # the error is reported when the call runs alone
            continue
        # The text names constants without their values, and cuts long ones.
        is_complete = not re.search(r"\blambda [^;\s]|\.\.\.", text)
        groups.setdefault(text if is_complete else number, []).append(number)

    def lower(part: list[list[int]]) -> Any:
        first = {numbers[0]: calls[numbers[0]][1] for numbers in part}
        return jax.jit(lambda operands: {n: calls[n][0](*operands[n]) for n in operands}).lower(
            first
        )

    def compile_program(program: Any) -> Any:
        try:
            return program.compile()
        except Exception:
            return None

    call_groups = list(groups.values())
    parts = [
        call_groups[start : start + calls_per_program]
        for start in range(0, len(call_groups), calls_per_program)
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        programs = list(pool.map(compile_program, map(lower, parts)))
    for index, part in enumerate(parts):
        for turn in range(max(map(len, part)) if programs[index] else 0):
            turns = {numbers[0]: numbers[min(turn, len(numbers) - 1)] for numbers in part}
            results = programs[index]({first: calls[number][1] for first, number in turns.items()})
            for first, number in turns.items():
                answers[number] = results[first]
    return answers


CONV_TRANSPOSE = Api(
    id="jax.lax.conv_transpose",
    exists="jax.lax.conv_transpose",
    native=_builder(_without_zeros),
    recipe=_builder(_with_input_padding),
    grouped=_grouped,
    limits=LIMITS,
    reads_kernel_reversed=True,
    takes_bias=False,
    forward="jax.lax.conv_general_dilated",
    parameters={
        "lhs": "x",
        "rhs": "kernel",
        "strides": "stride",
        "padding": "padding",
        "rhs_dilation": "dilation",
    },
)

# The behaviour is probed: 1 + 2^-12 needs more than the ten bits that TF32 keeps of a number.
_TF32 = "(jnp.full((64, 64), 1 + 2**-12) @ jnp.eye(64)).max() == 1"
DEVICES = {
    "cpu": Device(variables={"JAX_PLATFORMS": "cpu"}),
    "cuda": Device(
        variables={"JAX_PLATFORMS": "cuda", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
        setup=("jax.devices()",),
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
"""The devices; several workers share a GPU, so none takes its memory beforehand."""

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
    together=Batched(
        source="from __future__ import annotations\n" + inspect.getsource(together),
        most=128,
        words="together, as jitted programs of up to 32 calls",
    ),
    apis=(
        CONV_TRANSPOSE,
        replace(
            CONV_TRANSPOSE,
            id="jax.lax.conv_transpose(transpose_kernel=True)",
            native=_builder(_without_zeros, transpose_kernel=True),
            recipe=_builder(_with_input_padding, transpose_kernel=True),
            reads_kernel_reversed=False,
        ),
        replace(
            CONV_TRANSPOSE,
            id="jax.lax.conv_transpose(channels_last)",
            layout="N *s C",
            kernel_axes="*k in out",
            native=_builder(_without_zeros, channels_last=True),
            recipe=_builder(_with_input_padding, channels_last=True),
            grouped=partial(_grouped, channels_last=True),
            topics=LAYOUT,
        ),
        Api(
            id="jax.lax.conv_general_dilated",
            operator="conv",
            exists="jax.lax.conv_general_dilated",
            kernel_axes="out in *k",
            native=_conv,
            recipe=_conv,
            limits=LIMITS,
            takes_bias=False,
            parameters={
                "lhs": "x",
                "rhs": "kernel",
                "window_strides": "stride",
                "padding": "padding",
                "rhs_dilation": "dilation",
                "feature_group_count": "groups",
            },
        ),
        Api(
            id="jax.image.resize",
            operator="interpolate",
            exists="jax.image.resize",
            kernel_axes="out in *k",
            native=_resize,
            recipe=_resize,
        ),
    ),
)
