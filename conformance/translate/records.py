"""Records: what was observed of a framework in one environment, by a run or by a baseline.

A baseline says less than the run that it was accepted from. What it leaves out follows from the
cases that it is of: how a call was rewritten, why there is none, and the known limit behind a
refusal. So what ships with the package is enough to tell what an API means, and what was right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from conformance.adapters.base import Api, Framework, Inexpressible
from conformance.adapters.registry import FRAMEWORKS
from conformance.adapters.runtime import Runtime
from conformance.cases import load
from conformance.gate import baseline
from conformance.gate.snapshot import Answer, CannotCompare
from conformance.observations import Key, Mode, Observation
from conformance.question import Question
from conformance.recipes import call_writer
from conformance.runs import evaluation, run_files
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import Profile, profiles
from conformance.runs.run_files import Header, RunError
from conformance.utils import resources
from conformance.utils.printable import PrintableError

RUNS = Path("reports", "runs")
"""Where `nox` leaves its runs."""


Asked: TypeAlias = tuple[tuple[Question, Observation], ...]
"""What was asked, and what came of it."""


class NoRecord(PrintableError):
    """A file that tells nothing of any API, in a sentence that names it."""


class Unfinished(NoRecord):
    """A run that was stopped, or of which nothing came."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Record:
    """What was observed in one environment.

    Attributes
    ----------
    path
        The file that says it.
    header
        Who was examined, as far as the file says it.
    subjects
        The cases by id; one whose content has changed since it was asked does not speak.
    observe
        Gives the observations of an API in a mode.
    """

    path: Path
    header: Header
    prepared_cases: Mapping[str, PreparedCase]
    observe: Callable[[Api, Mode], Iterable[Observation]]
    _questions: dict[tuple[str, Mode], tuple[tuple[Question, Observation], ...]] = field(
        default_factory=dict
    )
    _profiles: dict[str, Profile | None] = field(default_factory=dict)

    @property
    def runtime(self) -> Runtime:
        """What recipes and limitations have to know of the environment."""
        return self.header.runtime

    def has(self, api: Api) -> bool:
        """Say whether the API was there."""
        is_named = self.header.apis.get(api.id, False)
        return is_named and api.id in {a.id for a in FRAMEWORKS[self.header.framework].apis}

    def tells(self, api: Api, mode: Mode) -> bool:
        """Say whether an API was asked in a mode about a case that is as it was then."""
        return any(True for _ in self._current(api, mode))

    def observations(self, api: Api, mode: Mode) -> Asked:
        """Return the observations of an API in a mode, on single questions that have an answer.

        Of cases that are as they were when they were asked.
        """
        if (api.id, mode) not in self._questions:
            self._questions[api.id, mode] = tuple(
                (prepared_case.case.question, observation)
                for prepared_case, observation in self._current(api, mode)
                if isinstance(prepared_case.case.question, Question)
                and not prepared_case.case.expected.error
            )
        return self._questions[api.id, mode]

    def _current(self, api: Api, mode: Mode) -> Iterator[tuple[PreparedCase, Observation]]:
        for observation in self.observe(api, mode):
            prepared_case = self.prepared_cases.get(observation.case)
            if prepared_case is not None and prepared_case.content == observation.content:
                yield prepared_case, observation

    def profile(self, api: Api) -> Profile | None:
        """Return what the API is observed to mean; None where it was not asked natively."""
        if api.id not in self._profiles:
            found = profiles(self.observe(api, "native"), self.prepared_cases)
            self._profiles[api.id] = next(iter(found), None)
        return self._profiles[api.id]


def read(path: Path) -> Record:
    """Read a run file, or a baseline, which `conformance accept` makes of run files.

    Parameters
    ----------
    path
        Its file.

    Raises
    ------
    NoRecord
        For anything else, for a run that is incomplete and for one of nothing.
    """
    try:
        return _of_baseline(path) if baseline.is_baseline(path) else _of_run(path)
    except OSError as error:
        raise NoRecord(f"{path}: cannot be read: {error.strerror or error}") from None
    except (RunError, CannotCompare) as error:
        raise NoRecord(str(error)) from None


def _of_run(path: Path) -> Record:
    run = run_files.read(path)
    if run.header.failure is not None:
        raise Unfinished(f"{path}: nothing was observed: {run.header.failure}")
    if not run.complete:
        raise Unfinished(f"{path}: the run is incomplete: it was stopped before its end")
    _framework(path, run.header.framework, run.header.backend)
    seen: dict[tuple[str, Mode], list[Observation]] = {}
    for observation in run.observations:
        seen.setdefault((observation.api, observation.mode), []).append(observation)
    return Record(
        path=path,
        header=run.header,
        prepared_cases=_subjects(resources.CASES),
        observe=lambda api, mode: seen.get((api.id, mode), ()),
    )


def _of_baseline(path: Path) -> Record:
    accepted = baseline.read(path)
    source = accepted.source
    framework = _framework(path, source.framework, source.backend)
    header = Header(
        framework=source.framework,
        version=source.version,
        backend=source.backend,
        packages={source.framework: source.version} if source.version else {},
        runtime_class=source.runtime_class,
        apis=source.apis,
        selection=source.selection,
    )
    prepared_cases = _subjects(resources.CASES)

    def observe(api: Api, mode: Mode) -> Iterator[Observation]:
        for key, answer in accepted.answers.items():
            prepared_case = prepared_cases.get(key[1])
            if (key[0], key[2]) != (api.id, mode) or prepared_case is None:
                continue
            if prepared_case.content == answer.content:
                yield from _observed(framework, api, header.runtime, prepared_case, key, answer)

    return Record(path=path, header=header, prepared_cases=prepared_cases, observe=observe)


def _framework(path: Path, name: str, backend: str | None) -> Framework:
    """The framework that a file names. Raises `NoRecord` where it, or its backend, is not here."""
    if name not in FRAMEWORKS:
        raise NoRecord(f"{path}: there is no framework {name!r} here")
    if refusal := FRAMEWORKS[name].without(backend):
        raise NoRecord(f"{path}: {refusal}")
    return FRAMEWORKS[name]


def _observed(
    framework: Framework,
    api: Api,
    runtime: Runtime,
    prepared_case: PreparedCase,
    key: Key,
    answer: Answer,
) -> Iterator[Observation]:
    """The observation that an answer of a baseline was; none where it was unsteady."""
    if len(answer.statuses) > 1:
        return
    (status,), (_, _, mode) = answer.statuses, key
    case = prepared_case.case
    call = call_writer.write(framework, runtime, api, case.question, mode)
    seen = Observation(
        api=api.id,
        case=case.id,
        mode=mode,
        status=status,
        op=case.op,
        topics=case.labels,
        explanations=answer.explanations,
        content=answer.content,
        exact=case.exact,
    )
    if isinstance(call, Inexpressible):
        seen = replace(seen, detail=call.reason)
    else:
        seen = replace(seen, moves=call.moves, cost=call.cost.words)
    seen = evaluation.limited(seen, api, case.question, runtime)
    # What a framework said is not in a baseline; the known limit says why it refused.
    yield replace(seen, detail=seen.detail or seen.limit)


@lru_cache(maxsize=1)
def _subjects(folder: Path) -> Mapping[str, PreparedCase]:
    return {case.id: PreparedCase(case) for case in load([folder], check=False).cases}


def known(paths: Iterable[Path] = ()) -> Iterator[Record]:
    """Give the records that there are: those that were named, or else runs here; then ours.

    Parameters
    ----------
    paths
        Run files and baselines. Without any, all runs that are complete in `RUNS`.

    Raises
    ------
    NoRecord
        For a file that was named and tells nothing, and for a damaged one.
    """
    named = tuple(paths)
    for path in named or sorted(RUNS.glob("*.jsonl"), key=lambda path: path.stem):
        try:
            yield read(path)
        except Unfinished:
            if named:
                raise
    yield from map(read, sorted(resources.BASELINE.glob("*.csv")))


def telling(
    records: Iterable[Record],
    api: Api,
    mode: Mode,
    header: Header | None = None,
    *,
    backend: str | None = None,
    runtime_class: str | None = None,
) -> Record | None:
    """Choose the record that tells most of an API where it is called.

    Parameters
    ----------
    records
        In the order in which one is preferred where all else is the same.
    api, mode
        The API, and how it was asked.
    header
        Of the environment where it is called, if that is known.
    backend, runtime_class
        That were asked for, where it is not. Without a backend TensorFlow's is preferred, which is
        the default of Keras.

    Returns
    -------
    Record or None
        One of the same runtime class and version if there is one, and of all of the cases; None
        where no record tells of the API.
    """

    def fits(record: Record) -> bool:
        own = record.header
        if header is not None:
            return own.backend == header.backend
        return backend in (None, own.backend) and runtime_class in (None, own.runtime_class)

    def distance(record: Record) -> tuple[bool, ...]:
        own = record.header
        return (
            header is not None and own.runtime_class != header.runtime_class,
            header is not None and own.version != header.version,
            own.backend not in (None, "tensorflow"),
            own.selection is not None,
        )

    there = sorted((r for r in records if r.has(api) and fits(r)), key=distance)
    return next((record for record in there if record.tells(api, mode)), None)
