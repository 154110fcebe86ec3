"""Choose the profile set: python tools/profile_set.py RUN...

The runs are of all cases, one for each environment. The committed baselines stand for the
environments that have no run.
"""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.cases import load
from conformance.cases.profile_set import FILE
from conformance.gate import baseline
from conformance.quality.mutation import kill_record
from conformance.quality.profile_set import accepted, chosen, evidence_of
from conformance.runs import run_files
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import resources


def main() -> None:
    """Write the ids of the cases."""
    prepared_cases = {c.id: PreparedCase(c) for c in load([resources.CASES]).cases}
    runs = [run_files.read(Path(name)) for name in sys.argv[1:]]
    evidence = [evidence_of(r.header.title, r.observations, prepared_cases) for r in runs]
    evidence += [
        accepted(path.stem, baseline.read(path).answers, prepared_cases)
        for path in sorted(resources.BASELINE.glob("*.csv"))
    ]
    distinctions = {
        id_: kill_record(prepared_case, pairs=()).distinctions
        for id_, prepared_case in prepared_cases.items()
    }
    ids = chosen(evidence, distinctions)
    FILE.write_text("".join(f"{id_}\n" for id_ in sorted(ids)), encoding="utf-8")


if __name__ == "__main__":
    main()
