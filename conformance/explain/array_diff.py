"""Draw arrays as lines of text, and mark the numbers in which two of them differ."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

import numpy as np
from rich.text import Text

from conformance.question import Array

SMALL = 100
"""The most elements of an array that is drawn."""
FIRST = 6
"""The most differences that are listed where an array is not drawn."""
GAP = "   |   "
MARK = "*"


def compared(
    answer: Array,
    oracle: Array,
    same: Array | None,
    width: int,
    heads: tuple[str, str] = ("answer", "oracle"),
) -> Iterator[Text]:
    """Yield lines that show two arrays side by side, or the first numbers in which they differ.

    Yields a line, without spaces at its end.

    Parameters
    ----------
    same : array of bool or None
        Where they agree, in their shape; None where their shapes differ.
    """
    titles = (f"{heads[0]} {answer.shape}", f"{heads[1]} {oracle.shape}")
    if max(answer.size, oracle.size) <= SMALL:
        wrong = None if same is None else ~same
        left = [Text(titles[0]), *_draw(answer, wrong, "bold red")]
        right = [Text(titles[1]), *_draw(oracle, wrong, "green")]
        left_width, right_width = (
            max(len(line.plain) for line in lines) for lines in (left, right)
        )
        if left_width + len(GAP) + right_width <= width:
            yield from _beside(left, right, left_width)
            if wrong is not None and wrong.any():
                yield Text(f"{wrong.sum()} of {wrong.size} numbers differ ({MARK})")
            return
    if same is None:
        yield Text(f"{titles[0]}, {titles[1]}")
    else:
        yield from _list(answer, oracle, same, heads)


def alone(array: Array, width: int) -> Iterator[Text]:
    """Yield lines that show one array, or only the size and the shape of a large one.

    Yields a line, without spaces at its end.
    """
    lines = _draw(array, None, "") if array.size <= SMALL else []
    if lines and max(len(line.plain) for line in lines) <= width:
        yield from lines
    else:
        yield Text(f"{array.size} numbers of shape {array.shape}")


def _draw(array: Array, wrong: Array | None, style: str) -> list[Text]:
    """Draw an array as planes of its last two axes, several planes each under its index."""
    if not array.size:
        return []
    planes = array.reshape(-1, *(1, 1, *array.shape)[-2:])
    marks = np.zeros(planes.shape, bool) if wrong is None else wrong.reshape(planes.shape)
    cells = [[[_number(n) for n in row] for row in plane] for plane in planes]
    widest = max(len(cell) for plane in cells for row in plane for cell in row)
    has_marks = bool(marks.any())
    lines = []
    for index, plane, differs in zip(np.ndindex(array.shape[:-2]), cells, marks, strict=True):
        if len(planes) > 1:
            lines.append(Text(f"{list(map(int, index))}", style="dim"))
        lines += [
            _row(row, wrongs, widest, style, has_marks)
            for row, wrongs in zip(plane, differs, strict=True)
        ]
    return lines


def _row(row: Sequence[str], wrong: Array, widest: int, style: str, has_marks: bool) -> Text:
    line = Text()
    for place, (number, differs) in enumerate(zip(row, wrong, strict=True)):
        sign = MARK if differs else " " if has_marks else ""
        line.append(" " * (widest - len(number) + (place > 0)))
        line.append(number + sign, style=style if differs else "")
    line.rstrip()
    return line


def _beside(left: Sequence[Text], right: Sequence[Text], left_width: int) -> Iterator[Text]:
    for left_line, right_line in zip_longest(left, right, fillvalue=Text()):
        line = left_line.copy()
        line.append(" " * (left_width - len(line.plain)))
        line.append(GAP, style="dim")
        line.append_text(right_line)
        line.rstrip()
        yield line


def _list(answer: Array, oracle: Array, same: Array, heads: tuple[str, str]) -> Iterator[Text]:
    """Yield the first differences, one a line."""
    differences = np.argwhere(~np.atleast_1d(same))
    answer, oracle = np.atleast_1d(answer), np.atleast_1d(oracle)
    yield Text(f"{len(differences)} of {answer.size} numbers of shape {answer.shape} differ:")
    rows = [("at", *heads)]
    for index in map(tuple, differences[:FIRST].tolist()):
        rows.append((str(list(index)), _number(answer[index]), _number(oracle[index])))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for place, *numbers in rows:
        columns = (f"{n:>{width}}" for n, width in zip(numbers, widths[1:], strict=True))
        yield Text("  ".join(("", f"{place:<{widths[0]}}", *columns)))
    if len(differences) > FIRST:
        yield Text(f"  and {len(differences) - FIRST} more")


def _number(value: object) -> str:
    """Return a number with all of its digits."""
    return f"{value:.9g}" if isinstance(value, float | np.floating) else str(value)
