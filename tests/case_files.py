"""Small case files, written and loaded as the tests of loading need them."""

from pathlib import Path

from conformance.cases import Case, Loaded, load

HEAD = "cases:\n  - id: one\n    why: It differs.\n"
MINIMAL = HEAD + "    x: [1, 2]\n    kernel: [1, 10]\n"
"""Five lines; what a test adds to them begins on line 6."""


def loaded(file: Path, text: str) -> Loaded:
    file.write_text(text, encoding="utf-8")
    return load([file])


def cases(file: Path, text: str) -> tuple[Case, ...]:
    result = loaded(file, text)
    assert list(map(str, result.problems)) == []
    return result.cases


def problems(file: Path, text: str) -> list[str]:
    return [str(problem).removeprefix(f"{file}:") for problem in loaded(file, text).problems]
