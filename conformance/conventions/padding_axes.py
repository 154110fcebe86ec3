"""List the axes of padding and of output padding."""

from __future__ import annotations

from conformance.conventions import mistakes, transforms
from conformance.conventions.axis import SOME_AXES, TWO_OF_THREE, Axis, Choice, mistake

AXES: tuple[Axis, ...] = (
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
            mistake(
                "reversed",
                "The padding numbers of the last axis are taken for those of the first.",
                mistakes.reverse_padding,
            ),
            mistake(
                "read as starts and ends",
                "The pairs are taken for the starts of all axes and then all ends.",
                mistakes.padding_as_starts_and_ends,
            ),
            mistake(
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
                transforms.pad_zero_inserted_input,
            ),
            Choice("ignored", "Padding is ignored.", transforms.ignore_padding),
            mistake(
                "pads the input without its stride",
                "Padding numbers are zeros around the input, before its stride is applied.",
                mistakes.pad_input_and_fit,
            ),
            mistake(
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
            mistake(
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
            mistake(
                "zeros at the start",
                "Output padding puts zeros before the output.",
                mistakes.zeros_at_start,
            ),
            mistake(
                "after the input",
                "Output padding puts zeros after the input, before its stride is applied.",
                mistakes.extend_input(at_start=False),
            ),
            mistake(
                "before the input",
                "Output padding puts zeros before the input, before its stride is applied.",
                mistakes.extend_input(at_start=True),
            ),
            mistake(
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
            mistake(
                "halved",
                "The whole padding of an axis is halved, and the odd element is of the end.",
                mistakes.halve(),
            ),
            mistake(
                "halved from the end",
                "The whole padding of an axis is halved, and the odd element is of the start.",
                mistakes.halve(mistakes.EVERY_AXIS),
            ),
            *(
                mistake(
                    f"halved from the end along {which}",
                    "The whole padding of an axis is halved, and the odd element is of the start"
                    f" along {which}.",
                    mistakes.halve(axes),
                )
                for axes, which in {**SOME_AXES, **TWO_OF_THREE}.items()
            ),
        ),
    ),
)
