"""Conventions: the axes of meaning on which frameworks part, each choice a change of the oracle.

A choice says how its holder understands a question: as another question, and the oracle's answer to
that one is the holder's. Choices on several axes are changes one after the other, in the order in
which the axes stand in `AXES`; adding an axis is adding one entry there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial, reduce

from conformance.conventions import mistakes, transforms
from conformance.conventions.transforms import Postprocess, Transform, Transformed, unchanged
from conformance.question import Dtype, Question


@dataclass(frozen=True)
class Choice:
    """One way to understand an axis other than the canonical one.

    name      in a few words
    sentence  what its holder does
    change    how the question is understood
    mistake   whether no API means it, and converters and hand-written code do it all the same: it
              explains answers of others, and is in no profile
    like      conventions, by their names, that together come to the same in some questions: a
              diagnosis names them too, though they are more
    """

    name: str
    sentence: str
    transform: Transform
    mistake: bool = False
    like: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Axis:
    """One thing that can be meant in several ways.

    canonical  the oracle's choice, in a few words
    sentence   what the oracle does
    concerns   whether the question touches the axis at all
    choices    the other ways, the likeliest first
    rounds     whether they change nothing but how sums are rounded
    """

    name: str
    canonical: str
    sentence: str
    concerns: Callable[[Question], bool]
    choices: tuple[Choice, ...]
    rounds: bool = False

    @property
    def meanings(self) -> tuple[Choice, ...]:
        """The choices that an API may make, beside the canonical one."""
        return tuple(choice for choice in self.choices if not choice.mistake)


@dataclass(frozen=True)
class Convention:
    """A choice on an axis: the unit that a diagnosis is made of."""

    axis: Axis
    choice: Choice

    def __str__(self) -> str:
        return f"{self.axis.name}: {self.choice.name}"


NO_AXES: tuple[int, ...] = ()
SOME_AXES: dict[tuple[int, ...], str] = {(0,): "the first", (1,): "the second", (2,): "the third"}
TWO_OF_THREE: dict[tuple[int, ...], str] = {
    (0, 1): "the first two",
    (0, 2): "the outer two",
    (1, 2): "the last two",
}

HALVES: tuple[Dtype, ...] = ("float16", "bfloat16")


def _mistake(
    name: str, sentence: str, transform: Transform, *, like: tuple[tuple[str, ...], ...] = ()
) -> Choice:
    return Choice(name, sentence, transform, mistake=True, like=like)


AXES: tuple[Axis, ...] = (
    Axis(
        "answer layout",
        "batch, channels, space",
        "The axes of the answer are batch, channels and space, in this order.",
        lambda q: q.wanted == "output" and q.has_output and max(q.output_shape) > 1,
        (
            _mistake(
                "channels last",
                "The channels are the last axis of the answer.",
                mistakes.laid_out(mistakes.channels_last),
            ),
            _mistake(
                "space reversed",
                "The spatial axes of the answer are in the opposite order.",
                mistakes.laid_out(mistakes.reversed_space, shape="space"),
            ),
            _mistake(
                "backwards",
                "The answer runs backwards along every spatial axis.",
                mistakes.laid_out(mistakes.backwards),
            ),
            _mistake(
                "reshaped to channels last",
                "The answer is reshaped to channels last, and its axes are not moved.",
                mistakes.laid_out(mistakes.reshaped_to_channels_last, shape="channels"),
            ),
            _mistake(
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
            _mistake(
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
            _mistake(
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
            _mistake(
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
            _mistake("ignored", "Stride is ignored.", mistakes.ignore_stride),
            _mistake(
                "repeats the input",
                "Stride repeats every element of the input.",
                mistakes.repeat_input(last=True),
            ),
            _mistake(
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
    Axis(
        "same: odd element",
        "cropped at the end",
        "Where `same` crops an odd total, the odd element goes at the end.",
        lambda q: q.padding == "same" and any(b != e for b, e in q.pairs),
        (
            Choice(
                "cropped at the begin",
                "Where `same` crops an odd total, the odd element goes at the begin.",
                transforms.odd_at_begin,
            ),
        ),
    ),
    Axis(
        "same: formula",
        "of the adjoint",
        "`same` gives n s elements and is the adjoint of a SAME convolution.",
        lambda q: q.padding == "same",
        (
            Choice(
                "of the input",
                "`same` is counted as for a convolution over the input, without dilation.",
                transforms.unextended(transforms.same_of_input),
            ),
            Choice(
                "half a kernel",
                "`same` crops half of the kernel at both ends, whatever the stride.",
                transforms.unextended(transforms.same_half_kernel),
            ),
        ),
    ),
    Axis(
        "same: output padding",
        "added to n s",
        "With output padding, 0 too, `same` gives as many elements more than n s.",
        lambda q: q.padding == "same" and q.has_output_padding,
        (
            Choice(
                "half a kernel, centred",
                "With output padding, 0 too, `same` crops half of the kernel twice, less that,"
                " evenly.",
                transforms.same_half_kernel_centred,
            ),
            Choice(
                "half a kernel",
                "With output padding, 0 too, `same` crops half of the kernel at both ends first.",
                transforms.same_half_kernel,
            ),
        ),
    ),
    Axis(
        "valid: length",
        "full",
        "Without padding the output has the full length (n - 1) s + d (k - 1) + 1.",
        lambda q: (
            q.operator == "conv_transpose"
            and transforms.is_sparse(q)
            and not transforms.is_padded(q)
        ),
        (
            Choice(
                "whole strides",
                "Without padding the output has at least n s elements, the last ones zero.",
                transforms.whole_strides,
            ),
        ),
    ),
    Axis(
        "padding order",
        "a pair for each axis",
        "Padding numbers are pairs of start and end, one for each axis in order.",
        lambda q: not isinstance(q.padding, str) and len(set(q.padding)) > 1,
        (
            _mistake(
                "reversed",
                "The padding numbers of the last axis are taken for those of the first.",
                mistakes.reverse_padding,
            ),
            _mistake(
                "read as starts and ends",
                "The pairs are taken for the starts of all axes and then all ends.",
                mistakes.padding_as_starts_and_ends,
            ),
            _mistake(
                "read as pairs",
                "The starts of all axes and then all ends are taken for pairs.",
                mistakes.padding_as_pairs,
            ),
        ),
    ),
    Axis(
        "padding",
        "crops the output",
        "Padding is what is cropped off the output.",
        lambda q: not isinstance(q.padding, str) and transforms.is_padded(q),
        (
            Choice(
                "pads the input",
                "Padding numbers are zeros around the stretched input.",
                transforms.pad_stretched,
            ),
            Choice("ignored", "Padding is ignored.", transforms.ignore_padding),
            _mistake(
                "pads the input without its stride",
                "Padding numbers are zeros around the input, before its stride is applied.",
                mistakes.pad_input_and_fit,
            ),
            _mistake(
                "pads the input and crops nothing",
                "Padding numbers are zeros around the input, and all of the output is kept.",
                mistakes.pad_input,
            ),
        ),
    ),
    Axis(
        "padding ends",
        "begin, end",
        "Of a pair the first number is for the begin.",
        lambda q: not isinstance(q.padding, str) and any(b != e for b, e in q.padding),
        (Choice("end, begin", "Of a pair the first number is for the end.", transforms.swap_ends),),
    ),
    Axis(
        "padding with stride",
        "stride first",
        "The zeros of the stride are put into the input before those that the kernel needs.",
        lambda q: q.operator == "conv_transpose" and max(q.stride) > 1 and max(q.window) > 1,
        (
            _mistake(
                "padding first",
                "The zeros that the kernel needs are put around the input before its stride is"
                " applied.",
                mistakes.pad_before_stride,
            ),
        ),
    ),
    Axis(
        "output padding",
        "more at the end",
        "Output padding lengthens the output at its end, by what a crop would have taken.",
        lambda q: q.has_output_padding,
        (
            Choice(
                "more at the begin",
                "Output padding lengthens the output at its begin.",
                transforms.extend_begin,
            ),
            Choice(
                "zeros at the end",
                "Output padding appends zeros, even where a crop took real values.",
                transforms.extend_by_zeros,
            ),
            Choice("ignored", "Output padding is ignored.", transforms.ignore_output_padding),
            _mistake(
                "zeros at the start",
                "Output padding puts zeros before the output.",
                mistakes.zeros_at_start,
            ),
            _mistake(
                "after the input",
                "Output padding puts zeros after the input, before its stride is applied.",
                mistakes.extend_input(at_start=False),
            ),
            _mistake(
                "before the input",
                "Output padding puts zeros before the input, before its stride is applied.",
                mistakes.extend_input(at_start=True),
            ),
            _mistake(
                "below the stride",
                "Output padding is cut off below the stride.",
                mistakes.clamp_output_padding,
            ),
        ),
    ),
    Axis(
        "padding split",
        "as it stands",
        "Each end of an axis loses its own padding.",
        lambda q: (
            q.operator != "interpolate"
            and (any(b != e for b, e in q.pairs) or any(q.output_padding))
        ),
        (
            _mistake(
                "halved",
                "The whole padding of an axis is halved, and the odd element is of the end.",
                mistakes.halve(),
            ),
            _mistake(
                "halved from the end",
                "The whole padding of an axis is halved, and the odd element is of the start.",
                mistakes.halve(mistakes.EVERY_AXIS),
            ),
            *(
                _mistake(
                    f"halved from the end along {which}",
                    "The whole padding of an axis is halved, and the odd element is of the start"
                    f" along {which}.",
                    mistakes.halve(axes),
                )
                for axes, which in {**SOME_AXES, **TWO_OF_THREE}.items()
            ),
        ),
    ),
    Axis(
        "bias",
        "added once",
        "The bias is added once to every position.",
        lambda q: q.bias is not None and q.wanted == "output",
        (
            Choice("dropped", "The bias is not added.", transforms.scale_bias(0)),
            Choice("doubled", "The bias is added twice.", transforms.scale_bias(2)),
            _mistake(
                "along the last axis",
                "The bias is added along the last axis of the output.",
                mistakes.bias_along(-1),
            ),
            _mistake(
                "along the first spatial axis",
                "The bias is added along the first spatial axis of the output.",
                mistakes.bias_along(0),
            ),
            _mistake(
                "along the input channels",
                "The bias is added to the input, along its channels.",
                mistakes.bias_to_input,
            ),
        ),
    ),
    Axis(
        "dtype",
        "kept",
        "The answer has the dtype of the question.",
        lambda q: q.dtype in ("float64", "int64") and q.wanted != "parameters",
        (
            Choice(
                "narrowed to 32 bits",
                "Numbers of 64 bits are made numbers of 32, and so is the answer.",
                transforms.narrow,
            ),
        ),
    ),
    Axis(
        "accumulation",
        "in the dtype or wider",
        "Sums are rounded to the dtype of the question or not at all.",
        lambda q: q.dtype in ("float32", "float64") and q.wanted != "parameters",
        (
            Choice("in float32", "Sums are rounded to float32.", transforms.rounded("float32")),
            Choice("in float16", "Sums are rounded to float16.", transforms.rounded("float16")),
            Choice("in bfloat16", "Sums are rounded to bfloat16.", transforms.rounded("bfloat16")),
        ),
        rounds=True,
    ),
    Axis(
        "position",
        "in place",
        "The output begins where the padding says.",
        lambda q: q.operator != "interpolate",
        tuple(
            Choice(
                f"one {late} along {which}",
                f"The output is one element {late} along {which}.",
                transforms.shift(axes, by),
            )
            for axes, which in {NO_AXES: "every axis", **SOME_AXES, **TWO_OF_THREE}.items()
            for by, late in ((1, "later"), (-1, "earlier"))
        ),
    ),
    # Last, as it has to know all of the question whose sums are rounded.
    *(
        Axis(
            f"{dtype} accumulation",
            "in float32 or wider",
            f"Sums of {dtype} are formed in float32 or wider and rounded once.",
            partial(transforms.is_rounded, dtype=dtype),
            (
                Choice(
                    f"in {dtype}",
                    f"Sums of {dtype} are rounded to {dtype} as they are formed.",
                    transforms.summed_in(dtype),
                ),
            ),
            rounds=True,
        )
        for dtype in HALVES
    ),
)


def apply_conventions(question: Question, conventions: Iterable[Convention]) -> Transformed:
    """The question as it is meant by somebody with these conventions, in canonical terms.

    A convention that finds nothing to change in this question changes nothing.
    """
    postprocesses: list[Postprocess] = []
    for convention in sorted(conventions, key=CONVENTIONS.index):
        if not convention.axis.concerns(question):
            continue
        transformed = convention.choice.transform(question)
        if transformed is not None:
            question = transformed.question
            if transformed.after is not unchanged:
                postprocesses.insert(0, transformed.after)
    if not postprocesses:
        return Transformed(question)
    return Transformed(
        question, lambda y: reduce(lambda answer, after: after(answer), postprocesses, y)
    )


CONVENTIONS = tuple(Convention(axis, choice) for axis in AXES for choice in axis.choices)
MEANINGS = tuple(convention for convention in CONVENTIONS if not convention.choice.mistake)
"""The conventions that an API may have; the others are mistakes."""
