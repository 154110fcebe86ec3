"""Convert a captured call to the fields of a case, with small arrays in canonical axes.

A captured call has large arrays of real numbers in a framework's own layout. A person has to read
a case, and its answer is compared with ``==`` where that is possible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.authoring.call_files import ARRAYS, CannotUse
from conformance.authoring.yaml_writer import READABLE
from conformance.cases.array_rules import random
from conformance.cases.arrays import crop_groups, first_real
from conformance.question import DTYPES, Array
from conformance.recipes.search import order

X_AXES = "N C *s"
"""The canonical axes of x."""
RANGES = ((-3, 3), (-2, 2), (-1, 1))
"""Ranges of the numbers that replace captured ones; the first with exact sums is used."""

_NUMPY_DTYPES = tuple(dtype for dtype in DTYPES if dtype != "bfloat16")


@dataclass(frozen=True, eq=False, kw_only=True)
class Capture:
    """The arrays of one call, with canonical axes.

    Parameters
    ----------
    x : ndarray of shape (N, C, *space)
        The input.
    kernel : ndarray
        The kernel, of shape (C_in, C_out / groups, *k) for a transposed convolution, and of shape
        (C_out, C_in / groups, *k) for a convolution.
    bias : ndarray of shape (C_out,) or None
        The bias.
    groups : int
        The number of groups.
    """

    x: Array
    kernel: Array
    bias: Array | None
    groups: int

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, Array],
        *,
        x_axes: str,
        kernel_axes: str,
        canonical: str,
        groups: int,
        divides_inputs: bool = False,
    ) -> Capture:
        """Move the arrays of a call to canonical axes.

        Raises ``CannotUse`` for a missing array, and for axes and dtypes that no case has.

        Parameters
        ----------
        arrays
            The arrays x, kernel and, if there is one, bias.
        x_axes, kernel_axes
            Their axes, such as "N *s C" and "*k out in".
        divides_inputs
            Whether the kernel is that of a transposed convolution and has all output channels and
            the inputs of one group.
        """
        for key in ("x", "kernel"):
            if key not in arrays:
                raise CannotUse(
                    f"there is no {key}; --{key}-name says which array of the file it is"
                )
        for key, array in arrays.items():
            _require_usable(key, array)
        x, kernel, bias = arrays["x"], arrays["kernel"], arrays.get("bias")
        if bias is not None and bias.ndim != 1:
            raise CannotUse(f"bias must have one axis, got shape {bias.shape}")
        kernel = _transpose("kernel", kernel, kernel_axes, canonical)
        return cls(
            x=_transpose("x", x, x_axes, X_AXES),
            kernel=divide_outputs(kernel, groups) if divides_inputs else kernel,
            bias=bias,
            groups=groups,
        )

    @property
    def arrays(self) -> dict[str, Array]:
        """The arrays that are not None, by the keys of a case."""
        arrays = {key: getattr(self, key) for key in ARRAYS}
        return {key: array for key, array in arrays.items() if array is not None}

    def crop(self, most: int) -> Capture:
        """Keep the first ``most`` elements of every axis except the window of the kernel.

        Of channels, these are the first groups, and the first channels of each.

        Raises ``CannotUse`` if the channels are no multiple of the groups.
        """
        axes = {"x": 1, "kernel": 0, "bias": 0}  # the axis of each array that has the groups
        for key, array in self.arrays.items():
            length = array.shape[axes[key]]
            if self.groups < 1 or length % self.groups:
                raise CannotUse(f"{key} has {length} channels, which are not {self.groups} groups")
        arrays = {
            key: crop_groups(array, axes[key], self.groups, most, most)
            for key, array in self.arrays.items()
        }
        space = (slice(most),) * (self.x.ndim - 2)
        return Capture(
            x=arrays["x"][(slice(most), slice(None), *space)],
            kernel=arrays["kernel"][:, :most],
            bias=arrays.get("bias"),
            groups=min(self.groups, most),
        )

    def literal_fields(self, *, real: bool) -> dict[str, Any]:
        """Return the fields of a case with the numbers of the call.

        ``real`` says whether the numbers may be other than whole. Raises ``CannotUse`` for more
        numbers than a person reads, and for real numbers unless these are allowed.
        """
        substitute = "`--integers 1` keeps the shape and draws small whole numbers"
        indices = {key: first_real(array) for key, array in self.arrays.items()}
        for key, array in self.arrays.items():
            if array.size > READABLE:
                raise CannotUse(f"{_too_many(key, array)}; {substitute}{self._hint}")
            index = indices[key]
            if index is not None and not real:
                raise CannotUse(
                    f"{key} holds {array[index]!s}, which is not whole; {substitute}, so that"
                    " answers are compared with ==; `--real` keeps the numbers, and answers are"
                    " compared within a bound"
                )
        fields: dict[str, Any] = {key: _bare(key, array) for key, array in self.arrays.items()}
        return {**fields, "exact": False} if any(indices.values()) else fields

    def random_fields(self, seed: int, low: int, high: int) -> dict[str, Any]:
        """Return the fields of a case of the same shapes, with random whole numbers.

        Raises ``CannotUse`` for a bias with more numbers than a person reads, as a case has no rule
        for a bias.
        """
        fields: dict[str, Any] = {
            key: {"shape": array.shape, "integers": [low, high], "seed": seed + offset}
            for offset, (key, array) in enumerate(self.arrays.items())
        }
        if self.bias is not None:
            if self.bias.size > READABLE:
                raise CannotUse(f"{_too_many('bias', self.bias)}{self._hint}")
            fields["bias"] = random(seed + 2).integers(low, high, self.bias.shape, endpoint=True)
        return fields

    @property
    def _hint(self) -> str:
        """The largest crop that makes the arrays small enough; empty where there is none."""
        for most in reversed(range(1, READABLE)):
            if all(array.size <= READABLE for array in self.crop(most).arrays.values()):
                axes = "along each axis but the kernel's window"
                return f"; `--crop {most}` keeps the first {most} {axes}"
        return ""


def _require_usable(name: str, array: Array) -> None:
    if array.dtype.name not in _NUMPY_DTYPES:
        raise CannotUse(
            f"{name} has dtype {array.dtype}; allowed are {', '.join(_NUMPY_DTYPES)}, of which"
            " float32 may stand for bfloat16 with `--dtype bfloat16`"
        )
    if not array.size:
        raise CannotUse(f"{name} is empty, of shape {array.shape}")


def _transpose(name: str, array: Array, axes: str, canonical: str) -> Array:
    """Transpose an array from the order of ``axes`` to that of ``canonical``."""
    if sorted(axes.split()) != sorted(canonical.split()):
        raise CannotUse(f"the axes of {name} are named {canonical!r} in some order, got {axes!r}")
    rank = array.ndim - 2
    if rank not in (1, 2, 3):
        raise CannotUse(f"{name} must have 3 to 5 axes, {axes!r}, got shape {array.shape}")
    return array.transpose(order(axes, canonical, rank))


def divide_outputs(kernel: Array, groups: int) -> Array:
    """Return a kernel (C_in / groups, C_out, *k) as (C_in, C_out / groups, *k).

    Raises ``CannotUse`` if the output channels are no multiple of the groups.
    """
    inputs, outputs, *window = kernel.shape
    if groups < 1 or outputs % groups:
        raise CannotUse(f"kernel has {outputs} output channels, which are not {groups} groups")
    blocks = kernel.reshape(inputs, groups, outputs // groups, *window).swapaxes(0, 1)
    return blocks.reshape(inputs * groups, outputs // groups, *window)


def _too_many(key: str, array: Array) -> str:
    return (
        f"{key} has {array.size} numbers, shape {array.shape}, and at most {READABLE} are written"
    )


def _bare(key: str, array: Array) -> Array:
    """Drop the axes of batch and channels where both have length one."""
    is_single = key != "bias" and array.shape[:2] == (1, 1) and array.ndim < 5
    return array[0, 0] if is_single else array
