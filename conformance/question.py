"""Define questions: an operator with its arrays and arguments, in canonical terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from typing import Any, Literal, TypeAlias, cast, get_args

import numpy as np
from numpy.typing import NDArray

from conformance import oracle
from conformance.oracle import geometry
from conformance.oracle.derivatives import By
from conformance.oracle.geometry import Axes, Pairs, Word
from conformance.oracle.memory_layout import Laid

Array: TypeAlias = NDArray[Any]
ArrayMap: TypeAlias = Callable[[Array], Array]

Op = Literal[
    "conv",
    "conv_bias_gradient",
    "conv_double_backward_gradient",
    "conv_double_backward_input",
    "conv_double_backward_kernel",
    "conv_input_gradient",
    "conv_jvp",
    "conv_kernel_gradient",
    "conv_parameters",
    "conv_transpose",
    "conv_transpose_bias_gradient",
    "conv_transpose_double_backward_gradient",
    "conv_transpose_double_backward_input",
    "conv_transpose_double_backward_kernel",
    "conv_transpose_input_gradient",
    "conv_transpose_jvp",
    "conv_transpose_kernel_gradient",
    "conv_transpose_parameters",
    "interpolate",
]
Operator = Literal["conv", "conv_transpose", "interpolate"]
Wanted = Literal[
    "output",
    "input_gradient",
    "kernel_gradient",
    "bias_gradient",
    "jvp",
    "double_backward_input",
    "double_backward_kernel",
    "double_backward_gradient",
    "parameters",
]
AnswerSpace = Literal["output", "x", "kernel", "bias", "count"]
Dtype = Literal[
    "float16", "bfloat16", "float32", "float64", "int32", "int64", "complex64", "complex128"
]

OPS: tuple[Op, ...] = get_args(Op)
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
TANGENTS = ("x_tangent", "kernel_tangent", "bias_tangent")
"""The fields of a question with tangents: directions in which x, the kernel and the bias change."""
ARRAYS = ("x", "kernel", "bias", "gradient", *TANGENTS)
"""The fields of a question that are arrays."""
ANSWER_SPACES: Mapping[Wanted, AnswerSpace] = {
    "output": "output",
    "input_gradient": "x",
    "kernel_gradient": "kernel",
    "bias_gradient": "bias",
    "jvp": "output",
    "double_backward_input": "x",
    "double_backward_kernel": "kernel",
    "double_backward_gradient": "output",
    "parameters": "count",
}
"""The array whose shape and axes an answer has."""
_DERIVED = ANSWER_SPACES.keys() - {"output", "input_gradient", "kernel_gradient", "parameters"}
"""The derivatives that are sums of outputs and of gradients by the input or the kernel."""


@cache
def operator_of(op: Op) -> Operator:
    """Return the operator, whatever an op wants of it."""
    if op.startswith("conv_transpose"):
        return "conv_transpose"
    return "conv" if op.startswith("conv") else "interpolate"


@cache
def wanted_of(op: Op) -> Wanted:
    """Return what an op wants of its operator."""
    return cast("Wanted", op.removeprefix(operator_of(op)).removeprefix("_") or "output")


def tangents_of(op: Op) -> tuple[str, ...]:
    """Return the tangents that an op may have; it needs one of them, if there are any."""
    every: Mapping[Wanted, tuple[str, ...]] = {
        "jvp": TANGENTS,
        "double_backward_input": ("kernel_tangent",),
        "double_backward_kernel": ("x_tangent",),
        "double_backward_gradient": TANGENTS,
    }
    return every.get(wanted_of(op), ())


@dataclass(frozen=True, kw_only=True)
class OutputLength:
    """The length of a transposed convolution's output, as it was written, and what stood beside it.

    A question has the padding and the output padding that follow from it; only a naive call, which
    passes the arguments as a person wrote them, depends on this.

    Attributes
    ----------
    space
        The length of the output along each spatial axis.
    padding, output_padding
        As of `Question`; None for what was left out.
    fault
        Why there is no such output, if there is none.
    """

    space: Axes
    padding: Pairs | Word | None = None
    output_padding: Axes | None = None
    fault: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """One operator on its arrays.

    bfloat16 has no NumPy dtype: such arrays are float32 that hold bfloat16 values.

    Attributes
    ----------
    op
        The operator, and what is wanted of it.
    x
        Array (N, C, *space).
    kernel
        Array (C_in, C_out / groups, *k) for the transposed ops, (C_out, C_in / groups, *k) for
        conv, and (0,) for ``interpolate``.
    bias
        Array (C_out,), or any other part of the output's shape with as many axes, or None.
    gradient
        Array of the output's shape, the gradient of the loss by the output; only for the gradient
        and double backward ops, which use only the shape of the array that they are the gradient
        by.
    x_tangent, kernel_tangent, bias_tangent
        Arrays of the shapes of x, of the kernel and of the bias, the directions in which these
        change; only for ``jvp``, the change of the output, and for the double backward ops, the
        gradients of the sum of each gradient times its tangent. None is zero.
    stride, output_padding, dilation
        One number for each spatial axis; ``interpolate`` scales up by ``stride``.
    padding
        One (begin, end) for each spatial axis, or a word.
    groups
        The number of groups.
    dtype
        The dtype of the answer, and of all arrays that have no other one.
    operand_dtypes
        The dtypes of x and of the kernel where they are two, which are `promoted` to ``dtype``;
        None for ``dtype``.
    zero_given
        Whether an output padding of 0 was given. For the oracle that is the same as none; for
        Keras, for example, it is not.
    length
        The length of the output, if it was written in place of arguments that follow from it.
    unbatched
        Whether x, the gradient and the answer are one example, and have no batch axis where a
        person passes them. Here they have one, of length 1.
    """

    op: Op
    x: Array
    kernel: Array
    bias: Array | None = None
    gradient: Array | None = None
    x_tangent: Array | None = None
    kernel_tangent: Array | None = None
    bias_tangent: Array | None = None
    stride: Axes
    padding: Pairs | Word
    output_padding: Axes
    dilation: Axes
    groups: int = 1
    dtype: Dtype = "float32"
    operand_dtypes: tuple[Dtype, Dtype] | None = None
    zero_given: bool = False
    length: OutputLength | None = None
    unbatched: bool = False

    @property
    def rank(self) -> int:
        """Return the number of spatial axes."""
        return self.x.ndim - 2

    @property
    def operator(self) -> Operator:
        """Return the operator, whatever is wanted of it."""
        return operator_of(self.op)

    @property
    def wanted(self) -> Wanted:
        """Return what is wanted: the output, a derivative or the number of parameters."""
        return wanted_of(self.op)

    @property
    def answer_space(self) -> AnswerSpace:
        """Return the array whose shape and axes the answer has, or ``count`` for a number."""
        return ANSWER_SPACES[self.wanted]

    @property
    def is_derivative(self) -> bool:
        """Return whether a derivative is wanted."""
        return self.wanted not in ("output", "parameters")

    @property
    def needs_gradient(self) -> bool:
        """Return whether the gradient of the loss by the output takes part."""
        return self.is_derivative and self.wanted != "jvp"

    def computed(self) -> Iterator[Question]:
        """Yield the questions whose answers a framework computes, this one first."""
        yield self
        if self.wanted in _DERIVED:
            for part in ("", "_input_gradient", "_kernel_gradient"):
                yield self.but(op=f"{self.operator}{part}")

    @property
    def uses_bias(self) -> bool:
        """Return whether the bias, or a change of it, takes part."""
        if self.bias is None:
            return False
        return (
            self.wanted in ("output", "bias_gradient", "parameters")
            or self.bias_tangent is not None
        )

    @property
    def questions(self) -> tuple[Question, ...]:
        """Return the question itself, as a chain has those of its steps."""
        return (self,)

    @property
    def is_by_bias(self) -> bool:
        """Return whether a derivative by nothing but the bias is wanted."""
        has_other_tangents = self.x_tangent is not None or self.kernel_tangent is not None
        return self.wanted == "bias_gradient" or (
            self.bias_tangent is not None and not has_other_tangents
        )

    @property
    def arrays(self) -> dict[str, Array]:
        """Return the arrays that are not None, by the names of their fields."""
        arrays = {name: getattr(self, name) for name in ARRAYS}
        return {name: array for name, array in arrays.items() if array is not None}

    @property
    def gathers(self) -> bool:
        """Return whether each element of an output or input gradient is a sum over a window."""
        return (self.operator == "conv") == (self.wanted == "output")

    @property
    def has_infinite_kernel(self) -> bool:
        """Return whether a zero that is multiplied with the kernel shows in what is wanted."""
        is_factor = self.wanted in ("output", "input_gradient") and self.operator != "interpolate"
        return is_factor and not all_finite(self.kernel)

    @property
    def dtypes(self) -> dict[str, Dtype]:
        """Return the dtype of each array by the name of its field, also of those that are None."""
        x, kernel = self.operand_dtypes or (self.dtype, self.dtype)
        return {**dict.fromkeys(ARRAYS, self.dtype), "x": x, "kernel": kernel}

    @property
    def space(self) -> Axes:
        """Return the spatial shape of ``x``."""
        return self.x.shape[2:]

    @property
    def window(self) -> Axes:
        """Return the spatial shape of ``kernel``."""
        return self.kernel.shape[2:]

    @property
    def pairs(self) -> Pairs:
        """Return the padding as numbers."""
        if self.operator == "conv_transpose":
            return geometry.conv_transpose_padding(
                self.padding, self.window, self.stride, self.dilation
            )
        return geometry.conv_padding(
            self.padding, self.space, self.window, self.stride, self.dilation
        )

    @property
    def has_output_padding(self) -> bool:
        """Return whether an output padding was given, even one of 0."""
        return self.zero_given or any(self.output_padding)

    @property
    def output_channels(self) -> int:
        """Return C_out of the operator."""
        if self.operator == "interpolate":
            return int(self.x.shape[1])
        if self.operator == "conv_transpose":
            return int(self.kernel.shape[1]) * self.groups
        return int(self.kernel.shape[0])

    @property
    def broadcast_bias(self) -> Array | None:
        """Return what is added to all sums of the answer, with as many axes as the output.

        That is the bias of an output, and its tangent in a derivative that has the output's shape.
        """
        if self.answer_space != "output":
            return None
        bias = self.bias if self.wanted == "output" else self.bias_tangent
        if bias is None or bias.ndim != 1:
            return bias
        return bias.reshape(-1, *(1,) * self.rank)

    @property
    def output_space(self) -> Axes:
        """Return the spatial shape of the operator's output.

        Raises
        ------
        ValueError
            If the operator has no output.
        """
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
        """Return the shape (N, C_out, *space) of the operator's output.

        Raises
        ------
        ValueError
            If the operator has no output.
        """
        return (len(self.x), self.output_channels, *self.output_space)

    @property
    def has_output(self) -> bool:
        """Return whether the operator has an output."""
        try:
            return bool(self.output_space)
        except ValueError:
            return False

    def but(self, **changes: Any) -> Question:
        """Return the same question with some fields changed.

        Recipes vary each question many times, and `dataclasses.replace` takes ten times as long.
        """
        assert changes.keys() <= vars(self).keys()
        question = object.__new__(type(self))
        vars(question).update(vars(self) | changes)
        return question

    def as_written(self, padding: Pairs | Word) -> Question:
        """Return the question with what was written beside its length, if it has one.

        Parameters
        ----------
        padding
            The meaning of a padding that was left out.
        """
        if self.length is None:
            return self
        extra = self.length.output_padding
        return self.but(
            padding=padding if self.length.padding is None else self.length.padding,
            output_padding=extra or (0,) * self.rank,
            zero_given=extra is not None and not any(extra),
        )

    def map_arrays(self, function: ArrayMap, **changes: Any) -> Question:
        """Return the question with ``function`` applied to its arrays, and other fields changed.

        A new dtype is that of all arrays.
        """
        if "dtype" in changes:
            changes.setdefault("operand_dtypes", None)
        mapped = {name: function(array) for name, array in self.arrays.items()}
        return self.but(**mapped, **changes)

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields for pickling, with the order in memory of the arrays."""
        return {name: Laid.of(value) for name, value in vars(self).items()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update((name, Laid.restored(value)) for name, value in state.items())


@dataclass(frozen=True, eq=False)
class Pool:
    """A maximum over non-overlapping blocks of ``size`` elements per axis, as a step of a chain."""

    size: int

    def apply(self, x: Array) -> Array:
        """Return the maxima of an array (N, C, *space)."""
        return pooled(x, self.size)


@dataclass(frozen=True, eq=False)
class Pad:
    """Elements of one value around an array, as a step of a chain.

    Attributes
    ----------
    pairs
        The number of elements at the (begin, end) of each spatial axis.
    value
        Their value.
    """

    pairs: Pairs
    value: float = 0

    def apply(self, x: Array) -> Array:
        """Return an array (N, C, *space) with the elements around it."""
        return np.pad(x, ((0, 0), (0, 0), *self.pairs), constant_values=self.value)


@dataclass(frozen=True, eq=False)
class Crop:
    """Elements cut off an array, as a step of a chain.

    Attributes
    ----------
    pairs
        The number of elements at the (begin, end) of each spatial axis.
    """

    pairs: Pairs

    @property
    def slices(self) -> Index:
        """Return the slice of each spatial axis that stays."""
        return tuple(slice(begin, -end or None) for begin, end in self.pairs)

    def apply(self, x: Array) -> Array:
        """Return what stays of an array (N, C, *space)."""
        return x[(slice(None), slice(None), *self.slices)]


ArrayStep: TypeAlias = Pool | Pad | Crop
Step: TypeAlias = Question | ArrayStep
Index: TypeAlias = tuple[slice, ...]


@dataclass(frozen=True, eq=False)
class Chain:
    """Operators in a row, each on the answer to the one before.

    Every question's ``x`` is the oracle's answer to the steps before it, so that a step can be
    planned alone. A framework receives only the first ``x`` and continues with its own answers.

    Attributes
    ----------
    steps
        The steps, at least one of which is a question.
    start
        Array (N, C, *space) that the first step is applied to, where that is no question.
    """

    steps: tuple[Step, ...]
    start: Array | None = None

    @property
    def x(self) -> Array:
        """Return the array that the first step is applied to."""
        return self.questions[0].x if self.start is None else self.start

    @property
    def questions(self) -> tuple[Question, ...]:
        """Return the steps that are questions."""
        return tuple(step for step in self.steps if isinstance(step, Question))


AnyQuestion: TypeAlias = Question | Chain


def promoted(first: Dtype, second: Dtype) -> Dtype:
    """Return the dtype of a product of two numbers, as NumPy promotes their dtypes.

    bfloat16, which NumPy lacks, is promoted as float16 is, and both together to float32.
    """
    if first == second:
        return first
    if {first, second} == {"float16", "bfloat16"}:
        return "float32"
    pair = ("float16" if dtype == "bfloat16" else dtype for dtype in (first, second))
    return cast(Dtype, np.result_type(*map(np.dtype, pair)).name)


def is_complex(dtype: Dtype) -> bool:
    """Return whether a dtype has complex numbers."""
    return dtype.startswith("complex")


def is_finite(question: AnyQuestion) -> bool:
    """Return whether no number of a question is NaN or infinite."""
    if isinstance(question, Chain):
        return all(map(is_finite, question.questions))
    return all(map(all_finite, question.arrays.values()))


def stand_in(shape: tuple[int, ...], dtype: Any = np.float32, value: float = 0) -> Array:
    """Return a read-only array of one number that takes no memory, for its shape and dtype only."""
    return np.broadcast_to(np.full((), value, dtype), shape)


def all_finite(array: Array | None) -> bool:
    """Return whether no number is NaN or infinite; those of a stand-in are equal: one is read."""
    if array is None:
        return True
    first_element = tuple(slice(None if step else 1) for step in array.strides)
    return bool(np.isfinite(array[first_element]).all())


def products(question: AnyQuestion) -> int:
    """Return the number of products that the oracle sums for an answer.

    Returns
    -------
    int
        The number of products.

    Raises
    ------
    ValueError
        If the question has no answer.
    """
    if isinstance(question, Chain):
        return sum(products(q) for q in question.questions)
    if question.operator == "interpolate":
        return len(question.x) * int(prod((question.x.shape[1], *question.output_space)))
    if question.wanted == "bias_gradient":
        return prod(question.output_shape)
    narrow_side = question.output_space if question.operator == "conv" else question.space
    sums = 2 if question.x_tangent is not None is not question.kernel_tangent else 1
    return sums * len(question.x) * question.kernel.size * int(prod(narrow_side))


def shape(q: Question) -> tuple[int, ...]:
    """Return the shape of the answer.

    Raises
    ------
    ValueError
        If the question has no answer.
    """
    if q.answer_space == "output":
        return q.output_shape
    array = getattr(q, q.answer_space, None)
    return () if array is None else array.shape


def part(q: Question) -> tuple[Question, Index]:
    """Return a question about a small part of the answer, and the place of that part.

    The part is one sample and one channel of an output or of an answer of the input's shape, or one
    pair of channels of an answer of the kernel's shape, so that it takes far fewer products. It
    belongs to the first group.

    Parameters
    ----------
    q
        A question whose answer has one of these shapes.

    Returns
    -------
    Question
        The smaller question.
    tuple of slice
        Where its answer stands in the whole answer.
    """
    inputs, outputs = q.x.shape[1] // q.groups, q.output_channels // q.groups
    transposed = q.operator == "conv_transpose"
    samples = slice(None) if q.answer_space == "kernel" else slice(1)
    if q.answer_space != "output":
        inputs = 1
    if q.answer_space != "x":
        outputs = 1
    channels = (slice(inputs), slice(outputs)) if transposed else (slice(outputs), slice(inputs))
    places: dict[str, Index] = {
        "x": (samples, slice(inputs)),
        "kernel": channels,
        "bias": (slice(outputs),),
        "gradient": (samples, slice(outputs)),
    }
    smaller = {name: a[places[name.removesuffix("_tangent")]] for name, a in q.arrays.items()}
    return q.but(**smaller, groups=1), (slice(1), slice(1))


def summands(q: Question) -> tuple[Question, ...]:
    """Return questions for an output or a gradient whose answers add up to a derivative.

    An operator is linear in each of its arrays, so that every derivative is such a sum
    (`conformance.oracle.derivatives`).

    Parameters
    ----------
    q
        A question whose answer is an array; no bias belongs to an output of it but a vector.

    Returns
    -------
    tuple of Question
        The question itself if it wants an output or a gradient by the input or the kernel. Of a
        gradient by the bias it is a convolution whose answer has other axes than the gradient.
    """
    if q.wanted not in _DERIVED:
        return (q,)
    if q.wanted == "bias_gradient":
        return (_sum_of_gradients(q),)
    plain = q.but(**dict.fromkeys(TANGENTS))
    if q.wanted == "double_backward_input":
        return (plain.but(op=f"{q.operator}_input_gradient", kernel=q.kernel_tangent),)
    if q.wanted == "double_backward_kernel":
        return (plain.but(op=f"{q.operator}_kernel_gradient", x=q.x_tangent),)
    plain = plain.but(op=q.operator, gradient=None, bias=None)
    changes = {"x": q.x_tangent, "kernel": q.kernel_tangent}
    changed = [plain.but(**{name: a}) for name, a in changes.items() if a is not None]
    changed = changed or [plain.map_arrays(np.zeros_like)]
    return *changed[:-1], changed[-1].but(bias=q.bias_tangent)


def _sum_of_gradients(q: Question) -> Question:
    """Return the gradient by the bias as a convolution that sums each channel of the gradient."""
    gradient = _output_gradient(q)
    channels = gradient.shape[1]
    sums = np.moveaxis(gradient, 1, 0).reshape(1, channels, -1)
    return Question(
        op="conv",
        x=sums,
        kernel=np.ones((channels, 1, sums.shape[-1]), gradient.dtype),
        stride=(1,),
        padding=((0, 0),),
        output_padding=(0,),
        dilation=(1,),
        groups=channels,
        dtype=q.dtype,
    )


def answer(question: AnyQuestion) -> Array:
    """Return the oracle's answer.

    Returns
    -------
    Array
        The answer, of the shape that `shape` gives.

    Raises
    ------
    ValueError
        If the question has no answer.
    """
    if isinstance(question, Question):
        if question.length is not None and question.length.fault is not None:
            raise ValueError(question.length.fault)
        return _ANSWERS[question.op](question)
    last = question.steps[-1]
    if isinstance(last, Question):
        return answer(last)
    return last.apply(answer(replace(question, steps=question.steps[:-1])))


def as_passed(question: AnyQuestion, array: Array) -> Array:
    """Return an answer (N, C, *space) as a framework gives it: one example has no batch axis."""
    return array[0] if _lacks_batch(question) else array


def as_canonical(question: AnyQuestion, array: Array) -> Array:
    """Return an answer of a framework with the batch axis that one example lacks."""
    return array[None] if _lacks_batch(question) else array


def _lacks_batch(question: AnyQuestion) -> bool:
    last = question.questions[-1]
    return last.unbatched and last.answer_space in ("output", "x")


def chained(x: Array, steps: Iterable[Step]) -> Chain:
    """Link the steps into a chain that starts from ``x``.

    Parameters
    ----------
    x
        Array (N, C, *space), the input of the first step.
    steps
        The steps; the ``x`` of every question is replaced.

    Returns
    -------
    Chain
        The linked steps.

    Raises
    ------
    ValueError
        If a step has no answer.
    """
    start, chain = x, list[Step]()
    for step in steps:
        if isinstance(step, Question):
            step = step.but(x=x)
            x = answer(step)
        else:
            x = step.apply(x)
        chain.append(step)
    begins_with_question = not chain or isinstance(chain[0], Question)
    return Chain(tuple(chain), None if begins_with_question else start)


def pooled(x: Array, size: int) -> Array:
    """Return the maximum of every ``size`` x ``size`` ... block of x.

    Parameters
    ----------
    x
        Array (N, C, *space).
    size
        The length of a block along each spatial axis; an incomplete block is dropped.

    Returns
    -------
    Array
        (N, C, *(n // size)).
    """
    for axis in range(2, x.ndim):
        n = x.shape[axis] // size
        x = np.moveaxis(x, axis, -1)[..., : n * size]
        x = np.moveaxis(x.reshape(*x.shape[:-1], n, size).max(-1), -1, axis)
    return x


def _output_gradient(q: Question) -> Array:
    if q.gradient is None:
        raise ValueError(f"{q.op} needs the gradient by the output, got none")
    return q.gradient


def _bias(q: Question) -> Array:
    if q.bias is None:
        raise ValueError(f"{q.op} needs a bias, got none")
    return q.bias


def _tangents(q: Question) -> dict[str, Array | None]:
    return {name: getattr(q, name) for name in TANGENTS}


def _keywords(q: Question) -> dict[str, Any]:
    keywords = {
        "stride": q.stride,
        "padding": q.padding,
        "dilation": q.dilation,
        "groups": q.groups,
    }
    if q.operator == "conv_transpose":
        keywords["output_padding"] = q.output_padding
    return keywords


def _further_derivatives(operator: Operator) -> dict[str, Callable[[Question], Array]]:
    """Return the answers to the ops of one operator in `_DERIVED`."""
    by_bias, jvp, double_backward = (
        getattr(oracle, f"{operator}_{name}")
        for name in ("bias_gradient", "jvp", "double_backward")
    )

    def bias_gradient(q: Question) -> Array:
        shapes = q.x.shape, q.kernel.shape
        arguments = {"bias_shape": _bias(q).shape, **_keywords(q)}
        return np.asarray(by_bias(*shapes, _output_gradient(q), **arguments))

    def double(by: By) -> Callable[[Question], Array]:
        return lambda q: double_backward(
            q.x, q.kernel, _output_gradient(q), by=by, **_tangents(q), **_keywords(q)
        )

    return {
        f"{operator}_bias_gradient": bias_gradient,
        f"{operator}_jvp": lambda q: jvp(q.x, q.kernel, **_tangents(q), **_keywords(q)),
        **{f"{operator}_double_backward_{by}": double(by) for by in get_args(By)},
    }


_ANSWERS: dict[str, Callable[[Question], Array]] = {
    "conv": lambda q: oracle.conv(q.x, q.kernel, bias=q.bias, **_keywords(q)),
    "conv_input_gradient": lambda q: oracle.conv_input_gradient(
        q.x.shape, q.kernel, _output_gradient(q), **_keywords(q)
    ),
    "conv_kernel_gradient": lambda q: oracle.conv_kernel_gradient(
        q.x, q.kernel.shape, _output_gradient(q), **_keywords(q)
    ),
    "conv_transpose": lambda q: oracle.conv_transpose(q.x, q.kernel, bias=q.bias, **_keywords(q)),
    "conv_transpose_input_gradient": lambda q: oracle.conv_transpose_input_gradient(
        q.x.shape, q.kernel, _output_gradient(q), **_keywords(q)
    ),
    "conv_transpose_kernel_gradient": lambda q: oracle.conv_transpose_kernel_gradient(
        q.x, q.kernel.shape, _output_gradient(q), **_keywords(q)
    ),
    **_further_derivatives("conv"),
    **_further_derivatives("conv_transpose"),
    "conv_parameters": lambda q: np.array(_parameter_count(q)),
    "conv_transpose_parameters": lambda q: np.array(_parameter_count(q)),
    "interpolate": lambda q: oracle.interpolate(q.x, q.stride),
}


def _parameter_count(q: Question) -> int:
    return int(q.kernel.size) + (0 if q.bias is None else int(q.bias.size))
