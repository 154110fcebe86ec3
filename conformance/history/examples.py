"""Find for a change of a convention the simplest case that both conventions answer differently."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

import numpy as np

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.registry import HOMES
from conformance.adapters.runtime import Runtime
from conformance.cases import profile_set
from conformance.conventions.axes import BY_NAME
from conformance.conventions.interpretations import answer_under
from conformance.history.series import Move, Series
from conformance.history.table import choice_of
from conformance.history.version_ranges import WITHOUT_CHOICE, State, state_of
from conformance.question import Array, Question
from conformance.recipes import call_writer
from conformance.runs.axis_choices import rank_of, touched_axes
from conformance.runs.plan import is_asked
from conformance.runs.prepared_case import PreparedCase


def examples(
    series_list: Iterable[Series], prepared_cases: Iterable[PreparedCase]
) -> Mapping[Move, str]:
    """Return the id of the case that shows a change, for every change of which there is one.

    A naive call of the first API asks the case, and its answers under the two choices differ. Where
    the API refuses, any choice stands for the refusal. Cases of the profile set come first, as the
    history was asked these.
    """
    questions = {
        prepared_case: prepared_case.case.question
        for prepared_case in prepared_cases
        if isinstance(prepared_case.case.question, Question)
    }

    def order(prepared_case: PreparedCase) -> tuple[bool, bool, int, int, str]:
        question, id_ = questions[prepared_case], prepared_case.case.id
        arrays = list(question.arrays.values())
        size = sum(array.size for array in arrays)
        is_rare = question.dtype != "float32" or not all(np.isfinite(a).all() for a in arrays)
        return id_ not in profile_set.IDS, is_rare, len(touched_axes(prepared_case)), size, id_

    candidates = sorted(questions, key=order)
    ids: dict[Move, str | None] = {}
    for series in series_list:
        runtime = Runtime(backend=series.backend or None, runtime_class=series.runtime or None)
        for move in series.moves:
            shown = (
                case for case in candidates if _shows(move, case) and _asks(move, case, runtime)
            )
            ids[move] = next((prepared_case.case.id for prepared_case in shown), None)
    return {move: id_ for move, id_ in ids.items() if id_ is not None}


def _asks(move: Move, prepared_case: PreparedCase, runtime: Runtime) -> bool:
    """Return whether a naive call of the first API asks a case."""
    framework = HOMES.get(move.apis[0])
    if framework is None or framework.without(runtime.backend):
        return False
    api, question = framework.api(move.apis[0]), prepared_case.case.question
    if not is_asked(api, prepared_case.case):
        return False
    call = call_writer.write(framework, runtime, api, question, "native")
    return not isinstance(call, Inexpressible)


def _shows(move: Move, prepared_case: PreparedCase) -> bool:
    """Return whether the states before and after answer a case differently."""
    if move.subject not in touched_axes(prepared_case):
        return False
    sides = [list(_answers(move.subject, s, prepared_case)) for s in (move.before, move.after)]
    return any(not np.array_equal(before, after) for before, after in product(*sides))


def _answers(axis: str, state: State, prepared_case: PreparedCase) -> Iterator[Array]:
    """Yield the oracle's answer under a choice, or under each where the state is none."""
    state = state_of(axis, choice_of(state.words, rank_of(prepared_case)))
    names = [name for name in BY_NAME if name.startswith(f"{axis}: ")]
    is_choice = state.words not in WITHOUT_CHOICE
    if (state.kind == "right" or not is_choice) and prepared_case.oracle_answer is not None:
        yield prepared_case.oracle_answer
    for name in names:
        if not is_choice or name == f"{axis}: {state.words}":
            try:
                answer = answer_under(prepared_case.case.question, (BY_NAME[name],))
            except ValueError:
                continue
            if answer is not None:
                yield answer
