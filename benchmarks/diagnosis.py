"""Synthetic frameworks, one for each convention and for each pair: does the diagnosis name them?

    python benchmarks/diagnosis.py [--pairs]

Prints how many cases see each convention, how many diagnoses name what was put in, and what a
diagnosis costs beside one answer of the oracle.
"""

import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import partial
from time import perf_counter

import click

from conformance import question
from conformance.cases import load
from conformance.conventions.axes import CONVENTIONS
from conformance.conventions.diagnosis import diagnose
from conformance.conventions.interpretations import answer_under
from conformance.quality import mutation
from conformance.quality.mutation import KillRecord, Pair
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import resources


@click.command()
@click.option("--pairs", is_flag=True, help="Every pair of conventions too.")
def main(pairs: bool) -> None:
    """Put conventions in, and see whether they come out."""
    prepared_cases = [PreparedCase(case) for case in load([resources.CASES], check=False).cases]
    every = range(len(CONVENTIONS))
    sights = [mutation.kill_record(s, every, () if not pairs else None) for s in prepared_cases]
    wrong = _told(
        "alone",
        ((one.case.id, (i,), i in one.diagnosed) for one in sights for i in sorted(one.kills)),
    )
    if pairs:
        wrong += _told("in pairs", _pairs(prepared_cases, sights))
    _cost(prepared_cases)
    sys.exit(wrong > 0)


def _pairs(
    prepared_cases: Sequence[PreparedCase], sights: Sequence[KillRecord]
) -> Iterator[tuple[str, tuple[int, ...], bool]]:
    """Of each pair the first few cases that see it, and whether the diagnosis names both."""
    asked: Counter[Pair] = Counter()
    for prepared_case, one in zip(prepared_cases, sights, strict=True):
        for pair in sorted(one.pairs):
            if asked[pair] == mutation.ENOUGH:
                continue
            put_in = tuple(CONVENTIONS[i] for i in pair)
            answer = answer_under(prepared_case.case.question, put_in)
            found = diagnose(
                prepared_case.case.question,
                prepared_case.oracle_answer,
                answer,
                exact=prepared_case.case.exact,
            ).explanations
            if found and len(found[0]) < len(pair):
                continue  # Fewer conventions give that answer too, so this case does not see both.
            asked[pair] += 1
            yield one.case.id, pair, any(set(e) == set(put_in) for e in found)


def _told(how: str, asked: Iterable[tuple[str, tuple[int, ...], bool]]) -> int:
    """Prints what was named of what was asked; how many were not."""
    everything = list(asked)
    missed = [(case, places) for case, places, named in everything if not named]
    seen = len({places for _, places, _ in everything})
    named = len(everything) - len(missed)
    print(f"{how}: {seen} conventions seen, {named} of {len(everything)} diagnoses name them")
    for case, places in missed[:20]:
        print(f"  not named: {' + '.join(str(CONVENTIONS[i]) for i in places)}: {case}")
    return len(missed)


def _cost(prepared_cases: list[PreparedCase]) -> None:
    """Prints the time of a search for a question that is new, and for one that was just asked."""
    seconds: dict[str, list[float]] = {"first": [], "next": [], "oracle": []}
    for prepared_case in prepared_cases:
        if prepared_case.oracle_answer is None:
            continue
        for convention in CONVENTIONS:
            try:
                answer = answer_under(prepared_case.case.question, (convention,))
            except ValueError:
                continue
            if answer is None:
                continue
            asked = copy(prepared_case.case.question)
            search = partial(
                diagnose, asked, prepared_case.oracle_answer, answer, exact=prepared_case.case.exact
            )
            oracle = partial(question.answer, asked)
            for name, call in (("first", search), ("next", search), ("oracle", oracle)):
                began = perf_counter()
                call()
                seconds[name].append(perf_counter() - began)
    oracle_median = statistics.median(seconds.pop("oracle"))
    for name, figures in seconds.items():
        median, worst = statistics.median(figures), sorted(figures)[int(len(figures) * 0.99)]
        print(
            f"the {name} diagnosis of a question: median {median * 1e3:.2f} ms, 99th of a hundred"
            f" {worst * 1e3:.2f} ms, {median / oracle_median:.0f} times one answer of the oracle"
        )


if __name__ == "__main__":
    main()
