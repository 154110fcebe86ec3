"""Write the lines of a planned question: arrays to tensors, the framework's own lines, and back.

Most of the source is NumPy; the spans between are the framework's own, and can be compiled
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from conformance.adapters.interop import TensorInterop
from conformance.conventions.arithmetic import NARROWER
from conformance.question import Array, Question
from conformance.recipes import linear_ops
from conformance.recipes.search import Plan


class TraceableSpan(NamedTuple):
    """Lines ``first`` to ``last`` - 1 of a source, which compute tensor ``y`` from ``names``.

    They run within the ``with`` statement in the line ``context``, if there is one.
    """

    first: int
    last: int
    names: tuple[str, ...]
    context: int | None = None


@dataclass(frozen=True)
class Text:
    """Lines of a source, and which of them are traceable."""

    lines: tuple[str, ...] = ()
    traceable_spans: tuple[TraceableSpan, ...] = ()

    def __add__(self, other: Text | Sequence[str]) -> Text:
        other = other if isinstance(other, Text) else Text(tuple(other))
        offset = len(self.lines)
        spans = tuple(
            TraceableSpan(
                first + offset, last + offset, names, None if context is None else context + offset
            )
            for first, last, names, context in other.traceable_spans
        )
        return Text(self.lines + other.lines, self.traceable_spans + spans)

    @property
    def source(self) -> str:
        """Return the lines as one string."""
        return "".join(f"{line}\n" for line in self.lines)

    def indented(self) -> Text:
        """Return the same lines, one block deeper."""
        return replace(self, lines=tuple(f"    {line}" for line in self.lines))

    def within(self, statement: str) -> Text:
        """Return the same lines as the block of a ``with`` statement."""
        spans = tuple(span._replace(context=-1) for span in self.traceable_spans)
        return Text((statement,)) + replace(self.indented(), traceable_spans=spans)


def text(plan: Plan, interop: TensorInterop, question: Question) -> Text:
    """Return the source of a planned question."""
    lines = _grouped(plan, interop, question)
    context = interop.dtype_contexts.get(question.dtype)
    if plan.keep_dtype and context is not None:
        return lines.within(context)
    return lines


FIELDS = {
    "x": "x",
    "w": "kernel",
    "b": "bias",
    "g": "gradient",
    "tx": "x_tangent",
    "tw": "kernel_tangent",
    "tb": "bias_tangent",
}
"""The fields of a question by the names of their arrays in a source."""


def arrays_of(question: Question) -> dict[str, Array]:
    """Return the arrays that the source of a question reads, by name."""
    unused = {"bias"} if not question.uses_bias else set()
    unused |= {"kernel"} if question.operator == "interpolate" else set()
    there = {name: a for name, a in question.arrays.items() if name not in unused}
    arrays = {name: there[field] for name, field in FIELDS.items() if field in there}
    if question.unbatched:
        arrays |= {name: arrays[name][0] for name in ("x", "g", "tx") if name in arrays}
    return arrays


def _grouped(plan: Plan, interop: TensorInterop, question: Question) -> Text:
    names = tuple(arrays_of(question))
    write = _parameters if question.wanted == "parameters" else _numbers
    lines = write(plan, interop, question)
    if not plan.split:
        return lines
    channels = 0 if question.unbatched else 1
    axes = {"x": channels, "w": 0, "b": 0, "g": channels}
    split = ", ".join(f"np.split({name}, {question.groups}, {axes[name[-1]]})" for name in names)
    joins = {
        **dict.fromkeys(("output", "x"), f"np.concatenate(groups, {channels})"),
        **dict.fromkeys(("kernel", "bias"), "np.concatenate(groups, 0)"),
        "count": "np.sum(groups)",
    }
    return (
        Text(("groups = []", f"for {', '.join(names)} in zip({split}):"))
        + lines.indented()
        + ["    groups.append(y)", f"y = {joins[question.answer_space]}"]
    )


def _numbers(plan: Plan, interop: TensorInterop, question: Question) -> Text:
    names = [name for name in arrays_of(question) if not (plan.add_bias and name[-1] == "b")]
    return (
        Text(_inputs(plan, question))
        + (linear_ops.apply_adjoint(plan.output, "g") if question.needs_gradient else [])
        + _traceable_lines(
            interop,
            plan.question,
            tuple(names),
            (*plan.call_source.setup, *_tensor_lines(plan, interop, question, names)),
        )
        + _array(interop, plan.question)
        + _to_canonical(plan, question)
    )


def _tensor_lines(
    plan: Plan, interop: TensorInterop, question: Question, names: Sequence[str]
) -> tuple[str, ...]:
    """Return the lines that leave a tensor y, given tensors of these names."""
    call, wanted = plan.call_source, question.wanted
    tangents = tuple(name for name in ("x", "w", "b") if f"t{name}" in names)
    if wanted == "jvp":
        assert interop.jvp is not None  # or `_missing_derivative` says so
        return interop.jvp(call, tangents)
    if wanted.startswith("double_backward"):
        assert interop.double_backward is not None
        return interop.double_backward(call, _BY[wanted], tangents)
    return interop.gradient(call, _BY[wanted]) if wanted in _BY else (f"y = {call.expression}",)


_BY = {
    "input_gradient": "x",
    "kernel_gradient": "w",
    "bias_gradient": "b",
    "double_backward_input": "x",
    "double_backward_kernel": "w",
    "double_backward_gradient": "g",
}
"""The name of the array by which a gradient is."""


def _to_canonical(plan: Plan, question: Question) -> list[str]:
    """Return the lines that map the answer of the call to the canonical one."""
    if question.answer_space in ("x", "kernel"):
        return linear_ops.apply_adjoint(getattr(plan, question.answer_space), "y")
    if question.answer_space == "bias":
        return []
    lines = linear_ops.apply(plan.output, "y")
    if question.broadcast_bias is not None and plan.add_bias:
        name = "b" if question.wanted == "output" else "tb"
        addend = f"{name}.reshape(-1{', 1' * question.rank})"
        if question.dtype in NARROWER or question.operand_dtypes:
            addend += ".astype(y.dtype)"  # the bias is narrowed as the answer is
        lines.append(f"y = y + {addend}")
    return lines


def _parameters(plan: Plan, interop: TensorInterop, question: Question) -> Text:
    bias = () if question.bias is None else ("b",)
    return (
        Text(_inputs(plan, question))
        + _tensors(interop, plan.question, ("x", "w", *bias))
        + plan.call_source.setup
        + [f"y = np.array({plan.call_source.parameters})"]
    )


def _inputs(plan: Plan, question: Question) -> tuple[str, ...]:
    names = arrays_of(question)
    maps = {"x": plan.x, "w": plan.kernel, "tx": plan.x, "tw": plan.kernel}
    return tuple(
        line for name in maps if name in names for line in linear_ops.apply(maps[name], name)
    )


def _traceable_lines(
    interop: TensorInterop, question: Question, names: tuple[str, ...], lines: tuple[str, ...]
) -> Text:
    tensors = _tensors(interop, question, names)
    if _converted(interop, question):  # a compiler may drop a rounding
        return Text(tensors) + Text(lines, (TraceableSpan(0, len(lines), names),))
    lines = tensors + lines
    return Text(lines, (TraceableSpan(0, len(lines), names),))


def _tensors(interop: TensorInterop, question: Question, names: tuple[str, ...]) -> tuple[str, ...]:
    dtypes, conversions = question.dtypes, interop.dtype_conversions
    return tuple(
        line
        for name in names
        for line in _assignment(
            name, conversions.get(dtypes[FIELDS[name]], (interop.tensor,))[0].format(v=name)
        )
    )


def _array(interop: TensorInterop, question: Question) -> list[str]:
    conversion = next((array for _, array in _converted(interop, question)), interop.array)
    expression = conversion.format(v="y")
    if question.operand_dtypes and conversion != interop.array:
        # The answer may have either dtype.
        expression += f" if 'bfloat16' in str(y.dtype) else {interop.array.format(v='y')}"
    return _assignment("y", expression)


def _assignment(name: str, expression: str) -> list[str]:
    """Return the line that converts an array; none where it stays what it is."""
    return [] if expression == name else [f"{name} = {expression}"]


def _converted(interop: TensorInterop, question: Question) -> list[tuple[str, str]]:
    """Return the conversions of the question's dtypes that NumPy lacks."""
    dtypes = dict.fromkeys((question.dtype, *(question.operand_dtypes or ())))
    return [interop.dtype_conversions[d] for d in dtypes if d in interop.dtype_conversions]
