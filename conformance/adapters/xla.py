"""Describe XLA's convolution on the CPU: what it answers wrongly, and how calls share a program."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

from conformance.adapters import limitation
from conformance.adapters.call_source import with_input_padding
from conformance.adapters.framework import Batched
from conformance.adapters.limitation import ZEROS_AROUND, Limitation, differentiates_infinite_input
from conformance.oracle import geometry
from conformance.oracle.geometry import Axes, Pairs
from conformance.question import Question, all_finite


def reads_past_the_end(q: Question) -> bool:
    """Return whether XLA on the CPU (0.10.2) reads behind an array in place of zeros.

    It does over one or two axes if a convolution crops its input at the start and adds as many
    zeros at the end or fewer, and no zeros are inserted into the input: openxla/xla#48713.
    """
    # The input gradient of a convolution inserts zeros, and so do the others of its transpose.
    inserts_zeros = (q.operator == "conv") == (q.wanted == "input_gradient")
    pairs = with_input_padding(q).pairs if inserts_zeros else _effective_padding(q)
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
    aborts on all of 210 such questions and on none of 1,638 others. For a gradient by the kernel
    it also convolves the input with the gradient of the output: 21 and 99 of 120 are so.
    """
    if q.operator != "conv_transpose":
        return False
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    return _exchanges_beside_halved_axis(q, q.window, extents) or (
        q.wanted == "kernel_gradient"
        and q.has_output
        and _exchanges_beside_halved_axis(q, q.output_space, q.output_space)
    )


def _exchanges_beside_halved_axis(q: Question, window: Axes, extents: Axes) -> bool:
    has_halved_axis, others = False, []
    for n, k, s, r, pair in zip(
        q.space, window, q.stride, extents, with_input_padding(q).pairs, strict=True
    ):
        if k == s == r == 2 < n and pair == (0, 0):
            has_halved_axis = True
        elif n > 1 or pair != (r - 1, r - 1):
            others.append((n, k))
    return has_halved_axis and prod(k for _, k in others) > prod(n for n, _ in others)


def multiplies_zeros(q: Question) -> bool:
    """Return whether XLA on the CPU (0.10.2) multiplies zeros with an infinite kernel.

    It multiplies those around the data, and over three axes, with a dilation or in groups also
    those that a stride inserts.
    """
    is_skipped = q.rank < 3 and set(q.dilation) == {1} and q.groups == 1 and min(q.stride) > 1
    return not (is_skipped or q.gathers) and q.has_infinite_factor


def _multiplies_zeros_of_gradient(q: Question) -> bool:
    """Return whether a gradient by the kernel may multiply zeros with an infinite number.

    Observed of random questions with one: it does so in 6 of 251, and in groups.
    """
    if q.groups > 1 and q.wanted == "kernel_gradient":
        return not (all_finite(q.x) and all_finite(q.gradient))
    return differentiates_infinite_input(q) and q.operator != "conv"


def _spreads_over_groups(q: Question) -> bool:
    """Return whether an infinite number of one group is multiplied with zeros for the others.

    In numbers of 64 bits XLA on the CPU joins the groups in one kernel. Observed of 81 random
    convolutions in groups with an infinite input: 22 are wrong so, and none of 179 of other dtypes.
    """
    convolved = q.gradient if q.wanted == "input_gradient" else q.x
    return (
        q.groups > 1
        and q.dtype in ("float64", "complex128")
        and q.wanted in ("output", "input_gradient")
        and not all_finite(convolved)
    )


ZEROS_BETWEEN = replace(limitation.ZEROS_BETWEEN, concerns=multiplies_zeros)
ZEROS_OF_GRADIENT = Limitation(
    "a gradient by the kernel may multiply an infinite number with zeros, which gives NaN",
    _multiplies_zeros_of_gradient,
    is_refusal=False,
)
ZEROS_OF_GROUPS = Limitation(
    "an infinite number of one group is multiplied with zeros for the others, which gives NaN",
    _spreads_over_groups,
    is_refusal=False,
)
ENDS_PROCESS = Limitation(
    "XLA ends the process while it compiles this", ends_the_process, is_refusal=False
)
ZEROS = (ZEROS_BETWEEN, ZEROS_OF_GRADIENT, ZEROS_OF_GROUPS)
LIMITS = (
    ZEROS_AROUND,
    *ZEROS,
    Limitation(
        "cropped at the start and padded at the end, numbers are uninitialised",
        reads_past_the_end,
        is_refusal=False,
    ),
    ENDS_PROCESS,
)


def together(  # pragma: no cover  # it runs in a worker that has JAX
    calls: list[tuple[Callable[..., Any], tuple[Any, ...]]],
) -> list[Any]:
    """Compile the calls a few dozen to a program, and calls with the same program only once.

    XLA takes long for every program, and longer for every loop in it. This function runs in a
    worker. A call that cannot be traced, and one whose program cannot be compiled, has no answer
    here.
    """
    import os
    import random
    import re
    from concurrent.futures import ThreadPoolExecutor
    from importlib import import_module

    import numpy as np

    jax = import_module("jax")
    calls_per_program = 32
    answers: list[Any] = [None] * len(calls)
    groups: dict[Any, list[int]] = {}
    for number, (call, arguments) in enumerate(calls):
        try:
            random.seed(0)  # so that layers whose weights are replaced begin with the same ones
            traced = jax.make_jaxpr(call)(*arguments)
            values = [(c.dtype.str, c.shape, c.tobytes()) for c in map(np.asarray, traced.consts)]
        except Exception:  # the error is reported when the call runs alone
            continue
        # The text cuts long constants, and names those of a lambda without their values. Only the
        # outermost lambda has the values above.
        text = str(traced)
        lambdas_with_constants = len(re.findall(r"\blambda [^;\s]", text))
        is_complete = "..." not in text and lambdas_with_constants == bool(values)
        groups.setdefault((text, *values) if is_complete else number, []).append(number)

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


TOGETHER = Batched(
    source="from __future__ import annotations\n" + inspect.getsource(together),
    most=128,
    words="together, as jitted programs of up to 32 calls",
)
