"""``--resume``: a run that is killed at any moment ends in the file of one that was not."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes import drive, troubled
from fakes.clock import PATIENCE, wait_until
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.app import main
from conformance.observations import Key, Observation
from conformance.runs import partial_runs, run_files, scheduler
from conformance.runs.run_files import Header, RunError, Writer

HOW = ["dawdles"] * 29 + ["waits"]
"""The last waits until it may go on, so that nothing is over before it is killed."""
CASES = "cases:\n" + "".join(
    f"  - {{id: c{n:02}, why: Why., x: [{troubled.FIRST_NUMBER[how]}, {n}], kernel: [1, 10]}}\n"
    for n, how in enumerate(HOW)
)
OBSERVATIONS = 60
Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return prepared(tmp_path)


def prepared(folder: Path) -> Path:
    (folder / "cases.yaml").write_text(CASES, encoding="utf-8")
    (folder / "go").touch()
    return folder


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in this process, with a fake that takes its time for PyTorch."""
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    monkeypatch.setattr(scheduler, "WORTH", 0.0)
    monkeypatch.chdir(folder)
    drive.fake(folder)
    return lambda *more: CliRunner().invoke(main, words(folder, *more))


def words(folder: Path, *more: str) -> list[str]:
    # The cases are named from the folder, as a run file says how they are named.
    line = ["run", "cases.yaml", "--framework", "torch", "--api", "plain.troubled"]
    return [*line, "--out", str(folder / "run.jsonl"), *more]


def started(folder: Path, *more: str) -> subprocess.Popen[str]:
    """The command as a process that can be killed."""
    return subprocess.Popen(
        [sys.executable, drive.__file__, *words(folder, *more)],
        cwd=folder,
        env=drive.variables(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def stopped_at(folder: Path, count: int, *more: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process whose run file has so many lines, and does not come to its end."""
    path = folder / "run.jsonl"
    (folder / "go").unlink()
    with started(folder, *more) as process:
        wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") >= count)
        yield process
        (folder / "go").touch()
        process.wait(PATIENCE)


def kill_at(folder: Path, count: int, *more: str) -> None:
    with stopped_at(folder, count, *more) as process:
        process.kill()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = prepared(tmp_path_factory.mktemp("undisturbed"))
    with started(folder) as process:
        assert process.wait(PATIENCE) == 0
    return held(folder)


def held(folder: Path) -> bytes:
    """What the run file holds."""
    return (folder / "run.jsonl").read_bytes()


# Killed from outside


@pytest.mark.parametrize(
    ("count", "jobs"), [(1, "1"), (2, "1"), (25, "1"), (59, "1"), (3, "2"), (30, "2"), (59, "2")]
)
def test_a_killed_controller_is_gone_on_from(
    folder: Path, run: Run, undisturbed: bytes, count: int, jobs: str
) -> None:
    kill_at(folder, count, "--jobs", jobs)
    assert run("--jobs", jobs, "--resume").exit_code == 0
    assert held(folder) == undisturbed


def test_a_run_that_is_killed_again_and_again_comes_to_its_end(
    folder: Path, undisturbed: bytes
) -> None:
    for count in (5, 9, 30, 45):
        kill_at(folder, count, "--resume")
    with started(folder, "--resume") as process:
        assert process.wait(PATIENCE) == 0
    assert held(folder) == undisturbed


def test_what_is_in_the_file_is_not_asked_again(folder: Path, run: Run) -> None:
    """What a question leaves behind is counted where it is asked."""
    kill_at(folder, 20)
    done = run_files.read(folder / "run.jsonl").observations
    drive.fake(folder, prelude=COUNTING)
    assert run("--resume").exit_code == 0
    told = (folder / "asked").read_text().count(".")
    assert told == OBSERVATIONS // 2 - len({o.case for o in done if o.mode == "recipe"})


COUNTING = """
from fakes import plain, troubled
import os
from types import SimpleNamespace
def counted(*words, **more):
    with open(os.environ["FAKE_FOLDER"] + "/asked", "a") as file:
        file.write(".")
    return asked(*words, **more)
asked, troubled = troubled.ask, SimpleNamespace(ask=counted)
"""


def workers(process: subprocess.Popen[str]) -> list[int]:
    children = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(pid) for file in children for pid in file.read_text().split()]


@pytest.mark.parametrize("count", [1, 7, 25])
def test_a_killed_worker_costs_no_answer(folder: Path, undisturbed: bytes, count: int) -> None:
    with stopped_at(folder, count) as process:
        for pid in workers(process):
            os.kill(pid, signal.SIGKILL)
    assert process.returncode == 0
    assert held(folder) == undisturbed


# Cut off at any byte


def test_a_file_that_is_cut_anywhere_is_gone_on_from(
    folder: Path, run: Run, undisturbed: bytes
) -> None:
    @given(st.integers(0, len(undisturbed)))
    @example(0)
    @example(1)
    @example(undisturbed.index(b"\n"))
    @example(undisturbed.index(b"\n") + 1)
    @example(len(undisturbed) - 1)
    @settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def cut(end: int) -> None:
        (folder / "run.jsonl").write_bytes(undisturbed[:end])
        assert (ran := run("--resume")).exit_code == 0, ran.output
        assert held(folder) == undisturbed

    cut()


def header(**rest: object) -> Header:
    return Header(**{"framework": "plain", "version": "1.0", **rest})


def observation(case: str) -> Observation:
    return Observation(
        api="a",
        case=case,
        mode="native",
        status="match",
        op="conv_transpose",
        topics=("basic",),
        content="c",
        exact=True,
    )


KEYS: tuple[Key, ...] = tuple(("a", f"ä{number}", "native") for number in range(4))


def write_all(path: Path, *, resume: bool, names: tuple[Key, ...] = KEYS) -> frozenset[Key]:
    """Writes what is not there yet; what was there."""
    with partial_runs.writing(path, header(), iter(KEYS), resume=resume) as begun:
        for key in names:
            if key not in begun.done:
                begun.add(observation(key[1]))
        if not begun.is_complete:
            begun.close()
    return begun.done


def test_where_the_cases_were_written_makes_no_other_run(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    write_all(path, resume=False)
    moved = header(files=("elsewhere.yaml",))
    with partial_runs.writing(path, moved, iter(KEYS), resume=True) as begun:
        assert begun.is_complete


def test_what_was_observed_is_safe_at_once(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with partial_runs.writing(path, header(), iter(KEYS), resume=False) as begun:
        begun.add(observation("ä0"))
        assert [o.key for o in run_files.read(path).observations] == [KEYS[0]]


def test_a_file_cut_at_every_single_byte_is_gone_on_from(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    write_all(path, resume=False)
    whole = path.read_bytes()
    for end in range(len(whole) + 1):
        path.write_bytes(whole[:end])
        done = write_all(path, resume=True)
        assert len(done) == max(0, min(4, whole[:end].count(b"\n") - 1))
        assert path.read_bytes() == whole


# In whatever order things came


@given(st.permutations(KEYS))
def test_whatever_the_order_of_the_observations_the_file_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, names: tuple[Key, ...]
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    write_all(folder / "one.jsonl", resume=False)
    write_all(folder / "other.jsonl", resume=False, names=tuple(names))
    assert (folder / "other.jsonl").read_bytes() == (folder / "one.jsonl").read_bytes()
    assert len(list(folder.iterdir())) == 2


def test_a_run_that_lacks_an_observation_does_not_end(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with pytest.raises(RunError, match=r"\('a', 'ä3', 'native'\) was not observed"):
        write_all(path, resume=False, names=KEYS[:3])
    assert not run_files.read(path).complete


def test_a_run_with_an_observation_too_many_does_not_end(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with pytest.raises(RunError, match=r"'surprise', 'native'.* nobody asked for it"):
        write_all(path, resume=False, names=(*KEYS, ("a", "surprise", "native")))
    assert not run_files.read(path).complete


# What is not gone on with


def test_a_complete_run_is_left_alone(run: Run, folder: Path) -> None:
    assert run("-k", "c00").exit_code == 0
    before = (folder / "run.jsonl").stat()
    again = run("-k", "c00", "--resume")
    assert again.exit_code == 0
    assert again.output == f"{folder / 'run.jsonl'}: as it was; the run is complete\n"
    assert (folder / "run.jsonl").stat().st_mtime_ns == before.st_mtime_ns


def test_where_nothing_was_begun_a_run_begins(run: Run, folder: Path) -> None:
    assert run("-k", "c00", "--resume").exit_code == 0
    assert run_files.read(folder / "run.jsonl").complete


def test_where_nothing_could_be_asked_a_run_begins(run: Run, folder: Path) -> None:
    assert run("--python", "/nowhere/python").exit_code == 2
    assert run("-k", "c00", "--resume").exit_code == 0
    assert run_files.read(folder / "run.jsonl").header.failure is None


def test_a_framework_that_cannot_be_asked_any_more_costs_nothing(run: Run, folder: Path) -> None:
    run("-k", "c00")
    before = (folder / "run.jsonl").read_bytes()
    assert run("-k", "c00", "--resume", "--python", "/nowhere/python").exit_code == 2
    assert (folder / "run.jsonl").read_bytes() == before


def stopped(folder: Path, **changes: object) -> bytes:
    """A run that was stopped after its first observations, with another header."""
    path = folder / "run.jsonl"
    run = run_files.read(path)
    with path.open("wb") as file:
        writer = Writer(file)
        writer.open(replace(run.header, **changes))
        writer.add(run.observations[0])
    return path.read_bytes()


@pytest.mark.parametrize(
    ("field", "was", "said"),
    [
        ("version", "0.9", "version was '0.9' and is '1.0'"),
        ("cases", "0123", "the digest of the cases was '0123' and is '"),
        ("python", "3.8.0", "python was '3.8.0' and is '"),
    ],
)
def test_another_run_is_not_gone_on_with(
    run: Run, folder: Path, field: str, was: str, said: str
) -> None:
    run("-k", "c00")
    before = stopped(folder, **{field: was})
    ran = run("-k", "c00", "--resume")
    assert ran.exit_code == 2
    assert "another run was stopped there than this one: " in ran.output
    assert said in ran.output
    assert (folder / "run.jsonl").read_bytes() == before


def test_a_run_of_more_apis_is_not_gone_on_with(run: Run, folder: Path) -> None:
    run("-k", "c00", "--api", "plain.right")
    stopped(folder)
    ran = run("-k", "c00", "--resume")
    assert ran.exit_code == 2
    assert "nobody asks now for plain.right c00 native" in ran.output


@pytest.mark.parametrize("text", ["not a run\n", "{}\n", '{"kind": "footer"}\n'])
def test_what_is_no_run_is_not_gone_on_with(run: Run, folder: Path, text: str) -> None:
    (folder / "run.jsonl").write_text(text)
    ran = run("-k", "c00", "--resume")
    assert ran.exit_code == 2
    assert "run.jsonl" in ran.output
    assert (folder / "run.jsonl").read_text() == text


def test_a_run_that_is_being_written_is_let_be(run: Run, folder: Path) -> None:
    with run_files.writing(folder / "run.jsonl", header()) as writer:
        writer.add(observation("one"))
        ran = run("-k", "c00", "--resume")
    assert ran.exit_code == 2
    assert "another run is being written there" in ran.output
    assert len(run_files.read(folder / "run.jsonl").observations) == 1


def test_a_run_is_not_written_to_a_device() -> None:
    with pytest.raises(RunError, match="/dev/full: a run cannot be written to a device"):
        write_all(Path("/dev/full"), resume=False)
