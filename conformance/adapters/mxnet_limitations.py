"""List what MXNet refuses or answers wrongly, much of it by its own routines and not by oneDNN."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters.limitation import PADDING_LIMITS, ZEROS_AROUND, Limitation
from conformance.oracle.geometry import Axes
from conformance.question import Question

ONEDNN, NATIVE = "onednn", "native"
"""The runtime classes: float32 through oneDNN, and all through MXNet's own routines."""


def total_crops(q: Question) -> Axes:
    """Return how many elements of the full output are cropped on each axis."""
    return tuple(b + e - p for (b, e), p in zip(q.pairs, q.output_padding, strict=True))


FLAT_DILATION = Limitation(
    "three spatial axes take no dilation",
    lambda q: q.rank == 3 and set(q.dilation) != {1},
)


def _except_onednn(limitation: Limitation) -> tuple[Limitation, ...]:
    """Return the limitation of MXNet's own routine, which float64 has, and float32 without oneDNN.

    Both uses are of version 1.9.1: docs/findings.md. The reason ends with what is needed instead.
    """
    return (
        replace(
            limitation,
            reason=f"{limitation.reason} float32",
            concerns=lambda q: q.dtype == "float64" and limitation.concerns(q),
            classes=frozenset({ONEDNN}),
        ),
        replace(
            limitation,
            reason=f"{limitation.reason} oneDNN, which is off",
            classes=frozenset({NATIVE}),
        ),
    )


MISPLACED_DILATION = _except_onednn(
    Limitation(
        "stride and dilation together need",
        lambda q: max(q.stride) > 1 and max(q.dilation) > 1,
        is_refusal=False,
    ),
)
FLAT_DOUBLE = _except_onednn(Limitation("three spatial axes need", lambda q: q.rank == 3))
DTYPES = Limitation(
    "numbers must be floats of 32 or 64 bits",
    lambda q: q.dtype not in ("float32", "float64", "bfloat16"),
)
NO_EXAMPLES = Limitation(
    "an empty batch has no gradient by the kernel or by the bias",
    lambda q: q.wanted in ("kernel_gradient", "bias_gradient") and not len(q.x),
)
# Of a group alone, 8 channels are too many without AVX-512, and 16 with it: docs/findings.md.
MANY_TO_ONE = Limitation(
    "from a multiple of 8 channels to one there is no gradient by the input",
    lambda q: (
        q.dtype in ("float32", "bfloat16")  # MXNet gets bfloat16 as float32
        and (q.wanted, q.kernel.shape[1]) == ("input_gradient", 1)
        and q.kernel.shape[0] // q.groups % 8 == 0
    ),
    classes=frozenset({ONEDNN}),
)
# MXNet 1.9.1 refuses nearly all calls, and answers some kernel gradients wrongly.
CHANNELS_LAST = Limitation("channels last are not for the CPU", lambda _: True)
ROUTINES = (DTYPES, NO_EXAMPLES, MANY_TO_ONE, *FLAT_DOUBLE, FLAT_DILATION, *MISPLACED_DILATION)
CONV_LIMITS = (DTYPES, NO_EXAMPLES, *PADDING_LIMITS)
TRANSPOSE_LIMITS = (*PADDING_LIMITS, *ROUTINES)
SIZED_LIMITS = (
    ZEROS_AROUND,
    *ROUTINES,
    # MXNet turns it into an output padding of one, which must be smaller than the stride.
    Limitation(
        "an axis of stride 1 takes no odd number of elements to crop",
        lambda q: any(t % 2 >= s for t, s in zip(total_crops(q), q.stride, strict=True)),
    ),
)
