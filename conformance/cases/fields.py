"""Define the types of single values in a case file, with the sentences for wrong ones.

Nothing is coerced: the text '2' is not 2, true is not 1, and 2.0 is no stride.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from conformance.cases.errors import Fault
from conformance.cases.number_fields import (
    MAX_AXES,
    MAX_NAME,
    MAX_NUMBER,
    NUMBER,
    number_fault,
    numbers_fault,
    to_numbers,
)
from conformance.oracle.geometry import WORDS

Topic = Literal[
    "basic", "bias", "channels", "circular", "combinations", "composition", "coverage",
    "degenerate", "dilation", "dtype", "errors", "gradients", "groups", "interpolation",
    "kernel-flip", "layout", "matrix", "output-padding", "padding", "parameters",
    "properties", "rank", "real-valued", "same", "shape", "stride", "valid"
]  # fmt: skip
TOPICS: tuple[Topic, ...] = get_args(Topic)

MAX_TEXT = 5_000
"""The most characters of a sentence, which is printed with every case."""
NUMBERS_SCHEMA = "x-numbers"
"""A placeholder for nested numbers in a schema: pydantic cannot refer to a definition of ours."""


def _validator(find_fault: Callable[[Any], Fault | None]) -> Callable[[Any], Any]:
    def validate(value: Any) -> Any:
        fault = find_fault(value)
        if fault is not None:
            path, sentence = fault
            raise PydanticCustomError(
                "sentence", "{sentence}", {"sentence": sentence, "path": path}
            )
        return value

    return validate


def _after(find_fault: Callable[[Any], Fault | None]) -> AfterValidator:
    return AfterValidator(_validator(find_fault))


def _text(predicate: Callable[[str], Any], sentence: str, max_length: int) -> AfterValidator:
    """Return a validator of text that has a largest length and satisfies ``predicate``."""

    def find_fault(value: str) -> Fault | None:
        if len(value) > max_length:
            return (), f"must have at most {max_length} characters, not {len(value)}"
        return None if predicate(value) else ((), sentence)

    return _after(find_fault)


def _is_sentence(value: str) -> bool:
    return value.endswith(".") and bool(value[:-1].strip())


def _is_whole(value: Any) -> bool:
    return type(value) is int


def _whole_numbers(value: Any) -> Fault | None:
    if _is_whole(value):
        return None
    if not isinstance(value, list) or not value:
        return (), "must be a whole number or a list of them"
    for index, entry in enumerate(value):
        if not _is_whole(entry):
            return (index,), "must be a whole number"
    return None


def _padding(value: Any) -> Fault | None:
    if _is_whole(value) or (isinstance(value, str) and value in WORDS):
        return None
    if not isinstance(value, list) or not value:
        return (), "must be a whole number, a list, 'same', 'valid' or 'circular'"
    for index, entry in enumerate(value):
        is_pair = isinstance(entry, list) and len(entry) == 2 and all(map(_is_whole, entry))
        if not is_pair and not _is_whole(entry):
            return (index,), "must be a whole number or [begin, end]"
    return None


def _ends(value: Any) -> Fault | None:
    """Return the fault of what is added to, or cut off, the ends of each axis."""
    fault = _padding(value) if not isinstance(value, str) else ((), "")
    if fault is not None:
        path, words = fault
        return path, words if path else "must be a whole number or a list"
    entries = value if isinstance(value, list) else [value]
    for index, entry in enumerate(entries):
        if min(entry if isinstance(entry, list) else [entry]) < 0:
            return (index,) if isinstance(value, list) else (), "must not be negative"
    return None


def _lengths(value: list[int]) -> Fault | None:
    """Return the fault of a shape; only a batch may be empty, and a bare shape fails later."""
    for index, length in enumerate(value):
        if length < (0 if index == 0 else 1):
            bound = "at least 1, or 0 for an empty batch" if index == 0 else "at least 1"
            return (index,), f"must be {bound}"
    return None


def _oracle(value: Any) -> Fault | None:
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
    {"enum": [*WORDS]},
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
    _after(lambda v: ((), "is a topic and stands under topics") if v in TOPICS else None),
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
    int | list[int], PlainValidator(_validator(_whole_numbers)), WithJsonSchema(_INTS)
]
PaddingField = Annotated[
    int | list[int] | list[list[int]] | str,
    PlainValidator(_validator(_padding)),
    WithJsonSchema({"anyOf": _PADDING}),
]
Ends = Annotated[
    int | list[int] | list[list[int]],
    PlainValidator(_validator(_ends)),
    WithJsonSchema({"anyOf": _PADDING[1:]}),
]
Numbers = Annotated[
    list[Any],
    PlainValidator(_validator(numbers_fault)),
    AfterValidator(to_numbers),
    WithJsonSchema({NUMBERS_SCHEMA: True}),
]
Oracle = Annotated[
    Literal["oracle"],
    PlainValidator(_validator(_oracle)),
    WithJsonSchema({"const": "oracle"}),
]
Size = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)]
Real = Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER, allow_inf_nan=False)]
Number = Annotated[
    int | float | complex,
    PlainValidator(_validator(number_fault)),
    AfterValidator(to_numbers),
    WithJsonSchema(NUMBER),
]
Range = Annotated[
    list[Whole],
    Field(min_length=2, max_length=2),
    _after(lambda v: None if v[0] <= v[1] else ((), "must not have the larger number first")),
]
Shape = Annotated[
    list[int],
    Field(min_length=1, max_length=MAX_AXES),
    _after(_lengths),
    WithJsonSchema(_SHAPE),
]
Seed = Annotated[int, Field(ge=0, description="The seed of NumPy's PCG64.")]


class Model(BaseModel):
    """The base of all parts of a case file: no unknown keys, no conversion."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
