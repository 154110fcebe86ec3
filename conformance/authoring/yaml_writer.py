"""Write cases as YAML in the style of the cases that people write.

A case is inserted into the text of a file, whose other lines keep their format.
"""

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
"""Characters of a line."""
READABLE = 100
"""Numbers of an array up to which they are written, as a person has to review them."""
ORDER = (
    "id", "claims", "section", "topics", "tags", "why", "op", "rank", "x", "kernel", "gradient",
    "bias", "x_tangent", "kernel_tangent", "bias_tangent", "stride", "padding", "output_padding",
    "output_size", "dilation", "groups", "dtype", "kernel_dtype", "exact", "expected",
)  # fmt: skip
"""The keys of a case in the order of a file."""

_PLAIN = re.compile(r"[A-Za-z0-9(][^\n\r\t]*")
_PLAIN_IN_BRACKETS = re.compile(r"[A-Za-z0-9(][^\n\r\t{}\[\],]*")


class CannotAdd(PrintableError):
    """No case can be added to a file without a change of others; the message is a sentence."""


def entry(fields: Mapping[str, Any], comments: Mapping[str, Sequence[str]], dash: int) -> str:
    """Return whole lines with a case as an entry of a list.

    ``fields`` are the values of the case by their keys. Arrays may be lists or NumPy's. ``dash`` is
    the column of the list's dashes, counted from 0.
    """
    indent = " " * (dash + 2)
    lines = [*_comment_lines(comments.get("id", ()), " " * dash)]
    for number, key in enumerate(key for key in ORDER if key in fields):
        if number:
            lines += _comment_lines(comments.get(key, ()), indent)
        text = pair(key, fields[key], indent)
        lines.append(text if number else f"{' ' * dash}- {text.lstrip()}")
    return "\n".join(lines) + "\n"


def pair(key: str, value: Any, indent: str, closing: int = 0) -> str:
    """Return a key and its value, on one or more lines without the last line end."""
    start = f"{indent}{key}: "
    if isinstance(value, str):
        text = start + _text(value, _PLAIN)
        # YAML reads a line break within a scalar as one space.
        return _wrap(text, indent + "  ") if value == " ".join(value.split()) else text
    return start + _layout(value, len(start), closing)


def flow(value: Any) -> str:
    """Return a mapping, a list, an array, a number or text in YAML's flow style, on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {flow(inner)}' for key, inner in value.items())}}}"
    if _is_list(value):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value, _PLAIN_IN_BRACKETS) if isinstance(value, str) else _number(value)


def _layout(value: Any, column: int, closing: int) -> str:
    """Write a value from a column on, with line breaks between its parts where it is long."""
    line = flow(value)
    if column + len(line) + closing <= WIDTH:
        return line
    indent = ",\n" + " " * (column + 1)
    if isinstance(value, Mapping):
        parts = [
            f"{key}: {_layout(inner, column + len(key) + 3, closing + 1)}"
            for key, inner in value.items()
        ]
        return f"{{{indent.join(parts)}}}"
    if _is_list(value) and any(map(_is_list, value)):
        return f"[{indent.join(_layout(part, column + 1, closing + 1) for part in value)}]"
    if _is_list(value):
        return _wrap(" " * column + line, indent[2:], WIDTH - closing).lstrip()
    return line


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _wrap(line: str, indent: str, width: int = WIDTH) -> str:
    return textwrap.fill(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def new_file(
    fields: Mapping[str, Any],
    comments: Mapping[str, Sequence[str]],
    *,
    document: Mapping[str, str] | None = None,
    schema: str | None = None,
) -> str:
    """Return the text of a file with one case.

    Parameters
    ----------
    fields, comments
        As of `entry`.
    document
        The values of the document that the cases are about, if there is one.
    """
    lines = [] if schema is None else [f"# yaml-language-server: $schema={schema}"]
    lines += ["# Say here what these cases separate, and why people trip there."]
    if document is not None:
        lines += ["", "document:", *(pair(key, value, "  ") for key, value in document.items())]
    return "\n".join([*lines, "", "cases:", entry(fields, comments, 2)])


def content_of(text: str) -> Any:
    """Return the value of a YAML document; None where the text is none."""
    root, problems = read(text.encode())
    return None if root is None or problems else root.value


def is_same(first: Any, second: Any) -> bool:
    """Return whether two values of YAML documents are the same; a NaN is the same as a NaN."""
    return repr(first) == repr(second)


def append(text: str, fields: Mapping[str, Any], comments: Mapping[str, Sequence[str]]) -> str:
    """Return the text of a case file with one case more; ``fields`` and ``comments`` as of `entry`.

    Raises ``CannotAdd`` if the list is not one of dashes, or the other cases would change.
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
    later_keys = [spot for spot in (root.keys or {}).values() if spot > cases.spot]
    end = _comment_start(lines, later_keys[0][0] - 1) if later_keys else len(lines)
    head, tail = "".join(lines[:end]), "".join(lines[end:])
    if not head.endswith("\n"):
        head += newline
    case = entry(fields, comments, column - 1).replace("\n", newline)
    gap = "" if head.endswith(newline * 2) else newline
    new_text = f"{head}{gap}{case}{newline if tail else ''}{tail}"
    content = content_of(new_text)
    if isinstance(content, dict) and isinstance(content.get("cases"), list):
        del content["cases"][-1:]
    if not is_same(content, content_of(text)):
        raise CannotAdd("one more case at its end would change what is there")
    return new_text


def _comment_start(lines: Sequence[str], index: int) -> int:
    """Return the index of the first line of the comment above a line, or that of the line."""
    while index and lines[index - 1].startswith("#"):
        index -= 1
    return index


def _comment_lines(sentences: Sequence[str], indent: str) -> Iterator[str]:
    for sentence in sentences:
        yield from _wrap(f"{indent}# {sentence}", f"{indent}# ").split("\n")


def _text(value: str, pattern: re.Pattern[str]) -> str:
    """Write text without quotes where YAML reads it as the same text, otherwise in quotes."""
    is_plain = (
        pattern.fullmatch(value)
        and plain_value(value) == value
        and not value.endswith((" ", ":"))
        and ": " not in value
        and " #" not in value
        and " - " not in value
        and not UNREADABLE.search(value)
    )
    return value if is_plain else _quoted(value)


def _quoted(value: str) -> str:
    """Write text in double quotes, with escapes for the characters that YAML does not allow."""
    text = json.dumps(value, ensure_ascii=False)
    return UNREADABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _number(value: Any) -> str:
    """Write the shortest text that is read as the same number of its dtype."""
    array: Array = np.asarray(value)
    if array.dtype.kind == "c":
        return str(array[()]).strip("()") if array.imag else _number(array.real)
    if not np.isfinite(array):
        return ".nan" if np.isnan(array) else ".inf" if array > 0 else "-.inf"
    is_whole = array.dtype.kind in "iu" or (float(array).is_integer() and abs(float(array)) < 2**53)
    return str(int(array)) if is_whole else str(array[()])
