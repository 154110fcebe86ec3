"""Define how the calls of a JavaScript library are written: as lines for its program in Node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from conformance.adapters.call_source import CallSource
from conformance.workers.program import VARIABLE

_PACKAGE = Path(__file__).parents[1]
FOLDER = _PACKAGE / "javascript"
"""The folder of the programs."""
IMPORTS = (
    f"import sys; sys.path.append({str(_PACKAGE.parent)!r})",
    "import conformance.workers.program as program",
)
"""They import what speaks with programs also where this package is not installed."""


def command(*words: str) -> Mapping[str, str]:
    """Return the variable that starts Node with a module of ``javascript/`` and its arguments."""
    module, *arguments = words
    files = [str(FOLDER / name) for name in ("calls.js", module)]
    return {VARIABLE: json.dumps(["node", *files, *arguments])}


def call(source: str, names: str) -> CallSource:
    """Return the call of an expression in JavaScript over tensors of these names."""
    return CallSource(ask(source, names), function=source)


def ask(source: str, names: str) -> str:
    """Return the expression in Python for the value of one in JavaScript."""
    arrays = "".join(f", {name}={name}" for name in names.split(", "))
    return f"program.ask('call', x.dtype.name, source={source!r}{arrays})"
