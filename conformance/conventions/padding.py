"""Define the axes of padding as numbers."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.conventions.axis import Axis, Choice, cropped, extents, is_padded, mistake
from conformance.question import Question


def _has_numbers(q: Question) -> bool:
    return not isinstance(q.padding, str)


def _as_starts_and_ends(q: Question) -> Question | None:
    numbers = [number for pair in q.pairs for number in pair]
    return cropped(q, zip(numbers[: q.rank], numbers[q.rank :], strict=True))


def _as_pairs(q: Question) -> Question | None:
    if q.rank == 2:
        return None  # for two axes it equals `_as_starts_and_ends`
    numbers = [number for side in zip(*q.pairs, strict=True) for number in side]
    return cropped(q, zip(numbers[::2], numbers[1::2], strict=True))


def _strides_and_pairs(q: Question) -> Iterator[tuple[int, tuple[int, int]]]:
    return zip(q.stride, q.pairs, strict=True)


def _pad_zero_inserted_input(q: Question) -> Question | None:
    """Pad the zero-inserted input, whose full output needs the kernel size less 1 on each side."""
    if q.operator != "conv_transpose":
        return None
    return cropped(
        q, ((r - 1 - b, r - 1 - e) for r, (b, e) in zip(extents(q), q.pairs, strict=True))
    )


def _pad_input_and_fit(q: Question) -> Question | None:
    """Pad the input, and keep the places where the kernel fits into it.

    Without a stride this is the convention that padding numbers are zeros around the input.
    """
    if not _can_pad_input(q) or all(s == 1 or not any(pair) for s, pair in _strides_and_pairs(q)):
        return None
    ends = zip(extents(q), _strides_and_pairs(q), strict=True)
    return cropped(q, ((r - 1 - b * s, r - 1 - e * s) for r, (s, (b, e)) in ends))


def _pad_input(q: Question) -> Question | None:
    if not _can_pad_input(q):
        return None
    return cropped(q, ((-b * s, -e * s) for s, (b, e) in _strides_and_pairs(q)))


def _can_pad_input(q: Question) -> bool:
    """Return whether the padding numbers can be zeros around the input."""
    return q.operator == "conv_transpose" and min(map(min, q.pairs)) >= 0


def _scale_padding(q: Question, times: float) -> Question | None:
    """Multiply the whole padding of each axis, and split it evenly."""
    totals = [int((b + e) * times) for b, e in q.pairs]
    return cropped(q, ((total // 2, total - total // 2) for total in totals))


def _pad_undilated(q: Question) -> Question | None:
    gaps = ((k - 1) * (d - 1) for k, d in zip(q.window, q.dilation, strict=True))
    return cropped(q, ((b + gap, e + gap) for gap, (b, e) in zip(gaps, q.pairs, strict=True)))


def _pad_before_stride(q: Question) -> Question | None:
    """Pad the input by what the kernel needs before the zeros of the stride are inserted."""
    margins = zip((r - 1 for r in extents(q)), _strides_and_pairs(q), strict=True)
    return cropped(q, ((m - (m - b) * s, m - (m - e) * s) for m, (s, (b, e)) in margins))


AXES: tuple[Axis, ...] = (
    Axis(
        "padding order",
        "Padding",
        "a pair for each axis",
        "Padding numbers are pairs of start and end, one for each axis in order.",
        lambda q: _has_numbers(q) and len(set(q.padding)) > 1,
        (
            mistake(
                "reversed",
                "The padding numbers of the last axis are taken for those of the first.",
                lambda q: cropped(q, q.pairs[::-1]),
            ),
            mistake(
                "read as starts and ends",
                "The pairs are taken for the starts of all axes and then all ends.",
                _as_starts_and_ends,
            ),
            mistake(
                "read as pairs",
                "The starts of all axes and then all ends are taken for pairs.",
                _as_pairs,
            ),
            mistake(
                "first for all",
                "The padding numbers of the first axis are taken for all axes.",
                lambda q: q.but(padding=q.pairs[:1] * q.rank),
            ),
        ),
    ),
    Axis(
        "padding",
        "Padding",
        "crops the output",
        "Padding is what is cropped off the output.",
        lambda q: _has_numbers(q) and is_padded(q),
        (
            Choice(
                "pads the input",
                "Padding numbers are zeros around the zero-inserted input.",
                _pad_zero_inserted_input,
            ),
            Choice("ignored", "Padding is ignored.", lambda q: q.but(padding=((0, 0),) * q.rank)),
            mistake(
                "pads the input without its stride",
                "Padding numbers are zeros around the input, before its stride is applied.",
                _pad_input_and_fit,
            ),
            mistake(
                "pads the input and crops nothing",
                "Padding numbers are zeros around the input, and all of the output is kept.",
                _pad_input,
            ),
            mistake(
                "twice",
                "Twice the padding is cropped.",
                lambda q: _scale_padding(q, 2),
            ),
            mistake(
                "half",
                "The padding of one end is taken for that of both ends together.",
                lambda q: _scale_padding(q, 0.5),
            ),
        ),
    ),
    Axis(
        "padding ends",
        "Padding",
        "begin, end",
        "Of a pair the first number is for the start.",
        lambda q: _has_numbers(q) and any(b != e for b, e in q.pairs),
        (
            Choice(
                "end, begin",
                "Of a pair the first number is for the end.",
                lambda q: cropped(q, ((e, b) for b, e in q.pairs)),
            ),
        ),
        part_of="padding",
    ),
    Axis(
        "padding with stride",
        "Padding",
        "stride first",
        "The zeros of the stride are put into the input before those that the kernel needs.",
        lambda q: q.operator == "conv_transpose" and max(q.stride) > 1 and max(q.window) > 1,
        (
            mistake(
                "padding first",
                "The zeros that the kernel needs are put around the input before its stride is"
                " applied.",
                _pad_before_stride,
            ),
        ),
    ),
    Axis(
        "padding with dilation",
        "Padding",
        "of the dilated kernel",
        "The zeros that the kernel needs around the input are counted with its dilation.",
        lambda q: (
            q.operator == "conv_transpose"
            and any(k > 1 and d > 1 for k, d in zip(q.window, q.dilation, strict=True))
        ),
        (
            mistake(
                "of the undilated kernel",
                "The zeros that the kernel needs around the input are counted without its"
                " dilation.",
                _pad_undilated,
            ),
        ),
    ),
)
