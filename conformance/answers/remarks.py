"""Say what can still be said of an answer that no convention explains."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from conformance import question as questions
from conformance.comparison import finite, wide
from conformance.question import Array, ArrayMap, Question, is_finite, products
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
ACTIVATIONS: dict[str, ArrayMap] = {
    "as an absolute value": np.abs,
    "after a sigmoid": lambda y: 1 / (1 + np.exp(-y)),
    "after a tanh": np.tanh,
    "after a SiLU": lambda y: y / (1 + np.exp(-y)),
    "after an ELU": lambda y: np.where(y > 0, y, np.expm1(np.minimum(y, 0))),
    "after a softplus": lambda y: np.logaddexp(0, y),
}
"""What a layer may do with its answer, in words. A ReLU is a limit, and has words there."""


def remarks(
    answer: Array, expected: Array, agrees: Array, bias: Array | None = None
) -> Iterator[str]:
    """Yield sentences about an answer of the right shape: what it is, or where it differs.

    Parameters
    ----------
    answer, expected
        The answer (N, C, *space), and the oracle's.
    agrees
        Where both are the same within rounding.
    bias
        The bias (C,) that was added; None if there was none, or another one.
    """
    is_complex = np.iscomplexobj(answer) or np.iscomplexobj(expected)
    y, right = (a.astype(np.complex128 if is_complex else np.float64) for a in (answer, expected))
    if not (np.isfinite(y).all() and np.isfinite(right).all()):
        return
    if not y.any():
        yield "All numbers are zero."
        return
    yield from _places(agrees)
    fits = partial(_fits, bias=bias)
    real_rules = (fits, _remainders, _limits, _activations, _slices)
    rules = (_parts, fits, _slices) if is_complex else real_rules
    sentences = (sentence for rule in (_nearness, *rules) for sentence in rule(y, right))
    with np.errstate(over="ignore"):
        if sentence := next(sentences, ""):
            yield f"It is {sentence}."


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


def _fits(y: Array, right: Array, bias: Array | None) -> Iterator[str]:
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
            hint = _bias_words(shifts.ravel(), bias) if axis == 1 and not is_scaled else ""
            yield f"{words} {where}{hint}"
        else:
            yield words + " everywhere" * is_shifted


def _bias_words(shifts: Array, bias: Array | None) -> str:
    """Say which bias an answer has whose channels are shifted by these numbers."""
    if bias is None:
        return ", as by another bias"
    if _is_near(shifts, -bias):
        return ", as without the bias"
    if _is_near(shifts, -2 * bias):
        return ", as by a bias that is subtracted"
    if _is_near(bias + shifts, bias[::-1]):
        return ", as by the bias in reverse"
    places = [np.flatnonzero(np.abs(bias - b) <= NEAR * np.abs(bias).max()) for b in bias + shifts]
    if len(bias) <= MOST and all(map(len, places)):
        return f", as by the bias of channels {', '.join(str(channels[0]) for channels in places)}"
    return ", as by another bias"


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


def _activations(y: Array, right: Array) -> Iterator[str]:
    """Yield what a layer may have done with the right answer."""
    for words, function in ACTIVATIONS.items():
        if _is_near(y, function(right)):
            yield f"the right answer {words}"
    is_negative = right < 0
    if np.count_nonzero(is_negative) > 1:
        slope = float(np.median(y[is_negative] / right[is_negative]))
        if _is_near(y, np.where(is_negative, slope * right, right)):
            yield f"the right answer with negative numbers times {slope:.6g}, as after a leaky ReLU"
    if _is_near(y, _softmax(right)):
        yield "the right answer after a softmax over its channels"


def _softmax(y: Array) -> Array:
    powers = np.exp(y - y.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _slices(y: Array, right: Array) -> Iterator[str]:
    """Yield which slices of the right answer stand in the places of an axis."""
    for axis in range(y.ndim):
        parts, right_parts = (np.moveaxis(a, axis, 0) for a in (y, right))
        if not 1 < len(parts) <= MOST_SLICES or parts[0].size < FEWEST:
            continue
        sources = [
            next((j for j, r in enumerate(right_parts) if _is_near(p, r)), None) for p in parts
        ]
        is_zero = [not part.any() for part in parts]
        if len({*sources} - {None}) > (axis > 1) and all(
            j is not None or zero for j, zero in zip(sources, is_zero, strict=True)
        ):
            numbers = ", ".join("zeros" if j is None else str(j) for j in sources[:MOST])
            name = _place(axis, many=True) if axis < 2 else "elements"
            along = f" along {_place(axis)}" * (axis > 1)
            yield f"{name} {numbers} of the right answer{along}, in this order"


def _numbers(values: Array) -> str:
    """Return numbers as text, with 0 for what is rounding beside the largest of them."""
    sizes = np.abs(values)
    values = np.where(sizes < NOISE * sizes.max(), 0, values)
    return ", ".join(f"{number:.6g}" for number in values.ravel()[:MOST])
