"""Compare the answer of a mode or a conversion with that of the API that it is derived from.

Where both answer the same, a wrong answer is what the source already means; where they do not, the
mode or the conversion has changed it.
"""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from conformance.adapters.registry import APIS
from conformance.observations import Key, Observation
from conformance.recorded_answers import agree, answer_of

Relation: TypeAlias = Literal["same", "changed"]


def relations(observations: Iterable[Observation]) -> dict[Key, Relation]:
    """Return whether an API gave the same answer as its twin in the same run.

    Returns the relation by the key of an observation, for those whose twin has one of the same case
    and mode. Two refusals are the same, whatever their words.
    """
    by_key = {observation.key: observation for observation in observations}
    result: dict[Key, Relation] = {}
    for (api_id, case, mode), observation in by_key.items():
        api = APIS.get(api_id)
        twin = by_key.get((api.twin, case, mode)) if api and api.twin else None
        if twin is not None:
            result[observation.key] = "same" if _is_same(observation, twin) else "changed"
    return result


def _is_same(first: Observation, second: Observation) -> bool:
    return first.status == second.status and agree(answer_of(first), answer_of(second))


def sentence(observation: Observation, relation: Relation) -> str:
    """Say in a sentence who means the answer of a mode or a conversion, the source or itself."""
    twin = APIS[observation.api].twin
    if relation == "changed":
        return f"{twin} answers otherwise, so this mode or conversion changes the answer."
    if observation.status == "match":
        return f"It is the answer of {twin}."
    return f"{twin} does the same: it is what the source already means."
