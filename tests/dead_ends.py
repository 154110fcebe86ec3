"""What no recipe goes around, by framework: questions that run into it have none, and need none.

Every other question that an adapter does not call a boundary has a recipe, as tests of adapters
hold.
"""

from __future__ import annotations

from conformance.adapters.base import Framework, Inexpressible
from conformance.recipes.call_writer import Call

NO_FLOAT64 = "float64 is not implemented"
DEAD_ENDS = {
    "onnxruntime": (NO_FLOAT64,),
    "onnxruntime-node": (NO_FLOAT64,),
    "onnxruntime-web": (NO_FLOAT64,),
    "tfjs": (
        "three axes are wrong on WebAssembly",
        # A layer takes words for padding, and adds zeros for both.
        "'valid' gives at least the length of the input times the stride",
    ),
}
"""Parts of the reasons, which the limitations in the adapters have."""


def is_dead_end(framework: Framework, recipe: Call | Inexpressible) -> bool:
    """Whether there is no recipe for one of these reasons."""
    reasons = DEAD_ENDS.get(framework.name, ())
    return isinstance(recipe, Inexpressible) and any(part in recipe.reason for part in reasons)
