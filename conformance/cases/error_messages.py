"""What pydantic finds wrong, as sentences for a person, each with the place of the value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from conformance.cases.errors import Path, shown
from conformance.cases.vocabulary import of_key, of_number, of_value
from conformance.cases.yaml_source import Complaint, Node
from conformance.cases.yaml_syntax import shorten
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
    "said": "{sentence}",
    "string_type": "must be text",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
}
"""The end of the sentence for each of pydantic's error types, after the name of the value."""


def complaints(error: ValidationError, model: type[BaseModel], node: Node) -> Iterator[Complaint]:
    """Where in ``node`` each thing is that pydantic found wrong, and the sentence for it."""
    for found in error.errors(include_url=False):
        where = found["loc"]
        path = tuple(step for step in where if not _is_tag(step))
        if found["type"] == "extra_forbidden":
            # The last step is the file's own word, which may look like one of our tags.
            key, outer = str(where[-1]), tuple(s for s in where[:-1] if not _is_tag(s))
            hint = of_key(key, tuple(_names(model, where[:-1])))
            yield node.find_key((*outer, key)), f"unknown key '{shorten(key)}'{hint}"
        elif found["type"] == "missing":
            yield node.find(path[:-1]), f"{called(path)} is missing"
        else:
            yield _wrong(found, path, node)


def called(path: Sequence[str | int]) -> str:
    """What to call the value at ``path`` in a sentence."""
    if not path:
        return "the case"
    if isinstance(path[-1], str):
        return path[-1]
    named = [step for step in path if isinstance(step, str)]
    return f"an entry of {named[-1]}" if named else "an entry"


def _wrong(found: Any, path: Path, node: Node) -> Complaint:
    context = found.get("ctx", {})
    value = found["input"]
    inner = tuple(context.get("path", ()))
    for step in inner:
        value = value[step]
    path += inner
    known = SENTENCES.get(found["type"])
    words = known.format(**context) if known else found["msg"]
    sentence = f"{called(path)} {words}, got {shown(value)}"
    return node.find(path), sentence + _hint(found, path, value)


def _hint(found: Any, path: Path, value: object) -> str:
    """What was probably meant by a value that stands where it has no meaning."""
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    if found["type"] == "literal_error":
        hint = of_value(key, value, re.findall("'([^']+)'", found["ctx"]["expected"]))
        return hint or _OTHERS.get(key if "steps" not in path else f"step {key}", "")
    if found["type"] == "said" and key not in ("padding", "expected"):
        return of_number(value) if isinstance(value, str) else ""
    return of_value(key, value, WORDS) if key in ("padding", "expected") else ""


_OTHERS: Mapping[str, str] = {
    "topics": "; words of your own stand under 'tags'",
    "step op": "; a step is one of these or max_pool",
}
"""What else there is, of a word that is none of those that a key has."""


def _is_tag(step: object) -> bool:
    return isinstance(step, str) and step.startswith("<")


def _names(model: type[BaseModel], where: Sequence[str | int]) -> Iterable[str]:
    """The keys of the model that a location in ``model`` leads to."""
    kinds = [model]
    for step in where:
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
