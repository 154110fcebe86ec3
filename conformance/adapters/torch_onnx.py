"""Describe a layer of PyTorch that is exported to ONNX, and run by a reader of ONNX."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import onnxruntime, opencv, torch
from conformance.adapters.framework import Api
from conformance.adapters.interop import CPU
from conformance.adapters.limitation import NO_GRADIENTS
from conformance.adapters.modes import framework_of, made_of_layer, mode, only
from conformance.adapters.onnx import Reader
from conformance.adapters.onnx_readers import OPENVINO
from conformance.question import Dtype

_NAMES = 'input_names=["x"], output_names=["y"]'
EXPORTERS = {
    "torch.onnx.export(dynamo=False)": (
        "file = io.BytesIO()",
        f"torch.onnx.export(layer.eval(), (x,), file, dynamo=False, {_NAMES}{{kwargs}})",
        "model = onnx.load_from_string(file.getvalue())",
    ),
    "torch.onnx.export": (
        f"model = torch.onnx.export(layer.eval(), (x,), {_NAMES}{{kwargs}}).model_proto",
    ),
}
"""The lines by which each exporter makes ``model``, an ``onnx.ModelProto``."""
READERS: tuple[tuple[Reader, tuple[Dtype, ...]], ...] = (
    (onnxruntime.READER, ("float32", "float16")),
    (OPENVINO, ("float32", "float16", "float64")),
    (opencv.READER, ("float32",)),
)
"""What runs a model, with the dtypes that it takes."""


def _chain(exporter: str, reader: Reader, dtypes: tuple[Dtype, ...]) -> Api:
    lines = (
        *("# Stage: export", *EXPORTERS[exporter]),
        *("# Stage: load", "x = x.numpy()", *reader.load),
        *("# Stage: run", *filter(None, [reader.feed.format(v="x")])),
    )
    run = reader.run.format(inputs=reader.argument.format(v="x"))
    return mode(
        torch.LAYER,
        f"{exporter}, {reader.module}",
        made_of_layer(*lines, call=f"torch.from_numpy({run})"),
        needs=reader.version,
        limits=(NO_GRADIENTS, only(*dtypes), *reader.limits),
        is_slow=exporter == "torch.onnx.export" or reader is OPENVINO,
    )


_IMPORTS = (
    "import io",
    "import onnx",
    *dict.fromkeys(line for reader, _ in READERS for line in reader.imports),
)
_BASE = framework_of(
    torch.FRAMEWORK,
    "onnx",
    "PyTorch through ONNX",
    *(_chain(exporter, *reader) for exporter in EXPORTERS for reader in READERS),
)
FRAMEWORK = replace(
    _BASE,
    prelude="\n".join((*_IMPORTS, "import torch")),
    devices={CPU: torch.DEVICES[CPU]},
    interops={
        None: replace(
            torch.INTEROP,
            imports=(*_IMPORTS, *torch.INTEROP.imports),
            packages={
                **torch.INTEROP.packages,
                "onnx": "onnx.__version__",
                **{reader.name: reader.version for reader, _ in READERS},
            },
        )
    },
)
