"""Define the axes of padding as a word: `same`, and `valid` where the stride is long."""

from __future__ import annotations

from conformance.conventions.axis import Axis, Choice, cropped, extents, is_padded
from conformance.oracle import geometry
from conformance.question import Question


def odd_at_begin(q: Question) -> Question | None:
    """Crop the odd element at the other end (SAME_LOWER in ONNX)."""
    return cropped(q, ((e, b) if e == b + 1 else (b, e) for b, e in q.pairs))


def _same_of_input(q: Question) -> Question | None:
    if q.operator != "conv_transpose" or q.has_output_padding:
        return None
    ones = (1,) * q.rank
    return cropped(q, geometry.conv_padding("same", q.space, q.window, q.stride, ones))


def _half_kernel(q: Question) -> Question | None:
    if q.operator != "conv_transpose":
        return None
    return cropped(q, ((r // 2, r // 2) for r in extents(q)))


def _half_kernel_centred(q: Question) -> Question | None:
    if q.operator != "conv_transpose":
        return None
    halves = [r // 2 for r in extents(q)]
    begins = [max(2 * h - p, 0) // 2 for h, p in zip(halves, q.output_padding, strict=True)]
    return cropped(q, ((b, 2 * h - b) for b, h in zip(begins, halves, strict=True)))


def _taken_from_length(q: Question) -> Question | None:
    """Crop the output padding twice, which leaves n s less that, as evenly as `same` does."""
    if q.operator != "conv_transpose":
        return None
    axes = zip(extents(q), q.stride, q.output_padding, strict=True)
    totals = [(r - s + p, p) for r, s, p in axes]
    begins = [max(total, 0) // 2 for total, _ in totals]
    return cropped(q, ((b, total + p - b) for b, (total, p) in zip(begins, totals, strict=True)))


def _whole_strides(q: Question) -> Question | None:
    if q.has_output_padding:
        return None
    gaps = tuple(max(s - r, 0) for s, r in zip(q.stride, extents(q), strict=True))
    return q.but(output_padding=gaps)


def _is_sparse(q: Question) -> bool:
    """Return whether a stride of a transposed convolution exceeds the effective kernel size."""
    return q.operator == "conv_transpose" and any(
        s > r for s, r in zip(q.stride, extents(q), strict=True)
    )


AXES: tuple[Axis, ...] = (
    Axis(
        "same: odd element",
        "Padding",
        "cropped at the end",
        "Where `same` crops an odd total, the odd element goes at the end.",
        lambda q: q.padding == "same" and any(b != e for b, e in q.pairs),
        (
            Choice(
                "cropped at the start",
                "Where `same` crops an odd total, the odd element goes at the start.",
                odd_at_begin,
            ),
        ),
        part_of="same: formula",
    ),
    Axis(
        "same: formula",
        "Padding",
        "of the adjoint",
        "`same` gives n s elements and is the adjoint of a SAME convolution.",
        lambda q: q.padding == "same",
        (
            Choice(
                "of the input",
                "`same` is counted as for a convolution over the input, without dilation.",
                _same_of_input,
            ),
            Choice(
                "half a kernel",
                "`same` crops half of the kernel at both ends, whatever the stride.",
                lambda q: None if q.has_output_padding else _half_kernel(q),
            ),
        ),
    ),
    Axis(
        "same: output padding",
        "Output",
        "added to n s",
        "With output padding, 0 too, `same` gives as many elements more than n s.",
        lambda q: q.padding == "same" and q.has_output_padding,
        (
            Choice(
                "half a kernel, centred",
                "With output padding, 0 too, `same` crops half of the kernel twice, less that,"
                " evenly.",
                _half_kernel_centred,
            ),
            Choice(
                "half a kernel",
                "With output padding, 0 too, `same` crops half of the kernel at both ends first.",
                _half_kernel,
            ),
            Choice(
                "taken from n s",
                "With output padding `same` gives as many elements less than n s.",
                _taken_from_length,
            ),
        ),
        part_of="same: formula",
    ),
    Axis(
        "valid: length",
        "Padding",
        "full",
        "Without padding the output has the full length (n - 1) s + d (k - 1) + 1.",
        lambda q: _is_sparse(q) and not is_padded(q),
        (
            Choice(
                "whole strides",
                "Without padding the output has at least n s elements, the last ones zero.",
                _whole_strides,
            ),
        ),
    ),
)
