"""Write linear maps of arrays as NumPy code, each with its adjoint.

A recipe wraps a framework's call in maps: y = T f(X x, W w). Its gradients follow from the
framework's own gradients f' of f and from adjoints: by x it is X* f'(T* g), by w it is W* f'(T* g).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.oracle.geometry import Axes, Pairs, effective_kernel_size
from conformance.question import Dtype


@dataclass(frozen=True)
class LinearOp:
    """Lines of NumPy that map the array ``{v}``, and the lines of the adjoint.

    Attributes
    ----------
    order
        The order of the axes, if the map changes nothing else.
    """

    forward: tuple[str, ...]
    adjoint: tuple[str, ...]
    order: Axes | None = None


def apply(ops: Iterable[LinearOp], variable: str) -> list[str]:
    """Return the lines that apply ``ops`` to ``variable`` in order."""
    return [line.format(v=variable) for op in ops for line in op.forward]


def apply_adjoint(ops: Iterable[LinearOp], variable: str) -> list[str]:
    """Return the lines that apply the adjoint of ``ops`` to ``variable``, the last one first."""
    return [line.format(v=variable) for op in reversed(tuple(ops)) for line in op.adjoint]


def permute(order: Axes) -> tuple[LinearOp, ...]:
    """Return the map that reorders axes; none if the order stays the same."""
    if order == tuple(range(len(order))):
        return ()
    inverse = tuple(order.index(axis) for axis in range(len(order)))
    lines = (f"{{v}} = {{v}}.transpose{order}",), (f"{{v}} = {{v}}.transpose{inverse}",)
    return (LinearOp(*lines, order),)


def merged(ops: Iterable[LinearOp]) -> tuple[LinearOp, ...]:
    """Return the same maps, with neighbours that only reorder axes joined into one."""
    merged_ops: list[LinearOp] = []
    for op in ops:
        if merged_ops and op.order and merged_ops[-1].order:
            before = merged_ops.pop().order or ()
            merged_ops += permute(tuple(before[axis] for axis in op.order))
        else:
            merged_ops.append(op)
    return tuple(merged_ops)


def cast(dtype: Dtype) -> tuple[LinearOp, ...]:
    """Return the map that converts numbers to a dtype of NumPy's; it has no adjoint."""
    return (LinearOp((f"{{v}} = {{v}}.astype(np.{dtype})",), ()),)


def conjugate_gradients() -> tuple[LinearOp, ...]:
    """Return the map that changes nothing, and whose adjoint takes the conjugate."""
    return (LinearOp((), ("{v} = {v}.conj()",)),)


def flip(rank: int) -> tuple[LinearOp, ...]:
    """Return the map that reverses every spatial axis, which is its own adjoint."""
    line = "{v} = {v}[:, :" + ", ::-1" * rank + "]"
    return (LinearOp((line,), (line,)),)


def dilate(shape: Axes, dilation: Axes) -> tuple[LinearOp, ...]:
    """Return the map that puts d - 1 zeros between the neighbours of a kernel on each spatial axis.

    ``shape`` is the shape (first, second, *k) of the kernel. Returns the map to a kernel (first,
    second, *(d (k - 1) + 1)).
    """
    dilated_shape = (*shape[:2], *effective_kernel_size(shape[2:], dilation))
    slots = "[:, :" + "".join(f", ::{d}" if d > 1 else ", :" for d in dilation) + "]"
    return (
        LinearOp(
            (
                f"dilated = np.zeros({dilated_shape}, {{v}}.dtype)",
                f"dilated{slots} = {{v}}",
                "{v} = dilated",
            ),
            (f"{{v}} = {{v}}{slots}",),
        ),
    )


def exchange_in_groups(groups: int, first: int, second: int) -> tuple[LinearOp, ...]:
    """Return the map that transposes the channels of a kernel within each group.

    ``groups``, ``first`` and ``second`` are the number of groups, and the first two axes of the
    kernel (first, second, *k). Returns the map to a kernel (second * groups, first / groups, *k).
    """
    inner = first // groups
    if inner == second == 1:
        return ()
    exchange, exchange_back = (
        f"{{v}} = {{v}}.reshape({groups}, {a}, {b}, *{{v}}.shape[2:]).swapaxes(1, 2)"
        f".reshape({groups * b}, {a}, *{{v}}.shape[2:])"
        for a, b in ((inner, second), (second, inner))
    )
    return (LinearOp((exchange,), (exchange_back,)),)


def blocks(groups: int, first: int, second: int) -> tuple[LinearOp, ...]:
    """Return the map from a kernel with groups to one without them, with blocks on a diagonal.

    ``groups``, ``first`` and ``second`` are the number of groups, and the first two axes of the
    kernel (first, second, *k). Returns the map to a kernel (first, second * groups, *k).
    """
    inner = first // groups
    shape = f"({groups}, {inner}, {groups}, {second}, *{{v}}.shape[2:])"
    diagonal = f"[range({groups}), :, range({groups})]"
    return (
        LinearOp(
            (
                f"blocks = np.zeros({shape}, {{v}}.dtype)",
                f"blocks{diagonal} = {{v}}.reshape({groups}, {inner}, *{{v}}.shape[1:])",
                f"{{v}} = blocks.reshape({first}, {groups * second}, *{{v}}.shape[2:])",
            ),
            (
                f"{{v}} = {{v}}.reshape{shape}{diagonal}"
                f".reshape({first}, {second}, *{{v}}.shape[2:])",
            ),
        ),
    )


def fill_batch() -> tuple[LinearOp, ...]:
    """Return the map from an empty batch to one element of zeros."""
    return (LinearOp(("{v} = np.zeros((1, *{v}.shape[1:]), {v}.dtype)",), ("{v} = {v}[:0]",)),)


def add_batch() -> tuple[LinearOp, ...]:
    """Return the map from one example to a batch of one."""
    return (LinearOp(("{v} = {v}[None]",), ("{v} = {v}[0]",)),)


def drop_batch() -> tuple[LinearOp, ...]:
    """Return the map from a batch of one to its example, the adjoint of `add_batch`."""
    (add,) = add_batch()
    return (LinearOp(add.adjoint, add.forward),)


def empty_batch() -> tuple[LinearOp, ...]:
    """Return the map from any batch to the empty one, the adjoint of `fill_batch`."""
    return adjoint(fill_batch())


def window(lengths: Axes, grow: Pairs) -> tuple[LinearOp, ...]:
    """Return the map that pads or crops spatial axes.

    ``grow`` is the (begin, end) zeros to add on each axis; negative numbers crop.
    """
    ranges, pad = zip(*map(_reframe, lengths, grow), strict=True)
    ops = []
    if ranges != tuple((0, n) for n in lengths):
        outside = tuple((start, n - stop) for n, (start, stop) in zip(lengths, ranges, strict=True))
        ops.append(LinearOp((_slice(ranges, lengths),), (_pad(outside),)))
    if any(map(any, pad)):
        inside = tuple(
            (before, before + stop - start)
            for (before, _), (start, stop) in zip(pad, ranges, strict=True)
        )
        grown = tuple(n + begin + end for n, (begin, end) in zip(lengths, grow, strict=True))
        ops.append(LinearOp((_pad(pad),), (_slice(inside, grown),)))
    return tuple(ops)


def fold(lengths: Axes, periods: Axes, begins: Axes) -> tuple[LinearOp, ...]:
    """Return the map that wraps spatial axes around: element o is added at (o - b) mod m.

    Returns the map to axes of the lengths ``periods``. Its adjoint repeats an array periodically.
    """
    offsets = tuple(-b % m for b, m in zip(begins, periods, strict=True))
    axes = tuple(zip(lengths, periods, offsets, strict=True))
    turns = tuple(-(-(n + offset) // m) for n, m, offset in axes)
    pad = tuple((o, t * m - n - o) for t, (n, m, o) in zip(turns, axes, strict=True))
    split = ", ".join(f"{t}, {m}" for t, m in zip(turns, periods, strict=True))
    summed = tuple(range(2, 2 + 2 * len(axes), 2))
    slices = ", ".join(f"{offset}:{offset + n}" for n, _, offset in axes)
    return (
        LinearOp(
            (
                _pad(pad),
                f"{{v}} = {{v}}.reshape(*{{v}}.shape[:2], {split}).sum({summed}, {{v}}.dtype)",
            ),
            (f"{{v}} = np.tile({{v}}, {(1, 1, *turns)})[:, :, {slices}]",),
        ),
    )


def adjoint(ops: Iterable[LinearOp]) -> tuple[LinearOp, ...]:
    """Return the adjoint of the maps, in the order in which it is applied."""
    return tuple(LinearOp(op.adjoint, op.forward) for op in reversed(tuple(ops)))


def _reframe(n: int, grow: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the (start, stop) of 0..n that stays, and the (before, after) zeros around it."""
    low, high = -grow[0], n + grow[1]
    start = min(max(low, 0), n)
    stop = max(min(high, n), start)
    before = min(max(-low, 0), high - low)
    return (start, stop), (before, high - low - before - (stop - start))


def _slice(ranges: Pairs, lengths: Axes) -> str:
    slices = (
        f"{start or ''}:{stop - n or ''}" for n, (start, stop) in zip(lengths, ranges, strict=True)
    )
    return "{v} = {v}[:, :, " + ", ".join(slices) + "]"


def _pad(pad: Pairs) -> str:
    return f"{{v}} = np.pad({{v}}, {((0, 0), (0, 0), *pad)})"
