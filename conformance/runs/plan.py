"""Plan a run: every call that the cases make of the APIs of a framework."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api, Framework
from conformance.adapters.runtime import ANY, Runtime
from conformance.cases import Case
from conformance.cases.profile_set import is_sampled
from conformance.observations import MODES, Mode
from conformance.question import AnyQuestion, Chain
from conformance.recipes import call_writer
from conformance.recipes.call_writer import Call
from conformance.runs.prepared_case import PreparedCase


@dataclass(frozen=True, eq=False)
class Invocation:
    """One planned call, in all the modes that write it so, or why it cannot be written.

    Attributes
    ----------
    runtime
        The runtime that it is written for.
    """

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
    modes: Collection[Mode] = MODES,
) -> Iterator[Invocation]:
    """Plan the calls of a run: every applicable one, for both modes if they write the same call.

    Parameters
    ----------
    prepared_cases
        The cases. They are read one by one.
    """
    for prepared_case in prepared_cases:
        for api in apis:
            if not is_applicable(api, prepared_case.case):
                continue
            question = prepared_case.case.question
            calls = {
                mode: call_writer.write(framework, runtime, api, question, mode) for mode in modes
            }
            sources = {call.source if isinstance(call, Call) else None for call in calls.values()}
            if len(sources) == 1 and None not in sources:
                yield Invocation(prepared_case, api, tuple(calls), [*calls.values()][-1], runtime)
            else:
                for mode, call in calls.items():
                    yield Invocation(prepared_case, api, (mode,), call, runtime)


def is_asked(api: Api, case: Case) -> bool:
    """Return whether a run asks an API a case: a slow one only those of the sample."""
    return is_applicable(api, case) and (not api.is_slow or is_sampled(case))


def is_applicable(api: Api, case: Case) -> bool:
    """Return whether a case is for an API.

    A variant gets only cases of its topics.
    """
    has_topic = not api.topics or not api.topics.isdisjoint(case.topics)
    return has_topic and computes(api, case.question)


def computes(api: Api, question: AnyQuestion) -> bool:
    """Return whether an API computes the operator of a question, or the steps of a chain.

    A chain is for the APIs that transpose. Only layers have parameters to count.
    """
    if isinstance(question, Chain):
        return api.operator == "conv_transpose"
    counts = question.wanted == "parameters"
    return api.operator == question.operator and (api.has_parameters or not counts)
