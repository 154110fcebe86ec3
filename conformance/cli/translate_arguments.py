"""Read the names of APIs and the arguments of a call that ``conformance translate`` takes."""

from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

import click

from conformance.adapters.registry import APIS, api_and_rank
from conformance.answers.vocabulary import vocabulary_of
from conformance.oracle.geometry import Axes, per_axis
from conformance.question import OutputLength, Question
from conformance.recipes.search import LENGTH
from conformance.translate.questions import RANKS, check_size, question_of, rank_of
from conformance.translate.translation import TRANSLATED


class Rank(click.IntRange):
    """The type of a number of spatial axes."""

    def __init__(self) -> None:
        super().__init__(RANKS[0], RANKS[-1])

    def fail(
        self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None
    ) -> NoReturn:
        """Raise an error that names the numbers of axes."""
        super().fail(f"{message.rstrip('.')}: the APIs have 1, 2 or 3 spatial axes", param, ctx)


class NamedApi(NamedTuple):
    """An API by its id, and the number of spatial axes in the name that somebody typed."""

    id: str
    rank: int | None


class ApiName(click.Choice[str]):
    """The type of the name of an API, which may have a number of axes as in ``Conv2DTranspose``."""

    def __init__(self) -> None:
        super().__init__(TRANSLATED)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a `NamedApi`."""
        id_, rank = api_and_rank(value)
        return NamedApi(super().convert(id_, param, ctx), rank)


def only_rank(ranks: Mapping[str, int | None]) -> int | None:
    """Return the number of axes that the options say; raise `ValueError` where they differ."""
    known = {option: rank for option, rank in ranks.items() if rank is not None}
    if len({*known.values()}) > 1:
        raise ValueError(
            "these have another number of spatial axes: "
            + ", ".join(f"{option} has {rank}" for option, rank in known.items())
        )
    return next(iter(known.values()), None)


def translated_question(source_id: str, rank: int | None, arguments: dict[str, Any]) -> Question:
    """Return the question of the options; raise `ValueError` where they have no meaning."""
    rank = rank or rank_of(arguments)
    written = arguments["padding"] is not None
    if not written:
        arguments["padding"] = APIS[source_id].defaults.get("padding", (0,))
    arguments["size"] = arguments["size"] or (5, 6, 7)[:rank]
    output_size = arguments.pop("output_size")
    question = question_of(rank, **arguments)
    return question if output_size is None else _sized(source_id, question, output_size, written)


def _sized(source_id: str, question: Question, output_size: Axes, written: bool) -> Question:
    """Return the question whose output has a length that the source API is told."""
    api = APIS[source_id]
    if LENGTH not in api.parameters.values():
        raise ValueError(f"{source_id} has no parameter for the length of the output")
    if question.has_output_padding:
        raise ValueError("--output-padding has no meaning beside --output-size")
    sizes = output_size[0] if len(output_size) == 1 else output_size
    space = per_axis("output-size", sizes, question.rank)
    length = OutputLength(space=space, padding=question.padding if written else None)
    check_size("the output", (*question.output_shape[:2], *space))
    meaning = vocabulary_of(source_id).resolve(question, {LENGTH: space})
    return meaning.but(length=length)
