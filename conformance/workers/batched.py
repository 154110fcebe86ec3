"""Answers several questions at once in a worker, as compiling a program for each costs too much.

Each question runs up to the lines that only touch tensors. A framework's own function ``together``
answers these lines of all questions in one program, and then each question continues from there. A
question that fails in any way gets no answer here: the client asks it alone, to learn the reason.

The client sends the text of this file to a worker. Python 3.8 with NumPy has to run it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    Span = tuple[int, int, Sequence[str], int | None]
    Source = tuple[str, Sequence[Span]]
    Call = tuple[Callable[..., Any], tuple[Any, ...]]
    CallWithin = tuple[str, Call]
    Together = Callable[[list[Call]], list[Any]]


NO_STATEMENT = "if True:"


def merge_arrays(arrays: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge the arrays of several questions into those of one frame.

    The number of its question stands before the name of each array.
    """
    return {
        f"{number} {name}": array
        for number, operands in enumerate(arrays)
        for name, array in operands.items()
    }


def answer_all(
    questions: Sequence[Source],
    arrays: Mapping[str, Any],
    namespace: Mapping[str, Any],
    together: Together,
    array: Callable[[Any], Any],
) -> dict[str, Any]:
    """Answer as many questions as can be answered together.

    Returns the answers by the numbers of their questions. Questions that are missing have to be
    asked alone.

    Parameters
    ----------
    questions
        Sources, each with its spans of lines that only touch tensors.
    arrays
        The arrays of all questions, as `merge_arrays` names them.
    namespace
        The other names that a source may use.
    together
        Returns the answer to each call with its tensors, or None where it has none.
    array
        Converts ``y`` to the array that is sent.
    """
    generators: dict[int, Generator[CallWithin, Any, Any]] = {}
    for number, (source, spans) in enumerate(questions):
        prefix = f"{number} "
        operands = {name[len(prefix) :]: arrays[name] for name in arrays if name.startswith(prefix)}
        with contextlib.suppress(BaseException):
            names = dict(namespace)
            text = generator_source(source, spans, operands)
            exec(compile(text, "<question>", "exec", 0, True), names)
            generators[number] = names["question"](**operands)
    results: dict[str, Any] = {}
    tensors: dict[int, Any] = dict.fromkeys(generators)
    while tensors:
        calls: dict[str, dict[int, Call]] = {}
        for number, tensor in tensors.items():
            try:
                statement, call = generators[number].send(tensor)
                calls.setdefault(statement, {})[number] = call
            except StopIteration as end:
                with contextlib.suppress(BaseException):
                    results[str(number)] = array(end.value)
            except BaseException:
                continue
        tensors = {}
        for statement, group in calls.items():
            with contextlib.suppress(Exception):
                names = {**namespace, "together": together, "calls": list(group.values())}
                exec(f"{statement}\n    answers = together(calls)", names)
                answers = names["answers"]
                tensors.update({n: a for i, n in enumerate(group) if (a := answers[i]) is not None})
    return results


def generator_source(source: str, spans: Sequence[Span], arrays: Iterable[str]) -> str:
    """Write the source of a question as a generator function that yields a call for each span.

    A call is a function and its tensors, with the statement that it runs within; the generator
    expects the ``y`` of this call to be sent back. It does not run the statement itself, as another
    generator would go on within it.

    ``source`` is the source of a question, which sets ``y``. ``arrays`` are the names of the
    arrays, which are the parameters of the function ``question``.
    """
    lines = source.splitlines()
    functions: list[str] = []
    for first, end, names, context in sorted(spans, reverse=True):  # so that numbers stay right
        call, tensors = f"call_{first}", "".join(f"{name}, " for name in names)
        margin = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
        inner = [f"    {line[len(margin) :]}" for line in lines[first:end]]
        functions += [f"def {call}({tensors}):", *inner, "    return y"]
        statement = NO_STATEMENT if context is None else source.splitlines()[context].strip()
        lines[first:end] = [f"{margin}y = yield {statement!r}, ({call}, ({tensors}))"]
        if context is not None:
            lines[context] = lines[context].replace(statement, NO_STATEMENT)
    body = [f"    {line}" for line in lines]
    return "\n".join([*functions, f"def question({', '.join(arrays)}):", *body, "    return y", ""])
