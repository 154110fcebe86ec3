"""Compute lengths and padding of convolutions and transposed convolutions.

Per spatial axis, with input length n, kernel size k, stride s, dilation d, padding (b, e), output
padding p, and effective kernel size r = d (k - 1) + 1:

    convolution              (n + b + e - r) // s + 1
    transposed convolution   (n - 1) s + r - b - e + p

Padding is zeros, unless its word is ``circular``: then the wide side (the input of a convolution,
the output of a transposed one) has no ends, and an index is taken modulo its length. The lengths
are those of ``same``, and so is b, the number of elements before the first one.

References
----------
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016).
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import repeat
from numbers import Integral
from typing import Any, Literal, TypeAlias, TypeGuard

Axes: TypeAlias = tuple[int, ...]
"""One number for each spatial axis."""
Pairs: TypeAlias = tuple[tuple[int, int], ...]
"""One (begin, end) for each spatial axis."""
Word: TypeAlias = Literal["same", "valid", "circular"]
Padding: TypeAlias = int | Sequence[int] | Sequence[tuple[int, int]] | str
"""Padding as people write it: a number, one per axis, one (begin, end) per axis, or a word."""

WORDS: tuple[Word, ...] = ("same", "valid", "circular")


def per_axis(name: str, value: int | Sequence[int], rank: int, *, least: int = 1) -> Axes:
    """Return ``value`` as one int for each of ``rank`` axes.

    Raises ``ValueError`` if there are too few or too many numbers, if one of them is no whole
    number, or if one is below ``least``.
    """
    # Nearly every call has a number, or those of a question, which were checked before.
    if type(value) is int and value >= least:
        return (value,) * rank
    if (
        isinstance(value, tuple)
        and {*map(type, value)} == {int}
        and len(value) == rank
        and min(value) >= least
    ):
        return value
    numbers = (value,) * rank if _is_int(value) else _to_tuple(name, value)
    if len(numbers) != rank:
        raise ValueError(
            f"{name} must be one number or one for each of {rank} axes, got {len(numbers)} numbers"
        )
    for number in numbers:
        if not _is_int(number):
            raise ValueError(f"{name} must be whole numbers, got {number!r}")
        if number < least:
            raise ValueError(f"{name} must be at least {least} per axis, got {number}")
    return tuple(map(int, numbers))


def padding_of(value: Padding, rank: int) -> Pairs | Word:
    """Return ``value`` as one (begin, end) for each of ``rank`` axes, or as the word that it is.

    Returns the numbers, or one of `WORDS`. Raises ``ValueError`` if the word is unknown or the
    number of entries is wrong.
    """
    if isinstance(value, str):
        if value not in WORDS:
            words = ", ".join(map(repr, WORDS))
            raise ValueError(f"padding must be numbers or one of {words}, got {value!r}")
        return value
    entries = tuple(repeat(value, rank)) if _is_int(value) else _to_tuple("padding", value)
    if len(entries) != rank:
        raise ValueError(
            f"padding must be one number, or one number or (begin, end) for each of {rank} axes,"
            f" got {len(entries)} entries"
        )
    return tuple(_to_pair(entry) for entry in entries)


@lru_cache(maxsize=1024)  # a search asks about the same few lengths hundreds of times
def effective_kernel_size(kernel: Axes, dilation: Axes) -> Axes:
    """Return the length that a dilated kernel covers on each axis, d (k - 1) + 1."""
    return tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))


def conv_padding(
    padding: Pairs | Word, space: Axes, kernel: Axes, stride: Axes, dilation: Axes
) -> Pairs:
    """Return the numbers behind the padding of a convolution.

    With ``same`` there are ceil(n / s) outputs. An odd total is padded once more at the end
    (SAME_UPPER in ONNX). ``circular`` has the same numbers, of elements from the other end. Raises
    ``ValueError`` if a stride is 0.
    """
    if not isinstance(padding, str):
        return padding
    if padding == "valid":
        return ((0, 0),) * len(space)
    _check_stride(stride)  # "same", or "circular", which begins where it does
    totals = (
        max((-(-n // s) - 1) * s + r - n, 0)
        for n, s, r in zip(space, stride, effective_kernel_size(kernel, dilation), strict=True)
    )
    return even_crop(totals)


def conv_transpose_padding(
    padding: Pairs | Word, kernel: Axes, stride: Axes, dilation: Axes
) -> Pairs:
    """Return the numbers behind the padding of a transposed convolution.

    With ``same`` it is the adjoint of a SAME convolution of an input of n s elements. ``circular``
    has the same numbers, of elements that are added at the other end.

    Returns one (begin, end) for each axis. An end is negative where the stride exceeds the
    effective kernel size.
    """
    if not isinstance(padding, str):
        return padding
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    # "same", or "circular", which begins where it does
    sizes = effective_kernel_size(kernel, dilation)
    return even_crop(r - s for r, s in zip(sizes, stride, strict=True))


def even_crop(totals: Iterable[int]) -> Pairs:
    """Return the (begin, end) that together crop ``totals``, one number for each axis.

    An odd element is cropped at the end, and a negative total lengthens the end.
    """
    return tuple((max(total, 0) // 2, total - max(total, 0) // 2) for total in totals)


def conv_space(space: Axes, kernel: Axes, stride: Axes, padding: Pairs, dilation: Axes) -> Axes:
    """Return the spatial shape of a convolution's output on an input of shape ``space``.

    Raises ``ValueError`` if the kernel does not fit into the padded input, or a stride is 0.
    """
    _check_stride(stride)
    lengths = []
    for n, r, s, (begin, end) in zip(
        space, effective_kernel_size(kernel, dilation), stride, padding, strict=True
    ):
        if n + begin + end < r:
            raise ValueError(
                f"a kernel that covers {r} does not fit into an input of {n} padded to"
                f" {n + begin + end}"
            )
        lengths.append((n + begin + end - r) // s + 1)
    return tuple(lengths)


@lru_cache(maxsize=1024)
def conv_transpose_space(
    space: Axes, kernel: Axes, stride: Axes, padding: Pairs, output_padding: Axes, dilation: Axes
) -> Axes:
    """Return the spatial shape of a transposed convolution's output on an input ``space``.

    Raises ``ValueError`` if padding leaves less than one element on an axis.
    """
    lengths = []
    for n, r, s, (begin, end), extra in zip(
        space, effective_kernel_size(kernel, dilation), stride, padding, output_padding, strict=True
    ):
        full = (n - 1) * s + r
        if full - begin - end + extra < 1:
            raise ValueError(
                f"padding ({begin}, {end}) leaves {full - begin - end + extra} of the {full}"
                " elements of an axis; at least 1 must remain"
            )
        lengths.append(full - begin - end + extra)
    return tuple(lengths)


def _check_stride(stride: Axes) -> None:
    if 0 in stride:
        raise ValueError("stride must be at least 1 per axis, got 0")


def _is_int(value: object) -> TypeGuard[int]:
    # An array of any shape has __index__, a bool is an int: neither is one number of elements.
    if type(value) in (int, tuple):  # nearly every call, and an Integral takes long to tell
        return type(value) is int
    return isinstance(value, Integral) and not isinstance(value, bool)


def _to_tuple(name: str, value: object) -> tuple[Any, ...]:
    if isinstance(value, Iterable):
        return tuple(value)
    raise ValueError(f"{name} must be whole numbers, got {value!r}")


def _to_pair(entry: object) -> tuple[int, int]:
    if type(entry) is tuple and [*map(type, entry)] == [int, int]:
        return entry  # as in nearly every call
    numbers = (entry, entry) if _is_int(entry) else _to_tuple("padding", entry)
    if len(numbers) != 2 or not all(map(_is_int, numbers)):
        raise ValueError(f"padding on an axis must be a number or (begin, end), got {entry!r}")
    return int(numbers[0]), int(numbers[1])
