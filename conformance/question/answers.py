"""Answer questions by the oracle, and say what their answers take."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from math import prod
from typing import Any, get_args

import numpy as np

from conformance import oracle
from conformance.oracle.derivatives import By
from conformance.question.chain import AnyQuestion, Chain, Step
from conformance.question.fields import DERIVED, TANGENTS, Array, Index, Operator
from conformance.question.question import Question


def products(question: AnyQuestion) -> int:
    """Return the number of products that the oracle sums for an answer.

    Raises ``ValueError`` if the question has no answer.
    """
    if isinstance(question, Chain):
        return sum(products(q) for q in question.questions)
    if question.operator == "interpolate":
        return len(question.x) * int(prod((question.x.shape[1], *question.output_space)))
    if question.wanted == "bias_gradient":
        return prod(question.output_shape)
    narrow_side = question.output_space if question.operator == "conv" else question.space
    sums = 2 if question.x_tangent is not None is not question.kernel_tangent else 1
    return sums * len(question.x) * question.kernel.size * int(prod(narrow_side))


def shape(q: Question) -> tuple[int, ...]:
    """Return the shape of the answer.

    Raises ``ValueError`` if the question has no answer.
    """
    if q.answer_space == "output":
        return q.output_shape
    array = getattr(q, q.answer_space, None)
    return () if array is None else array.shape


def part(q: Question) -> tuple[Question, Index]:
    """Return a question about a small part of the answer, and the place of that part.

    The part is one sample and one channel of an output or of an answer of the input's shape, or one
    pair of channels of an answer of the kernel's shape, so that it takes far fewer products. It
    belongs to the first group.

    ``q`` is a question whose answer has one of these shapes.
    """
    inputs, outputs = q.x.shape[1] // q.groups, q.output_channels // q.groups
    transposed = q.operator == "conv_transpose"
    samples = slice(None) if q.answer_space == "kernel" else slice(1)
    if q.answer_space != "output":
        inputs = 1
    if q.answer_space != "x":
        outputs = 1
    channels = (slice(inputs), slice(outputs)) if transposed else (slice(outputs), slice(inputs))
    places: dict[str, Index] = {
        "x": (samples, slice(inputs)),
        "kernel": channels,
        "bias": (slice(outputs),),
        "gradient": (samples, slice(outputs)),
    }
    smaller = {name: a[places[name.removesuffix("_tangent")]] for name, a in q.arrays.items()}
    return q.but(**smaller, groups=1), (slice(1), slice(1))


def summands(q: Question) -> tuple[Question, ...]:
    """Return questions for an output or a gradient whose answers add up to a derivative.

    An operator is linear in each of its arrays, so that every derivative is such a sum
    (`conformance.oracle.derivatives`).

    ``q`` is a question whose answer is an array; no bias belongs to an output of it but a vector.
    Returns the question itself if it wants an output or a gradient by the input or the kernel. Of a
    gradient by the bias it is a convolution whose answer has other axes than the gradient.
    """
    if q.wanted not in DERIVED:
        return (q,)
    if q.wanted == "bias_gradient":
        return (_sum_of_gradients(q),)
    plain = q.but(**dict.fromkeys(TANGENTS))
    if q.wanted == "double_backward_input":
        return (plain.but(op=f"{q.operator}_input_gradient", kernel=q.kernel_tangent),)
    if q.wanted == "double_backward_kernel":
        return (plain.but(op=f"{q.operator}_kernel_gradient", x=q.x_tangent),)
    plain = plain.but(op=q.operator, gradient=None, bias=None)
    changes = {"x": q.x_tangent, "kernel": q.kernel_tangent}
    changed = [plain.but(**{name: a}) for name, a in changes.items() if a is not None]
    changed = changed or [plain.map_arrays(np.zeros_like)]
    return *changed[:-1], changed[-1].but(bias=q.bias_tangent)


def _sum_of_gradients(q: Question) -> Question:
    """Return the gradient by the bias as a convolution that sums each channel of the gradient."""
    gradient = _output_gradient(q)
    channels = gradient.shape[1]
    sums = np.moveaxis(gradient, 1, 0).reshape(1, channels, -1)
    return Question(
        op="conv",
        x=sums,
        kernel=np.ones((channels, 1, sums.shape[-1]), gradient.dtype),
        groups=channels,
        dtype=q.dtype,
    )


def answer(question: AnyQuestion) -> Array:
    """Return the oracle's answer.

    Returns the answer, of the shape that `shape` gives. Raises ``ValueError`` if the question has
    no answer.
    """
    if isinstance(question, Question):
        if question.length is not None and question.length.fault is not None:
            raise ValueError(question.length.fault)
        return _ANSWERS[question.op](question)
    last = question.steps[-1]
    if isinstance(last, Question):
        return answer(last)
    return last.apply(answer(replace(question, steps=question.steps[:-1])))


def as_passed(question: AnyQuestion, array: Array) -> Array:
    """Return an answer (N, C, *space) as a framework gives it: one example has no batch axis."""
    return array[0] if _lacks_batch(question) else array


def as_canonical(question: AnyQuestion, array: Array) -> Array:
    """Return an answer of a framework with the batch axis that one example lacks."""
    return array[None] if _lacks_batch(question) else array


def _lacks_batch(question: AnyQuestion) -> bool:
    last = question.questions[-1]
    return last.unbatched and last.answer_space in ("output", "x")


def chained(x: Array, steps: Iterable[Step]) -> Chain:
    """Link the steps into a chain that starts from ``x``.

    Raises ``ValueError`` if a step has no answer.

    Parameters
    ----------
    x
        Array (N, C, *space), the input of the first step.
    steps
        The steps; the ``x`` of every question is replaced.
    """
    start, chain = x, list[Step]()
    for step in steps:
        if isinstance(step, Question):
            step = step.but(x=x)
            x = answer(step)
        else:
            x = step.apply(x)
        chain.append(step)
    begins_with_question = not chain or isinstance(chain[0], Question)
    return Chain(tuple(chain), None if begins_with_question else start)


def _output_gradient(q: Question) -> Array:
    if q.gradient is None:
        raise ValueError(f"{q.op} needs the gradient by the output, got none")
    return q.gradient


def _bias(q: Question) -> Array:
    if q.bias is None:
        raise ValueError(f"{q.op} needs a bias, got none")
    return q.bias


def _tangents(q: Question) -> dict[str, Array | None]:
    return {name: getattr(q, name) for name in TANGENTS}


def _keywords(q: Question) -> dict[str, Any]:
    keywords = {
        "stride": q.stride,
        "padding": q.padding,
        "dilation": q.dilation,
        "groups": q.groups,
    }
    if q.operator == "conv_transpose":
        keywords["output_padding"] = q.output_padding
    return keywords


def _answers(operator: Operator) -> dict[str, Callable[[Question], Array]]:
    """Return the answers to the ops of one operator with a kernel."""
    output, by_input, by_kernel, by_bias, jvp, double_backward = (
        getattr(oracle, f"{operator}{suffix}")
        for suffix in (
            *("", "_input_gradient", "_kernel_gradient"),
            *("_bias_gradient", "_jvp", "_double_backward"),
        )
    )

    def bias_gradient(q: Question) -> Array:
        shapes = q.x.shape, q.kernel.shape
        arguments = {"bias_shape": _bias(q).shape, **_keywords(q)}
        return np.asarray(by_bias(*shapes, _output_gradient(q), **arguments))

    def double(by: By) -> Callable[[Question], Array]:
        return lambda q: double_backward(
            q.x, q.kernel, _output_gradient(q), by=by, **_tangents(q), **_keywords(q)
        )

    return {
        operator: lambda q: output(q.x, q.kernel, bias=q.bias, **_keywords(q)),
        f"{operator}_input_gradient": lambda q: by_input(
            q.x.shape, q.kernel, _output_gradient(q), **_keywords(q)
        ),
        f"{operator}_kernel_gradient": lambda q: by_kernel(
            q.x, q.kernel.shape, _output_gradient(q), **_keywords(q)
        ),
        f"{operator}_bias_gradient": bias_gradient,
        f"{operator}_jvp": lambda q: jvp(q.x, q.kernel, **_tangents(q), **_keywords(q)),
        **{f"{operator}_double_backward_{by}": double(by) for by in get_args(By)},
        f"{operator}_parameters": lambda q: np.array(_parameter_count(q)),
    }


_ANSWERS: dict[str, Callable[[Question], Array]] = {
    **_answers("conv"),
    **_answers("conv_transpose"),
    "interpolate": lambda q: oracle.interpolate(q.x, q.stride),
}


def _parameter_count(q: Question) -> int:
    return int(q.kernel.size) + (0 if q.bias is None else int(q.bias.size))
