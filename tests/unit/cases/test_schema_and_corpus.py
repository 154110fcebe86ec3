"""Editors accept what the loader accepts: every case that there is, and every one that is made."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.authoring.yaml_writer import content_of, new_file
from conformance.cases.yaml_source import read
from conformance.utils import resources
from tools import json_schema

FILES = sorted(resources.CASES.rglob("*.yaml"))
VALIDATOR = Draft202012Validator(json_schema.schema())


def against_the_schema(said: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(said)]


def one(**changes: Any) -> dict[str, Any]:
    return {"cases": [{"id": "one", "why": "A.", "x": [1, 2], "kernel": [1], **changes}]}


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_case_of_the_corpus_is_accepted(file: Path) -> None:
    root, problems = read(file.read_bytes())
    assert root is not None
    assert problems == []
    assert against_the_schema(root.value) == []


def test_a_file_that_is_made_is_accepted() -> None:
    document = {"id": "guide", "title": "A guide", "source": "chapter 2"}
    text = new_file(
        one(padding=[[0, 1]], expected={"shape": (3,)})["cases"][0], {}, document=document
    )
    assert against_the_schema(content_of(text)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"stride": "2"},
        {"pading": 1},
        {"padding": "full"},
        {"topics": ["strides"]},
        {"why": "No stop"},
        {"id": "Upper"},
        {"x": {"shape": [2]}},
        {"expected": {"number": [1]}},
        {"exact": 1},
    ],
)
def test_what_the_loader_refuses_is_marked(changes: dict[str, Any]) -> None:
    assert against_the_schema(one()) == []
    assert against_the_schema(one(**changes)) != []
