"""Editors read the same rules as the loader."""

import json
from collections.abc import Iterator
from typing import Any

from conformance.cases.fields import TOPICS
from conformance.question import OPS
from tools import json_schema


def fields() -> Iterator[tuple[str, dict[str, Any]]]:
    made = json_schema.schema()
    for name, part in [("a case file", made), *made["$defs"].items()]:
        for field, rule in part.get("properties", {}).items():
            yield f"{field} of {name}", rule


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        part = list(part.values())
    if isinstance(part, list):
        for entry in part:
            yield from references(entry)


def test_the_committed_schema_is_what_the_models_say() -> None:
    stale = "run python tools/json_schema.py"
    assert json_schema.PATH.read_text(encoding="utf-8") == json_schema.text(), stale


def test_every_field_is_explained() -> None:
    assert [name for name, rule in fields() if not rule.get("description")] == []


def test_nothing_unknown_is_allowed_anywhere() -> None:
    made = json_schema.schema()
    open_ended = [
        name
        for name, part in made["$defs"].items()
        if part.get("type") == "object" and part.get("additionalProperties") is not False
    ]
    assert open_ended == []


def test_a_case_needs_a_name_a_reason_and_an_input_unless_its_variants_have_them() -> None:
    entry = json_schema.schema()["$defs"]["VaryingEntry"]
    assert entry["required"] == ["id"]
    assert entry["anyOf"] == [{"required": ["why", "x"]}, {"required": ["vary"]}]


def test_editors_offer_every_topic_and_operator() -> None:
    entry = json_schema.schema()["$defs"]["VaryingEntry"]["properties"]
    assert entry["topics"]["items"]["enum"] == list(TOPICS)
    assert entry["op"]["enum"] == [*OPS, "chain"]


def test_every_reference_leads_somewhere() -> None:
    made = json_schema.schema()
    known = {f"#/$defs/{name}" for name in made["$defs"]}
    assert set(references(made)) <= known


def test_null_is_never_offered() -> None:
    assert '"null"' not in json.dumps(json_schema.schema())
