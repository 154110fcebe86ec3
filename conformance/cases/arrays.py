"""The arrays of a case: literal lists, and arrays made by a rule, into canonical shapes.

Sizes are judged before anything is allocated, and values before anything is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, TypeAlias

import numpy as np

from conformance import oracle
from conformance.cases.array_rules import Arange, Basis, Bilinear, Fill, Generated, Integers, Normal
from conformance.cases.errors import Refused
from conformance.cases.size_limits import limited
from conformance.question import Array, Dtype

EXACT_INTEGERS: Mapping[Dtype, int] = {
    "float16": 2**11,
    "bfloat16": 2**8,
    "float32": 2**24,
    "float64": 2**53,
    "int32": 2**31 - 1,
    "int64": 2**53,
}
"""Up to where a dtype holds every whole number (int64: as far as the oracle's float64 does)."""

Rule: TypeAlias = list[Any] | Generated
"""An operand as a case file says it: the numbers themselves, or how to make them."""

_RANKS = {1: 1, 2: 2, 3: 1, 4: 2, 5: 3}


def depth(rule: Rule) -> int:
    """How many axes the array of ``rule`` is written with."""
    if isinstance(rule, Basis):
        return len(rule.basis) + 2
    if isinstance(rule, Bilinear):
        return rule.rank + 2
    if not isinstance(rule, list):
        return len(rule.shape)
    value: Any = rule
    deep = 0
    while isinstance(value, list):
        value, deep = value[0], deep + 1
    return deep


def settle_rank(rules: Mapping[str, Rule], said: int | None) -> int:
    """How many spatial axes the operands of a case have; ``said`` is the case's ``rank``, if any.

    Without a word on it, the first operand decides: one or two axes are a bare array of that
    rank (batch 1, channel 1), three to five axes are (batch, channels, *space). So a bare 3-D
    array needs ``rank: 3``. Every operand may be bare or full, whatever the others are.

    Raises ``Refused`` for an operand that is neither bare nor full at that rank.
    """
    rank, because, first = said, f"rank is {said}", 0
    for name, rule in rules.items():
        deep = depth(rule)
        if rank is None:
            rank, because, first = _RANKS[deep], f"{name} has {deep}", deep
        elif deep not in (rank, rank + 2):
            axes = "axis" if rank == 1 else "axes"
            wanted = f"must have {rank} {axes}, or {rank + 2} with batch and channels"
            hint = _unbatched(said or deep - 2, first or deep)
            raise Refused((name,), f"{name} {wanted}, because {because}, got {deep}{hint}")
    if rank is None:
        raise ValueError("a rank cannot be settled without operands")
    return rank


def _unbatched(rank: int, first: int) -> str:
    """What was probably meant, given the rank of an operand and how many axes the first has."""
    if first == rank + 1 and rank in _RANKS.values():
        means = "an image of one channel" if first == 2 else "(batch, channels, space...)"
        return (
            f"; an x of {first} axes is {means}, and one example without a batch is written as a"
            " batch of one"
        )
    return "; a bare 3-D array needs 'rank: 3'" if rank == first == 3 else ""


def array(name: str, rule: Rule, rank: int) -> Array:
    """The numbers of ``rule``, int64 or float64, with batch and channel axes added if it is bare.

    Raises ``Refused`` for more than ``limits.MAX_ELEMENTS`` elements, before they are allocated.
    """
    numbers = np.array(rule) if isinstance(rule, list) else _made(name, rule)
    return numbers[None, None] if numbers.ndim == rank else numbers


def stored(numbers: Array, dtype: Dtype) -> Array:
    """``numbers`` in ``dtype``; bfloat16, which NumPy lacks, as float32 rounded to bfloat16."""
    if dtype != "bfloat16":
        with np.errstate(over="ignore"):
            return numbers.astype(dtype)
    bits = np.ascontiguousarray(numbers, np.float32).view(np.uint32).astype(np.uint64)
    # Round to nearest, ties to even, as the formats' own conversions do.
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return rounded.astype(np.uint32).view(np.float32).reshape(numbers.shape)


def first_changed(numbers: Array, dtype: Dtype) -> tuple[int, ...] | None:
    """Where the first number is that ``dtype`` changes by holding it, None if there is none."""
    changed = np.argwhere(stored(numbers, dtype).astype(np.float64) != numbers)
    return tuple(map(int, changed[0])) if len(changed) else None


def first_real(numbers: Array) -> tuple[int, ...] | None:
    """Where the first number is that is not whole, None if there is none."""
    if numbers.dtype.kind == "i":
        return None
    found = np.argwhere(numbers != np.round(numbers))
    return tuple(map(int, found[0])) if len(found) else None


def _made(name: str, rule: Generated) -> Array:
    if isinstance(rule, Basis):
        count = prod(rule.basis)
        limited(name, (count, count), (name,))
        return np.eye(count, dtype=np.int64).reshape(count, 1, *rule.basis)
    if isinstance(rule, Bilinear):
        limited(name, (rule.channels, *(2 * rule.bilinear,) * rule.rank), (name,))
        return np.asarray(oracle.bilinear_kernel(rule.bilinear, rule.channels, rule.rank))
    limited(name, rule.shape, (name,))
    numbers: Array = _FILLED[type(rule)](rule)
    return numbers


def _integers(rule: Integers) -> Array:
    low, high = rule.integers
    return random(rule.seed).integers(low, high, rule.shape, endpoint=True)


def _arange(rule: Arange) -> Array:
    return rule.arange + np.arange(prod(rule.shape), dtype=np.int64).reshape(rule.shape)


def _fill(rule: Fill) -> Array:
    return np.full(rule.shape, rule.fill)


def _normal(rule: Normal) -> Array:
    return random(rule.seed).normal(0.0, rule.normal, rule.shape)


def random(seed: int) -> np.random.Generator:
    """The numbers that a seed stands for, the same on every machine and in every NumPy."""
    return np.random.Generator(np.random.PCG64(seed))


_FILLED: Mapping[type, Any] = {Integers: _integers, Arange: _arange, Fill: _fill, Normal: _normal}
