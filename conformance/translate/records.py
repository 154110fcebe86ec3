"""Read the observations of one environment from a run file or a baseline.

A baseline holds less than the run that it was accepted from. The missing details follow from the
cases: how a call was rewritten, why there is none, the known limit behind a refusal, and the words
of a diagnosis.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api, Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.adapters.runtime import Runtime
from conformance.cases import load
from conformance.conventions.axes import BY_NAME
from conformance.conventions.diagnosis import Diagnosis
from conformance.gate import baseline
from conformance.gate.snapshot import CannotCompare
from conformance.observations import MODES, Mode, Observation
from conformance.question import Question
from conformance.recipes import call_writer
from conformance.recorded_answers import Answer
from conformance.runs import evaluation, run_files
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.profiles import Profile, profiles
from conformance.runs.run_files import Header, Run, RunError
from conformance.utils import resources
from conformance.utils.grouping import group
from conformance.utils.printable import PrintableError

RUNS = Path("reports", "runs")
"""The folder in which `nox` writes its runs."""

Observed: TypeAlias = tuple[tuple[Question, Observation], ...]
"""Questions with their observations."""


class NoRecord(PrintableError):
    """A file without observations; the message names it."""


class Unfinished(NoRecord):
    """A run that was stopped, or that failed."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Record:
    """The observations in one environment.

    Attributes
    ----------
    header
        The environment, as far as the file describes it.
    prepared_cases
        The cases by id; observations of a case that has changed since do not count.
    observe
        Returns the observations of an API in a mode.
    """

    path: Path
    header: Header
    prepared_cases: Mapping[str, PreparedCase]
    observe: Callable[[Api, Mode], Iterable[Observation]]
    _questions: dict[tuple[str, Mode], Observed] = field(default_factory=dict)
    _profiles: dict[str, Profile | None] = field(default_factory=dict)

    @property
    def runtime(self) -> Runtime:
        """Return the backend and the runtime class, on which recipes and limitations depend."""
        return self.header.runtime

    def has(self, api: Api) -> bool:
        """Say whether the environment had the API."""
        is_named = self.header.apis.get(api.id, False)
        return is_named and api in FRAMEWORKS[self.header.framework].apis

    def tells(self, api: Api, mode: Mode) -> bool:
        """Say whether there is an observation of an API in a mode, of a current case."""
        return any(True for _ in self._current(api, mode))

    def observations(self, api: Api, mode: Mode) -> Observed:
        """Return the observations of an API in a mode.

        Only those of current cases count, with a single question that has an answer.
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
        """Return the conventions that the API was observed to have; None without naive calls."""
        if api.id not in self._profiles:
            candidates = profiles(self.observe(api, "native"), self.prepared_cases)
            self._profiles[api.id] = next(iter(candidates), None)
        return self._profiles[api.id]


def run_of(record: Record) -> Run:
    """Return the run behind a record, as far as the record has it."""
    apis = FRAMEWORKS[record.header.framework].apis
    observations = (o for api in apis for mode in MODES for o in record.observe(api, mode))
    return Run(
        path=record.path, header=record.header, observations=tuple(observations), complete=True
    )


def read(path: Path) -> Record:
    """Read a run file, or a baseline, which `conformance accept` makes of run files.

    Raises ``NoRecord`` for any other file, and for a run that failed or is incomplete.
    """
    try:
        return _read_baseline(path) if baseline.is_baseline(path) else _read_run(path)
    except OSError as error:
        raise NoRecord(f"{path}: cannot be read: {error.strerror or error}") from None
    except (RunError, CannotCompare) as error:
        raise NoRecord(str(error)) from None


def _read_run(path: Path) -> Record:
    run = run_files.read(path)
    if run.header.failure is not None:
        raise Unfinished(f"{path}: nothing was observed: {run.header.failure}")
    if not run.complete:
        raise Unfinished(f"{path}: the run is incomplete: it was stopped before its end")
    _framework(path, run.header.framework, run.header.backend)
    observations = group(run.observations, lambda o: (o.api, o.mode))
    return Record(
        path=path,
        header=run.header,
        prepared_cases=_cases(resources.CASES),
        observe=lambda api, mode: observations.get((api.id, mode), ()),
    )


def _read_baseline(path: Path) -> Record:
    snapshot = baseline.read(path)
    header = snapshot.header
    framework = _framework(path, header.framework, header.backend)
    if header.version:
        header = replace(header, packages={header.framework: header.version})
    prepared_cases = _cases(resources.CASES)

    def observe(api: Api, mode: Mode) -> Iterator[Observation]:
        for (api_id, case_id, key_mode), answer in snapshot.answers.items():
            prepared_case = prepared_cases.get(case_id)
            if (api_id, key_mode) != (api.id, mode) or prepared_case is None:
                continue
            if prepared_case.content == answer.content and len(answer.statuses) == 1:
                yield _observation(framework, api, header.runtime, prepared_case, mode, answer)

    return Record(path=path, header=header, prepared_cases=prepared_cases, observe=observe)


def _framework(path: Path, name: str, backend: str | None) -> Framework:
    """Return the framework that a file names, or refuse an unknown one or its backend."""
    if name not in FRAMEWORKS:
        raise NoRecord(f"{path}: there is no framework {name!r} here")
    if refusal := FRAMEWORKS[name].without(backend):
        raise NoRecord(f"{path}: {refusal}")
    return FRAMEWORKS[name]


def _observation(
    framework: Framework,
    api: Api,
    runtime: Runtime,
    prepared_case: PreparedCase,
    mode: Mode,
    answer: Answer,
) -> Observation:
    """Return the observation behind an answer of a baseline that has a single status."""
    case = prepared_case.case
    call = call_writer.write(framework, runtime, api, case.question, mode)
    dtype, shape, digest = answer.array or (None, None, None)
    observation = Observation(
        api=api.id,
        case=case.id,
        mode=mode,
        status=answer.statuses[0],
        op=case.op,
        topics=case.labels,
        diagnosis=_diagnosis(answer),
        explanations=answer.explanations,
        shape=shape,
        dtype=dtype,
        digest=digest,
        content=answer.content,
        exact=case.exact,
    )
    if isinstance(call, Inexpressible):
        observation = replace(observation, detail=call.reason)
    else:
        observation = replace(observation, rewrites=call.moves, cost=call.cost.words)
    observation = evaluation.with_limitation(observation, api, case.question, runtime)
    # A baseline does not hold the framework's message, so the known limit takes its place.
    return replace(observation, detail=observation.detail or observation.limitation)


def _diagnosis(answer: Answer) -> str | None:
    """Return the explanations of an answer in words, as far as they are known today."""
    explanations = tuple(
        tuple(BY_NAME[name] for name in names)
        for names in answer.explanations
        if BY_NAME.keys() >= set(names)
    )
    return Diagnosis(explanations).words if explanations else None


@lru_cache(maxsize=1)
def _cases(folder: Path) -> Mapping[str, PreparedCase]:
    return {case.id: PreparedCase(case) for case in load([folder], check=False).cases}


def load_records(paths: Iterable[Path] = ()) -> Iterator[Record]:
    """Yield some records, and then those of the baselines that come with the package.

    Raises ``NoRecord`` for one of ``paths`` without observations, and for any damaged file.

    Parameters
    ----------
    paths
        Run files and baselines. Without any, all complete runs in `RUNS`.
    """
    paths = tuple(paths)
    for path in paths or sorted(RUNS.glob("*.jsonl"), key=lambda path: path.stem):
        try:
            yield read(path)
        except Unfinished:
            if paths:
                raise
    yield from map(read, sorted(resources.BASELINE.glob("*.csv")))


def nearest(
    records: Iterable[Record],
    api: Api,
    mode: Mode,
    header: Header | None = None,
    *,
    backend: str | None = None,
    runtime_class: str | None = None,
) -> Record | None:
    """Choose the record of an API that is nearest to the environment where it is called.

    ``header`` is the environment where the API is called, if it is known. ``backend`` and
    ``runtime_class`` say what was required, if it is not known. Without a backend TensorFlow's is
    preferred, which is the default of Keras.

    Returns
    -------
    Record or None
        Preferably of the same runtime class and version, and of all cases; None where no record has
        the API.
    """

    def fits(record: Record) -> bool:
        other = record.header
        if header is not None:
            return other.backend == header.backend
        return backend in (None, other.backend) and runtime_class in (None, other.runtime_class)

    def distance(record: Record) -> tuple[bool, ...]:
        other = record.header
        return (
            header is not None and other.runtime_class != header.runtime_class,
            header is not None and other.version != header.version,
            other.backend not in (None, "tensorflow"),
            other.selection is not None,
        )

    candidates = sorted((r for r in records if r.has(api) and fits(r)), key=distance)
    return next((record for record in candidates if record.tells(api, mode)), None)
