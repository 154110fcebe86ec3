"""Conformance tests for transposed convolution in PyTorch, Keras, TensorFlow, JAX and MXNet.

This module is the public Python API. It imports a name when the name is first used, so that
importing the package stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.answers.diagnosis import AnswerDiagnosis, diagnose
    from conformance.cases import Case, Loaded, Problem
    from conformance.cases import load as load_cases
    from conformance.oracle import (
        conv,
        conv_bias_gradient,
        conv_double_backward,
        conv_input_gradient,
        conv_jvp,
        conv_kernel_gradient,
        conv_transpose,
        conv_transpose_bias_gradient,
        conv_transpose_double_backward,
        conv_transpose_input_gradient,
        conv_transpose_jvp,
        conv_transpose_kernel_gradient,
    )
    from conformance.recorder import Calls, capture

__version__ = "0.1.0"

__all__ = [
    "AnswerDiagnosis",
    "Calls",
    "Case",
    "Loaded",
    "Problem",
    "__version__",
    "capture",
    "conv",
    "conv_bias_gradient",
    "conv_double_backward",
    "conv_input_gradient",
    "conv_jvp",
    "conv_kernel_gradient",
    "conv_transpose",
    "conv_transpose_bias_gradient",
    "conv_transpose_double_backward",
    "conv_transpose_input_gradient",
    "conv_transpose_jvp",
    "conv_transpose_kernel_gradient",
    "diagnose",
    "load_cases",
]

_DEFINITIONS = {
    **{name: ("conformance.cases", name) for name in ("Case", "Loaded", "Problem")},
    **{name: ("conformance.oracle", name) for name in __all__ if name.startswith("conv")},
    **{name: ("conformance.recorder", name) for name in ("Calls", "capture")},
    **{name: ("conformance.answers.diagnosis", name) for name in ("AnswerDiagnosis", "diagnose")},
    "load_cases": ("conformance.cases", "load"),
}
"""The module in which each public name is defined, and what it is called there."""


def __getattr__(name: str) -> Any:
    """Import a public name. Raises ``AttributeError`` for any other name."""
    if name not in _DEFINITIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _DEFINITIONS[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
