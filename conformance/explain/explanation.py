"""Explain one case: its question, the calls, and the answers, as lines of text."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from rich.syntax import Syntax
from rich.text import Text

from conformance import comparison
from conformance.adapters.call_source import numbers
from conformance.explain import array_diff
from conformance.explain.reproduction import reason_without_answer
from conformance.explain.text_lines import INDENT, indented, wrapped
from conformance.observations import Key, Observation, Status, verdict
from conformance.question import (
    TANGENTS,
    AnyQuestion,
    Array,
    Chain,
    Crop,
    Pool,
    Question,
    Step,
    as_canonical,
    as_passed,
)
from conformance.recipes import literals
from conformance.recipes.call_writer import Call
from conformance.runs import twins
from conformance.runs.calls import InvocationResult
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Header
from conformance.runs.twins import Relation
from conformance.utils.text import on, plain
from conformance.workers.outcomes import Answer

STYLES: dict[Status, str] = {
    "match": "green",
    "mismatch": "bold red",
    "undecided": "bold magenta",
    "rejected": "yellow",
    "inexpressible": "dim",
}
"""The colours of statuses; any other status is trouble."""


def about(prepared_case: PreparedCase, width: int) -> Iterator[Text]:
    """Yield lines about a case: its reason, its source, its question and the oracle's answer."""
    case = prepared_case.case
    yield Text(case.id, style="bold")
    yield from wrapped(case.why, width)
    if case.document is not None:
        parts = (f"{case.document.title} ({case.document.source})", case.section, *case.claims)
        yield from wrapped(f"From {', '.join(filter(None, parts))}.", width)
    yield from wrapped(f"Asked: {words(case.question)}.", width)
    if prepared_case.oracle_answer is None:
        yield from wrapped(f"Oracle: there is no answer: {reason_without_answer(case)}.", width)
    else:
        yield from wrapped("Oracle:", width)
        yield from indented(
            array_diff.alone(as_passed(case.question, prepared_case.oracle_answer), width - 4), 4
        )
    if case.erratum is not None:
        yield from wrapped(f"Erratum: {case.erratum.sentence}", width)


def where(header: Header) -> Text:
    """Return a line about the framework, its interpreter and its runtime class."""
    parts = (
        f"{header.framework} {header.version}{on(header.backend)}",
        f"runtime class {header.runtime_class}" if header.runtime_class else "",
        f"Python {header.python}",
        f"NumPy {header.numpy}",
    )
    return Text(plain(", ".join(filter(None, parts))), style="bold")


def api_lines(
    api: str,
    calls: Sequence[InvocationResult],
    width: int,
    relations: Mapping[Key, Relation] = MappingProxyType({}),
) -> Iterator[Text]:
    """Yield lines about an API: its verdict, and each call with its answer and its diagnosis."""
    statuses: dict[str, Status] = {o.mode: o.status for call in calls for o in call.observations}
    title = Text(api, style="bold")
    title.append(f": {verdict(statuses)}", style="")
    yield title
    for call in calls:
        yield from _call(call, width)
        observation = call.observations[0]
        if observation.key in relations:
            yield from wrapped(twins.sentence(observation, relations[observation.key]), width, 4)


def words(question: AnyQuestion) -> str:
    """Describe a question: the operator, the shapes, and every argument that is not the default."""
    if isinstance(question, Chain):
        steps = (f"{number}) {_step(step)}" for number, step in enumerate(question.steps, 1))
        first = question.questions[0]
        return f"a chain from x {_shape(question.x, first)}, {first.dtype}: {'; '.join(steps)}"
    dtype: str = question.dtype
    if question.operand_dtypes:
        dtype += f" of {question.dtypes['x']} and a {question.dtypes['kernel']} kernel"
    tangents = " and ".join(key for key in TANGENTS if key in question.arrays)
    return f"{_WANTED[question.wanted].format(tangents)}{_operator(question)}, {dtype}"


_WANTED = {
    "output": "",
    "input_gradient": "the gradient by x of ",
    "kernel_gradient": "the gradient by the kernel of ",
    "bias_gradient": "the gradient by the bias of ",
    "jvp": "the derivative along {} of ",
    "double_backward_input": "the gradient by x of the gradient along {} of ",
    "double_backward_kernel": "the gradient by the kernel of the gradient along {} of ",
    "double_backward_gradient": "the gradient by g of the gradients along {} of ",
    "parameters": "the number of parameters of ",
}


def _shape(x: Array, q: Question) -> str:
    return f"{x.shape[1:]} without a batch" if q.unbatched else str(x.shape)


def _step(step: Step) -> str:
    if isinstance(step, Pool):
        return f"the largest of every {step.size} along each axis"
    if isinstance(step, Crop):
        return f"a crop of {_plain(step.pairs)}"
    if not isinstance(step, Question):
        return f"{_plain(step.value)} around it, {_plain(step.pairs)}"
    return f"{step.operator} with {_with(step)}"


def _operator(q: Question) -> str:
    if q.operator == "interpolate":
        return f"bilinear up-scaling of x {q.x.shape} by {_plain(q.stride)}"
    return f"{q.operator} of x {_shape(q.x, q)} with {_with(q)}"


def _with(q: Question) -> str:
    q = q.as_written(((0, 0),) * q.rank)
    arguments = {
        "bias": "" if q.bias is None else _plain(q.bias.tolist()),
        "stride": _unless(q.stride, 1),
        "output size": "" if q.length is None else _plain(q.length.space),
        "padding": _padding(q),
        "output padding": "0" if q.zero_given else _unless(q.output_padding, 0),
        "dilation": _unless(q.dilation, 1),
        "groups": _unless((q.groups,), 1),
    }
    words = (f"{name} {value}" for name, value in arguments.items() if value)
    return ", ".join((f"kernel {q.kernel.shape}", *words))


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


def _call(result: InvocationResult, width: int) -> Iterator[Text]:
    call, modes = result.invocation.call, result.invocation.modes
    observation = result.observations[0]
    title = Text(" " * INDENT)
    title.append(" and ".join(modes), style="bold")
    if isinstance(call, Call) and "recipe" in modes:
        title.append(f" ({': '.join(filter(None, (call.cost.words, ', '.join(call.moves))))})")
    title.append(": ")
    title.append(observation.status, style=STYLES.get(observation.status, "bold red reverse"))
    yield title
    if isinstance(call, Call):
        yield from indented(source(call.source, width - 4), 4)
    if isinstance(result.outcome, Answer):
        yield from _answer(
            result.invocation.prepared_case, result.outcome.array, observation, width
        )
    elif words := observation.full_diagnosis or observation.detail:
        yield from wrapped(words, width, 4)


def _answer(
    prepared_case: PreparedCase, answer: Array, observation: Observation, width: int
) -> Iterator[Text]:
    sentences = list(_statements(observation))
    question, oracle = prepared_case.case.question, prepared_case.oracle_answer
    if oracle is None:
        yield from wrapped("It answered all the same:", width, 4)
        yield from indented(array_diff.alone(answer, width - 6), 6)
        yield from wrapped(observation.full_diagnosis or "", width, 4, "bold")
    elif observation.status == "match":
        sentences.insert(0, "It is the oracle's answer.")
    else:
        canonical, exact = as_canonical(question, answer), prepared_case.case.exact
        same = None
        if canonical.shape == oracle.shape:
            within = None if exact else prepared_case.reference
            agrees = comparison.agreement(question, oracle, canonical, exact=exact, within=within)
            same = as_passed(question, agrees)
        oracle = as_passed(question, oracle)
        yield from indented(array_diff.compared(answer, oracle, same, width - 6), 6)
        if same is not None and same.all():
            verb = "is" if observation.status == "undecided" else "has"
            sentences.insert(0, f"It {verb} {observation.detail}.")
        yield from wrapped(observation.full_diagnosis or "", width, 4, "bold")
    yield from wrapped(" ".join(sentences), width, 4)


def _statements(observation: Observation) -> Iterator[str]:
    """Yield sentences on whether the statements of the case hold of the answer."""
    if observation.claim is not None:
        yield f"What the case states {'holds' if observation.claim else 'does not hold'}."
    if observation.correction is not None:
        holds = "holds" if observation.correction else "does not hold"
        yield f"What its erratum puts in that place {holds}."


def source(code: str, width: int) -> Iterator[Text]:
    """Yield coloured lines of Python, broken so that they fit and stay the same Python."""
    lines = (
        line if line.lstrip().startswith("#") else literals.wrapped(line, width)
        for line in code.splitlines()
    )
    syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
    yield from syntax.highlight("\n".join(lines)).split("\n", allow_blank=False)
