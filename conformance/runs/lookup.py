"""Look up one case, API or backend by name, for commands that run a single case."""

import difflib
from collections.abc import Collection, Sequence
from pathlib import Path

from conformance.adapters.framework import Api, Framework
from conformance.adapters.registry import FRAMEWORKS, api_and_rank
from conformance.cases import Case, load
from conformance.cases.loader import SUFFIXES
from conformance.runs import plan
from conformance.utils import resources
from conformance.utils.excerpt import first
from conformance.utils.printable import PrintableError

_SUGGESTIONS = 5
"""How many names an error lists at most."""
_LONGEST = 80
"""Characters of a name that are compared with others."""


class NotFoundError(PrintableError):
    """A name that fits nothing, or more than one thing, in a sentence."""


def case_named(name: str, paths: Sequence[Path]) -> Case:
    """Return the case with this id, or the only one whose id begins with it.

    Raises ``NotFoundError`` if there is no such case, or more than one.

    Parameters
    ----------
    paths
        Files and folders of cases; empty for the corpus. Errors in other cases do not matter.
    """
    contents = load(paths or [resources.CASES], check=False)
    cases = {case.id: case for case in contents.cases}
    try:
        return cases[_full_name("case", name, cases)]
    except NotFoundError as error:
        # Problems of the files come first, as one may be the reason that the case is missing.
        sentences = [*map(str, contents.problems), str(error)]
        raise NotFoundError("\n".join(sentences)) from None


def api_named(name: str) -> tuple[Framework, Api]:
    """Return the API with this id and its framework; raise `NotFoundError` if there is none.

    A name with a number of axes, such as ``torch.nn.ConvTranspose2d``, is understood as well.
    """
    # The first framework that has it is its own; others have it as the twin of a mode.
    frameworks = {api.id: f for f in reversed(FRAMEWORKS.values()) for api in f.apis}
    name, _ = api_and_rank(name)
    if name not in frameworks:
        raise NotFoundError(_unknown("API", name, sorted(frameworks)))
    return frameworks[name], frameworks[name].api(name)


def require_applicable(api: Api, case: Case) -> None:
    """Raise `NotFoundError` if the case is not for the API."""
    if not plan.is_applicable(api, case):
        raise NotFoundError(f"{case.id} asks for {case.op}, which is nothing that {api.id} answers")


def apis_of(framework: Framework, case: Case, api_ids: tuple[str, ...]) -> list[Api]:
    """Return the APIs of a framework that a case applies to.

    ``api_ids`` are the ids of the APIs to choose; all of them where it is empty. Raises
    ``NotFoundError`` if an API is of another framework, or there is no API that the case applies
    to.
    """
    for api_id in api_ids:
        owner, api = api_named(api_id)
        if api not in framework.apis:
            raise NotFoundError(f"{api_id} is of {owner.title}, not of {framework.title}")
        require_applicable(api, case)
    apis = [api for api in framework.apis if plan.is_applicable(api, case)]
    if not apis:
        raise NotFoundError(f"nothing in {framework.title} can be asked for {case.op}")
    return [api for api in apis if api.id in (api_ids or (api.id,))]


def refuse_backend(framework: Framework, backend: str | None) -> None:
    """Raise `NotFoundError` for a backend that no call can be written for."""
    refusal = framework.without(backend)
    if refusal is not None:
        raise NotFoundError(refusal)


def _full_name(kind: str, name: str, names: Collection[str]) -> str:
    if name in names:
        return name
    candidates = [candidate for candidate in names if candidate.startswith(name)]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        start = f"{len(candidates)} {kind}s begin with {name!r}"
        raise NotFoundError(f"{start}: {first(candidates, _SUGGESTIONS)}")
    raise NotFoundError(_unknown(kind, name, names))


def _unknown(kind: str, name: str, names: Collection[str]) -> str:
    similar = difflib.get_close_matches(name[:_LONGEST], names, _SUGGESTIONS)
    if similar:
        hint = f"; near to it: {first(similar, _SUGGESTIONS)}"
    elif Path(name).suffix in SUFFIXES:
        hint = f"; a file stands behind --cases, and a {kind} is named by its id"
    elif len(names) > 1:
        hint = f"; the {kind}s are {first([*names], _SUGGESTIONS)}"
    else:
        hint = f"; the only {kind} is {next(iter(names))}" if names else f", and no other {kind}"
    return f"there is no {kind} {name!r}{hint}"
