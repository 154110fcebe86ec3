"""A framework of NumPy: the oracle in layouts of choice, which refuses what it is told to refuse.

It reads arrays in the layout that a call names, by rules of its own, so that a call that moves an
axis wrongly has a wrong answer. Its tensors know what they came from, and so have gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from conformance import oracle

LIMITS: dict[str, Callable[[Any], bool]] = {
    "symmetric padding": lambda a: isinstance(a.padding, str) or any(b != e for b, e in a.padding),
    "padding in words": lambda a: not isinstance(a.padding, str),
    "no negative padding": lambda a: not isinstance(a.padding, str) and np.min(a.padding) < 0,
    "no output padding": lambda a: any(a.output_padding),
    "output padding below the stride": lambda a: any(
        p >= s for p, s in zip(a.output_padding, a.stride, strict=True)
    ),
    "no dilation": lambda a: set(a.dilation) != {1},
    "no stride with dilation": lambda a: max(a.stride) > 1 and max(a.dilation) > 1,
    "no groups": lambda a: a.groups > 1,
    "no stride": lambda a: max(a.stride) > 1,
}
"""What a framework may refuse, by its arguments; a question has the same names for them."""

# Where the kernel's input and output channels stand.
CHANNELS = {
    "in out *k": (0, 1),
    "out in *k": (1, 0),
    "*k in out": (-2, -1),
    "*k out in": (-1, -2),
}


@dataclass(eq=False)
class Tensor:
    """Not an array, so that a call that forgets to convert one fails."""

    values: np.ndarray
    made: SimpleNamespace | None = None

    @property
    def dtype(self) -> np.dtype:
        return self.values.dtype

    def numpy(self) -> np.ndarray:
        return self.values


def tensor(array: np.ndarray) -> Tensor:
    assert isinstance(array, np.ndarray)
    return Tensor(array)


def ask(
    operator: str,
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    *,
    layout: str = "N C *s",
    kernel: str | None = None,
    flips: bool = False,
    limits: tuple[str, ...] = (),
    **arguments: Any,
) -> Tensor:
    """``operator`` of the oracle; ``limits`` names what is refused, ``flips`` turns the kernel."""
    for limit in limits:
        if LIMITS[limit](SimpleNamespace(**arguments)):
            raise ValueError(f"not possible here: {limit}")
    if operator == "conv":
        assert not any(arguments.pop("output_padding"))
    made = SimpleNamespace(
        operator=operator,
        sources=(x, w, b),
        x=_first(x.values, layout),
        w=_kernel(operator, w.values, kernel, flips),
        layout=layout,
        forth=lambda array: _kernel(operator, array, kernel, flips),
        back=lambda array: _kernel_back(operator, array, kernel, flips),
        arguments=arguments,
    )
    bias = None if b is None else b.values
    y = getattr(oracle, operator)(made.x, made.w, bias=bias, **arguments)
    return Tensor(_last(y, layout), made)


def gradient(y: Tensor, by: Tensor, g: Tensor) -> Tensor:
    """The gradient by one of the tensors, the very same, that ``y`` was made of."""
    m, incoming = y.made, _first(g.values, y.made.layout)
    assert g.values.shape == y.values.shape
    x, w, b = m.sources
    if by is b:
        by_bias = getattr(oracle, f"{m.operator}_bias_gradient")
        return Tensor(by_bias(m.x.shape, m.w.shape, incoming, **m.arguments))
    if by is x:
        by_input = getattr(oracle, f"{m.operator}_input_gradient")
        return Tensor(_last(by_input(m.x.shape, m.w, incoming, **m.arguments), m.layout))
    assert by is w
    by_kernel = getattr(oracle, f"{m.operator}_kernel_gradient")
    return Tensor(m.back(by_kernel(m.x, m.w.shape, incoming, **m.arguments)))


def jvp(y: Tensor, tangents: dict[str, Tensor]) -> Tensor:
    """The derivative of ``y`` along tangents of the tensors that it was made of."""
    return Tensor(_last(_second(y, "jvp", tangents), y.made.layout))


def double_backward(y: Tensor, by: str, g: Tensor, tangents: dict[str, Tensor]) -> Tensor:
    """The gradient, by x, w or g, of the gradients of ``y`` times tangents."""
    m, incoming = y.made, _first(g.values, y.made.layout)
    names = {"x": "input", "w": "kernel", "g": "gradient"}
    values = _second(y, "double_backward", tangents, incoming, by=names[by])
    return Tensor(m.back(values) if by == "w" else _last(values, m.layout))


def _second(
    y: Tensor, name: str, tangents: dict[str, Tensor], *arrays: np.ndarray, **how: Any
) -> np.ndarray:
    m = y.made
    changes = {
        "x_tangent": lambda v: _first(v, m.layout),
        "kernel_tangent": m.forth,
        "bias_tangent": lambda v: v,
    }
    keys = dict(zip("xwb", changes, strict=True))
    own = {keys[name]: changes[keys[name]](t.values) for name, t in tangents.items()}
    return getattr(oracle, f"{m.operator}_{name}")(m.x, m.w, *arrays, **how, **own, **m.arguments)


class Layer:
    """A layer holds its kernel and bias."""

    def __init__(self, operator: str, w: Tensor, b: Tensor | None, **arguments: Any) -> None:
        self.operator, self.weight, self.bias = operator, w, b
        self.arguments = arguments

    def __call__(self, x: Tensor) -> Tensor:
        return ask(self.operator, x, self.weight, self.bias, **self.arguments)

    def count(self) -> int:
        return self.weight.values.size + (0 if self.bias is None else self.bias.values.size)


def interpolate(x: Tensor, factor: tuple[int, ...], layout: str) -> Tensor:
    return Tensor(_last(oracle.interpolate(_first(x.values, layout), factor), layout))


def _first(array: np.ndarray, layout: str) -> np.ndarray:
    return np.moveaxis(array, -1, 1) if layout == "N *s C" else array


def _last(array: np.ndarray, layout: str) -> np.ndarray:
    return np.moveaxis(array, 1, -1) if layout == "N *s C" else array


def _own(operator: str, kernel: str | None) -> tuple[int, int]:
    """Where, in the kernel that is asked with, the oracle's first two axes stand."""
    own = "in out *k" if operator == "conv_transpose" else "out in *k"
    inputs, outputs = CHANNELS[kernel or own]
    return (inputs, outputs) if operator == "conv_transpose" else (outputs, inputs)


def _kernel(operator: str, array: np.ndarray, kernel: str | None, flips: bool) -> np.ndarray:
    array = np.moveaxis(array, _own(operator, kernel), (0, 1))
    return np.flip(array, range(2, array.ndim)) if flips else array


def _kernel_back(operator: str, array: np.ndarray, kernel: str | None, flips: bool) -> np.ndarray:
    array = np.flip(array, range(2, array.ndim)) if flips else array
    return np.moveaxis(array, (0, 1), _own(operator, kernel))
