"""An installer that writes down what it was told, makes empty environments, and fails when asked.

A test puts a script `uv` on PATH that runs this file; its folder holds what was recorded.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

folder = Path(os.environ["FAKE_UV"])
told = {"arguments": sys.argv[1:], "find links": os.environ.get("UV_FIND_LINKS")}
with (folder / "calls.jsonl").open("a", encoding="utf-8") as calls:
    calls.write(json.dumps(told) + "\n")
if (folder / "fails on").exists() and (folder / "fails on").read_text() in sys.argv:
    sys.exit("error: No solution found\n  hint: there is no such version")
if sys.argv[1] == "venv":
    python = Path(sys.argv[-1], "bin", "python")
    python.parent.mkdir(parents=True)  # fails for the second of two at once
    python.symlink_to(sys.executable)
