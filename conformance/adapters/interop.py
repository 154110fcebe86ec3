"""Define how a framework takes arrays, returns them and differentiates, and on which device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from conformance.adapters.call_source import CallSource
from conformance.adapters.runtime import RuntimeClass
from conformance.oracle.memory_layout import Memory
from conformance.question import Dtype

Gradient = Callable[[CallSource, str], tuple[str, ...]]

Jvp = Callable[[CallSource, tuple[str, ...]], tuple[str, ...]]

DoubleBackward = Callable[[CallSource, str, tuple[str, ...]], tuple[str, ...]]


def gradient_lines(*lines: str) -> Gradient:
    """Return the gradient by these lines, of the array ``{by}`` and the call ``{y}``."""

    def gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
        sources = {"by": call_source.source(by), "y": call_source.expression}
        return tuple(line.format(**sources) for line in lines)

    return gradient


@dataclass(frozen=True, kw_only=True)
class TensorInterop:
    """How a framework, or one backend of it, takes arrays, returns them and differentiates.

    Attributes
    ----------
    imports
        The first lines of a reproduction. They choose the CPU, if nothing else does so.
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
