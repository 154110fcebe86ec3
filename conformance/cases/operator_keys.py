"""List the keys that each operator takes, and find those that an entry must not have or lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.cases.errors import Fault
from conformance.cases.schema import Entry

_ARGUMENTS = ("bias", "stride", "padding", "output_padding", "dilation", "groups")
_CONV = frozenset({"kernel", *_ARGUMENTS}) - {"output_padding"}
_TRANSPOSE = frozenset({"kernel", *_ARGUMENTS})
_NO_BIAS = frozenset({"bias"})
ALLOWED: Mapping[str, frozenset[str]] = {
    "conv": _CONV,
    "conv_input_gradient": (_CONV - _NO_BIAS) | {"gradient"},
    "conv_kernel_gradient": (_CONV - _NO_BIAS) | {"gradient"},
    "conv_parameters": _CONV,
    "conv_transpose": _TRANSPOSE,
    "conv_transpose_input_gradient": (_TRANSPOSE - _NO_BIAS) | {"gradient"},
    "conv_transpose_kernel_gradient": (_TRANSPOSE - _NO_BIAS) | {"gradient"},
    "conv_transpose_parameters": _TRANSPOSE,
    "interpolate": frozenset({"stride"}),
    "chain": frozenset({"steps"}),
}
"""The keys of the question that each operator takes, beside ``x``."""
_CHAINED = "; each of its steps has its own"
_OTHER_OPS: Mapping[str, str] = {
    "steps": "; a case with steps says 'op: chain'",
    "gradient": "; op conv_transpose_input_gradient takes it, as do the other gradients",
}
"""The operators that take a key, for the sentence that refuses it for another operator."""
_QUESTION_KEYS: frozenset[str] = frozenset().union(*ALLOWED.values())


def misplaced_keys(entry: Entry) -> Iterator[Fault]:
    """Yield the keys that do not belong to the entry's operator, and those that it lacks."""
    keys = ALLOWED[entry.op]
    for key in sorted((_QUESTION_KEYS & entry.model_fields_set) - keys):
        hint = _CHAINED if entry.op == "chain" else _OTHER_OPS.get(key, "")
        yield (key,), f"{key} has no meaning for op {entry.op}{hint}"
    for key in ("kernel", "steps"):
        has_steps = key == "kernel" and entry.steps is not None  # its own sentence is enough
        if key in keys and getattr(entry, key) is None and not has_steps:
            yield (), f"{key} is missing; op {entry.op} needs it"
