"""What the YAML parser says, in words for somebody who has never read YAML's grammar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ruamel.yaml.error import MarkedYAMLError

PLAINLY: Mapping[str, str] = {
    "mapping values are not allowed here": "a ':' cannot stand here; quote text that has one",
    "mapping keys are not allowed here": "a '?' cannot stand here",
    "sequence entries are not allowed here": "a '-' cannot stand here",
    "could not find expected ':'": "a ':' is missing after a key",
    "expected the node content": "expected a value",
    "a simple key": "a key",
    "a block mapping": "a mapping",
    "a block collection": "a list",
    "a flow mapping": "a mapping in braces",
    "a flow sequence": "a list in brackets",
    "a quoted scalar": "text in quotes",
    "a double-quoted scalar": "text in quotes",
    "a plain scalar": "a value",
    "<block end>": "the end of what is indented",
    "<block mapping start>": "a mapping",
    "<block sequence start>": "a list",
    "<document start>": "the start of a document",
    "<scalar>": "a value",
    "<stream end>": "the end of the file",
}
"""The parser's words that a person need not know, and what to say instead."""


def syntax(problem: MarkedYAMLError, mark: Any, text: str) -> str:
    """The parser's ``problem`` at ``mark`` of ``text`` as one sentence.

    It says on which line the thing began that the parser was in, if that is another line.
    """
    if text[mark.index : mark.index + 1] == "\t":
        return "this is not YAML: a tab cannot indent or begin a value; use spaces"
    words = _plainly(problem.problem or problem.context)
    if problem.context and problem.context_mark and problem.context_mark.line != mark.line:
        began = _plainly(problem.context).removeprefix("while ")
        words += f" ({began} that begins on line {problem.context_mark.line + 1})"
    return f"this is not YAML: {words}"


def _plainly(words: Any) -> str:
    said = " ".join(str(words).split()).replace("('", "'").replace("',)", "'")
    for jargon, plain in PLAINLY.items():
        said = said.replace(f"'{jargon}'", plain).replace(jargon, plain)
    return said
