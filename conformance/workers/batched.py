"""Many questions at once, since compiling a program for each costs more than all the rest.

Each runs up to the lines that touch tensors only; those of all are handed to a framework's own
`together`, which answers them as one, and each goes on from there. Whatever fails in any way has
no answer here: it is asked alone, which is how it can say what it has to say.

The text of this file is sent to a worker, and is run by any Python from 3.8 on, with NumPy.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    Stretch = tuple[int, int, Sequence[str]]
    Asked = tuple[str, Sequence[Stretch]]
    Call = tuple[Callable[..., Any], tuple[Any, ...]]
    Together = Callable[[list[Call]], list[Any]]


def named(arrays: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The arrays of several questions as those of one frame."""
    return {f"{n} {name}": array for n, own in enumerate(arrays) for name, array in own.items()}


def examine(
    asked: Sequence[Asked],
    arrays: Mapping[str, Any],
    namespace: Mapping[str, Any],
    together: Together,
    array: Callable[[Any], Any],
) -> dict[str, Any]:
    """The answers by the number of their question, less those that have to be asked alone.

    asked      sources, with the stretches of lines that touch tensors only
    arrays     as `named` made them
    namespace  what a source finds besides
    together   gives the answer to each call with its tensors, or None where it has none
    array      what is sent back for a ``y``
    """
    running: dict[int, Generator[Call, Any, Any]] = {}
    for number, (source, traceable_spans) in enumerate(asked):
        mine = f"{number} "
        own = {name[len(mine) :]: arrays[name] for name in arrays if name.startswith(mine)}
        with contextlib.suppress(BaseException):
            names = dict(namespace)
            exec(
                compile(resumable(source, traceable_spans, own), "<question>", "exec", 0, True),
                names,
            )
            running[number] = names["question"](**own)
    told: dict[str, Any] = {}
    given: dict[int, Any] = dict.fromkeys(running)
    while given:
        calls: dict[int, Call] = {}
        for number, answer in given.items():
            try:
                calls[number] = running[number].send(answer)
            except StopIteration as end:
                with contextlib.suppress(BaseException):
                    told[str(number)] = array(end.value)
            except BaseException:
                continue
        given = {}
        if calls:
            with contextlib.suppress(Exception):
                answers = together(list(calls.values()))
                given = {n: answers[i] for i, n in enumerate(calls) if answers[i] is not None}
    return told


def resumable(source: str, traceable_spans: Sequence[Stretch], arrays: Iterable[str]) -> str:
    """The source as a generator function of its arrays, which yields each stretch as a call.

    A call is a function and the tensors that it takes; what is sent back is its ``y``.
    """
    lines = source.splitlines()
    functions: list[str] = []
    for first, last, names in sorted(traceable_spans, reverse=True):  # so that numbers stay right
        call, given = f"call_{first}", "".join(f"{name}, " for name in names)
        margin = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
        inner = [f"    {line[len(margin) :]}" for line in lines[first:last]]
        functions += [f"def {call}({given}):", *inner, "    return y"]
        lines[first:last] = [f"{margin}y = yield {call}, ({given})"]
    body = [f"    {line}" for line in lines]
    return "\n".join([*functions, f"def question({', '.join(arrays)}):", *body, "    return y", ""])
