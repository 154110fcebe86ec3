"""Kept answers: a call is asked once, and again as soon as anything that decides it is another."""

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes.drive import PATHS
from fakes.frameworks import api, framework, function
from fakes.prepared_cases import case
from msgspec.structs import replace as replace_struct

import conformance
from conformance.adapters.call_source import CallSource
from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import Expected
from conformance.environments import definitions, interpreters
from conformance.environments.definitions import Environment
from conformance.question import Question
from conformance.runs import answer_cache, executors, run_files, scheduler, worker_pool
from conformance.runs.answer_cache import FILE, MOST_RUNTIMES, AnswerCache
from conformance.runs.job import Job, Request
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.worker_limits import WorkerLimits
from conformance.workers.batching import Task
from conformance.workers.channel import KILLED
from conformance.workers.outcomes import Answer, Crash, Flaky, Hang, Outcome, Refusal
from conformance.workers.protocol import Machine
from conformance.workers.worker_client import RuntimeInfo

ENVIRONMENT = Environment(framework="plain", pins=("plain==1.0",), python="3.11")
SPELL = function("plain.ask", layout="N C *s", kernel="in out *k", limits=())


def distinct_cases(count: int) -> list[PreparedCase]:
    return [PreparedCase(case(f"{number:02}", number + 1)) for number in range(count)]


CASES = distinct_cases(3)


class Asked:
    """A framework in a folder, which writes down each call and each start of a worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes = folder / "notes"
        self.notes.touch()
        self.module = ENVIRONMENT.home / "lib" / "module.py"

    def install(self) -> None:
        """Makes the environment, with one file in it."""
        self.module.parent.mkdir(parents=True, exist_ok=True)
        self.module.write_text("1")

    def use(self, note: str = "c", **changes: object) -> None:
        """Puts the framework in its place; ``note`` is what a call writes down."""

        def noting(q: Question) -> CallSource:
            return replace(SPELL(q), setup=(f"open({str(self.notes)!r}, 'a').write({note!r})",))

        prelude = f"import sys; sys.path[:0] = {PATHS.split(os.pathsep)!r}\nfrom fakes import plain"
        prelude += f"\nopen({str(self.notes)!r}, 'a').write('s')"
        fields = {"prelude": prelude, **changes}
        FRAMEWORKS["plain"] = framework(api(id="right", native=noting, recipe=noting), **fields)

    def run(
        self,
        environment: Environment = ENVIRONMENT,
        cases: list[PreparedCase] = CASES,
        jobs: int = 1,
        **limits: object,
    ) -> Job:
        """Runs the cases, and writes ``run.jsonl``."""
        self.notes.write_text("")
        path = self.folder / "run.jsonl"
        request = Request(
            name="plain", environment=environment, path=path, limits=WorkerLimits(**limits)
        )
        with executors.threads(jobs) as places:
            (job,) = scheduler.record_all([request], cases, places)
        return job

    @property
    def calls(self) -> str:
        """What was written down in the last run."""
        return self.notes.read_text()


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in answer_cache.UNTRACKED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(definitions, "build", lambda _: Path(sys.executable))
    monkeypatch.setitem(FRAMEWORKS, "plain", framework())
    made = Asked(tmp_path)
    made.install()
    made.use()
    made.run()
    assert made.calls == "sccc"
    yield made
    worker_pool.shut_down()


# A run is put together from what is there


def test_what_was_answered_is_not_asked_again_and_starts_no_worker(asked: Asked) -> None:
    before = (asked.folder / "run.jsonl").read_bytes()
    asked.run()
    assert asked.calls == ""
    assert (asked.folder / "run.jsonl").read_bytes() == before


def test_only_what_was_never_asked_is(asked: Asked) -> None:
    asked.run(cases=distinct_cases(5))
    assert asked.calls == "scc"
    half_kept = (asked.folder / "run.jsonl").read_bytes()
    asked.run(cases=distinct_cases(5), cached=False)
    assert asked.calls == "sccccc"
    assert (asked.folder / "run.jsonl").read_bytes() == half_kept


def test_only_the_case_that_changed_is_asked(asked: Asked) -> None:
    other = PreparedCase(case(CASES[1].case.id, 9))
    asked.run(cases=[CASES[0], other, CASES[2]])
    assert asked.calls == "sc"


def test_workers_side_by_side_share_what_is_kept(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "WORTH", 0.0)
    asked.run(cases=distinct_cases(40), jobs=3)
    assert asked.calls.count("c") == 37
    asked.run(cases=distinct_cases(40), jobs=3)
    assert asked.calls == ""


def test_what_a_stopped_run_had_answered_is_kept(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = distinct_cases(6)
    answered: list[Task] = []

    class Stopping(AnswerCache):
        def add(self, task: Task, outcome: Outcome) -> None:
            super().add(task, outcome)
            answered.append(task)
            if len(answered) == 2:
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(answer_cache, "AnswerCache", Stopping)
        with pytest.raises(KeyboardInterrupt):
            asked.run(cases=many)
    asked.run(cases=many)
    assert asked.calls == "sc"


# Nothing stale: what our code makes of an answer is computed anew


def test_what_a_case_expects_is_compared_anew(asked: Asked) -> None:
    wrong = replace(CASES[0].case, expected=Expected(error="no answer"))
    asked.run(cases=[PreparedCase(wrong)])
    assert asked.calls == ""
    observations = run_files.read(asked.folder / "run.jsonl").observations
    assert [o.status for o in observations] == ["mismatch", "mismatch"]


# Nothing stale: each ingredient of an answer


def test_a_call_with_another_text_is_asked(asked: Asked) -> None:
    asked.use(note="d")
    asked.run()
    assert asked.calls == "sddd"


def written(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("1")


def with_prelude(more: str) -> None:
    prelude = FRAMEWORKS["plain"].prelude
    FRAMEWORKS["plain"] = replace(FRAMEWORKS["plain"], prelude=f"{prelude}\n{more}")


def with_interpreter(text: str) -> None:
    python = ENVIRONMENT.home / "bin" / "python"
    python.parent.mkdir()
    python.write_text(text)


CHANGES: dict[str, Callable[[Asked, pytest.MonkeyPatch], object]] = {
    "a file that is newer": lambda asked, _: os.utime(asked.module, (0, 0)),
    "a file more": lambda asked, _: asked.module.with_name("another.so").touch(),
    "a file of a package of any name": lambda asked, _: written(
        asked.module.parent / "compiled" / "module.py"
    ),
    "a file less": lambda asked, _: asked.module.unlink(),
    "the interpreter": lambda _asked, _: with_interpreter("another one"),
    "a compiler": lambda _asked, patch: patch.setattr("shutil.which", {"g++": __file__}.get),
    "a variable": lambda _asked, patch: patch.setenv("SOME_LIBRARY_MODE", "fast"),
    "a setting": lambda asked, _: (asked.folder / "settings.json").write_text("{}"),
    "the processor": lambda _asked, patch: patch.setattr(answer_cache, "processor", str),
    "the system": lambda _asked, patch: patch.setattr("platform.platform", str),
    "the worker's code": lambda _asked, patch: patch.setattr(answer_cache, "_own_code", str),
    "the prelude": lambda _asked, _: with_prelude("import math"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_everything_is_asked_again_where_anything_that_decides_it_is_another(
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Asked, pytest.MonkeyPatch], object],
) -> None:
    FRAMEWORKS["plain"] = replace(FRAMEWORKS["plain"], settings=("~/settings.json",))
    asked.run()
    asked.run()
    assert asked.calls == ""
    change(asked, monkeypatch)
    asked.run()
    assert asked.calls == "sccc"


@pytest.mark.parametrize(
    "file", ["workers/worker.py", "workers/program.py", "javascript/calls.js", "javascript/tfjs.js"]
)
def test_the_code_of_a_worker_has_that_of_programs_of_ours(file: str) -> None:
    path = Path(conformance.__file__).parent / file
    answer_cache._own_code.cache_clear()
    assert path.read_text(encoding="utf-8") in answer_cache._own_code()


@pytest.mark.parametrize(
    "changes",
    [{"pins": ("plain==1.1",)}, {"constraints": ("a==1",)}, {"python": "3.12"}],
    ids=["pins", "constraints", "python"],
)
def test_another_environment_has_answers_of_its_own(
    asked: Asked, changes: dict[str, object]
) -> None:
    other = replace(ENVIRONMENT, **changes)
    other.home.mkdir()
    asked.run(other)
    assert asked.calls == "sccc"


@pytest.mark.parametrize(
    "changes", [{"variables": {"MODE": "1"}}, {"backend": "other"}], ids=["variables", "backend"]
)
def test_other_settings_of_an_environment_are_another_runtime(
    asked: Asked, changes: dict[str, object]
) -> None:
    FRAMEWORKS["plain"] = replace(FRAMEWORKS["plain"], backend_variable="PLAIN_BACKEND")
    asked.run(replace(ENVIRONMENT, **changes))
    assert asked.calls == "sccc"


@pytest.mark.parametrize("limits", [{"timeout": 9.0}, {"memory": 2**33 - 1}, {"batched": False}])
def test_other_limits_are_another_runtime(asked: Asked, limits: dict[str, object]) -> None:
    asked.run(**limits)
    assert asked.calls == "sccc"


def test_a_variable_of_the_shell_is_no_other_runtime(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "73")
    monkeypatch.setenv("GITHUB_RUN_ID", "73")
    monkeypatch.setenv("PYENV_DIR", "/elsewhere")  # where its `python` was started
    # Each session of nox puts its own folder first; the programs of a framework are tracked.
    monkeypatch.setenv("PATH", os.pathsep.join(("/nowhere/bin", os.environ["PATH"])))
    asked.run()
    assert asked.calls == ""


@pytest.mark.parametrize("folder", ["compiled/a", "runs", "lib/__pycache__"])
def test_what_is_made_later_is_no_other_runtime(asked: Asked, folder: str) -> None:
    written(ENVIRONMENT.home / folder / "file")
    asked.run()
    assert asked.calls == ""


# Where nothing is kept


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("name", sorted(answer_cache.UNTRACKED))
def test_nothing_is_kept_where_python_runs_other_files(name: str) -> None:
    interpreter = interpreters.interpreter_in(ENVIRONMENT, batched=True)
    assert cache_in(ENVIRONMENT, interpreter).identity is not None
    interpreter = replace(interpreter, variables={**interpreter.variables, name: "x"})
    assert cache_in(ENVIRONMENT, interpreter) is answer_cache.NOTHING_KEPT


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("changes", [{"pins": ()}, {"device": "cuda"}], ids=["no pins", "device"])
def test_nothing_is_kept_of_what_may_change_unseen(changes: dict[str, object]) -> None:
    interpreter = interpreters.interpreter_in(ENVIRONMENT, batched=True)
    assert cache_in(replace(ENVIRONMENT, **changes), interpreter) is answer_cache.NOTHING_KEPT


def cache_in(environment: Environment, interpreter: object) -> AnswerCache:
    return answer_cache.cache_of(environment, interpreter, str(WorkerLimits()), is_read=True)  # type: ignore[arg-type]


# Which outcomes are kept


KEPT = [
    Refusal("ValueError", "no"),
    Crash("killed by SIGSEGV", ""),
    *(
        Answer(np.array(numbers, dtype))
        for numbers, dtype in [([[1.5, np.nan]], "f4"), ([], "f8"), (3, "i8"), ([1j], "c8")]
    ),
]
UNKEPT = [
    Answer(np.ones(1), retry="asked again alone"),
    Refusal("ValueError", "no", retry="asked again alone"),
    Crash("ran out of memory", "", out_of_memory=True),
    Crash(KILLED, ""),
    Hang(60.0, ""),
    Flaky(Crash("killed by SIGSEGV", ""), Answer(np.ones(1))),
]
TASK = Task("a name", "y = x", {"x": np.arange(3.0)})


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[AnswerCache]:
    opened = AnswerCache(tmp_path / FILE, "a runtime")
    yield opened
    opened.close()


@pytest.mark.parametrize("outcome", KEPT, ids=lambda outcome: outcome.words)
def test_what_the_call_alone_decides_is_kept(
    cache: AnswerCache, outcome: Outcome, tmp_path: Path
) -> None:
    cache.add(TASK, outcome)
    kept = AnswerCache(tmp_path / FILE, "a runtime").get(TASK)
    if isinstance(outcome, Answer):
        assert isinstance(kept, Answer)
        np.testing.assert_array_equal(kept.array, outcome.array, strict=True)
        assert kept.array.flags.writeable
    else:
        assert kept == outcome


@pytest.mark.parametrize("outcome", UNKEPT, ids=lambda outcome: outcome.words)
def test_what_the_machine_may_have_decided_is_not_kept(
    cache: AnswerCache, outcome: Outcome
) -> None:
    cache.add(TASK, outcome)
    assert cache.get(TASK) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "y = 2 * x"},
        {"arrays": {"w": np.arange(3.0)}},
        {"arrays": {"x": np.arange(3)}},
        {"arrays": {"x": np.arange(3.0)[None]}},
        {"arrays": {"x": np.arange(3.0) + 1}},
        {"traceable_spans": ((0, 1, ("x",), None),)},
    ],
    ids=["source", "name", "dtype", "shape", "numbers", "spans"],
)
def test_another_call_has_another_answer(cache: AnswerCache, changes: dict[str, object]) -> None:
    cache.add(TASK, Refusal("ValueError", "no"))
    assert cache.get(replace(TASK, key="another name")) is not None
    assert cache.get(replace(TASK, **changes)) is None


# The file


def test_the_runtime_that_was_used_longest_ago_is_dropped(tmp_path: Path) -> None:
    names = [str(number) for number in range(MOST_RUNTIMES)]
    for name in (*names, names[0], "newest"):
        cache = AnswerCache(tmp_path / FILE, name)
        cache.identity = IDENTITY
        cache.add(TASK, Refusal("ValueError", name))
        cache.close()
    kept = {name: AnswerCache(tmp_path / FILE, name).get(TASK) for name in (*names, "newest")}
    assert [name for name, outcome in kept.items() if outcome is None] == [names[1]]


IDENTITY = RuntimeInfo("3.11.0", "Linux", "2.0", {"version": "1.0"}, Machine(), {})


def test_a_runtime_is_known_as_it_was_reported(cache: AnswerCache) -> None:
    assert cache.identity is None
    cache.identity = IDENTITY
    assert cache.identity == IDENTITY


def test_a_file_that_was_damaged_counts_as_empty(asked: Asked) -> None:
    whole = (asked.folder / "run.jsonl").read_bytes()
    file = ENVIRONMENT.home / FILE
    damage = np.random.default_rng(1)
    for _ in range(12):
        data = bytearray(file.read_bytes())
        for place in damage.integers(len(data), size=40):
            data[place] = damage.integers(256)
        for suffix in ("-wal", "-shm"):
            file.with_name(f"{FILE}{suffix}").unlink(missing_ok=True)
        file.write_bytes(data[: damage.integers(len(data)) if damage.integers(2) else None])
        assert asked.run().error is None
        assert (asked.folder / "run.jsonl").read_bytes() == whole


def test_a_value_that_is_damaged_or_in_another_place_is_not_taken(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / FILE, "a runtime")
    other = replace(TASK, source="y = 2 * x")
    cache.add(TASK, Answer(np.ones(3)))
    cache.add(other, Answer(np.zeros(3)))
    cache.close()
    for statement in (
        f"update answers set call = '{other.digest[::-1]}' where call = '{other.digest}'",
        f"update answers set call = '{other.digest}' where call = '{TASK.digest}'",
    ):
        with sqlite3.connect(tmp_path / FILE) as database:
            database.execute(statement)
        assert AnswerCache(tmp_path / FILE, "a runtime").get(other) is None


def test_a_folder_that_cannot_be_written_keeps_nothing(asked: Asked) -> None:
    file = ENVIRONMENT.home / FILE
    file.unlink()
    file.mkdir()
    assert asked.run().error is None
    assert asked.calls == "sccc"


def test_answers_are_forgotten_where_a_worker_reports_another_runtime(asked: Asked) -> None:
    interpreter = interpreters.interpreter_in(ENVIRONMENT, batched=True)
    cache = cache_in(ENVIRONMENT, interpreter)
    assert cache.identity is not None
    cache.identity = replace_struct(cache.identity, numpy="0.1")
    cache.close()
    assert asked.run(cases=distinct_cases(4)).error is not None
    assert asked.run(cases=distinct_cases(4)).error is None
    assert asked.calls == "scccc"
