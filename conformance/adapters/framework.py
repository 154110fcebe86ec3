"""Define the values by which an adapter describes a framework and its APIs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from conformance.adapters.call_source import CallBuilder
from conformance.adapters.interop import CPU, Device, TensorInterop
from conformance.adapters.limitation import OUTPUT_PADDING_BELOW_STRIDE, Limitation
from conformance.adapters.runtime import Runtime
from conformance.oracle.geometry import Word
from conformance.question import Operator, Question


@dataclass(frozen=True, kw_only=True)
class Api:
    """One public way to call a framework.

    Attributes
    ----------
    id
        The name in reports and files.
    exists
        An expression that fails in an interpreter without this API, if that is not its id without
        what is in parentheses.
    versions
        The versions of the framework that have it, as a requirement; empty for all.
    native
        The builder of the naive call.
    recipe
        The builder of the call whose arguments mean the question, if that is not the naive one.
        Where there is none, `recipes` looks for another question that this API can answer, and for
        the way back.
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
    native: CallBuilder
    recipe: CallBuilder | None = None
    exists: str = ""
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
    _known_limits: dict[Runtime, tuple[Limitation, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def limits_in(self, runtime: Runtime) -> tuple[Limitation, ...]:
        """Return the limitations that a runtime has, or may have."""
        if runtime not in self._known_limits:  # recipes ask for millions of questions
            known = filter(lambda limit: limit.is_known_of(runtime), self.limits)
            self._known_limits[runtime] = tuple(known)
        return self._known_limits[runtime]

    @property
    def equivalent(self) -> CallBuilder:
        """Return the builder of the call whose arguments mean the question."""
        return self.recipe or self.native

    @property
    def existence(self) -> str:
        """Return the expression that fails in an interpreter without this API."""
        return self.exists or self.id.partition("(")[0]

    @property
    def is_variant(self) -> bool:
        """Return whether this API differs from another one only in where its channels are."""
        return bool(self.topics)


def convolution_beside(
    api: Api, limits: tuple[Limitation, ...] | None = None, exists: str = ""
) -> Api:
    """Return the convolution of a transposed one, which it names as the one that belongs to it.

    ``limits`` are its limitations if not those of the transposed one, apart from output padding,
    and ``exists`` is the expression that fails without it if that is not its id.
    """
    name = str(api.forward)
    return replace(
        api,
        id=name,
        exists=exists,
        operator="conv",
        kernel_axes="out in *k",
        divides_inputs=False,
        limits=tuple(
            limit
            for limit in (api.limits if limits is None else limits)
            if limit is not OUTPUT_PADDING_BELOW_STRIDE
        ),
        forward=None,
        parameters={
            name: key for name, key in api.parameters.items() if not key.startswith("output_")
        },
    )


LAYOUT = frozenset({"layout"})
"""The topics of a variant that differs in where its channels are."""


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
