"""Adapters of the fakes, as `conformance.adapters` has them of real frameworks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakes import plain

from conformance.adapters.call_source import CallSource
from conformance.adapters.framework import Api, Framework
from conformance.adapters.interop import TensorInterop
from conformance.adapters.limitation import Limitation
from conformance.question import Question


def tangents(names: tuple[str, ...]) -> str:
    return f"{{{', '.join(f'{name!r}: t{name}' for name in names)}}}"


INTEROP = TensorInterop(
    imports=("from fakes import plain",),
    tensor="plain.tensor({v})",
    array="{v}.numpy()",
    gradient=lambda call_source, by: (
        f"y = {call_source.expression}",
        f"y = plain.gradient(y, {call_source.source(by)}, g)",
    ),
    jvp=lambda call_source, names: (
        f"y = {call_source.expression}",
        f"y = plain.jvp(y, {tangents(names)})",
    ),
    double_backward=lambda call_source, by, names: (
        f"y = {call_source.expression}",
        f"y = plain.double_backward(y, {by!r}, g, {tangents(names)})",
    ),
)


def words(q: Question, **how: Any) -> str:
    """The arguments of a call, all of them."""
    arguments = {
        "stride": q.stride,
        "padding": q.padding,
        "output_padding": q.output_padding,
        "dilation": q.dilation,
        "groups": q.groups,
        **how,
    }
    return "".join(f", {name}={value!r}" for name, value in arguments.items())


def function(name: str = "plain.ask", **how: Any) -> Callable[[Question], CallSource]:
    def spell(q: Question) -> CallSource:
        operands = "x, w" if q.bias is None else "x, w, b"
        return CallSource(f"{name}({q.operator!r}, {operands}{words(q, **how)})")

    return spell


def interpolation(layout: str) -> Callable[[Question], CallSource]:
    return lambda q: CallSource(f"plain.interpolate(x, {q.stride}, {layout!r})")


def layer(**how: Any) -> Callable[[Question], CallSource]:
    def spell(q: Question) -> CallSource:
        bias = "None" if q.bias is None else "b"
        return CallSource(
            setup=(f"layer = plain.Layer({q.operator!r}, w, {bias}{words(q, **how)})",),
            expression="layer(x)",
            kernel="layer.weight",
            bias="layer.bias",
            parameters="layer.count()",
        )

    return spell


def api(
    operator: str = "conv_transpose",
    *,
    limits: tuple[str, ...] = (),
    layout: str = "N C *s",
    kernel_axes: str | None = None,
    flips: bool = False,
    as_layer: bool = False,
    **rest: Any,
) -> Api:
    """An API that refuses what ``limits`` says, and whose adapter knows."""
    axes = kernel_axes or ("out in *k" if operator == "conv" else "in out *k")
    how = {"layout": layout, "kernel": axes, "flips": flips, "limits": limits}
    spell = layer(**how) if as_layer else function(**how)
    if operator == "interpolate":
        spell = interpolation(layout)
    fields = {
        "id": f"plain.{operator}",
        "exists": "plain.ask",
        "native": spell,
        "recipe": spell,
        "limits": tuple(Limitation(name, plain.LIMITS[name]) for name in limits),
        "has_parameters": as_layer,
        **rest,
    }
    return Api(
        operator=operator, layout=layout, kernel_axes=axes, reads_kernel_reversed=flips, **fields
    )


def framework(*apis: Api, **rest: Any) -> Framework:
    fields = {
        "name": "plain",
        "title": "Plain",
        "prelude": "from fakes import plain, troubled",
        "version": "'1.0'",
        "interops": {None: INTEROP},
        **rest,
    }
    return Framework(apis=apis, **fields)
