"""Build the question of a translation from its arguments, as people write them."""

from math import prod
from typing import Any

from conformance.oracle import geometry
from conformance.oracle.geometry import padding_of, per_axis
from conformance.question import Question, stand_in

RANKS = (1, 2, 3)
"""Numbers of spatial axes of the APIs."""
AXIS_ARGUMENTS = (
    "kernel_size", "stride", "padding", "output_padding", "output_size", "dilation", "size",
)  # fmt: skip
"""Arguments with one number for each spatial axis, or with one for all."""
LARGEST = 2**32
"""Numbers in an array: a call with more needs more memory than a machine has."""


def rank_of(arguments: dict[str, Any]) -> int:
    """Return the number of spatial axes that arguments with several numbers imply.

    Raises ``ValueError`` if no API has so many spatial axes.
    """
    values = {name: arguments[name] for name in AXIS_ARGUMENTS}
    ranks = {name: len(v) for name, v in values.items() if isinstance(v, tuple) and len(v) > 1}
    name, rank = max(ranks.items(), key=lambda item: item[1], default=("", 2))
    if rank not in RANKS:
        option = f"--{name.replace('_', '-')}"
        raise ValueError(f"{option} has {rank} numbers, and the APIs have 1, 2 or 3 spatial axes")
    return rank


def question_of(
    rank: int,
    kernel_size: tuple[int, ...],
    channels: tuple[int, int],
    stride: tuple[int, ...],
    padding: Any,
    output_padding: tuple[int, ...] | None,
    dilation: tuple[int, ...],
    groups: int,
    bias: bool,
    size: tuple[int, ...],
) -> Question:
    """Return the question, with arrays that have shapes but no memory.

    ``kernel_size``, ``stride``, ``padding``, ``output_padding``, ``dilation`` and ``size`` are one
    number, or one for each axis; padding may also be a word or pairs. Raises ``ValueError`` if an
    argument is wrong, or an array would be too large.
    """

    def spread(name: str, numbers: tuple[int, ...], least: int = 1) -> tuple[int, ...]:
        return per_axis(name, numbers[0] if len(numbers) == 1 else numbers, rank, least=least)

    inputs, outputs = channels
    for name, number in (("in", inputs), ("out", outputs)):
        if number % groups:
            raise ValueError(f"channels {name} must be a multiple of groups {groups}, got {number}")
    if isinstance(padding, tuple) and len(padding) == 1:
        padding = padding * rank
    shapes = {
        "the input": (2, inputs, *spread("size", size)),
        "the kernel": (inputs, outputs // groups, *spread("kernel-size", kernel_size)),
        "the bias": (outputs,),
    }
    for name, shape in shapes.items():
        check_size(name, shape)
    x, kernel, bias_array = map(stand_in, shapes.values())
    question = Question(
        op="conv_transpose",
        x=x,
        kernel=kernel,
        bias=bias_array if bias else None,
        stride=spread("stride", stride),
        padding=padding_of(padding, rank),
        output_padding=spread("output-padding", output_padding or (0,), 0),
        zero_given=output_padding is not None and not any(output_padding),
        dilation=spread("dilation", dilation),
        groups=groups,
    )
    effective = geometry.effective_kernel_size(question.window, question.dilation)
    check_size("the dilated kernel", (*kernel.shape[:2], *effective))
    uncropped = tuple((min(start, 0), min(end, 0)) for start, end in question.pairs)
    check_size("the output", question.but(padding=uncropped).output_shape)
    return question


def check_size(name: str, shape: tuple[int, ...]) -> None:
    """Raise ``ValueError`` for an array of more than `LARGEST` numbers."""
    if prod(shape) > LARGEST:
        raise ValueError(
            f"{name} of shape {' x '.join(map(str, shape))} would have {prod(shape)} numbers;"
            f" at most {LARGEST} are allowed"
        )
