"""What one value in a case file may be, with the sentence for when it is not.

Nothing is coerced: the text '2' is not 2, true is not 1, and 2.0 is no stride.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from conformance.cases.vocabulary import FINITE

Topic = Literal[
    "basic",
    "bias",
    "channels",
    "combinations",
    "composition",
    "coverage",
    "degenerate",
    "dilation",
    "dtype",
    "errors",
    "gradients",
    "groups",
    "interpolation",
    "kernel-flip",
    "layout",
    "matrix",
    "output-padding",
    "padding",
    "parameters",
    "properties",
    "rank",
    "real-valued",
    "same",
    "shape",
    "stride",
    "valid",
]
TOPICS: tuple[Topic, ...] = get_args(Topic)

Said: TypeAlias = "tuple[tuple[int, ...], str] | None"
"""What is wrong with a value: where inside it, and a sentence without its name; None if nothing."""


MAX_NUMBER = 2**53
MAX_AXES = 5
MAX_NAME = 200
MAX_TEXT = 5_000
"""Characters of an id, and of a sentence: what is printed with every case that it is about."""
NUMBERS_SCHEMA = "x-numbers"
"""Stands for nested numbers in a schema: pydantic cannot refer to a definition of ours."""


def _check(problem: Callable[[Any], Said]) -> Callable[[Any], Any]:
    """A validator out of a function that says what is wrong."""

    def validate(value: Any) -> Any:
        said = problem(value)
        if said is not None:
            path, sentence = said
            raise PydanticCustomError("said", "{sentence}", {"sentence": sentence, "path": path})
        return value

    return validate


def _checked(problem: Callable[[Any], Said]) -> AfterValidator:
    return AfterValidator(_check(problem))


def _text(holds: Callable[[str], Any], sentence: str, most: int) -> AfterValidator:
    """Text of at most so many characters that something holds of."""

    def problem(value: str) -> Said:
        if len(value) > most:
            return (), f"must have at most {most} characters, not {len(value)}"
        return None if holds(value) else ((), sentence)

    return _checked(problem)


def _is_sentence(value: str) -> bool:
    return value.endswith(".") and bool(value[:-1].strip())


def _whole(value: Any) -> bool:
    return type(value) is int


def _whole_numbers(value: Any) -> Said:
    if _whole(value):
        return None
    if not isinstance(value, list) or not value:
        return (), "must be a whole number or a list of them"
    for index, entry in enumerate(value):
        if not _whole(entry):
            return (index,), "must be a whole number"
    return None


def _numbers(value: Any) -> Said:
    if not isinstance(value, list):
        return (), "must be a list of numbers"
    lengths: list[int] = []
    first = value
    while isinstance(first, list):
        if not first:
            return (0,) * len(lengths), "must not be empty"
        lengths.append(len(first))
        first = first[0]
    if len(lengths) > MAX_AXES:
        return (), f"must be at most {MAX_AXES} lists deep"
    return _ragged(value, lengths)


def _ragged(value: Any, lengths: Sequence[int], path: tuple[int, ...] = ()) -> Said:
    """Where a nested list first parts from full lists of these lengths, with numbers in them."""
    if not lengths:
        if type(value) not in (int, float):
            return path, "must be a number"
        if not isfinite(value):
            return path, f"must be finite, as {FINITE}"
        if abs(value) > MAX_NUMBER:
            return path, f"must be a number within -{MAX_NUMBER} and {MAX_NUMBER}"
        return None
    if not isinstance(value, list) or len(value) != lengths[0]:
        return path, f"must be a list of {lengths[0]}, as the one before it is"
    for index, entry in enumerate(value):
        said = _ragged(entry, lengths[1:], (*path, index))
        if said is not None:
            return said
    return None


def _padding(value: Any) -> Said:
    if value in ("same", "valid") or _whole(value):
        return None
    if not isinstance(value, list) or not value:
        return (), "must be a whole number, a list, 'same' or 'valid'"
    for index, entry in enumerate(value):
        pair = isinstance(entry, list) and len(entry) == 2 and all(map(_whole, entry))
        if not pair and not _whole(entry):
            return (index,), "must be a whole number or [begin, end]"
    return None


def _lengths(value: list[int]) -> Said:
    """A batch may be empty, and nothing else; where no batch stands first, that is told later."""
    for index, length in enumerate(value):
        if length < (0 if index == 0 else 1):
            least = "at least 1, or 0 for an empty batch" if index == 0 else "at least 1"
            return (index,), f"must be {least}"
    return None


def _oracle(value: Any) -> Said:
    return None if value == "oracle" else ((), "must be 'oracle' or a mapping")


_SLUG = "[a-z0-9]+(-[a-z0-9]+)*"
_INTS = {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}
_PAIRS = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
_SHAPE = {
    "type": "array",
    "prefixItems": [{"type": "integer", "minimum": 0}],
    "items": {"type": "integer", "minimum": 1},
    "minItems": 1,
    "maxItems": MAX_AXES,
}
_PADDING = [
    {"enum": ["same", "valid"]},
    {"type": "integer"},
    {"type": "array", "items": {"anyOf": [{"type": "integer"}, _PAIRS]}},
]

Slug = Annotated[
    str,
    _text(
        re.compile(_SLUG).fullmatch, "must be words of a-z and 0-9 joined by single '-'", MAX_NAME
    ),
    Field(json_schema_extra={"pattern": f"^{_SLUG}$", "maxLength": MAX_NAME}),
]
Label = Annotated[
    Slug,
    _checked(lambda v: ((), "is a topic and stands under topics") if v in TOPICS else None),
]
Sentence = Annotated[
    str,
    _text(_is_sentence, "must be a sentence that ends with a full stop", MAX_TEXT),
    Field(json_schema_extra={"pattern": r"\.$", "maxLength": MAX_TEXT}),
]
Text = Annotated[
    str,
    _text(str.strip, "must not be empty", MAX_TEXT),
    Field(json_schema_extra={"maxLength": MAX_TEXT}),
]
Claim = Annotated[
    str,
    _text(
        re.compile("[A-Z][0-9]+").fullmatch, "must be a letter and a number, such as D4", MAX_NAME
    ),
    Field(json_schema_extra={"pattern": "^[A-Z][0-9]+$", "maxLength": MAX_NAME}),
]
WholeNumbers = Annotated[
    int | list[int], PlainValidator(_check(_whole_numbers)), WithJsonSchema(_INTS)
]
PaddingField = Annotated[
    int | list[int] | list[list[int]] | str,
    PlainValidator(_check(_padding)),
    WithJsonSchema({"anyOf": _PADDING}),
]
Numbers = Annotated[
    list[Any],
    PlainValidator(_check(_numbers)),
    WithJsonSchema({NUMBERS_SCHEMA: True}),
]
Oracle = Annotated[
    Literal["oracle"],
    PlainValidator(_check(_oracle)),
    WithJsonSchema({"const": "oracle"}),
]
Size = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)]
Real = Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER, allow_inf_nan=False)]
Range = Annotated[
    list[Whole],
    Field(min_length=2, max_length=2),
    _checked(lambda v: None if v[0] <= v[1] else ((), "must not have the larger number first")),
]
Shape = Annotated[
    list[int],
    Field(min_length=1, max_length=MAX_AXES),
    _checked(_lengths),
    WithJsonSchema(_SHAPE),
]
Seed = Annotated[int, Field(ge=0, description="The seed of NumPy's PCG64.")]


class Model(BaseModel):
    """What all parts of a case file share: nothing unknown, nothing converted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
