"""Random search: questions that nobody thought of, and a few groups for a thousand troubles.

Any question of a search is drawn again from its seed and number. So only counts are kept, and a
hundred thousand questions take no more memory than a hundred.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from threading import Lock
from typing import Literal, TypeAlias, get_args

from conformance.adapters.base import Api, Framework
from conformance.adapters.runtime import Runtime
from conformance.authoring import to_yaml
from conformance.cases import Case, Place
from conformance.cases.sampling import WIDE, Space, drawn
from conformance.fuzz.shrink import shrunk
from conformance.observations import MODES, TROUBLES, Mode, Observation, Status, Verdict, verdict
from conformance.question import Dtype, Op, Question
from conformance.recipes import call_writer
from conformance.runs import calls, evaluation, plan
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase
from conformance.utils.text import pattern, plain, shortened
from conformance.workers.worker_client import WorkerClient

Behind = Literal["convention", "limit", "nothing"]
"""What explains that a call goes wrong."""
Kind = Literal["failing", "unexplained", "refused", "unwritten", "limit", "convention"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""From what is a bug, here or there, to what the report says of an API anyway.

failing      a recipe that is wrong, or takes the worker with it
unexplained  a native call that does so, or gives what no known convention gives
refused      a recipe that the framework refuses, though nothing is known that it refuses there
unwritten    a recipe that could not be written, for a limit that is known
limit        a native call that asks for what the framework is known not to do
convention   a native call with another meaning, and which
"""
SHRUNK: tuple[Kind, ...] = ("failing", "unexplained")
WRONG: tuple[Kind, ...] = ("failing", "refused")
"""What must not be."""
MOST = 1000
"""How often it is asked at most whether a smaller question still shows something."""
MOST_TROUBLE: dict[Status, int] = {"crashed": 80, "flaky": 30, "hung": 20}
"""How often where each answer costs a worker, or a time-out."""


@dataclass(frozen=True, order=True)
class Group:
    """What is taken for one and the same finding.

    said    the conventions behind it, or a limit, or else what is said of it whatever its numbers
    behind  which of them it is
    """

    api: str
    mode: Mode
    status: Status
    said: str
    behind: Behind = "nothing"

    @property
    def kind(self) -> Kind:
        """What the finding is to whoever looks for bugs."""
        if self.status == "inexpressible":
            return "unwritten"
        if self.status == "rejected":
            return "refused"
        if self.mode == "recipe":
            return "failing"
        return "unexplained" if self.behind == "nothing" else self.behind


Sort: TypeAlias = tuple[Op, Dtype] | None
"""Of what sort a question is: another sort may well show another cause in the same words."""


@dataclass
class Met:
    """How many questions of a search fall into a group, and which ones show it best.

    smallest  of each sort, the size and the number of the smallest question
    """

    count: int = 0
    smallest: dict[Sort, tuple[int, int]] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The number of the smallest question."""
        return min(self.smallest.values())[1]

    def add(self, sort: Sort, size: int, number: int) -> None:
        """Counts one more question."""
        self.count += 1
        self.smallest[sort] = min(self.smallest.get(sort, (size, number)), (size, number))


@dataclass(frozen=True, eq=False)
class Finding:
    """A group, and a small question of one sort that falls into it.

    count     of all the questions that do
    number    of the one that was made small
    steadily  whether it did so when it was asked once more; None for one that was not asked again,
              and is as it was drawn
    """

    group: Group
    count: int
    number: int
    question: Question
    steadily: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is drawn, and who is asked."""

    framework: Framework
    runtime: Runtime
    apis: tuple[Api, ...]
    ops: tuple[Op, ...]
    seed: int
    count: int
    space: Space = WIDE

    def question(self, number: int) -> Question:
        """The question in this place, counted from 0."""
        return drawn(self.seed, number, self.ops, self.space)

    def prepared_case(self, number: int) -> PreparedCase:
        """The same as a case."""
        return subject_of(f"fuzz-{self.seed}-{number}", self.question(number))

    @cached_property
    def observations(self) -> dict[Op, int]:
        """How many observations come of a question with this op."""
        return {op: len(MODES) * sum(concern(api, op) for api in self.apis) for op in self.ops}


def concern(api: Api, op: Op) -> bool:
    """Whether questions with this op are for the API."""
    return plan.is_applicable(api, subject_of("any", drawn(0, 0, (op,))).case)


def subject_of(id: str, question: Question) -> PreparedCase:  # noqa: A002  # as in Case
    """A question as a case that no file holds."""
    return PreparedCase(
        Case(
            id=id,
            op=question.op,
            question=question,
            why="It was drawn.",
            exact=question.operator != "interpolate",
            topics=to_yaml.topics(question),
            place=Place("", 1, 1),
        )
    )


def group_of(observation: Observation) -> Group | None:
    """The group of an observation that somebody may want to look at."""
    api, mode, status = observation.api, observation.mode, observation.status
    if status == "match" or (mode == "native" and status in ("rejected", "inexpressible")):
        return None
    if observation.explanations:
        said = " + ".join(observation.explanations[0])
        return Group(api, mode, status, said, "convention")
    if observation.limit:
        return Group(api, mode, status, observation.limit, "limit")
    return Group(api, mode, status, _said(observation.diagnosis or observation.detail or ""))


def _said(words: str) -> str:
    """Words that are the same for the same finding, whatever the numbers; of a remark, its first.

    What follows, such as that the sum is right, small numbers may make true by chance.
    """
    known, remark, rest = pattern(plain(words)).partition("No known convention. ")
    if not remark:
        return shortened(known)
    return f"{remark}{rest.split('. ')[0].removesuffix('.')}."


class Tally:
    """What a search has found up to now; several threads may add to it."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._lock = Lock()
        self._waiting: dict[str, list[Observation]] = defaultdict(list)
        self.questions = 0
        self.verdicts: Counter[Verdict] = Counter()
        self.groups: dict[Group, Met] = {}

    def add(self, observation: Observation) -> bool:
        """Counts an observation; whether it was the last of its question."""
        with self._lock:
            of_case = self._waiting[observation.case]
            of_case.append(observation)
            if len(of_case) < self._search.observations[observation.op]:  # type: ignore[index]
                return False
            self._count(self._waiting.pop(observation.case))
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
            if recipe is not None:
                self._meet(recipe, number)
            if native is not None and not _alike(native, recipe):
                self._meet(native, number)

    def _meet(self, group: Group, number: int) -> None:
        q = self._search.question(number)
        # What costs a worker each time is shown once.
        sort = None if group.status in TROUBLES else (q.op, q.dtype)
        self.groups.setdefault(group, Met()).add(sort, q.x.size + q.kernel.size, number)

    def of_kind(self, kind: Kind) -> list[tuple[Group, Met]]:
        """The groups of a kind, those that most questions fall into first."""
        found = [(group, met) for group, met in self.groups.items() if group.kind == kind]
        return sorted(found, key=lambda entry: (-entry[1].count, entry[0]))


def _alike(native: Group, recipe: Group | None) -> bool:
    """Whether a native call goes wrong just as the recipe does, and so needs no mention."""
    return recipe is not None and (native.status, native.said) == (recipe.status, recipe.said)


def ask(
    start: Callable[[], WorkerClient],
    search: Search,
    tally: Tally,
    *,
    jobs: int = 1,
    advance: Callable[[], None] = lambda: None,
) -> None:
    """Asks every question of the search in ``jobs`` workers; what comes of it is in the tally.

    advance  called after each question
    What was found stays in the tally when this is interrupted. Raises ``CannotStart``.
    """
    examinations = [start() for _ in range(jobs)]

    def work(job: int) -> None:
        prepared_cases = map(search.prepared_case, range(job, search.count, jobs))
        items = plan.invocations(search.framework, search.runtime, search.apis, prepared_cases)
        with examinations[job] as client:  # in this thread, with which its worker dies
            for observation in calls.run_invocations(client, items):
                if tally.add(observation):
                    advance()

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for done in as_completed([pool.submit(work, job) for job in range(jobs)]):
                done.result()
        finally:
            for client in examinations:  # or else an interrupt would wait for every hang
                client.stop()


def as_met(search: Search, tally: Tally, kinds: Collection[Kind] = SHRUNK) -> Iterator[Finding]:
    """Each group of some kinds, with the smallest question that was drawn of each sort."""
    for kind in kinds:
        for group, met in tally.of_kind(kind):
            for _, number in sorted(met.smallest.values()):
                yield Finding(group, met.count, number, search.question(number))


def shrunken(client: WorkerClient, search: Search, found: Iterable[Finding]) -> Iterator[Finding]:
    """The findings with small questions, as each is shrunk. Raises ``CannotStart``.

    What one group was shrunk to is tried on the next before anything else: one cause often shows
    in several APIs.
    """
    small: list[Question] = []
    for finding in found:
        group, drawn_as = finding.group, finding.question
        shows = partial(_falls_into, group, search, client)
        alike = [q for q in small if (q.op, q.dtype) == (drawn_as.op, drawn_as.dtype)]
        question = next(filter(shows, alike), None)
        if question is None:
            question = shrunk(finding.question, shows, most=MOST_TROUBLE.get(group.status, MOST))
            small.append(question)
        yield replace(finding, question=question, steadily=shows(question))


def _falls_into(group: Group, search: Search, client: WorkerClient, asked: Question) -> bool:
    api = search.framework.api(group.api)
    if not concern(api, asked.op):
        return False
    call = call_writer.write(search.framework, search.runtime, api, asked, group.mode)
    item = Invocation(subject_of("any", asked), api, (group.mode,), call, search.runtime)
    outcome = calls.invoke(client, item)
    return group_of(evaluation.evaluate(item, group.mode, outcome)) == group
