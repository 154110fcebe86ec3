"""Describe a program in any language, which is asked canonical questions (docs/any-program.md)."""

from __future__ import annotations

from conformance.adapters.call_source import CallSource, keywords
from conformance.adapters.framework import Api, Framework
from conformance.adapters.interop import TensorInterop
from conformance.adapters.runtime import RuntimeClass
from conformance.oracle.geometry import Pairs, Word
from conformance.question import Operator, Question
from conformance.workers.program import VARIABLE as VARIABLE


def _native(q: Question) -> CallSource:
    return _call(q, q.padding)


def _recipe(q: Question) -> CallSource:
    return _call(q, q.pairs)


def _call(q: Question, padding: Pairs | Word) -> CallSource:
    arrays = "x=x, kernel=w" if q.bias is None else "x=x, kernel=w, bias=b"
    arguments = keywords(
        dtypes=dict(zip(("x", "kernel"), q.operand_dtypes, strict=True))
        if q.operand_dtypes
        else None,
        stride=q.stride,
        padding=padding,
        output_padding=q.output_padding,
        dilation=q.dilation,
        groups=q.groups,
    )
    return CallSource(f"program.ask({q.operator!r}, {q.dtype!r}, {arrays}{arguments})")


def _interpolate(q: Question) -> CallSource:
    return CallSource(f"program.ask('interpolate', {q.dtype!r}, x=x, factor={q.stride})")


_NAMES = {"x": "input", "w": "kernel", "b": "bias", "g": "gradient"}


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    return _derivative(call_source, f"{_NAMES[by]}_gradient", "gradient=g")


def _jvp(call_source: CallSource, names: tuple[str, ...]) -> tuple[str, ...]:
    return _derivative(call_source, "jvp", *_tangents(names))


def _double_backward(call_source: CallSource, by: str, names: tuple[str, ...]) -> tuple[str, ...]:
    tangents = _tangents(names)
    return _derivative(call_source, f"double_backward_{_NAMES[by]}", "gradient=g", *tangents)


def _tangents(names: tuple[str, ...]) -> tuple[str, ...]:
    keys = {"x": "x", "w": "kernel", "b": "bias"}
    return tuple(f"{keys[name]}_tangent=t{name}" for name in names)


def _derivative(call_source: CallSource, wanted: str, *arrays: str) -> tuple[str, ...]:
    operator, _, rest = call_source.expression.partition("', ")
    return (f"y = {operator}_{wanted}', {', '.join((rest[:-1], *arrays))})",)


def _api(operator: Operator, kernel_axes: str = "out in *k") -> Api:
    return Api(
        id=f"program.{operator}",
        operator=operator,
        exists=f"program.running().takes({operator!r})",
        kernel_axes=kernel_axes,
        native=_interpolate if operator == "interpolate" else _native,
        recipe=_interpolate if operator == "interpolate" else _recipe,
        forward="program.conv" if operator == "conv_transpose" else None,
    )


FRAMEWORK = Framework(
    name="program",
    title="Program",
    prelude="import conformance.workers.program as program\nprogram.running()",
    version="program.running().title",
    interops={
        None: TensorInterop(
            imports=("import conformance.workers.program as program",),
            tensor="{v}",
            array="{v}",
            gradient=_gradient,
            jvp=_jvp,
            double_backward=_double_backward,
            switches=(VARIABLE,),
            classes=(RuntimeClass(name="program"),),
        )
    },
    apis=(_api("conv_transpose", "in out *k"), _api("conv"), _api("interpolate")),
)
