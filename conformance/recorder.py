"""Record the transposed convolutions of a running model, in the framework's own process.

The module needs NumPy only, and looks only at frameworks that are imported already.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = dict[str, Any]
Function: TypeAlias = Callable[..., Any]

_RANKS = (1, 2, 3)
_TORCH = ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")
_KERAS = (
    "inputs",
    "kernel",
    "strides",
    "padding",
    "output_padding",
    "data_format",
    "dilation_rate",
)
_JAX = ("lhs", "rhs", "strides", "padding", "rhs_dilation", "dimension_numbers", "transpose_kernel")
"""The parameters of each function, in their order."""
_JAX_FLAGS = ("transpose_kernel", "use_consistent_padding")
"""The parameters of JAX's function that make another API of it."""


@dataclass
class Calls:
    """The calls that were recorded so far.

    Attributes
    ----------
    calls
        For each call the id of its API, its arrays x, kernel, bias and y, and its arguments, by
        the API's own words, and the name of its layer where that is known.
    unreadable
        The number of calls inside compiled functions, whose arrays do not exist yet.
    """

    calls: list[Values] = field(default_factory=list)
    unreadable: int = 0
    _layers: list[str] = field(default_factory=list, repr=False)
    _depth: int = field(default=0, repr=False)

    def __len__(self) -> int:
        return len(self.calls)

    def add(self, api: str, arrays: Mapping[str, Any], arguments: Values) -> None:
        """Record one call; arrays and arguments that are None are left out."""
        try:
            values = {name: _array(a) for name, a in arrays.items() if a is not None}
        except _NoNumbersError:
            self.unreadable += 1
            return
        names: Values = {"layer": self._layers[-1]} if self._layers else {}
        if "bfloat16" in str(arrays["y"].dtype):
            names["dtype"] = "bfloat16"
        present = {name: value for name, value in arguments.items() if value is not None}
        self.calls.append({"api": api, **names, **values, **present})

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything by names such as ``000/x``, as the file holds it."""
        width = max(3, len(str(len(self.calls))))
        return {
            f"{index:0{width}}/{name}": np.asarray(value)
            for index, call in enumerate(self.calls)
            for name, value in call.items()
        }


@contextmanager
def capture(path: str | Path, model: Any = None) -> Iterator[Calls]:
    """Record every transposed convolution that is called in a ``with`` block.

    PyTorch, Keras and JAX are watched if they are imported. The calls themselves are not changed.
    JAX's compiled functions are run operation by operation meanwhile. TensorFlow's, and functions
    that torch.func transforms, are not recorded, and a warning says so. What torch.jit and
    torch.export made, and what runs in another thread, is not seen at all.

    Parameters
    ----------
    path
        The .npz file to write when the block ends. Each call has names of its own, such as
        ``000/x``; ``conformance diagnose``, ``new`` and ``translate`` take the file whole.
    model
        A PyTorch module; its layers are recorded under the names that they have in it.

    Yields
    ------
    Calls
        The calls so far.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import conformance
    >>> with conformance.capture("calls.npz") as calls:  # doctest: +SKIP
    ...     model(x)
    """
    calls = Calls()
    with ExitStack() as stack:
        for name, watch in _WATCHES.items():
            if name in sys.modules:
                stack.enter_context(watch(calls, model))
        try:
            yield calls
        finally:
            with Path(path).open("wb") as file:
                np.savez(file, **calls.arrays())  # type: ignore[arg-type]  # of its own keyword
    if calls.unreadable:
        warnings.warn(
            f"{calls.unreadable} transposed convolutions inside a compiled function were not"
            " recorded; run the model eagerly, as with run_eagerly=True",
            stacklevel=3,
        )


# PyTorch


@contextmanager
def _torch(calls: Calls, model: Any) -> Iterator[None]:
    import torch
    from torch.nn.modules import module as modules
    from torch.overrides import TorchFunctionMode

    functions = {getattr(torch, f"conv_transpose{rank}d") for rank in _RANKS}
    names = {id(m): name for name, m in model.named_modules() if name} if model else {}

    class Watch(TorchFunctionMode):
        def __torch_function__(
            self, func: Function, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if func not in functions:
                return func(*args, **(kwargs or {}))
            arguments = {**dict(zip(_TORCH, args, strict=False)), **(kwargs or {})}
            with _outermost(calls) as is_outermost:
                y = func(*args, **(kwargs or {}))
            if is_outermost:
                arrays = {name: arguments.pop(name, None) for name in ("input", "weight", "bias")}
                calls.add("torch.nn.functional.conv_transpose", {**arrays, "y": y}, arguments)
            return y

    def enter(module: Any, _: Any) -> None:
        calls._layers.append(names.get(id(module), type(module).__name__))

    def leave(*_: Any) -> None:
        calls._layers.pop()

    with ExitStack() as stack:
        for handle in (
            modules.register_module_forward_pre_hook(enter),
            modules.register_module_forward_hook(leave, always_call=True),
        ):
            stack.callback(handle.remove)
        stack.enter_context(Watch())
        yield


# Keras


@contextmanager
def _keras(calls: Calls, _: Any) -> Iterator[None]:
    import keras
    from keras.src import ops

    without_bias: list[Any] = []  # the last answer of a layer, to which it may add a bias

    def watched(original: Function) -> Function:
        @wraps(original)
        def conv_transpose(*args: Any, **kwargs: Any) -> Any:
            with _outermost(calls) as is_outermost:
                y = original(*args, **kwargs)
            if is_outermost and not isinstance(y, keras.KerasTensor):
                arguments = {**dict(zip(_KERAS, args, strict=False)), **kwargs}
                layout = arguments.pop("data_format", None) or keras.config.image_data_format()
                variant = "(channels_first)" if layout == "channels_first" else ""
                arrays = {name: arguments.pop(name) for name in ("inputs", "kernel")}
                count = len(calls)
                calls.add(f"keras.ops.conv_transpose{variant}", {**arrays, "y": y}, arguments)
                without_bias[:] = [y] if len(calls) > count else []
            return y

        return conv_transpose

    def adding(original: Function) -> Function:
        @wraps(original)
        def add(x1: Any, x2: Any) -> Any:
            total = original(x1, x2)
            if calls._layers and without_bias and x1 is without_bias.pop():
                call = calls.calls[-1]
                api = call["api"].replace("keras.ops.conv_transpose", "keras.layers.ConvTranspose")
                call |= {"api": api, "bias": _array(x2).ravel(), "y": _array(total)}
            return total

        return add

    def named(original: Function) -> Function:
        @wraps(original)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            calls._layers.append(self.name)
            try:
                return original(self, *args, **kwargs)
            finally:
                calls._layers.pop()

        return call

    layer = keras.layers.Conv1DTranspose.__mro__[1]  # of every rank
    with (
        _replaced([ops, keras.ops], "conv_transpose", watched),
        _replaced([ops], "add", adding),
        _replaced([layer], "call", named),
    ):
        yield


# JAX


@contextmanager
def _jax(calls: Calls, _: Any) -> Iterator[None]:
    import jax
    from jax import lax

    def transposed(original: Function) -> Function:
        @wraps(original)
        def conv_transpose(*args: Any, **kwargs: Any) -> Any:
            with _outermost(calls) as is_outermost:
                y = original(*args, **kwargs)
            if is_outermost:
                arguments = {**dict(zip(_JAX, args, strict=False)), **kwargs}
                x, kernel = arguments.pop("lhs"), arguments.pop("rhs")
                flags = [flag for flag in _JAX_FLAGS if arguments.pop(flag, False)]
                numbers = arguments.pop("dimension_numbers", None)
                arrays = _jax_arrays(x, kernel, y, numbers, transposed=_JAX_FLAGS[0] in flags)
                if len(flags) > 1:  # then the kernel is not read in reverse
                    arrays["rhs"] = jax.numpy.flip(arrays["rhs"], range(2, kernel.ndim))
                add = partial(
                    calls.add,
                    f"jax.lax.conv_transpose({flags[-1]}=True)"
                    if flags
                    else "jax.lax.conv_transpose",
                    arguments={
                        name: arguments.get(name) for name in ("strides", "padding", "rhs_dilation")
                    },
                )
                if any(isinstance(array, jax.core.Tracer) for array in arrays.values()):
                    # Inside a derivative or a vmap the numbers come one example at a time.
                    jax.debug.callback(lambda **arrays: add(arrays=arrays), **arrays)
                else:
                    add(arrays=arrays)
            return y

        return conv_transpose

    with jax.disable_jit(), _replaced([lax], "conv_transpose", transposed):
        yield
        jax.effects_barrier()


def _jax_arrays(x: Any, kernel: Any, y: Any, numbers: Any, *, transposed: bool) -> Values:
    """Return the arrays with the axes that the API has in this package, which are channels first.

    The default axes of ``jax.lax.conv_transpose`` are those of its own documentation.
    """
    from jax import lax

    if numbers is None:
        space = "DHW"[5 - x.ndim :]
        numbers = (f"N{space}C", f"{space}IO", f"N{space}C")
    numbers = lax.conv_dimension_numbers(x.shape, kernel.shape, numbers)
    outputs, inputs, *window = numbers.rhs_spec
    channels = (outputs, inputs) if transposed else (inputs, outputs)
    return {
        "lhs": x.transpose(numbers.lhs_spec),
        "rhs": kernel.transpose((*channels, *window)),
        "y": y.transpose(numbers.out_spec),
    }


_WATCHES: Mapping[str, Callable[[Calls, Any], AbstractContextManager[None]]] = {
    "torch": _torch,
    "keras": _keras,
    "jax": _jax,
}


class _NoNumbersError(Exception):
    """An array whose numbers do not exist yet."""


def _array(value: Any) -> NDArray[Any]:
    """Return a copy of a framework's array; bfloat16 as float32, which holds its numbers."""
    try:
        if hasattr(value, "detach"):  # PyTorch
            value = value.float() if str(value.dtype) == "torch.bfloat16" else value
            value = value.numpy(force=True)
        array = np.array(value)
        if array.dtype.name == "bfloat16":
            array = array.astype(np.float32)
    except Exception as problem:  # each framework raises its own for what is not computed yet
        raise _NoNumbersError from problem
    if array.dtype == object:
        raise _NoNumbersError
    return array


@contextmanager
def _outermost(calls: Calls) -> Iterator[bool]:
    """Say whether a call is not inside another watched one, as those of Keras' backends are."""
    calls._depth += 1
    try:
        yield calls._depth == 1
    finally:
        calls._depth -= 1


@contextmanager
def _replaced(
    owners: Sequence[Any], name: str, wrapped: Callable[[Function], Function]
) -> Iterator[None]:
    """Replace a function of modules or classes within the block."""
    originals = [getattr(owner, name) for owner in owners]
    for owner, original in zip(owners, originals, strict=True):
        setattr(owner, name, wrapped(original))
    try:
        yield
    finally:
        for owner, original in zip(owners, originals, strict=True):
            setattr(owner, name, original)
