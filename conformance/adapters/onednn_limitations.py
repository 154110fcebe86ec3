"""List the known limitations of oneDNN: what it answers wrongly, and in which runtime classes.

docs/findings.md has every wrong answer with a script.
"""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import limitation, onednn
from conformance.adapters.call_source import Inexpressible, output_space
from conformance.adapters.limitation import NOT_FINITE, Limitation
from conformance.oracle import geometry
from conformance.oracle.geometry import Axes
from conformance.question import Question


def runs_convolution(q: Question) -> bool:
    """Return whether a convolution is computed, for its output or for a gradient."""
    return q.op in ("conv", "conv_transpose_input_gradient")


def _leaves_output_part_unwritten(q: Question) -> bool:
    """Return whether each group has one input channel and the strided last axis has one place."""
    channels = q.kernel.shape[1]  # the input channels of the convolution
    _, output = _convolution(q)
    if q.rank == 1 or channels > 1 or not output:
        return False
    return output[-1] == 1 < min(q.stride[-1], output[-2])


def _pads_short_input(q: Question) -> bool:
    """Return whether the first of three axes has a long padding and a short input, in float32.

    Then a gradient may break the heap or be wrong. The padding exceeds the stride but not the
    kernel, the input is longer than the part of the kernel that overlaps it at the first place, and
    the first place that starts in the input ends beyond it. Observed: this holds for all 256 wrong
    answers among 1,976 combinations of length, kernel, stride and padding, and for 41 others.
    """
    if (q.rank, q.dtype, q.groups, q.dilation[0]) != (3, "float32", 1, 1):
        return False
    k, s, p = q.window[0], q.stride[0], q.pairs[0][0]
    return 1 < s < p < k and any(k - p < n < k + -p % s for n in _convolution_input(q)[:1])


def _has_kernel_longer_than_input(q: Question) -> bool:
    """Return whether a kernel that ``same`` pads exceeds the input, in bfloat16 over three axes."""
    if (q.rank, q.padding, q.dtype) != (3, "same", "bfloat16"):
        return False
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    return any(r > n for n, r in zip(_convolution_input(q), extents, strict=False))


def _leaves_gradient_unwritten(q: Question) -> bool:
    """Return whether a stride exceeds the input of a kernel gradient in bfloat16."""
    if (q.dtype, q.wanted) != ("bfloat16", "kernel_gradient"):
        return False
    return any(n < s for n, s in zip(_convolution_input(q), q.stride, strict=False))


def _convolution(q: Question) -> tuple[Axes, Axes]:
    """Return the spatial shapes of a convolution's input and output; () if none is computed."""
    if not runs_convolution(q):
        return (), ()
    output = output_space(q) if q.op == "conv" else q.space
    return _convolution_input(q), () if isinstance(output, Inexpressible) else output


def _loses_places(q: Question) -> bool:
    """Return whether AMX may get a convolution in bfloat16 wrong.

    Either a stride leaves one place along the last axis and more along the one before it, or the
    first of three axes has one element and a longer kernel. Observed: this holds for all but two
    of 1,284 wrong answers of torch among 11,500 random convolutions, and for 2,318 others.
    """
    lengths, output = _convolution(q)
    if q.dtype != "bfloat16" or q.rank == 1 or not lengths or not output:
        return False
    one_place = output[-1] == 1 < min(q.stride[-1], q.window[-1], output[-2])
    return one_place or (q.rank == 3 and lengths[0] == 1 < q.window[0])


def _meets_no_input(q: Question) -> tuple[bool, ...]:
    """Return of each axis whether a dilated kernel of a convolution meets no input in any place.

    Gradients of a convolution are computed after its output.
    """
    if not (q.operator == "conv" or runs_convolution(q)):
        return ()
    missing = limitation.meets_no_input(q)
    return tuple(d > 1 and misses for d, misses in zip(q.dilation, missing, strict=False))


def _is_gradient(q: Question) -> bool:
    return q.wanted in ("input_gradient", "kernel_gradient")


def _convolution_input(q: Question) -> Axes:
    """Return the spatial shape of the input that is convolved, or () if there is none."""
    lengths = q.space if q.operator == "conv" else output_space(q)
    return () if isinstance(lengths, Inexpressible) else lengths


def scatters(q: Question) -> bool:
    """Return whether a transposed convolution is computed."""
    return q.op in ("conv_transpose", "conv_input_gradient")


def _multiplies_zeros_beside(q: Question) -> bool:
    """Return whether a row of the wide side of an infinite kernel ends within a stride.

    Observed of random questions with an infinite number in the kernel: this holds for all 18 wrong
    answers of torch among 1,214, and for 114 others.
    """
    if not scatters(q) or not q.has_infinite_factor or q.groups > 1 or q.dilation[-1] > 1:
        return False
    k, s = q.window[-1], q.stride[-1]
    if q.op == "conv_transpose":
        extra = q.output_padding[-1]
    else:  # what the last place of the stride leaves
        extra = (q.space[-1] + sum(q.pairs[-1]) - k) % s
    return s > 1 and bool((k > s and k % s) or extra)


ZEROS_BESIDE = onednn.where_onednn_computes(
    Limitation(
        "an infinite kernel may be multiplied with zeros beside the data, which gives NaN",
        _multiplies_zeros_beside,
        is_refusal=False,
    )
)
UNWRITTEN = Limitation(
    "a gradient by the kernel may be left unwritten in bfloat16 where the stride is the longer",
    _leaves_gradient_unwritten,
    classes=onednn.WITH_BFLOAT16,
    is_refusal=False,
)
LONG_PADDING = Limitation(
    "over three axes a gradient is wrong where padding above the stride meets too short an input",
    lambda q: q.wanted == "kernel_gradient" and _pads_short_input(q),
    classes=onednn.ANY,
    corrupts_process=True,
    is_refusal=False,
)
LOST_PLACES = Limitation(
    "AMX may get a bfloat16 convolution of one place or of one element along an axis wrong",
    _loses_places,
    classes=onednn.AMX,
    is_refusal=False,
)
ENDS_PROCESS = tuple(
    Limitation(
        "a dilated kernel that meets no input along an axis may end the process",
        concerns,
        classes=classes_,
        corrupts_process=True,
        is_refusal=False,
    )
    for concerns, classes_ in (
        (lambda q: q.dtype == "bfloat16" and any(_meets_no_input(q)), onednn.AMX),
        (
            lambda q: q.dtype == "float16" and _meets_no_input(q)[-1:] == (True,),
            onednn.WITH_FLOAT16,
        ),
    )
)
OF_INSTRUCTIONS = (
    LOST_PLACES,
    *ENDS_PROCESS,
    replace(
        NOT_FINITE,
        concerns=lambda q: q.dtype == "bfloat16" and NOT_FINITE.concerns(q),
        classes=onednn.WITH_BFLOAT16,
    ),
    Limitation(
        "an infinite kernel in float16 may be multiplied with zeros, which gives NaN",
        lambda q: q.dtype == "float16" and scatters(q) and q.has_infinite_factor,
        classes=onednn.WITH_FLOAT16,
        is_refusal=False,
    ),
)
"""The limitations of instructions, wherever the channels are."""
ONE_PLACE = Limitation(
    "of one channel in a group and one place along the last axis a part may be left unwritten",
    _leaves_output_part_unwritten,
    is_refusal=False,
)
CHANNELS_LAST = (
    *OF_INSTRUCTIONS,
    UNWRITTEN,
    *onednn.where_onednn_computes(ONE_PLACE),
    # TensorFlow computes the kernel gradient for any other gradient, too.
    replace(LONG_PADDING, concerns=lambda q: _is_gradient(q) and _pads_short_input(q)),
    Limitation(
        "a bfloat16 gradient of SAME over three axes is wrong by kernels longer than the input",
        lambda q: _is_gradient(q) and _has_kernel_longer_than_input(q),
        classes=onednn.WITH_BFLOAT16,
        corrupts_process=True,
        is_refusal=False,
    ),
)
"""The limitations where channels are last in memory."""
