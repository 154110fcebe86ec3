"""Turn the errors of pydantic into sentences for a person, each with the place of the value."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from conformance.cases.errors import Path, describe
from conformance.cases.vocabulary import key_hint, number_hint, value_hint
from conformance.cases.yaml_node import Node
from conformance.cases.yaml_syntax import Complaint, shorten
from conformance.oracle.geometry import WORDS

SENTENCES: Mapping[str, str] = {
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "model_type": "must be a mapping",
    "sentence": "{sentence}",
    "string_type": "must be text",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
}
"""The end of the sentence for each of pydantic's error types, after the name of the value."""


def complaints(error: ValidationError, model: type[BaseModel], node: Node) -> Iterator[Complaint]:
    """Yield a complaint for every error that pydantic has about a value."""
    for details in error.errors(include_url=False):
        location = details["loc"]
        path = tuple(step for step in location if not _is_tag(step))
        if details["type"] == "extra_forbidden":
            # The last step is the file's own word, which may look like one of our tags.
            key, outer = str(location[-1]), tuple(s for s in location[:-1] if not _is_tag(s))
            hint = key_hint(key, tuple(_names(model, location[:-1])))
            yield node.find_key((*outer, key)), f"unknown key '{shorten(key)}'{hint}"
        elif details["type"] == "missing":
            yield node.find(path[:-1]), f"{_value_name(path)} is missing"
        else:
            yield _wrong_value(details, path, node)


def _value_name(path: Sequence[str | int]) -> str:
    if not path:
        return "the case"
    if isinstance(path[-1], str):
        return path[-1]
    keys = [step for step in path if isinstance(step, str)]
    return f"an entry of {keys[-1]}" if keys else "an entry"


def _wrong_value(error: Any, path: Path, node: Node) -> Complaint:
    context = error.get("ctx", {})
    value = error["input"]
    inner = tuple(context.get("path", ()))
    for step in inner:
        value = value[step]
    path += inner
    template = SENTENCES.get(error["type"])
    words = template.format(**context) if template else error["msg"]
    sentence = f"{_value_name(path)} {words}, got {describe(value)}"
    return node.find(path), sentence + _hint(error, path, value)


def _hint(error: Any, path: Path, value: object) -> str:
    """Return the likely meaning of a wrong value, as the end of a sentence."""
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    if error["type"] == "literal_error":
        hint = value_hint(key, value, re.findall("'([^']+)'", error["ctx"]["expected"]))
        return hint or _KEY_HINTS.get(key if "steps" not in path else f"step {key}", "")
    if error["type"] == "sentence" and key not in ("padding", "expected"):
        return number_hint(value) if isinstance(value, str) else ""
    return value_hint(key, value, WORDS) if key in ("padding", "expected") else ""


_KEY_HINTS: Mapping[str, str] = {
    "topics": "; words of your own stand under 'tags'",
    "step op": "; a step is one of these, or max_pool, pad or crop",
}
"""The end of the sentence about a word that a key does not have."""


def _is_tag(step: object) -> bool:
    return isinstance(step, str) and step.startswith("<")


def _names(model: type[BaseModel], location: Sequence[str | int]) -> Iterable[str]:
    """Return the keys of the model that a location in ``model`` leads to."""
    kinds = [model]
    for step in location:
        if isinstance(step, int):
            continue
        if _is_tag(step):
            kinds = [kind for kind in kinds if f"<{kind.__name__}>" == step] or kinds
        else:
            fields = [kind.model_fields[step] for kind in kinds if step in kind.model_fields]
            kinds = [kind for field in fields for kind in _models(field)]
    return [name for kind in kinds for name in kind.model_fields]


def _models(field: FieldInfo) -> Iterator[type[BaseModel]]:
    pending = [field.annotation]
    while pending:
        kind = pending.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield kind
        else:
            pending.extend(get_args(kind))
