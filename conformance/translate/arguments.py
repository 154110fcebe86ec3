"""Classify the arguments of a question.

Two questions of different sizes with the same classes take the same paths through a framework. A
case proves something about a call that was not run if, and only if, all their classes agree.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from math import prod

from conformance.oracle import geometry
from conformance.question import Question


@lru_cache(maxsize=2**12)
def classes(question: Question) -> tuple[str, ...]:
    """Name the class of every argument of a question.

    Returns one for each of `ARGUMENTS`, such as ``stride above 1``. An argument that is of several
    kinds along several axes names each of them once.

    Parameters
    ----------
    question
        The question; only the shapes of its arrays count.
    """
    return tuple(f"{name} {kind(question)}" for name, kind in ARGUMENTS.items())


def _stride(q: Question) -> str:
    kernel_size = geometry.effective_kernel_size(q.window, q.dilation)
    return _kinds(
        "1" if s == 1 else "beyond the kernel" if s > r else "above 1"
        for s, r in zip(q.stride, kernel_size, strict=True)
    )


def _padding(q: Question) -> str:
    if isinstance(q.padding, str):
        return f"'{q.padding}'"
    kernel_size = geometry.effective_kernel_size(q.window, q.dilation)
    return _kinds(_crop(b, e, r) for (b, e), r in zip(q.padding, kernel_size, strict=True))


def _crop(begin: int, end: int, kernel_size: int) -> str:
    if begin == end == 0:
        return "0"
    kind = "the same at both ends" if begin == end else "unequal at both ends"
    if min(begin, end) < 0:
        return f"{kind} and negative"
    return f"{kind} and beyond the kernel" if max(begin, end) >= kernel_size else kind


def _output_padding(q: Question) -> str:
    if not q.has_output_padding:
        return "not given"
    return _kinds(
        "0" if p == 0 else "below the stride" if p < s else "from the stride on"
        for p, s in zip(q.output_padding, q.stride, strict=True)
    )


def _groups(q: Question) -> str:
    if q.groups == 1:
        return "1"
    return "of one channel each" if q.groups == q.x.shape[1] else "of several channels each"


def _kinds(kinds: Iterable[str]) -> str:
    """Join the kinds along all axes, in alphabetical order."""
    return " or ".join(sorted(set(kinds)))


ARGUMENTS: Mapping[str, Callable[[Question], str]] = {
    "rank": lambda q: str(q.rank),
    "kernel": lambda q: "of one element" if prod(q.window) == 1 else "of several elements",
    "stride": _stride,
    "padding": _padding,
    "output padding": _output_padding,
    "dilation": lambda q: _kinds("1" if d == 1 else "above 1" for d in q.dilation),
    "groups": _groups,
    "bias": lambda q: "none" if q.bias is None else "added",
    "dtype": lambda q: q.dtype,
}
"""The function that classifies each argument."""
