"""What an adapter says about a framework: its APIs, and how it writes a call, as plain values."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
    """A call in the framework's own words, over the tensors x, w and b (b only where it is used).

    setup       lines before the call, such as making a layer
    expression  the call
    kernel      what a gradient by the kernel is taken by
    parameters  an expression for the number of learnable numbers, where there is a layer
    """

    expression: str
    setup: tuple[str, ...] = ()
    kernel: str = "w"
    parameters: str | None = None


CallBuilder = Callable[[Question], CallSource | Inexpressible]


@dataclass(frozen=True)
class Limitation:
    """What an API is known to refuse or to answer wrongly, so that a recipe goes around it.

    A native call runs into it, and what comes of that is told with the reason.

    backend   the only backend that refuses; None for all of them
    classes   the runtime classes that it is known of; none stands for all
    versions  of a package that it is known of, as a requirement such as ``keras<3.15``; empty for
              all that were asked
    corrupts_process    the process may be left with broken memory, and what it says next is worth
                        nothing
    refused   whether the framework refuses, and does not answer wrongly
    another_meaning  whether it means something else by this, which may be what is wanted
    """

    reason: str
    refuses: Callable[[Question], bool]
    backend: str | None = None
    classes: frozenset[str] = frozenset()
    versions: str = ""
    corrupts_process: bool = False
    refused: bool = True
    another_meaning: bool = False

    def is_known_of(self, runtime: Runtime) -> bool:
        """Whether it holds, or may hold, in a runtime."""
        return (
            self.backend in (None, runtime.backend)
            and runtime.is_in(self.classes)
            and runtime.has(self.versions)
        )

    def stops(self, question: Question, runtime: Runtime) -> bool:
        """Whether a question, as the call sees it, runs into this in a runtime."""
        return self.is_known_of(runtime) and self.refuses(question)


@dataclass(frozen=True, kw_only=True)
class Api:
    """One public way to ask a framework.

    exists         an expression that fails in an interpreter without this API
    layout         the order of the axes of x and of the output: "N C *s" or "N *s C"
    kernel_axes    the order of the axes of the kernel, of "in", "out" and "*k"
    native         the question with same-looking arguments
    recipe         the arguments that mean the question; where there are none, `recipes` looks for
                   another question that this API can answer, and for the way back
    own            a question whose native call means this one, by what the API means otherwise
                   than the oracle, or None
    grouped        another function of the framework, which takes groups where this one does not:
                   a convolution over the stretched input, whose kernel is handed over backwards
                   and has input and output channels of each group exchanged
    reads_kernel_reversed          the kernel is read backwards, so that a recipe hands it over
                                   backwards
    takes_bias     whether there is a parameter for the bias; if not, it is added to the output
    has_parameters  whether it is a layer, whose learnable numbers can be counted
    forward        for a transposed convolution, the id of the convolution that goes with it
    topics         of the cases that it is asked, if not of all: a variant of another API, which
                   differs from that in nothing else
    base           of a variant the API that a recipe takes, with arrays transposed around its call,
                   where the variant itself refuses
    defaults       what it means by an argument that nobody gives, by the key of a case, where that
                   is not what a case means
    parameters     what its arrays and arguments are called in its own documentation, each with the
                   key of a case that means the same
    """

    id: str
    operator: Operator
    exists: str
    layout: str
    kernel_axes: str
    native: CallBuilder
    recipe: CallBuilder
    own: Callable[[Question], Question | None] | None = None
    grouped: CallBuilder | None = None
    limits: tuple[Limitation, ...] = ()
    reads_kernel_reversed: bool = False
    takes_bias: bool = True
    has_parameters: bool = False
    forward: str | None = None
    topics: frozenset[str] = frozenset()
    defaults: Mapping[str, Word] = field(default_factory=dict, hash=False)
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    interop: TensorInterop | None = None
    base: Api | None = None

    @property
    def is_variant(self) -> bool:
        """Whether it means what another API does, and only has its channels elsewhere."""
        return bool(self.topics)


Gradient = Callable[[CallSource, str], tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class TensorInterop:
    """How a framework, or one backend of it, takes arrays, gives them back and differentiates.

    imports    lines that a reproduction opens with
    tensor     an expression for the NumPy array ``{v}`` as a tensor
    array      an expression for the tensor ``{v}`` as a NumPy array
    gradient   lines that leave in y the gradient of a spelling by "x" or by "w", given g
    dtype_conversions      dtypes that NumPy lacks: the expressions that take their place for such a
                           question
    dtype_contexts      dtypes that are narrowed unless it is said otherwise: the ``with`` that says
                        so
    unsupported_layouts  orders in memory that it refuses, so that a recipe copies such an array
    switches   environment variables that make it, and nothing else, choose other kernels
    device     an expression for the device that computes
    packages   expressions for the versions of the packages that compute, by their names
    probes     expressions of small calls that decide the runtime class, by name: one that raises
               or is not true does not hold
    classes    the runtime classes; the first that fits is that of a worker
    """

    imports: tuple[str, ...]
    tensor: str
    array: str
    gradient: Gradient
    dtype_conversions: Mapping[Dtype, tuple[str, str]] = field(default_factory=dict)
    dtype_contexts: Mapping[Dtype, str] = field(default_factory=dict)
    unsupported_layouts: tuple[Memory, ...] = ()
    switches: tuple[str, ...] = ()
    device: str = "'cpu'"
    packages: Mapping[str, str] = field(default_factory=dict)
    probes: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[RuntimeClass, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Batched:
    """How a framework answers many calls at once, where one by one is slow.

    source     of a function `together`, for a worker: `workers.together` says what it is given
    most       how many questions at a time
    words      how a run says that it was made so
    """

    source: str
    most: int
    words: str


@dataclass(frozen=True, kw_only=True)
class Framework:
    """A framework, as the controller has to know it.

    prelude    lines that a worker runs once
    version    an expression for the framework's version
    backend    an expression for the backend in use, where there are several
    backend_variable  the environment variable that chooses it
    interops   by backend; a single one has the key None
    synchronize     a line that brings an error still under way to light, where nobody waited for
                    one
    variables  environment variables of the worker
    compiled   those that keep what it compiles for a question in ``{folder}``
    together   how it answers many calls at once, if it does
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
    compiled: Mapping[str, str] = field(default_factory=dict)
    together: Batched | None = None

    @property
    def chosen_backend(self) -> str | None:
        """The backend that the environment asks for, before any worker can say which it has."""
        return os.environ.get(self.backend_variable) if self.backend_variable else None

    def interop(self, api: Api, backend: str | None) -> TensorInterop:
        """Return the interop that an API is called in. Raises ``KeyError`` for no such backend."""
        return api.interop or self.interops[backend]

    def without(self, backend: str | None) -> str | None:
        """Say why calls cannot be written for a backend; None for one that they can be."""
        if backend in self.interops:
            return None
        backends = ", ".join(sorted(filter(None, self.interops)))
        if not backends:
            return f"{self.title} has no backends to choose from, got {backend!r}"
        return f"the backend of {self.title} must be one of {backends}, got {backend!r}"

    def api(self, id: str) -> Api:  # noqa: A002  # the word that the design page uses
        """The API with this id. Raises ``KeyError``."""
        return {api.id: api for api in self.apis}[id]


def keywords(**values: object) -> str:
    """Keyword arguments as source, each after a comma; None stands for one that is left out."""
    return "".join(f", {name}={value!r}" for name, value in values.items() if value is not None)


def numbers(values: tuple[int, ...], default: int | None) -> int | tuple[int, ...] | None:
    """One number where all axes agree, and None where that is the default, if there is one."""
    if len(set(values)) > 1:
        return values
    return None if values[0] == default else values[0]


def output_padding(question: Question) -> int | tuple[int, ...] | None:
    """The output padding as a person hands it over: None where none was given, and 0 as 0."""
    return numbers(question.output_padding, None if question.zero_given else 0)


def symmetric(question: Question) -> tuple[int, ...] | Inexpressible:
    """The padding as one number per axis; `valid` is said by none."""
    if question.padding == "valid":
        return (0,) * question.rank
    if isinstance(question.padding, str):
        return Inexpressible(f"padding takes numbers, not {question.padding!r}")
    if any(begin != end for begin, end in question.padding):
        return Inexpressible("padding takes one number per axis, the same at its begin and end")
    return tuple(begin for begin, _ in question.padding)


def crop_totals(question: Question) -> Axes | None:
    """How many elements of the full output are cropped on each axis, if the begin loses half.

    Of an odd number the odd element goes at the end. None where the begin loses another number.
    """
    ends = zip(question.pairs, question.output_padding, strict=True)
    totals = tuple(b + e - p for (b, e), p in ends)
    halves = (max(total, 0) // 2 for total in totals)
    return totals if all(b == h for (b, _), h in zip(question.pairs, halves, strict=True)) else None


def output_space(question: Question) -> Axes | Inexpressible:
    """The spatial shape of the output, for a call that has to be told it."""
    try:
        return question.output_space
    except ValueError as error:
        return Inexpressible(f"the output's shape has to be given, and there is none: {error}")


LAYOUT = frozenset({"layout"})
"""The topics of a variant that has its channels elsewhere."""

OUTPUT_PADDING_BELOW_STRIDE = Limitation(
    "output padding must be smaller than the stride",
    lambda q: any(p >= s for p, s in zip(q.output_padding, q.stride, strict=True)),
)
NEGATIVE_PADDING = Limitation(
    "padding must not be negative",
    lambda q: not isinstance(q.padding, str) and any(min(pair) < 0 for pair in q.padding),
)
