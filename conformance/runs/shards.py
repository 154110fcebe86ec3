"""Shards: parts of a run that any thread, process or machine can carry out, in any order.

A shard is a plain value. Whoever carries it out makes or finds its environment, keeps a worker
there for the next shard, and gives back observations, which are the same wherever that was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

import conformance
from conformance.adapters.base import Api, Framework, Inexpressible
from conformance.adapters.registry import FRAMEWORKS
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import interpreter_in, runtime_of
from conformance.observations import MODES, Key, Observation
from conformance.question import AnyQuestion, Array, Chain
from conformance.runs import calls, evaluation, fingerprint, plan
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.worker_limits import WorkerLimits as WorkerLimits
from conformance.utils.printable import PrintableError
from conformance.workers.outcomes import Crash
from conformance.workers.worker_client import RuntimeInfo, Stopped, WorkerClient

MOST = 128
"""How many cases a shard has at most: what is asked again when it is lost."""
WEIGHT = 2**22
"""Bytes of its arrays beyond which it takes no further case."""


class Unlike(PrintableError):
    """Somebody else would answer here than in the rest of the run, in a sentence."""


@cache
def package() -> str:
    """The version of this package, and a digest of its code."""
    return f"{conformance.__version__} ({fingerprint.code()})"


@dataclass(frozen=True, kw_only=True, eq=False)
class Shard:
    """Cases to ask of some APIs, in one environment.

    identity  who answers in this run, which nobody else may
    done      what was observed of these cases already
    package   the code that made the shard, which no other may carry out
    """

    environment: Environment
    terms: WorkerLimits
    identity: RuntimeInfo
    api_ids: tuple[str, ...]
    prepared_cases: tuple[PreparedCase, ...]
    done: frozenset[Key] = frozenset()
    package: str = field(default_factory=package)

    @property
    def apis(self) -> tuple[Api, ...]:
        """The APIs to ask."""
        apis = FRAMEWORKS[self.environment.framework].apis
        return tuple(api for api in apis if api.id in self.api_ids)

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        """What is to be observed."""
        return tuple(key for key in keys(self.apis, self.prepared_cases) if key not in self.done)

    def items(self) -> Iterator[Invocation]:
        """The calls to make."""
        framework = FRAMEWORKS[self.environment.framework]
        runtime = runtime_of(framework, self.identity)
        for item in plan.invocations(framework, runtime, self.apis, self.prepared_cases):
            names = item.api.id, item.prepared_case.case.id
            modes = tuple(mode for mode in item.modes if (*names, mode) not in self.done)
            if modes:
                yield replace(item, modes=modes)

    def split(self) -> Iterator[Shard]:
        """What is left of it, each case on its own."""
        shards = (
            replace(self, prepared_cases=(prepared_case,)) for prepared_case in self.prepared_cases
        )
        return (shard for shard in shards if shard.keys)

    def lost(self, why: str) -> Iterator[Observation]:
        """What is observed of a shard that nobody can carry out."""
        for item in self.items():
            call = item.call
            outcome = call if isinstance(call, Inexpressible) else Crash(why, "")
            yield from (evaluation.evaluate(item, mode, outcome) for mode in item.modes)


def keys(apis: Iterable[Api], prepared_cases: Iterable[PreparedCase]) -> Iterator[Key]:
    """What there is to observe, in the order of a run file."""
    apis = tuple(apis)
    for prepared_case in prepared_cases:
        for api in apis:
            if plan.is_applicable(api, prepared_case.case):
                yield from ((api.id, prepared_case.case.id, mode) for mode in MODES)


def cut(
    whole: Shard, prepared_cases: Iterable[PreparedCase], size: Callable[[], int] = lambda: MOST
) -> Iterator[Shard]:
    """Shards for ``prepared_cases`` like ``whole`` in all else, less those that are all done.

    size  how many cases the next one may have, asked for each
    """
    most = size()
    some: list[PreparedCase] = []
    weight = 0
    for prepared_case in prepared_cases:
        if whole.done and whole.done.issuperset(keys(whole.apis, [prepared_case])):
            continue
        own = sum(array.nbytes for array in _arrays(prepared_case.case.question))
        if some and (len(some) >= most or weight + own > WEIGHT):
            yield _of(whole, some)
            some, weight, most = [], 0, size()
        some.append(prepared_case)
        weight += own
    if some:
        yield _of(whole, some)


def _of(whole: Shard, prepared_cases: Iterable[PreparedCase]) -> Shard:
    prepared_cases = tuple(prepared_cases)
    done = whole.done and whole.done.intersection(keys(whole.apis, prepared_cases))
    return replace(whole, prepared_cases=prepared_cases, done=done)


def _arrays(asked: AnyQuestion) -> Iterator[Array]:
    for question in asked.questions if isinstance(asked, Chain) else (asked,):
        given = (question.x, question.kernel, question.bias, question.gradient)
        yield from (array for array in given if array is not None)


@dataclass(eq=False)
class _Kept:
    """A client that waits for the next shard."""

    of: tuple[Environment, WorkerLimits]
    client: WorkerClient
    busy: threading.Lock = field(default_factory=threading.Lock)
    ended: bool = False

    def end(self) -> None:
        self.ended = True
        self.client.__exit__(None, None, None)


class Examiners:
    """Whoever carries out shards in this process: each thread keeps the worker it used last.

    It is the thread, as a worker dies with the one that started it.
    """

    def __init__(self) -> None:
        self._thread = threading.local()
        self._all: set[_Kept] = set()
        self._stopped = False

    def identify(self, environment: Environment, terms: WorkerLimits) -> RuntimeInfo:
        """Who answers in an environment. Raises ``CannotStart``, ``CannotBuild``, ``Stopped``."""
        with self._examination(environment, terms) as client:
            return client.identity

    def observe(self, shard: Shard) -> Iterator[Observation]:
        """What comes of a shard, as it comes; to be read to its end by the thread that began.

        Raises `Unlike`, ``CannotStart``, ``CannotBuild``, ``Stopped``, ``BadSource``.
        """
        _refuse_other_code(shard.package)
        with self._examination(shard.environment, shard.terms) as client:
            framework = FRAMEWORKS[shard.environment.framework]
            _refuse_others(framework, shard.identity, client.identity)
            yield from calls.run_invocations(client, shard.items())

    def stop(self) -> None:
        """Gives up whatever is being asked, from any thread, for good."""
        self._stopped = True
        for kept in tuple(self._all):
            kept.client.stop()

    def retire(self) -> None:
        """Ends the workers that nobody is asking, from any thread."""
        for kept in tuple(self._all):
            if kept.busy.acquire(blocking=False):
                self._end(kept)
                kept.busy.release()

    @contextmanager
    def _examination(self, environment: Environment, terms: WorkerLimits) -> Iterator[WorkerClient]:
        kept = self._kept(environment, terms)
        try:
            yield kept.client
        except BaseException:
            self._end(kept)  # what failed here may fail again for no other reason
            raise
        finally:
            kept.busy.release()

    def _kept(self, environment: Environment, terms: WorkerLimits) -> _Kept:
        """This thread's, busy from now on."""
        kept: _Kept | None = getattr(self._thread, "kept", None)
        if kept is not None:
            kept.busy.acquire()
            if not kept.ended and kept.of == (environment, terms):
                return kept
            self._end(kept)
            kept.busy.release()
        interpreter = interpreter_in(environment, together=terms.together)
        client = WorkerClient(
            interpreter,
            timeout=terms.timeout,
            startup=terms.startup,
            memory=terms.memory,
            growth=terms.growth,
        )
        kept = self._thread.kept = _Kept((environment, terms), client)
        kept.busy.acquire()
        self._all.add(kept)
        try:
            if self._stopped:
                raise Stopped
            client.__enter__()
        except BaseException:
            self._end(kept)
            kept.busy.release()
            raise
        return kept

    def _end(self, kept: _Kept) -> None:
        self._all.discard(kept)
        kept.end()


def _refuse_other_code(wanted: str) -> None:
    found = package()
    if wanted != found:
        raise Unlike(f"conformance is {found} where shards are carried out, and {wanted} here")


def _refuse_others(framework: Framework, wanted: RuntimeInfo, found: RuntimeInfo) -> None:
    """All that answers are made of; the platform may be another one."""
    classes = (runtime_of(framework, identity).runtime_class for identity in (wanted, found))
    for name, one, other in (
        ("the runtime class", *classes),
        ("Python", wanted.python, found.python),
        ("NumPy", wanted.numpy, found.numpy),
        *((name, fact, found.facts.get(name)) for name, fact in wanted.facts.items()),
    ):
        if one != other:
            raise Unlike(f"{name} is {other!r} in one place, and {one!r} in the rest of the run")


HERE = Examiners()
"""Of this process, where nobody else says whose it is: on a cluster."""


def identify(environment: Environment, terms: WorkerLimits, package: str) -> RuntimeInfo:
    """Who answers in an environment, for an executor to call anywhere, on the same code."""
    _refuse_other_code(package)
    return HERE.identify(environment, terms)


def carry_out(shard: Shard) -> tuple[Observation, ...]:
    """What comes of a shard, for an executor to call anywhere."""
    return tuple(HERE.observe(shard))


def retire() -> None:
    """Ends the idle workers of this process."""
    HERE.retire()
