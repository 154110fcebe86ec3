"""The plan of a run: every call that the cases make of the APIs of a framework."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.adapters.base import Api, Framework, Inexpressible
from conformance.adapters.runtime import ANY, Runtime
from conformance.cases import Case
from conformance.observations import MODES, Mode
from conformance.question import Chain
from conformance.recipes import call_writer
from conformance.recipes.call_writer import Call
from conformance.runs.prepared_case import PreparedCase


@dataclass(frozen=True, eq=False)
class Invocation:
    """One call to make, for every mode that it is the call of."""

    prepared_case: PreparedCase
    api: Api
    modes: tuple[Mode, ...]
    call: Call | Inexpressible
    runtime: Runtime = ANY


def invocations(
    framework: Framework,
    runtime: Runtime,
    apis: Iterable[Api],
    prepared_cases: Iterable[PreparedCase],
) -> Iterator[Invocation]:
    """Every call there is to make; where both modes write the same one, it is made once."""
    for prepared_case in prepared_cases:
        for api in apis:
            if not is_applicable(api, prepared_case.case):
                continue
            asked = prepared_case.case.question
            native, recipe = (
                call_writer.write(framework, runtime, api, asked, mode) for mode in MODES
            )
            if _same(native, recipe):
                yield Invocation(prepared_case, api, MODES, recipe, runtime)
            else:
                yield Invocation(prepared_case, api, ("native",), native, runtime)
                yield Invocation(prepared_case, api, ("recipe",), recipe, runtime)


def _same(one: Call | Inexpressible, other: Call | Inexpressible) -> bool:
    if isinstance(one, Call) and isinstance(other, Call):
        return one.source == other.source
    return False


def is_applicable(api: Api, case: Case) -> bool:
    """A case is for the APIs of its operator, a chain for those that transpose.

    Only layers have parameters of their own to count. A variant is only asked what it is about.
    """
    asked = case.question
    if api.topics and api.topics.isdisjoint(case.topics):
        return False
    if isinstance(asked, Chain):
        return api.operator == "conv_transpose"
    return api.operator == asked.operator and (api.has_parameters or asked.wanted != "parameters")
