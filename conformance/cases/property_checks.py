"""Both sides of every named property: what follows from an answer, and what that must be.

Kept apart from ``conformance.cases.properties``, so that the table there, with a sentence for each
function here, can be read as data. None of these ways to the other side is the oracle's: an answer
computed the same way twice agrees with itself whatever it means. Each takes a question or a chain
and an answer of the shape asked for, and raises ``ValueError`` for what it says nothing about.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from conformance.cases import reference_implementations
from conformance.cases.reference_implementations import at
from conformance.oracle.geometry import Axes, Pairs
from conformance.question import Array, Chain, Question

Sides: TypeAlias = tuple[Array, Array]
"""What follows from an answer, and what that must be."""


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise ValueError(f"this property needs {sentence}")


def _nothing(q: Question) -> Pairs:
    return ((0, 0),) * q.rank


def _ones(q: Question) -> Axes:
    return (1,) * q.rank


def _unbiased(q: Question, answer: Array) -> Array:
    if q.bias is None or q.wanted != "output":
        return answer
    return answer - q.bias.astype(np.float64).reshape(-1, *_ones(q))


# --- what the operators are -----------------------------------------------------------------


def scatter(q: Question, answer: Array) -> Sides:
    return _unbiased(q, answer), reference_implementations.scattered(
        q, reference_implementations.fed(q)
    )


def pieces(q: Question, answer: Array) -> Sides:
    _require(q.pairs == _nothing(q) and q.dilation == _ones(q), "padding 0 and dilation 1")
    _require(q.groups == 1 and not any(q.output_padding), "one group and no output padding")
    steps = list(zip(q.stride, q.window, strict=True))
    full = tuple((n - 1) * s + k for n, (s, k) in zip(q.space, steps, strict=True))
    total = np.zeros((len(q.x), q.kernel.shape[1], *full))
    for i in np.ndindex(*q.space):
        piece = np.zeros_like(total)
        block = (slice(j * s, j * s + k) for j, (s, k) in zip(i, steps, strict=True))
        piece[at(..., *block)] = np.tensordot(
            reference_implementations.fed(q)[at(..., *i)], q.kernel, 1
        )
        total += piece
    return _unbiased(q, answer), total


def matrix_product(q: Question, answer: Array) -> Sides:
    w = reference_implementations.matrix(q)
    upwards = (q.operator == "conv_transpose") == (q.wanted == "output")
    product = (w.T if upwards else w) @ reference_implementations.fed(q).reshape(len(q.x), -1).T
    return _unbiased(q, answer), product.T.reshape(answer.shape)


def numpy_convolve(q: Question, answer: Array) -> Sides:
    _require(q.rank == 1, f"one spatial axis, for numpy.convolve; got {q.rank}")
    x, kernel = (
        reference_implementations.stretched(reference_implementations.fed(q), q.stride),
        reference_implementations.stretched(q.kernel, q.dilation),
    )
    begin, length = q.pairs[0][0], answer.shape[2]
    wanted = np.zeros(answer.shape)
    for s, b in reference_implementations.groups(q):
        for n, c, o in np.ndindex(len(x), s.stop - s.start, b.stop - b.start):
            line = np.convolve(x[n, s.start + c], kernel[s.start + c, o])[None, None]
            line = reference_implementations.padded(
                line, ((-begin, length + begin - line.shape[2]),)
            )
            wanted[n, b.start + o] += line[0, 0]
    return _unbiased(q, answer), wanted


def direct(q: Question, answer: Array) -> Sides:
    spaces = zip(
        reference_implementations.small_space(q),
        reference_implementations.big_space(q),
        strict=True,
    )
    around = tuple(
        (d * (k - 1) - b, big - (n - 1) * s - 1 + b)
        for (n, big), k, s, d, (b, _) in zip(
            spaces, q.window, q.stride, q.dilation, q.pairs, strict=True
        )
    )
    x = reference_implementations.padded(
        reference_implementations.stretched(reference_implementations.fed(q), q.stride), around
    )
    kernel = reference_implementations.flipped(reference_implementations.channels_swapped(q))
    conv = q.but(op="conv", x=x, kernel=kernel, stride=_ones(q), padding=_nothing(q))
    return _unbiased(q, answer), reference_implementations.slid(conv, x)


def pixel_shuffle(q: Question, answer: Array) -> Sides:
    kernel = reference_implementations.stretched(q.kernel, q.dilation)
    taps = tuple(-(-k // r) for k, r in zip(kernel.shape[2:], q.stride, strict=True))
    spare = (t * r - k for t, r, k in zip(taps, q.stride, kernel.shape[2:], strict=True))
    kernel = reference_implementations.padded(kernel, tuple((0, n) for n in spare))
    parts = []
    for s, _ in reference_implementations.groups(q):
        phases = reference_implementations.flipped(
            np.swapaxes(reference_implementations.unshuffled(kernel[s], q.stride), 0, 1)
        )
        conv = q.but(
            op="conv", x=reference_implementations.fed(q)[:, s], kernel=phases, groups=1,
            stride=_ones(q), dilation=_ones(q), padding=tuple((t - 1, t - 1) for t in taps),
        )  # fmt: skip
        parts.append(
            reference_implementations.shuffled(
                reference_implementations.slid(conv, conv.x), q.stride
            )
        )
    full = np.concatenate(parts, 1)
    crop = tuple(
        (-b, n + b - whole)
        for (b, _), n, whole in zip(q.pairs, q.output_space, full.shape[2:], strict=True)
    )
    return _unbiased(q, answer), reference_implementations.padded(full, crop)


def pixel_unshuffle(q: Question, answer: Array) -> Sides:
    r = round(len(q.kernel) ** (1 / q.rank))
    _require(r**q.rank == len(q.kernel), f"r^{q.rank} output channels, got {len(q.kernel)}")
    _require(q.stride == q.dilation == _ones(q) and q.groups == 1, "stride, dilation, groups 1")
    factors = (r,) * q.rank
    transposed = q.but(
        op="conv_transpose",
        kernel=reference_implementations.shuffled(
            np.swapaxes(reference_implementations.flipped(q.kernel), 0, 1), factors
        ),
        stride=factors,
        padding=tuple(
            (r * (k - 1 - b), r * (k - 1 - e)) for k, (b, e) in zip(q.window, q.pairs, strict=True)
        ),
    )
    return (
        reference_implementations.shuffled(_unbiased(q, answer), factors),
        reference_implementations.scattered(transposed, reference_implementations.fed(q)),
    )


# --- what the gradients are -----------------------------------------------------------------


def swap(q: Question, answer: Array) -> Sides:
    if q.wanted == "input_gradient":
        other = (
            reference_implementations.slid
            if q.operator == "conv_transpose"
            else reference_implementations.scattered
        )
        return answer, other(q, reference_implementations.fed(q))
    ones = np.eye(answer[0].size).reshape(-1, *answer.shape[1:])
    responses = reference_implementations.slid(q, ones)
    return _unbiased(q, answer), np.tensordot(
        reference_implementations.fed(q).reshape(len(q.x), -1),
        responses.reshape(len(ones), -1),
        (1, 1),
    ).reshape(answer.shape)


def unit_steps(q: Question, answer: Array) -> Sides:
    """The loss is linear in the input and in the kernel, so unit steps give the gradient."""
    forward = (
        reference_implementations.scattered
        if q.operator == "conv_transpose"
        else reference_implementations.slid
    )
    wanted, gradient = np.zeros(answer.shape), reference_implementations.fed(q)
    for index in np.ndindex(*answer.shape):
        one = np.zeros(answer.shape)
        one[index] = 1
        if q.wanted == "kernel_gradient":
            out = forward(q.but(kernel=one), q.x.astype(np.float64))
        else:
            out = forward(q, one)
        wanted[index] = np.sum(out * gradient)
    return answer, wanted


# --- what the arguments do ------------------------------------------------------------------


def sparse_kernel(q: Question, answer: Array) -> Sides:
    sparse = q.but(
        kernel=reference_implementations.stretched(q.kernel, q.dilation),
        dilation=_ones(q),
        padding=q.pairs,
    )
    route = (
        reference_implementations.scattered
        if q.operator == "conv_transpose"
        else reference_implementations.slid
    )
    return _unbiased(q, answer), route(sparse, reference_implementations.fed(q))


def crop(q: Question, answer: Array) -> Sides:
    whole = q.but(padding=_nothing(q), output_padding=(0,) * q.rank)
    crop = tuple((-b, p - e) for (b, e), p in zip(q.pairs, q.output_padding, strict=True))
    return _unbiased(q, answer), reference_implementations.padded(
        reference_implementations.scattered(whole, reference_implementations.fed(q)), crop
    )


def coverage(q: Question, answer: Array) -> Sides:
    _require(bool(np.all(q.x == 1) and np.all(q.kernel == 1)), "ones, and a kernel of ones")
    counts = np.zeros(answer.shape)
    for _, _, u in reference_implementations.overlaps(q):
        counts[at(..., *u)] += len(q.kernel) // q.groups
    return _unbiased(q, answer), counts


# --- sums -----------------------------------------------------------------------------------


def sum_is_product(q: Question, answer: Array) -> Sides:
    _require(all(b <= 0 and e <= 0 for b, e in q.pairs), "that no padding removes elements")
    space = tuple(range(2, answer.ndim))
    sums = q.kernel.astype(np.float64).sum(space)
    totals = [
        reference_implementations.fed(q).sum(space)[:, s] @ sums[s]
        for s, _ in reference_implementations.groups(q)
    ]
    return _unbiased(q, answer).sum(space), np.concatenate(totals, 1)


def energy_preserved(q: Question, answer: Array) -> Sides:
    return np.sum(answer**2), np.sum(reference_implementations.fed(q) ** 2)


# --- a convolution, then its transposed twin ------------------------------------------------


def _first(chain: Chain) -> Question:
    _require(isinstance(chain.steps[0], Question), "a convolution as the first step")
    return chain.questions[0]


def shape_not_values(chain: Chain, answer: Array) -> Sides:
    x = _first(chain).x
    same = answer.shape == x.shape and bool(np.all(answer == x))
    return np.array([*answer.shape, same]), np.array([*x.shape, False])


def keeps_length(chain: Chain, answer: Array) -> Sides:
    q = _first(chain)
    _require(q.pairs == _nothing(q) and q.dilation == _ones(q), "padding 0 and dilation 1")
    fits = [
        any(n == k + s * count for count in range(n))
        for n, k, s in zip(q.space, q.window, q.stride, strict=True)
    ]
    kept = [length == n for length, n in zip(answer.shape[2:], q.space, strict=True)]
    return np.array(kept), np.array(fits)


def observed_area(chain: Chain, answer: Array) -> Sides:
    q = _first(chain)
    seen = np.max([u for _, _, u in reference_implementations.overlaps(q)], 0) + 1
    return np.array(answer.shape[2:]), seen


# --- bilinear interpolation -----------------------------------------------------------------


def _interior(x: Array, factors: Axes) -> Array:
    """Away from the border: where every output has an input on both sides of it."""
    return reference_implementations.padded(x, tuple((-(s // 2), -(s // 2)) for s in factors))


def interpolation(q: Question, answer: Array) -> Sides:
    wanted = reference_implementations.interpolated(reference_implementations.fed(q), q.stride)
    return _interior(_unbiased(q, answer), q.stride), _interior(wanted, q.stride)


def bilinear_kernel(q: Question, answer: Array) -> Sides:
    wanted = reference_implementations.fed(q)
    for axis, factor in enumerate(q.stride, start=2):
        wanted = np.apply_along_axis(reference_implementations.with_triangle, axis, wanted, factor)
    return _interior(answer, q.stride), _interior(wanted, q.stride)
