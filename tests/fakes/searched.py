"""A framework for a random search in the place of PyTorch, also as a process of its own."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from fakes.drive import PATHS
from fakes.frameworks import api, framework, function

from conformance.adapters.framework import Api, Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.app import main


def faulty(fault: str, **rest: object) -> Api:
    """An API with one of the faults of `fakes.faulty`."""
    spell = function("faulty.ask", layout="N C *s", kernel="in out *k", fault=fault)
    fields = {"native": spell, "recipe": spell, **rest}
    return api(id=f"plain.{fault.replace(' ', '_')}", **fields)


def plain(folder: Path, *apis: Api) -> Framework:
    """The framework with these APIs; ``folder`` is for what it leaves behind."""
    return framework(
        *apis,
        name="torch",
        title="Plain",
        prelude="from fakes import plain, faulty",
        variables={"PYTHONPATH": PATHS, "FAKE_FOLDER": str(folder)},
    )


if __name__ == "__main__":
    fakes = (api(id="plain.right"), faulty("wrong"), faulty("holds on"))
    FRAMEWORKS["torch"] = plain(Path(os.environ["FAKE_FOLDER"]), *fakes)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts us may ignore it
    main(sys.argv[1:], prog_name="conformance")
