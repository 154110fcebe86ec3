"""Generate ``cases/schema.json`` for editors from the models: python tools/json_schema.py"""

import json
from typing import Any

from conformance.cases.fields import NUMBERS_SCHEMA
from conformance.cases.number_fields import MAX_AXES, NUMBER
from conformance.cases.schema import CaseFile
from conformance.utils import resources

PATH = resources.CASES / "schema.json"

_NUMBERS = {
    "title": "Numbers",
    "description": f"A list of numbers, or of such lists, all as long; at most {MAX_AXES} deep.",
    "type": "array",
    "minItems": 1,
    "items": {"anyOf": [*NUMBER["anyOf"], {"$ref": "#/$defs/Numbers"}]},
}


def schema() -> dict[str, Any]:
    """Return the schema of a case file."""
    body: dict[str, Any] = _clean(CaseFile.model_json_schema())
    body["$defs"]["Numbers"] = _NUMBERS
    # The variants of an entry may have the keys that the entry lacks.
    body["$defs"]["VaryingEntry"] |= {
        "required": ["id"],
        "anyOf": [{"required": ["why", "x"]}, {"required": ["vary"]}],
    }
    body["$defs"] = dict(sorted(body["$defs"].items()))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**head, **body, "title": "Conformance cases"}


def text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(schema(), indent=2) + "\n"


def _clean(part: Any) -> Any:
    """Return ``part`` without nulls, as keys are left out instead, and with nested numbers."""
    if isinstance(part, list):
        return [_clean(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    if NUMBERS_SCHEMA in part:
        siblings = {key: value for key, value in part.items() if key != NUMBERS_SCHEMA}
        return _clean({"$ref": "#/$defs/Numbers", **siblings})
    entries = {
        key: _clean(value)
        for key, value in part.items()
        if not (key == "default" and value is None)
    }
    choices = [choice for choice in entries.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        return {**choices[0], **{key: value for key, value in entries.items() if key != "anyOf"}}
    return {**entries, "anyOf": choices} if choices else entries


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
