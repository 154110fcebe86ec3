"""Draw questions and conventions as SVG from the oracle's numbers.

A picture of one spatial axis shows where each product lands, what is cropped and what is added. Any
other one shows arrays as grids, in which the elements that differ are marked. Colours are those of
the page that holds the picture, by CSS classes, so that there is one picture for light and dark.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

import numpy as np

from conformance import oracle
from conformance.conventions.axes import PROFILED, Convention
from conformance.conventions.axis import unchanged
from conformance.conventions.interpretations import answer_under
from conformance.oracle import geometry
from conformance.question import Array, Question, answer, is_complex
from conformance.report.picture_examples import EXAMPLES

WIDTH, HEIGHT, GAP = 44, 26, 6
"""The width and the height of a cell, and the space between two arrays."""
LARGEST = 6e4
"""The products in a picture are smaller, so that float16 holds them; a NaN is not."""
LABEL = 96
"""The width of the labels of rows."""


@dataclass(frozen=True)
class Picture:
    """A convention on one small example.

    Attributes
    ----------
    sentence
        What somebody with this choice does.
    arguments
        The arguments of the example, in words.
    svg
        The canonical answer above that of the choice.
    """

    axis: str
    choice: str
    sentence: str
    arguments: str
    svg: str


@cache
def pictures() -> tuple[Picture, ...]:
    """Return a picture of every choice that an API may make and that an example shows."""
    conventions = (Convention(axis, choice) for axis in PROFILED for choice in axis.meanings)
    return tuple(filter(None, map(_picture, conventions)))


def _picture(convention: Convention) -> Picture | None:
    for question in EXAMPLES:
        expected = answer(question)
        actual = answer_under(question, (convention,))
        if actual is not None and not np.array_equal(expected, actual):
            axis, choice = convention.axis, convention.choice
            title = f"{axis.name}: {axis.canonical}, and {choice.name}"
            parts = _both(question, convention, expected, actual)
            return Picture(
                axis.name, choice.name, choice.sentence, arguments(question), _svg(title, parts)
            )
    return None


def arguments(question: Question) -> str:
    """Return the arguments of a question that are not the defaults, in words."""

    def numbers(values: Sequence[int]) -> str:
        return str(values[0]) if len(set(values)) == 1 else " x ".join(map(str, values))

    words = []
    if max(question.stride) > 1:
        words.append(f"stride {numbers(question.stride)}")
    if isinstance(question.padding, str):
        words.append(f"padding '{question.padding}'")
    elif any(map(any, question.padding)):
        pairs = [b if b == e else f"({b}, {e})" for b, e in question.padding]
        words.append(f"padding {' x '.join(dict.fromkeys(map(str, pairs)))}")
    if any(question.output_padding):
        words.append(f"output padding {numbers(question.output_padding)}")
    if max(question.dilation) > 1:
        words.append(f"dilation {numbers(question.dilation)}")
    if question.groups > 1:
        words.append(f"{question.groups} groups")
    if question.bias is not None:
        words.append(f"bias {', '.join(f'{value:g}' for value in question.bias.flat)}")
    if question.dtype != "float32":
        words.append(question.dtype)
    return ", ".join(words) or "no arguments"


Block = tuple[str, "list[str]", int, int]
"""A title, SVG elements, and the width and the height of a part of a picture."""


def _both(
    question: Question, convention: Convention, expected: Array, actual: Array
) -> Iterator[Block]:
    transformed = convention.apply(question)
    assert transformed is not None  # or its answer would not differ
    other = transformed.question
    if has_landings(question) and has_landings(other) and transformed.after is unchanged:
        yield _landings(f"the reference: {convention.axis.canonical}", question)
        yield _landings(f"otherwise: {convention.choice.name}", other)
        return
    yield _grid("input", question.x)
    yield _grid("kernel", question.kernel)
    yield _grid(f"the reference: {convention.axis.canonical}", expected)
    yield _grid(f"otherwise: {convention.choice.name}", actual, expected)


def _largest(array: Array) -> float:
    return float(np.abs(array).max())


def has_landings(question: object) -> bool:
    """Return whether a question is small enough for a picture of where its products land."""
    return (
        isinstance(question, Question)
        and question.op == "conv_transpose"
        and question.padding != "circular"  # whose products land at both ends
        and question.rank == 1
        and question.x.shape[:2] == (1, 1)
        and question.kernel.shape[:2] == (1, 1)
        and question.bias is None
        and not is_complex(question.dtype)
        and 0 < question.x.size <= 8
        and 0 < question.kernel.size <= 6
        and _largest(question.x) * _largest(question.kernel) < LARGEST
        and question.has_output
        and max(question.stride[0], question.dilation[0]) <= 5
        and _columns(question)[1] - _columns(question)[0] <= 24
    )


def landings(question: Question, title: str) -> str:
    """Draw where each product of a question lands.

    ``question`` is a question that `has_landings`.
    """
    return _svg(title, [_landings("", question)])


def _columns(question: Question) -> tuple[int, int]:
    """Return the first position that is drawn and the one after the last; 0 is the full start."""
    ((begin, _),) = question.pairs
    (kernel_size,) = geometry.effective_kernel_size(question.window, question.dilation)
    full = (question.space[0] - 1) * question.stride[0] + kernel_size
    return min(0, begin), max(full, begin + question.output_space[0])


def _landings(title: str, question: Question) -> Block:
    """Draw a row for each input element with its products, and a row of their sums."""
    x, kernel = question.x.ravel(), question.kernel.ravel()
    (stride,), (dilation,) = question.stride, question.dilation
    ((begin, _),) = question.pairs
    first, last = _columns(question)
    end = begin + question.output_space[0]
    sums = dict.fromkeys(range(first, last), 0.0)
    width = _width(np.outer(x, kernel))
    elements = [_text(0, -4, f"kernel {' '.join(map(_number, kernel))}", "label")]
    for row, value in enumerate(x):
        top = row * HEIGHT
        elements.append(_text(0, top + 17, f"{_number(value)} x kernel", "label"))
        for offset, weight in enumerate(kernel):
            position = row * stride + offset * dilation
            sums[position] += float(value * weight)
            kind = "product" if begin <= position < end else "crop"
            elements += _cell(LABEL + (position - first) * width, top, value * weight, kind, width)
    top = len(x) * HEIGHT + GAP
    elements.append(_text(0, top + 17, "output", "label"))
    for position, value in sums.items():
        kind = "output" if begin <= position < end else "crop"
        elements += _cell(LABEL + (position - first) * width, top, value, kind, width)
    return title, elements, LABEL + (last - first) * width, top + HEIGHT


def _grid(title: str, array: Array, expected: Array | None = None) -> Block:
    """Draw an array: its last axis across, all others down; ``expected`` marks what differs."""
    rows = array.reshape(-1, array.shape[-1])
    marks = np.zeros(rows.shape, bool)
    if expected is not None:
        same_shape = expected.shape == array.shape
        marks = (expected != array).reshape(rows.shape) if same_shape else ~marks
    shape = " x ".join(map(str, array.shape))
    label = max(LABEL, 8 * len(shape) + GAP)
    width = _width(array)
    elements = [_text(0, 17, shape, "label")]
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            kind = "differs" if marks[row, column] else "output"
            elements += _cell(label + column * width, row * HEIGHT, value, kind, width)
    return title, elements, label + rows.shape[1] * width, len(rows) * HEIGHT


def coverage(kernel_size: int, stride: int, size: int = 4) -> str:
    """Draw how many products each output element is the sum of, over two axes."""
    ones = np.ones((1, 1, size, size)), np.ones((1, 1, kernel_size, kernel_size))
    counts = oracle.conv_transpose(*ones, stride=stride)[0, 0]
    side = 18
    elements = [
        f'<rect class="cover" style="--n:{value / counts.max():.3g}" x="{column * side}"'
        f' y="{row * side}" width="{side - 1}" height="{side - 1}"/>'
        f'<text class="count" x="{column * side + side / 2 - 0.5:g}" y="{row * side + 13}">'
        f"{value:g}</text>"
        for row, values in enumerate(counts)
        for column, value in enumerate(values)
    ]
    title = f"kernel {kernel_size}, stride {stride}: products in each element of the output"
    length = len(counts) * side
    return _svg(title, [(f"kernel {kernel_size}, stride {stride}", elements, length, length)])


def _cell(left: int, top: int, value: float, kind: str, width: int = WIDTH) -> list[str]:
    return [
        f'<rect class="{kind}" x="{left}" y="{top}" width="{width - 2}" height="{HEIGHT - 2}"/>',
        _text(left + width // 2 - 1, top + 17, _number(value), f"value {kind}"),
    ]


def _text(left: float, top: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{left}" y="{top}">{escape(words)}</text>'


def _width(array: Array) -> int:
    """Return the width of cells that hold the longest number of an array."""
    return max(WIDTH, 9 * max(len(_number(value)) for value in array.flat) + GAP)


def _number(value: float) -> str:
    return f"{int(value)}" if float(value).is_integer() else f"{float(value):g}"


def _svg(title: str, blocks: Iterable[Block]) -> str:
    """Stack blocks, each under its title, as one image."""
    parts, top, width = [], 0, 0
    for heading, elements, block_width, block_height in blocks:
        top += 22
        parts.append(_text(0, top - 6, heading, "heading") if heading else "")
        parts.append(f'<g transform="translate(0 {top + 12})">{"".join(elements)}</g>')
        top += block_height + 22
        width = max(width, block_width, 9 * len(heading))
    label = escape(title, quote=True)
    return (
        f'<svg class="picture" role="img" aria-label="{label}" viewBox="0 0 {width} {top}"'
        f' width="{width}" height="{top}">{"".join(parts)}</svg>'
    )
