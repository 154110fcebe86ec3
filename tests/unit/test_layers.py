"""The layout: a folder imports from folders below it, and never from one above."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance

PACKAGE = Path(conformance.__file__).parent

LAYERS = (
    {"utils", "oracle", "observations", "recorder"},
    {"recorded_answers", "question", "workers"},
    {"comparison"},
    {"cases"},
    {"adapters"},
    {"environments"},
    {"conventions"},
    {"recipes"},
    {"runs"},
    {"explain", "gate", "history", "quality"},
    {"authoring", "findings", "translate"},
    {"answers", "fuzz", "report"},
    {"cli", "pytest_client", "testing"},
    {"pytest_items", "__main__"},
    {"pytest_plugin"},
)
"""Folders and modules of the package, from the lowest up; those of one layer are independent."""
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}


def folder(path: Path) -> str:
    """The folder of the package that a file is in, or the file's own name at the top."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """The folders of the package that a file imports from, those within functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "conformance":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("conformance."):
            yield str(node.module).split(".")[1]


FILES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or "init" not in path.name
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_from_below(path: Path) -> None:
    here = folder(path)
    above = {
        name
        for name in imports(path)
        if name in HEIGHT and name != here and HEIGHT[name] >= HEIGHT[here]
    }
    assert not above


def test_every_folder_has_its_layer() -> None:
    assert {folder(path) for path in FILES} == set(HEIGHT)
