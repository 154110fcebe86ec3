"""Define the named properties: claims of documents about operators, which any case can name.

The docstring of each function is the claim. The function computes what follows from an answer and
what it must be, without the oracle, as an answer that is computed the same way twice always agrees
with itself. It takes a question or a chain and an answer of the right shape, in float64 and without
bias, and raises ``ValueError`` for a question to which the property does not apply.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from conformance.cases import reference_implementations as reference
from conformance.cases.reference_implementations import at
from conformance.oracle.geometry import Axes, Pairs
from conformance.question import Array, Chain, Question

Sides: TypeAlias = tuple[Array, Array]
"""What follows from an answer, and what it must be."""
Check: TypeAlias = Callable[..., Sides]
CHECKS: dict[Check, frozenset[str]] = {}
"""The function of each property, with the operators that it is about."""

CONV, TRANSPOSED = frozenset({"conv"}), frozenset({"conv_transpose"})
INPUT_GRADIENTS = frozenset({"conv_input_gradient", "conv_transpose_input_gradient"})
KERNEL_GRADIENTS = frozenset({"conv_kernel_gradient", "conv_transpose_kernel_gradient"})
INTERPOLATE, CHAIN = frozenset({"interpolate"}), frozenset({"chain"})


def about(ops: frozenset[str]) -> Callable[[Check], Check]:
    """Add the decorated function to `CHECKS`."""

    def add(check: Check) -> Check:
        CHECKS[check] = ops
        return check

    return add


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise ValueError(f"this property needs {sentence}")


def _no_padding(q: Question) -> Pairs:
    return ((0, 0),) * q.rank


def _ones(q: Question) -> Axes:
    return (1,) * q.rank


def _forward(q: Question) -> Callable[[Question, Array], Array]:
    return reference.scatter if q.operator == "conv_transpose" else reference.correlate


@about(TRANSPOSED)
def scatter(q: Question, answer: Array) -> Sides:
    """Every input element adds its multiple of the kernel to the output."""
    return answer, reference.scatter(q, reference.operand(q))


@about(TRANSPOSED)
def pieces(q: Question, answer: Array) -> Sides:
    """Each input element gives a piece of n + k - 1 elements (at stride 1); they add up."""
    _require(q.pairs == _no_padding(q) and q.dilation == _ones(q), "padding 0 and dilation 1")
    _require(q.groups == 1 and not any(q.output_padding), "one group and no output padding")
    steps = list(zip(q.stride, q.window, strict=True))
    full = tuple((n - 1) * s + k for n, (s, k) in zip(q.space, steps, strict=True))
    total = np.zeros((len(q.x), q.kernel.shape[1], *full))
    for i in np.ndindex(*q.space):
        piece = np.zeros_like(total)
        block = (slice(j * s, j * s + k) for j, (s, k) in zip(i, steps, strict=True))
        piece[at(..., *block)] = np.tensordot(reference.operand(q)[at(..., *i)], q.kernel, 1)
        total += piece
    return answer, total


@about(CONV | TRANSPOSED | INPUT_GRADIENTS)
def matrix_product(q: Question, answer: Array) -> Sides:
    """The convolution matrix, or its transpose, times the flattened image."""
    w = reference.matrix(q)
    to_wide = (q.operator == "conv_transpose") == (q.wanted == "output")
    product = (w.T if to_wide else w) @ reference.operand(q).reshape(len(q.x), -1).T
    return answer, product.T.reshape(answer.shape)


@about(TRANSPOSED | {"conv_input_gradient"})
def numpy_convolve(q: Question, answer: Array) -> Sides:
    """The convolution of signal processing: the kernel visited in reverse."""
    _require(q.rank == 1, f"one spatial axis, for numpy.convolve; got {q.rank}")
    x = reference.insert_zeros(reference.operand(q), q.stride)
    kernel = reference.insert_zeros(q.kernel, q.dilation)
    begin, length = q.pairs[0][0], answer.shape[2]
    expected = np.zeros(answer.shape)
    for narrow, wide in reference.groups(q):
        for n, c, o in np.ndindex(len(x), narrow.stop - narrow.start, wide.stop - wide.start):
            line = np.convolve(x[n, narrow.start + c], kernel[narrow.start + c, o])[None, None]
            line = reference.pad(line, ((-begin, length + begin - line.shape[2]),))
            expected[n, wide.start + o] += line[0, 0]
    return answer, expected


@about(TRANSPOSED | {"conv_input_gradient"})
def direct_convolution(q: Question, answer: Array) -> Sides:
    """A convolution with the flipped kernel over the input, zero-inserted and padded."""
    spaces = zip(reference.narrow_space(q), reference.wide_space(q), strict=True)
    padding = tuple(
        (d * (k - 1) - b, wide - (n - 1) * s - 1 + b)
        for (n, wide), k, s, d, (b, _) in zip(
            spaces, q.window, q.stride, q.dilation, q.pairs, strict=True
        )
    )
    x = reference.pad(reference.insert_zeros(reference.operand(q), q.stride), padding)
    kernel = reference.flip(reference.swap_channels(q))
    conv = q.but(op="conv", x=x, kernel=kernel, stride=_ones(q), padding=_no_padding(q))
    return answer, reference.correlate(conv, x)


@about(TRANSPOSED)
def pixel_shuffle(q: Question, answer: Array) -> Sides:
    """A convolution to r^2 channels with the kernel rearranged, then pixel shuffle."""
    kernel = reference.insert_zeros(q.kernel, q.dilation)
    taps = tuple(-(-k // r) for k, r in zip(kernel.shape[2:], q.stride, strict=True))
    excess = (t * r - k for t, r, k in zip(taps, q.stride, kernel.shape[2:], strict=True))
    kernel = reference.pad(kernel, tuple((0, n) for n in excess))
    parts = []
    for narrow, _ in reference.groups(q):
        phases = reference.pixel_unshuffle(kernel[narrow], q.stride)
        phases = reference.flip(np.swapaxes(phases, 0, 1))
        conv = q.but(
            op="conv", x=reference.operand(q)[:, narrow], kernel=phases, groups=1,
            stride=_ones(q), dilation=_ones(q), padding=tuple((t - 1, t - 1) for t in taps),
        )  # fmt: skip
        parts.append(reference.pixel_shuffle(reference.correlate(conv, conv.x), q.stride))
    full = np.concatenate(parts, 1)
    crop = tuple(
        (-b, n + b - length)
        for (b, _), n, length in zip(q.pairs, q.output_space, full.shape[2:], strict=True)
    )
    return answer, reference.pad(full, crop)


@about(CONV)
def pixel_unshuffle(q: Question, answer: Array) -> Sides:
    """Shuffled to one channel, a convolution to r^2 channels is transposed with stride r."""
    r = round(len(q.kernel) ** (1 / q.rank))
    _require(r**q.rank == len(q.kernel), f"r^{q.rank} output channels, got {len(q.kernel)}")
    _require(q.stride == q.dilation == _ones(q) and q.groups == 1, "stride, dilation, groups 1")
    factors = (r,) * q.rank
    reverse = q.but(
        op="conv_transpose",
        kernel=reference.pixel_shuffle(np.swapaxes(reference.flip(q.kernel), 0, 1), factors),
        stride=factors,
        padding=tuple(
            (r * (k - 1 - b), r * (k - 1 - e)) for k, (b, e) in zip(q.window, q.pairs, strict=True)
        ),
    )
    shuffled = reference.pixel_shuffle(answer, factors)
    return shuffled, reference.scatter(reverse, reference.operand(q))


@about(TRANSPOSED | INPUT_GRADIENTS)
def swap(q: Question, answer: Array) -> Sides:
    """A transposed convolution and a convolution are each other's backward pass."""
    if q.wanted == "input_gradient":
        is_transposed = q.operator == "conv_transpose"
        operator = reference.correlate if is_transposed else reference.scatter
        return answer, operator(q, reference.operand(q))
    ones = np.eye(answer[0].size).reshape(-1, *answer.shape[1:])
    responses = reference.correlate(q, ones)
    samples = reference.operand(q).reshape(len(q.x), -1)
    product = np.tensordot(samples, responses.reshape(len(ones), -1), (1, 1))
    return answer, product.reshape(answer.shape)


@about(INPUT_GRADIENTS | KERNEL_GRADIENTS)
def unit_steps(q: Question, answer: Array) -> Sides:
    """Every element of the gradient is what a unit step there adds to the loss."""
    forward = _forward(q)
    expected, gradient = np.zeros(answer.shape), reference.operand(q)
    for index in np.ndindex(*answer.shape):
        step = np.zeros(answer.shape)
        step[index] = 1
        if q.wanted == "kernel_gradient":
            out = forward(q.but(kernel=step), q.x.astype(np.float64))
        else:
            out = forward(q, step)
        expected[index] = np.sum(out * gradient)
    return answer, expected


@about(CONV | TRANSPOSED)
def sparse_kernel(q: Question, answer: Array) -> Sides:
    """Dilation is a kernel with zeros inserted."""
    kernel = reference.insert_zeros(q.kernel, q.dilation)
    sparse = q.but(kernel=kernel, dilation=_ones(q), padding=q.padding)
    return answer, _forward(q)(sparse, reference.operand(q))


@about(TRANSPOSED)
def crop(q: Question, answer: Array) -> Sides:
    """Padding removes the border of the unpadded output."""
    full = q.but(padding=_no_padding(q), output_padding=(0,) * q.rank)
    crop = tuple((-b, p - e) for (b, e), p in zip(q.pairs, q.output_padding, strict=True))
    return answer, reference.pad(reference.scatter(full, reference.operand(q)), crop)


@about(TRANSPOSED)
def coverage(q: Question, answer: Array) -> Sides:
    """Ones through a kernel of ones count how often each output is written."""
    _require(bool(np.all(q.x == 1) and np.all(q.kernel == 1)), "ones, and a kernel of ones")
    counts = np.zeros(answer.shape)
    for _, _, u in reference.overlaps(q):
        counts[at(..., *u)] += len(q.kernel) // q.groups
    return answer, counts


@about(TRANSPOSED)
def sum_is_product(q: Question, answer: Array) -> Sides:
    """The output's sum is the input's sum times the kernel's, over pairs of channels."""
    is_whole = q.padding == "circular" or all(b <= 0 and e <= 0 for b, e in q.pairs)
    _require(is_whole, "that no padding removes elements")
    space = tuple(range(2, answer.ndim))
    sums = q.kernel.astype(np.float64).sum(space)
    totals = [
        reference.operand(q).sum(space)[:, narrow] @ sums[narrow]
        for narrow, _ in reference.groups(q)
    ]
    return answer.sum(space), np.concatenate(totals, 1)


@about(CONV | TRANSPOSED)
def energy_preserved(q: Question, answer: Array) -> Sides:
    """The output's squares have the same sum as the input's."""
    output = answer if q.broadcast_bias is None else answer + q.broadcast_bias
    return np.sum(output**2), np.sum(reference.operand(q) ** 2)


def _first(chain: Chain) -> Question:
    _require(isinstance(chain.steps[0], Question), "a convolution as the first step")
    return chain.questions[0]


@about(CHAIN)
def shape_not_values(chain: Chain, answer: Array) -> Sides:
    """The composition has the shape of the input, but not its values."""
    x = _first(chain).x
    is_equal = answer.shape == x.shape and bool(np.all(answer == x))
    return np.array([*answer.shape, is_equal]), np.array([*x.shape, False])


@about(CHAIN)
def keeps_length(chain: Chain, answer: Array) -> Sides:
    """The composition keeps the length W exactly when W = w + s q."""
    q = _first(chain)
    _require(q.pairs == _no_padding(q) and q.dilation == _ones(q), "padding 0 and dilation 1")
    fits = [
        any(n == k + s * count for count in range(n))
        for n, k, s in zip(q.space, q.window, q.stride, strict=True)
    ]
    if answer.ndim != q.x.ndim:
        return np.array(answer.shape), np.array(q.x.shape)
    matches = [length == n for length, n in zip(answer.shape[2:], q.space, strict=True)]
    return np.array(matches), np.array(fits)


@about(CHAIN)
def observed_area(chain: Chain, answer: Array) -> Sides:
    """The composition has the size of the area that the convolution reads."""
    q = _first(chain)
    area = np.max([u for _, _, u in reference.overlaps(q)], 0) + 1
    return np.array(answer.shape[2:]), area


def _interior(x: Array, factors: Axes) -> Array:
    """Crop the border, so that every output has an input on both sides of it."""
    return reference.pad(x, tuple((-(s // 2), -(s // 2)) for s in factors))


@about(TRANSPOSED)
def interpolation(q: Question, answer: Array) -> Sides:
    """With a bilinear kernel: bilinear interpolation, away from the border."""
    expected = reference.interpolate(reference.operand(q), q.stride)
    return _interior(answer, q.stride), _interior(expected, q.stride)


@about(INTERPOLATE)
def bilinear_kernel(q: Question, answer: Array) -> Sides:
    """The zero-inserted input convolved with a triangle, away from the border."""
    expected = reference.operand(q)
    for axis, factor in enumerate(q.stride, start=2):
        expected = np.apply_along_axis(reference.convolve_triangle, axis, expected, factor)
    return _interior(answer, q.stride), _interior(expected, q.stride)
