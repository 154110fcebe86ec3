"""Random layers through `conformance translate`: do both ends give the same numbers?

    python benchmarks/translations.py --count 10000 [--environment torch --environment jax ...]

Each layer is written as a person writes it, defaults left out, for one API and another one of the
environments that are given. What the command prints is run, both ends of it, on random integers,
and compared bit for bit; what it says is refused is asked as well. Every proof that it prints is
counted again, by pandas over the lines of the run files that `nox` leaves.
"""

import re
import sys
import textwrap
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import click
import numpy as np
from click.testing import CliRunner
from layers import End, Layer, written
from recounting import counted_again

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.app import main as conformance_command
from conformance.environments import definitions, interpreters
from conformance.question import Array
from conformance.recipes import call_writer
from conformance.recipes.call_writer import Call
from conformance.translate import records
from conformance.workers.outcomes import Answer
from conformance.workers.worker_client import Task, WorkerClient

UNFORESEEN = "the first refuses it, which it does not say"
BATCH = 2500
"""Layers at a time, so that memory stays small."""


@click.command()
@click.option("--count", default=100, show_default=True, help="Layers.")
@click.option("--seed", default=0, show_default=True)
@click.option("--environment", "names", multiple=True, help="[default: all that were run]")
@click.option("--runs", "folder", default=Path("reports", "runs"), type=click.Path(path_type=Path))
def main(count: int, seed: int, names: tuple[str, ...], folder: Path) -> None:
    """Translate random layers by the command, run both ends, and count the proofs again."""
    records.read = cache(records.read)  # as the same few files are read for every layer
    names = names or tuple(name for name in definitions.pinned() if _run(folder, name).exists())
    ends = [
        End(name, environment, api)
        for name in names
        for environment in (definitions.pinned()[name],)
        for api in FRAMEWORKS[environment.framework].apis
        if api.operator == "conv_transpose" and not api.is_variant
    ]
    random = np.random.default_rng(seed)
    layers = enumerate(islice(written(random, ends), count))
    totals: Counter[str] = Counter()
    while batch := dict(islice(layers, BATCH)):
        totals += _tried(batch, folder)
        print(f"{max(batch) + 1} of {count} layers", file=sys.stderr)
    for said, number in sorted(totals.items()):
        print(f"| {said} | {number:,} |")
    sys.exit(any(said.startswith("WRONG") for said in totals))


def _run(folder: Path, name: str) -> Path:
    return folder / f"{name}.jsonl"


# What the command makes of it


def _tried(layers: Mapping[int, Layer], folder: Path) -> Counter[str]:
    """How often what came of it."""
    table: Counter[str] = Counter()
    asked: dict[str, tuple[End, str, Mapping[str, Array]]] = {}
    printed: dict[int, str] = {}
    for number, layer in layers.items():
        runs = [
            f"--{option}={value}"
            for end, which in ((layer.source, "from-class"), (layer.target, "to-class"))
            for path in (_run(folder, end.name),)
            for option, value in (("run", path), (which, records.read(path).header.runtime_class))
        ]
        said = CliRunner().invoke(conformance_command, ["translate", *layer.words, *runs])
        printed[number] = said.output
        if said.exit_code == 0:
            native, translated = _codes(said.output)
            arrays = _arrays(layer, number)
            asked[f"{number} native"] = (layer.source, native, arrays)
            asked[f"{number} other"] = (layer.target, translated, arrays)
            table[counted_again(said.output, layer, _run(folder, layer.target.name))] += 1
        elif said.output.startswith("refused: "):
            call = _native(layer, folder)
            asked[f"{number} native"] = (layer.source, call.source, _filled(call.arrays, number))
        elif said.exit_code == 1:
            table["there is no such call"] += 1
        else:
            table["WRONG: no status" if said.exit_code != 2 else "it cannot be told"] += 1
            if said.exit_code != 2:
                print(f"{layer.words}\n{said.output}\n{said.exception!r}")
    answers = _answers(asked)
    for number, layer in layers.items():
        if f"{number} native" not in answers:
            continue
        one, other = answers[f"{number} native"], answers.get(f"{number} other")
        verdict = _verdict(one, other, printed[number])
        table[verdict] += 1
        if verdict == UNFORESEEN:
            print(f"{verdict}: {' '.join(layer.words)}: {one}", file=sys.stderr)
        if verdict.startswith("WRONG"):
            print(f"{verdict}: {' '.join(layer.words)}\n{printed[number]}\n{one}\n{other}\n")
    return table


def _verdict(one: Array | str, other: Array | str | None, printed: str) -> str:
    if other is None:
        is_refused = isinstance(one, str) or not one.size  # MXNet answers nothing instead
        return "refused, as it says" if is_refused else "WRONG: it is not refused"
    if isinstance(one, str):
        return "refused, as it says may be" if printed.startswith("maybe: ") else UNFORESEEN
    if isinstance(other, str):
        return "WRONG: the other refuses it"
    if one.dtype == other.dtype and np.array_equal(one, other):
        return "the same numbers"
    return "known to be wrong, as it says" if "\nknown:   " in printed else "WRONG: other numbers"


def _codes(printed: str) -> tuple[str, str]:
    """The two calls, as they are printed."""
    native, other = re.findall(r"(?:^    .*\n)+", printed, re.MULTILINE)
    return textwrap.dedent(native), textwrap.dedent(other)


def _arrays(layer: Layer, seed: int) -> dict[str, Array]:
    """Small integers in the layout of the first API."""
    q, api = layer.question, layer.source.api
    axes = dict(zip(("N", "C"), q.x.shape, strict=False)) | {"*s": q.space}
    kernel = dict(zip(("in", "out"), q.kernel.shape, strict=False)) | {"*k": q.window}
    shapes = {"x": _shape(api.layout, axes), "w": _shape(api.kernel_axes, kernel)}
    if q.bias is not None:
        shapes["b"] = q.bias.shape
    return _filled({name: np.empty(shape) for name, shape in shapes.items()}, seed)


def _shape(order: str, lengths: Mapping[str, int | tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(int(n) for name in order.split() for n in np.atleast_1d(lengths[name]))


def _filled(arrays: Mapping[str, Array], seed: int) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    return {
        name: random.integers(-3, 4, array.shape).astype(np.float32)
        for name, array in arrays.items()
    }


def _native(layer: Layer, folder: Path) -> Call:
    """The call that is said to be refused, over arrays in canonical order."""
    framework = FRAMEWORKS[layer.source.environment.framework]
    runtime = records.read(_run(folder, layer.source.name)).runtime
    call = call_writer.write(framework, runtime, layer.source.api, layer.question, "native")
    assert isinstance(call, Call)  # or nothing would be refused
    return call


Wanted: TypeAlias = Mapping[str, tuple[End, str, Mapping[str, Array]]]
"""By a key: where a call is made, its source and the arrays that it reads."""


def _answers(asked: Wanted) -> dict[str, Array | str]:
    """What is answered, two environments at a time; words where it is no array."""
    ends = {end.name: end for end, _, _ in asked.values()}.values()
    with ThreadPoolExecutor(2) as pool:
        return {k: v for part in pool.map(partial(_there, asked), ends) for k, v in part.items()}


def _there(asked: Wanted, end: End) -> dict[str, Array | str]:
    tasks = [
        Task(key, source, arrays)
        for key, (where, source, arrays) in asked.items()
        if where.name == end.name
    ]
    interpreter = interpreters.interpreter_in(end.environment, batched=False)
    with WorkerClient(interpreter) as client:
        return {
            task.key: outcome.array if isinstance(outcome, Answer) else outcome.words
            for task, outcome in client.submit(tasks)
        }


if __name__ == "__main__":
    main()
