"""Define a question: one operator with its arrays and arguments, in canonical terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from conformance.oracle import geometry
from conformance.oracle.geometry import Axes, Pairs, Word
from conformance.oracle.memory_layout import Laid
from conformance.question.fields import (
    ANSWER_SPACES,
    ARRAYS,
    DERIVED,
    AnswerSpace,
    Array,
    ArrayMap,
    Dtype,
    Op,
    Operator,
    OutputLength,
    Wanted,
    all_finite,
    operator_of,
    wanted_of,
)

_PLAIN = {"stride": 1, "padding": (0, 0), "output_padding": 0, "dilation": 1}


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
        One number for each spatial axis, 1, 0 and 1 if left out; ``interpolate`` scales up by
        ``stride``.
    padding
        One (begin, end) for each spatial axis, (0, 0) if left out, or a word.
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
    stride: Axes = ()
    padding: Pairs | Word = ()
    output_padding: Axes = ()
    dilation: Axes = ()
    groups: int = 1
    dtype: Dtype = "float32"
    operand_dtypes: tuple[Dtype, Dtype] | None = None
    zero_given: bool = False
    length: OutputLength | None = None
    unbatched: bool = False

    def __post_init__(self) -> None:
        """Fill in the arguments that were left out, of which no question has an empty one."""
        for name, plain in _PLAIN.items():
            vars(self)[name] = getattr(self, name) or (plain,) * self.rank

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

    def computed(self) -> tuple[Self, ...]:
        """Return the questions whose answers a framework computes, this one first."""
        if self.wanted not in DERIVED:
            return (self,)
        parts = ("", "_input_gradient", "_kernel_gradient")
        return self, *(self.but(op=f"{self.operator}{part}") for part in parts)

    @property
    def uses_bias(self) -> bool:
        """Return whether the bias, or a change of it, takes part."""
        is_added = self.wanted in ("output", "bias_gradient", "parameters")
        return self.bias is not None and (is_added or self.bias_tangent is not None)

    @property
    def questions(self) -> tuple[Self, ...]:
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
        """Return whether the array that a padding surrounds is a factor of what is wanted."""
        return self.wanted == "kernel_gradient" or (
            (self.operator == "conv") == (self.wanted == "output")
        )

    @property
    def has_infinite_factor(self) -> bool:
        """Return whether a zero beside the data, if it is multiplied, shows in what is wanted.

        It is multiplied with the kernel, or for a gradient by the kernel with the array that has no
        padding.
        """
        if self.operator == "interpolate":
            return False
        if self.wanted == "kernel_gradient":
            return not all_finite(self.gradient if self.operator == "conv" else self.x)
        return self.wanted in ("output", "input_gradient") and not all_finite(self.kernel)

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
        if not isinstance(self.padding, str):
            return self.padding
        arguments = self.window, self.stride, self.dilation
        if self.operator == "conv_transpose":
            return geometry.conv_transpose_padding(self.padding, *arguments)
        return geometry.conv_padding(self.padding, self.space, *arguments)

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

        Raises ``ValueError`` if the operator has no output.
        """
        if self.operator == "interpolate":
            return tuple(n * s for n, s in zip(self.space, self.stride, strict=True))
        arguments = self.space, self.window, self.stride, self.pairs
        if self.operator == "conv":
            return geometry.conv_space(*arguments, self.dilation)
        return geometry.conv_transpose_space(*arguments, self.output_padding, self.dilation)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Return the shape (N, C_out, *space) of the operator's output.

        Raises ``ValueError`` if the operator has no output.
        """
        return (len(self.x), self.output_channels, *self.output_space)

    @property
    def has_output(self) -> bool:
        """Return whether the operator has an output."""
        try:
            return bool(self.output_space)
        except ValueError:
            return False

    def but(self, **changes: Any) -> Self:
        """Return the same question with some fields changed.

        Recipes vary each question many times, and `dataclasses.replace` takes ten times as long.
        """
        assert changes.keys() <= vars(self).keys()
        question = object.__new__(type(self))
        vars(question).update(vars(self) | changes)
        return question

    def as_written(self, padding: Pairs | Word) -> Self:
        """Return the question with what was written beside its length, if it has one."""
        if self.length is None:
            return self
        extra = self.length.output_padding
        return self.but(
            padding=padding if self.length.padding is None else self.length.padding,
            output_padding=extra or (0,) * self.rank,
            zero_given=extra is not None and not any(extra),
        )

    def map_arrays(self, function: ArrayMap, **changes: Any) -> Self:
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
