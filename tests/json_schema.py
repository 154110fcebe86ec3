"""As much of JSON Schema as the schema of case files uses, to hold files against it as editors do.

A keyword that is not known here is an error, so that nothing passes for not having been read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "array": lambda v: isinstance(v, list),
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "object": lambda v: isinstance(v, dict),
    "string": lambda v: isinstance(v, str),
}
WORDS = {"$schema", "$defs", "title", "description", "default", "examples"}
"""Keywords that allow everything."""


def complaints(schema: Any, value: Any, root: Any, at: str = "") -> Iterator[str]:
    """Where ``value`` is none that ``schema`` allows; ``root`` holds the definitions."""
    for keyword, said in schema.items() if isinstance(schema, dict) else ():
        if keyword == "$ref":
            yield from complaints(root["$defs"][said.removeprefix("#/$defs/")], value, root, at)
        elif keyword in ("anyOf", "oneOf"):
            fits = [not list(complaints(choice, value, root)) for choice in said]
            if not any(fits) or (keyword == "oneOf" and sum(fits) > 1):
                yield f"{at}: {sum(fits)} of {keyword} fit {value!r}"
        elif keyword in PARTS:
            for key, part, inner in PARTS[keyword](said, value, schema):
                yield from complaints(part, inner, root, f"{at}/{key}")
        elif keyword not in WORDS and not ALLOWS[keyword](said, value):
            yield f"{at}: {keyword} {said!r} does not allow {value!r}"


def _properties(said: Any, value: Any, _schema: Any) -> Iterator[tuple[Any, Any, Any]]:
    if isinstance(value, dict):
        yield from ((key, said[key], value[key]) for key in value if key in said)


def _more_properties(said: Any, value: Any, schema: Any) -> Iterator[tuple[Any, Any, Any]]:
    rest = set(value) - set(schema.get("properties", ())) if isinstance(value, dict) else set()
    yield from ((key, {"enum": []} if said is False else said, value[key]) for key in rest)


def _first_items(said: Any, value: Any, _schema: Any) -> Iterator[tuple[Any, Any, Any]]:
    if isinstance(value, list):
        yield from zip(range(len(value)), said, value, strict=False)


def _items(said: Any, value: Any, schema: Any) -> Iterator[tuple[Any, Any, Any]]:
    if isinstance(value, list):
        first = len(schema.get("prefixItems", ()))
        yield from ((place, said, value[place]) for place in range(first, len(value)))


PARTS: Mapping[str, Callable[[Any, Any, Any], Iterator[tuple[Any, Any, Any]]]] = {
    "properties": _properties,
    "additionalProperties": _more_properties,
    "prefixItems": _first_items,
    "items": _items,
}
"""Keywords about the parts of a value: the name, the rule and the value of each."""


def _number(value: Any) -> bool:
    return TYPES["number"](value)


ALLOWS: Mapping[str, Callable[[Any, Any], bool]] = {
    "type": lambda said, v: TYPES[said](v),
    "const": lambda said, v: v == said,
    "enum": lambda said, v: v in said,
    "required": lambda said, v: not isinstance(v, dict) or set(said) <= set(v),
    "pattern": lambda said, v: not isinstance(v, str) or bool(re.search(said, v)),
    "minimum": lambda said, v: not _number(v) or v >= said,
    "maximum": lambda said, v: not _number(v) or v <= said,
    "exclusiveMinimum": lambda said, v: not _number(v) or v > said,
    "minItems": lambda said, v: not isinstance(v, list) or len(v) >= said,
    "maxItems": lambda said, v: not isinstance(v, list) or len(v) <= said,
}
