"""Define what an API is known to refuse or to answer wrongly, and what several APIs share of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from conformance.adapters.call_source import Inexpressible, output_space
from conformance.adapters.runtime import Runtime
from conformance.question import Dtype, Question, all_finite, is_complex


@dataclass(frozen=True)
class Limitation:
    """Arguments that an API is known to refuse or to answer wrongly, so that a recipe avoids them.

    A native call runs into it, and its observation states the reason.

    Attributes
    ----------
    reason
        A sentence for reports.
    concerns
        Whether a question, as the call sees it, runs into it.
    backend
        The only backend that has it; None for all.
    classes
        The runtime classes that are known to have it; none stands for all.
    versions
        The versions of a package that are known to have it, as a requirement such as
        ``keras<3.15``; empty for all that were tested.
    corrupts_process
        Whether it may leave the process with broken memory, after which its answers are worthless.
    is_refusal
        Whether the framework refuses, and does not answer wrongly.
    another_meaning
        Whether the API gives these arguments another meaning, which a recipe may use.
    is_boundary
        Whether the API has no such thing, for example no gradients, so that no call is written and
        no recipe looks for a way around it.
    """

    reason: str
    concerns: Callable[[Question], bool]
    backend: str | None = None
    classes: frozenset[str] = frozenset()
    versions: str = ""
    corrupts_process: bool = False
    is_refusal: bool = True
    another_meaning: bool = False
    is_boundary: bool = False

    def is_known_of(self, runtime: Runtime) -> bool:
        """Return whether a runtime has, or may have, this limitation."""
        return (
            self.backend in (None, runtime.backend)
            and runtime.is_in(self.classes)
            and runtime.has(self.versions)
        )

    def stops(self, question: Question) -> bool:
        """Return whether a question, as the call sees it, runs into this.

        A framework computes outputs and gradients on the way to a further derivative.
        """
        return any(map(self.concerns, question.computed()))


def boundary(reason: str, concerns: Callable[[Question], bool]) -> Limitation:
    """Return the limitation of an API that has no such thing."""
    return Limitation(reason, concerns, is_boundary=True)


def on_backend(backend: str, *limits: Limitation) -> tuple[Limitation, ...]:
    """Return limitations as those of one backend of a framework."""
    return tuple(replace(limit, backend=backend) for limit in limits)


def differentiates_infinite_input(q: Question) -> bool:
    """Return whether the array that a gradient by the kernel strides over is not finite."""
    strided = q.x if q.operator == "conv" else q.gradient
    return q.wanted == "kernel_gradient" and not all_finite(strided)


def is_transposed(q: Question) -> bool:
    """Return whether a question is a transposed convolution."""
    return q.operator == "conv_transpose"


def has_groups_of_one(q: Question) -> bool:
    """Return whether every group has one channel of the input and one of the output."""
    return q.kernel.shape[:2] == (q.groups, 1)


def meets_no_input(q: Question) -> tuple[bool, ...]:
    """Return of each axis whether no place of the kernel meets an element; () without an output.

    A convolution reads the input there, and a transposed one writes the output.
    """
    inputs, outputs = q.space, output_space(q)
    if isinstance(outputs, Inexpressible):
        return ()
    lengths, places = (outputs, inputs) if is_transposed(q) else (inputs, outputs)
    return tuple(
        not any(
            0 <= start + d * tap < n
            for start in range(-begin, m * s - begin, s)
            for tap in range(k)
        )
        for n, m, k, s, d, (begin, _) in zip(
            lengths, places, q.window, q.stride, q.dilation, q.pairs, strict=True
        )
    )


def of_dtypes(reason: str, *dtypes: Dtype) -> Limitation:
    """Return the limitation of an API that takes no other dtypes than these."""
    return boundary(reason, lambda q: q.dtype not in dtypes)


NEEDS_BATCH = Limitation("x needs a batch axis", lambda q: q.unbatched)
"""The limitation of an API that takes no `Question.unbatched`, which its recipe goes around."""

REAL_NUMBERS = Limitation("numbers must be real", lambda q: is_complex(q.dtype))

NO_FLOAT64 = Limitation("float64 is not implemented", lambda q: q.dtype == "float64")

NO_EMPTY_BATCH = Limitation("an empty batch is refused", lambda q: not len(q.x))

NO_GRADIENTS = boundary("there are no gradients", lambda q: q.is_derivative)

ZEROS_AROUND = Limitation(
    "an infinite number is multiplied with the zeros of a padding, which gives NaN",
    lambda q: q.gathers and q.has_infinite_factor and any(max(pair) > 0 for pair in q.pairs),
    is_refusal=False,
)

ZEROS_BETWEEN = Limitation(
    "an infinite kernel is multiplied with zeros, which gives NaN",
    lambda q: not q.gathers and q.has_infinite_factor,
    is_refusal=False,
)

NOT_FINITE = Limitation(
    "NaN and infinities may reach further than the kernel, or be lost",
    lambda q: not all(map(all_finite, q.arrays.values())),
    is_refusal=False,
)

SYMMETRIC_CROP = Limitation(
    "padding of ConvTranspose must be the same at both ends",
    lambda q: is_transposed(q) and any(begin != end for begin, end in q.pairs),
)

OUTPUT_PADDING_BELOW_STRIDE = Limitation(
    "output padding must be smaller than the stride",
    lambda q: any(p >= s for p, s in zip(q.output_padding, q.stride, strict=True)),
)

NEGATIVE_PADDING = Limitation(
    "padding must not be negative",
    lambda q: not isinstance(q.padding, str) and any(min(pair) < 0 for pair in q.padding),
)

PADDING_LIMITS = (NEGATIVE_PADDING, ZEROS_AROUND, OUTPUT_PADDING_BELOW_STRIDE)
"""The limitations of padding that most libraries have."""
