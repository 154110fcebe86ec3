"""Describe a program in any language, which is asked canonical questions (docs/any-program.md)."""

from __future__ import annotations

from conformance.adapters.base import Api, CallSource, Framework, TensorInterop, keywords
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


def _gradient(call_source: CallSource, by: str) -> tuple[str, ...]:
    operator, _, rest = call_source.expression.partition("', ")
    wanted = "input_gradient" if by == "x" else "kernel_gradient"
    return (f"y = {operator}_{wanted}', {rest[:-1]}, gradient=g)",)


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
            switches=(VARIABLE,),
            classes=(RuntimeClass(name="program"),),
        )
    },
    apis=(_api("conv_transpose", "in out *k"), _api("conv"), _api("interpolate")),
)
