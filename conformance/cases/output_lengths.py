"""Find the arguments of a transposed convolution whose output has a length that somebody wrote.

Several outputs of a convolution have the same length, so that its transpose has several lengths to
choose from. Along an axis of full length F, with output padding p:

- beside padding as numbers, ``valid`` or ``circular``, the length gives the output padding, as
  ``output_size`` of PyTorch's layers does;
- beside ``same``, or without padding, F + p less the length is cropped: half at each end, and an
  odd element at the end, as ``output_shape`` of TensorFlow with SAME and of ONNX with SAME_UPPER
  do. So ``same`` alone is the length n s.
"""

from collections.abc import Sequence
from dataclasses import replace

from conformance.oracle import geometry
from conformance.oracle.geometry import Axes
from conformance.question import OutputLength, Question

WORDS = ("output_size", "output_shape")
"""The keys of a case for the length, which mean the same."""


def space_of(name: str, value: int | Sequence[int], q: Question) -> Axes:
    """Return the length along each spatial axis of ``value``.

    ``value`` is one number for all axes, one for each, or the whole shape of the output. Raises
    ``ValueError`` if there are too few or too many numbers, if one is below 1, or if the batch or
    the channels of a whole shape are not those of the output.
    """
    others = (q.output_channels,) if q.unbatched else (len(q.x), q.output_channels)
    if not isinstance(value, int) and len(value) == q.rank + len(others):
        if tuple(value[: len(others)]) != others:
            axes = "the channels" if q.unbatched else "batch and channels"
            raise ValueError(
                f"{name} must begin with {list(others)}, {axes} of the output, where it is a whole"
                f" shape, got {list(value)}"
            )
        value = value[len(others) :]
    return geometry.per_axis(name, value, q.rank)


def sized(q: Question, *, padding: bool = False, output_padding: bool = False) -> Question:
    """Return the question with the length of its output written, and these arguments beside it.

    Raises ``ValueError`` if the question has no output.
    """
    space = q.output_space
    plain = q if output_padding else q.but(output_padding=(0,) * q.rank)
    return fit(plain, WORDS[0], space, padding=padding, output_padding=output_padding)


def as_asked(q: Question) -> Question:
    """Return the question that the arguments beside a length ask, as before `Question.as_written`.

    Raises ``ValueError`` if the question has no output.
    """
    if q.length is None:
        return q
    written = q.length.padding is not None, q.length.output_padding is not None
    return fit(q, WORDS[0], q.length.space, padding=written[0], output_padding=written[1])


def fit(q: Question, name: str, space: Axes, *, padding: bool, output_padding: bool) -> Question:
    """Return the question whose output has these lengths.

    ``padding`` and ``output_padding`` say whether ``q.padding`` and ``q.output_padding`` were
    written.

    Returns
    -------
    Question
        Its ``length`` has the fault if there is no such output; then all else stays.
    """
    written = OutputLength(
        space=space,
        padding=q.padding if padding else None,
        output_padding=q.output_padding if output_padding else None,
    )
    full = q.but(padding="valid").output_space
    if written.padding in (None, "same"):
        pairs = geometry.even_crop(f - n for f, n in zip(full, space, strict=True))
        return q.but(padding=pairs, zero_given=False, length=written)
    lengths = tuple(f - b - e for f, (b, e) in zip(full, q.pairs, strict=True))
    extra = tuple(n - least for n, least in zip(space, lengths, strict=True))
    fault = None
    if output_padding and any(extra):
        fault = f"must be {list(lengths)}, got {list(space)}; padding and output_padding give that"
    elif min(extra) < 0:
        shortest = [max(length, 1) for length in lengths]
        fault = f"must be at least {shortest}, got {list(space)}; padding leaves so many"
    if fault is not None:
        return q.but(length=replace(written, fault=f"{name} {fault}"))
    extra = q.output_padding if output_padding else extra
    return q.but(output_padding=extra, zero_given=False, length=written)
