"""Watch JAX: both functions that compute transposed convolutions, run operation by operation."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import jax
from jax import lax

from conformance.recorder.calls import Calls, Function, Values, replaced, replaced_everywhere

API = "jax.lax.conv_transpose"
_FLAGS = ("transpose_kernel", "use_consistent_padding")
"""The parameters of the function that make another API of it."""
_ARGUMENTS = ("strides", "padding", "rhs_dilation")
_INTERNAL = "jax._src.lax.convolution"
"""The module whose own calls are those of gradients, of vmap and of the other function."""


@contextmanager
def watch(calls: Calls, _: Any) -> Iterator[None]:
    """Record the transposed convolutions of JAX within the block."""

    def transposed(original: Function) -> Function:
        signature = inspect.signature(original)

        def conv_transpose(*args: Any, **kwargs: Any) -> Any:
            with calls.outermost() as is_outermost:
                y = original(*args, **kwargs)
            if is_outermost:
                _add_transposed(calls, y, signature.bind(*args, **kwargs).arguments)
            return y

        return conv_transpose

    def dilated(original: Function) -> Function:
        signature = inspect.signature(original)

        def conv_general_dilated(*args: Any, **kwargs: Any) -> Any:
            with calls.outermost() as is_outermost:
                y = original(*args, **kwargs)
            arguments = signature.bind(*args, **kwargs).arguments
            if is_outermost and max(arguments.get("lhs_dilation") or (1,)) > 1:
                _add_dilated(calls, y, arguments)
            return y

        return conv_general_dilated

    def compiled(text: str) -> Any:
        def watched(original: Function) -> Function:
            def call(self: Any, *args: Any, **kwargs: Any) -> Any:
                if "lhs_dilate" in (getattr(self, text)() or ""):
                    calls.unrecorded.append(f"a function that was {type(self).__name__.lower()}")
                with jax.disable_jit(False):  # it can run in no other way
                    return original(self, *args, **kwargs)

            return call

        return watched

    with ExitStack() as stack:
        stack.enter_context(jax.disable_jit())
        stack.enter_context(replaced_everywhere(lax.conv_transpose, transposed))
        stack.enter_context(replaced_everywhere(lax.conv_general_dilated, dilated, but=_INTERNAL))
        stack.enter_context(replaced(jax.stages.Compiled, "__call__", compiled("as_text")))
        if "jax.export" in sys.modules:
            exported = sys.modules["jax.export"].Exported
            stack.enter_context(replaced(exported, "call", compiled("mlir_module")))
        yield
        jax.effects_barrier()


def deliver(function: Function, **arrays: Any) -> None:
    """Call a function with arrays, now or when their numbers exist.

    Inside a derivative or a vmap they come one example at a time.
    """
    if any(isinstance(array, jax.core.Tracer) for array in arrays.values()):
        jax.debug.callback(function, **arrays)
    else:
        function(**arrays)


def _add(calls: Calls, api: str | None, arrays: Values, words: Values) -> None:
    deliver(lambda **numbers: calls.add(api, numbers, words), **arrays)


def _add_transposed(calls: Calls, y: Any, arguments: Values) -> None:
    """Record a call of ``jax.lax.conv_transpose``.

    Its default axes are those of its own documentation.
    """
    x, kernel = arguments["lhs"], arguments["rhs"]
    numbers = arguments.get("dimension_numbers")
    if numbers is None:
        space = "DHW"[5 - x.ndim :]
        numbers = (f"N{space}C", f"{space}IO", f"N{space}C")
    numbers = lax.conv_dimension_numbers(x.shape, kernel.shape, numbers)
    flags = [flag for flag in _FLAGS if arguments.get(flag)]
    outputs, inputs, *window = numbers.rhs_spec
    channels = (outputs, inputs) if _FLAGS[0] in flags else (inputs, outputs)
    kernel = kernel.transpose((*channels, *window))
    if len(flags) > 1:  # then the kernel is not read in reverse
        kernel = jax.numpy.flip(kernel, range(2, kernel.ndim))
    arrays = {
        "lhs": x.transpose(numbers.lhs_spec),
        "rhs": kernel,
        "y": y.transpose(numbers.out_spec),
    }
    api = f"{API}({flags[-1]}=True)" if flags else API
    words = {name: arguments.get(name) for name in _ARGUMENTS}
    _add(calls, api, arrays, words)


def _add_dilated(calls: Calls, y: Any, arguments: Values) -> None:
    """Record a call of ``jax.lax.conv_general_dilated`` that inserts zeros into its input.

    That is what ``jax.lax.conv_transpose`` does with padding in numbers, and is recorded as such.
    With groups it is recorded in canonical words, as that function has none.
    """
    x, kernel, rank = arguments["lhs"], arguments["rhs"], y.ndim - 2
    groups = arguments.get("feature_group_count", 1)
    has_other_stride = max(arguments["window_strides"]) > 1
    if has_other_stride or arguments.get("batch_group_count", 1) > 1:
        calls.unrecorded.append(
            "jax.lax.conv_general_dilated that also has a stride or batch groups"
        )
        return
    numbers = lax.conv_dimension_numbers(x.shape, kernel.shape, arguments.get("dimension_numbers"))
    x, kernel, y = (
        array.transpose(order) for array, order in zip((x, kernel, y), numbers, strict=True)
    )
    stride, pairs = arguments["lhs_dilation"], arguments["padding"]
    dilation = arguments.get("rhs_dilation") or (1,) * rank
    if groups == 1:
        words = {"strides": stride, "padding": pairs, "rhs_dilation": dilation}
        _add(calls, API, {"lhs": x, "rhs": kernel.swapaxes(0, 1), "y": y}, words)
        return
    outputs, inputs, *window = kernel.shape
    blocks = kernel.reshape(groups, outputs // groups, inputs, *window).swapaxes(1, 2)
    blocks = blocks.reshape(groups * inputs, outputs // groups, *window)
    blocks = jax.numpy.flip(blocks, range(2, rank + 2))
    reaches = [d * (k - 1) for k, d in zip(window, dilation, strict=True)]
    padding = [(r - b, r - e) for (b, e), r in zip(pairs, reaches, strict=True)]
    words = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    _add(calls, None, {"x": x, "kernel": blocks, "y": y}, words)
