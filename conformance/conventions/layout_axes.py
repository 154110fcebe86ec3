"""List the axes of layout: the order of the answer's and the kernel's axes, and their direction."""

from __future__ import annotations

from conformance.conventions import mistakes, transforms
from conformance.conventions.axis import SOME_AXES, TWO_OF_THREE, Axis, Choice, mistake

AXES: tuple[Axis, ...] = (
    Axis(
        "answer layout",
        "batch, channels, space",
        "The axes of the answer are batch, channels and space, in this order.",
        lambda q: q.wanted == "output" and q.has_output and max(q.output_shape) > 1,
        (
            mistake(
                "channels last",
                "The channels are the last axis of the answer.",
                mistakes.laid_out(mistakes.channels_last),
            ),
            mistake(
                "space reversed",
                "The spatial axes of the answer are in the opposite order.",
                mistakes.laid_out(mistakes.reversed_space, shape="space"),
            ),
            mistake(
                "backwards",
                "The answer runs backwards along every spatial axis.",
                mistakes.laid_out(mistakes.backwards),
            ),
            mistake(
                "reshaped to channels last",
                "The answer is reshaped to channels last, and its axes are not moved.",
                mistakes.laid_out(mistakes.reshaped_to_channels_last, shape="channels"),
            ),
            mistake(
                "reshaped from channels last",
                "An answer with channels last is reshaped, and its axes are not moved.",
                mistakes.laid_out(mistakes.reshaped_from_channels_last, shape="channels"),
            ),
        ),
    ),
    Axis(
        "kernel layout",
        "axes moved",
        "The axes of the kernel are moved where a layout asks for another order.",
        lambda q: q.operator != "interpolate" and max(q.kernel.shape[:2]) > 1,
        tuple(
            mistake(
                f"reshaped {way} {layout}",
                f"The kernel is reshaped {way} {layout}, and its axes are not moved.",
                change,
            )
            for layout, order in mistakes.KERNEL_LAYOUTS.items()
            for way, change in (
                ("to", mistakes.reshape_to(order)),
                ("from", mistakes.reshape_from(order)),
            )
        ),
    ),
    Axis(
        "kernel flip",
        "as it stands",
        "The kernel is read forwards along every spatial axis.",
        lambda q: max(q.window, default=1) > 1,
        (
            Choice(
                "flipped", "The kernel is read backwards along every axis.", transforms.flip(())
            ),
            *(
                Choice(
                    f"flipped along {which}",
                    f"The kernel is read backwards along {which} of its spatial axes.",
                    transforms.flip(axes),
                )
                for axes, which in {**SOME_AXES, **TWO_OF_THREE}.items()
            ),
        ),
    ),
    Axis(
        "kernel channels",
        "by their names",
        "Input and output channels of the kernel are told apart.",
        lambda q: q.operator != "interpolate" and q.groups == 1 and max(q.kernel.shape[:2]) > 1,
        (
            Choice(
                "exchanged",
                "The kernel's input channels are taken for its output channels.",
                transforms.exchange_channels,
            ),
        ),
    ),
    Axis(
        "kernel axes",
        "in order",
        "The spatial axes of the kernel are those of the input, in the same order.",
        lambda q: q.rank > 1 and max(q.window, default=1) > 1,
        (
            Choice(
                "reversed",
                "The last spatial axis of the kernel is taken for the first.",
                transforms.reverse_kernel_axes,
            ),
        ),
    ),
)
