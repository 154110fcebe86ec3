"""Rewrite a question as others with the same answer, up to maps of its arrays.

A recipe is the cheapest rewriting that an API accepts. No rewriting depends on an API's name.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from conformance.adapters.framework import Api
from conformance.oracle import geometry
from conformance.oracle.geometry import Pairs
from conformance.question import Array, Question, all_finite, stand_in
from conformance.recipes import linear_ops
from conformance.recipes.rewritten import Cost, Draft


def rewritings(api: Api, question: Question) -> Iterator[Draft]:
    """Yield every rewriting of a question, the cheapest first."""
    # To the oracle an output padding of 0 is none, and a length follows from the arguments.
    plain = question.but(zero_given=False, length=None)
    start = Draft(api=api, question=plain, call_builder=api.equivalent)
    if question.operator == "interpolate":
        yield start
        return
    start = _cast(start)
    if api.reads_kernel_reversed:
        flip = linear_ops.flip(question.rank)
        start = start.but("kernel flipped", kernel=start.kernel + flip, cost=Cost.KERNEL)
    if question.unbatched:
        if api.takes_unbatched:
            yield from _vary_padding(start)
        start = start.but(
            "batch axis added",
            question=start.question.but(unbatched=False),
            x=start.x + linear_ops.add_batch(),
            output=linear_ops.drop_batch(),
            cost=Cost.BATCH,
        )
    yield from _vary_padding(start)  # usually one of these is the recipe, and none is cheaper
    drafts = [start]
    for rewriting in _REWRITINGS:
        drafts += [new for draft in drafts for new in rewriting(draft)]
    # The sort is stable: of two with the same cost, the one with fewer rewritings stays first.
    for draft in sorted(drafts[1:], key=lambda draft: draft.cost):
        yield from _vary_padding(draft)


def _cast(draft: Draft) -> Draft:
    """Convert x and the kernel to the dtype to which both are promoted."""
    q = draft.question
    casts = {
        name: linear_ops.cast(q.dtype) for name in ("x", "kernel") if q.dtypes[name] != q.dtype
    }
    words = tuple("kernel cast" if name == "kernel" else "input cast" for name in casts)
    cost = Cost.CAST if casts else Cost.ARGUMENTS
    return draft.but(*words, question=q.but(operand_dtypes=None), **casts, cost=cost)


def _vary_padding(draft: Draft) -> Iterator[Draft]:
    """Yield the padding unchanged, as numbers, as a word, with equal sides, in the API's terms."""
    q = draft.question
    yield draft
    if q.padding == "circular":
        return  # no numbers mean that
    if isinstance(q.padding, str):
        yield draft.asking("padding as numbers", padding=q.pairs)
    else:
        for word in geometry.WORDS:
            if word != "circular" and q.but(padding=word).pairs == q.pairs:
                yield draft.asking(f"padding as {word!r}", padding=word)
    if q.operator == "conv_transpose":
        # Cropping less at the end is the same as a longer output.
        longer = tuple(p + b - e for p, (b, e) in zip(q.output_padding, q.pairs, strict=True))
        if min(longer) >= 0 and longer != q.output_padding:
            equal_pairs = tuple((b, b) for b, _ in q.pairs)
            move = "padding equal at both ends"
            yield draft.asking(move, padding=equal_pairs, output_padding=longer)
        equivalent = draft.api.native_equivalent
        native_question = equivalent(q) if equivalent is not None and q.has_output else None
        if native_question is not None:
            yield draft.but(
                "padding as 'same' with a length",
                call_builder=draft.api.native,
                native_question=native_question,
            )


def _drop_uncounted(draft: Draft) -> Iterator[Draft]:
    """Leave out the arguments that add no parameters to a layer that is only counted."""
    q = draft.question
    if q.wanted == "parameters":
        yield draft.asking(
            "what adds no parameters left out",
            stride=(1,) * q.rank,
            padding=((0, 0),) * q.rank,
            output_padding=(0,) * q.rank,
            dilation=(1,) * q.rank,
        )


def _fill_batch(draft: Draft) -> Iterator[Draft]:
    """Replace an empty batch by one sample of zeros."""
    q = draft.question
    if len(q.x) == 0 and q.wanted != "parameters":
        yield draft.but(
            "a batch of zeros in place of none",
            question=q.but(x=stand_in((1, *q.x.shape[1:]), q.x.dtype)),
            x=draft.x + linear_ops.fill_batch(),
            output=linear_ops.empty_batch() + draft.output,
            cost=Cost.CROP,
        )


def _wrap_outside(draft: Draft) -> Iterator[Draft]:
    """Wrap the output around after the call, or repeat the input before it."""
    q = draft.question
    if q.padding != "circular" or not q.has_output:
        return
    begins = tuple(begin for begin, _ in q.pairs)
    unpadded = q.but(padding=((0, 0),) * q.rank, output_padding=(0,) * q.rank)
    if q.operator == "conv":
        lengths = tuple(n + b + e for n, (b, e) in zip(q.space, q.pairs, strict=True))
        x = stand_in((*q.x.shape[:2], *lengths), q.x.dtype)
        repeat = linear_ops.adjoint(linear_ops.fold(lengths, q.space, begins))
        question = unpadded.but(x=x)
        move = "input repeated around"
        yield draft.but(move, question=question, x=draft.x + repeat, cost=Cost.CROP)
    else:
        fold = linear_ops.fold(unpadded.output_space, q.output_space, begins)
        yield draft.but(
            "output wrapped around",
            question=unpadded,
            output=fold + draft.output,
            # Where ends meet, the call would add its bias twice.
            bias_last=draft.bias_last or q.answer_space in ("output", "bias"),
            cost=Cost.CROP,
        )


def _drop_single_strides(draft: Draft) -> Iterator[Draft]:
    """Set the stride to 1 along axes with a single place, where it has no effect."""
    q = draft.question
    if not q.has_output or q.padding == "circular":
        return
    places = q.output_space if q.operator == "conv" else q.space
    stride = tuple(1 if n == 1 else s for n, s in zip(places, q.stride, strict=True))
    if stride != q.stride:
        sizes = geometry.effective_kernel_size(q.window, q.dilation)
        pairs = tuple(
            # With a stride of 1 the rest of the input would give further places.
            (b, size - n - b) if q.operator == "conv" and place == 1 else (b, e)
            for n, place, size, (b, e) in zip(q.space, places, sizes, q.pairs, strict=True)
        )
        yield draft.asking("stride 1 along single places", stride=stride, padding=pairs)


def _dilate_kernel(draft: Draft) -> Iterator[Draft]:
    """Put the dilation into the kernel as zeros; a layer would count them as parameters.

    Zeros of a kernel spread numbers that are not finite.
    """
    q = draft.question
    is_finite = all(map(all_finite, (q.x, q.gradient)))
    if set(q.dilation) != {1} and q.wanted != "parameters" and is_finite:
        shape = (*q.kernel.shape[:2], *geometry.effective_kernel_size(q.window, q.dilation))
        yield draft.but(
            "zeros put into the kernel",
            question=q.but(kernel=_kernel_like(q.kernel, shape), dilation=(1,) * q.rank),
            kernel=linear_ops.dilate(q.kernel.shape, q.dilation) + draft.kernel,
            cost=Cost.KERNEL,
        )


def _pad_outside(draft: Draft) -> Iterator[Draft]:
    """Crop or extend the output after the call, or pad the input before it, in place of padding."""
    q = draft.question
    if q.padding == "circular":
        return
    no_padding = ((0, 0),) * q.rank
    grow: Pairs
    if q.operator == "conv":
        grow = q.pairs
        space = (n + b + e for n, (b, e) in zip(q.space, grow, strict=True))
        x = stand_in((*q.x.shape[:2], *space), q.x.dtype)
        unpadded = q.but(x=x, padding=no_padding)
        rewritten = replace(draft, question=unpadded, x=draft.x + linear_ops.window(q.space, grow))
    else:
        if not q.has_output:
            return  # Cropping would return an empty array where the framework should refuse.
        unpadded = q.but(padding=no_padding, output_padding=(0,) * q.rank)
        grow = tuple((-b, p - e) for (b, e), p in zip(q.pairs, q.output_padding, strict=True))
        output = linear_ops.window(unpadded.output_space, grow) + draft.output
        rewritten = replace(draft, question=unpadded, output=output)
    pads_factor = q.operator == "conv" or q.wanted != "output"
    if pads_factor and not all(map(all_finite, (q.x, q.kernel, q.gradient))):
        return
    if q.pairs != no_padding or any(q.output_padding):
        step = "input padded" if q.operator == "conv" else "output cropped or padded"
        yield rewritten.but(
            *(() if grow == no_padding else (step,)),
            # Beyond the full output there is only bias, which the call cannot add there.
            # A layer that is only counted keeps its bias.
            bias_last=draft.bias_last
            or (
                q.operator == "conv_transpose"
                and q.answer_space in ("output", "bias")
                and max(map(max, grow)) > 0
            ),
            cost=Cost.ARGUMENTS if grow == no_padding else Cost.CROP,
        )


def _lengthen_kernel(draft: Draft) -> Iterator[Draft]:
    """Put zeros after a kernel that is shorter than the stride, which leaves no gaps then.

    Zeros of a kernel spread numbers that are not finite.
    """
    q = draft.question
    sizes = geometry.effective_kernel_size(q.window, q.dilation)
    # As many elements as reach the next place of the kernel.
    counts = tuple(
        max(-((size - s) // d), 0) for size, s, d in zip(sizes, q.stride, q.dilation, strict=True)
    )
    if q.operator == "conv" or q.padding == "circular" or not any(counts):
        return
    has_part = q.wanted != "parameters" and not q.is_by_bias
    if not (has_part and all(map(all_finite, (q.x, q.x_tangent, q.gradient)))):
        return
    is_reversed = draft.api.reads_kernel_reversed
    window = tuple(k + n for k, n in zip(q.window, counts, strict=True))
    pairs = zip(q.pairs, counts, q.dilation, strict=True)
    longer = draft.but(
        "zeros put after the kernel",
        question=q.but(
            kernel=_kernel_like(q.kernel, (*q.kernel.shape[:2], *window)),
            padding=tuple((b, e + n * d) for (b, e), n, d in pairs),
        ),
        kernel=draft.kernel
        + linear_ops.window(q.window, tuple((n, 0) if is_reversed else (0, n) for n in counts)),
        cost=Cost.CROP,
    )
    yield longer
    yield from _pad_outside(longer)


def _add_bias_last(draft: Draft) -> Iterator[Draft]:
    """Add the bias to the output."""
    q = draft.question
    if q.uses_bias and q.answer_space == "output" and not draft.bias_last:
        yield draft.but("bias added last", bias_last=True, cost=Cost.CROP)


def _split_groups(draft: Draft) -> Iterator[Draft]:
    """Call the API for each group."""
    q = draft.question
    if q.groups > 1:
        yield draft.but(
            "a call for each group",
            question=q.but(
                x=_least_finite_group(q.x, 1, q.groups),
                kernel=_least_finite_group(q.kernel, 0, q.groups),
                bias=None if q.bias is None else q.bias[: len(q.bias) // q.groups],
                groups=1,
            ),
            split=True,
            cost=Cost.COMPOSITION,
        )


def _least_finite_group(array: Array, axis: int, groups: int) -> Array:
    """Return the channels of a group with an infinity or a NaN; without any, of the first."""
    if all_finite(array):
        return array[(slice(None),) * axis + (slice(array.shape[axis] // groups),)]
    parts = np.array_split(array, groups, axis)  # channels that no groups divide are refused
    return next(part for part in parts if not all_finite(part))


def _use_grouped_convolution(draft: Draft) -> Iterator[Draft]:
    """Call another function of the framework, which takes groups."""
    q = draft.question
    if q.groups > 1 and draft.api.grouped is not None and q.wanted != "parameters":
        yield draft.but(
            "a convolution with groups over the zero-inserted input",
            call_builder=draft.api.grouped,
            kernel=(
                *draft.kernel,
                *(() if draft.api.reads_kernel_reversed else linear_ops.flip(q.rank)),
                *linear_ops.exchange_in_groups(q.groups, *q.kernel.shape[:2]),
            ),
            cost=Cost.FUNCTION,
        )


def _use_block_diagonal(draft: Draft) -> Iterator[Draft]:
    """Join all groups in one kernel, whose zeros spread numbers that are not finite."""
    q = draft.question
    if q.groups == 1 or q.wanted == "parameters" or draft.call_builder is not draft.api.equivalent:
        return
    if all(map(all_finite, (q.x, q.x_tangent, q.gradient))):
        first, second, *window = q.kernel.shape
        joint_kernel = _kernel_like(q.kernel, (first, second * q.groups, *window))
        yield draft.but(
            "a block-diagonal kernel, for finite numbers",
            question=q.but(kernel=joint_kernel, groups=1),
            kernel=draft.kernel + linear_ops.blocks(q.groups, first, second),
            cost=Cost.BLOCKS,
        )


def _kernel_like(kernel: Array, shape: tuple[int, ...]) -> Array:
    """Return a stand-in for a kernel of another shape, which is as finite."""
    return stand_in(shape, kernel.dtype, 0 if all_finite(kernel) else np.nan)


_REWRITINGS = (
    _drop_uncounted,
    _fill_batch,
    _split_groups,
    _wrap_outside,
    _drop_single_strides,
    _dilate_kernel,
    _pad_outside,
    _lengthen_kernel,
    _add_bias_last,
    _use_grouped_convolution,
    _use_block_diagonal,
)
"""The rewritings in the order in which they are combined."""
