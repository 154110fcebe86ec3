"""Define the strict models of a case file, for the loader and for the JSON Schema of editors.

``conformance.cases.question_builder`` checks what needs more than one value: shapes, channels and
sizes. Docstrings and descriptions of the models are part of ``cases/schema.json``.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, WithJsonSchema

from conformance.cases.array_rules import Operand, tag
from conformance.cases.fields import (
    TOPICS,
    Claim,
    Ends,
    Label,
    Model,
    Numbers,
    Oracle,
    PaddingField,
    Real,
    Sentence,
    Size,
    Slug,
    Text,
    Topic,
    WholeNumbers,
)
from conformance.question import Dtype, Op


class Arguments(Model):
    """How an operator is applied; shared by cases and the steps of a chain."""

    bias: Numbers | None = Field(
        default=None, description="One number for each output channel.", examples=[[1, -2]]
    )
    stride: WholeNumbers = Field(
        default=1, description="A number, or one for each axis.", examples=[2, [2, 3]]
    )
    padding: PaddingField = Field(
        default=0,
        description="What is removed from the full output (transposed) or added to the input:"
        " a number, one for each axis, [begin, end] for each axis, same, valid or circular.",
        examples=[1, [1, 2], [[0, 1], [1, 0]], "same"],
    )
    output_padding: WholeNumbers | None = Field(
        default=None,
        description="What is added at the end of each axis of a transposed convolution's output;"
        " 0 is handed to frameworks as 0, which Keras takes for another thing than none.",
        examples=[1],
    )
    output_size: WholeNumbers | None = Field(
        default=None,
        description="The length of a transposed convolution's output: a number, one for each axis,"
        " or the whole shape. Beside padding it stands for output_padding, and without padding (or"
        " beside same) for the padding.",
        examples=[8, [8, 9], [1, 2, 8, 9]],
    )
    output_shape: WholeNumbers | None = Field(
        default=None, description="Another word for output_size.", examples=[8]
    )
    dilation: WholeNumbers = Field(
        default=1, description="The distance between kernel elements.", examples=[2]
    )
    groups: Size = Field(default=1, description="How many groups the channels fall into.")


class Step(Arguments):
    """An operator in a chain, applied to the answer to the steps before it."""

    op: Literal["conv", "conv_transpose"] = Field(
        default="conv_transpose", description="The operator."
    )
    kernel: Operand = Field(description="The kernel, as in a case.")


class PoolStep(Model):
    """The largest of every block, in a chain."""

    op: Literal["max_pool"] = Field(description="The operator.")
    size: Size = Field(description="The length of a block on every axis.", examples=[2])


class PadStep(Model):
    """Elements of one value around each spatial axis, in a chain."""

    op: Literal["pad"] = Field(description="The operator.")
    padding: Ends = Field(
        description="How many there are: a number, one for each axis, or [begin, end] for each.",
        examples=[1, [1, 2], [[0, 1], [1, 0]]],
    )
    value: Real = Field(default=0, description="Their value.", examples=[-1])


class CropStep(Model):
    """Elements cut off each spatial axis, in a chain."""

    op: Literal["crop"] = Field(description="The operator.")
    cropping: Ends = Field(
        description="How many there are: a number, one for each axis, or [begin, end] for each.",
        examples=[1, [1, 2], [[0, 1], [1, 0]]],
    )


_ARRAY_STEPS: Mapping[str, type[Model]] = {
    "max_pool": PoolStep, "pad": PadStep, "crop": CropStep
}  # fmt: skip


def _step_kind(value: Any) -> str:
    op = value.get("op") if isinstance(value, dict) else None
    return tag(_ARRAY_STEPS.get(op, Step) if isinstance(op, str) else Step)


ArrayStepEntry: TypeAlias = PoolStep | PadStep | CropStep
AnyStep = Annotated[
    Annotated[Step, Tag(tag(Step))]
    | Annotated[PoolStep, Tag(tag(PoolStep))]
    | Annotated[PadStep, Tag(tag(PadStep))]
    | Annotated[CropStep, Tag(tag(CropStep))],
    Discriminator(_step_kind),
]


class ToleranceEntry(Model):
    """How far a document's printed numbers may be from the oracle's answer, and why."""

    absolute: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        description="The largest difference.", examples=[1e-4]
    )
    reason: Sentence = Field(description="Why there is a difference at all.")


class ExpectedEntry(Model):
    """What the document states; the oracle is asked whether it holds."""

    numbers: Numbers | None = Field(
        default=None, description="The answer, bare or full.", examples=[[[0, 1], [2, 3]]]
    )
    shape: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=5)] | None = Field(
        default=None,
        description="The answer's shape: full, or its spatial part.",
        examples=[[1, 1, 3, 3], [3, 3]],
    )
    matrix: Numbers | None = Field(
        default=None, description="The operator as a matrix, row by row.", examples=[[[1, 0]]]
    )
    parameters: WholeNumbers | None = Field(
        default=None, description="How many parameters there are; a list for a chain's steps."
    )
    error: Text | None = Field(
        default=None,
        description="Part of the sentence that refuses the question, which has no answer.",
    )
    property: Text | None = Field(  # the name that the case format gives it
        default=None, description="The name of a property that holds."
    )
    tolerance: ToleranceEntry | None = Field(
        default=None, description="How far the numbers may be from the oracle's."
    )


class ErratumEntry(Model):
    """What is wrong in the document, and what holds instead."""

    sentence: Sentence = Field(description="What is wrong.")
    numbers: Numbers | None = Field(default=None, description="The answer that holds.")
    shape: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=5)] | None = Field(
        default=None, description="The shape that holds."
    )
    property: Text | None = Field(default=None, description="The property that holds.")


def _expected_kind(value: Any) -> str:
    return tag(ExpectedEntry if isinstance(value, dict) else "word")


class Entry(Arguments):
    """One case: a question, where it comes from, what is expected, and why it is there."""

    id: Slug = Field(description="A name, unique over all files.", examples=["same-odd"])
    why: Sentence = Field(description="What the case tells apart, in a sentence.")
    op: Literal[Op, "chain"] = Field(
        default="conv_transpose", description="The operator, or chain for several in a row."
    )
    x: Operand = Field(
        description="The input: bare numbers, (batch, channels, *space), or how to make it.",
        examples=[[[0, 1], [2, 3]], {"shape": [1, 2, 5, 5], "integers": [-3, 3]}],
    )
    kernel: Operand | None = Field(
        default=None,
        description="Bare numbers, (in, out / groups, *space) of a transposed convolution or"
        " (out, in / groups, *space) of a convolution, or how to make it.",
        examples=[[[0, 1], [2, 3]]],
    )
    gradient: Operand | None = Field(
        default=None,
        description="Of the loss by the output, for the gradient and double backward ops; small"
        " integers if not said.",
    )
    x_tangent: Operand | None = Field(
        default=None,
        description="The direction in which x changes, for jvp, and what its gradient is multiplied"
        " with, for the double backward ops; full or bare as x.",
    )
    kernel_tangent: Operand | None = Field(default=None, description="The same of the kernel.")
    bias_tangent: Numbers | None = Field(default=None, description="The same of the bias.")
    steps: Annotated[list[AnyStep], Field(min_length=1, max_length=16)] | None = Field(
        default=None, description="The operators of a chain, in the order of their application."
    )
    rank: Literal[1, 2, 3] | None = Field(
        default=None, description="How many spatial axes; needed for a bare 3-D array."
    )
    dtype: Dtype = Field(default="float32", description="What the arrays are stored in.")
    kernel_dtype: Dtype | None = Field(
        default=None,
        description="What the kernel is stored in, if not in dtype. Bias and answer then have the"
        " dtype to which NumPy promotes both.",
        examples=["float16"],
    )
    exact: bool | None = Field(
        default=None,
        description="Whether answers are compared with ==; by default, if all data is whole.",
    )
    expected: Annotated[
        Annotated[Oracle, Tag(tag("word"))] | Annotated[ExpectedEntry, Tag(tag(ExpectedEntry))],
        Discriminator(_expected_kind),
    ] = Field(default="oracle", description="What is stated beside the oracle's answer.")
    erratum: ErratumEntry | None = Field(
        default=None, description="What the document has wrong, if the oracle disagrees with it."
    )
    topics: Annotated[list[Topic], Field(min_length=1, max_length=len(TOPICS))] = Field(
        default=["basic"], description="What the case is about."
    )
    tags: Annotated[list[Label], Field(max_length=100)] = Field(
        default=[], description="Words of one's own for what the case is about."
    )
    claims: Annotated[list[Claim], Field(max_length=100)] = Field(
        default=[], description="The claims that it is evidence for."
    )
    section: Text | None = Field(default=None, description="Where in the document it is from.")


class DocumentEntry(Model):
    """Where the cases of a file come from."""

    id: Slug = Field(description="A short name.", examples=["d2l"])
    title: Text = Field(description="The title.")
    source: Text = Field(description="The part of it, and which edition.")


Variant = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "description": "Keys of the case, and an id for a suffix."}),
]
Vary = Annotated[
    dict[str, list[Any]] | list[Variant],
    Field(description="Expands the case: every combination of lists, or a list of changes."),
]


class VaryingEntry(Entry):
    """A case as it stands in a file: one that may expand into many."""

    vary: Vary | None = Field(
        default=None,
        description="What differs between the cases that this one stands for.",
        examples=[{"stride": [1, 2, 3]}, [{"id": "crooked", "padding": [[0, 1]]}]],
    )


class FileHead(Model):
    """A case file as far as it can be judged before its cases are."""

    document: DocumentEntry | None = Field(
        default=None, description="The document that all cases of the file are from."
    )
    cases: Annotated[list[Any], Field(min_length=1)] = Field(description="The cases.")


class CaseFile(FileHead):
    """Cases for transposed convolution, and the document that they are from."""

    cases: Annotated[list[VaryingEntry], Field(min_length=1)] = Field(description="The cases.")
