"""One case, looked up by its name and asked on its own: what `explain` and `repro` share."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from conformance.adapters.base import Api, Framework
from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import Case, load
from conformance.cases.loader import SUFFIXES
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import interpreter_in
from conformance.runs import plan
from conformance.utils import resources
from conformance.utils.printable import PrintableError
from conformance.workers.interpreter import STARTUP
from conformance.workers.worker_client import WorkerClient

SHOWN = 5
"""How many names are suggested at most."""
LONGEST = 80
"""Characters of a name that are looked at for one that is near to it."""


class NotFoundError(PrintableError):
    """Something asked for by a name that nothing, or too much, goes by; in a sentence."""


def case_named(name: str, paths: Sequence[Path]) -> Case:
    """The case with this id, or the only one whose id begins so, in ``paths`` or the corpus.

    Files that hold nothing but that case need not be right elsewhere. Raises `NotThere`.
    """
    loaded = load(paths or [resources.CASES], check=False)
    cases = {case.id: case for case in loaded.cases}
    try:
        return cases[_named("case", name, cases)]
    except NotFoundError as missing:
        # What is wrong with a file comes first, as that may be why the case is not there.
        sentences = [*map(str, loaded.problems), str(missing)]
        raise NotFoundError("\n".join(sentences)) from None


def api_named(name: str) -> tuple[Framework, Api]:
    """The API with this id and its framework. Raises `NotThere`."""
    found = {api.id: (f, api) for f in FRAMEWORKS.values() for api in f.apis}
    if name not in found:
        raise NotFoundError(_unknown("API", name, found))
    return found[name]


def require_applicable(api: Api, case: Case) -> None:
    """Raises `NotThere` where the case does not concern the API."""
    if not plan.is_applicable(api, case):
        raise NotFoundError(f"{case.id} asks for {case.op}, which is nothing that {api.id} answers")


def refuse_backend(framework: Framework, backend: str | None) -> None:
    """Raises `NotThere` for a backend that nothing can be written for."""
    refusal = framework.without(backend)
    if refusal is not None:
        raise NotFoundError(refusal)


@contextmanager
def examining(
    environment: Environment, *, timeout: float, startup: float = STARTUP
) -> Iterator[WorkerClient]:
    """A client of the framework in that environment, which is made unless it is there.

    Raises ``CannotBuild``, ``CannotStart``, and `NotThere` for a backend that nothing can be
    written for.
    """
    framework = FRAMEWORKS[environment.framework]
    interpreter = interpreter_in(environment, together=False)
    with WorkerClient(interpreter, timeout=timeout, startup=startup) as client:
        refuse_backend(framework, client.identity.facts["backend"])
        yield client


def _named(kind: str, name: str, names: Collection[str]) -> str:
    if name in names:
        return name
    begun = [known for known in names if known.startswith(name)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise NotFoundError(f"{len(begun)} {kind}s begin with {name!r}: {_some(begun)}")
    raise NotFoundError(_unknown(kind, name, names))


def _unknown(kind: str, name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name[:LONGEST], names, SHOWN)
    if near:
        hint = f"; near to it: {_some(near)}"
    elif Path(name).suffix in SUFFIXES:
        hint = f"; a file stands behind --cases, and a {kind} is named by its id"
    elif len(names) > 1:
        hint = f"; the {kind}s are {_some([*names])}"
    else:
        hint = f"; the only {kind} is {_some([*names])}" if names else f", and no other {kind}"
    return f"there is no {kind} {name!r}{hint}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
