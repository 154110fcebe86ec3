"""Limit the size of a question by its shapes, before anything is computed from it."""

from collections.abc import Sequence
from math import prod

from conformance.cases.errors import CaseError
from conformance.oracle import geometry
from conformance.question import Question, products

MAX_BYTES = 2**23
"""The largest size of a file."""
MAX_ELEMENTS = 2**22
MAX_WINDOW = 2**12
MAX_PRODUCTS = 2**27
"""Together these keep the slowest question near two seconds, and let the largest layers in."""


def check_size(name: str, shape: Sequence[int], path: Sequence[str] = ()) -> None:
    """Raise ``CaseError`` at ``path`` for an array of more than MAX_ELEMENTS elements."""
    if prod(shape) > MAX_ELEMENTS:
        sentence = f"{name} would have {prod(shape)} elements; at most {MAX_ELEMENTS} are allowed"
        raise CaseError(tuple(path), sentence)


def check_cost(q: Question) -> None:
    """Raise ``CaseError`` for a question whose answer takes too much memory or time."""
    if q.operator == "interpolate":
        check_size("the output", (*q.x.shape[:2], *q.output_space))
        return
    if prod(q.window) > MAX_WINDOW:
        sentence = f"kernel covers {prod(q.window)} elements; at most {MAX_WINDOW} are allowed"
        raise CaseError(("kernel",), sentence)
    channels = max(q.output_channels, q.x.shape[1])
    check_size("the padded array", (len(q.x), channels, *_padded_wide_space(q)))
    if q.has_output and products(q) > MAX_PRODUCTS:
        sentence = f"the answer takes {products(q)} products; at most {MAX_PRODUCTS} are allowed"
        raise CaseError((), sentence)


def _padded_wide_space(q: Question) -> list[int]:
    """Return the lengths of the wide side with all its padding, before anything is cropped."""
    if q.operator == "conv":
        return [
            n + max(begin, 0) + max(end, 0)
            for n, (begin, end) in zip(q.space, q.pairs, strict=True)
        ]
    kernel_size = geometry.effective_kernel_size(q.window, q.dilation)
    return [
        (n - 1) * s + k + max(-begin, 0) + max(-end, 0) + extra
        for n, s, k, (begin, end), extra in zip(
            q.space, q.stride, kernel_size, q.pairs, q.output_padding, strict=True
        )
    ]
