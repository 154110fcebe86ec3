"""How large a question may be: judged from shapes alone, before anything is computed from it."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from conformance.cases.errors import Refused
from conformance.oracle import geometry
from conformance.question import Question

MAX_BYTES = 2**23
"""Of a file."""
MAX_ELEMENTS = 2**22
MAX_WINDOW = 2**12
MAX_PRODUCTS = 2**27
"""Together these keep the slowest question near two seconds, and let the largest layers in."""


def limited(name: str, shape: Sequence[int], path: Sequence[str] = ()) -> None:
    """Raises ``Refused`` when an array of that shape has more than MAX_ELEMENTS elements."""
    if prod(shape) > MAX_ELEMENTS:
        sentence = f"{name} would have {prod(shape)} elements; at most {MAX_ELEMENTS} are allowed"
        raise Refused(tuple(path), sentence)


def affordable(q: Question) -> None:
    """Raises ``Refused`` for a question that takes too much memory or time to answer."""
    if q.operator == "interpolate":
        limited("the output", (*q.x.shape[:2], *q.output_space))
        return
    if prod(q.window) > MAX_WINDOW:
        sentence = f"kernel covers {prod(q.window)} elements; at most {MAX_WINDOW} are allowed"
        raise Refused(("kernel",), sentence)
    channels = max(q.output_channels, q.x.shape[1])
    limited("the padded array", (len(q.x), channels, *_widest(q)))
    try:
        space = q.output_space
    except ValueError:
        return
    small = space if q.operator == "conv" else q.space
    products = len(q.x) * q.kernel.size * prod(small)
    if products > MAX_PRODUCTS:
        sentence = f"the answer takes {products} products; at most {MAX_PRODUCTS} are allowed"
        raise Refused((), sentence)


def _widest(q: Question) -> list[int]:
    """The larger side of the operator with all its padding, none of it cut off again."""
    if q.operator == "conv":
        return [
            n + max(begin, 0) + max(end, 0)
            for n, (begin, end) in zip(q.space, q.pairs, strict=True)
        ]
    reach = geometry.effective_kernel_size(q.window, q.dilation)
    return [
        (n - 1) * s + r + max(-begin, 0) + max(-end, 0) + extra
        for n, s, r, (begin, end), extra in zip(
            q.space, q.stride, reach, q.pairs, q.output_padding, strict=True
        )
    ]
