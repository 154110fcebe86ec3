"""Random layers through `conformance translate`: do both ends give the same numbers?

    python benchmarks/translations.py --count 10000 [--environment torch --environment jax ...]

Each layer is written as a person writes it, defaults left out, for one API and another one of the
environments that are given. What the command prints is run, both ends of it, on random integers,
and compared bit for bit; what it says is refused is asked as well. Every proof that it prints is
counted again, by pandas over the lines of the run files that `nox` leaves.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import click
import numpy as np
import pandas as pd
from click.testing import CliRunner

from conformance import calls, environments, interpreters, recipes, records, shipped
from conformance.api import Api
from conformance.calls import Call
from conformance.cases import load
from conformance.commands.translate import command
from conformance.environments import Environment
from conformance.frameworks import FRAMEWORKS
from conformance.geometry import padding_of
from conformance.question import Array, Question
from conformance.recipes import Plan
from conformance.workers.controller import Examination, Task
from conformance.workers.outcomes import Answer

UNFORESEEN = "the first refuses it, which it does not say"
BATCH = 2500
"""Layers at a time, so that memory stays small."""


@dataclass(frozen=True)
class End:
    """An API in a pinned environment."""

    name: str
    environment: Environment
    api: Api


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: the words for it, the ends, and the question that the words are."""

    words: tuple[str, ...]
    source: End
    target: End
    question: Question


@click.command()
@click.option("--count", default=100, show_default=True, help="Layers.")
@click.option("--seed", default=0, show_default=True)
@click.option("--environment", "names", multiple=True, help="[default: all that were run]")
@click.option("--runs", "folder", default=Path("reports", "runs"), type=click.Path(path_type=Path))
def main(count: int, seed: int, names: tuple[str, ...], folder: Path) -> None:
    """Translate random layers by the command, run both ends, and count the proofs again."""
    records.read = cache(records.read)  # as the same few files are read for every layer
    names = names or tuple(name for name in environments.pinned() if _run(folder, name).exists())
    ends = [
        End(name, environment, api)
        for name in names
        for environment in (environments.pinned()[name],)
        for api in FRAMEWORKS[environment.framework].apis
        if api.operator == "conv_transpose" and not api.is_variant
    ]
    random = np.random.default_rng(seed)
    layers = enumerate(islice(_written(random, ends), count))
    totals: Counter[str] = Counter()
    while batch := dict(islice(layers, BATCH)):
        totals += _tried(batch, folder)
        print(f"{max(batch) + 1} of {count} layers", file=sys.stderr)
    for said, number in sorted(totals.items()):
        print(f"| {said} | {number:,} |")
    sys.exit(any(said.startswith("WRONG") for said in totals))


def _run(folder: Path, name: str) -> Path:
    return folder / f"{name}.jsonl"


# What a person writes


def _written(random: np.random.Generator, ends: list[End]) -> Iterator[Layer]:
    """Layers that the first API has words for."""
    while True:
        layer = _drawn(random, ends)
        if isinstance(recipes.native(layer.source.api, layer.question), Plan):
            yield layer


def _drawn(random: np.random.Generator, ends: list[End]) -> Layer:
    """A layer of any arguments, of which those that are the default are mostly left out."""
    source, target = (ends[i] for i in random.choice(len(ends), 2, replace=False))
    rank = int(random.integers(1, 4))
    groups = int(random.choice([1, 1, 1, 2, 3]))
    inputs, outputs = (groups * int(random.integers(1, 4)) for _ in "io")
    kernel = _axes(random, rank, (1, 2, 3, 4, 5))
    size = _axes(random, rank, (1, 2, 3, 4, 5))
    stride = _axes(random, rank, (1, 2, 3)) if random.random() < 0.7 else (1,) * rank
    dilation = _axes(random, rank, (1, 2, 3)) if random.random() < 0.3 else (1,) * rank
    extra = _axes(random, rank, (0, 1, 2)) if random.random() < 0.3 else (0,) * rank
    bias = bool(random.random() < 0.4)
    padding, padding_words = _padding(random, rank)
    words = ["--from", source.api.id, "--to", target.api.id, "--kernel-size", _typed(kernel)]
    words += ["--channels", str(inputs), str(outputs)]
    for option, value, default in (
        ("--stride", stride, 1), ("--dilation", dilation, 1), ("--output-padding", extra, 0),
        ("--groups", (groups,), 1),
    ):  # fmt: skip
        if set(value) != {default} or random.random() < 0.1:
            words += [option, _typed(value)]
    if padding_words != "0" or random.random() < 0.1:
        words.append(f"--padding={padding_words}")
    if bias or random.random() < 0.1:
        words.append("--bias" if bias else "--no-bias")
    if random.random() < 0.5:
        words += ["--size", _typed(size)]
    else:
        size = (5, 6, 7)[:rank]
    words += ["--rank", str(rank)]
    for end, option in ((source, "--from-backend"), (target, "--to-backend")):
        if end.environment.backend is not None:
            words += [option, end.environment.backend]
    question = Question(
        op="conv_transpose",
        x=np.zeros((2, inputs, *size), np.float32),
        kernel=np.zeros((inputs, outputs // groups, *kernel), np.float32),
        bias=np.zeros(outputs, np.float32) if bias else None,
        stride=stride,
        padding=padding_of(padding, rank),
        output_padding=extra,
        dilation=dilation,
        groups=groups,
    )
    return Layer(tuple(words), source, target, question)


def _axes(random: np.random.Generator, rank: int, choices: tuple[int, ...]) -> tuple[int, ...]:
    """The same number for all axes as often as not."""
    numbers = tuple(int(n) for n in random.choice(choices, rank))
    return (numbers[0],) * rank if random.random() < 0.6 else numbers


def _typed(numbers: Iterable[int]) -> str:
    numbers = tuple(numbers)
    return ",".join(map(str, numbers if len(set(numbers)) > 1 else numbers[:1]))


def _padding(random: np.random.Generator, rank: int) -> tuple[object, str]:
    """A padding, and how it is typed."""
    kind = str(random.choice(["same", "valid", "0", "0", "equal", "equal", "pairs"]))
    if kind == "0":
        return 0, kind
    if kind == "equal":
        numbers = _axes(random, rank, (0, 1, 2, 3))
        return numbers, _typed(numbers)
    if kind == "pairs":
        pairs = [tuple(map(int, random.choice([-1, 0, 1, 2, 3], 2))) for _ in range(rank)]
        return pairs, ",".join(f"{begin}:{end}" for begin, end in pairs)
    return kind, kind


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
        said = CliRunner().invoke(command, [*layer.words, *runs])
        printed[number] = said.output
        if said.exit_code == 0:
            native, translated = _codes(said.output)
            arrays = _arrays(layer, number)
            asked[f"{number} native"] = (layer.source, native, arrays)
            asked[f"{number} other"] = (layer.target, translated, arrays)
            table[_counted_again(said.output, layer, folder)] += 1
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
        return "refused, as it says" if isinstance(one, str) else "WRONG: it is not refused"
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
    call = calls.write(framework, runtime, layer.source.api, layer.question, "native")
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
    interpreter = interpreters.interpreter_in(end.environment, together=False)
    with Examination(interpreter) as examination:
        return {
            task.key: outcome.array if isinstance(outcome, Answer) else outcome.words
            for task, outcome in examination.ask(tasks)
        }


# The proofs, counted again


def _counted_again(printed: str, layer: Layer, folder: Path) -> str:
    """Whether as many cases are in the run as the proof says; shares no code with the command."""
    proof = next(line for line in printed.splitlines() if line.startswith("proof: "))
    recipe = re.search(r"this recipe(?: \((.*)\))? (?:was run on|in) ", proof)
    assert recipe is not None
    moves = recipe[1].split("; ") if recipe[1] else []
    number = re.search(r" was run on ([\d,]+) cases? ", proof)
    told = int(number[1].replace(",", "")) if number else 0
    words = _words(printed)
    if "\nmeaning: " not in printed and words != _kinds(layer.question):
        print(f"{layer.words}\n{printed}\n{_kinds(layer.question)}")
        return "WRONG: a proof of other arguments"
    rows = _rows(_run(folder, layer.target.name))
    rows = rows[(rows.api == layer.target.api.id) & (rows.moves == json.dumps(moves))]
    count = int((rows[list(words)] == pd.Series(words)).all(axis=1).sum())
    if told != count:
        print(f"{layer.words}\n{printed}\ncounted again: {count}")
        return "WRONG: a proof that counts otherwise"
    return "a proof, counted again" if told else "no proof, as it says"


def _words(printed: str) -> dict[str, str]:
    """The kinds of arguments that a proof is of, by the arguments' names."""
    line = re.search(r"^(?:these:   |apart:   it was right with )(.*)$", printed, re.MULTILINE)
    assert line is not None
    kinds = re.sub(r" on [\d,]+ cases?(?=,|$)", "", line[1])
    found = re.findall(rf"({'|'.join(_NAMES)}) (.*?)(?:, (?={'|'.join(_NAMES)})|$)", kinds)
    return dict(found)


_NAMES = (
    "rank", "kernel", "stride", "padding", "output padding", "dilation", "groups", "bias", "dtype",
)  # fmt: skip


@cache
def _rows(path: Path) -> pd.DataFrame:
    """The right answers of all recipes in a run, each with the arguments of its case."""
    with path.open(encoding="utf-8") as lines:
        table = pd.DataFrame(map(json.loads, lines))
    right = (table["mode"] == "recipe") & (table.status == "match")
    table = table.loc[right & (table.op == "conv_transpose"), ["api", "case", "moves"]]
    cases = {
        case.id: _kinds(case.question)
        for case in load([shipped.CASES], check=False).cases
        if case.op == "conv_transpose" and not case.expected.error
    }
    table = table[table.case.isin(cases)].assign(moves=table.moves.map(json.dumps))
    return table.join(pd.DataFrame.from_dict(cases, orient="index"), on="case")


def _kinds(q: Question) -> dict[str, str]:
    """The kinds of arguments, as the proof calls them, worked out anew."""
    covered = [(k - 1) * d + 1 for k, d in zip(q.window, q.dilation, strict=True)]
    stride = set()
    for s, c in zip(q.stride, covered, strict=True):
        stride.add("1" if s == 1 else "above 1" if s <= c else "beyond the kernel")
    padding = {repr(q.padding)}
    if not isinstance(q.padding, str):
        padding = set()
        for (begin, end), c in zip(q.padding, covered, strict=True):
            kind = "the same at both ends" if begin == end else "unequal at both ends"
            if begin < 0 or end < 0:
                kind += " and negative"
            elif begin >= c or end >= c:
                kind += " and beyond the kernel"
            padding.add("0" if (begin, end) == (0, 0) else kind)
    extra = set()
    for p, s in zip(q.output_padding, q.stride, strict=True):
        extra.add("0" if p == 0 else "from the stride on" if p >= s else "below the stride")
    alone = "of one channel each" if q.x.shape[1] == q.groups else "of several channels each"
    kinds = {
        "rank": {str(q.x.ndim - 2)},
        "kernel": {"of one element" if set(q.window) == {1} else "of several elements"},
        "stride": stride,
        "padding": padding,
        "output padding": extra,
        "dilation": {"above 1" if d > 1 else "1" for d in q.dilation},
        "groups": {"1" if q.groups == 1 else alone},
        "bias": {"none" if q.bias is None else "added"},
        "dtype": {q.dtype},
    }
    return {name: " or ".join(sorted(kind)) for name, kind in kinds.items()}


if __name__ == "__main__":
    main()
