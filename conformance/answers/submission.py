"""Turn arrays and arguments in somebody's words into a question and the answer to it.

Nothing is dropped: a word that is not known is refused, and so is a number that has no meaning.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from conformance.adapters.registry import APIS
from conformance.answers.dtypes import is_bfloat16, typed_arrays
from conformance.answers.layouts import (
    axes_of,
    to_canonical,
)
from conformance.answers.submitted_question import build, kernel_axes
from conformance.answers.vocabulary import EXTRAS, Vocabulary, vocabulary_of
from conformance.authoring import call_files
from conformance.authoring.call_files import ANSWERS, CannotUse
from conformance.authoring.captures import X_AXES, divide_outputs
from conformance.cases.arrays import to_dtype
from conformance.cases.vocabulary import value_hint
from conformance.question import (
    ANSWER_SPACES,
    OPS,
    TANGENTS,
    Array,
    Op,
    Question,
    is_complex,
    products,
    wanted_of,
)

ARRAYS = ("x", "kernel", "bias", "gradient", "y")
"""Names of the arrays of an answered question."""
SUPPORTED_OPS: tuple[Op, ...] = tuple(
    op for op in OPS if op.startswith("conv") and "para" not in op
)
"""The operators with an answer that is explained."""
MOST_NUMBERS, MOST_PRODUCTS = 2**26, 2**34
"""Numbers of an array and products of an answer that are diagnosed; more take minutes."""

_OTHERS = {
    **dict.fromkeys(ANSWERS, "y"),
    **{key: key for key in ("gradient", *TANGENTS, "op", "dtype", "rank")},
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Layouts:
    """Names or orders of axes, such as ``NHWC`` or ``N *s C``; None for those of the API.

    Attributes
    ----------
    x, kernel, y
        Of the input, the kernel and the answer; None for y is that of x.
    """

    x: str | None = None
    kernel: str | None = None
    y: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Submission:
    """A question, somebody's answer to it, and what was understood of both.

    Attributes
    ----------
    question
        The question, in canonical terms.
    answer
        The answer with canonical axes where it has as many as it should, in its own dtype.
    answer_dtype
        The name of that dtype, which of bfloat16 is not that of the array.
    api
        The API in whose words it was asked, or None.
    remarks
        Sentences about what was converted.
    """

    question: Question
    answer: Array
    answer_dtype: str
    api: str | None
    remarks: tuple[str, ...] = ()


def submission_of(
    values: Mapping[str, Any],
    api: str | None = None,
    *,
    layouts: Layouts | None = None,
    names: Mapping[str, str | None] | None = None,
    can_ignore: bool = False,
    typed: bool = True,
) -> Submission:
    """Build the question behind an answer.

    Raises ``CannotUse`` for a word that is not known, a value that has no meaning, arrays that do
    not fit each other, and a question that is too large.

    Parameters
    ----------
    values
        The arrays and arguments by their names; one that is None is left out.
    api
        The API in whose words they are, of `vocabulary.vocabulary_of`; None for those of a
        case.
    layouts
        The layouts of the arrays, where they are not those of the API.
    names
        The names of the arrays, by the keys of `ARRAYS`, where they are not the usual ones.
    can_ignore
        Whether an error may suggest ``--ignore``.
    typed
        Whether arrays of NumPy have the dtype of the call. Plain numbers have none, and are asked
        in that of the arrays beside them, or in float32 as in a case.
    """
    vocabulary = None if api is None else vocabulary_of(api)
    entries = {name: _to_array(name, value) for name, value in values.items() if value is not None}
    channels = {key: key for key in EXTRAS if key.endswith("channels")}
    arrays, arguments = call_files.split_arguments(
        entries,
        {key: (names or {}).get(key) for key in (*ARRAYS, *TANGENTS)},
        vocabulary,
        others={**_OTHERS, **channels},
        can_ignore=can_ignore,
    )
    for key in ("x", "kernel", "y"):
        if key not in arrays:
            raise CannotUse(f"there is no {key}; the names are {', '.join(entries) or 'none'}")
    plain = [
        array for name, array in entries.items() if not (typed and hasattr(values[name], "dtype"))
    ]
    untyped = [key for key, array in arrays.items() if any(array is other for other in plain)]
    op = _operator(arguments.pop("op", None), vocabulary)
    axes = _axes(layouts or Layouts(), vocabulary, op)
    rank = _rank(arguments.pop("rank", None), arrays, vocabulary)
    answer_dtype = "bfloat16" if is_bfloat16(arrays["y"]) else arrays["y"].dtype.name
    may_differ = op in ("conv", "conv_transpose")
    typed_values = typed_arrays(
        arrays, arguments.pop("dtype", None), untyped, may_differ=may_differ
    )
    y, dtype = typed_values.arrays["y"], typed_values.dtype
    kinds = "iufc" if is_complex(dtype) else "iuf"
    if "y" in untyped and not dtype.startswith("int") and y.dtype.kind in kinds:
        y, answer_dtype = to_dtype(y, dtype), dtype
    answer = _answer(y, rank, axes["y"], op)
    question = build(op, typed_values, arguments, axes, rank, vocabulary)
    if vocabulary is not None and vocabulary.api.divides_inputs and op.endswith("kernel_gradient"):
        answer = divide_outputs(answer, question.groups) if answer.ndim == rank + 2 else answer
    _check_size(question, answer)
    return Submission(
        question=question,
        answer=answer,
        answer_dtype=answer_dtype,
        api=None if vocabulary is None else vocabulary.id,
        remarks=typed_values.remarks,
    )


def port_submission(original: Submission, port: Submission) -> Submission:
    """Return the answer of a ported layer to the question of the original one, with its own input.

    ``original`` is the layer that was ported; its answer does not matter. ``port`` is the call of
    the ported layer; of its question only x matters. Raises ``CannotUse`` if the original does not
    take such an input.
    """
    question, x = original.question, port.question.x
    if (x.ndim, x.shape[1]) != (question.x.ndim, question.x.shape[1]):
        raise CannotUse(f"the layer takes {x.shape}, and the original {question.x.shape}")
    question = question.but(x=to_dtype(x, question.dtypes["x"]))
    remarks = [*port.remarks, *_argument_differences(question, port.question)]
    if question.bias is not None and port.api in APIS and not APIS[port.api].takes_bias:
        question = question.but(bias=None)
        remarks.append(f"The bias is left out, as {port.api} has none.")
    return replace(port, question=question, remarks=tuple(remarks))


def _argument_differences(original: Question, port: Question) -> Iterator[str]:
    """Yield a sentence for each argument that a port has otherwise, in canonical numbers."""
    for name in ("stride", "pairs", "output_padding", "dilation", "groups"):
        values = [getattr(question, name) for question in (port, original)]
        if values[0] != values[1]:
            label = "padding" if name == "pairs" else name.replace("_", " ")
            yield f"The port has {label} {values[0]}, the original {values[1]}."


def _to_array(name: str, value: Any) -> Array:
    try:
        return np.asarray(value)
    except Exception as problem:  # a tensor of a framework raises what it likes
        reason = " ".join(str(problem).split())
        raise CannotUse(f"{name} cannot be made an array of NumPy: {reason}") from None


def _operator(value: Any, vocabulary: Vocabulary | None) -> Op:
    operator = "conv_transpose" if vocabulary is None else vocabulary.api.operator
    op: Op = operator if value is None else value
    if op not in SUPPORTED_OPS:
        raise CannotUse(
            f"op must be one of {', '.join(SUPPORTED_OPS)}{value_hint('op', value, SUPPORTED_OPS)}"
        )
    if vocabulary is not None and op.startswith("conv_transpose") != operator.endswith("transpose"):
        raise CannotUse(f"{vocabulary.id} is asked for {operator}, not for {op}")
    return op


def _axes(layouts: Layouts, vocabulary: Vocabulary | None, op: Op) -> dict[str, str]:
    canonical = kernel_axes(op)
    x = layouts.x or (vocabulary.api.layout if vocabulary else X_AXES)
    kernel = layouts.kernel or (vocabulary.api.kernel_axes if vocabulary else canonical)
    axes = {"x": axes_of("x", x, X_AXES), "kernel": axes_of("kernel", kernel, canonical)}
    output = axes["x"] if layouts.y is None else axes_of("y", layouts.y, X_AXES)
    tangents = {f"{name}_tangent": order for name, order in axes.items()}
    answer = axes.get(ANSWER_SPACES[wanted_of(op)], output)
    return {**axes, **tangents, "gradient": output, "y": answer}


def _rank(value: Any, arrays: Mapping[str, Array], vocabulary: Vocabulary | None) -> int:
    """Return the number of spatial axes, which the kernel decides: two axes fewer, or a bare one.

    An x with one axis fewer than the batch has is one example.
    """
    axes = arrays["kernel"].ndim
    rank: int = value if value is not None else axes - 2 if axes > 2 else axes
    if rank not in (1, 2, 3):
        raise CannotUse(f"there are 1, 2 or 3 spatial axes, got {rank!r}")
    if vocabulary is not None and vocabulary.rank not in (None, rank):
        raise CannotUse(
            f"{vocabulary.id} is named with {vocabulary.rank} spatial axes, and the kernel has"
            f" {rank}"
        )
    for key, allowed in (("kernel", (rank, rank + 2)), ("x", range(rank, rank + 3))):
        if arrays[key].ndim not in allowed:
            raise CannotUse(
                f"{key} must have {rank + 2} axes, as the kernel has {rank} spatial ones, got shape"
                f" {arrays[key].shape}"
            )
    return rank


def _answer(y: Array, rank: int, axes: str, op: Op) -> Array:
    """Return the answer with canonical axes; one that has too many or too few stays as it is."""
    space = ANSWER_SPACES[wanted_of(op)]
    if space == "bias":
        return y
    canonical = kernel_axes(op) if space == "kernel" else X_AXES
    return to_canonical(y, rank, axes, canonical) if rank <= y.ndim <= rank + 2 else y


def _check_size(q: Question, answer: Array) -> None:
    """Raise `CannotUse` if the question or its answer is too large."""
    unpadded = q.but(padding="valid") if q.operator == "conv_transpose" else q
    try:
        largest = max(prod(unpadded.output_shape), prod(q.output_shape), answer.size)
        work = products(unpadded)
    except ValueError:
        return  # the question has no answer
    for number, limit, unit in (
        (largest, MOST_NUMBERS, "numbers in an array"),
        (work, MOST_PRODUCTS, "products"),
    ):
        if number > limit:
            raise CannotUse(f"the answer takes {number} {unit}; at most {limit} are diagnosed")
