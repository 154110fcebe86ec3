"""Choose the cases that slow APIs are asked: python tools/sample.py

They are the documents' cases, and the fewest others such that every two choices on an axis of
meaning are distinguished by two cases.
"""

from __future__ import annotations

from collections import Counter

from conformance.cases import load
from conformance.cases.sample import FILE
from conformance.conventions.axes import AXES
from conformance.quality.mutation import choices_of, kill_record
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import resources

TWICE = 2


def main() -> None:
    """Write the ids of the cases."""
    cases = load([resources.CASES]).cases
    distinctions = {
        case.id: kill_record(PreparedCase(case), pairs=()).distinctions for case in cases
    }
    sample = {case.id for case in cases if case.document is not None}
    counts = Counter(choices for case_id in sample for choices in distinctions[case_id])
    missing = {
        choices: TWICE - counts[choices]
        for axis in range(len(AXES))
        for choices in choices_of(axis)
        if counts[choices] < TWICE
    }
    while missing:
        others = sorted(distinctions.keys() - sample)
        best = max(others, key=lambda case_id: len(distinctions[case_id] & missing.keys()))
        found = distinctions[best] & missing.keys()
        if not found:
            raise SystemExit(f"the corpus distinguishes too little: {missing}")
        sample.add(best)
        missing = {c: n - (c in found) for c, n in missing.items() if n > (c in found)}
    FILE.write_text("".join(f"{case_id}\n" for case_id in sorted(sample)), encoding="utf-8")


if __name__ == "__main__":
    main()
