"""A question: an operator, its arrays and arguments in canonical terms, before any framework."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from conformance import oracle
from conformance.oracle import geometry
from conformance.oracle.geometry import Axes, Pairs, Word
from conformance.oracle.memory_layout import Laid

Array: TypeAlias = NDArray[Any]
ArrayMap: TypeAlias = Callable[[Array], Array]

Op = Literal[
    "conv",
    "conv_input_gradient",
    "conv_kernel_gradient",
    "conv_parameters",
    "conv_transpose",
    "conv_transpose_input_gradient",
    "conv_transpose_kernel_gradient",
    "conv_transpose_parameters",
    "interpolate",
]
Operator = Literal["conv", "conv_transpose", "interpolate"]
Wanted = Literal["output", "input_gradient", "kernel_gradient", "parameters"]
Dtype = Literal["float16", "bfloat16", "float32", "float64", "int32", "int64"]

OPS: tuple[Op, ...] = get_args(Op)
WANTED: tuple[Wanted, ...] = get_args(Wanted)
DTYPES: tuple[Dtype, ...] = get_args(Dtype)


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """One operator on its arrays.

    x         (N, C, *space)
    kernel    (C_in, C_out / groups, *k) for the transposed ops, (C_out, C_in / groups, *k) for conv
    bias      (C_out,), or any other part of the output's shape with as many axes, or None
    gradient  of the loss by the output, with the output's shape; only for the gradient ops,
              which use of ``x`` or ``kernel`` whatever they are not the gradient by
    zero_given  an output padding of 0 was given, which is the oracle's where none is; Keras, for
              one, means another thing by it

    bfloat16 has no NumPy dtype: such arrays are float32 that hold bfloat16 values.
    ``interpolate`` scales ``x`` up bilinearly by ``stride``, and has no kernel (shape (0,)).
    """

    op: Op
    x: Array
    kernel: Array
    bias: Array | None = None
    gradient: Array | None = None
    stride: Axes
    padding: Pairs | Word
    output_padding: Axes
    dilation: Axes
    groups: int = 1
    dtype: Dtype = "float32"
    zero_given: bool = False

    @property
    def rank(self) -> int:
        """How many spatial axes there are."""
        return self.x.ndim - 2

    @property
    def operator(self) -> Operator:
        """The operator asked about, whatever is wanted of it."""
        if self.op.startswith("conv_transpose"):
            return "conv_transpose"
        return "conv" if self.op.startswith("conv") else "interpolate"

    @property
    def wanted(self) -> Wanted:
        """What is asked of the operator: its output, a gradient or its number of parameters."""
        for wanted in WANTED:
            if self.op.endswith(wanted):
                return wanted
        return "output"

    @property
    def space(self) -> Axes:
        """The spatial shape of ``x``."""
        return self.x.shape[2:]

    @property
    def window(self) -> Axes:
        """The spatial shape of ``kernel``."""
        return self.kernel.shape[2:]

    @property
    def pairs(self) -> Pairs:
        """The padding as numbers."""
        if self.operator == "conv_transpose":
            return geometry.conv_transpose_padding(
                self.padding, self.window, self.stride, self.dilation
            )
        return geometry.conv_padding(
            self.padding, self.space, self.window, self.stride, self.dilation
        )

    @property
    def has_output_padding(self) -> bool:
        """Whether an output padding was given, though it be 0."""
        return self.zero_given or any(self.output_padding)

    @property
    def output_channels(self) -> int:
        """C_out of the operator."""
        if self.operator == "interpolate":
            return int(self.x.shape[1])
        if self.operator == "conv_transpose":
            return int(self.kernel.shape[1]) * self.groups
        return int(self.kernel.shape[0])

    @property
    def broadcast_bias(self) -> Array | None:
        """The bias with as many axes as the output."""
        if self.bias is None or self.bias.ndim != 1:
            return self.bias
        return self.bias.reshape(-1, *(1,) * self.rank)

    @property
    def output_space(self) -> Axes:
        """The spatial shape of the operator's output."""
        if self.operator == "interpolate":
            return tuple(n * s for n, s in zip(self.space, self.stride, strict=True))
        if self.operator == "conv":
            return geometry.conv_space(
                self.space, self.window, self.stride, self.pairs, self.dilation
            )
        return geometry.conv_transpose_space(
            self.space, self.window, self.stride, self.pairs, self.output_padding, self.dilation
        )

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of the operator's output (N, C_out, *space).

        Raises ``ValueError`` where there is none.
        """
        return (len(self.x), self.output_channels, *self.output_space)

    @property
    def has_output(self) -> bool:
        """Whether there is an output at all."""
        try:
            return bool(self.output_space)
        except ValueError:
            return False

    def but(self, **changes: Any) -> Question:
        """The same question with some fields changed."""
        return replace(self, **changes)

    def __getstate__(self) -> dict[str, Any]:
        """Pickled with the order in memory of its arrays, which is part of what is asked."""
        return {name: Laid.of(value) for name, value in vars(self).items()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update((name, Laid.restored(value)) for name, value in state.items())


@dataclass(frozen=True, eq=False)
class Pool:
    """Non-overlapping maximum over ``size`` elements per axis, between two steps of a chain."""

    size: int


@dataclass(frozen=True, eq=False)
class Chain:
    """Operators in a row, each on the answer to the one before.

    Every question's ``x`` is the oracle's answer to the steps before it, so that a step can be
    planned alone; a framework is given only the first ``x``, and goes on with its own answers.
    """

    steps: tuple[Question | Pool, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """The steps that a framework is asked."""
        return tuple(step for step in self.steps if isinstance(step, Question))


AnyQuestion: TypeAlias = Question | Chain
Index: TypeAlias = tuple[slice, ...]


def stand_in(shape: tuple[int, ...], dtype: Any = np.float32) -> Array:
    """Make an array of which only shape and dtype count: read-only zeros that take no memory.

    Parameters
    ----------
    shape
        Its shape.
    dtype
        Its dtype.
    """
    return np.broadcast_to(np.zeros((), dtype), shape)


def products(asked: AnyQuestion) -> int:
    """How many products the answer is the sum of, which is what working it out takes.

    Raises ``ValueError`` for a question that has no answer.
    """
    if isinstance(asked, Chain):
        return sum(products(q) for q in asked.questions)
    if asked.operator == "interpolate":
        return len(asked.x) * int(prod((asked.x.shape[1], *asked.output_space)))
    narrow = asked.output_space if asked.operator == "conv" else asked.space
    return len(asked.x) * asked.kernel.size * int(prod(narrow))


def shape(q: Question) -> tuple[int, ...]:
    """The shape of the answer. Raises ``ValueError`` for a question that has none."""
    if q.wanted == "output":
        return q.output_shape
    return {"input_gradient": q.x.shape, "kernel_gradient": q.kernel.shape}.get(q.wanted, ())


def part(q: Question) -> tuple[Question, Index]:
    """A question with a small part of the answer of ``q``, and where that stands in the whole.

    The part is one sample and one channel of an output or of a gradient by the input, and one
    pair of channels of a gradient by the kernel, so that it takes far fewer products. Groups
    other than the first do not count in it.
    """
    inputs, outputs = q.x.shape[1] // q.groups, q.output_channels // q.groups
    transposed = q.operator == "conv_transpose"
    samples = slice(None) if q.wanted == "kernel_gradient" else slice(1)
    if q.wanted != "output":
        inputs = 1
    if q.wanted != "input_gradient":
        outputs = 1
    channels = (slice(inputs), slice(outputs)) if transposed else (slice(outputs), slice(inputs))
    smaller = q.but(
        x=q.x[samples, :inputs],
        kernel=q.kernel[channels],
        bias=None if q.bias is None else q.bias[:outputs],
        gradient=None if q.gradient is None else q.gradient[samples, :outputs],
        groups=1,
    )
    return smaller, (slice(1), slice(1))


def answer(asked: AnyQuestion) -> Array:
    """The oracle's answer. Raises ``ValueError`` for a question that has none."""
    if isinstance(asked, Question):
        return _ANSWERS[asked.op](asked)
    last = asked.steps[-1]
    if isinstance(last, Pool):
        return pooled(answer(Chain(asked.steps[:-1])), last.size)
    return answer(last)


def chained(x: Array, steps: Iterable[Question | Pool]) -> Chain:
    """The steps one after the other from ``x``, whatever they were asked about before.

    Raises ``ValueError`` for a step that has no answer.
    """
    linked: list[Question | Pool] = []
    for step in steps:
        if isinstance(step, Pool):
            x = pooled(x, step.size)
        else:
            step = step.but(x=x)
            x = answer(step)
        linked.append(step)
    return Chain(tuple(linked))


def pooled(x: Array, size: int) -> Array:
    """The largest of every ``size`` x ``size`` ... block of x (N, C, *space); a rest is dropped."""
    for axis in range(2, x.ndim):
        n = x.shape[axis] // size
        x = np.moveaxis(x, axis, -1)[..., : n * size]
        x = np.moveaxis(x.reshape(*x.shape[:-1], n, size).max(-1), -1, axis)
    return x


def _gradient(q: Question) -> Array:
    if q.gradient is None:
        raise ValueError(f"{q.op} needs the gradient by the output, got none")
    return q.gradient


def _arguments(q: Question) -> dict[str, Any]:
    shared = {
        "stride": q.stride,
        "padding": q.padding,
        "dilation": q.dilation,
        "groups": q.groups,
    }
    if q.operator == "conv_transpose":
        shared["output_padding"] = q.output_padding
    return shared


_ANSWERS: dict[Op, Callable[[Question], Array]] = {
    "conv": lambda q: oracle.conv(q.x, q.kernel, bias=q.bias, **_arguments(q)),
    "conv_input_gradient": lambda q: oracle.conv_input_gradient(
        q.x.shape, q.kernel, _gradient(q), **_arguments(q)
    ),
    "conv_kernel_gradient": lambda q: oracle.conv_kernel_gradient(
        q.x, q.kernel.shape, _gradient(q), **_arguments(q)
    ),
    "conv_transpose": lambda q: oracle.conv_transpose(q.x, q.kernel, bias=q.bias, **_arguments(q)),
    "conv_transpose_input_gradient": lambda q: oracle.conv_transpose_input_gradient(
        q.x.shape, q.kernel, _gradient(q), **_arguments(q)
    ),
    "conv_transpose_kernel_gradient": lambda q: oracle.conv_transpose_kernel_gradient(
        q.x, q.kernel.shape, _gradient(q), **_arguments(q)
    ),
    "conv_parameters": lambda q: np.array(_parameters(q)),
    "conv_transpose_parameters": lambda q: np.array(_parameters(q)),
    "interpolate": lambda q: oracle.interpolate(q.x, q.stride),
}


def _parameters(q: Question) -> int:
    return int(q.kernel.size) + (0 if q.bias is None else int(q.bias.size))
