"""What comes with the package besides its code: within an installed one, beside it in a clone."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent.parent
_INSTALLED = _HERE / "shipped"
_CLONE = _HERE.parent

CASES = _INSTALLED / "cases" if _INSTALLED.exists() else _CLONE / "cases"
"""The corpus: YAML files and the schema they follow."""
FINDINGS = (_INSTALLED if _INSTALLED.exists() else _CLONE / "docs") / "findings.md"
"""What the cases found in frameworks, with scripts that show it."""
BASELINE = _INSTALLED / "baseline" if _INSTALLED.exists() else _CLONE / "reports" / "baseline"
"""What was last accepted of every pinned environment."""
