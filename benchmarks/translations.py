"""Random layers of every API, translated for every other: do both calls give the same numbers?

    python benchmarks/translations.py --count 2000 [--environment torch --environment jax ...]

Every ordered pair of APIs of the pinned environments that are given: the layer is drawn, written
natively for the first, translated by its observed profile, and both are run on random integers.
The profiles are those of the runs that `nox` leaves.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import click
import numpy as np

from conformance import environments, runs, shipped, survey, translation
from conformance.api import Inexpressible
from conformance.calls import Call
from conformance.cases import load
from conformance.frameworks import FRAMEWORKS
from conformance.frameworks.jax import reads_past_the_end
from conformance.fuzz.space import draws
from conformance.profiles import Profile, profiles
from conformance.question import Array, Question
from conformance.survey import Subject
from conformance.translation import Place, Translation
from conformance.workers.controller import Examination, Task
from conformance.workers.outcomes import Answer

ONE_OF_EACH = ("torch", "tensorflow", "keras", "jax", "mxnet")
BATCH = 200
"""Layers at a time, so that memory stays small: those of ten frameworks' APIs are many."""

FINDINGS: tuple[tuple[str, Callable[[Question], bool]], ...] = (
    # MXNet 1.9.1 with oneDNN forgets the target shape where the input has a single element.
    ("mxnet.npx.deconvolution(target_shape)", lambda q: 1 in q.space),
    ("jax.lax.", reads_past_the_end),
)
"""Which calls of which APIs are known to give wrong numbers; a recipe goes around them."""


@click.command()
@click.option("--count", default=100, show_default=True, help="Layers.")
@click.option("--seed", default=0, show_default=True)
@click.option("--environment", "names", multiple=True, default=ONE_OF_EACH, show_default=True)
@click.option("--runs", "folder", default=Path("reports", "runs"), type=click.Path(path_type=Path))
def main(count: int, seed: int, names: tuple[str, ...], folder: Path) -> None:
    """Translate random layers between all APIs and run both ends."""
    executables = {name: environments.pinned()[name].executable() for name in names}
    places, known = _places(executables, folder)
    table: Counter[tuple[str, str, str]] = Counter()
    layers = enumerate(islice(draws(seed, ("conv_transpose",)), count))
    while batch := list(islice(layers, BATCH)):
        table += _tried(batch, places, known, executables)
        click.echo(f"{batch[-1][0] + 1} of {count} layers", err=True)
    titles = {place.api.id: place.framework.title for place in places}
    _print(table)
    _print(_summed(table, titles))
    sys.exit(any(said == "wrong" for _, _, said in table))


def _tried(
    layers: Iterable[tuple[int, Question]],
    places: Sequence[Place],
    known: Mapping[str, Profile],
    executables: Mapping[str, str],
) -> Counter[tuple[str, str, str]]:
    """How often which pair of APIs came to what."""
    pairs: dict[str, tuple[Place, Place, Translation, int]] = {}
    table: Counter[tuple[str, str, str]] = Counter()
    for number, question in layers:
        for source in places:
            for target in places:
                if source is target:
                    continue
                found = translation.translate(question, source, target, known[source.api.id])
                if isinstance(found, Inexpressible):
                    table[source.api.id, target.api.id, "inexpressible"] += 1
                else:
                    key = f"{number} {source.api.id} {target.api.id}"
                    pairs[key] = (source, target, found, number)
    firsts = {f"{n} {s.api.id}": (s, found, n) for s, _, found, n in pairs.values()}
    answers = _ask(
        {key: (s, found.native, found, n) for key, (s, found, n) in firsts.items()},
        executables,
    )
    others = _ask(
        {key: (t, found.call, found, n) for key, (_, t, found, n) in pairs.items()},
        executables,
    )
    for key, (source, target, found, number) in pairs.items():
        one, other = answers[f"{number} {source.api.id}"], others[key]
        said = _verdict(one, other)
        if said == "wrong" and _is_found(source, found):
            said = "a finding"
        table[source.api.id, target.api.id, said] += 1
        if said == "wrong":
            print(f"wrong: {key}\n{found.native.source}\n{found.call.source}\n{one}\n{other}\n")
    return table


def _places(executables: Mapping[str, str], folder: Path) -> tuple[list[Place], dict[str, Profile]]:
    subjects = {case.id: Subject(case) for case in load([shipped.CASES], check=False).cases}
    places, known = [], {}
    for name in executables:
        run = runs.read(folder / f"{name}.jsonl")
        for profile in profiles(run.observations, subjects):
            api = FRAMEWORKS[name].api(profile.api)
            if api.operator == "conv_transpose" and not api.is_variant:
                places.append(Place(FRAMEWORKS[name], run.header.runtime, api))
                known[api.id] = profile
    return places, known


def _ask(
    wanted: Mapping[str, tuple[Place, Call, Translation, int]], executables: Mapping[str, str]
) -> dict[str, Array | str]:
    came: dict[str, Array | str] = {}
    for name, executable in executables.items():
        tasks = [
            Task(key, call.source, translation.random_arrays(found, number), call.stretches)
            for key, (place, call, found, number) in wanted.items()
            if place.framework.name == name
        ]
        interpreter = survey.interpreter_for(FRAMEWORKS[name], executable, together=True)
        with Examination(interpreter) as examination:
            for task, outcome in examination.ask(tasks):
                came[task.key] = outcome.array if isinstance(outcome, Answer) else outcome.words
    return came


def _verdict(one: Array | str, other: Array | str) -> str:
    if isinstance(one, str):
        return "refused by the first"
    if isinstance(other, str):
        return "refused by the other"
    return "match" if np.array_equal(one, other) else "wrong"


def _is_found(source: Place, found: Translation) -> bool:
    """Whether the first call answers against its own meaning as is told in docs/findings.md."""
    return any(source.api.id.startswith(api) and hits(found.question) for api, hits in FINDINGS)


def _summed(
    table: Counter[tuple[str, str, str]], names: Mapping[str, str]
) -> Counter[tuple[str, str, str]]:
    """The same counts by the frameworks of the APIs."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for (source, target, said), number in table.items():
        sums[names[source], names[target], said] += number
    return sums


def _print(table: Counter[tuple[str, str, str]]) -> None:
    said = sorted({word for _, _, word in table})
    print("| from | to | " + " | ".join(said) + " |")
    print("|---|---|" + "---|" * len(said))
    for source, target in sorted({(s, t) for s, t, _ in table}):
        counts = " | ".join(str(table[source, target, word]) for word in said)
        print(f"| {source} | {target} | {counts} |")
    totals = Counter[str]()
    for (_, _, word), number in table.items():
        totals[word] += number
    print(", ".join(f"{number} {word}" for word, number in sorted(totals.items())))


if __name__ == "__main__":
    main()
