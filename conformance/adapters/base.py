"""Define the values by which an adapter describes a framework, its APIs and its calls."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from conformance.adapters.runtime import Runtime, RuntimeClass
from conformance.oracle.geometry import Axes, Word
from conformance.oracle.memory_layout import Memory
from conformance.question import Dtype, Operator, Question


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


@dataclass(frozen=True)
class Limitation:
    """Arguments that an API is known to refuse or to answer wrongly, so that a recipe avoids them.

    A native call runs into it, and its observation states the reason.

    Attributes
    ----------
    reason
        A sentence for reports.
    concerns
        Whether a question, as the call sees it, runs into it.
    backend
        The only backend that has it; None for all.
    classes
        The runtime classes that are known to have it; none stands for all.
    versions
        The versions of a package that are known to have it, as a requirement such as
        ``keras<3.15``; empty for all that were tested.
    corrupts_process
        Whether it may leave the process with broken memory, after which its answers are worthless.
    is_refusal
        Whether the framework refuses, and does not answer wrongly.
    another_meaning
        Whether the API gives these arguments another meaning, which a recipe may use.
    is_boundary
        Whether the API has no such thing, for example no gradients, so that no call is written and
        no recipe looks for a way around it.
    """

    reason: str
    concerns: Callable[[Question], bool]
    backend: str | None = None
    classes: frozenset[str] = frozenset()
    versions: str = ""
    corrupts_process: bool = False
    is_refusal: bool = True
    another_meaning: bool = False
    is_boundary: bool = False

    def is_known_of(self, runtime: Runtime) -> bool:
        """Return whether a runtime has, or may have, this limitation."""
        return (
            self.backend in (None, runtime.backend)
            and runtime.is_in(self.classes)
            and runtime.has(self.versions)
        )

    def stops(self, question: Question, runtime: Runtime) -> bool:
        """Return whether a question, as the call sees it, runs into this in a runtime.

        A framework computes outputs and gradients on the way to a further derivative.
        """
        return self.is_known_of(runtime) and any(map(self.concerns, question.computed()))


@dataclass(frozen=True, kw_only=True)
class Api:
    """One public way to call a framework.

    Attributes
    ----------
    id
        The name in reports and files.
    exists
        An expression that fails in an interpreter without this API.
    versions
        The versions of the framework that have it, as a requirement; empty for all.
    native
        The builder of the naive call.
    recipe
        The builder of the call whose arguments mean the question. Where there is none, `recipes`
        looks for another question that this API can answer, and for the way back.
    operator
        The operator that it computes.
    layout
        The order of the axes of x and of the output: ``N C *s`` or ``N *s C``.
    kernel_axes
        The order of the axes of the kernel, of ``in``, ``out`` and ``*k``.
    divides_inputs
        Whether the kernel of a transposed convolution has all output channels, and the input
        channels of one group, as that of a convolution has.
    native_equivalent
        A function that returns a question whose native call means this one by a rule of the API's
        own, or None.
    grouped
        The builder of another function of the framework, which takes groups where this one does
        not: a convolution over the zero-inserted input, whose kernel is reversed and has input and
        output channels of each group exchanged.
    limits
        The known limitations.
    reads_kernel_reversed
        Whether the API reverses the kernel, so that a recipe passes it reversed.
    takes_bias
        Whether there is a parameter for the bias; if not, it is added to the output.
    takes_unbatched
        Whether x may be one example without a batch axis; if not, a recipe adds the axis.
    takes_circular
        Whether there is a circular padding.
    has_parameters
        Whether it is a layer, whose learnable numbers can be counted.
    forward
        For a transposed convolution, the id of the convolution that belongs to it.
    topics
        The topics of the cases for it, if not all: then it is a variant that differs from another
        API in nothing else.
    defaults
        The meaning of an argument that is left out, by the key of a case, where it is not that of a
        case.
    parameters
        The names of its arrays and arguments in its own documentation, each with the key of a case
        that means the same.
    is_slow
        Whether a call takes seconds, so that a run asks only a sample of the corpus.
    interop
        How it takes arrays, if not as its framework does.
    base
        For a variant, the API that a recipe calls between transposed arrays where the variant
        refuses.
    twin
        For a mode or a conversion of another API of the same framework, the id of that API. A
        report compares their answers to tell what the mode or the conversion changes.
    """

    id: str
    exists: str
    native: CallBuilder
    recipe: CallBuilder
    operator: Operator = "conv_transpose"
    layout: str = "N C *s"
    kernel_axes: str = "in out *k"
    divides_inputs: bool = False
    native_equivalent: Callable[[Question], Question | None] | None = None
    grouped: CallBuilder | None = None
    limits: tuple[Limitation, ...] = ()
    reads_kernel_reversed: bool = False
    takes_bias: bool = True
    takes_unbatched: bool = False
    takes_circular: bool = False
    has_parameters: bool = False
    forward: str | None = None
    topics: frozenset[str] = frozenset()
    defaults: Mapping[str, Word | int] = field(default_factory=dict, hash=False)
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    is_slow: bool = False
    interop: TensorInterop | None = None
    base: Api | None = None
    twin: str | None = None
    versions: str = ""

    @property
    def is_variant(self) -> bool:
        """Return whether this API differs from another one only in where its channels are."""
        return bool(self.topics)


def convolution_beside(api: Api, limits: tuple[Limitation, ...], exists: str = "") -> Api:
    """Return the convolution of a transposed one, which it names as the one that belongs to it.

    ``exists`` is the expression that fails without it, if that is not its id.
    """
    name = str(api.forward)
    return replace(
        api,
        id=name,
        exists=exists or name,
        operator="conv",
        kernel_axes="out in *k",
        divides_inputs=False,
        limits=limits,
        forward=None,
        parameters={
            name: key for name, key in api.parameters.items() if not key.startswith("output_")
        },
    )


def words(text: str) -> dict[str, str]:
    """Return the words of an API with the keys that they mean, as of ``weight=kernel stride``."""
    pairs = (word.split("=") for word in text.split())
    return {pair[0]: pair[-1] for pair in pairs}


Gradient = Callable[[CallSource, str], tuple[str, ...]]
Jvp = Callable[[CallSource, tuple[str, ...]], tuple[str, ...]]
DoubleBackward = Callable[[CallSource, str, tuple[str, ...]], tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class TensorInterop:
    """How a framework, or one backend of it, takes arrays, returns them and differentiates.

    Attributes
    ----------
    imports
        The first lines of a reproduction.
    tensor
        An expression for the NumPy array ``{v}`` as a tensor.
    array
        An expression for the tensor ``{v}`` as a NumPy array.
    gradient
        A function that returns lines which leave in y the gradient of a call by "x", "w" or "b",
        given g.
    jvp
        A function that returns lines which leave in y the derivative of a call along tangents. It
        is given the names of the arrays that have one, of x, w and b; the tangent of x is tx, and
        so on. None if the framework has no such derivative.
    double_backward
        A function that returns lines which leave in y a gradient of the gradients of a call, by
        "x", "w" or "g". It is given that name, and the names of the arrays whose gradients are
        multiplied with their tangents and added up. None as for ``jvp``.
    dtype_conversions
        The expressions in place of ``tensor`` and ``array`` for dtypes that NumPy lacks.
    dtype_contexts
        The ``with`` line for dtypes that are otherwise narrowed.
    conjugates_gradients
        Whether its gradients of complex numbers are multiplied with conjugates.
    unsupported_layouts
        Orders in memory that it refuses, so that a recipe copies such an array.
    switches
        The environment variables that select other kernels and change nothing else.
    device
        An expression for the device that computes.
    packages
        Expressions for the versions of the packages that compute, by their names.
    probes
        Expressions of small calls that decide the runtime class, by name. A probe that raises or is
        not true fails.
    classes
        The runtime classes; the first that fits is that of a worker.
    """

    imports: tuple[str, ...]
    tensor: str
    array: str
    gradient: Gradient
    jvp: Jvp | None = None
    double_backward: DoubleBackward | None = None
    dtype_conversions: Mapping[Dtype, tuple[str, str]] = field(default_factory=dict)
    dtype_contexts: Mapping[Dtype, str] = field(default_factory=dict)
    conjugates_gradients: bool = False
    unsupported_layouts: tuple[Memory, ...] = ()
    switches: tuple[str, ...] = ()
    device: str = "'cpu'"
    packages: Mapping[str, str] = field(default_factory=dict)
    probes: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[RuntimeClass, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Device:
    """How a framework is made to compute on a device.

    Attributes
    ----------
    variables
        Environment variables of the worker.
    setup
        Lines that follow the imports of a worker and of a reproduction. They raise where there is
        no such device.
    probes, classes
        As in `TensorInterop`, in addition to the probes there and in place of the classes there.
    reported
        The name by which the framework reports the device, if it is another one.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    setup: tuple[str, ...] = ()
    probes: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[RuntimeClass, ...] = ()
    reported: str | None = None


CPU = "cpu"
"""The device of every framework, which a run uses by default."""


@dataclass(frozen=True, kw_only=True)
class Batched:
    """How a framework answers many calls at once, where single calls are slow.

    Attributes
    ----------
    source
        The source of a function ``together`` for a worker, which documents its arguments.
    most
        The largest number of questions at a time.
    words
        The sentence by which a run states that it was made so.
    """

    source: str
    most: int
    words: str


@dataclass(frozen=True, kw_only=True)
class Framework:
    """A framework, as far as the controller knows it.

    Attributes
    ----------
    name, title
        The name in files and commands, and the name in reports.
    prelude
        Lines that a worker runs once.
    version
        An expression for the framework's version.
    apis
        Its APIs.
    interops
        The interops by backend; a single one has the key None.
    backend
        An expression for the backend in use, if there are several.
    backend_variable
        The environment variable that selects it.
    synchronize
        A line that raises pending errors of asynchronous calls.
    variables
        Environment variables of the worker.
    devices
        The devices that a run can choose, by name.
    compiled
        Environment variables that make it keep compiled code in ``{folder}``.
    together
        How it answers many calls at once, by the backends with which it does.
    modules
        The modules by which a script is known to be of this framework; empty for its name.
    isolated
        Whether each question needs a process of its own, as one may break the memory of the next.
    settings
        Files outside its environment that it reads when it starts, with ``~`` and variables.
    """

    name: str
    title: str
    prelude: str
    version: str
    apis: tuple[Api, ...]
    interops: Mapping[str | None, TensorInterop]
    backend: str = "None"
    backend_variable: str | None = None
    synchronize: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    devices: Mapping[str, Device] = field(default_factory=lambda: {CPU: Device()})
    compiled: Mapping[str, str] = field(default_factory=dict)
    together: Mapping[str | None, Batched] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    isolated: bool = False
    settings: tuple[str, ...] = ()

    @property
    def chosen_backend(self) -> str | None:
        """Return the backend that the environment selects, before any worker reports one."""
        return os.environ.get(self.backend_variable) if self.backend_variable else None

    def interop(self, api: Api, backend: str | None) -> TensorInterop:
        """Return the interop with which an API is called.

        Raises
        ------
        KeyError
            If there is no such backend.
        """
        return api.interop or self.interops[backend]

    def without(self, backend: str | None) -> str | None:
        """Return why calls cannot be written for a backend, or None if they can."""
        if backend in self.interops:
            return None
        backends = ", ".join(sorted(filter(None, self.interops)))
        if not backends:
            return f"{self.title} has no backends to choose from, got {backend!r}"
        return f"the backend of {self.title} must be one of {backends}, got {backend!r}"

    def without_device(self, device: str) -> str | None:
        """Return why a run cannot choose a device, or None if it can."""
        if device in self.devices:
            return None
        return (
            f"the device of {self.title} must be one of {', '.join(self.devices)}, got {device!r}"
        )

    def reported_device(self, name: str | None) -> Device:
        """Return the device that a worker reports by this name; a neutral one if there is none."""
        return {d.reported or key: d for key, d in self.devices.items()}.get(name or CPU, Device())

    def api(self, id: str) -> Api:  # noqa: A002  # the word that the design page uses
        """Return the API with this id.

        Raises
        ------
        KeyError
            If there is none.
        """
        return {api.id: api for api in self.apis}[id]


def library(
    name: str,
    title: str,
    interop: TensorInterop,
    apis: tuple[Api, ...],
    settings: tuple[str, ...] = (),
) -> Framework:
    """Return a framework of one backend, whose version is that of the first of its packages."""
    return Framework(
        name=name,
        title=title,
        prelude="\n".join(interop.imports),
        version=next(iter(interop.packages.values())),
        interops={None: interop},
        apis=apis,
        settings=settings,
    )


def listed(names: tuple[str, ...], prefix: str = "") -> str:
    """Return the names as source of the inside of a tuple or a list."""
    return "".join(f"{prefix}{name}, " for name in names).rstrip()


def operands(question: Question) -> str:
    """Return the names of the tensors of a call, with commas between them."""
    return "x, w" if question.bias is None else "x, w, b"


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


def boundary(reason: str, concerns: Callable[[Question], bool]) -> Limitation:
    """Return the limitation of an API that has no such thing."""
    return Limitation(reason, concerns, is_boundary=True)


NEEDS_BATCH = Limitation("x needs a batch axis", lambda q: q.unbatched)
"""The limitation of an API that takes no `Question.unbatched`, which its recipe goes around."""
NO_GRADIENTS = boundary("there are no gradients", lambda q: q.is_derivative)
ZEROS_AROUND = Limitation(
    "an infinite number is multiplied with the zeros of a padding, which gives NaN",
    lambda q: q.has_infinite_factor and q.gathers and any(max(pair) > 0 for pair in q.pairs),
    is_refusal=False,
)
LAYOUT = frozenset({"layout"})
"""The topics of a variant that differs in where its channels are."""

OUTPUT_PADDING_BELOW_STRIDE = Limitation(
    "output padding must be smaller than the stride",
    lambda q: any(p >= s for p, s in zip(q.output_padding, q.stride, strict=True)),
)
NEGATIVE_PADDING = Limitation(
    "padding must not be negative",
    lambda q: not isinstance(q.padding, str) and any(min(pair) < 0 for pair in q.padding),
)
