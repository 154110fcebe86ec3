"""Locates the data of the package: inside it where it is installed, beside it in a clone."""

import tomllib
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent.parent
_INSTALLED = _HERE / "shipped"
_CLONE = _HERE.parent

CASES = _INSTALLED / "cases" if _INSTALLED.exists() else _CLONE / "cases"
"""The corpus: YAML files and their schema."""
FINDINGS = (_INSTALLED if _INSTALLED.exists() else _CLONE / "docs") / "findings.md"
"""The page of bugs that the cases have found in frameworks, with scripts that show them."""
BASELINE = _INSTALLED / "baseline" if _INSTALLED.exists() else _CLONE / "reports" / "baseline"
"""The accepted results of every pinned environment."""
HISTORY = _INSTALLED / "history" if _INSTALLED.exists() else _CLONE / "reports" / "history"
"""The conventions of releases of packages, as `nox -s history` observed them."""


def table(module: str, name: str) -> dict[str, Any]:
    """Return the content of a TOML file beside a module, whose ``__file__`` is given."""
    return tomllib.loads(Path(module).with_name(name).read_text(encoding="utf-8"))
