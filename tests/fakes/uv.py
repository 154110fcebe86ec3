"""An installer that writes down what it was told, makes empty environments, and fails when asked.

`fakes.installer` puts a script `uv` on PATH that runs this file; its folder holds what was
recorded, what makes it fail, and what it is to print for which command.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

words = sys.argv[1:]
folder = Path(os.environ["FAKE_UV"])
told = {
    "arguments": words,
    "find links": os.environ.get("UV_FIND_LINKS"),
    "compile": os.environ.get("UV_COMPILE_BYTECODE"),
    "bin": os.environ.get("UV_PYTHON_INSTALL_BIN"),
}
with (folder / "calls.jsonl").open("a", encoding="utf-8") as calls:
    calls.write(json.dumps(told) + "\n")
if (folder / "fails on").exists():
    for wrong in (folder / "fails on").read_text().split("\n"):
        if set(wrong.split()) <= set(words):
            sys.exit("error: No solution found\n  hint: there is no such version")
if words[0] == "venv":
    python = Path(words[-1], "bin", "python")
    python.parent.mkdir(parents=True)  # fails for the second of two at once
    # What runs there can tell which environment it is in.
    python.write_text(f'#!/bin/sh\nFAKE_HOME="{words[-1]}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
if words[:2] == ["python", "install"]:
    version = words[-1]
    folder_of_all = Path(os.environ["HOME"], ".local", "share", "uv", "python")
    python = folder_of_all / f"cpython-{version}.9" / "bin" / f"python{version}"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho 'conformance {version}.9 cpython '\n")
    python.chmod(0o755)
for word in words:
    said = folder / f"{' '.join(words[:2])} {word}"
    if said.exists():
        sys.stdout.write(said.read_text())
        sys.exit()
if words[:2] == ["tool", "run"]:
    sys.exit("ERROR: No matching distribution found")
