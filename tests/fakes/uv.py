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
index = folder / "wheels"  # what there is to install, with sizes, if a test says so
wheels = json.loads(index.read_text()) if index.exists() else {}
cached = folder / "cached"
cache = cached.read_text().split("\n") if cached.exists() else []
pins = [word for word in words if "==" in word and not word.startswith("-")]
if "--dry-run" in words:
    names = [pin.partition("==")[0] for pin in pins]
    if len(set(names)) < len(names):
        sys.exit("error: No solution found: two versions of one package")
    if missing := [pin for pin in pins if pin not in cache]:
        sys.stderr.write(f"Would download {len(missing)} packages\n")
    sys.exit()
if words[:2] == ["pip", "install"]:
    cached.write_text("\n".join([*cache, *pins]))
if words[:2] == ["pip", "compile"] and wheels:
    for line in sys.stdin.read().split():
        newest = [pin for pin in wheels if pin == line or pin.startswith(f"{line}==")]
        if not newest:
            sys.exit(f"error: No solution found for {line}")
        name, _, version = newest[-1].partition("==")
        size = "" if wheels[newest[-1]] is None else f", size = {wheels[newest[-1]]}"
        wheel = f'{{url = "there/{name}.whl"{size}}}'
        print(f'[[packages]]\nname = "{name}"\nversion = "{version}"\nwheels = [{wheel}]')  # noqa: T201
    sys.exit()
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
