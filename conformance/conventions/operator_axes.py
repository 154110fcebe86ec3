"""List the axes of the operator, its channels and groups, its stride and its dilation."""

from __future__ import annotations

from conformance.conventions import mistakes, transforms
from conformance.conventions.axis import Axis, Choice, mistake

AXES: tuple[Axis, ...] = (
    Axis(
        "operator",
        "transposed convolution",
        "The operator is a transposed convolution.",
        lambda q: (
            q.operator == "conv_transpose"
            and q.wanted != "parameters"
            and (max((*q.window, *q.stride)) > 1 or transforms.is_padded(q))
        ),
        (
            mistake(
                "convolution",
                "The operator is a convolution with the same arguments.",
                mistakes.convolve,
                like=(
                    ("kernel flip: flipped", "padding: pads the input"),
                    ("kernel flip: flipped", "same: odd element: cropped at the begin"),
                ),
            ),
        ),
    ),
    Axis(
        "input channels",
        "in order",
        "Input channels are numbered as in the kernel.",
        lambda q: q.x.shape[1] > 1,
        (Choice("reversed", "Input channels run backwards.", transforms.reverse_input_channels),),
    ),
    Axis(
        "output channels",
        "in order",
        "Output channels are numbered as in the kernel.",
        lambda q: q.output_channels > 1,
        (Choice("reversed", "Output channels run backwards.", transforms.reverse_output_channels),),
    ),
    Axis(
        "dilation with groups",
        "both as asked",
        "Dilation and groups are told apart.",
        lambda q: q.operator == "conv_transpose" and max(q.dilation) != q.groups,
        (
            mistake(
                "exchanged",
                "Dilation and groups are exchanged.",
                mistakes.exchange_groups,
            ),
        ),
    ),
    Axis(
        "groups",
        "in blocks",
        "Each group is a block of neighbouring channels with its own slice of the kernel.",
        lambda q: q.groups > 1,
        (
            Choice(
                "interleaved",
                "A group takes every g-th channel, of the input and of the output.",
                transforms.interleave(inputs=True, outputs=True),
            ),
            Choice(
                "inputs interleaved",
                "A group takes every g-th input channel.",
                transforms.interleave(inputs=True, outputs=False),
            ),
            Choice(
                "outputs interleaved",
                "A group gives every g-th output channel.",
                transforms.interleave(inputs=False, outputs=True),
            ),
            Choice(
                "first slice for all",
                "Every group uses the first group's slice of the kernel.",
                transforms.first_slice,
            ),
            Choice(
                "first bias for all",
                "Every group adds the first group's bias.",
                transforms.first_bias,
            ),
        ),
    ),
    Axis(
        "stride order",
        "in order",
        "The strides stand in the order of the spatial axes.",
        lambda q: q.stride != q.stride[::-1],
        (
            Choice(
                "reversed", "The strides are read from the last axis.", transforms.reverse_stride
            ),
        ),
    ),
    Axis(
        "stride with dilation",
        "both as asked",
        "Stride spreads the input and dilation spreads the kernel.",
        lambda q: max(q.stride) > 1 and max(q.dilation) > 1,
        (Choice("exchanged", "Stride and dilation are exchanged.", transforms.exchange_strides),),
    ),
    Axis(
        "stride",
        "zeros between",
        "Stride puts zeros between the elements of the input.",
        lambda q: q.operator != "interpolate" and max(q.stride) > 1,
        (
            mistake("ignored", "Stride is ignored.", mistakes.ignore_stride),
            mistake(
                "repeats the input",
                "Stride repeats every element of the input.",
                mistakes.repeat_input(last=True),
            ),
            mistake(
                "repeats all but the last",
                "Stride repeats every element of the input but the last one.",
                mistakes.repeat_input(last=False),
            ),
        ),
    ),
    Axis(
        "dilation",
        "of the kernel",
        "Dilation spreads the kernel.",
        lambda q: max(q.dilation) > 1,
        (
            Choice("ignored", "Dilation is ignored.", transforms.ignore_dilation),
            Choice("of the input", "Dilation spreads the input.", transforms.dilate_input),
        ),
    ),
)
