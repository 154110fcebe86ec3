"""Collects case files as pytest items: a file has cases, a case has APIs, an API has calls.

A test passes where ``conformance run`` observes a match, as both evaluate calls in the same way.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.adapters.framework import Api
from conformance.adapters.registry import FRAMEWORKS, LIBRARIES, api_and_rank
from conformance.cases import load
from conformance.cases.loader import SUFFIXES
from conformance.cases.size_limits import MAX_BYTES
from conformance.cases.yaml_source import read
from conformance.cli.option_kinds import LONGEST
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import runtime_of
from conformance.explain import explanation
from conformance.observations import MODES, Mode
from conformance.pytest_client import FrameworkClient, UnavailableError
from conformance.runs import plan, run_header
from conformance.runs.calls import InvocationResult
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.worker_limits import WorkerLimits
from conformance.utils.text import plain

WIDTH = 100
SKIPPED = ("rejected", "inexpressible")
"""Statuses that state a fact about the framework; a test with one of them is skipped."""


class CallError(Exception):
    """Raised for a call that does not give the oracle's answer."""

    def __init__(self, result: InvocationResult) -> None:
        super().__init__(result.observations[0].status)
        self.result = result


CLIENT = pytest.StashKey[FrameworkClient]()


class CaseFile(pytest.File):
    """A YAML file of cases."""

    def collect(self) -> Iterator[CaseNode]:
        """Yield the cases; raise ``CollectError`` with all problems of the file."""
        loaded = load([_relative(self.path)])
        if loaded.problems:
            raise self.CollectError("\n".join(map(str, loaded.problems)))
        for case in loaded.cases:
            yield CaseNode.from_parent(self, name=case.id, prepared_case=PreparedCase(case))


class CaseNode(pytest.Collector):
    """A case."""

    def __init__(self, *, prepared_case: PreparedCase, **options: Any) -> None:
        super().__init__(**options)
        self.prepared_case = prepared_case
        case = prepared_case.case
        self.extra_keyword_matches.update((case.op, *case.labels, *case.claims))

    def collect(self) -> Iterator[ApiNode]:
        """Yield the APIs that the case applies to, installed or not."""
        for api in self.config.stash[CLIENT].apis:
            if plan.is_applicable(api, self.prepared_case.case):
                yield ApiNode.from_parent(
                    self, name=api.id, prepared_case=self.prepared_case, api=api
                )


class ApiNode(pytest.Collector):
    """An API of a case, with one invocation for both modes where they write the same call."""

    def __init__(self, *, prepared_case: PreparedCase, api: Api, **options: Any) -> None:
        super().__init__(**options)
        self.prepared_case, self.api = prepared_case, api
        self._results: dict[Mode, InvocationResult] = {}

    def collect(self) -> Iterator[CallItem]:
        """Yield the call of each mode."""
        for mode in self.config.stash[CLIENT].modes:
            yield CallItem.from_parent(self, name=mode, mode=mode, api_node=self)

    def teardown(self) -> None:
        """Release the calls and their outcomes."""
        self._results.clear()

    def result(self, mode: Mode) -> InvocationResult:
        """Return the result of the call in this mode; raise `UnavailableError`."""
        client = self.config.stash[CLIENT]
        if mode not in self._results:
            runtime = runtime_of(client.framework, client.worker.identity)
            for invocation in plan.invocations(
                client.framework, runtime, [self.api], [self.prepared_case]
            ):
                if mode in invocation.modes:
                    result = client.run(invocation)
                    for each in invocation.modes:
                        in_mode = replace(invocation, modes=(each,))
                        self._results[each] = replace(result, invocation=in_mode)
        return self._results[mode]


class CallItem(pytest.Item):
    """One call: it passes where it gives the oracle's answer."""

    def __init__(self, *, mode: Mode, api_node: ApiNode, **options: Any) -> None:
        super().__init__(**options)
        self.mode, self.api_node = mode, api_node

    def runtest(self) -> None:
        """Make the call; stop the session where the framework cannot be asked."""
        try:
            self._test()
        except UnavailableError as error:
            self.session.shouldfail = str(error)
            raise

    def _test(self) -> None:
        client = self.config.stash[CLIENT]
        identity = client.worker.identity
        runtime = runtime_of(client.framework, identity)
        version = f"{client.framework.title} {identity.facts['version']}"
        self.user_properties.append(("framework", version))
        if runtime.runtime_class is not None:
            self.user_properties.append(("runtime class", runtime.runtime_class))
        if not identity.facts[f"api {self.api_node.api.id}"]:
            pytest.skip(f"not in {version}")
        result = self.api_node.result(self.mode)
        observation = result.observations[0]
        self.user_properties.append(("status", observation.status))
        if observation.full_diagnosis and observation.status not in SKIPPED:
            self.user_properties.append(("diagnosis", observation.full_diagnosis))
        if observation.status in SKIPPED:
            reason = observation.full_diagnosis or observation.detail or ""
            pytest.skip(f"{observation.status}: {plain(reason)}")
        if observation.status != "match":
            raise CallError(result)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the place of the case in its file."""
        case = self.api_node.prepared_case.case
        return self.path, case.place.line - 1, f"{case.id}, {self.api_node.api.id}, {self.mode}"

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Return the diagnosis, and the call that it is of."""
        if isinstance(excinfo.value, UnavailableError):
            return str(excinfo.value)
        if isinstance(excinfo.value, CallError):
            return "\n".join(self._explanation(excinfo.value.result))
        return super().repr_failure(excinfo, style)

    def _explanation(self, result: InvocationResult) -> Iterator[str]:
        prepared_case, client = self.api_node.prepared_case, self.config.stash[CLIENT]
        case, id_ = prepared_case.case, self.api_node.api.id
        yield f"{case.place}:"
        header = run_header.header(client.framework, client.worker.identity, [prepared_case])
        # The first line is a verdict over both modes, and this item is of one mode.
        _, *lines = explanation.api_lines(id_, [result], WIDTH)
        for line in (*explanation.about(prepared_case, WIDTH), explanation.where(header)):
            yield line.plain
        yield id_
        for line in lines:
            yield line.plain
        yield (
            f"A script of it: conformance repro {case.id} --cases {case.place.file}"
            f" --api {shlex.quote(id_)} --mode {self.mode}"
        )


class Plugin:
    """The hooks of a session with a framework."""

    def __init__(self, client: FrameworkClient) -> None:
        self.client = client

    def pytest_report_header(self) -> str:
        """Return the framework, its interpreter and the modes."""
        title, python = self.client.framework.title, self.client.environment.python
        return f"conformance: {title} in {python}, {' and '.join(self.client.modes)}"

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> CaseFile | None:
        """Collect every YAML file on the command line, and every case file in folders on it."""
        if file_path.suffix not in SUFFIXES:
            return None
        if not (parent.session.isinitpath(file_path) or _holds_cases(file_path)):
            return None
        return CaseFile.from_parent(parent, path=file_path)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Report the place of a skipped case, and not the line here that skips it."""
        report = yield
        if isinstance(item, CallItem) and isinstance(report.longrepr, tuple):
            file, line, _ = item.location
            report.longrepr = (file, (line or 0) + 1, report.longrepr[2])
        return report

    def pytest_unconfigure(self) -> None:
        """Close the worker."""
        self.client.close()


def plugin(config: pytest.Config) -> Plugin:
    """Make the plugin that the options of `conformance.pytest_plugin` describe.

    Raise ``pytest.UsageError`` if an option is wrong.
    """
    name = config.getoption("conformance_framework")
    if name not in LIBRARIES:
        known = ", ".join(LIBRARIES)
        raise pytest.UsageError(f"--conformance-framework must be one of {known}, got {name!r}")
    framework = FRAMEWORKS[name]
    api_ids = [api_and_rank(name)[0] for name in config.getoption("conformance_api")]
    known_apis = [api.id for api in framework.apis]
    for id_ in api_ids:
        if id_ not in known_apis:
            known = ", ".join(known_apis)
            raise pytest.UsageError(f"--conformance-api must be one of {known}, got {id_!r}")
    seconds = {key: config.getoption(f"conformance_{key}") for key in ("timeout", "startup")}
    for key, number in seconds.items():
        if not 0 < number <= LONGEST:  # false for NaN, too
            raise pytest.UsageError(
                f"--conformance-{key} must be more than 0 and at most {LONGEST:g}, got {number:g}"
            )
    backend = config.getoption("conformance_backend")
    if backend is not None and (refusal := framework.without(backend)):
        raise pytest.UsageError(f"--conformance-backend: {refusal}")
    mode = config.getoption("conformance_mode")
    client = FrameworkClient(
        framework=framework,
        apis=[api for api in framework.apis if api.id in (api_ids or known_apis)],
        modes=MODES if mode == "both" else (mode,),
        environment=Environment(
            framework=name, python=config.getoption("conformance_python"), backend=backend
        ),
        limits=WorkerLimits(batched=False, **seconds),
    )
    config.stash[CLIENT] = client
    return Plugin(client)


_KEYS = re.compile(rb"^[ \t]*(?:- )?(cases|kernel)[ \t]*:", re.MULTILINE)


def _holds_cases(path: Path) -> bool:
    """Return whether a YAML file holds cases, be they right or wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError:
        return False
    root, _ = read(data)
    if root is None:  # invalid YAML, so that only its text can tell
        return set(_KEYS.findall(data)) == {b"cases", b"kernel"}
    cases = root.child("cases")
    return cases is not None and any(_is_case(entry.value) for entry in cases.entries())


def _is_case(entry: Any) -> bool:
    """Return whether an entry of a list has keys that only a case has."""
    return isinstance(entry, dict) and (
        "kernel" in entry or ("id" in entry and not {"x", "why", "vary"}.isdisjoint(entry))
    )


def _relative(path: Path) -> Path:
    """Return the path relative to the current folder, where it is inside."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
