"""Define the axes of output padding, and of how the padding of an axis is split in two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conformance.conventions.axis import (
    SOME_AXES,
    Axis,
    Change,
    Transformed,
    cropped,
    is_padded,
    mapped,
)
from conformance.conventions.padding_words import odd_at_begin
from conformance.question import Question

OUTPUT_PADDING_ORDER = Axis(
    "output padding order",
    "Output",
    "in order",
    "The output paddings stand in the order of the spatial axes.",
    lambda q: q.output_padding != q.output_padding[::-1],
)
OUTPUT_PADDING_ORDER.mistake("reversed", "The output paddings are read from the last axis.")(
    lambda q: q.but(output_padding=q.output_padding[::-1])
)

OUTPUT_PADDING = Axis(
    "output padding",
    "Output",
    "more at the end",
    "Output padding lengthens the output at its end, by what a crop would have taken.",
    lambda q: q.has_output_padding,
)


@OUTPUT_PADDING.choice("more at the start")
def _extend_begin(q: Question) -> Question | None:
    """Output padding lengthens the output at its start."""
    pairs = zip(q.pairs, q.output_padding, strict=True)
    return cropped(q, ((b - p, e + p) for (b, e), p in pairs))


def _without_output_padding(q: Question) -> Question | None:
    return q.but(output_padding=(0,) * q.rank) if any(q.output_padding) else None


def _extend_by_zeros(*, at_start: bool) -> Change:
    """Put the output padding as zeros beside an output without it."""

    def change(q: Question) -> Transformed | None:
        shorter = _without_output_padding(q)
        if shorter is None or q.answer_space != "output":
            return None
        widths = _widths(q, at_start=at_start)
        return Transformed(shorter, lambda y: np.pad(y, widths), resizes=True)

    return change


def _extend_input(*, at_start: bool) -> Change:
    """Put the output padding as zeros beside the input, before those of the stride are inserted."""

    def change(q: Question) -> Transformed | None:
        extended = zip(q.stride, q.output_padding, strict=True)
        if q.operator != "conv_transpose" or all(s == 1 or p == 0 for s, p in extended):
            return None
        widths = _widths(q, at_start=at_start)
        inside = tuple(
            slice(before, before + n) for n, (before, _) in zip(q.x.shape, widths, strict=True)
        )
        transformed = mapped(q, "x", lambda x: np.pad(x, widths), lambda g: g[inside])
        return transformed._replace(question=transformed.question.but(output_padding=(0,) * q.rank))

    return change


def _widths(q: Question, *, at_start: bool) -> list[tuple[int, int]]:
    """Return the output padding as zeros before and after each axis of an array."""
    return [(0, 0), (0, 0), *((p, 0) if at_start else (0, p) for p in q.output_padding)]


OUTPUT_PADDING.choice(
    "zeros at the end", "Output padding appends zeros, even where a crop took real values."
)(_extend_by_zeros(at_start=False))
OUTPUT_PADDING.choice("ignored", "Output padding is ignored.")(_without_output_padding)
OUTPUT_PADDING.mistake("zeros at the start", "Output padding puts zeros before the output.")(
    _extend_by_zeros(at_start=True)
)
for which, start in (("after", False), ("before", True)):
    OUTPUT_PADDING.mistake(
        f"{which} the input",
        f"Output padding puts zeros {which} the input, before its stride is applied.",
    )(_extend_input(at_start=start))


@OUTPUT_PADDING.mistake("below the stride")
def _clamp(q: Question) -> Question | None:
    """Output padding is cut off below the stride."""
    clamped = tuple(min(p, s - 1) for p, s in zip(q.output_padding, q.stride, strict=True))
    if clamped == q.output_padding or not any(clamped):
        return None  # without any it equals the convention that it is ignored
    return q.but(output_padding=clamped)


PADDING_SPLIT = Axis(
    "padding split",
    "Padding",
    "as it stands",
    "Each end of an axis loses its own padding.",
    lambda q: q.operator != "interpolate" and (is_padded(q) or any(q.output_padding)),
)
EVERY_AXIS = (0, 1, 2)


def _halve(odd_at_start: Sequence[int] = ()) -> Change:
    """Crop half of an axis's whole padding at each end, as a crop around the centre does.

    Of the axes in ``odd_at_start`` the odd element is cropped at the start; of the others it is at
    the end.
    """

    def change(q: Question) -> Question | None:
        totals = [b + e - p for (b, e), p in zip(q.pairs, q.output_padding, strict=True)]
        odd = {axis for axis, total in enumerate(totals) if total % 2}
        if odd_at_start == EVERY_AXIS:
            is_likelier = q.padding == "same" and odd_at_begin(q) is not None
            if not odd or (is_likelier and not any(q.output_padding)):
                return None  # that is the axis of the odd element of `same`
        elif odd_at_start and not odd > set(odd_at_start):
            return None
        starts = [(t + (axis in odd_at_start)) // 2 for axis, t in enumerate(totals)]
        return cropped(q, ((n, b + e - n) for n, (b, e) in zip(starts, q.pairs, strict=True)))

    return change


def _crop_at(*, start: bool) -> Change:
    """Crop the whole padding of each axis at one end."""

    def change(q: Question) -> Question | None:
        axes = zip(q.pairs, q.output_padding, strict=True)
        return cropped(q, ((b + e - p, p) if start else (0, b + e) for (b, e), p in axes))

    return change


PADDING_SPLIT.mistake(
    "halved", "The whole padding of an axis is halved, and the odd element is of the end."
)(_halve())
PADDING_SPLIT.mistake(
    "halved from the end",
    "The whole padding of an axis is halved, and the odd element is of the start.",
)(_halve(EVERY_AXIS))
for end, at_start in (("end", False), ("start", True)):
    PADDING_SPLIT.mistake(
        f"all at the {end}", f"The whole padding of an axis is cropped at its {end}."
    )(_crop_at(start=at_start))
for axes, which in SOME_AXES.items():
    PADDING_SPLIT.mistake(
        f"halved from the end along {which}",
        "The whole padding of an axis is halved, and the odd element is of the start along"
        f" {which}.",
    )(_halve(axes))

AXES = (OUTPUT_PADDING_ORDER, OUTPUT_PADDING, PADDING_SPLIT)
