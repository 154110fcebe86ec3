"""Say what can still be said of an answer that no convention explains."""

from collections.abc import Iterator

import numpy as np

from conformance import question as questions
from conformance.comparison import finite, wide
from conformance.question import Array, Question, is_finite, products
from conformance.utils.excerpt import listed

NEAR = 1e-3
"""The largest relative difference of an answer from what it is said to be."""
MOST = 8
"""Places or numbers that a sentence has."""
MOST_PRODUCTS = 2**24
"""Products that the answers to each input channel may take."""
NOISE = 1e-6
"""The part of the largest of several numbers below which another one is rounding."""
MOST_SLICES = 64
"""Channels or examples that are compared with each other."""
FEWEST = 4
"""Numbers from which a factor and a shift are found."""
WRAPPED_BITS = (32, 16, 8)
"""Sizes of the whole numbers that wrap around."""


def remarks(answer: Array, expected: Array, agrees: Array) -> Iterator[str]:
    """Yield sentences about an answer of the right shape.

    ``answer`` and ``expected`` are the answer (N, C, *space), and the oracle's. Yields a sentence:
    what it is of the right numbers, or where it differs.
    """
    is_complex = np.iscomplexobj(answer) or np.iscomplexobj(expected)
    y, right = (a.astype(np.complex128 if is_complex else np.float64) for a in (answer, expected))
    if not (np.isfinite(y).all() and np.isfinite(right).all()):
        return
    if not y.any():
        yield "All numbers are zero."
        return
    yield from _places(agrees)
    rules = (_parts, _fits, _slices) if is_complex else (_fits, _remainders, _limits, _slices)
    sentences = (sentence for rule in (_nearness, *rules) for sentence in rule(y, right))
    yield from (f"It is {sentence}." for sentence in (next(sentences, ""),) if sentence)


def _is_near(y: Array, other: Array) -> bool:
    return bool(np.abs(y - other).max() <= NEAR * np.abs(y).max())


def _place(axis: int, *, many: bool = False) -> str:
    return f"{('example', 'channel')[axis]}{'s' * many}" if axis < 2 else f"spatial axis {axis - 2}"


def _places(agrees: Array) -> Iterator[str]:
    """Yield on which places of an axis alone the numbers differ."""
    for axis in range(agrees.ndim):
        others = tuple(other for other in range(agrees.ndim) if other != axis)
        differing = np.flatnonzero(~agrees.all(axis=others))
        if 0 < len(differing) < agrees.shape[axis] and len(differing) <= MOST:
            name = _place(axis) if axis < 2 else f"index of {_place(axis)}:"
            yield f"It differs only in {name} {listed(list(map(str, differing.tolist())), MOST)}."


def _nearness(y: Array, right: Array) -> Iterator[str]:
    if _is_near(y, right):
        yield f"the right answer to within {NEAR:g} of its largest number"


def _parts(y: Array, right: Array) -> Iterator[str]:
    for name, part in (("real", right.real), ("imaginary", right.imag)):
        if _is_near(y, part):
            yield f"the {name} part of the right answer"


def _fits(y: Array, right: Array) -> Iterator[str]:
    """Yield multiples and shifts of the right answer, the same everywhere or along one axis."""
    for axis in (None, 1, 0, *range(2, y.ndim)):
        others = tuple(other for other in range(y.ndim) if other != axis)
        if (1 if axis is None else y.shape[axis]) * FEWEST > y.size or y.shape == (1,) * y.ndim:
            continue
        means = [a.mean(axis=others, keepdims=True) for a in (y, right)]
        centred, centred_right = y - means[0], right - means[1]
        square = (np.abs(centred_right) ** 2).sum(axis=others, keepdims=True)
        product = (centred * centred_right.conj()).sum(axis=others, keepdims=True)
        factors = np.where(square > 0, product / np.where(square > 0, square, 1), 1)
        shifts = means[0] - factors * means[1]
        if not _is_near(y, factors * right + shifts):
            continue
        is_scaled = not _is_near(y, right + means[0] - means[1])
        is_shifted = not _is_near(y, factors * right)
        if not is_scaled:
            shifts = means[0] - means[1]
        words = f"{_numbers(factors)} times " * is_scaled + "the right answer"
        words += f" and {_numbers(shifts)} more" * is_shifted
        if axis is not None:
            where = f"in its {_place(axis, many=True)}" if axis < 2 else f"along {_place(axis)}"
            hint = ", as by another bias" * (axis == 1 and not is_scaled)
            yield f"{words} {where}{hint}"
        else:
            yield words + " everywhere" * is_shifted


def input_factors(q: Question, answer: Array) -> Iterator[str]:
    """Yield a sentence if each input channel was multiplied by a number of its own.

    ``answer`` has the shape of the oracle's answer to ``q``.
    """
    channels = q.x.shape[1]
    if not 1 < channels <= MOST or products(q) * channels > MOST_PRODUCTS or not is_finite(q):
        return
    if not np.isfinite(answer).all():
        return
    q = finite(q)  # NumPy solves nothing in float16
    columns = []
    for channel in range(channels):
        x = np.zeros_like(q.x)
        x[:, channel] = q.x[:, channel]
        columns.append(questions.answer(q.but(x=x, bias=None)).ravel())
    y = (wide(answer) - (0 if q.bias is None else q.broadcast_bias)).ravel()
    matrix = np.stack(columns, 1)
    if len(y) < FEWEST * channels:
        return
    factors = np.linalg.lstsq(matrix, y, rcond=None)[0]
    if _is_near(y, matrix @ factors):
        yield f"It is the answer to an input whose channels are times {_numbers(factors)}."


def _limits(y: Array, right: Array) -> Iterator[str]:
    """Yield the limits at which the right answer is cut off."""
    low, high = y.min(), y.max()
    inside = (right > low) & (right < high)
    if np.count_nonzero(inside) < 2 or not _is_near(y, np.clip(right, low, high)):
        return
    if not low and _is_near(y, np.maximum(right, 0)):
        yield "the right answer with zeros for negative numbers, as after a ReLU"
    else:
        yield f"the right answer with no number below {low:.6g} or above {high:.6g}"


def _remainders(y: Array, right: Array) -> Iterator[str]:
    """Yield the size of whole numbers that wrapped around."""
    turns = y - right
    for bits in WRAPPED_BITS:
        if not (turns % 2**bits).any():
            yield f"the right answer wrapped around, as whole numbers of {bits} bits are"


def _slices(y: Array, right: Array) -> Iterator[str]:
    """Yield which examples or channels of the right answer stand in the places of an axis."""
    for axis in (0, 1):
        parts = [np.moveaxis(a, axis, 0) for a in (y, right)]
        if 1 < y.shape[axis] <= MOST_SLICES and parts[0][0].size >= FEWEST:
            found = [[j for j, r in enumerate(parts[1]) if _is_near(part, r)] for part in parts[0]]
            if all(found):
                numbers = ", ".join(str(places[0]) for places in found[:MOST])
                yield f"{_place(axis, many=True)} {numbers} of the right answer, in this order"


def _numbers(values: Array) -> str:
    """Return numbers as text, with 0 for what is rounding beside the largest of them."""
    sizes = np.abs(values)
    values = np.where(sizes < NOISE * sizes.max(), 0, values)
    return ", ".join(f"{number:.6g}" for number in values.ravel()[:MOST])
