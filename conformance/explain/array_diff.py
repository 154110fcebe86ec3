"""Arrays for the eye: two side by side with the numbers marked that differ, with or without colour.

Everything is lines of text that end where their words end, so that a file of them is as good.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

import numpy as np
from rich.text import Text

from conformance.question import Array

SMALL = 100
"""Numbers that an array may have to be drawn."""
FIRST = 6
"""Differences that are listed where an array is not drawn."""
GAP = "   |   "
MARK = "*"


def compared(got: Array, wanted: Array, same: Array | None, width: int) -> Iterator[Text]:
    """Lines that show an answer beside the oracle's, or the first numbers in which they differ.

    same  where they agree, an array of their shape; None where their shapes differ
    """
    heads = (f"answer {got.shape}", f"oracle {wanted.shape}")
    if max(got.size, wanted.size) <= SMALL:
        wrong = None if same is None else ~same
        left = _drawn(got, wrong, "bold red")
        right = _drawn(wanted, wrong, "green")
        across = max(map(len, (heads[0], *(line.plain for line in left))))
        if across + len(GAP) + max(map(len, (heads[1], *(t.plain for t in right)))) <= width:
            yield from _beside([Text(heads[0]), *left], [Text(heads[1]), *right], across)
            if wrong is not None and wrong.any():
                yield Text(f"{wrong.sum()} of {wrong.size} numbers differ ({MARK})")
            return
    if same is None:
        yield Text(f"{heads[0]}, {heads[1]}")
    else:
        yield from _listed(got, wanted, same)


def alone(array: Array, width: int) -> Iterator[Text]:
    """Lines that show one array, or say of a large one what there is of it."""
    lines = _drawn(array, None, "") if array.size <= SMALL else []
    if lines and max(len(line.plain) for line in lines) <= width:
        yield from lines
    else:
        yield Text(f"{array.size} numbers of shape {array.shape}")


def _drawn(array: Array, wrong: Array | None, style: str) -> list[Text]:
    """The array as planes of its last two axes, each under its place where there are several.

    Of an array that is empty there is nothing to draw.
    """
    if not array.size:
        return []
    planes = array.reshape(-1, *_plane(array.shape))
    marks = np.zeros(planes.shape, bool) if wrong is None else wrong.reshape(planes.shape)
    cells = [[[_number(n) for n in row] for row in plane] for plane in planes]
    widest = max((len(cell) for plane in cells for row in plane for cell in row), default=0)
    marked = bool(marks.any())
    lines = []
    for place, plane, differs in zip(np.ndindex(array.shape[:-2]), cells, marks, strict=True):
        if len(planes) > 1:
            lines.append(Text(f"{list(map(int, place))}", style="dim"))
        lines += [
            _row(row, wrongs, widest, style, marked)
            for row, wrongs in zip(plane, differs, strict=True)
        ]
    return lines


def _row(row: Sequence[str], wrong: Array, widest: int, style: str, marked: bool) -> Text:
    line = Text()
    for place, (number, differs) in enumerate(zip(row, wrong, strict=True)):
        sign = MARK if differs else " " if marked else ""
        line.append(" " * (widest - len(number) + (place > 0)))
        line.append(number + sign, style=style if differs else "")
    line.rstrip()
    return line


def _beside(left: Sequence[Text], right: Sequence[Text], across: int) -> Iterator[Text]:
    for one, other in zip_longest(left, right, fillvalue=Text()):
        line = one.copy()
        line.append(" " * (across - len(one.plain)))
        line.append(GAP, style="dim")
        line.append_text(other)
        line.rstrip()
        yield line


def _listed(got: Array, wanted: Array, same: Array) -> Iterator[Text]:
    """The first differences, one a line."""
    where = np.argwhere(~np.atleast_1d(same))
    got, wanted = np.atleast_1d(got), np.atleast_1d(wanted)
    yield Text(f"{len(where)} of {got.size} numbers of shape {got.shape} differ:")
    rows = [
        (str([int(i) for i in at]), _number(got[tuple(at)]), _number(wanted[tuple(at)]))
        for at in where[:FIRST]
    ]
    rows.insert(0, ("at", "answer", "oracle"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for at, one, other in rows:
        yield Text(f"  {at:<{widths[0]}}  {one:>{widths[1]}}  {other:>{widths[2]}}")
    if len(where) > FIRST:
        yield Text(f"  and {len(where) - FIRST} more")


def _plane(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (1, 1, *shape)[-2:]


def _number(value: object) -> str:
    """A number as a person writes it, with all of its digits."""
    return f"{value:.9g}" if isinstance(value, float | np.floating) else str(value)
