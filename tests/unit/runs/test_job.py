"""Recordings of several environments: a run file for each, whatever becomes of the others."""

import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as Ended
from fakes import drive
from fakes import executors as fakes
from fakes.drive import PATHS
from fakes.frameworks import api, framework
from fakes.prepared_cases import prepared_cases

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.app import main
from conformance.environments import definitions
from conformance.environments.definitions import Environment, NoPython
from conformance.runs import executors, run_files, scheduler
from conformance.runs.executors import Place
from conformance.runs.fingerprint import run_fingerprint
from conformance.runs.job import Job, Request
from conformance.workers.worker_client import CannotStart

NAMES = ("plain", "other", "third")


@pytest.fixture(autouse=True)
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setattr(definitions, "build", lambda *_: Path(sys.executable))
    for name in NAMES:
        one = framework(api(id=f"{name}.right"), name=name, variables={"PYTHONPATH": PATHS})
        monkeypatch.setitem(FRAMEWORKS, name, one)


def environment(name: str, **rest: Any) -> Environment:
    return Environment(framework=name, pins=(f"{name}==1.0",), python="3.11", **rest)


def requests(tmp_path: Path, **rest: Any) -> list[Request]:
    return [
        Request(name=name, environment=environment(name), path=tmp_path / f"{name}.jsonl", **rest)
        for name in NAMES
    ]


def recorded(wanted: list[Request], count: int = 3, jobs: int = 2) -> list[Job]:
    with executors.threads(jobs) as places:
        return scheduler.record_all(wanted, prepared_cases(count), places)


def test_every_environment_has_a_run_of_its_own(tmp_path: Path) -> None:
    told = recorded(requests(tmp_path))
    assert [one.path for one in told] == [tmp_path / f"{name}.jsonl" for name in NAMES]
    for one, name in zip(told, NAMES, strict=True):
        assert {o.api for o in run_files.read(one.path).observations} == {f"{name}.right"}


def test_each_run_is_what_it_is_alone(tmp_path: Path) -> None:
    together = [one.path.read_bytes() for one in recorded(requests(tmp_path))]
    alone = [recorded([one], jobs=1)[0].path.read_bytes() for one in requests(tmp_path)]
    assert together == alone


def test_what_was_observed_is_counted(tmp_path: Path) -> None:
    assert [one.counts for one in recorded(requests(tmp_path))] == [{"match": 6}] * 3


def test_a_run_is_made_from_what_its_pins_need_too() -> None:
    plain = Environment(framework="jax", pins=("jax==1.0",))
    several = [plain, replace(plain, constraints=("jaxlib==1.0",)), replace(plain, backend="cpu")]
    assert len({run_fingerprint(one, [], []) for one in several}) == 3


def test_one_that_cannot_be_made_ends_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(of: Environment) -> Path:
        if of.framework == "other":
            raise definitions.CannotBuild("there is no wheel")
        return Path(sys.executable)

    monkeypatch.setattr(definitions, "build", build)
    told = recorded(requests(tmp_path))
    assert [str(one.error) for one in told] == ["None", "there is no wheel", "None"]
    assert [run_files.read(one.path).header.failure for one in told] == [
        None,
        "there is no wheel",
        None,
    ]


def test_one_that_cannot_be_written_ends_no_other(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    wanted = requests(tmp_path)
    wanted[1] = Request(
        name="other", environment=environment("other"), path=tmp_path / "file" / "a"
    )
    told = recorded(wanted)
    assert isinstance(told[1].error, OSError)
    assert run_files.read(tmp_path / "third.jsonl").complete


def test_each_is_gone_on_with_where_it_was(tmp_path: Path) -> None:
    told = recorded(requests(tmp_path))
    whole = [one.path.read_bytes() for one in told]
    told[0].path.write_bytes(whole[0][: len(whole[0]) // 2])
    told[1].path.unlink()
    again = recorded(requests(tmp_path, resume=True))
    assert [one.path.read_bytes() for one in again] == whole
    assert [one.was_complete for one in again] == [False, False, True]


class Order(fakes.Immediate):
    """Whose identity was asked for when."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def submit(self, *words: Any, **rest: Any) -> Future[Any]:
        if isinstance(words[1], Environment):
            self.names.append(words[1].framework)
        return super().submit(*words, **rest)


def test_runs_start_in_their_order(tmp_path: Path) -> None:
    executor = Order()
    scheduler.record_all(requests(tmp_path), prepared_cases(3), [Place(executor)])
    assert executor.names == list(NAMES)


def test_one_that_cannot_start_is_told_by_its_error(tmp_path: Path) -> None:
    wrong = Environment(framework="plain", python="/nowhere/python")
    request = Request(name="plain", environment=wrong, path=tmp_path / "run.jsonl")
    (one,) = recorded([request])
    assert isinstance(one.error, CannotStart)
    assert run_files.read(tmp_path / "run.jsonl").header.failure


# The command


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """On one case, with a fake in the place of PyTorch and another in that of JAX."""
    cases = tmp_path / "cases.yaml"
    cases.write_text("cases:\n  - {id: one, why: Why., x: [1, 2], kernel: [1, 10]}\n")
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    monkeypatch.setattr("conformance.runs.fingerprint.PACKAGE", tmp_path / "package")
    drive.fake(tmp_path)
    one = framework(api(id="jax.right"), name="jax", variables={"PYTHONPATH": PATHS})
    monkeypatch.setitem(FRAMEWORKS, "jax", one)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["run", str(cases), *words])


BOTH = ("--environment", "torch", "--environment", "jax")


def test_several_environments_are_written_below_one_folder(
    run: Callable[..., Ended], tmp_path: Path
) -> None:
    assert run(*BOTH, "--jobs", "2", "--out", "here").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == [
        "jax.jsonl",
        "torch.jsonl",
    ]


def test_they_have_a_folder_of_their_own(run: Callable[..., Ended]) -> None:
    said = run(*BOTH)
    assert said.output == (
        "reports/runs/torch.jsonl: 5 match, 1 mismatch\nreports/runs/jax.jsonl: 2 match\n"
    )


def test_one_that_fails_is_said_and_the_others_are_made(
    run: Callable[..., Ended], tmp_path: Path
) -> None:
    drive.fake(tmp_path, prelude="import no_such_framework")
    said = run(*BOTH)
    assert said.exit_code == 2
    assert "conformance run: torch: " in said.output
    assert "reports/runs/jax.jsonl: 2 match\n" in said.output
    assert "no_such_framework" in str(
        run_files.read(Path("reports/runs/torch.jsonl")).header.failure
    )


def test_all_stands_for_every_pinned_environment(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = {name: environment(name) for name in ("jax", "torch")}
    monkeypatch.setattr(definitions, "pinned", lambda: both)
    assert run("--environment", "all").exit_code == 0
    assert sorted(path.stem for path in Path("reports/runs").iterdir()) == ["jax", "torch"]


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two pinned environments, that of ``torch`` needs a Python that is not installed."""
    both = {"torch": replace(environment("torch"), python="3.9"), "jax": environment("jax")}
    monkeypatch.setattr(definitions, "pinned", lambda: both)

    def build(of: Environment) -> Path:
        if of.python == "3.9":
            raise NoPython("there is no Python 3.9 here; this helps")
        return Path(sys.executable)

    monkeypatch.setattr(definitions, "build", build)


@pytest.mark.parametrize(("words", "status"), [((), 2), (("--skip-missing-interpreters",), 0)])
@pytest.mark.usefixtures("old")
def test_one_whose_python_is_missing_is_said_and_the_others_are_made(
    run: Callable[..., Ended], words: tuple[str, ...], status: int
) -> None:
    ran = run("--environment", "all", *words)
    assert ran.exit_code == status
    assert ran.stderr == (
        "conformance run: torch: not run: there is no Python 3.9 here; this helps\n"
    )
    assert ran.stdout == "reports/runs/jax.jsonl: 2 match\n"
    failure = run_files.read(Path("reports/runs/torch.jsonl")).header.failure
    assert failure == "there is no Python 3.9 here; this helps"


@pytest.mark.usefixtures("old")
def test_only_a_missing_python_is_skipped(run: Callable[..., Ended]) -> None:
    broken = replace(FRAMEWORKS["jax"], prelude="import no_such_framework")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FRAMEWORKS, "jax", broken)
        assert run("--environment", "all", "--skip-missing-interpreters").exit_code == 2


@pytest.mark.usefixtures("old")
def test_what_a_framework_said_as_it_failed_has_lines(run: Callable[..., Ended]) -> None:
    said = "import sys; sys.stderr.write('no driver\\nno device'); raise OSError('gone')"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FRAMEWORKS, "jax", replace(FRAMEWORKS["jax"], prelude=said))
        ran = run("--environment", "jax")
    _, *lines = (line.removeprefix("conformance run: jax: ") for line in ran.stderr.splitlines())
    assert lines == ["    no driver", "    no device"]


def test_several_runs_do_not_fit_into_one_file(run: Callable[..., Ended]) -> None:
    Path("file").touch()
    said = run(*BOTH, "--out", "file")
    assert said.exit_code == 2
    assert "file is a file; several run files need a folder" in said.output


def test_an_environment_without_the_api_is_left_out(run: Callable[..., Ended]) -> None:
    said = run(*BOTH, "--api", "jax.right")
    assert said.output == "reports/runs/jax.jsonl: 2 match\n"


@pytest.mark.parametrize("words", [("--executor", "dask"), ("--scheduler", "tcp://127.0.0.1:1")])
def test_a_cluster_needs_both_its_words(run: Callable[..., Ended], words: tuple[str, ...]) -> None:
    said = run(*BOTH, *words)
    assert said.exit_code == 2
    assert "--executor dask and --scheduler ADDRESS go together" in said.output
