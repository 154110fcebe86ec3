"""Expand the ``vary`` of an entry: one entry for many cases, each with an id for its changes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

from conformance.cases.errors import CaseError, describe
from conformance.cases.yaml_node import Node

MAX_VARIANTS = 10_000

_UNNAMED = frozenset({"claims", "erratum", "exact", "expected", "section", "tags", "topics", "why"})
"""Keys that do not change the question; ids have no words for them."""


def expand(entry: Node) -> Iterator[Node]:
    """Yield the variants of ``entry``, or ``entry`` itself if it has no ``vary``.

    Raises ``CaseError`` if ``vary`` has none of the two forms, or makes more than MAX_VARIANTS
    cases.
    """
    vary = entry.child("vary")
    if vary is None:
        yield entry
        return
    combinations = _product(vary) if isinstance(vary.value, dict) else _list(vary)
    for changes in combinations:
        yield _variant(entry, changes)


def _suffix(changes: Mapping[str, Any]) -> str | None:
    """Return the end of a variant's id, such as stride-2-padding-same, None for a long value."""
    words = []
    for key, value in changes.items():
        if key in _UNNAMED:
            continue
        word = _word(value)
        if not word:
            return None
        words.append(f"{key.replace('_', '-')}-{word}")
    return "-".join(words) or None


def _product(vary: Node) -> Iterator[dict[str, Node]]:
    for key, values in vary.value.items():
        if key in ("id", "vary"):
            raise CaseError(("vary", key), f"vary cannot change {key} in every combination")
        if not isinstance(values, list) or not values:
            raise CaseError(
                ("vary", key), f"vary needs a list of values for {key}, got {describe(values)}"
            )
        for index, value in enumerate(values):
            if key not in _UNNAMED and not _word(value):
                raise CaseError(
                    ("vary", key, index),
                    f"no id can be made from this value of {key}; make vary a list of mappings,"
                    " each with an id",
                )
    count = prod(map(len, vary.value.values()))
    if not vary.value or count > MAX_VARIANTS:
        raise CaseError(("vary",), f"vary must make 1 to {MAX_VARIANTS} cases, got {count}")
    for combination in product(*(node.entries() for node in vary.mapping().values())):
        yield dict(zip(vary.value, combination, strict=True))


def _list(vary: Node) -> Iterator[dict[str, Node]]:
    if not isinstance(vary.value, list) or not 1 <= len(vary.value) <= MAX_VARIANTS:
        sentence = f"vary must be a mapping of lists, or a list of 1 to {MAX_VARIANTS} mappings"
        raise CaseError(("vary",), f"{sentence}, got {describe(vary.value)}")
    for index, changes in enumerate(vary.entries()):
        if not isinstance(changes.value, dict) or not changes.value:
            sentence = "an entry of vary must be a mapping of changes"
            raise CaseError(("vary", index), f"{sentence}, got {describe(changes.value)}")
        if "vary" in changes.value:
            raise CaseError(("vary", index, "vary"), "a variant cannot vary again")
        if "id" not in changes.value and not _suffix(changes.value):
            raise CaseError(
                ("vary", index), "no id can be made from these changes; give this one an id"
            )
        yield changes.mapping()


def _variant(entry: Node, changes: dict[str, Node]) -> Node:
    name, id_node = entry.child("id"), changes.pop("id", None)
    suffix = (
        id_node.value if id_node else _suffix({key: node.value for key, node in changes.items()})
    )
    children = {**entry.mapping(), **changes}
    del children["vary"]
    if name is not None and isinstance(name.value, str) and isinstance(suffix, str | int):
        # The id stands at the suffix if the file has one, as all variants share the other part.
        children["id"] = replace(id_node or name, value=f"{name.value}-{suffix}")
    value = {key: node.value for key, node in children.items()}
    keys = {**(entry.keys or {}), **{key: node.spot for key, node in changes.items()}}
    return replace(entry, value=value, children=children, keys=keys)


def _word(value: Any) -> str:
    """Return a value as a part of an id, empty if it has no short form."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"minus{-value}" if value < 0 else str(value)
    if isinstance(value, str):
        return re.sub("[^a-z0-9]+", "-", value.lower()).strip("-")
    if isinstance(value, list) and 1 <= len(value) <= 3:
        words = [_pair(entry) if isinstance(entry, list) else _word(entry) for entry in value]
        return "x".join(words) if all(words) else ""
    return ""


def _pair(value: list[Any]) -> str:
    is_pair = len(value) == 2 and all(type(entry) is int for entry in value)
    return f"{_word(value[0])}to{_word(value[1])}" if is_pair else ""
