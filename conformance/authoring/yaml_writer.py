"""How a case is written down as YAML, so that what a program adds reads like what a person wrote.

A file that people have formatted is theirs: text is put into it, and nothing in it is printed anew.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from conformance.cases.yaml_source import read
from conformance.cases.yaml_syntax import UNREADABLE
from conformance.cases.yaml_values import plain_value
from conformance.question import Array
from conformance.utils.printable import PrintableError

BOM = "\ufeff"
WIDTH = 100
READABLE = 100
"""Numbers that an array may have to be written out: more than these nobody reviews."""
ORDER = (
    "id", "claims", "section", "topics", "tags", "why", "op", "rank", "x", "kernel", "gradient",
    "bias", "stride", "padding", "output_padding", "dilation", "groups", "dtype", "exact",
    "expected",
)  # fmt: skip
"""In which order the keys of a case are written."""

_PLAIN = re.compile(r"[A-Za-z0-9(][^\n\r\t]*")
_PLAIN_IN_BRACKETS = re.compile(r"[A-Za-z0-9(][^\n\r\t{}\[\],]*")


class CannotAdd(PrintableError):
    """A file that no case can be added to without changing what is there, in a sentence."""


def entry(fields: Mapping[str, Any], comments: Mapping[str, Sequence[str]], dash: int) -> str:
    """A case as an entry of a list whose dashes stand in column ``dash``, counted from 0.

    fields    what the case says, by its keys; arrays may be NumPy's
    comments  sentences that stand before a key
    """
    indent = " " * (dash + 2)
    lines = [*_comments(comments.get("id", ()), " " * dash)]
    for place, key in enumerate(key for key in ORDER if key in fields):
        if place:
            lines += _comments(comments.get(key, ()), indent)
        said = pair(key, fields[key], indent)
        lines.append(said if place else f"{' ' * dash}- {said.lstrip()}")
    return "\n".join(lines) + "\n"


def pair(key: str, value: Any, indent: str, closing: int = 0) -> str:
    """A key and its value, on as many lines as they take; ``closing`` brackets follow them."""
    said = f"{indent}{key}: "
    if isinstance(value, str):
        text = said + _text(value, _PLAIN)
        # A scalar goes on where it is indented, and a line break in it is one space.
        return _filled(text, indent + "  ") if value == " ".join(value.split()) else text
    return said + _laid(value, len(said), closing)


def flow(value: Any) -> str:
    """A value on one line: a mapping in braces, a list in brackets, a number or text."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {flow(inner)}' for key, inner in value.items())}}}"
    if _is_list(value):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value, _PLAIN_IN_BRACKETS) if isinstance(value, str) else _number(value)


def _laid(value: Any, column: int, closing: int) -> str:
    """A value from this column on, broken where its parts begin; brackets to close follow it."""
    said = flow(value)
    if column + len(said) + closing <= WIDTH:
        return said
    indent = ",\n" + " " * (column + 1)
    if isinstance(value, Mapping):
        parts = [
            f"{key}: {_laid(inner, column + len(key) + 3, closing + 1)}"
            for key, inner in value.items()
        ]
        return f"{{{indent.join(parts)}}}"
    if _is_list(value) and any(map(_is_list, value)):
        return f"[{indent.join(_laid(part, column + 1, closing + 1) for part in value)}]"
    if _is_list(value):
        return _filled(" " * column + said, indent[2:], WIDTH - closing).lstrip()
    return said


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _filled(line: str, indent: str, width: int = WIDTH) -> str:
    return textwrap.fill(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def fresh(
    fields: Mapping[str, Any],
    comments: Mapping[str, Sequence[str]],
    *,
    document: Mapping[str, str] | None = None,
    schema: str | None = None,
) -> str:
    """A file with one case; ``schema`` is where editors find what a case may hold, from there."""
    lines = [] if schema is None else [f"# yaml-language-server: $schema={schema}"]
    lines += ["# Say here what these cases separate, and why people trip there."]
    if document is not None:
        lines += ["", "document:", *(pair(key, said, "  ") for key, said in document.items())]
    return "\n".join([*lines, "", "cases:", entry(fields, comments, 2)])


def said_by(text: str) -> Any:
    """What the text of a file says, whatever it looks like; None where it is not YAML."""
    root, problems = read(text.encode())
    return None if root is None or problems else root.value


def appended(text: str, fields: Mapping[str, Any], comments: Mapping[str, Sequence[str]]) -> str:
    """The ``text`` of a case file with one more case at the end of its list.

    Raises `CannotAdd` where the list is not one of dashes, or would not be the same list after it.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    root, _ = read(text.encode())
    cases = None if root is None else root.child("cases")
    if root is None or cases is None:
        raise CannotAdd("it has no list of cases")
    line, column = cases.spot
    if lines[line - 1].removeprefix(BOM)[column - 1] == "[":
        raise CannotAdd("its cases are a list in brackets, and not one of dashes")
    later = [spot for spot in (root.keys or {}).values() if spot > cases.spot]
    end = _above(lines, later[0][0] - 1) if later else len(lines)
    head, tail = "".join(lines[:end]), "".join(lines[end:])
    if not head.endswith("\n"):
        head += newline
    written = entry(fields, comments, column - 1).replace("\n", newline)
    gap = "" if head.endswith(newline * 2) else newline
    made = f"{head}{gap}{written}{newline if tail else ''}{tail}"
    _same_but_for_the_last(text, made)
    return made


def _same_but_for_the_last(old: str, new: str) -> None:
    """Raises `CannotAdd` unless the new text says what the old one did, and one case more."""
    before, after = said_by(old), said_by(new)
    if isinstance(after, dict) and isinstance(after.get("cases"), list):
        after = {**after, "cases": after["cases"][:-1]}
    if before != after:
        raise CannotAdd("one more case at its end would change what is there")


def _above(lines: Sequence[str], index: int) -> int:
    """The first of the lines that belong to the one at ``index``: itself and its comments."""
    while index and lines[index - 1].startswith("#"):
        index -= 1
    return index


def _comments(sentences: Sequence[str], indent: str) -> Iterator[str]:
    for sentence in sentences:
        yield from _filled(f"{indent}# {sentence}", f"{indent}# ").split("\n")


def _text(value: str, pattern: re.Pattern[str]) -> str:
    """Text as it is where YAML takes it for that, else in quotes."""
    plain = (
        pattern.fullmatch(value)
        and plain_value(value) == value
        and not value.endswith((" ", ":"))
        and ": " not in value
        and " #" not in value
        and " - " not in value
        and not UNREADABLE.search(value)
    )
    return value if plain else _quoted(value)


def _quoted(value: str) -> str:
    """Text in double quotes, with an escape for every character that no file can have."""
    quoted = json.dumps(value, ensure_ascii=False)
    return UNREADABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", quoted)


def _number(value: Any) -> str:
    """The shortest spelling that comes back to the same number in its dtype."""
    array: Array = np.asarray(value)
    whole = array.dtype.kind in "iu" or (float(array).is_integer() and abs(float(array)) < 2**53)
    return str(int(array)) if whole else str(array[()])
