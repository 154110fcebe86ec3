"""Held against the real framework: asked many at once, it answers as when it is asked one by one.

Each call of its own has to be compiled where that is what costs, so only a part of the corpus is
asked so: of every topic the first few cases. `benchmarks/end_to_end.py` compares all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance import corpus, survey
from conformance.api import Framework
from conformance.observations import Observation
from conformance.survey import Subject
from conformance.workers.controller import Examination

OF_A_TOPIC = 4


def some() -> Iterator[Subject]:
    seen: Counter[str] = Counter()
    for case in corpus.chosen(()):
        if any(seen[topic] < OF_A_TOPIC for topic in case.topics):
            seen.update(case.topics)
            yield Subject(case)


def observed(
    framework: Framework, executable: str, backend: str | None, *, together: bool
) -> list[Observation]:
    interpreter = survey.interpreter_for(framework, executable, backend, together=together)
    with Examination(interpreter) as examination:
        facts = examination.identity.facts
        apis = [api for api in framework.apis if facts[f"api {api.id}"]]
        asked = survey.items(framework, facts["backend"], apis, some())
        return list(survey.observe(examination, asked))


def test_together_is_as_one_by_one(
    framework: Framework, executable: str, backend: str | None
) -> None:
    if framework.together is None:
        assert survey.interpreter_for(framework, executable, backend, together=True).most == 1
        return
    together = observed(framework, executable, backend, together=True)
    assert together == observed(framework, executable, backend, together=False)
    assert Counter(one.status for one in together)["match"] > 100
