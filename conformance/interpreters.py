"""Which interpreter a framework is asked in, and what it is told before the first question."""

from __future__ import annotations

import os

from conformance.api import Framework
from conformance.workers.interpreter import Interpreter

_A_CORE_EACH = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
"""Arrays are small, and threads that wait for one another on busy cores take several times as long;
nor should the order of a sum depend on how many cores there are."""


def interpreter_for(
    framework: Framework,
    executable: str,
    backend: str | None = None,
    *,
    together: bool = False,
) -> Interpreter:
    """The interpreter at ``executable``, told what to import, on which backend if it has several,
    and what to look for.

    together  whether it is asked many questions at once, if it has a way to answer them
    """
    said = framework.together if together else None
    chosen = {framework.backend_variable: backend} if framework.backend_variable and backend else {}
    return Interpreter(
        executable=executable,
        prelude=framework.prelude,
        facts={
            "version": framework.version,
            "backend": framework.backend,
            **{f"api {api.id}": f"bool({api.exists})" for api in framework.apis},
        },
        variables={**_A_CORE_EACH, **framework.variables, **chosen},
        settle=framework.settle,
        together=said.source if said else "",
        most=said.most if said else 1,
    )
