"""Define the axes of the operator, and of its channels and groups."""

from __future__ import annotations

import numpy as np

from conformance.conventions.axis import (
    Axis,
    Change,
    Transformed,
    images,
    is_padded,
    mapped,
    unchanged,
)
from conformance.question import Array, ArrayMap, Question

OPERATOR = Axis(
    "operator",
    "Output",
    "transposed convolution",
    "The operator is a transposed convolution.",
    lambda q: (
        q.operator == "conv_transpose"
        and q.wanted != "parameters"
        and (max((*q.window, *q.stride)) > 1 or is_padded(q))
    ),
)


@OPERATOR.mistake(
    "convolution",
    like=(
        ("kernel flip: flipped", "padding: pads the input"),
        ("kernel flip: flipped", "same: odd element: cropped at the start"),
    ),
)
def _convolve(q: Question) -> Transformed:
    """The operator is a convolution with the same arguments."""

    def exchange(kernel: Array) -> Array:
        """Return (first, second / groups, *k) as (second, first / groups, *k), and so back."""
        first, second = kernel.shape[:2]
        blocks = kernel.reshape(q.groups, first // q.groups, second, *q.window)
        return blocks.swapaxes(1, 2).reshape(q.groups * second, first // q.groups, *q.window)

    transformed = mapped(q, "kernel", exchange, exchange)
    op = q.op.replace("conv_transpose", "conv")
    convolution = transformed.question.but(op=op, output_padding=(0,) * q.rank)
    return transformed._replace(question=convolution)


INPUT_CHANNELS = Axis(
    "input channels",
    "Channels and groups",
    "in order",
    "Input channels are numbered as in the kernel.",
    lambda q: q.x.shape[1] > 1,
)
INPUT_CHANNELS.choice("reversed", "Input channels run backwards.")(
    lambda q: mapped(q, "x", lambda x: x[:, ::-1], lambda gradient: gradient[:, ::-1])
)

OUTPUT_CHANNELS = Axis(
    "output channels",
    "Channels and groups",
    "in order",
    "Output channels are numbered as in the kernel.",
    lambda q: q.output_channels > 1,
)


@OUTPUT_CHANNELS.choice("reversed")
def _reverse_output_channels(q: Question) -> Transformed | None:
    """Output channels run backwards."""
    if q.operator == "interpolate":
        return None
    gradient = None if q.gradient is None else q.gradient[:, ::-1]
    after: ArrayMap = (lambda y: y[:, ::-1]) if q.answer_space == "output" else unchanged
    return Transformed(q.but(gradient=gradient), after)


DILATION_WITH_GROUPS = Axis(
    "dilation with groups",
    "Stride and dilation",
    "both as asked",
    "Dilation and groups are told apart.",
    lambda q: q.operator == "conv_transpose" and max(q.dilation) != q.groups,
)


@DILATION_WITH_GROUPS.mistake("exchanged")
def _exchange_dilation_with_groups(q: Question) -> Question | None:
    """Dilation and groups are exchanged."""
    dilation, *others = dict.fromkeys(q.dilation)
    # The channels are those of valid groups; a bias would not fit another number of outputs.
    if others or len(q.kernel) % dilation or q.bias is not None:
        return None
    return q.but(groups=dilation, dilation=(q.groups,) * q.rank)


GROUPS = Axis(
    "groups",
    "Channels and groups",
    "in blocks",
    "Each group is a block of neighbouring channels with its own slice of the kernel.",
    lambda q: q.groups > 1,
)


def _interleave(*, inputs: bool, outputs: bool) -> Change:
    """Form groups of every g-th input channel, or output channel, in place of blocks."""

    def change(q: Question) -> Transformed | None:
        per_input, per_output = q.x.shape[1] // q.groups, q.output_channels // q.groups
        is_interleaved = (inputs and per_input > 1) or (outputs and per_output > 1)
        if q.answer_space != "output" or not is_interleaved:
            return None
        changes = images(q, lambda x: _interleaved(x, q.groups), "x") if inputs else {}

        def after(y: Array) -> Array:
            return _interleaved(y, per_output) if outputs else y

        # A bias has one number for each output channel, whichever group the channel is in.
        if outputs:
            changes |= images(q, lambda bias: _interleaved(bias[None], q.groups)[0], "bias")
        return Transformed(q.but(**changes), after)

    return change


def _interleaved(array: Array, size: int) -> Array:
    """Reorder channels c = i size + j so that those with the same j are neighbours."""
    n, channels, *space = array.shape
    return array.reshape(n, channels // size, size, *space).swapaxes(1, 2).reshape(array.shape)


GROUPS.choice("interleaved", "A group takes every g-th channel, of the input and of the output.")(
    _interleave(inputs=True, outputs=True)
)
GROUPS.choice("inputs interleaved", "A group takes every g-th input channel.")(
    _interleave(inputs=True, outputs=False)
)
GROUPS.choice("outputs interleaved", "A group gives every g-th output channel.")(
    _interleave(inputs=False, outputs=True)
)


@GROUPS.choice("first slice for all")
def _first_slice(q: Question) -> Question | None:
    """Every group uses the first group's slice of the kernel."""
    if q.answer_space == "kernel":
        return None
    slices = q.groups

    def repeat(kernel: Array) -> Array:
        return np.concatenate([kernel[: len(kernel) // slices]] * slices)

    return q.but(**images(q, repeat, "kernel"))


@GROUPS.choice("first bias for all")
def _first_bias(q: Question) -> Transformed | None:
    """Every group adds the first group's bias."""
    if q.bias is None:
        return None
    size = len(q.bias) // q.groups

    def add_up(gradient: Array) -> Array:
        """Return the sums over the groups as the gradient by the first group's bias."""
        sums = gradient.reshape(q.groups, size).sum(0, dtype=gradient.dtype)
        return np.pad(sums, (0, len(gradient) - size))

    return mapped(q, "bias", lambda bias: np.tile(bias[:size], q.groups), add_up)


@GROUPS.mistake("ignored")
def _ignore_groups(q: Question) -> Question | None:
    """Groups are ignored: every output channel sums all input channels."""
    if q.operator != "conv_transpose" or q.answer_space != "output":
        return None
    outputs = q.kernel.shape[1]
    return q.but(groups=1, **images(q, lambda bias: bias[:outputs], "bias"))


AXES = (OPERATOR, INPUT_CHANNELS, OUTPUT_CHANNELS, DILATION_WITH_GROUPS, GROUPS)
