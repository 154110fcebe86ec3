"""Build the question of a submission from its typed arrays and its arguments."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.answers.dtypes import TypedArrays
from conformance.answers.layouts import axis_names, spatial_entries, to_canonical, with_all_axes
from conformance.answers.vocabulary import EXTRAS, Vocabulary, check_shapes, fitted
from conformance.authoring import call_files
from conformance.authoring.call_files import CannotUse
from conformance.authoring.captures import X_AXES, Capture
from conformance.oracle.geometry import padding_of, per_axis
from conformance.question import TANGENTS, Array, Op, Question, tangents_of
from conformance.recipes.search import LENGTH

_NEUTRAL = {"stride": 1, "dilation": 1, "padding": 0, "output_padding": 0}
"""The value of each argument that is left out."""


def kernel_axes(op: Op) -> str:
    """Return the canonical order of the axes of a kernel."""
    return "in out *k" if op.startswith("conv_transpose") else "out in *k"


def build(
    op: Op,
    typed_values: TypedArrays,
    arguments: Mapping[str, Any],
    axes: Mapping[str, str],
    rank: int,
    vocabulary: Vocabulary | None,
) -> Question:
    """Return the question in canonical terms; raise `CannotUse` if there is none."""
    arrays = typed_values.arrays
    values = {**(vocabulary.api.defaults if vocabulary else {}), **arguments}
    groups = values.get("groups", 1)
    if not isinstance(groups, int) or groups < 1:
        raise CannotUse(f"groups must be a whole number of at least 1, got {groups!r}")
    capture = Capture.from_arrays(
        {
            key: with_all_axes(array, rank, axes[key]) if key in axes else array
            for key, array in arrays.items()
            if key in call_files.ARRAYS
        },
        x_axes=axes["x"],
        kernel_axes=axes["kernel"],
        canonical=kernel_axes(op),
        groups=groups,
        divides_inputs=vocabulary is not None and vocabulary.api.divides_inputs,
    )
    for key in _NEUTRAL:
        if isinstance(values.get(key), str) and key != "padding":
            raise CannotUse(f"{key} must be whole numbers, got {values[key]!r}")
    numbers = {
        key: spatial_entries(key, values.get(key, neutral), rank, axes["x"], neutral)
        for key, neutral in _NEUTRAL.items()
    }
    try:
        q = Question(
            op=op,
            x=capture.x,
            kernel=capture.kernel,
            bias=capture.bias,
            stride=per_axis("stride", numbers["stride"], rank),
            padding=padding_of(numbers["padding"], rank),
            output_padding=per_axis("output_padding", numbers["output_padding"], rank, least=0),
            dilation=per_axis("dilation", numbers["dilation"], rank),
            groups=groups,
            dtype=typed_values.dtype,
            operand_dtypes=typed_values.operand_dtypes,
            zero_given="output_padding" in values and not np.any(numbers["output_padding"]),
        )
        _check_channels(q)
        extras = {key: values[key] for key in EXTRAS if key in values}
        check_shapes(q, extras)
        if LENGTH in extras:
            extras[LENGTH] = _lengths(extras[LENGTH], q, axes["y"])
        if vocabulary is not None:
            q = vocabulary.resolve(q, extras)
        elif LENGTH in extras:
            written = {key: key in values for key in ("padding", "output_padding")}
            q = fitted(q, extras[LENGTH], **written)
    except ValueError as error:
        raise CannotUse(str(error)) from None
    if q.operator == "conv" and any(q.output_padding):
        raise CannotUse("output_padding has no meaning for a convolution")
    q = _with_gradient(q, arrays.get("gradient"), axes["gradient"])
    return _with_tangents(q, arrays, axes)


def _lengths(value: Any, q: Question, axes: str) -> tuple[int, ...]:
    """Return the length of the output along each spatial axis, of numbers or of a whole shape."""
    numbers = value if isinstance(value, list) else [value] * q.rank
    if len(numbers) == q.rank + 2:
        entries = dict(zip(axis_names(axes, q.rank), numbers, strict=True))
        expected = (len(q.x), q.output_channels)
        if (entries.pop("N"), entries.pop("C")) != expected:
            raise CannotUse(
                f"the output has {expected[0]} batch entries and {expected[1]} channels, got the"
                f" shape {numbers}"
            )
        numbers = [*entries.values()]
    return per_axis("the length of the output", numbers, q.rank)


def _check_channels(q: Question) -> None:
    """Raise `CannotUse` if channels, groups and bias do not fit each other."""
    inputs, first, second = q.x.shape[1], *q.kernel.shape[:2]
    if q.operator == "conv_transpose":
        channels, grouped = first, first
    else:
        channels, grouped = second * q.groups, first
    if inputs != channels or grouped % q.groups:
        raise CannotUse(
            f"x has {inputs} channels, which a kernel of shape {q.kernel.shape} and {q.groups}"
            f" groups do not take; the kernel's axes are {kernel_axes(q.op)!r}"
        )
    if q.bias is not None and len(q.bias) != q.output_channels:
        raise CannotUse(
            f"bias must have {q.output_channels} numbers, one for each output channel, got"
            f" {len(q.bias)}"
        )


def _with_gradient(q: Question, gradient: Array | None, axes: str) -> Question:
    """Return the question with the gradient by the output, which only a gradient needs."""
    if (gradient is not None) != q.needs_gradient:
        needs = "has no meaning for" if gradient is not None else "by the output is missing for"
        raise CannotUse(f"the gradient {needs} {q.op}")
    if gradient is None:
        return q
    gradient = to_canonical(gradient, q.rank, axes, X_AXES)
    try:
        shape = q.output_shape
    except ValueError as error:
        raise CannotUse(str(error)) from None
    if gradient.shape != shape:
        raise CannotUse(f"gradient must have the output's shape {shape}, got {gradient.shape}")
    return q.but(gradient=gradient)


def _with_tangents(q: Question, arrays: Mapping[str, Array], axes: Mapping[str, str]) -> Question:
    """Return the question with the tangents of its derivative, and with a bias that it is by."""
    if q.wanted == "bias_gradient" and q.bias is None:
        q = q.but(bias=np.zeros(q.output_channels, q.x.dtype))  # only its shape takes part
    allowed = tangents_of(q.op)
    tangents = {}
    for key in (key for key in TANGENTS if key in arrays):
        name = key.removesuffix("_tangent")
        tangent, array = arrays[key], q.arrays.get(name)
        if key not in allowed:
            raise CannotUse(f"{key} has no meaning for {q.op}")
        if array is None:
            raise CannotUse(f"{name} is missing for {key}")
        if name != "bias":
            canonical = X_AXES if name == "x" else kernel_axes(q.op)
            tangent = to_canonical(tangent, q.rank, axes[key], canonical)
        if tangent.shape != array.shape:
            raise CannotUse(f"{key} must have the shape {array.shape}, got {tangent.shape}")
        tangents[key] = tangent
    if allowed and not tangents:
        raise CannotUse(f"{' or '.join(allowed)} is missing for {q.op}")
    return q.but(**tangents)
