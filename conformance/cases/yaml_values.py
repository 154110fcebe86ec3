"""Convert plain scalars (text without quotes) to values by the core schema of YAML 1.2.

``no`` is a word, ``1e-3`` a number, ``1_000`` a word; PyYAML follows YAML 1.1 and differs in all.
"""

import math
import re
import sys
from typing import Any

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
    """Return the value of a plain scalar.

    Returns None, a bool, a number or the text; an integer of more than MAX_DIGITS digits becomes
    10**MAX_DIGITS, or minus that, and a float beyond float64 the largest one.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        digits = text.lstrip("+-").lstrip("0") or "0"
        size = int(digits) if len(digits) <= MAX_DIGITS else 10**MAX_DIGITS
        return -size if text[0] == "-" else size
    if _BASED.fullmatch(text):
        return min(int(text, 0), 10**MAX_DIGITS)
    if not _FLOAT.fullmatch(text):
        return text
    return max(-sys.float_info.max, min(float(text), sys.float_info.max))
