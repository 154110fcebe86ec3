"""The JSON Schema of case files, for editors: made from the models, so that they cannot part.

``python -m conformance.cases.json_schema`` writes it to ``cases/schema.json``.
"""

from __future__ import annotations

import json
from typing import Any

from conformance.cases.fields import MAX_AXES, NUMBERS_SCHEMA
from conformance.cases.schema import CaseFile
from conformance.utils import resources

PATH = resources.CASES / "schema.json"

_NUMBERS = {
    "title": "Numbers",
    "description": f"A list of numbers, or of such lists, all as long; at most {MAX_AXES} deep.",
    "type": "array",
    "minItems": 1,
    "items": {"anyOf": [{"type": "number"}, {"$ref": "#/$defs/Numbers"}]},
}


def schema() -> dict[str, Any]:
    """The schema of a case file."""
    made: dict[str, Any] = _cleaned(CaseFile.model_json_schema())
    made["$defs"]["Numbers"] = _NUMBERS
    # What an entry lacks, each of its variants may say.
    made["$defs"]["VaryingEntry"] |= {
        "required": ["id"],
        "anyOf": [{"required": ["why", "x"]}, {"required": ["vary"]}],
    }
    made["$defs"] = dict(sorted(made["$defs"].items()))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**head, **made, "title": "Conformance cases"}


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=2) + "\n"


def _cleaned(part: Any) -> Any:
    """``part`` without nulls, as a key is left out or has a value, and with nested numbers."""
    if isinstance(part, list):
        return [_cleaned(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    if NUMBERS_SCHEMA in part:
        rest = {key: value for key, value in part.items() if key != NUMBERS_SCHEMA}
        return _cleaned({"$ref": "#/$defs/Numbers", **rest})
    kept = {
        key: _cleaned(value)
        for key, value in part.items()
        if not (key == "default" and value is None)
    }
    choices = [choice for choice in kept.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        return {**choices[0], **{key: value for key, value in kept.items() if key != "anyOf"}}
    return {**kept, "anyOf": choices} if choices else kept


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
