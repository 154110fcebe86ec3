"""Name the cases of the corpus that an API is asked where every call takes seconds.

``sample.txt`` has their ids, and ``tools/sample.py`` chooses them: the documents' cases, and enough
others that every two choices on an axis of meaning are distinguished twice.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from conformance.cases.model import Case
from conformance.utils import resources

FILE = Path(__file__).with_suffix(".txt")
IDS = frozenset(FILE.read_text(encoding="utf-8").split())


def is_sampled(case: Case) -> bool:
    """Return whether a case is in the sample, or is not of the corpus."""
    return case.id in IDS or not _is_corpus(case.place.file)


@cache
def _is_corpus(file: str) -> bool:
    return Path(file).resolve().is_relative_to(resources.CASES.resolve())
