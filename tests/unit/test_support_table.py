"""README has the committed table, and the table a row for each implementation that is pinned."""

import re
from pathlib import Path

import pytest

from conformance.adapters.registry import FRAMEWORKS
from conformance.environments import definitions

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "reports" / "support.md").read_text(encoding="utf-8")
ROWS = [line.split(" | ")[0].removeprefix("| ") for line in TABLE.splitlines()[2:]]
PINNED = {
    name: environment
    for name, environment in definitions.pinned().items()
    if environment.tier != "large" and environment.portable
}


def test_readme_opens_with_the_committed_table() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text.partition("<!-- support -->\n")[2].partition("<!-- end of support -->")[0]
    assert block.strip() == TABLE.strip()


@pytest.mark.parametrize("name", PINNED)
def test_each_pinned_implementation_has_a_row_of_its_version(name: str) -> None:
    title = FRAMEWORKS[PINNED[name].framework].title
    (row,) = (row for row in ROWS if row.startswith(f"{title} ") and row[len(title) + 1].isdigit())
    version = re.split("==|@", (*PINNED[name].npm, *PINNED[name].pins)[0])[-1]
    versions = row.removeprefix(f"{title} ").split(", ")
    assert any(version.startswith(shown.partition("+")[0]) for shown in versions)
