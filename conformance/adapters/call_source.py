"""Define the source of a call, and write the arguments of calls as a person would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.oracle import geometry
from conformance.oracle.geometry import Axes
from conformance.question import Question


@dataclass(frozen=True)
class Inexpressible:
    """A question that cannot be written as this call, and why."""

    reason: str


@dataclass(frozen=True)
class CallSource:
    """The source of a call, over the tensors x, w and b (b only where it is used).

    Attributes
    ----------
    expression
        The call.
    setup
        Lines before the call, such as making a layer.
    kernel, bias
        The expressions by which a gradient by the kernel or by the bias is taken.
    parameters
        An expression for the number of learnable numbers, if there is a layer.
    function
        The same call as an expression of x, w and b, if there is a layer that holds w and b.
    """

    expression: str
    setup: tuple[str, ...] = ()
    kernel: str = "w"
    bias: str = "b"
    parameters: str | None = None
    function: str | None = None

    def source(self, name: str) -> str:
        """Return the expression for x, w, b or g of which a gradient is taken."""
        return {"w": self.kernel, "b": self.bias}.get(name, name)

    @property
    def as_function(self) -> str:
        """Return an expression of x, w and b."""
        return self.function or self.expression


CallBuilder = Callable[[Question], CallSource | Inexpressible]


def listed(names: tuple[str, ...], prefix: str = "") -> str:
    """Return the names as source of the inside of a tuple or a list."""
    return "".join(f"{prefix}{name}, " for name in names).rstrip()


def operands(question: Question) -> str:
    """Return the names of the tensors of a call, with commas between them."""
    return "x, w" if question.bias is None else "x, w, b"


def layer_sizes(question: Question) -> str:
    """Return the first arguments of a layer: input channels, output channels and kernel size."""
    return f"{question.x.shape[1]}, {question.output_channels}, {question.window}"


def unless(values: Axes, default: int) -> Axes | None:
    """Return the numbers of all axes, and None if each of them is the default."""
    return None if set(values) == {default} else values


def keywords(**values: object) -> str:
    """Return keyword arguments as source, each after a comma, without those that are None."""
    return "".join(f", {name}={value!r}" for name, value in values.items() if value is not None)


def numbers(values: tuple[int, ...], default: int | None) -> int | tuple[int, ...] | None:
    """Return one number if all axes have the same, and None if that is the default."""
    if len(set(values)) > 1:
        return values
    return None if values[0] == default else values[0]


def output_padding(question: Question) -> int | tuple[int, ...] | None:
    """Return the output padding as a person would pass it: None if none was given, and 0 as 0."""
    return numbers(question.output_padding, None if question.zero_given else 0)


def symmetric(write: Callable[[Question, Axes], CallSource | Inexpressible]) -> CallBuilder:
    """Return a builder of calls that take one number of padding for each axis.

    Parameters
    ----------
    write
        The builder of a call with these numbers, which are zeros for ``valid``. Other words and
        unequal sides are inexpressible.
    """

    def build(q: Question) -> CallSource | Inexpressible:
        if q.padding == "valid":
            return write(q, (0,) * q.rank)
        if isinstance(q.padding, str):
            return Inexpressible(f"padding takes numbers, not {q.padding!r}")
        if any(begin != end for begin, end in q.padding):
            return Inexpressible("padding takes one number per axis, the same at its start and end")
        return write(q, tuple(begin for begin, _ in q.padding))

    return build


def with_input_padding(q: Question) -> Question:
    """Return the question with the padding of the zero-inserted input that leaves the same crop.

    A full output needs the effective kernel size less one on each side; a crop reduces that.
    """
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    return q.but(
        padding=tuple(
            (r - 1 - b, r - 1 - e + p)
            for r, (b, e), p in zip(extents, q.pairs, q.output_padding, strict=True)
        ),
        output_padding=(0,) * q.rank,
    )


def crop_totals(question: Question) -> Axes | None:
    """Return how many elements of the full output are cropped on each axis.

    An odd element is cropped at the end.

    Returns
    -------
    tuple of int or None
        The numbers; None if on some axis the start does not lose half.
    """
    ends = zip(question.pairs, question.output_padding, strict=True)
    totals = tuple(b + e - p for (b, e), p in ends)
    halves = (max(total, 0) // 2 for total in totals)
    return totals if all(b == h for (b, _), h in zip(question.pairs, halves, strict=True)) else None


def output_space(question: Question) -> Axes | Inexpressible:
    """Return the spatial shape of the output, for a call that has it as an argument."""
    if question.length is not None:
        return question.length.space
    try:
        return question.output_space
    except ValueError as error:
        return Inexpressible(f"the output's shape has to be given, and there is none: {error}")


def words(text: str) -> dict[str, str]:
    """Return the words of an API with the keys that they mean, as of ``weight=kernel stride``."""
    pairs = (word.split("=") for word in text.split())
    return {pair[0]: pair[-1] for pair in pairs}


def arguments(q: Question, names: str, pads: Axes | None = None, /, **values: object) -> str:
    """Return the keyword arguments of a call as source, without those that are by default.

    Parameters
    ----------
    names
        The parameters in their order, as `words` takes them: each with the key of a case that means
        the same, where ``bias`` is whether a layer has one.
    pads
        The padding of each axis, where it is the same at both ends.
    **values
        The values of other keys, and of those that the framework writes in another way.
    """
    defaults: dict[str, object] = {
        "stride": numbers(q.stride, 1),
        "padding": pads and numbers(pads, 0),
        "output_padding": output_padding(q),
        "dilation": numbers(q.dilation, 1),
        "groups": numbers((q.groups,), 1),
        "bias": False if q.bias is None else None,
    }
    return keywords(**{name: (defaults | values)[key] for name, key in words(names).items()})


def per_axis(q: Question, pads: Axes | None = None) -> dict[str, object]:
    """Return values for `arguments` where a parameter takes no single number for all axes."""
    return {
        "padding": pads and unless(pads, 0),
        "stride": unless(q.stride, 1),
        "output_padding": q.output_padding if q.has_output_padding else None,
        "dilation": unless(q.dilation, 1),
    }


def by_operator(q: Question, transposed: str, forward: str) -> str:
    """Return the name of the transposed convolution, or of the convolution."""
    return transposed if q.operator == "conv_transpose" else forward


def layer(
    q: Question,
    make: str,
    assign: str,
    *,
    parameters: str,
    kernel: str = "layer.weight",
    bias: str = "layer.bias",
    prepare: tuple[str, ...] = (),
) -> CallSource:
    """Return the call of a layer that is made, and given its weights.

    Parameters
    ----------
    make
        The expression that makes it.
    assign
        The line that gives a ``{parameter}`` the array ``{v}``.
    parameters, kernel, bias
        As of a `CallSource`.
    prepare
        Lines between.
    """
    arrays = {"w": kernel} if q.bias is None else {"w": kernel, "b": bias}
    return CallSource(
        setup=(
            f"layer = {make}",
            *prepare,
            *(assign.format(parameter=parameter, v=v) for v, parameter in arrays.items()),
        ),
        expression="layer(x)",
        kernel=kernel,
        bias=bias,
        parameters=parameters,
    )
