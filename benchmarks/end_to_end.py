"""A whole run beside the least that any program would do, for each pinned environment.

    python benchmarks/end_to_end.py --environment torch [--runs 5] [--pytest]
    python benchmarks/end_to_end.py --environment jax -k rank [--one-by-one]

Contestants take turns, each a process from its start to its end. `ours` is `conformance run` on
the corpus. `bare` is a script as a user would write it, in the framework's own process: it imports
the framework, makes the same native and recipe calls, written out as functions over arrays that
are in memory, and compares with ready answers. `pytest` is the same calls as parametrised tests.
Start is what each takes for one case alone. Where a framework compiles, `ours` finds what it
compiled the time before; `ours, anew` does not, and neither does `bare`. They ask everything again;
`ours, kept` puts the run together from the answers that are kept.
"""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import measuring
import numpy as np
from measuring import Taken

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import corpus
from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import interpreter_for, interpreter_in
from conformance.question import Array
from conformance.recipes.call_writer import Call
from conformance.runs import plan, run_header
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase
from conformance.workers.worker_client import WorkerClient

PEERS = Path(__file__).with_name("peers")
ONE = "stride-and-kernel-stride-1"
ANEW = {"JAX_ENABLE_COMPILATION_CACHE": "false"}
"""Nothing is found that was compiled before, where a framework compiles."""


@dataclass(frozen=True)
class Contestant:
    """A command, where it runs, and what it finds in its environment besides."""

    name: str
    words: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str]

    def taken(self) -> Taken:
        """What it takes from its start to its end, which has to be a good one."""
        ends = (0, 1) if self.name == "pytest" else (0,)
        return measuring.process(
            *self.words, folder=self.folder, variables=self.variables, ends=ends
        )


@click.command()
@click.option("--environment", "names", multiple=True, default=tuple(definitions.pinned()))
@click.option("--runs", "times", default=5, show_default=True)
@click.option("-k", "expression", metavar="EXPRESSION", help="Cases, as of `conformance run`.")
@click.option("--pytest", "with_pytest", is_flag=True, help="Plain pytest too.")
@click.option("--one-by-one", is_flag=True, help="Ours asking one by one too.")
def main(
    names: tuple[str, ...],
    times: int,
    expression: str | None,
    with_pytest: bool,
    one_by_one: bool,
) -> None:
    """Measure, and print a table for each environment."""
    for name in names:
        environment = definitions.pinned()[name]
        with TemporaryDirectory() as folder:
            home = Path(folder)
            calls = written(environment, expression, home / "every")
            calls -= written(environment, ONE, home / "one")
            contestants = _all(name, environment, home, expression)
            if one_by_one:
                contestants.append(_one_by_one(name, home, expression))
            if with_pytest:
                contestants.append(_pytest(environment, home))
            for contestant in contestants:  # what is compiled or cached once is so from here on
                contestant.taken()
            taken: dict[str, list[Taken]] = {one.name: [] for one in contestants}
            for _ in range(times):
                for contestant in contestants:
                    taken[contestant.name].append(contestant.taken())
            show(name, calls, taken)


def _all(
    name: str, environment: Environment, home: Path, expression: str | None
) -> list[Contestant]:
    framework = FRAMEWORKS[environment.framework]
    python, variables = environment.executable(), _variables(environment)
    run = _run(name, expression)
    start = (*_run(name, ONE), "--out", str(home / "one.jsonl"))
    contestants = [
        Contestant("ours", (*run, "--out", str(home / "run.jsonl")), home, {}),
        Contestant("bare", (python, "bare.py"), home / "every", variables),
        Contestant("ours, start", start, home, {}),
        Contestant("bare, start", (python, "bare.py"), home / "one", variables),
    ]
    kept = tuple(word for word in run if word != "--refresh")
    contestants.append(
        Contestant("ours, kept", (*kept, "--out", str(home / "kept.jsonl")), home, {})
    )
    if framework.compiled:
        words = (*run, "--out", str(home / "anew.jsonl"))
        contestants.append(Contestant("ours, anew", words, home, ANEW))
    return contestants


def _one_by_one(name: str, home: Path, expression: str | None) -> Contestant:
    words = (*_run(name, expression), "--out", str(home / "one-by-one.jsonl"), "--one-by-one")
    return Contestant("ours, one by one", words, home, ANEW)


def _pytest(environment: Environment, home: Path) -> Contestant:
    python = replace(environment, pins=(*environment.pins, "pytest"), strict=False).executable()
    words = (python, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "test_bare.py")
    return Contestant("pytest", words, home / "every", _variables(environment))


def _run(name: str, expression: str | None) -> tuple[str, ...]:
    run = (sys.executable, "-m", "conformance", "run", "--refresh", "--environment", name)
    return run if expression is None else (*run, "-k", expression)


def _variables(environment: Environment) -> Mapping[str, str]:
    """Those of a worker, but for the folder of what was compiled."""
    framework = FRAMEWORKS[environment.framework]
    interpreter = interpreter_for(framework, environment.executable(), environment.backend)
    return {**interpreter.variables, **environment.variables}


def written(environment: Environment, expression: str | None, folder: Path) -> int:
    """The bare script with its questions in a folder of its own, and how many there are."""
    folder.mkdir()
    for file in PEERS.glob("*.py"):
        shutil.copy(file, folder)
    framework = FRAMEWORKS[environment.framework]
    prepared_cases = [PreparedCase(case) for case in corpus.select_cases((), expression)]
    with WorkerClient(interpreter_in(environment, batched=False)) as client:
        header = run_header.header(framework, client.identity, prepared_cases)
    apis = [api for api in framework.apis if header.apis[api.id]]
    asked = list(plan.invocations(framework, header.runtime, apis, prepared_cases))
    asked = [item for item in asked if isinstance(item.call, Call)]
    sources = [_function(number, item) for number, item in enumerate(asked)]
    names = ", ".join(f"q{number}" for number in range(len(asked)))
    text = "\n\n".join(
        ("import numpy as np", framework.prelude, *sources, f"QUESTIONS = [{names}]")
    )
    (folder / "questions.py").write_text(text, encoding="utf-8")
    blob, index = bytearray(), []
    for item in asked:
        arrays = {name: _put(blob, array) for name, array in _call(item).arrays.items()}
        wanted = item.prepared_case.oracle_answer
        index.append(
            (arrays, None if wanted is None else _put(blob, wanted), item.prepared_case.case.exact)
        )
    (folder / "arrays.bin").write_bytes(blob)
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    return len(asked)


def _call(item: Invocation) -> Call:
    assert isinstance(item.call, Call)  # as others were left out
    return item.call


def _function(number: int, item: Invocation) -> str:
    call = _call(item)
    body = "".join(f"    {line}\n" for line in call.source.splitlines())
    return f"def q{number}({', '.join(call.arrays)}):\n{body}    return y\n"


def _put(blob: bytearray, array: Array) -> tuple[str, tuple[int, ...], int]:
    blob.extend(bytes(-len(blob) % 64))
    offset = len(blob)
    blob.extend(np.ascontiguousarray(array).tobytes())
    return array.dtype.str, array.shape, offset


def show(name: str, calls: int, taken: Mapping[str, Sequence[Taken]]) -> None:
    """A line for each contestant, and what a question costs us beyond start-up."""
    medians = {who: measuring.middle(all_of_it) for who, all_of_it in taken.items()}
    bare = medians["bare"]
    print(f"{name}: {calls:,} calls")
    for who, one in medians.items():
        spread = [each.clock for each in taken[who]]
        line = f"  {who:<18}{one.clock:>8.2f} s ({min(spread):.2f} to {max(spread):.2f})"
        line += f"{one.processors:>8.2f} s of processors"
        if not who.endswith("start"):
            line += f"; {one.clock / bare.clock:.2f} and {one.processors / bare.processors:.2f}"
        print(line)
    ours, theirs = (medians[w].clock - medians[f"{w}, start"].clock for w in ("ours", "bare"))
    print(f"  beyond start-up, ours more by {1000 * (ours - theirs) / calls:.2f} ms a call")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
