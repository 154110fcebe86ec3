"""Derive the modes and conversions of an API, which differ from it in the lines around the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from conformance.adapters.call_source import CallBuilder, CallSource, Inexpressible, operands
from conformance.adapters.framework import Api, Framework
from conformance.adapters.limitation import Limitation, of_dtypes
from conformance.question import Dtype, Question

Around: TypeAlias = Callable[[Question, CallSource], CallSource]
"""A function that returns the source of a call in a mode, from the question and the plain call."""


def mode(
    api: Api,
    word: str,
    around: Around,
    *,
    needs: str = "",
    limits: tuple[Limitation, ...] = (),
    is_slow: bool = False,
) -> Api:
    """Return an API whose calls are those of another one, with other lines around.

    Parameters
    ----------
    api
        The other API, which becomes the twin.
    word
        The mode, which the id has in parentheses.
    around
        The lines around.
    needs
        An expression that fails where the mode is missing, if that is not the mode.
    limits
        The known limitations, besides those of the twin.
    is_slow
        Whether a call takes seconds.
    """
    return replace(
        api,
        id=f"{api.id}({word})",
        exists=f"{needs or word} and {api.existence}",
        native=_with(around, api.native),
        recipe=api.recipe and _with(around, api.recipe),
        grouped=api.grouped and _with(around, api.grouped),
        limits=(*api.limits, *limits),
        has_parameters=False,
        twin=api.id,
        is_slow=is_slow,
    )


def _with(around: Around, build: CallBuilder) -> CallBuilder:
    def build_mode(q: Question) -> CallSource | Inexpressible:
        call_source = build(q)
        return call_source if isinstance(call_source, Inexpressible) else around(q, call_source)

    return build_mode


def traced(by: str) -> Around:
    """Return the lines by which a function of the tensors is made first, then called.

    Parameters
    ----------
    by
        An expression of a function that takes ``{function}``.
    """

    def around(q: Question, call_source: CallSource) -> CallSource:
        function = by.format(function=f"lambda {operands(q)}: {call_source.expression}")
        return replace(call_source, expression=f"{function}({operands(q)})")

    return around


def mapped(by: str, stack: str) -> Around:
    """Return the lines by which a function of the tensors is mapped over two of each.

    Parameters
    ----------
    by
        An expression of a function that takes ``{function}``.
    stack
        The function that stacks tensors.
    """

    def around(q: Question, call_source: CallSource) -> CallSource:
        names = operands(q)
        function = by.format(function=f"lambda {names}: {call_source.expression}")
        pairs = ", ".join(f"{stack}(({name}, {name}))" for name in names.split(", "))
        return replace(call_source, expression=f"{function}({pairs})[1]")

    return around


def only(*dtypes: Dtype) -> Limitation:
    """Return the limitation of a conversion that takes no other dtypes."""
    return of_dtypes(f"it takes {' and '.join(dtypes)} only", *dtypes)


def made_of_layer(*lines: str, call: str = "mode(x{words})") -> Around:
    """Return the lines that make ``mode`` of ``layer``, and its call.

    Parameters
    ----------
    *lines
        The lines, where ``{kwargs}`` is the keyword argument of an exporter for those of the call.
    call
        The call, where ``{words}`` is what the call of the layer has after x.
    """

    def around(q: Question, call_source: CallSource) -> CallSource:
        del q
        words = call_source.expression.removeprefix("layer(x").removesuffix(")")
        kwargs = words and f", kwargs=dict({words[2:]})"

        def filled(line: str) -> str:
            return line.replace("{words}", words).replace("{kwargs}", kwargs)

        return replace(
            call_source,
            setup=(*call_source.setup, *map(filled, lines)),
            expression=filled(call),
            function=call_source.function and call_source.function.replace("layer", "mode"),
        )

    return around


def framework_of(
    framework: Framework, suffix: str, title: str, *apis: Api, imports: tuple[str, ...] = ()
) -> Framework:
    """Return a framework with the modes or conversions of another one, which is asked one by one.

    Parameters
    ----------
    framework
        The other framework.
    suffix
        The end of the name.
    title
        The name in reports.
    *apis
        The modes or conversions. Their twins are added, and the convolutions beside.
    imports
        The lines that import what they need besides.
    """
    twins = {id_: None for api in apis for id_ in (api.twin, api.forward) if id_}
    return replace(
        framework,
        name=f"{framework.name}-{suffix}",
        title=title,
        prelude="\n".join((framework.prelude, *imports)),
        interops={
            backend: replace(interop, imports=(*interop.imports, *imports))
            for backend, interop in framework.interops.items()
        },
        apis=(*map(framework.api, twins), *apis),
        together={},
    )
