"""Define the observation of one API on one case, and the verdict over its modes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec

Text = Annotated[str, msgspec.Meta(max_length=2**17)]
"""Text in a run file."""
Size = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
"""A number in a run file."""
Mode = Literal["native", "recipe"]
MODES: tuple[Mode, ...] = get_args(Mode)
Status = Literal[
    "match", "mismatch", "undecided", "rejected", "inexpressible", "crashed", "hung", "flaky"
]
STATUSES: tuple[Status, ...] = get_args(Status)
ANSWERED: tuple[Status, ...] = ("match", "mismatch", "undecided")
"""Statuses of answers that were compared with the oracle's."""
CONVENTIONS_IN_FORMAT_1: Mapping[str, str] = {
    "same: odd element: cropped at the begin": "same: odd element: cropped at the start",
    "output padding: more at the begin": "output padding: more at the start",
}
"""Names of conventions in run files and baselines of format 1, and their names now."""


def names_from_format_1(explanations: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Return the explanations of a file of format 1 with the names that conventions have now."""
    return tuple(
        tuple(CONVENTIONS_IN_FORMAT_1.get(name, name) for name in explanation)
        for explanation in explanations
    )


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
"""Statuses without an answer to compare."""

Key: TypeAlias = tuple[str, str, Mode]


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What one API, in one mode, gave for one case.

    Attributes
    ----------
    diagnosis
        Of a mismatch: what explains it, in words. Of an undecided answer: why it is undecided.
    explanations
        The smallest sets of conventions that explain a mismatch; of an undecided answer, those that
        fit it as well as the oracle does.
    limitation
        The known limitation of the framework behind a native call that is refused, or that no
        convention explains.
    detail
        How the answer differs, the framework's message, or why the call cannot be written.
    cost
        The cost of the call, in words.
    rewrites
        The rewritings of the question for this call, in words.
    claim
        Whether the answer is what the document of the case states, if it states something.
    correction
        Whether the answer is what the erratum of the case states, if there is one.
    shape, dtype, digest
        Of the answer, if there is one; equal answers have equal digests.
    content
        Digest of the case, which tells a changed case from a changed framework.
    retry
        Why the question was submitted again, where no other field says it.
    exact
        Whether the case has one right answer to the bit; if not, digests are not compared.
    """

    api: Text
    case: Text
    mode: Mode
    status: Status
    op: Text
    topics: tuple[Text, ...]
    diagnosis: Text | None = None
    explanations: tuple[tuple[Text, ...], ...] = ()
    limitation: Text | None = None
    detail: Text | None = None
    cost: Text | None = None
    rewrites: tuple[Text, ...] = ()
    claim: bool | None = None
    correction: bool | None = None
    shape: tuple[Size, ...] | None = None
    dtype: Text | None = None
    digest: Text | None = None
    retry: Text | None = None
    content: Text
    exact: bool

    @property
    def key(self) -> Key:
        """The identity of the observation within a run."""
        return self.api, self.case, self.mode

    @property
    def unexplained(self) -> bool:
        """Whether it failed, or is a mismatch that no convention explains."""
        return self.status in TROUBLES or (self.status == "mismatch" and not self.explanations)

    @property
    def full_diagnosis(self) -> str | None:
        """The diagnosis in words, together with the known limitation if there is one."""
        if self.limitation is None:
            return self.diagnosis
        is_all = self.diagnosis is None and self.detail == self.limitation
        if self.status == "rejected" or is_all:
            return refusal_words(self.limitation, self.detail)
        result = (self.diagnosis or self.detail or self.status).removesuffix(".")
        return f"{result}. A known limit is behind it: {self.limitation}."

    def line(self) -> dict[str, Any]:
        """Return the fields of its line in a run file."""
        return {"kind": "observation", **vars(self)}


def refusal_words(limitation: str, detail: str | None) -> str:
    """Return the words of a refusal: the known limitation, then the framework's message.

    ``limitation`` is the known limitation. It comes first, as long texts are cut at their end.
    """
    start = f"{limitation[:1].upper()}{limitation[1:].removesuffix('.')}"
    message = detail if detail and detail != limitation else ""
    return f"{start}. {message}".rstrip()


def verdict(statuses: Mapping[str, Status]) -> Verdict:
    """Return the verdict on a case and an API.

    Returns
    -------
    Verdict
        ``not run`` unless both modes were observed.
    """
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
