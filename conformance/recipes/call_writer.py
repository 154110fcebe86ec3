"""Write a planned question as Python source over NumPy arrays, which is run and shown.

The source reads the arrays x, w, b and g (the gradient by the output), and tangents tx, tw and tb,
and leaves the answer in y. `conformance.recipes.plan_source` writes its lines.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api, Framework
from conformance.adapters.interop import TensorInterop
from conformance.adapters.runtime import Runtime
from conformance.observations import Mode
from conformance.oracle import memory_layout
from conformance.question import (
    AnyQuestion,
    Array,
    ArrayStep,
    Chain,
    Pad,
    Pool,
    Question,
    is_complex,
)
from conformance.recipes import plan_source, search
from conformance.recipes.plan_source import Text, TraceableSpan
from conformance.recipes.search import Cost, Plan

_PLANS: Mapping[Mode, Callable[[Api, Question, Runtime], Plan | Inexpressible]] = {
    "native": search.native,
    "recipe": search.recipe,
}


@dataclass(frozen=True, eq=False)
class Call:
    """Source and the arrays that it reads.

    Attributes
    ----------
    text
        The lines of the call.
    cost
        How far the call is from the naive one.
    moves
        The rewritings of the question, in words.
    imports
        The first lines of a script that makes this call.
    """

    text: Text
    arrays: Mapping[str, Array]
    cost: Cost
    moves: tuple[str, ...]
    imports: tuple[str, ...]

    @property
    def source(self) -> str:
        """Return the lines of the call as one string."""
        return self.text.source

    @property
    def traceable_spans(self) -> tuple[TraceableSpan, ...]:
        """Return the lines that use tensors only."""
        return self.text.traceable_spans


def write(
    framework: Framework, runtime: Runtime, api: Api, question: AnyQuestion, mode: Mode
) -> Call | Inexpressible:
    """Write the call of an API for a question.

    Parameters
    ----------
    mode
        ``native`` for the naive call, ``recipe`` for the equivalent one.
    """
    if isinstance(question, Chain):
        call = _chain(framework, runtime, api, question, mode)
    else:
        call = _single(framework, runtime, api, question, mode)
    if isinstance(call, Inexpressible):
        return call
    memories = {name: memory_layout.memory_of(array) for name, array in call.arrays.items()}
    if not any(memories.values()):
        return call
    # Arrays lose their order in memory between processes.
    layout_lines = [
        f"{name} = {memory_layout.source(memory, name)}"
        for name, memory in memories.items()
        if memory
    ]
    unsupported_layouts = (
        framework.interop(api, runtime.backend).unsupported_layouts if mode == "recipe" else ()
    )
    copies = [name for name, memory in memories.items() if memory in unsupported_layouts]
    layout_lines += [f"{name} = {name}.copy()" for name in copies]
    return replace(
        call,
        text=Text(tuple(layout_lines)) + call.text,
        moves=(*call.moves, *(f"{name} copied" for name in copies)),
    )


def _single(
    framework: Framework, runtime: Runtime, api: Api, question: Question, mode: Mode
) -> Call | Inexpressible:
    plan = _PLANS[mode](api, question, runtime)
    if isinstance(plan, Inexpressible):
        return plan
    interop = framework.interop(api, runtime.backend)
    if mode == "recipe" and interop.conjugates_gradients and is_complex(question.dtype):
        plan = search.with_plain_gradients(plan)
    if reason := _missing_derivative(interop, question):
        return reason
    return Call(
        text=plan_source.text(plan, interop, question),
        arrays=plan_source.arrays_of(question),
        cost=plan.cost,
        moves=plan.moves,
        imports=interop.imports,
    )


def _missing_derivative(interop: TensorInterop, question: Question) -> Inexpressible | None:
    """Return why a framework has no derivative of the kind that is wanted, or None if it has."""
    if question.wanted == "jvp" and interop.jvp is None:
        return Inexpressible("there is no derivative along tangents (forward mode)")
    if question.wanted.startswith("double_backward") and interop.double_backward is None:
        return Inexpressible("there is no gradient of a gradient")
    return None


def _chain(
    framework: Framework, runtime: Runtime, api: Api, chain: Chain, mode: Mode
) -> Call | Inexpressible:
    """Write the calls of the steps one after the other, each on the answer to the one before."""
    lines = Text()
    unbatched = chain.questions[0].unbatched
    arrays: dict[str, Array] = {"x": chain.x[0] if unbatched else chain.x}
    cost = Cost.ARGUMENTS
    imports: tuple[str, ...] = ()
    moves: list[str] = []
    for number, step in enumerate(chain.steps, 1):
        if not isinstance(step, Question):
            lines += _array_step(step, channels=1 - unbatched)
            continue
        step_api = api
        if step.operator == "conv":
            if api.forward is None:
                return Inexpressible(f"{api.id} has no convolution beside it")
            step_api = framework.api(api.forward)
        call = _single(framework, runtime, step_api, step, mode)
        if isinstance(call, Inexpressible):
            return call
        renames = {name: f"{name}{number}" for name in call.arrays if name != "x"}
        arrays |= {renames[name]: call.arrays[name] for name in renames}
        lines += [f"{', '.join(renames)} = {', '.join(renames.values())}"]
        lines = lines + call.text + ["x = y"]
        cost, imports = max(cost, call.cost), call.imports
        moves += [move for move in call.moves if move not in moves]
    return Call(lines, arrays, cost, tuple(moves), imports)


def _array_step(step: ArrayStep, channels: int) -> list[str]:
    """Return the lines of a step on an array with this axis of channels."""
    before = channels + 1
    if isinstance(step, Pad):
        value = f", constant_values={step.value!r}" if step.value else ""
        return [f"x = np.pad(x, {((0, 0),) * before + step.pairs}{value})", "y = x"]
    if not isinstance(step, Pool):
        slices = (f"{s.start or ''}:{s.stop or ''}" for s in step.slices)
        return [f"x = x[{', '.join((':',) * before + tuple(slices))}]", "y = x"]
    n = step.size
    return [
        f"# The largest of every {n} along each axis.",
        f"for axis in range({before}, x.ndim):",
        f"    x = np.max([x.take(range(i, x.shape[axis] // {n} * {n}, {n}), axis)"
        f" for i in range({n})], 0)",
        "y = x",
    ]
