"""Explanations: what one case asks, what an API is told and what it answers, for a person to read.

Every function gives lines of text for a width, so that a terminal, a pipe and a test see the same.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.syntax import Syntax
from rich.text import Text

from conformance import question
from conformance.adapters.base import Inexpressible, numbers
from conformance.cases import Case
from conformance.explain import array_diff
from conformance.observations import Observation, Status, verdict
from conformance.question import AnyQuestion, Array, Chain, Pool, Question
from conformance.recipes import literals
from conformance.recipes.call_writer import Call
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Header
from conformance.utils.text import plain
from conformance.workers.outcomes import Answer, Outcome

INDENT = 2
STYLES: dict[Status, str] = {
    "match": "green",
    "mismatch": "bold red",
    "undecided": "bold magenta",
    "rejected": "yellow",
    "inexpressible": "dim",
}
"""Of anything else: in trouble."""


@dataclass(frozen=True, eq=False)
class InvocationResult:
    """One call, what came of it, and what that is worth in each mode that it is the call of."""

    item: Invocation
    outcome: Outcome | Inexpressible
    observations: tuple[Observation, ...]


def about(prepared_case: PreparedCase, width: int) -> Iterator[Text]:
    """The case: why it is asked, where it is from, what it asks, and what the oracle answers."""
    case = prepared_case.case
    yield Text(case.id, style="bold")
    yield from _said(case.why, width)
    if case.document is not None:
        whence = (f"{case.document.title} ({case.document.source})", case.section, *case.claims)
        yield from _said(f"From {', '.join(filter(None, whence))}.", width)
    yield from _said(f"Asked: {words(case.question)}.", width)
    if prepared_case.wanted is None:
        yield from _said(f"Oracle: there is no answer: {_why_none(case)}.", width)
    else:
        yield from _said("Oracle:", width)
        yield from _indented(array_diff.alone(prepared_case.wanted, width - 4), 4)
    if case.erratum is not None:
        yield from _said(f"Erratum: {case.erratum.sentence}", width)


def where(header: Header) -> Text:
    """Who was asked."""
    on = f" on {header.backend}" if header.backend else ""
    parts = (
        f"{header.framework} {header.version}{on}",
        f"runtime class {header.runtime_class}" if header.runtime_class else "",
        f"Python {header.python}",
        f"NumPy {header.numpy}",
    )
    return Text(plain(", ".join(filter(None, parts))), style="bold")


def told(api: str, calls: Sequence[InvocationResult], width: int) -> Iterator[Text]:
    """An API: its verdict, and each call with its source, its answer and its diagnosis."""
    statuses: dict[str, Status] = {o.mode: o.status for call in calls for o in call.observations}
    title = Text(api, style="bold")
    title.append(f": {verdict(statuses)}", style="")
    yield title
    for call in calls:
        yield from _call(call, width)


def words(asked: AnyQuestion) -> str:
    """A question in words: the operator, the shapes, and every argument that is not the default."""
    if isinstance(asked, Chain):
        steps = "; ".join(f"{number}) {_step(step)}" for number, step in enumerate(asked.steps, 1))
        first = asked.questions[0]
        return f"a chain from x {first.x.shape}, {first.dtype}: {steps}"
    return f"{_WANTED[asked.wanted]}{_operator(asked)}, {asked.dtype}"


_WANTED = {
    "output": "",
    "input_gradient": "the gradient by x of ",
    "kernel_gradient": "the gradient by the kernel of ",
    "parameters": "the number of parameters of ",
}


def _step(step: Question | Pool) -> str:
    if isinstance(step, Pool):
        return f"the largest of every {step.size} along each axis"
    return f"{step.operator} with {_with(step)}"


def _operator(q: Question) -> str:
    if q.operator == "interpolate":
        return f"bilinear up-scaling of x {q.x.shape} by {_plain(q.stride)}"
    return f"{q.operator} of x {q.x.shape} with {_with(q)}"


def _with(q: Question) -> str:
    arguments = {
        "bias": "" if q.bias is None else _plain(q.bias.tolist()),
        "stride": _unless(q.stride, 1),
        "padding": _padding(q),
        "output padding": "0" if q.zero_given else _unless(q.output_padding, 0),
        "dilation": _unless(q.dilation, 1),
        "groups": _unless((q.groups,), 1),
    }
    said = (f"{name} {value}" for name, value in arguments.items() if value)
    return ", ".join((f"kernel {q.kernel.shape}", *said))


def _padding(q: Question) -> str:
    if isinstance(q.padding, str):
        return q.padding
    if any(begin != end for begin, end in q.padding):
        return _plain(q.padding)
    return _unless(tuple(begin for begin, _ in q.padding), 0)


def _unless(values: tuple[int, ...], default: int) -> str:
    value = numbers(values, default) if values else None
    return "" if value is None else _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_plain, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _call(call: InvocationResult, width: int) -> Iterator[Text]:
    item, modes = call.item, call.item.modes
    observation = call.observations[0]
    title = Text(" " * INDENT)
    title.append(" and ".join(modes), style="bold")
    if isinstance(item.call, Call) and "recipe" in modes:
        how = ", ".join(item.call.moves)
        title.append(f" ({item.call.cost.words}{how and f': {how}'})")
    title.append(": ")
    title.append(observation.status, style=STYLES.get(observation.status, "bold red reverse"))
    yield title
    if isinstance(item.call, Call):
        yield from _indented(source(item.call.source, width - 4), 4)
    if isinstance(call.outcome, Answer):
        yield from _answered(item.prepared_case, call.outcome.array, observation, width)
    elif words := observation.told or observation.detail:
        yield from _said(words, width, 4)


def _answered(
    prepared_case: PreparedCase, got: Array, seen: Observation, width: int
) -> Iterator[Text]:
    sentences = list(_claimed(seen))
    if prepared_case.wanted is None:
        yield from _said("It answered all the same:", width, 4)
        yield from _indented(array_diff.alone(got, width - 6), 6)
        yield from _said(seen.told or "", width, 4, "bold")
    elif seen.status == "match":
        sentences.insert(0, "It is the oracle's answer.")
    else:
        same = _same(prepared_case, got, prepared_case.wanted)
        yield from _indented(array_diff.compared(got, prepared_case.wanted, same, width - 6), 6)
        if same is not None and same.all():
            said = (
                f"It is {seen.detail}." if seen.status == "undecided" else f"It has {seen.detail}."
            )
            sentences.insert(0, said)
        yield from _said(seen.told or "", width, 4, "bold")
    yield from _said(" ".join(sentences), width, 4)


def _claimed(seen: Observation) -> Iterator[str]:
    if seen.claim is not None:
        yield f"What the case states {'holds' if seen.claim else 'does not hold'}."
    if seen.correction is not None:
        holds = "holds" if seen.correction else "does not hold"
        yield f"What its erratum puts in that place {holds}."


def _same(prepared_case: PreparedCase, got: Array, wanted: Array) -> Array | None:
    """Where two answers agree as `comparison.difference` has it; None where their shapes differ."""
    if got.shape != wanted.shape:
        return None
    return (
        np.asarray(got == wanted)
        if prepared_case.case.exact
        else prepared_case.reference.holds(got)
    )


def _why_none(case: Case) -> str:
    try:
        question.answer(case.question)
    except ValueError as refusal:
        return str(refusal).removesuffix(".")
    return case.expected.error or ""


def source(code: str, width: int) -> Iterator[Text]:
    """Source with its colours, on lines that fit and that are still the same Python."""
    broken = "\n".join(
        line if line.lstrip().startswith("#") else literals.wrapped(line, width)
        for line in code.splitlines()
    )
    colours = Syntax("", "python", theme="ansi_dark", background_color="default")
    yield from colours.highlight(broken).split("\n", allow_blank=False)


def _said(sentence: str, width: int, indent: int = INDENT, style: str = "") -> Iterator[Text]:
    """A sentence on as many lines as it takes."""
    space = " " * indent
    lines = textwrap.wrap(
        plain(sentence), width, initial_indent=space, subsequent_indent=space,
        break_on_hyphens=False,
    )  # fmt: skip
    return (Text(line, style=style) for line in lines)


def _indented(lines: Iterator[Text], indent: int) -> Iterator[Text]:
    for line in lines:
        line.pad_left(indent if line.plain else 0)
        yield line
