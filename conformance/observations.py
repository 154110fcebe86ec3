"""Observations and verdicts: what one API gave for one case, and what that comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

Mode = Literal["native", "recipe"]
MODES: tuple[Mode, ...] = get_args(Mode)
Status = Literal[
    "match", "mismatch", "undecided", "rejected", "inexpressible", "crashed", "hung", "flaky"
]
STATUSES: tuple[Status, ...] = get_args(Status)
ANSWERED: tuple[Status, ...] = ("match", "mismatch", "undecided")
"""With an answer that was held against the oracle's."""
Verdict = Literal[
    "same",
    "translated",
    "inexpressible",
    "rejected",
    "undecided",
    "different",
    "broken",
    "not run",
]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""From the best to the worst."""

TROUBLES: tuple[Status, ...] = ("crashed", "hung", "flaky")
"""Without an answer that could be held against anything."""

Key: TypeAlias = tuple[str, str, Mode]


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What one API, in one mode, gave for one case.

    diagnosis     of a mismatch, in words; of an undecided answer, why nothing can be said of it
    explanations  the sets of conventions that explain it, each of the smallest size; of an
                  undecided answer, those that explain it as well as that it is right
    limit    what the framework is known not to do, where a native call that is refused, or that no
             convention explains, asks for it
    detail   in words: how the answer differs, what the framework said, why it cannot be written
    cost     of the call, in words
    moves    how the question was rewritten for it, in words
    claim    whether the answer is what the document of the case states, where it states something
    correction  whether it is what the case's erratum puts in that place, where there is one
    shape, dtype, digest  of the answer, where there is one; equal answers have equal digests
    content  digest of the case, to tell a changed case from a changed framework
    retry    why the question was asked a second time, where nothing else says that it was
    exact    whether the case has one right answer to the bit; if not, digests say nothing
    """

    api: str
    case: str
    mode: Mode
    status: Status
    op: str
    topics: tuple[str, ...]
    diagnosis: str | None = None
    explanations: tuple[tuple[str, ...], ...] = ()
    limit: str | None = None
    detail: str | None = None
    cost: str | None = None
    moves: tuple[str, ...] = ()
    claim: bool | None = None
    correction: bool | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    digest: str | None = None
    retry: str | None = None
    content: str
    exact: bool

    @property
    def key(self) -> Key:
        """What identifies the observation within a run."""
        return self.api, self.case, self.mode

    @property
    def unexplained(self) -> bool:
        """Whether it went wrong as no convention can tell."""
        return self.status in TROUBLES or (self.status == "mismatch" and not self.explanations)

    @property
    def told(self) -> str | None:
        """The diagnosis in words; where a limit is behind what came, what came and the limit."""
        if self.limit is None:
            return self.diagnosis
        if self.status == "rejected":
            return refused(self.limit, self.detail)
        came = (self.diagnosis or self.detail or self.status).removesuffix(".")
        return f"{came}. A known limit is behind it: {self.limit}."

    def line(self) -> dict[str, Any]:
        """The observation as a line of a run file."""
        return {"kind": "observation", **vars(self)}


def refused(limit: str, detail: str | None) -> str:
    """Tell a refusal by the known limit behind it, and then in the framework's words.

    Parameters
    ----------
    limit
        What the framework is known not to do. It comes first, as long words are cut at their end.
    detail
        What the framework said.
    """
    return f"{limit[:1].upper()}{limit[1:].removesuffix('.')}. {detail or ''}".rstrip()


def verdict(statuses: Mapping[str, Status]) -> Verdict:
    """The verdict on a case and an API, from the status of each mode that was observed."""
    native, recipe = statuses.get("native"), statuses.get("recipe")
    if native is None or recipe is None:
        return "not run"
    if native in TROUBLES or recipe in TROUBLES:
        return "broken"
    if recipe == "match":
        return _BY_NATIVE.get(native, "translated")
    return _BY_RECIPE[recipe]


_BY_NATIVE: dict[Status, Verdict] = {"match": "same", "undecided": "undecided"}
_BY_RECIPE: dict[Status, Verdict] = {
    "mismatch": "different",
    "undecided": "undecided",
    "rejected": "rejected",
    "inexpressible": "inexpressible",
}
