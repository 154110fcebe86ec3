"""Group the observations of a random search by what is taken for the same finding."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from conformance.observations import Mode, Observation, Status
from conformance.question import Dtype, Op, Question
from conformance.utils.text import pattern, plain, shortened

Explanation = Literal["convention", "limit", "nothing"]
"""The known explanation of a wrong call."""
Kind = Literal["failing", "unexplained", "refused", "unwritten", "limit", "convention"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The kinds of findings, from bugs to what the report shows of an API anyway.

failing      a recipe that gives a wrong answer, or ends its worker
unexplained  a native call that ends its worker, or gives an answer that no known convention gives
refused      a recipe that the framework refuses without a known limit
unwritten    a recipe that could not be written because of a known limit
limit        a native call that meets a known limit of the framework
convention   a native call that follows another convention, and which
"""
SHRUNK: tuple[Kind, ...] = ("failing", "unexplained")
"""The kinds whose questions are shrunk."""
WRONG: tuple[Kind, ...] = ("failing", "refused")
"""The kinds that a correct package never has."""
Sort: TypeAlias = tuple[Op, Dtype] | None
"""The sort of a question: questions of two sorts may fail with the same message for two causes."""


@dataclass(frozen=True, order=True)
class Group:
    """Observations that are taken for the same finding.

    Parameters
    ----------
    api, mode, status
        Those of the observations.
    reason
        The conventions or the limit that explains them, or else their message without its numbers.
    explanation
        Which of these the reason is.
    """

    api: str
    mode: Mode
    status: Status
    reason: str
    explanation: Explanation = "nothing"

    @property
    def kind(self) -> Kind:
        """The kind of the finding."""
        if self.status == "inexpressible":
            return "unwritten"
        if self.status == "rejected":
            return "refused"
        if self.mode == "recipe":
            return "failing"
        return "unexplained" if self.explanation == "nothing" else self.explanation


@dataclass
class Occurrences:
    """The questions of a search that fall into a group.

    ``count`` says how many there are. ``smallest`` is the size and the number of the smallest
    question of each sort.
    """

    count: int = 0
    smallest: dict[Sort, tuple[int, int]] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The number of the smallest question."""
        return min(self.smallest.values())[1]

    def add(self, sort: Sort, size: int, number: int) -> None:
        """Count a question, and keep its size and number if it is the smallest of its sort."""
        self.count += 1
        self.smallest[sort] = min(self.smallest.get(sort, (size, number)), (size, number))


@dataclass(frozen=True, eq=False)
class Finding:
    """A group, with a small question of one sort that falls into it.

    Parameters
    ----------
    count
        How many questions fall into it.
    number
        The number of the question that was shrunk.
    question
        The question, after shrinking.
    reproduced
        Whether the question fell into the group again when it was asked once more; None for one
        that was neither asked again nor shrunk.
    """

    group: Group
    count: int
    number: int
    question: Question
    reproduced: bool | None = None


def group_of(observation: Observation) -> Group | None:
    """Return the group of an observation of a search.

    There is none for a match, and for a native call that was not answered.
    """
    api, mode, status = observation.api, observation.mode, observation.status
    if status == "match" or (mode == "native" and status in ("rejected", "inexpressible")):
        return None
    if observation.explanations:
        reason = " + ".join(observation.explanations[0])
        return Group(api, mode, status, reason, "convention")
    if observation.limitation:
        return Group(api, mode, status, observation.limitation, "limit")
    return Group(api, mode, status, _normalise(observation.diagnosis or observation.detail or ""))


def _normalise(message: str) -> str:
    """Reduce a message to what is the same for the same finding, whatever the numbers.

    Only the first remark after "No known convention." stays, as small numbers may make the others
    true by chance.
    """
    text, remark, remarks = pattern(plain(message)).partition("No known convention. ")
    if not remark:
        return shortened(text)
    return f"{remark}{remarks.split('. ')[0].removesuffix('.')}."
