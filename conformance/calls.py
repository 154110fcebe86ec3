"""Calls: a planned question as Python source over NumPy arrays, the text that runs and is shown.

The source reads the arrays x, w, b and g (the gradient by the output) and leaves the answer in y.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from conformance import maps, memory, recipes
from conformance.api import Api, Dialect, Framework, Inexpressible
from conformance.question import Array, Asked, Chain, Pool, Question
from conformance.recipes import Cost, Plan

MODES = ("native", "recipe")
_PLANS = {"native": recipes.native, "recipe": recipes.recipe}


@dataclass(frozen=True, eq=False)
class Call:
    """Source and the arrays that it reads.

    moves    how the question was rewritten, in words
    imports  what a script of its own opens with
    """

    source: str
    arrays: Mapping[str, Array]
    cost: Cost
    moves: tuple[str, ...]
    imports: tuple[str, ...]


def write(
    framework: Framework, backend: str | None, api: Api, asked: Asked, mode: str
) -> Call | Inexpressible:
    """The call that asks ``api`` in ``mode``, or why there is none."""
    if isinstance(asked, Chain):
        call = _chain(framework, backend, api, asked, mode)
    else:
        call = _single(framework, backend, api, asked, mode)
    if isinstance(call, Inexpressible):
        return call
    return replace(call, source=_laid(call.arrays) + call.source)


def _laid(arrays: Mapping[str, Array]) -> str:
    """Lines for the arrays that do not lie in memory as they come out of a pipe."""
    memories = {name: memory.memory_of(array) for name, array in arrays.items()}
    return "".join(
        f"{name} = {memory.source(said, name)}\n" for name, said in memories.items() if said
    )


def _single(
    framework: Framework, backend: str | None, api: Api, asked: Question, mode: str
) -> Call | Inexpressible:
    plan = _PLANS[mode](api, asked, backend)
    if isinstance(plan, Inexpressible):
        return plan
    dialect = api.dialect or framework.dialects[backend]
    return Call(
        source=source(plan, dialect, asked),
        arrays=arrays_of(asked),
        cost=plan.cost,
        moves=plan.moves,
        imports=dialect.imports,
    )


def _chain(
    framework: Framework, backend: str | None, api: Api, chain: Chain, mode: str
) -> Call | Inexpressible:
    """The steps' calls one after the other, each on the answer to the one before."""
    lines: list[str] = []
    arrays: dict[str, Array] = {"x": chain.questions[0].x}
    cost = Cost.ARGUMENTS
    imports: tuple[str, ...] = ()
    moves: list[str] = []
    for number, step in enumerate(chain.steps, 1):
        if isinstance(step, Pool):
            lines += _pool(step)
            continue
        step_api = api
        if step.operator == "conv":
            if api.forward is None:
                return Inexpressible(f"{api.id} has no convolution beside it")
            step_api = framework.api(api.forward)
        call = _single(framework, backend, step_api, step, mode)
        if isinstance(call, Inexpressible):
            return call
        own = {name: f"{name}{number}" for name in call.arrays if name != "x"}
        arrays |= {own[name]: call.arrays[name] for name in own}
        lines += [f"{', '.join(own)} = {', '.join(own.values())}", *call.source.splitlines()]
        lines += ["x = y"]
        cost, imports = max(cost, call.cost), call.imports
        moves += [move for move in call.moves if move not in moves]
    return Call("\n".join(lines) + "\n", arrays, cost, tuple(moves), imports)


def _pool(step: Pool) -> list[str]:
    n = step.size
    return [
        f"# The largest of every {n} along each axis.",
        "for axis in range(2, x.ndim):",
        f"    x = np.max([x.take(range(i, x.shape[axis] // {n} * {n}, {n}), axis)"
        f" for i in range({n})], 0)",
        "y = x",
    ]


def source(plan: Plan, dialect: Dialect, question: Question) -> str:
    """The source of a planned question."""
    lines = _lines(plan, dialect, question)
    if plan.keep_dtype and question.dtype in dialect.keeps:
        lines = [dialect.keeps[question.dtype], *(f"    {line}" for line in lines)]
    return "\n".join(lines) + "\n"


def arrays_of(question: Question) -> dict[str, Array]:
    """The arrays that the source of a question reads, by name."""
    named = {"x": question.x}
    if question.operator != "interpolate":
        named["w"] = question.kernel
    if question.bias is not None and question.wanted in ("output", "parameters"):
        named["b"] = question.bias
    if question.gradient is not None:
        named["g"] = question.gradient
    return named


def _lines(plan: Plan, dialect: Dialect, question: Question) -> list[str]:
    names = tuple(arrays_of(question))
    asked = _ASKED[question.wanted](plan, dialect, question)
    if not plan.split:
        return asked
    split = ", ".join(f"np.split({name}, {question.groups}, {_SPLIT[name]})" for name in names)
    return [
        f"def ask({', '.join(names)}):",
        *(f"    {line}" for line in asked),
        "    return y",
        "y = " + _JOINED[question.wanted].format(f"[ask(*group) for group in zip({split})]"),
    ]


_SPLIT = {"x": 1, "w": 0, "b": 0, "g": 1}
_JOINED = {
    "output": "np.concatenate({}, 1)",
    "input_gradient": "np.concatenate({}, 1)",
    "kernel_gradient": "np.concatenate({}, 0)",
    "parameters": "np.sum({})",
}


def _output(plan: Plan, dialect: Dialect, question: Question) -> list[str]:
    in_call = question.bias is not None and not plan.add_bias
    after = question.bias is not None and plan.add_bias
    ones = ", 1" * question.rank
    return [
        *_inputs(plan, question),
        *_tensors(dialect, question, ("x", *_kernel(question), *(("b",) if in_call else ()))),
        *plan.spelling.setup,
        f"y = {plan.spelling.expression}",
        *_array(dialect, question),
        *maps.apply(plan.output, "y"),
        *([f"y = y + b.reshape(-1{ones})"] if after else []),
    ]


def _input_gradient(plan: Plan, dialect: Dialect, question: Question) -> list[str]:
    return [
        *_gradient(plan, dialect, question, "x"),
        *maps.apply_adjoint(plan.x, "y"),
    ]


def _kernel_gradient(plan: Plan, dialect: Dialect, question: Question) -> list[str]:
    return [
        *_gradient(plan, dialect, question, "w"),
        *maps.apply_adjoint(plan.kernel, "y"),
    ]


def _gradient(plan: Plan, dialect: Dialect, question: Question, by: str) -> list[str]:
    return [
        *_inputs(plan, question),
        *maps.apply_adjoint(plan.output, "g"),
        *_tensors(dialect, question, ("x", "w", "g")),
        *plan.spelling.setup,
        *dialect.gradient(plan.spelling, by),
        *_array(dialect, question),
    ]


def _parameters(plan: Plan, dialect: Dialect, question: Question) -> list[str]:
    bias = () if question.bias is None else ("b",)
    return [
        *_inputs(plan, question),
        *_tensors(dialect, question, ("x", "w", *bias)),
        *plan.spelling.setup,
        f"y = np.array({plan.spelling.parameters})",
    ]


_ASKED = {
    "output": _output,
    "input_gradient": _input_gradient,
    "kernel_gradient": _kernel_gradient,
    "parameters": _parameters,
}


def _kernel(question: Question) -> tuple[str, ...]:
    return () if question.operator == "interpolate" else ("w",)


def _inputs(plan: Plan, question: Question) -> list[str]:
    return maps.apply(plan.x, "x") + (maps.apply(plan.kernel, "w") if _kernel(question) else [])


def _tensors(dialect: Dialect, question: Question, names: tuple[str, ...]) -> list[str]:
    tensor, _ = dialect.casts.get(question.dtype, (dialect.tensor, dialect.array))
    return [f"{name} = {tensor.format(v=name)}" for name in names]


def _array(dialect: Dialect, question: Question) -> list[str]:
    _, array = dialect.casts.get(question.dtype, (dialect.tensor, dialect.array))
    return [f"y = {array.format(v='y')}"]
