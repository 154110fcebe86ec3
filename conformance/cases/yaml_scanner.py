"""What the characters of a case file mean one by one: numbers, words, and lists of numbers.

Case files are made of little else than short lists of numbers. Read token by token they take three
times as long, so that a list of numbers on one line is a single token here. And a plain scalar has
YAML 1.2's meaning and no other: ``no`` is a word, ``1e-3`` a number, ``1_000`` a word.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from ruamel.yaml.scanner import Scanner, ScannerError
from ruamel.yaml.tokens import ScalarToken

Step: TypeAlias = str | int
"""A key of a mapping or an index of a list."""

MAX_DEPTH = 32
MAX_DIGITS = 18

_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **{sign + inf: math.inf for sign in ("", "+") for inf in (".inf", ".Inf", ".INF")},
    **{"-" + inf: -math.inf for inf in (".inf", ".Inf", ".INF")},
}


def plain_value(text: str) -> Any:
    """What a scalar without quotes means in YAML 1.2 (its core schema).

    A whole number of more than MAX_DIGITS digits comes back as 10**MAX_DIGITS, or as minus that.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        digits = text.lstrip("+-").lstrip("0") or "0"
        size = int(digits) if len(digits) <= MAX_DIGITS else 10**MAX_DIGITS
        return -size if text[0] == "-" else size
    if _BASED.fullmatch(text):
        return min(int(text, 0), 10**MAX_DIGITS)
    return float(text) if _FLOAT.fullmatch(text) else text


# Numbers short enough that none overflows, nested as deep as kernels go. Possessive quantifiers
# keep the match linear: a list of anything else must not cost more than one look.
_NUMBER = r"-?(?:0|[1-9][0-9]{0,14}+)(?:\.[0-9]{1,20}+)?+(?:[eE][-+]?[0-9]{1,2}+)?+(?![\w.+-])"
NUMBERS_STYLE = "["


def _list_of(item: str) -> str:
    return rf"\[ *+{item}(?: *+, *+{item})*+ *+\]"


def _numbers(levels: int) -> str:
    flat = _list_of(_NUMBER)
    return flat if levels == 1 else rf"(?:{_list_of(_numbers(levels - 1))}|{flat})"


_NUMBERS = re.compile(_numbers(5))


class CaseScanner(Scanner):
    """ruamel.yaml's scanner, which takes a list of numbers on one line for a single scalar."""

    def fetch_flow_sequence_start(self) -> None:
        reader = self.reader
        match = _NUMBERS.match(reader.buffer, reader.pointer)
        if match is None:
            super().fetch_flow_sequence_start()
            return
        self.save_possible_simple_key()
        self.allow_simple_key = False
        start, length = reader.get_mark(), match.end() - match.start()
        reader.pointer += length
        reader.index += length
        reader.column += length
        token = ScalarToken(match.group(), False, start, reader.get_mark(), NUMBERS_STYLE)
        self.tokens.append(token)

    def fetch_flow_collection_start(self, *args: Any, **names: Any) -> None:
        # The scanner looks ahead of the nodes, at a cost that grows with the square of the depth.
        if len(self.flow_context) >= MAX_DEPTH:
            sentence = f"values are nested more than {MAX_DEPTH} deep"
            raise ScannerError(None, None, sentence, self.reader.get_mark())
        super().fetch_flow_collection_start(*args, **names)


def offset(text: str, path: Sequence[Step]) -> int:
    """How far into a one-line list of numbers the entry at ``path`` begins."""
    here = 0
    for step in path:
        if text[here] != "[" or not isinstance(step, int):
            break
        here, depth = here + 1, 0
        while step:
            depth += (text[here] == "[") - (text[here] == "]")
            if depth < 0:
                return 0
            step -= text[here] == "," and depth == 0
            here += 1
        here += len(text[here:]) - len(text[here:].lstrip(" "))
    return here
