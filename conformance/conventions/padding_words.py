"""Define the axes of padding as a word: `same`, and `valid` where the stride is long."""

from __future__ import annotations

from conformance.conventions.axis import Axis, cropped, extents, is_padded
from conformance.oracle import geometry
from conformance.question import Question

SAME_ODD_ELEMENT = Axis(
    "same: odd element",
    "Padding",
    "cropped at the end",
    "Where `same` crops an odd total, the odd element goes at the end.",
    lambda q: q.padding == "same" and any(b != e for b, e in q.pairs),
    part_of="same: formula",
)


@SAME_ODD_ELEMENT.choice("cropped at the start")
def odd_at_begin(q: Question) -> Question | None:
    """Where `same` crops an odd total, the odd element goes at the start."""
    # This is SAME_LOWER of ONNX.
    return cropped(q, ((e, b) if e == b + 1 else (b, e) for b, e in q.pairs))


SAME_FORMULA = Axis(
    "same: formula",
    "Padding",
    "of the adjoint",
    "`same` gives n s elements and is the adjoint of a SAME convolution.",
    lambda q: q.padding == "same",
)


@SAME_FORMULA.choice("of the input")
def _same_of_input(q: Question) -> Question | None:
    """`same` is counted as for a convolution over the input, without dilation."""
    if q.operator != "conv_transpose" or q.has_output_padding:
        return None
    ones = (1,) * q.rank
    return cropped(q, geometry.conv_padding("same", q.space, q.window, q.stride, ones))


def _half_kernel(q: Question) -> Question | None:
    if q.operator != "conv_transpose":
        return None
    return cropped(q, ((r // 2, r // 2) for r in extents(q)))


SAME_FORMULA.choice(
    "half a kernel", "`same` crops half of the kernel at both ends, whatever the stride."
)(lambda q: None if q.has_output_padding else _half_kernel(q))

SAME_OUTPUT_PADDING = Axis(
    "same: output padding",
    "Output",
    "added to n s",
    "With output padding, 0 too, `same` gives as many elements more than n s.",
    lambda q: q.padding == "same" and q.has_output_padding,
    part_of="same: formula",
)


@SAME_OUTPUT_PADDING.choice("half a kernel, centred")
def _half_kernel_centred(q: Question) -> Question | None:
    """With output padding, 0 too, `same` crops half of the kernel twice, less that, evenly."""
    if q.operator != "conv_transpose":
        return None
    halves = [r // 2 for r in extents(q)]
    begins = [max(2 * h - p, 0) // 2 for h, p in zip(halves, q.output_padding, strict=True)]
    return cropped(q, ((b, 2 * h - b) for b, h in zip(begins, halves, strict=True)))


SAME_OUTPUT_PADDING.choice(
    "half a kernel",
    "With output padding, 0 too, `same` crops half of the kernel at both ends first.",
)(_half_kernel)


@SAME_OUTPUT_PADDING.choice("taken from n s")
def _taken_from_length(q: Question) -> Question | None:
    """With output padding `same` gives as many elements less than n s."""
    if q.operator != "conv_transpose":
        return None
    # The output padding is cropped twice, as evenly as `same` crops.
    axes = zip(extents(q), q.stride, q.output_padding, strict=True)
    totals = [(r - s + p, p) for r, s, p in axes]
    begins = [max(total, 0) // 2 for total, _ in totals]
    return cropped(q, ((b, total + p - b) for b, (total, p) in zip(begins, totals, strict=True)))


def _is_sparse(q: Question) -> bool:
    """Return whether a stride of a transposed convolution exceeds the effective kernel size."""
    return q.operator == "conv_transpose" and any(
        s > r for s, r in zip(q.stride, extents(q), strict=True)
    )


VALID_LENGTH = Axis(
    "valid: length",
    "Padding",
    "full",
    "Without padding the output has the full length (n - 1) s + d (k - 1) + 1.",
    lambda q: _is_sparse(q) and not is_padded(q),
)


@VALID_LENGTH.choice("whole strides")
def _whole_strides(q: Question) -> Question | None:
    """Without padding the output has at least n s elements, the last ones zero."""
    if q.has_output_padding:
        return None
    gaps = tuple(max(s - r, 0) for s, r in zip(q.stride, extents(q), strict=True))
    return q.but(output_padding=gaps)


AXES = (SAME_ODD_ELEMENT, SAME_FORMULA, SAME_OUTPUT_PADDING, VALID_LENGTH)
