"""Check the numbers of a case file, alone or in nested lists; complex ones are text there."""

from cmath import isfinite
from collections.abc import Sequence
from typing import Any

from conformance.cases.errors import Fault

MAX_NUMBER = 2**53
MAX_AXES = 5
MAX_NAME = 200

COMPLEX = r"[-+]?([0-9.]+([eE][-+]?[0-9]+)?[-+])?[0-9.]+([eE][-+]?[0-9]+)?j"
"""The text of a complex number, as Python writes it."""
NUMBER = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^{COMPLEX}$"}]}
"""A number in a schema; YAML has no complex ones, which are text."""


def numbers_fault(value: Any) -> Fault | None:
    """Return the first fault of a value that must be numbers in lists, all of one shape."""
    if not isinstance(value, list):
        return (), "must be a list of numbers"
    lengths: list[int] = []
    first = value
    while isinstance(first, list):
        if not first:
            return (0,) * len(lengths), "must not be empty"
        lengths.append(len(first))
        first = first[0]
    if len(lengths) > MAX_AXES:
        return (), f"must be at most {MAX_AXES} lists deep"
    return _ragged_fault(value, lengths)


def _ragged_fault(value: Any, lengths: Sequence[int], path: tuple[int, ...] = ()) -> Fault | None:
    """Return the first fault of a nested list that must hold numbers in lists of these lengths."""
    if not lengths:
        if type(value) not in (int, float) and not _is_complex_literal(value):
            return path, "must be a number"
        if type(value) is int and abs(value) > MAX_NUMBER:
            return path, f"must be a number within -{MAX_NUMBER} and {MAX_NUMBER}"
        return None
    if not isinstance(value, list) or len(value) != lengths[0]:
        return path, f"must be a list of {lengths[0]}, as the one before it is"
    for index, entry in enumerate(value):
        fault = _ragged_fault(entry, lengths[1:], (*path, index))
        if fault is not None:
            return fault
    return None


def number_fault(value: Any) -> Fault | None:
    """Return the fault of a value that must be one number."""
    return _ragged_fault(value, ())


def to_numbers(value: Any) -> Any:
    """Return nested lists with complex numbers in place of the texts that are."""
    if isinstance(value, list):
        return [to_numbers(entry) for entry in value]
    return complex(value) if isinstance(value, str) else value


def _is_complex_literal(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > MAX_NAME or not value.endswith("j"):
        return False
    # Python reads more, such as (1+2j), nanj and 1+j.
    if not {*value} <= {*"0123456789.eE+-j"} or value[-2:-1] in {*"+-"} or value == "j":
        return False
    try:
        return isfinite(complex(value))
    except ValueError:
        return False
