"""Declare the space of questions about transposed convolution: factors, and their constraints.

A factor is an argument with a few levels. A constraint says which levels of several factors no
question has together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from conformance.oracle import geometry
from conformance.oracle.geometry import Axes
from conformance.question import Question, is_complex
from conformance.utils.resources import table


@dataclass(frozen=True)
class Factor:
    """An argument with its levels.

    Parameters
    ----------
    levels
        By name, the plainest first.
    level
        Returns the level of a question.
    pairwise
        The levels that count in interactions of two factors only, because they change how a
        question is written or what its numbers are, and not the routine that computes.
    """

    name: str
    levels: tuple[str, ...]
    level: Callable[[Question], str]
    pairwise: tuple[str, ...] = ()

    @property
    def is_pairwise(self) -> bool:
        """Return whether all of its levels are pairwise."""
        return set(self.pairwise) == set(self.levels)


@dataclass(frozen=True)
class Constraint:
    """Levels that exclude each other: no question has one of them for each of these factors."""

    reason: str
    levels: Mapping[str, tuple[str, ...]]


def _operator(q: Question) -> str:
    if q.wanted == "output":
        return FORWARD
    return DOUBLE_BACKWARD if "double_backward" in q.wanted else q.wanted.replace("_", " ")


def _several(values: Axes) -> str:
    """Return whether the values are all 1, equal or differing."""
    if len(set(values)) > 1:
        return "differing"
    return "1" if values[0] == 1 else "equal"


def _kernel(q: Question) -> str:
    """Compare the effective kernel size with the stride, on the axis with the rarest relation."""
    pairs = list(zip(geometry.effective_kernel_size(q.window, q.dilation), q.stride, strict=True))
    if any(size < stride for size, stride in pairs):
        return "shorter"
    if any(size % stride for size, stride in pairs):
        return "not divisible"
    return "divisible" if any(size > stride for size, stride in pairs) else "equal"


def _padding(q: Question) -> str:
    """Return the level of the padding, on the axis with the rarest one."""
    if q.padding == "circular":
        return "circular"
    if q.padding == "same":
        # An end is below 0 where the kernel is shorter than the stride, and nothing is cropped.
        is_odd = any((max(end, 0) - begin) % 2 for begin, end in q.pairs)
        return "same, odd" if is_odd else "same, even"
    sizes = geometry.effective_kernel_size(q.window, q.dilation)
    numbers = [(n, size) for pair, size in zip(q.pairs, sizes, strict=True) for n in pair]
    if any(n < 0 for n, _ in numbers):
        return "negative"
    if any(n >= size for n, size in numbers):
        return "beyond"
    if any(begin != end for begin, end in q.pairs):
        return "uneven"
    return "even" if any(n for n, _ in numbers) else "none"


def _output_padding(q: Question) -> str:
    """Return the level of the output padding, on the axis with the rarest one."""
    pairs = [(p, s) for p, s in zip(q.output_padding, q.stride, strict=True) if p]
    if not pairs:
        return "0"
    if any(p >= s for p, s in pairs):
        return "beyond"
    return "largest" if any(p == s - 1 for p, s in pairs) else "some"


def _groups(q: Question) -> str:
    if q.groups == 1:
        return "1"
    if q.x.shape[1] > q.groups:
        return "several"
    return "depthwise" if q.output_channels == q.groups else "multiplied"


def _dtype(q: Question) -> str:
    if q.operand_dtypes is not None:
        return TWO_DTYPES
    if is_complex(q.dtype):
        return COMPLEX
    return "integer" if q.dtype.startswith("int") else q.dtype


def _channels(q: Question) -> str:
    if q.x.shape[1] != q.output_channels:
        return "differing"
    return "one" if q.output_channels == 1 else "as many"


FORWARD, GRADIENTS = "forward", ("input gradient", "kernel gradient")
BIAS_GRADIENT, JVP, DOUBLE_BACKWARD = "bias gradient", "jvp", "double backward"
FURTHER = (BIAS_GRADIENT, JVP, DOUBLE_BACKWARD)
"""The further derivatives, whose interactions with one other factor are enough.

A framework computes them by the same routines as outputs and gradients, of which every interaction
of three factors is covered.
"""
COMPLEX, TWO_DTYPES = "complex", "two dtypes"

FACTORS: tuple[Factor, ...] = (
    Factor(
        "operator",
        (FORWARD, *GRADIENTS, *FURTHER),
        _operator,
        pairwise=FURTHER,
    ),
    Factor("rank", ("1", "2", "3"), lambda q: str(q.rank)),
    Factor("stride", ("1", "equal", "differing"), lambda q: _several(q.stride)),
    Factor("kernel", ("divisible", "equal", "shorter", "not divisible"), _kernel),
    Factor("dilation", ("1", "equal", "differing"), lambda q: _several(q.dilation)),
    Factor(
        "padding",
        ("none", "even", "uneven", "beyond", "negative", "same, even", "same, odd", "circular"),
        _padding,
    ),
    Factor("output padding", ("0", "some", "largest", "beyond"), _output_padding),
    Factor("groups", ("1", "several", "depthwise", "multiplied"), _groups),
    Factor("channels", ("one", "as many", "differing"), _channels),
    Factor("bias", ("no", "yes"), lambda q: "no" if q.bias is None else "yes"),
    Factor(
        "dtype",
        ("float32", "float64", "float16", "bfloat16", "integer", COMPLEX, TWO_DTYPES),
        _dtype,
        pairwise=(COMPLEX, TWO_DTYPES),
    ),
    Factor(
        "batch",
        ("batch", "one example"),
        lambda q: "one example" if q.unbatched else "batch",
        pairwise=("batch", "one example"),
    ),
    Factor(
        "output size",
        ("not given", "given"),
        lambda q: "not given" if q.length is None else "given",
        pairwise=("not given", "given"),
    ),
)

CONSTRAINTS = msgspec.convert(
    table(__file__, "constraints.toml")["constraints"], tuple[Constraint, ...]
)

_BY_NAME = {factor.name: factor for factor in FACTORS}


def level(question: Question, factor: str) -> str:
    """Return the level of a question of this space, of a factor by its name."""
    return _BY_NAME[factor].level(question)
