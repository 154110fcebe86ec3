"""List the named properties: claims of documents about operators, which any case can name.

A new one is a function in ``conformance.cases.property_checks`` and an entry in the table below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType

import numpy as np

from conformance.cases import property_checks
from conformance.comparison import gamma, magnitude, terms
from conformance.question import AnyQuestion, Array, Chain, Question, answer, shape

FORWARD = frozenset({"conv", "conv_transpose"})
TRANSPOSED = frozenset({"conv_transpose"})
INPUT_GRADIENTS = frozenset({"conv_input_gradient", "conv_transpose_input_gradient"})
KERNEL_GRADIENTS = frozenset({"conv_kernel_gradient", "conv_transpose_kernel_gradient"})
CHAIN = frozenset({"chain"})


@dataclass(frozen=True)
class Property:
    """A claim about operators.

    Parameters
    ----------
    name
        Its name in case files.
    sentence
        The claim.
    ops
        The operators that it is about.
    check
        The function that computes both sides of it.
    """

    name: str
    sentence: str
    ops: frozenset[str]
    check: Callable[..., property_checks.Sides]

    def sides(self, question: AnyQuestion, result: Array) -> property_checks.Sides:
        """Compute both sides of the claim.

        Parameters
        ----------
        question
            A question or a chain.
        result
            An answer to it, of any dtype.

        Returns
        -------
        tuple of Array
            What follows from the answer, and what it must be, as float64. Both are shapes if the
            answer does not have the right shape.

        Raises
        ------
        ValueError
            If the property does not apply to such a question.
        """
        op = "chain" if isinstance(question, Chain) else question.op
        if op not in self.ops:
            op_names = ", ".join(sorted(self.ops))
            raise ValueError(f"property {self.name} is about {op_names}, not about {op}")
        result = np.asarray(result, np.float64)
        if isinstance(question, Question) and result.shape != shape(question):
            return np.array(result.shape), np.array(shape(question))
        actual, expected = self.check(question, result)
        return np.asarray(actual, np.float64), np.asarray(expected, np.float64)


def named(name: str) -> Property:
    """Return the property of a name.

    Raises
    ------
    ValueError
        With all names, if there is no such property.
    """
    if name not in PROPERTIES:
        raise ValueError(f"unknown property {name!r}; there are {', '.join(sorted(PROPERTIES))}")
    return PROPERTIES[name]


def holds(
    entry: Property,
    question: AnyQuestion,
    result: Array,
    *,
    exact: bool,
    tolerance: float | None = None,
) -> bool:
    """Return whether an answer has a property; an answer with NaN never has.

    Parameters
    ----------
    entry
        The property.
    question
        A question or a chain.
    result
        An answer to it.
    exact
        Whether both sides are compared with ``==``.
    tolerance
        The largest difference if not; by default the bound on rounding, which is computed from
        absolute values by the property's own check.
    """
    actual, expected = entry.sides(question, result)
    if actual.shape != expected.shape or np.isnan(result).any():
        return False
    if exact:
        return bool(np.all(actual == expected))
    if tolerance is not None:
        return bool(np.all(np.abs(actual - expected) <= tolerance))
    largest = magnitude(question)
    bounds = np.maximum(*map(np.abs, entry.sides(largest, answer(largest))))
    sums = ceil(max(result.size, 1) / max(actual.size, 1))
    share = gamma(terms(question) + sums, question)
    return bool(np.all(np.abs(actual - expected) <= share * bounds))


PROPERTIES: Mapping[str, Property] = MappingProxyType({
    entry.name: entry
    for entry in (
        Property(
            "scatter",
            "Every input element adds its multiple of the kernel to the output.",
            TRANSPOSED, property_checks.scatter,
        ),
        Property(
            "pieces",
            "Each input element gives a piece of n + k - 1 elements (at stride 1); they add up.",
            TRANSPOSED, property_checks.pieces,
        ),
        Property(
            "matrix-product",
            "The convolution matrix, or its transpose, times the flattened image.",
            FORWARD | INPUT_GRADIENTS, property_checks.matrix_product,
        ),
        Property(
            "numpy-convolve",
            "The convolution of signal processing: the kernel visited in reverse.",
            TRANSPOSED | {"conv_input_gradient"}, property_checks.numpy_convolve,
        ),
        Property(
            "direct-convolution",
            "A convolution with the flipped kernel over the input, zero-stretched and padded.",
            TRANSPOSED | {"conv_input_gradient"}, property_checks.direct_convolution,
        ),
        Property(
            "pixel-shuffle",
            "A convolution to r^2 channels with the kernel rearranged, then pixel shuffle.",
            TRANSPOSED, property_checks.pixel_shuffle,
        ),
        Property(
            "pixel-unshuffle",
            "Shuffled to one channel, a convolution to r^2 channels is transposed with stride r.",
            frozenset({"conv"}), property_checks.pixel_unshuffle,
        ),
        Property(
            "swap",
            "A transposed convolution and a convolution are each other's backward pass.",
            TRANSPOSED | INPUT_GRADIENTS, property_checks.swap,
        ),
        Property(
            "unit-steps",
            "Every element of the gradient is what a unit step there adds to the loss.",
            INPUT_GRADIENTS | KERNEL_GRADIENTS, property_checks.unit_steps,
        ),
        Property(
            "sparse-kernel",
            "Dilation is a kernel with zeros inserted.",
            FORWARD, property_checks.sparse_kernel,
        ),
        Property(
            "crop",
            "Padding removes the border of the unpadded output.",
            TRANSPOSED, property_checks.crop,
        ),
        Property(
            "coverage",
            "Ones through a kernel of ones count how often each output is written.",
            TRANSPOSED, property_checks.coverage,
        ),
        Property(
            "sum-is-product",
            "The output's sum is the input's sum times the kernel's, over pairs of channels.",
            TRANSPOSED, property_checks.sum_is_product,
        ),
        Property(
            "energy-preserved",
            "The output's squares have the same sum as the input's.",
            FORWARD, property_checks.energy_preserved,
        ),
        Property(
            "shape-not-values",
            "The composition has the shape of the input, but not its values.",
            CHAIN, property_checks.shape_not_values,
        ),
        Property(
            "keeps-length",
            "The composition keeps the length W exactly when W = w + s q.",
            CHAIN, property_checks.keeps_length,
        ),
        Property(
            "observed-area",
            "The composition has the size of the area that the convolution reads.",
            CHAIN, property_checks.observed_area,
        ),
        Property(
            "interpolation",
            "With a bilinear kernel: bilinear interpolation, away from the border.",
            TRANSPOSED, property_checks.interpolation,
        ),
        Property(
            "bilinear-kernel",
            "The zero-stretched input convolved with a triangle, away from the border.",
            frozenset({"interpolate"}), property_checks.bilinear_kernel,
        ),
    )
})  # fmt: skip
