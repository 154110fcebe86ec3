"""Random questions under one and two random conventions: what does ``conformance diagnose`` name?

    python benchmarks/diagnose.py [--questions 10000]

Prints how many answers were named, and what a diagnosis takes.
"""

import statistics
import sys
from pathlib import Path
from time import perf_counter

import click

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the unit test asks a few of them

from random_answers import diagnose_answer, is_named, random_answers

GOALS = {1: 1.0, 2: 0.995}
"""The least part of the answers that are named, by the number of conventions."""


@click.command()
@click.option("--questions", default=10_000, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(questions: int, seed: int) -> None:
    """Put conventions in, and see whether they come out."""
    failed = False
    for number, goal in GOALS.items():
        named, times = 0, []
        for (q, conventions, y), _ in zip(
            random_answers(number, seed + number), range(questions), strict=False
        ):
            start = perf_counter()
            diagnosis = diagnose_answer(q, y)
            times.append(perf_counter() - start)
            if is_named(q, conventions, diagnosis):
                named += 1
            else:
                print("missed", *map(str, conventions), q.op, q.dtype, q.x.shape, q.kernel.shape)
        failed |= named < goal * questions
        print(
            f"{number}: {named} of {questions} named, {named / questions:.2%};"
            f" median {statistics.median(times) * 1e3:.2f} ms, longest {max(times):.2f} s"
        )
    sys.exit(failed)


if __name__ == "__main__":
    main()
