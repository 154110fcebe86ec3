"""The public Python API: every name is there, and the page shows what holds."""

import re
from pathlib import Path

import pytest

import conformance

DOCS = Path(conformance.__file__).parent.parent / "docs"
PAGE = (DOCS / "python.md").read_text(encoding="utf-8")
ARCHITECTURE = (DOCS / "architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", conformance.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(conformance, name)


def test_the_public_names_are_listed() -> None:
    assert dir(conformance) == sorted(conformance.__all__)


def test_no_other_name_is_there() -> None:
    with pytest.raises(AttributeError, match="'conformance' has no attribute 'deconv'"):
        conformance.deconv  # noqa: B018  # looked up, and not there


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_the_code_of_the_page_holds(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "docs/python.md", "exec"), {})


def test_every_public_name_is_on_a_page() -> None:
    pages = PAGE + (DOCS / "api.md").read_text(encoding="utf-8")
    names = [name for name in conformance.__all__ if name != "__version__"]
    assert [name for name in names if name not in pages] == []


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(\w+/(?:\w+\.\w+)?)", ARCHITECTURE))))
def test_every_file_that_the_architecture_names_is_there(name: str) -> None:
    """In the package, or beside it; a word in capitals stands for any name."""
    root = DOCS.parent
    path = re.sub("NAME", "torch", name)
    assert (root / "conformance" / path).exists() or (root / path).exists()
