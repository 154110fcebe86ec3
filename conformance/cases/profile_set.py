"""Name the cases that are enough for a profile: the profile set.

``profile_set.txt`` has their ids, and ``tools/profile_set.py`` chooses them. They and the cases of
documents are what an API is asked where every call takes seconds.
"""

from functools import cache
from pathlib import Path

from conformance.cases.model import Case
from conformance.utils import resources

FILE = Path(__file__).with_suffix(".txt")
IDS = frozenset(FILE.read_text(encoding="utf-8").split())


def is_sampled(case: Case) -> bool:
    """Return whether a slow API is asked a case: also if it is of a user's own."""
    return case.id in IDS or case.document is not None or not _is_corpus(case.place.file)


@cache
def _is_corpus(file: str) -> bool:
    return Path(file).resolve().is_relative_to(resources.CASES.resolve())
