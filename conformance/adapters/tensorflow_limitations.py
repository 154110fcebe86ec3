"""List what TensorFlow refuses or answers wrongly, much of it where oneDNN is off."""

from __future__ import annotations

from conformance.adapters import onednn, onednn_limitations
from conformance.adapters.limitation import (
    NEGATIVE_PADDING,
    OUTPUT_PADDING_BELOW_STRIDE,
    REAL_NUMBERS,
    ZEROS_AROUND,
    Limitation,
    differentiates_infinite_input,
)
from conformance.question import Question

EIGEN = "eigen"
"""The runtime class in which TensorFlow computes with its own routines, without oneDNN."""


def _has_numbers(q: Question) -> bool:
    """Return whether padding is written as numbers, which a person does where some are not 0."""
    return not isinstance(q.padding, str) and any(map(any, q.padding))


EXCHANGED_DILATIONS = Limitation(  # docs/findings.md
    "over three axes a derivative along tangents may exchange the dilations of the last two",
    lambda q: q.wanted == "jvp" and q.rank == 3 and q.dilation[1] != q.dilation[2],
)
BUGS = (
    EXCHANGED_DILATIONS,
    *onednn_limitations.CHANNELS_LAST,
    *onednn_limitations.ZEROS_BESIDE,
    *onednn.where_onednn_computes(
        Limitation(
            "a convolution of an empty batch has the shape of its input in float32 and bfloat16",
            lambda q: onednn_limitations.runs_convolution(q) and q.x.shape[0] == 0,
            is_refusal=False,
        )
    ),
    *onednn.where_onednn_does_not(
        EIGEN,
        Limitation(
            "SAME over three axes begins late at strides beyond the kernel; right needs",
            lambda q: (
                onednn_limitations.runs_convolution(q)
                and (q.rank, q.padding) == (3, "same")
                and any(
                    d * (k - 1) + 3 <= s
                    for k, s, d in zip(q.window, q.stride, q.dilation, strict=True)
                )
            ),
            is_refusal=False,
        ),
    ),
    *onednn.where_onednn_does_not(
        EIGEN,
        Limitation(
            "over three axes several examples multiply an infinite kernel with zeros; right needs",
            lambda q: (
                onednn_limitations.scatters(q)
                and q.rank == 3
                and len(q.x) > 1
                and q.has_infinite_factor
            ),
            is_refusal=False,
        ),
    ),
    *onednn.where_onednn_does_not(
        EIGEN,
        Limitation(
            "over three axes a gradient by the kernel multiplies infinity with zeros; right needs",
            lambda q: q.rank == 3 and differentiates_infinite_input(q),
            is_refusal=False,
        ),
    ),
)
"""The bugs of TensorFlow 2.21 (docs/findings.md), which Keras on it has, too."""
DTYPES = (
    REAL_NUMBERS,
    Limitation("whole numbers need 32 bits", lambda q: q.dtype == "int64"),
    Limitation(
        "whole numbers need one or two spatial axes", lambda q: q.dtype == "int32" and q.rank == 3
    ),
)
SHARED_LIMITS = (
    ZEROS_AROUND,
    *BUGS,
    *DTYPES,
    NEGATIVE_PADDING,
    Limitation(
        "padding takes numbers for two spatial axes only",
        lambda q: _has_numbers(q) and q.rank != 2,
    ),
    Limitation(
        "dilation and groups on the CPU need padding as a word",
        lambda q: _has_numbers(q) and (set(q.dilation) != {1} or q.groups > 1),
    ),
    Limitation(
        "groups on the CPU need one or two spatial axes", lambda q: q.groups > 1 and q.rank == 3
    ),
    *onednn.where_onednn_does_not(
        EIGEN, Limitation("dilation on the CPU needs", lambda q: set(q.dilation) != {1})
    ),
    *onednn.where_onednn_does_not(
        EIGEN, Limitation("groups on the CPU need", lambda q: q.groups > 1)
    ),
)
TRANSPOSE_LIMITS = (
    *SHARED_LIMITS,
    OUTPUT_PADDING_BELOW_STRIDE,
    Limitation(  # 2.21, which uses another routine for these: docs/findings.md
        "padding as numbers sums bfloat16 in bfloat16",
        lambda q: _has_numbers(q) and q.dtype == "bfloat16",
    ),
    Limitation(
        "SAME takes no output longer than the input times the stride",
        lambda q: q.padding == "same" and max(q.output_padding) > 0,
    ),
)
CONVOLUTION_LIMITS = (
    *SHARED_LIMITS,
    Limitation("padding is a word, never numbers", _has_numbers),
    Limitation(
        "stride and dilation are refused together",
        lambda q: set(q.stride) != {1} and set(q.dilation) != {1},
    ),
)


CHANNELS_FIRST_LIMITS = (
    Limitation("channels first on the CPU need padding as a word", _has_numbers),
    *onednn.where_onednn_does_not(
        EIGEN, Limitation("channels first on the CPU need", lambda _: True)
    ),
)
