"""Watch PyTorch: its functions, and the operators that programs call without them.

A `TorchFunctionMode` sees the functions with the arguments as they were written. What TorchScript,
torch.export and torch.compile made, and what torch.func transforms, calls operators only, which a
`TorchDispatchMode` sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor
from torch._subclasses.functional_tensor import FunctionalTensor
from torch.nn.modules import module as modules
from torch.nn.modules.conv import _ConvTransposeNd
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from conformance.recorder.calls import RANKS, Calls, Function

API = "torch.nn.functional.conv_transpose"
_FUNCTION = ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")
_OPERATOR = (
    *("input", "weight", "bias", "stride", "padding", "dilation", "transposed"),
    *("output_padding", "groups"),
)
"""The parameters of the functions, and of the operators, in their order."""
_OPERATORS = (torch.ops.aten.convolution.default, torch.ops.aten._convolution.default)
"""The operators of every convolution; the second one is in what torch.jit.trace made."""
_ARRAYS = ("input", "weight", "bias")


@contextmanager
def watch(calls: Calls, model: Any) -> Iterator[None]:
    """Record the transposed convolutions of PyTorch within the block."""
    functions = {getattr(torch, f"conv_transpose{rank}d") for rank in RANKS}
    names = {id(m): name for name, m in model.named_modules() if name} if model else {}

    def add(y: Any, arguments: dict[str, Any]) -> None:
        arrays = {name: arguments.pop(name, None) for name in _ARRAYS}
        calls.add(API, {**arrays, "y": y}, arguments)

    class Functions(TorchFunctionMode):
        def __torch_function__(
            self, func: Function, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            arguments = {**dict(zip(_FUNCTION, args, strict=False)), **(kwargs or {})}
            if func not in functions:
                return func(*args, **(kwargs or {}))
            if not all(map(_is_plain, map(arguments.get, _ARRAYS))):
                count = len(calls)
                y = func(*args, **(kwargs or {}))
                del calls.calls[count + 1 :]  # those of its derivative
                return y
            with calls.outermost() as is_outermost:
                y = func(*args, **(kwargs or {}))
            if is_outermost:
                add(y, arguments)
            return y

    class Operators(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            name = func.name()
            if name.startswith("aten::conv_transpose"):  # as in inference mode
                with self:
                    return func.decompose(*args, **(kwargs or {}))
            y = func(*args, **(kwargs or {}))
            if calls.is_inside or _is_in_backward():
                return y
            if func in _OPERATORS:
                arguments = {**dict(zip(_OPERATOR, args, strict=False)), **(kwargs or {})}
                if arguments.pop("transposed") and _is_plain(y):
                    add(y, arguments)
            elif "conv" in name and "transpose" in name and _is_plain(y):
                calls.unrecorded.append(name)
            return y

    def enter(module: Any, _: Any) -> None:
        calls.enter(names.get(id(module), type(module).__name__))

    def leave(module: Any, _: Any, y: Any) -> None:
        name, has_calls = calls.leave()
        is_run = isinstance(module, _ConvTransposeNd) and y is not None and _is_plain(y)
        if is_run and not has_calls:
            calls.unrecorded.append(f"{API} in {name}")

    with ExitStack() as stack:
        for handle in (
            modules.register_module_forward_pre_hook(enter),
            modules.register_module_forward_hook(leave, always_call=True),
        ):
            stack.callback(handle.remove)
        stack.enter_context(Operators())
        stack.enter_context(Functions())
        yield


def _is_plain(tensor: Any) -> bool:
    """Return whether a tensor, if it is one, has numbers: not one that is traced or transformed."""
    if not isinstance(tensor, torch.Tensor):
        return tensor is None
    is_traced = isinstance(tensor, (FakeTensor, FunctionalTensor)) or tensor.is_meta
    return not is_traced and not torch._C._functorch.is_functorch_wrapped_tensor(tensor)


def _is_in_backward() -> bool:
    """Return whether gradients are computed, that of a convolution by another one for example."""
    task: int = torch._C._current_graph_task_id()
    return task != -1
