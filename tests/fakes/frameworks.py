"""Adapters of the fakes, as `conformance.adapters` has them of real frameworks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakes import plain

from conformance.adapters.base import Api, Dialect, Framework, Limit, Spelling
from conformance.question import Question

DIALECT = Dialect(
    imports=("from fakes import plain",),
    tensor="plain.tensor({v})",
    array="{v}.numpy()",
    gradient=lambda spelling, by: (
        f"y = {spelling.expression}",
        f"y = plain.gradient(y, {'x' if by == 'x' else spelling.kernel}, g)",
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


def function(name: str = "plain.ask", **how: Any) -> Callable[[Question], Spelling]:
    def spell(q: Question) -> Spelling:
        operands = "x, w" if q.bias is None else "x, w, b"
        return Spelling(f"{name}({q.operator!r}, {operands}{words(q, **how)})")

    return spell


def interpolation(layout: str) -> Callable[[Question], Spelling]:
    return lambda q: Spelling(f"plain.interpolate(x, {q.stride}, {layout!r})")


def layer(**how: Any) -> Callable[[Question], Spelling]:
    def spell(q: Question) -> Spelling:
        bias = "None" if q.bias is None else "b"
        return Spelling(
            setup=(f"layer = plain.Layer({q.operator!r}, w, {bias}{words(q, **how)})",),
            expression="layer(x)",
            kernel="layer.weight",
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
        "limits": tuple(Limit(name, plain.LIMITS[name]) for name in limits),
        "has_parameters": as_layer,
        **rest,
    }
    return Api(operator=operator, layout=layout, kernel_axes=axes, flips=flips, **fields)


def framework(*apis: Api, **rest: Any) -> Framework:
    fields = {
        "name": "plain",
        "title": "Plain",
        "prelude": "from fakes import plain, troubled",
        "version": "'1.0'",
        "dialects": {None: DIALECT},
        **rest,
    }
    return Framework(apis=apis, **fields)
