"""Define the axes of padding as a word: `same`, and `valid` where the stride is long."""

from __future__ import annotations

from conformance.conventions.axis import Axis, Change, cropped, extents, is_padded
from conformance.oracle import geometry
from conformance.question import Question

VALID = Axis(
    "valid",
    "Padding",
    "crops nothing",
    "`valid` crops nothing.",
    lambda q: (
        q.operator != "interpolate" and q.padding == "valid" and is_padded(q.but(padding="same"))
    ),
    incidental=True,
)
VALID.choice("taken for same", "`valid` is taken for `same`.")(lambda q: q.but(padding="same"))

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
    """`same` is counted as for a convolution over the input, and dilation is ignored."""
    if q.operator != "conv_transpose":
        return None
    ones = (1,) * q.rank
    pairs = geometry.conv_padding("same", q.space, q.window, q.stride, ones)
    is_same = (pairs, ones) == (q.pairs, q.dilation)
    return None if is_same else q.but(dilation=ones, padding=pairs)


def _half_kernel(q: Question) -> Question | None:
    if q.operator != "conv_transpose":
        return None
    return cropped(q, ((r // 2, r // 2) for r in extents(q)))


SAME_FORMULA.choice(
    "half a kernel", "`same` crops half of the kernel at both ends, whatever the stride."
)(lambda q: None if q.has_output_padding else _half_kernel(q))


@SAME_FORMULA.choice("without the stride")
def _same_without_stride(q: Question) -> Question | None:
    """`same` crops as it would without a stride, which leaves (n - 1) s + 1 elements."""
    if q.operator != "conv_transpose":
        return None
    # All of it is of the end where the stride exceeds the kernel.
    axes = zip(extents(q), q.stride, q.output_padding, strict=True)
    begins = [max(r - 1 - p, 0) // 2 if s <= r else 0 for r, s, p in axes]
    return cropped(q, ((b, r - 1 - b) for b, r in zip(begins, extents(q), strict=True)))


@SAME_FORMULA.choice("undilated at the start")
def _start_without_dilation(q: Question) -> Question | None:
    """At the start `same` counts the kernel without its dilation, and the end has the rest."""
    starts = (start for start, _ in q.but(dilation=(1,) * q.rank).pairs)
    return cropped(q, ((s, b + e - s) for s, (b, e) in zip(starts, q.pairs, strict=True)))


SAME_FORMULA.choice("ignored", "`same` crops nothing.")(lambda q: cropped(q, ((0, 0),) * q.rank))

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


def _keep_length(*, odd_at_start: bool) -> Change:
    """Crop as much more than `same` does as output padding adds, and nothing that is missing."""

    def change(q: Question) -> Question | None:
        if q.operator != "conv_transpose" or not any(q.output_padding):
            return None
        axes = zip(extents(q), q.stride, q.output_padding, strict=True)
        totals = [max(r - s + p, 0) for r, s, p in axes]
        if odd_at_start and not any(total % 2 for total in totals):
            return None
        begins = [(total + odd_at_start) // 2 for total in totals]
        return cropped(q, ((b, total - b) for b, total in zip(begins, totals, strict=True)))

    return change


SAME_OUTPUT_PADDING.choice(
    "within n s", "With output padding `same` still gives n s elements, and crops that much more."
)(_keep_length(odd_at_start=False))
SAME_OUTPUT_PADDING.choice(
    "within n s, odd at the start",
    "With output padding `same` still gives n s elements, and crops an odd element at the start.",
)(_keep_length(odd_at_start=True))


SAME_OUTPUT_PADDING.choice("ignored", "With `same` output padding is ignored.")(
    lambda q: q.but(output_padding=(0,) * q.rank) if any(q.output_padding) else None
)


def _is_sparse(q: Question) -> bool:
    """Return whether a stride of a transposed convolution exceeds the effective kernel size."""
    return q.operator == "conv_transpose" and any(
        s > r for s, r in zip(q.stride, extents(q), strict=True)
    )


SAME_SHORT_KERNEL = Axis(
    "same: short kernel",
    "Padding",
    "zeros at the end",
    "Where the stride exceeds the kernel, `same` appends zeros up to n s elements.",
    lambda q: q.padding == "same" and _is_sparse(q) and not any(q.output_padding),
    part_of="same: formula",
)
SAME_SHORT_KERNEL.choice(
    "nothing added", "Where the stride exceeds the kernel, `same` crops nothing and adds nothing."
)(lambda q: cropped(q, ((b, max(e, 0)) for b, e in q.pairs)))
SAME_SHORT_KERNEL.choice(
    "zeros at both ends",
    "Where the stride exceeds the kernel, `same` adds half of the zeros before the output, and an"
    " odd one too.",
)(lambda q: cropped(q, ((b + min(e, 0) // 2, e - min(e, 0) // 2) for b, e in q.pairs)))


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


AXES = (
    VALID,
    SAME_ODD_ELEMENT,
    SAME_SHORT_KERNEL,
    SAME_OUTPUT_PADDING,
    SAME_FORMULA,
    VALID_LENGTH,
)
