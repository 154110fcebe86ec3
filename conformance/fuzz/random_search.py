"""Ask random questions, and collect what goes wrong in a few groups.

The seed and the number of a question draw it again. So a search keeps counts only, and its memory
does not depend on the number of questions.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock

from conformance.adapters.framework import Api, Framework
from conformance.adapters.runtime import Runtime
from conformance.authoring import to_yaml
from conformance.cases.sampling import WIDE, Space, draw
from conformance.fuzz.groups import SHRUNK, WRONG, Finding, Group, Kind, Occurrences, group_of
from conformance.fuzz.shrink import shrink
from conformance.observations import MODES, TROUBLES, Mode, Observation, Status, Verdict, verdict
from conformance.question import Op, Question
from conformance.recipes import call_writer
from conformance.runs import calls, plan
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase, unfiled_case
from conformance.workers.worker_client import WorkerClient

__all__ = ["SHRUNK", "WRONG", "Finding", "Search", "Tally"]

MOST = 1000
"""Questions that shrinking may ask."""
MOST_TROUBLE: dict[Status, int] = {"crashed": 80, "flaky": 30, "hung": 20}
"""Questions that it may ask where each of them costs a worker or a time-out."""


def prepare_case(question: Question, id: str = "any") -> PreparedCase:  # noqa: A002  # as in Case
    """Return a question as a case that is in no file, with its topics."""
    return unfiled_case(id, question, to_yaml.topics(question))


def answers(api: Api, op: Op) -> bool:
    """Return whether an API answers questions with an operator, if only those of its topics."""
    return plan.computes(api, draw(0, 0, (op,)))


@dataclass(frozen=True, kw_only=True)
class Search:
    """A random search.

    Parameters
    ----------
    apis
        The APIs of the framework that are called.
    ops
        The operators of the questions.
    seed, count
        The seed of the questions, and how many there are.
    space
        The choices for their arguments.
    """

    framework: Framework
    runtime: Runtime
    apis: tuple[Api, ...]
    ops: tuple[Op, ...]
    seed: int
    count: int
    space: Space = WIDE

    def question(self, number: int) -> Question:
        """Return the question of a number, counted from 0."""
        return draw(self.seed, number, self.ops, self.space)

    def prepared_case(self, number: int) -> PreparedCase:
        """Return the question of a number as a case, whose id ends with the number."""
        return prepare_case(self.question(number), f"fuzz-{self.seed}-{number}")


class Tally:
    """The results of a search up to now, to which several threads may add.

    Attributes
    ----------
    questions
        How many questions have all their observations.
    verdicts
        How often an API had each verdict on one of them.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._lock = Lock()
        self._incomplete: dict[str, tuple[int, list[Observation]]] = {}
        self.questions = 0
        self.verdicts: Counter[Verdict] = Counter()
        self.groups: dict[Group, Occurrences] = {}

    def expect(self, prepared_case: PreparedCase) -> bool:
        """Expect the observations of a question, and return whether any API answers it."""
        case = prepared_case.case
        count = len(MODES) * sum(plan.is_applicable(api, case) for api in self._search.apis)
        if count:
            with self._lock:
                self._incomplete[case.id] = (count, [])
        return bool(count)

    def add(self, observation: Observation) -> bool:
        """Count an observation, and return whether it was the last one of its question."""
        with self._lock:
            count, observations = self._incomplete[observation.case]
            observations.append(observation)
            if len(observations) < count:
                return False
            del self._incomplete[observation.case]
            self._count(observations)
            return True

    def _count(self, observations: Sequence[Observation]) -> None:
        self.questions += 1
        by_api: dict[str, dict[Mode, Observation]] = defaultdict(dict)
        for observation in observations:
            by_api[observation.api][observation.mode] = observation
        number = int(observations[0].case.rpartition("-")[2])
        for by_mode in by_api.values():
            self.verdicts[verdict({mode: o.status for mode, o in by_mode.items()})] += 1
            native, recipe = (group_of(by_mode[mode]) for mode in MODES)
            failures = {(group.status, group.reason): group for group in (native, recipe) if group}
            for group in failures.values():  # the recipe's, where both fail in the same way
                self._add_to(group, number)

    def _add_to(self, group: Group, number: int) -> None:
        q = self._search.question(number)
        # A group that costs a worker each time gets one question of any sort.
        sort = None if group.status in TROUBLES else (q.op, q.dtype)
        self.groups.setdefault(group, Occurrences()).add(sort, q.x.size + q.kernel.size, number)

    def of_kind(self, kind: Kind) -> list[tuple[Group, Occurrences]]:
        """Return the groups of a kind, the most frequent group first."""
        groups = [entry for entry in self.groups.items() if entry[0].kind == kind]
        return sorted(groups, key=lambda entry: (-entry[1].count, entry[0]))

    def findings(self, kinds: Collection[Kind] = SHRUNK) -> Iterator[Finding]:
        """Yield the groups of these kinds, each with its smallest question of each sort."""
        for kind in kinds:
            for group, occurrences in self.of_kind(kind):
                for _, number in sorted(occurrences.smallest.values()):
                    question = self._search.question(number)
                    yield Finding(group, occurrences.count, number, question)


def ask(
    start: Callable[[], WorkerClient],
    search: Search,
    tally: Tally,
    *,
    jobs: int = 1,
    advance: Callable[[], None] = lambda: None,
) -> None:
    """Ask every question of a search.

    Parameters
    ----------
    start
        Creates the client of a worker.
    tally
        The results, to which this adds, and which stay when this is interrupted.
    jobs
        How many workers there are.
    advance
        Is called after each question, also after one that none of the APIs answers.

    Raises ``CannotStart`` if a worker does not start.
    """
    clients = [start() for _ in range(jobs)]

    def expected_cases(job: int) -> Iterator[PreparedCase]:
        for prepared_case in map(search.prepared_case, range(job, search.count, jobs)):
            if tally.expect(prepared_case):
                yield prepared_case
            else:
                advance()

    def work(job: int) -> None:
        invocations = plan.invocations(
            search.framework, search.runtime, search.apis, expected_cases(job)
        )
        with clients[job] as client:  # in this thread, as its worker dies with the thread
            for observation in calls.observe(client, invocations):
                if tally.add(observation):
                    advance()

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for future in as_completed([pool.submit(work, job) for job in range(jobs)]):
                future.result()
        finally:
            for client in clients:  # otherwise an interrupt would wait for every hang
                client.stop()


def shrink_findings(
    client: WorkerClient, search: Search, findings: Iterable[Finding]
) -> Iterator[Finding]:
    """Yield the findings of a search with their questions shrunk, each as soon as it is.

    The small questions of earlier findings are tried first, as one cause often affects several
    APIs.

    Raises ``CannotStart`` if a worker does not start.
    """
    small: list[Question] = []
    for finding in findings:
        group, q = finding.group, finding.question
        shows = partial(_falls_into, group, search, client)
        candidates = [other for other in small if (other.op, other.dtype) == (q.op, q.dtype)]
        question = next(filter(shows, candidates), None)
        if question is None:
            question = shrink(q, shows, most=MOST_TROUBLE.get(group.status, MOST))
            small.append(question)
        yield replace(finding, question=question, reproduced=shows(question))


def _falls_into(group: Group, search: Search, client: WorkerClient, question: Question) -> bool:
    api = search.framework.api(group.api)
    prepared_case = prepare_case(question)
    if not plan.is_applicable(api, prepared_case.case):
        return False
    call = call_writer.write(search.framework, search.runtime, api, question, group.mode)
    invocation = Invocation(prepared_case, api, (group.mode,), call, search.runtime)
    return group_of(calls.run_one(client, invocation).observation(group.mode)) == group
