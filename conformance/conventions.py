"""Conventions: the axes of meaning on which frameworks part, each choice a change of the oracle.

A choice says how its holder understands a question: as another question, and the oracle's answer to
that one is the holder's. Choices on several axes are changes one after the other, in the order in
which the axes stand in `AXES`; adding an axis is adding one entry there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial, reduce

from conformance import readings as read
from conformance.question import Dtype, Question
from conformance.readings import After, Change, Reading, unchanged


@dataclass(frozen=True)
class Choice:
    """One way to understand an axis other than the canonical one.

    name      in a few words
    sentence  what its holder does
    change    how the question is understood
    """

    name: str
    sentence: str
    change: Change


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

AXES: tuple[Axis, ...] = (
    Axis(
        "kernel flip",
        "as it stands",
        "The kernel is read forwards along every spatial axis.",
        lambda q: max(q.window, default=1) > 1,
        (
            Choice("flipped", "The kernel is read backwards along every axis.", read.flip(())),
            *(
                Choice(
                    f"flipped along {which}",
                    f"The kernel is read backwards along {which} of its spatial axes.",
                    read.flip(axes),
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
                read.exchange_channels,
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
                read.reverse_kernel_axes,
            ),
        ),
    ),
    Axis(
        "input channels",
        "in order",
        "Input channels are numbered as in the kernel.",
        lambda q: q.x.shape[1] > 1,
        (Choice("reversed", "Input channels run backwards.", read.reverse_input_channels),),
    ),
    Axis(
        "output channels",
        "in order",
        "Output channels are numbered as in the kernel.",
        lambda q: q.output_channels > 1,
        (Choice("reversed", "Output channels run backwards.", read.reverse_output_channels),),
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
                read.interleave(inputs=True, outputs=True),
            ),
            Choice(
                "inputs interleaved",
                "A group takes every g-th input channel.",
                read.interleave(inputs=True, outputs=False),
            ),
            Choice(
                "outputs interleaved",
                "A group gives every g-th output channel.",
                read.interleave(inputs=False, outputs=True),
            ),
            Choice(
                "first slice for all",
                "Every group uses the first group's slice of the kernel.",
                read.first_slice,
            ),
            Choice(
                "first bias for all",
                "Every group adds the first group's bias.",
                read.first_bias,
            ),
        ),
    ),
    Axis(
        "stride order",
        "in order",
        "The strides stand in the order of the spatial axes.",
        lambda q: q.stride != q.stride[::-1],
        (Choice("reversed", "The strides are read from the last axis.", read.reverse_stride),),
    ),
    Axis(
        "stride with dilation",
        "both as asked",
        "Stride spreads the input and dilation spreads the kernel.",
        lambda q: max(q.stride) > 1 and max(q.dilation) > 1,
        (Choice("exchanged", "Stride and dilation are exchanged.", read.exchange_strides),),
    ),
    Axis(
        "dilation",
        "of the kernel",
        "Dilation spreads the kernel.",
        lambda q: max(q.dilation) > 1,
        (
            Choice("ignored", "Dilation is ignored.", read.ignore_dilation),
            Choice("of the input", "Dilation spreads the input.", read.dilate_input),
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
                read.odd_at_begin,
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
                read.unextended(read.same_of_input),
            ),
            Choice(
                "half a kernel",
                "`same` crops half of the kernel at both ends, whatever the stride.",
                read.unextended(read.same_half_kernel),
            ),
        ),
    ),
    Axis(
        "same: output padding",
        "added to n s",
        "With output padding `same` gives as many elements more than n s.",
        lambda q: q.padding == "same" and any(q.output_padding),
        (
            Choice(
                "half a kernel, centred",
                "With output padding `same` crops half of the kernel twice, less that, evenly.",
                read.same_half_kernel_centred,
            ),
            Choice(
                "half a kernel",
                "With output padding `same` crops half of the kernel at both ends first.",
                read.same_half_kernel,
            ),
        ),
    ),
    Axis(
        "valid: length",
        "full",
        "Without padding the output has the full length (n - 1) s + d (k - 1) + 1.",
        lambda q: q.operator == "conv_transpose" and read.is_sparse(q) and not read.is_padded(q),
        (
            Choice(
                "whole strides",
                "Without padding the output has at least n s elements, the last ones zero.",
                read.whole_strides,
            ),
        ),
    ),
    Axis(
        "padding",
        "crops the output",
        "Padding is what is cropped off the output.",
        lambda q: not isinstance(q.padding, str) and read.is_padded(q),
        (
            Choice(
                "pads the input",
                "Padding numbers are zeros around the stretched input.",
                read.pad_stretched,
            ),
            Choice("ignored", "Padding is ignored.", read.ignore_padding),
        ),
    ),
    Axis(
        "padding ends",
        "begin, end",
        "Of a pair the first number is for the begin.",
        lambda q: not isinstance(q.padding, str) and any(b != e for b, e in q.padding),
        (Choice("end, begin", "Of a pair the first number is for the end.", read.swap_ends),),
    ),
    Axis(
        "output padding",
        "more at the end",
        "Output padding lengthens the output at its end, by what a crop would have taken.",
        lambda q: any(q.output_padding),
        (
            Choice(
                "more at the begin",
                "Output padding lengthens the output at its begin.",
                read.extend_begin,
            ),
            Choice(
                "zeros at the end",
                "Output padding appends zeros, even where a crop took real values.",
                read.extend_by_zeros,
            ),
            Choice("ignored", "Output padding is ignored.", read.ignore_output_padding),
        ),
    ),
    Axis(
        "bias",
        "added once",
        "The bias is added once to every position.",
        lambda q: q.bias is not None and q.wanted == "output",
        (
            Choice("dropped", "The bias is not added.", read.scale_bias(0)),
            Choice("doubled", "The bias is added twice.", read.scale_bias(2)),
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
                read.narrow,
            ),
        ),
    ),
    Axis(
        "accumulation",
        "in the dtype or wider",
        "Sums are rounded to the dtype of the question or not at all.",
        lambda q: q.dtype in ("float32", "float64") and q.wanted != "parameters",
        (
            Choice("in float32", "Sums are rounded to float32.", read.rounded("float32")),
            Choice("in float16", "Sums are rounded to float16.", read.rounded("float16")),
            Choice("in bfloat16", "Sums are rounded to bfloat16.", read.rounded("bfloat16")),
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
                read.shift(axes, by),
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
            partial(read.is_rounded, dtype=dtype),
            (
                Choice(
                    f"in {dtype}",
                    f"Sums of {dtype} are rounded to {dtype} as they are formed.",
                    read.summed_in(dtype),
                ),
            ),
            rounds=True,
        )
        for dtype in HALVES
    ),
)


def meant(question: Question, conventions: Iterable[Convention]) -> Reading:
    """The question as it is meant by somebody with these conventions, in canonical terms.

    A convention that finds nothing to change in this question changes nothing.
    """
    afters: list[After] = []
    for convention in sorted(conventions, key=CONVENTIONS.index):
        if not convention.axis.concerns(question):
            continue
        reading = convention.choice.change(question)
        if reading is not None:
            question = reading.question
            if reading.after is not unchanged:
                afters.insert(0, reading.after)
    if not afters:
        return Reading(question)
    return Reading(question, lambda y: reduce(lambda answer, after: after(answer), afters, y))


CONVENTIONS = tuple(Convention(axis, choice) for axis in AXES for choice in axis.choices)
