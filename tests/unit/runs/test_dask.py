"""A Dask cluster of processes with folders of their own writes the run file that threads write."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

import dask
import distributed
import pytest
from click.testing import CliRunner
from distributed import LocalCluster
from fakes import cluster as fake_cluster
from fakes import drive, troubled
from fakes.clock import wait_until

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.app import main
from conformance.runs import executors, shards
from conformance.runs.executors import NoExecutor

HOW = ["dawdles"] * 49 + ["waits"]
"""The last waits until it may go on, so that nothing is over before a worker is killed."""
CASES = "cases:\n" + "".join(
    f"  - {{id: c{n:02}, why: Why., x: [{troubled.FIRST_NUMBER[how]}, {n}], kernel: [1, 10]}}\n"
    for n, how in enumerate(HOW)
)


@pytest.fixture
def scheduler() -> Iterator[str]:
    """A scheduler without workers, on this machine only."""
    with LocalCluster(
        n_workers=0, host="127.0.0.1", protocol="tcp://", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


@contextmanager
def worker(scheduler: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir()
    words = [sys.executable, fake_cluster.__file__, scheduler, str(folder)]
    with subprocess.Popen(
        words,
        env=drive.variables(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        yield process
        process.kill()


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A command with a fake that takes its time."""
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    drive.fake(tmp_path)
    (tmp_path / "go").touch()
    cases = tmp_path / "cases.yaml"
    cases.write_text(CASES, encoding="utf-8")
    return ["run", str(cases), "--framework", "torch", "--api", "plain.troubled", "--out"]


def kill_once(
    process: subprocess.Popen[bytes], path: Path, count: int, folders: list[Path]
) -> None:
    """As soon as the run file has so many lines; then what waits may go on."""
    wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") >= count)
    process.kill()
    for folder in folders:
        (folder / "go").touch()


def test_a_cluster_of_which_a_worker_is_killed_writes_the_same_file(
    scheduler: str, line: list[str], tmp_path: Path
) -> None:
    near, far = tmp_path / "near.jsonl", tmp_path / "far.jsonl"
    assert CliRunner().invoke(main, [*line, str(near)]).exit_code == 0
    folders = [tmp_path / "one", tmp_path / "other"]
    with ExitStack() as stack:
        killed, _ = [stack.enter_context(worker(scheduler, folder)) for folder in folders]
        killer = Thread(target=kill_once, args=(killed, far, 20, folders))
        killer.start()
        words = ["--executor", "dask", "--scheduler", scheduler]
        ran = CliRunner().invoke(main, [*line, str(far), *words])
        killer.join()
    assert ran.exit_code == 0, ran.output
    assert far.read_bytes() == near.read_bytes()


def test_a_scheduler_that_is_not_there_is_named() -> None:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "100ms"}),
        pytest.raises(NoExecutor, match=r"there is no Dask scheduler at 'tcp://127.0.0.1:1': "),
        executors.dask("tcp://127.0.0.1:1"),
    ):
        pass


@pytest.mark.parametrize(
    "address",
    ["nonsense", "tcp://", "http://x", "tls://127.0.0.1:1", "ucx://1", "inproc://x", "a b"],
)
def test_no_client_is_made_for_an_address_that_is_none(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """One that could not start would be waited for at the end of the process, for a minute."""
    made: list[object] = []
    monkeypatch.setattr(distributed, "Client", lambda *words, **_: made.append(words))
    with pytest.raises(NoExecutor, match="there is no Dask scheduler at"), executors.dask(address):
        pass
    assert made == []


def test_a_scheduler_with_other_code_is_refused(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(["theirs"])  # the scheduler is a thread of this process, and asked first
    monkeypatch.setattr(shards, "package", lambda: next(codes, "ours"))
    said = f"conformance is theirs at {scheduler}, and ours here"
    with pytest.raises(NoExecutor, match=re.escape(said)), executors.dask(scheduler):
        pass


def test_a_scheduler_without_this_package_is_refused(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing() -> str:
        raise ModuleNotFoundError("No module named 'conformance'")

    monkeypatch.setattr(shards, "package", nothing)
    with (
        pytest.raises(NoExecutor, match="and its workers need this package too: No module named"),
        executors.dask(scheduler),
    ):
        pass
