"""How runs grow, how environments share two cores, and what a cluster of processes comes to.

    python benchmarks/scale.py growth --environment torch --questions 1000 --questions 10000
    python benchmarks/scale.py together --jobs 2 --runs 5
    python benchmarks/scale.py cluster --environment torch --workers 3

`growth` asks random questions, drawn again whenever they are needed, and tells time and memory of
the controller and of its largest worker. `together` times each pinned environment alone, and all of
them on so many workers. `cluster` starts a Dask scheduler and workers with folders of their own,
each of which makes its own environment, kills one of them in the middle, and compares run files.
Environments are kept where CONFORMANCE_ENVIRONMENTS says, and made before anything is timed.
"""

import json
import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Thread
from time import perf_counter, process_time, sleep

import click
import measuring
from measuring import ROOT, Taken

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import sampling
from conformance.environments import definitions
from conformance.fuzz.random_search import prepare_case
from conformance.observations import Observation
from conformance.runs import executors, run_files, scheduler, shards
from conformance.runs.job import Request
from conformance.runs.plan import is_applicable
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.worker_limits import WorkerLimits
from conformance.runs.worker_pool import WorkerPool

MIB = 2**20
SEED = 1


@click.group()
def main() -> None:
    """Measure, and print a table."""


# Growth


@dataclass(frozen=True)
class Drawn(Collection[PreparedCase]):
    """So many random questions, none of which is kept."""

    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[PreparedCase]:
        for number in range(self.count):
            yield prepare_case(sampling.draw(SEED, number), f"drawn-{number}")

    def __contains__(self, prepared_case: object) -> bool:
        return any(prepared_case is one for one in self)


@dataclass(frozen=True)
class Cost:
    """What a run of drawn questions took; memory at its peak, in bytes."""

    questions: int
    observations: int
    seconds: float
    controller: int
    worker: int
    size: int


@main.command()
@click.option("--environment", "names", multiple=True, default=("torch", "mxnet"))
@click.option("--questions", "counts", multiple=True, type=int, default=(1_000, 10_000, 100_000))
@click.option("--jobs", default=1, show_default=True)
def growth(names: tuple[str, ...], counts: tuple[int, ...], jobs: int) -> None:
    """Time and memory of ever more questions."""
    heads = (
        "questions",
        "observations",
        "seconds",
        "ms each",
        "controller",
        "worker",
        "bytes each",
    )
    print(f"{'':>12}" + "".join(f"{head:>14}" for head in heads))
    for name in names:
        definitions.pinned()[name].executable()
        for count in counts:
            with get_context("spawn").Pool(1) as alone:  # a peak is that of a process's whole life
                cost = alone.apply(grow, (name, count, jobs))
            print(
                f"{name:>12}{cost.questions:>14,}{cost.observations:>14,}{cost.seconds:>14.1f}"
                f"{1000 * cost.seconds / cost.observations:>14.2f}"
                f"{cost.controller / MIB:>10.0f} MiB{cost.worker / MIB:>10.0f} MiB"
                f"{cost.size / cost.observations:>14.0f}",
                flush=True,
            )


def grow(name: str, count: int, jobs: int) -> Cost:
    """One run of drawn questions, to be made in a process of its own."""
    pinned = definitions.pinned()[name]
    environment = replace(pinned, pins=(), python=pinned.executable())  # which keeps no answers
    with TemporaryDirectory() as folder, executors.threads(jobs) as places:
        request = Request(name=name, environment=environment, path=Path(folder, "run.jsonl"))
        began = perf_counter()
        (recorded,) = scheduler.record_all([request], Drawn(count), places)
        seconds = perf_counter() - began
        if recorded.error or recorded.path is None:
            raise SystemExit(f"{name}: {recorded.error}")
        size = recorded.path.stat().st_size
    return Cost(
        count, recorded.counts.total(), seconds, peak(resource.RUSAGE_SELF), workers_peak(), size
    )


def peak(who: int) -> int:
    return 1024 * resource.getrusage(who).ru_maxrss


def workers_peak() -> int:
    """Of the largest process that has ended, which the workers have by now."""
    return peak(resource.RUSAGE_CHILDREN)


# Together


@main.command()
@click.option("--environment", "names", multiple=True, default=tuple(definitions.pinned()))
@click.option("--jobs", default=2, show_default=True)
@click.option("--runs", "times", default=5, show_default=True)
def together(names: tuple[str, ...], jobs: int, times: int) -> None:
    """Every environment alone, and all of them together; medians."""
    for name in names:
        definitions.pinned()[name].executable()
    with TemporaryDirectory() as folder:
        rounds = [_round(names, jobs, Path(folder)) for _ in range(times)]
    alone = {name: measuring.middle(one[name] for one in rounds) for name in names}
    both = measuring.middle(one[""] for one in rounds)
    print(f"{'':>14}{'seconds':>10}{'of processors':>14}")
    for name, taken in alone.items():
        print(f"{name:>14}{taken.clock:>10.1f}{taken.processors:>14.1f}")
    print(f"{'all, in turn':>14}{sum(one.clock for one in alone.values()):>10.1f}")
    print(f"{'all together':>14}{both.clock:>10.1f}{both.processors:>14.1f}")
    slowest = max(one.clock for one in alone.values())
    least = sum(one.processors for one in alone.values()) / (os.cpu_count() or 1)
    print(f"together / slowest alone: {both.clock / slowest:.2f}")
    print(f"together / all their seconds of processors on all cores: {both.clock / least:.2f}")


def _round(names: tuple[str, ...], jobs: int, folder: Path) -> dict[str, Taken]:
    """Each alone and, under no name, all of them: in alternation, as machines have moods."""
    taken = {}
    for name in names:
        taken[name] = _timed("--environment", name, "--out", folder / name)
        print(f"{name} {taken[name].clock:.1f} s", file=sys.stderr)
    words = [word for name in names for word in ("--environment", name)]
    taken[""] = _timed(*words, "--jobs", jobs, "--out", folder / "all")
    return taken


def _timed(*words: object) -> Taken:
    return measuring.process(sys.executable, "-m", "conformance", "run", "--refresh", *words)


# A cluster


@main.command()
@click.option("--environment", "name", default="torch", show_default=True)
@click.option("--workers", "count", default=3, show_default=True)
@click.option("--kill/--no-kill", default=True, show_default=True)
def cluster(name: str, count: int, kill: bool) -> None:
    """A run on separate processes with their own folders, and the same run here."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        near, far = home / "near.jsonl", home / "far.jsonl"
        here = _timed("--environment", name, "--out", near)
        scheduler = stack.enter_context(_started("scheduler", home))
        address = _address(home)
        started = [stack.enter_context(_started("worker", home, n)) for n in range(count)]
        began = perf_counter()
        if kill:
            Thread(target=_kill_once, args=(started[0], far), daemon=True).start()
        words = ("--executor", "dask", "--scheduler", address)
        _timed("--environment", name, "--out", far, *words)
        seconds = perf_counter() - began
        made = {path.parent.name for path in home.glob(f"worker-*/*/{definitions.READY}")}
        survivors = sum(process.poll() is None for process in started)
        scheduler.kill()
        print(f"{name} here: {here.clock:.1f} s")
        print(f"on {count} processes, of which {survivors} survived: {seconds:.1f} s")
        print(f"in which each made its environment {', '.join(made)}")
        print(f"the same bytes: {near.read_bytes() == far.read_bytes()}")
        _print_moved(name, near)


@contextmanager
def _started(what: str, home: Path, number: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    folder = home / f"{what}-{number}"
    folder.mkdir()
    words = {
        "scheduler": ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", _file(home)],
        "worker": [
            *("--scheduler-file", _file(home), "--local-directory", str(folder)),
            *("--nthreads", "1", "--no-nanny"),
        ],
    }
    with subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *words[what]],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CONFORMANCE_ENVIRONMENTS": str(folder)},
        cwd=folder,
        stderr=(folder / "log").open("wb"),
    ) as process:
        yield process
        process.kill()


def _file(home: Path) -> str:
    return str(home / "scheduler.json")


def _address(home: Path) -> str:
    for _ in range(600):
        if Path(_file(home)).exists():
            return str(json.loads(Path(_file(home)).read_text())["address"])
        sleep(0.1)
    raise SystemExit("the scheduler did not start")


def _kill_once(process: subprocess.Popen[bytes], path: Path) -> None:
    """In the middle: when its share of a few hundred observations has come."""
    while not path.exists() or path.read_bytes().count(b"\n") < 500:
        sleep(0.05)
    process.kill()


def _print_moved(name: str, path: Path) -> None:
    """What goes to a worker and comes back."""
    environment = definitions.pinned()[name]
    identity = WorkerPool().identify(environment, WorkerLimits(), shards.package())
    apis = [
        api
        for api in FRAMEWORKS[environment.framework].apis
        if run_files.read(path).header.apis[api.id]
    ]
    drawn = Drawn(shards.MOST)
    whole = shards.Shard(
        environment=environment,
        limits=WorkerLimits(),
        identity=identity,
        api_ids=tuple(api.id for api in apis),
        prepared_cases=(),
    )
    (shard,) = shards.cut(whole, drawn)
    observations: tuple[Observation, ...] = run_files.read(path).observations
    asked = sum(is_applicable(api, one.case) for api in apis for one in drawn)
    packed = pickle.dumps(observations)
    with TemporaryFile() as file:
        began = process_time()
        writer = run_files.Writer(file)
        for observation in pickle.loads(packed):
            writer.add(observation)
        each = (process_time() - began) / len(observations)
    print(
        f"a shard of {len(drawn)} drawn questions to {asked / len(drawn):.1f} APIs each:"
        f" {len(pickle.dumps(shard)):,} bytes there;"
        f" {len(packed) / len(observations):,.0f} bytes back an observation,"
        f" which to unpack and write down takes {1e6 * each:.0f} microseconds"
    )


if __name__ == "__main__":
    main()
