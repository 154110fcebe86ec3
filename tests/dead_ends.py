"""What no recipe goes around: a question that runs into it has none, and needs none.

Every other question that an adapter does not call a boundary has a recipe, as tests of adapters
hold.
"""

from __future__ import annotations

from conformance.adapters.framework import Api
from conformance.adapters.runtime import Runtime
from conformance.question import Question, all_finite
from conformance.recipes import search

DEAD_ENDS = {
    "float64 is not implemented": ("ort.", "onnxruntime.", "iree."),
    "float64 is computed in float32": ("openvino.",),
    "float32 is all it computes": ("cv2.dnn.",),
    "numbers other than float32 are computed in float32, or float16 in float16": ("keras.",),
    "float32 is all it takes": ("MNN.",),
    "numbers of 64 bits are made numbers of 32": ("keras.",),
    "three axes are wrong on WebAssembly: docs/findings.md": ("tfjs.",),
}
"""The reasons of these limitations in the adapters, with the first words of the ids of the APIs."""
UNLESS_FINITE = {
    # A layer takes words for padding, adds zeros for both, and is late over three axes. Zeros after
    # the kernel spread what is not finite.
    "'valid' gives at least the length of the input times the stride": ("tfjs.layers.",),
    "SAME over three axes begins late at strides beyond the kernel: docs/findings.md": (
        "tfjs.layers.convTranspose",
    ),
}
"""Those that a recipe goes around if all numbers are finite."""


def has_a_recipe(api: Api, question: Question, runtime: Runtime) -> bool:
    """Whether an API should have a recipe for a question."""
    is_finite = all(map(all_finite, question.arrays.values()))
    dead_ends = DEAD_ENDS if is_finite else DEAD_ENDS | UNLESS_FINITE
    is_dead_end = any(
        api.id.startswith(dead_ends.get(limit.reason, ())) and limit.stops(question)
        for limit in api.limits_in(runtime)
    )
    return not is_dead_end and search.boundary(api, question, runtime) is None
