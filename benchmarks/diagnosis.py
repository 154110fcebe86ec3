"""Synthetic frameworks, one for each convention and for each pair: does the diagnosis name them?

    python benchmarks/diagnosis.py [--pairs]

Prints how many cases see each convention, how many diagnoses name what was put in, and what a
diagnosis costs beside one answer of the oracle.
"""

from __future__ import annotations

import statistics
import sys
from time import perf_counter

import click

from conformance import discrimination, question, shipped
from conformance.cases import load
from conformance.conventions import CONVENTIONS
from conformance.diagnosis import answer_under, diagnose
from conformance.survey import Subject


@click.command()
@click.option("--pairs", is_flag=True, help="Every pair of conventions too.")
def main(pairs: bool) -> None:
    """Put conventions in, and see whether they come out."""
    subjects = [Subject(case) for case in load([shipped.CASES], check=False).cases]
    wrong = 0
    for name, found in (
        ("alone", discrimination.singles(subjects)),
        ("in pairs", discrimination.pairs(subjects) if pairs else ()),
    ):
        seen = [one for one in found if one.cases]
        asked, named = sum(len(one.cases) for one in seen), sum(len(one.named) for one in seen)
        print(f"{name}: {len(seen)} conventions seen, {named} of {asked} diagnoses name them")
        for one in seen:
            if len(one.named) < len(one.cases):
                missed = sorted(set(one.cases) - set(one.named))
                print(f"  not named: {one.words}: {', '.join(missed[:3])}")
        wrong += asked - named
    _cost(subjects)
    sys.exit(wrong > 0)


def _cost(subjects: list[Subject]) -> None:
    diagnoses, answers = [], []
    for subject in subjects:
        if subject.wanted is None:
            continue
        for convention in CONVENTIONS:
            try:
                answer = answer_under(subject.case.question, (convention,))
            except ValueError:
                continue
            if answer is None:
                continue
            began = perf_counter()
            diagnose(subject.case.question, subject.wanted, answer, exact=subject.case.exact)
            diagnoses.append(perf_counter() - began)
            began = perf_counter()
            question.answer(subject.case.question)
            answers.append(perf_counter() - began)
    median, oracle = statistics.median(diagnoses), statistics.median(answers)
    worst = sorted(diagnoses)[int(len(diagnoses) * 0.99)]
    print(
        f"a diagnosis: median {median * 1e3:.2f} ms, 99th of a hundred {worst * 1e3:.2f} ms,"
        f" {median / oracle:.0f} times one answer of the oracle"
    )


if __name__ == "__main__":
    main()
