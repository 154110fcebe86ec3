"""Make the arrays of a case, from literal lists or from rules, in canonical shapes.

Sizes are checked before anything is allocated, and values before anything is computed.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from conformance.cases import array_rules
from conformance.cases.errors import CaseError
from conformance.cases.size_limits import check_size
from conformance.comparison import equal
from conformance.question import Array, Dtype, is_complex

EXACT_INTEGERS: Mapping[Dtype, int] = {
    "float16": 2**11,
    "bfloat16": 2**8,
    "float32": 2**24,
    "float64": 2**53,
    "int32": 2**31 - 1,
    "int64": 2**53,
    "complex64": 2**24,
    "complex128": 2**53,
}
"""The bound up to which a dtype holds every integer (int64: as far as the oracle's float64)."""

Rule: TypeAlias = list[Any] | array_rules.Rule
"""An operand in a case file: the numbers themselves, or how to make them."""

_RANKS = {1: 1, 2: 2, 3: 1, 4: 2, 5: 3}
_FULL = (3, 4, 5)


def axis_count(rule: Rule) -> int:
    """Return how many axes the array of ``rule`` is written with."""
    return len(rule.array_shape) if isinstance(rule, array_rules.Rule) else np.ndim(rule)


def infer_rank(
    rules: Mapping[str, Rule], stated_rank: int | None, kernel: Rule | None = None
) -> int:
    """Return how many spatial axes the operands of a case have.

    Without ``stated_rank`` the first operand decides: one or two axes are a bare array of that
    rank (batch 1, channel 1), three to five axes are (batch, channels, *space). So a bare 3-D
    array needs ``rank: 3``. Every operand may be bare or full, whatever the others are. A kernel
    with its channels decides for an x of one axis fewer, which is one example without a batch.

    Raises ``CaseError`` if an operand is neither bare nor full at that rank.

    Parameters
    ----------
    rules
        The operands by name, the input first.
    stated_rank
        The rank that the case states, if it does.
    kernel
        The kernel, if it is none of the operands.
    """
    counts = {name: axis_count(rule) for name, rule in rules.items()}
    first, first_count = next(iter(counts.items()))
    kernel = rules.get("kernel", kernel)
    kernel_count = 0 if kernel is None else axis_count(kernel)
    rank = stated_rank or _RANKS[first_count]
    if not stated_rank and kernel_count in _FULL and first_count == kernel_count - 1:
        rank = kernel_count - 2
    is_one_example = kernel is not None and first_count == rank + 1
    reason = f"rank is {stated_rank}" if stated_rank else f"{first} has {first_count}"
    for name, count in counts.items():
        has_batch = name.startswith("kernel") or not is_one_example
        full, axes = (rank + 2, "batch and channels") if has_batch else (rank + 1, "channels")
        if count not in (rank, full):
            spatial = f"{rank} axis" if rank == 1 else f"{rank} axes"
            requirement = f"must have {spatial}, or {full} with {axes}"
            is_bare = (stated_rank or count - 2) == (count if stated_rank else first_count) == 3
            hint = "; a bare 3-D array needs 'rank: 3'" if is_bare else ""
            raise CaseError((name,), f"{name} {requirement}, because {reason}, got {count}{hint}")
    return rank


def is_unbatched(x: Rule, rank: int) -> bool:
    """Return whether x is one example (channels, *space), which has no batch axis."""
    return axis_count(x) == rank + 1


def made(name: str, rule: Rule) -> Array:
    """Make the array of a rule, int64 or float64, with the axes that are written.

    Raises ``CaseError`` if there are more than ``MAX_ELEMENTS`` elements, before they are
    allocated.
    """
    if isinstance(rule, array_rules.Rule):
        check_size(name, rule.array_shape, (name,))
        return rule.make()
    return np.array(rule)


def array(name: str, rule: Rule, rank: int) -> Array:
    """Make the array of an operand as `made` does, of shape (batch, channels, *space).

    A bare array, of as many axes as ``rank``, gets its first two axes, and one example its batch.
    """
    numbers = made(name, rule)
    return numbers.reshape((1,) * (rank + 2 - numbers.ndim) + numbers.shape)


def crop_groups(array: Array, axis: int, groups: int, most_groups: int, most: int) -> Array:
    """Crop an axis of channels to its first groups, and to the first channels of each.

    Parameters
    ----------
    axis
        Its axis of channels, whose length is a multiple of ``groups``.
    """
    before, (length, *after) = array.shape[:axis], array.shape[axis:]
    by_group = array.reshape(*before, groups, length // groups, *after)
    part = by_group[(slice(None),) * axis + (slice(most_groups), slice(most))]
    return part.reshape(*before, part.shape[axis] * part.shape[axis + 1], *after)


def to_dtype(numbers: Array, dtype: Dtype) -> Array:
    """Return ``numbers`` in ``dtype``; bfloat16, which NumPy lacks, as float32 rounded to it.

    A complex number in a dtype that has none loses its imaginary part.
    """
    if np.iscomplexobj(numbers) and not is_complex(dtype):
        numbers = numbers.real
    if dtype != "bfloat16":
        with np.errstate(over="ignore", invalid="ignore"):
            return numbers.astype(dtype)
    if np.isnan(numbers).any():  # of whose bits only the first ones stay
        numbers = np.where(np.isnan(numbers), np.float32(np.nan), numbers)
    bits = np.ascontiguousarray(numbers, np.float32).view(np.uint32).astype(np.uint64)
    # Round to nearest, ties to even, as the formats' own conversions do.
    rounded_bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return rounded_bits.astype(np.uint32).view(np.float32).reshape(numbers.shape)


def first_changed(
    numbers: Array, dtype: Dtype, *, but_rounded: bool = False
) -> tuple[int, ...] | None:
    """Return the index of the first number that ``dtype`` cannot hold, None if there is none.

    ``but_rounded`` says whether a number of floats may be rounded, if not to infinity.
    """
    stored = to_dtype(numbers, dtype)
    changed = ~equal(stored, numbers)
    if but_rounded and not dtype.startswith("int"):
        changed &= (np.isfinite(numbers) & ~np.isfinite(stored)) | (
            np.iscomplexobj(numbers) and not is_complex(dtype)
        )
    return first_true(changed)


def first_real(numbers: Array) -> tuple[int, ...] | None:
    """Return the index of the first number that is not whole, None if there is none.

    NaN and infinities count as whole: what they reach is rounded nowhere.
    """
    if numbers.dtype.kind in "iu":
        return None
    with np.errstate(invalid="ignore"):
        return first_true((np.round(numbers) != numbers) & (numbers == numbers))


def first_true(mask: Array) -> tuple[int, ...] | None:
    """Return the index of the first true element, None if there is none."""
    index = np.unravel_index(mask.argmax(), mask.shape) if mask.any() else None
    return None if index is None else tuple(map(int, index))
