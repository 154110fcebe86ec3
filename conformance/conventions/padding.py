"""Define the axes of padding as numbers."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.conventions.axis import Axis, cropped, extents, is_padded
from conformance.oracle import geometry
from conformance.question import Question


def _has_numbers(q: Question) -> bool:
    return not isinstance(q.padding, str)


PADDING_ORDER = Axis(
    "padding order",
    "Padding",
    "a pair for each axis",
    "Padding numbers are pairs of start and end, one for each axis in order.",
    lambda q: _has_numbers(q) and len(set(q.padding)) > 1,
)
PADDING_ORDER.mistake(
    "reversed", "The padding numbers of the last axis are taken for those of the first."
)(lambda q: cropped(q, q.pairs[::-1]))


@PADDING_ORDER.mistake("read as starts and ends")
def _as_starts_and_ends(q: Question) -> Question | None:
    """The pairs are taken for the starts of all axes and then all ends."""
    numbers = [number for pair in q.pairs for number in pair]
    return cropped(q, zip(numbers[: q.rank], numbers[q.rank :], strict=True))


@PADDING_ORDER.mistake("read as pairs")
def _as_pairs(q: Question) -> Question | None:
    """The starts of all axes and then all ends are taken for pairs."""
    if q.rank == 2:
        return None  # for two axes it equals `_as_starts_and_ends`
    numbers = [number for side in zip(*q.pairs, strict=True) for number in side]
    return cropped(q, zip(numbers[::2], numbers[1::2], strict=True))


PADDING_ORDER.mistake(
    "first for all", "The padding numbers of the first axis are taken for all axes."
)(lambda q: q.but(padding=q.pairs[:1] * q.rank))

PADDING = Axis(
    "padding",
    "Padding",
    "crops the output",
    "Padding is what is cropped off the output.",
    lambda q: _has_numbers(q) and is_padded(q),
)


@PADDING.choice("pads the input")
def _pad_zero_inserted_input(q: Question) -> Question | None:
    """Padding numbers are zeros around the zero-inserted input."""
    if q.operator != "conv_transpose":
        return None
    # The full output needs the kernel size less 1 on each side.
    return cropped(
        q, ((r - 1 - b, r - 1 - e) for r, (b, e) in zip(extents(q), q.pairs, strict=True))
    )


@PADDING.choice("ignored")
def _without_padding(q: Question) -> Question:
    """Padding is ignored."""
    if q.length is None or q.length.fault is None:
        return q.but(padding=((0, 0),) * q.rank)
    # Without the padding that it does not fit, a length alone says how much is cropped.
    full = q.but(padding="valid", length=None).output_space
    totals = (f - n for f, n in zip(full, q.length.space, strict=True))
    return q.but(padding=geometry.even_crop(totals), length=None)


def _strides_and_pairs(q: Question) -> Iterator[tuple[int, tuple[int, int]]]:
    return zip(q.stride, q.pairs, strict=True)


def _can_pad_input(q: Question) -> bool:
    """Return whether the padding numbers can be zeros around the input."""
    return q.operator == "conv_transpose" and min(map(min, q.pairs)) >= 0


@PADDING.mistake("pads the input without its stride")
def _pad_input_and_fit(q: Question) -> Question | None:
    """Padding numbers are zeros around the input, before its stride is applied."""
    # The places stay where the kernel fits. Without a stride it equals `_pad_zero_inserted_input`.
    if not _can_pad_input(q) or all(s == 1 or not any(pair) for s, pair in _strides_and_pairs(q)):
        return None
    ends = zip(extents(q), _strides_and_pairs(q), strict=True)
    return cropped(q, ((r - 1 - b * s, r - 1 - e * s) for r, (s, (b, e)) in ends))


@PADDING.mistake("pads the input and crops nothing")
def _pad_input(q: Question) -> Question | None:
    """Padding numbers are zeros around the input, and all of the output is kept."""
    if not _can_pad_input(q):
        return None
    return cropped(q, ((-b * s, -e * s) for s, (b, e) in _strides_and_pairs(q)))


def _scale_padding(q: Question, times: float) -> Question | None:
    """Multiply the whole padding of each axis, and split it evenly."""
    totals = [int((b + e) * times) for b, e in q.pairs]
    return cropped(q, ((total // 2, total - total // 2) for total in totals))


PADDING.mistake("twice", "Twice the padding is cropped.")(lambda q: _scale_padding(q, 2))
PADDING.mistake("half", "The padding of one end is taken for that of both ends together.")(
    lambda q: _scale_padding(q, 0.5)
)

PADDING_ENDS = Axis(
    "padding ends",
    "Padding",
    "begin, end",
    "Of a pair the first number is for the start.",
    lambda q: _has_numbers(q) and any(b != e for b, e in q.pairs),
    part_of="padding",
)
PADDING_ENDS.choice("end, begin", "Of a pair the first number is for the end.")(
    lambda q: cropped(q, ((e, b) for b, e in q.pairs))
)

PADDING_WITH_STRIDE = Axis(
    "padding with stride",
    "Padding",
    "stride first",
    "The zeros of the stride are put into the input before those that the kernel needs.",
    lambda q: q.operator == "conv_transpose" and max(q.stride) > 1 and max(q.window) > 1,
)


@PADDING_WITH_STRIDE.mistake("padding first")
def _pad_before_stride(q: Question) -> Question | None:
    """The zeros that the kernel needs are put around the input before its stride is applied."""
    margins = zip((r - 1 for r in extents(q)), _strides_and_pairs(q), strict=True)
    return cropped(q, ((m - (m - b) * s, m - (m - e) * s) for m, (s, (b, e)) in margins))


PADDING_WITH_DILATION = Axis(
    "padding with dilation",
    "Padding",
    "of the dilated kernel",
    "The zeros that the kernel needs around the input are counted with its dilation.",
    lambda q: (
        q.operator == "conv_transpose"
        and any(k > 1 and d > 1 for k, d in zip(q.window, q.dilation, strict=True))
    ),
)


@PADDING_WITH_DILATION.mistake("of the undilated kernel")
def _pad_undilated(q: Question) -> Question | None:
    """The zeros that the kernel needs around the input are counted without its dilation."""
    gaps = ((k - 1) * (d - 1) for k, d in zip(q.window, q.dilation, strict=True))
    return cropped(q, ((b + gap, e + gap) for gap, (b, e) in zip(gaps, q.pairs, strict=True)))


AXES = (PADDING_ORDER, PADDING, PADDING_ENDS, PADDING_WITH_STRIDE, PADDING_WITH_DILATION)
