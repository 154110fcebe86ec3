"""Cases as pytest sees them: a file of cases, each with its APIs, each with the calls to make.

The engine is that of ``conformance run``, so that a test passes where a run observes a match.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from conformance.adapters.base import Api, Framework, Inexpressible
from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import load
from conformance.cases.loader import SUFFIXES
from conformance.cases.size_limits import MAX_BYTES
from conformance.cases.yaml_source import read
from conformance.cli.shared_options import LONGEST
from conformance.environments import interpreters
from conformance.environments.interpreters import runtime_of
from conformance.explain import explanation
from conformance.explain.explanation import InvocationResult
from conformance.observations import MODES, Mode
from conformance.runs import calls, evaluation, lookup, plan, run_header
from conformance.runs.lookup import NotFoundError
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase
from conformance.utils.printable import PrintableError
from conformance.utils.text import plain
from conformance.workers.outcomes import Outcome
from conformance.workers.worker_client import WorkerClient, WorkerError

WIDTH = 100
SKIPPED = ("rejected", "inexpressible")
"""What is a fact about the framework, and nothing that failed."""


class Different(Exception):
    """A call that did not do what it should."""

    def __init__(self, told: InvocationResult) -> None:
        """What it was, and what came of it."""
        super().__init__(told.observations[0].status)
        self.told = told


class NobodyThere(PrintableError):
    """The framework cannot be asked, in a sentence."""


@dataclass
class Asker:
    """A framework in its interpreter: one worker for each process, started when it is needed.

    failure  why there is none, so that nobody waits for it twice
    """

    framework: Framework
    apis: Sequence[Api]
    modes: Sequence[Mode]
    python: str
    backend: str | None
    timeout: float
    startup: float
    failure: str | None = None
    _started: list[WorkerClient] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack)

    @property
    def client(self) -> WorkerClient:
        """The worker's. Raises `NobodyThere`."""
        if self.failure is None and not self._started:
            interpreter = interpreters.interpreter_for(self.framework, self.python, self.backend)
            client = WorkerClient(interpreter, timeout=self.timeout, startup=self.startup)
            try:
                self._open.enter_context(client)
                lookup.refuse_backend(self.framework, client.identity.facts["backend"])
                self._started.append(client)
            except (WorkerError, NotFoundError) as error:
                self.failure = f"{self.framework.title} cannot be asked: {error}"
        if self.failure is not None:
            raise NobodyThere(self.failure)
        return self._started[0]

    @property
    def facts(self) -> dict[str, Any]:
        """What the interpreter says of itself. Raises `NobodyThere`."""
        return dict(self.client.identity.facts)

    def ask(self, item: Invocation) -> Outcome | Inexpressible:
        """What comes of a call. Raises `NobodyThere`."""
        try:
            return calls.invoke(self.client, item)
        except WorkerError as error:  # such as that one died, and there was no other
            self.failure = f"{self.framework.title} cannot be asked any more: {error}"
            raise NobodyThere(self.failure) from None

    def close(self) -> None:
        """Ends the worker."""
        self._open.close()


ASKER = pytest.StashKey[Asker]()


class CaseFile(pytest.File):
    """A YAML file."""

    def collect(self) -> Iterator[CaseNode]:
        """Its cases, or else everything that is wrong with it."""
        loaded = load([_near(self.path)])
        if loaded.problems:
            raise self.CollectError("\n".join(map(str, loaded.problems)))
        for case in loaded.cases:
            yield CaseNode.from_parent(self, name=case.id, prepared_case=PreparedCase(case))


class CaseNode(pytest.Collector):
    """A case."""

    def __init__(self, *, prepared_case: PreparedCase, **rest: Any) -> None:
        super().__init__(**rest)
        self.prepared_case = prepared_case
        case = prepared_case.case
        self.extra_keyword_matches.update((case.op, *case.labels, *case.claims))

    def collect(self) -> Iterator[ApiNode]:
        """The APIs that it concerns, whether or not they are there."""
        for api in self.config.stash[ASKER].apis:
            if plan.is_applicable(api, self.prepared_case.case):
                yield ApiNode.from_parent(
                    self, name=api.id, prepared_case=self.prepared_case, api=api
                )


class ApiNode(pytest.Collector):
    """An API to be asked a case, once for both modes where they write the same call."""

    def __init__(self, *, prepared_case: PreparedCase, api: Api, **rest: Any) -> None:
        super().__init__(**rest)
        self.prepared_case, self.api = prepared_case, api
        self._items: list[Invocation] = []
        self._came: dict[Invocation, Outcome | Inexpressible] = {}

    def collect(self) -> Iterator[CallItem]:
        """The calls to make."""
        for mode in self.config.stash[ASKER].modes:
            yield CallItem.from_parent(self, name=mode, mode=mode, of=self)

    def teardown(self) -> None:
        """Lets go of the calls and their answers."""
        self._items.clear()
        self._came.clear()

    def told(self, mode: Mode) -> InvocationResult:
        """What comes of the call in this mode. Raises `NobodyThere`."""
        asker = self.config.stash[ASKER]
        if not self._items:
            runtime = runtime_of(asker.framework, asker.client.identity)
            self._items += plan.invocations(
                asker.framework, runtime, [self.api], [self.prepared_case]
            )
        item = next(item for item in self._items if mode in item.modes)
        outcome = self._came[item] if item in self._came else asker.ask(item)
        self._came[item] = outcome
        return InvocationResult(item, outcome, (evaluation.evaluate(item, mode, outcome),))


class CallItem(pytest.Item):
    """One call: it passes where it gives the oracle's answer."""

    def __init__(self, *, mode: Mode, of: ApiNode, **rest: Any) -> None:
        super().__init__(**rest)
        self.mode, self.of = mode, of

    def runtest(self) -> None:
        """Asks; nothing else goes on where nobody is there to be asked."""
        try:
            self._ask()
        except NobodyThere as missing:
            self.session.shouldfail = str(missing)
            raise

    def _ask(self) -> None:
        asker = self.config.stash[ASKER]
        runtime = runtime_of(asker.framework, asker.client.identity)
        version = f"{asker.framework.title} {asker.facts['version']}"
        self.user_properties.append(("framework", version))
        if runtime.runtime_class is not None:
            self.user_properties.append(("runtime class", runtime.runtime_class))
        if not asker.facts[f"api {self.of.api.id}"]:
            pytest.skip(f"not in {version}")
        told = self.of.told(self.mode)
        observation = told.observations[0]
        self.user_properties.append(("status", observation.status))
        if observation.told and observation.status not in SKIPPED:
            self.user_properties.append(("diagnosis", observation.told))
        if observation.status in SKIPPED:
            words = observation.told or observation.detail or ""
            pytest.skip(f"{observation.status}: {plain(words)}")
        if observation.status != "match":
            raise Different(told)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The case's place in its file."""
        case = self.of.prepared_case.case
        return self.path, case.place.line - 1, f"{case.id}, {self.of.api.id}, {self.mode}"

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The diagnosis, and the call that it is of."""
        if isinstance(excinfo.value, NobodyThere):
            return str(excinfo.value)
        if isinstance(excinfo.value, Different):
            return "\n".join(self._explained(excinfo.value.told))
        return super().repr_failure(excinfo, style)

    def _explained(self, told: InvocationResult) -> Iterator[str]:
        prepared_case, asker = self.of.prepared_case, self.config.stash[ASKER]
        case, id_ = prepared_case.case, self.of.api.id
        yield f"{case.place}:"
        header = run_header.header(asker.framework, asker.client.identity, [prepared_case])
        # The first line of what is told is a verdict over both modes, and this is one.
        _, *of_the_call = explanation.told(id_, [told], WIDTH)
        for line in (*explanation.about(prepared_case, WIDTH), explanation.where(header)):
            yield line.plain
        yield id_
        for line in of_the_call:
            yield line.plain
        yield (
            f"A script of it: conformance repro {case.id} --cases {case.place.file}"
            f" --api {shlex.quote(id_)} --mode {self.mode}"
        )


class Plugin:
    """The hooks that a session with a framework has."""

    def __init__(self, asker: Asker) -> None:
        """Everything is asked of ``asker``."""
        self.asker = asker

    def pytest_report_header(self) -> str:
        """Who will be asked."""
        asker = self.asker
        return (
            f"conformance: {asker.framework.title} in {asker.python}, {' and '.join(asker.modes)}"
        )

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> CaseFile | None:
        """Every YAML file that is named, and every case file in a folder that is."""
        if file_path.suffix not in SUFFIXES:
            return None
        if not (parent.session.isinitpath(file_path) or _holds_cases(file_path)):
            return None
        return CaseFile.from_parent(parent, path=file_path)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Skipped where the case stands, and not where this file skips it."""
        report = yield
        if isinstance(item, CallItem) and isinstance(report.longrepr, tuple):
            file, line, _ = item.location
            report.longrepr = (file, (line or 0) + 1, report.longrepr[2])
        return report

    def pytest_unconfigure(self) -> None:
        """Nobody is asked any more."""
        self.asker.close()


def plugin(config: pytest.Config) -> Plugin:
    """The plugin that the options describe. Raises ``pytest.UsageError``."""
    name = config.getoption("conformance_framework")
    if name not in FRAMEWORKS:
        known = ", ".join(sorted(FRAMEWORKS))
        raise pytest.UsageError(f"--conformance-framework must be one of {known}, got {name!r}")
    framework = FRAMEWORKS[name]
    chosen = config.getoption("conformance_api")
    known_apis = [api.id for api in framework.apis]
    for id_ in chosen:
        if id_ not in known_apis:
            known = ", ".join(known_apis)
            raise pytest.UsageError(f"--conformance-api must be one of {known}, got {id_!r}")
    seconds = {what: config.getoption(f"conformance_{what}") for what in ("timeout", "startup")}
    for what, number in seconds.items():
        if not 0 < number <= LONGEST:  # which is true of no number that is none
            raise pytest.UsageError(
                f"--conformance-{what} must be more than 0 and at most {LONGEST:g}, got {number:g}"
            )
    backend = config.getoption("conformance_backend")
    if backend is not None and (refusal := framework.without(backend)):
        raise pytest.UsageError(f"--conformance-backend: {refusal}")
    mode = config.getoption("conformance_mode")
    asker = Asker(
        framework=framework,
        apis=[api for api in framework.apis if api.id in (chosen or known_apis)],
        modes=MODES if mode == "both" else (mode,),
        python=config.getoption("conformance_python"),
        backend=backend,
        **seconds,
    )
    config.stash[ASKER] = asker
    return Plugin(asker)


_KEYS = re.compile(rb"^[ \t]*(?:- )?(cases|kernel)[ \t]*:", re.MULTILINE)


def _holds_cases(path: Path) -> bool:
    """Whether a YAML file that nobody named is meant to hold cases, be they right or wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError:
        return False
    root, _ = read(data)
    if root is None:  # it is not YAML, so that only its look can tell
        return set(_KEYS.findall(data)) == {b"cases", b"kernel"}
    cases = root.child("cases")
    return cases is not None and any(_is_case(entry.value) for entry in cases.entries())


def _is_case(entry: Any) -> bool:
    """Whether an entry of a list has keys that only a case has."""
    return isinstance(entry, dict) and (
        "kernel" in entry or ("id" in entry and not {"x", "why", "vary"}.isdisjoint(entry))
    )


def _near(path: Path) -> Path:
    """The path as one says it from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
