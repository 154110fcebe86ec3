"""Pages of findings made by hand, of a framework that every Python has: ``json`` of version 1.0."""

from dataclasses import replace

import pytest
from fakes.frameworks import INTEROP, api, framework

from conformance.adapters.framework import Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.adapters.runtime import RuntimeClass

SEEN = "- Seen with json 1.0 in `here`; not in `there`."
SCRIPT = "import json\n\nprint(json.dumps([1, 2]))\n"
WRONG, RIGHT = "[1, ...]", "[2, 1]"


def fake(name: str, prelude: str, runtime_class: str = "here") -> Framework:
    """A framework of version 1.0, whose workers are all of one class."""
    names = dict.fromkeys((runtime_class, "here", "there", "elsewhere"))
    interop = replace(INTEROP, classes=tuple(RuntimeClass(name=name) for name in names))
    made = framework(api(), name=name, title=name.title(), prelude=prelude)
    return replace(made, interops={None: interop})


def add_json(
    monkeypatch: pytest.MonkeyPatch, runtime_class: str = "here", **rest: str | None
) -> None:
    """The framework, which every Python has."""
    made = fake("json", "import json", runtime_class)
    monkeypatch.setitem(FRAMEWORKS, "json", replace(made, **rest))


def block(mark: str, text: str) -> str:
    return f"```{mark}\n{text.rstrip()}\n```\n"


def script(source: str = SCRIPT, wrong: str = WRONG, right: str = RIGHT) -> str:
    """A script with what it prints."""
    return "\nprints\n\n".join(
        (block("python", source), block("text wrong", wrong), block("text right", right))
    )


def entry(title: str = "A title", seen: str = SEEN, body: str | None = None) -> str:
    return f"## {title}\n\n{seen}\n\nIt is wrong.\n\n{script() if body is None else body}\n"


def page(*entries: str) -> str:
    return "# Findings\n\nWhat this is.\n\n" + "".join(entries)
