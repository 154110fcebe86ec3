"""Define how a case file states an array: by the numbers themselves, or by a rule for them."""

from abc import abstractmethod
from functools import partial
from math import prod
from typing import Annotated, Any, TypeAlias, get_args

import numpy as np
from pydantic import Discriminator, Field, Tag

from conformance import oracle
from conformance.cases.fields import Model, Number, Numbers, Range, Real, Seed, Shape, Size, Whole
from conformance.oracle.memory_layout import Memory
from conformance.question import Array


def random(seed: int) -> np.random.Generator:
    """Return the generator of a seed, which is the same on every machine and in every NumPy."""
    return np.random.Generator(np.random.PCG64(seed))


class Rule(Model):
    """How to make an array."""

    @property
    @abstractmethod
    def array_shape(self) -> tuple[int, ...]:
        """Return the shape of the array, which is bare or full."""

    @abstractmethod
    def make(self) -> Array:
        """Return the array, int64, float64 or complex128, of shape `array_shape`."""


class Shaped(Rule):
    """Fields that all arrays of a stated shape share."""

    shape: Shape = Field(
        description="The shape, bare or full; a full one of x may have 0 batch entries.",
        examples=[[1, 2, 5, 5]],
    )
    memory: Memory | None = Field(
        default=None,
        description="How the numbers lie in memory, if not one after the other.",
        examples=["reversed"],
    )

    @property
    def array_shape(self) -> tuple[int, ...]:
        return tuple(self.shape)


class Integers(Shaped):
    """Whole numbers drawn evenly from a range that includes both ends."""

    integers: Range = Field(description="The least and the largest number.", examples=[[-3, 3]])
    imaginary: bool = Field(
        default=False, description="Whether each has an imaginary part from the same range."
    )
    seed: Seed = 0

    def make(self) -> Array:
        integers = partial(random(self.seed).integers, *self.integers, self.shape, endpoint=True)
        real = integers()
        return np.asarray(real + 1j * integers() if self.imaginary else real)


class Arange(Shaped):
    """Whole numbers in a row."""

    arange: Whole = Field(description="The first number.", examples=[0])

    def make(self) -> Array:
        return self.arange + np.arange(prod(self.shape), dtype=np.int64).reshape(self.shape)


class Fill(Shaped):
    """One number everywhere."""

    fill: Number = Field(description="The number.", examples=[1])

    def make(self) -> Array:
        return np.full(self.shape, self.fill)


class Normal(Shaped):
    """Real numbers drawn from a normal distribution around 0."""

    normal: Annotated[Real, Field(gt=0)] = Field(
        description="The standard deviation.", examples=[1.0]
    )
    seed: Seed = 0

    def make(self) -> Array:
        return random(self.seed).normal(0.0, self.normal, self.shape)


class Basis(Rule):
    """Every one-hot image of a size, one a batch entry: an operator's answer shows its matrix."""

    basis: Annotated[list[Size], Field(min_length=1, max_length=3)] = Field(
        description="The spatial size of the images.", examples=[[3, 3]]
    )

    @property
    def array_shape(self) -> tuple[int, ...]:
        return (prod(self.basis), 1, *self.basis)

    def make(self) -> Array:
        return np.eye(prod(self.basis), dtype=np.int64).reshape(self.array_shape)


class Bilinear(Rule):
    """The kernel that scales every channel up bilinearly, one group for each channel."""

    bilinear: Size = Field(description="The factor.", examples=[2])
    channels: Size = Field(default=1, description="How many channels there are.")
    rank: int = Field(default=2, ge=1, le=3, description="How many spatial axes there are.")

    @property
    def array_shape(self) -> tuple[int, ...]:
        return (self.channels, 1, *(2 * self.bilinear - self.bilinear % 2,) * self.rank)

    def make(self) -> Array:
        return np.asarray(oracle.bilinear_kernel(self.bilinear, self.channels, self.rank))


Generated: TypeAlias = Integers | Arange | Fill | Normal | Basis | Bilinear


def tag(kind: object) -> str:
    """Return the mark of a choice in an error's location, which no key of a file looks like."""
    return f"<{kind.__name__ if isinstance(kind, type) else kind}>"


def _operand_kind(value: Any) -> str | None:
    if isinstance(value, dict):
        for kind in get_args(Generated):
            if kind.__name__.lower() in value:
                return tag(kind)
        return None
    return tag("literal")


Operand = Annotated[
    Annotated[Numbers, Tag(tag("literal"))]
    | Annotated[Integers, Tag(tag(Integers))]
    | Annotated[Arange, Tag(tag(Arange))]
    | Annotated[Fill, Tag(tag(Fill))]
    | Annotated[Normal, Tag(tag(Normal))]
    | Annotated[Basis, Tag(tag(Basis))]
    | Annotated[Bilinear, Tag(tag(Bilinear))],
    Discriminator(
        _operand_kind,
        custom_error_type="kind",
        custom_error_message=(
            "must be a list of numbers, or a mapping with one of integers, arange, fill, normal,"
            " basis or bilinear"
        ),
    ),
]
