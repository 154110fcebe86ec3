"""Hold a rewritten question, with the maps of its arrays and what the rewriting costs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from conformance.adapters.call_source import CallBuilder
from conformance.adapters.framework import Api
from conformance.question import Question
from conformance.recipes.linear_ops import LinearOp


class Cost(IntEnum):
    """How far a call is from the naive one."""

    ARGUMENTS = 0
    CAST = 1
    KERNEL = 2
    BATCH = 3
    LAYOUT = 4
    CROP = 5
    FUNCTION = 6
    BLOCKS = 7
    COMPOSITION = 8

    @property
    def words(self) -> str:
        """Return the cost in words."""
        return _COST_WORDS[self]


_COST_WORDS = {
    Cost.ARGUMENTS: "arguments only",
    Cost.CAST: "numbers converted around the call",
    Cost.KERNEL: "kernel transform",
    Cost.BATCH: "batch axis added around the call",
    Cost.LAYOUT: "arrays transposed around the call",
    Cost.CROP: "crop or pad around the call",
    Cost.FUNCTION: "another function of the framework",
    Cost.BLOCKS: "block-diagonal kernel",
    Cost.COMPOSITION: "composition of several calls",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Draft:
    """A rewritten question on its way to a plan.

    Attributes
    ----------
    question
        The question, as it has been rewritten.
    call_builder
        The function that writes it as a call.
    native_question
        The same question in terms that only this API understands so, if it has some.
    moves
        The rewritings, in words, by which two recipes are the same.
    x, kernel, output
        The maps of the arrays.
    split
        Whether each group has a call of its own.
    bias_last
        Whether the bias is added to the output.
    """

    api: Api
    question: Question
    call_builder: CallBuilder
    native_question: Question | None = None
    moves: tuple[str, ...] = ()
    x: tuple[LinearOp, ...] = ()
    kernel: tuple[LinearOp, ...] = ()
    output: tuple[LinearOp, ...] = ()
    split: bool = False
    bias_last: bool = False
    cost: Cost = Cost.ARGUMENTS

    def but(self, *moves: str, cost: Cost = Cost.ARGUMENTS, **changes: Any) -> Draft:
        """Return the draft after one more rewriting, with its words and at least its cost.

        As `Question.but`, it is much faster than `dataclasses.replace`.
        """
        draft = object.__new__(type(self))
        own = {"moves": (*self.moves, *moves), "cost": max(self.cost, cost)}
        vars(draft).update(vars(self) | changes | own)
        return draft

    def asking(self, move: str, **changes: Any) -> Draft:
        """Return the draft after a rewriting that changes only fields of the question."""
        return self.but(move, question=self.question.but(**changes))
