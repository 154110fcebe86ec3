"""The code blocks of the documentation."""

import re
import shlex
from pathlib import Path

import conformance

DOCS = Path(conformance.__file__).parent.parent / "docs"


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(text: str) -> list[tuple[list[str], list[str]]]:
    """Every command after a ``$``, with the lines that it is said to print."""
    sessions = (block.replace("\\\n", " ") for block in blocks(text, "console"))
    parts = (part.splitlines() for session in sessions for part in session.split("$ ")[1:])
    return [(shlex.split(command), printed) for command, *printed in parts]
