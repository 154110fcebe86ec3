"""oneDNN, which torch and TensorFlow compute with on a CPU: what it answers, and wrongly.

What each of them does, and with which versions, is told in docs/findings.md.
"""

from __future__ import annotations

from conformance import geometry
from conformance.api import Inexpressible, Limit, output_space
from conformance.geometry import Axes
from conformance.question import Question


def takes(q: Question) -> bool:
    """Whether it has routines for it, which do more than a framework's own, or something else."""
    return q.dtype in ("float32", "bfloat16")


def runs_convolution(q: Question) -> bool:
    """Whether it comes to a convolution: its output, or the gradient of its transpose."""
    return q.op in ("conv", "conv_transpose_input_gradient")


def _leaves_a_part(q: Question) -> bool:
    """The convolution has one input channel, and one place along its strided last axis."""
    forward = q.op == "conv"
    channels = q.x.shape[1] if forward else q.output_channels
    if q.rank == 1 or channels > 1 or not (runs_convolution(q) and takes(q)):
        return False
    places = output_space(q) if forward else q.space
    return (
        not isinstance(places, Inexpressible)
        and places[-1] == 1 < min(q.stride[-1], places[-2])
        and (q.rank == 3 or q.dtype == "bfloat16" or q.x.shape[0] > 1)
    )


def _leaves_its_memory(q: Question) -> bool:
    """The gradient by the kernel, which is made for any other too, breaks the heap or is wrong."""
    if (q.rank, q.padding) != (3, "same") or not (_is_gradient(q) and takes(q)):
        return False
    reach = geometry.reach(q.window, q.dilation)
    longer = [s for n, r, s in zip(_convolved(q), reach, q.stride, strict=False) if r > n]
    return bool(longer) and (q.dtype == "bfloat16" or max(longer) > 1)


def _leaves_all(q: Question) -> bool:
    if (q.dtype, q.wanted) != ("bfloat16", "kernel_gradient"):
        return False
    return any(n < s for n, s in zip(_convolved(q), q.stride, strict=False))


def _is_gradient(q: Question) -> bool:
    return q.wanted in ("input_gradient", "kernel_gradient")


def _convolved(q: Question) -> Axes:
    """The spatial shape of what is convolved, here or where this is undone; () if nothing is."""
    lengths = q.space if q.operator == "conv" else output_space(q)
    return () if isinstance(lengths, Inexpressible) else lengths


SHORT = Limit(
    "a gradient by the kernel may be left unwritten in bfloat16 where the stride is the longer",
    _leaves_all,
)
CHANNELS_LAST = (
    SHORT,
    Limit(
        "of one input channel and one place along the last axis a part may be left unwritten",
        _leaves_a_part,
    ),
    Limit(
        "a gradient of SAME over three axes is wrong where the kernel is longer than the input",
        _leaves_its_memory,
    ),
)
"""What shows where channels are last in memory, and but for the first only there."""
