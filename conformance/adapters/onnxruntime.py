"""Describe ONNX Runtime, in Python on each of its devices, and in JavaScript."""

from __future__ import annotations

from conformance.adapters import javascript
from conformance.adapters.interop import CPU, Device
from conformance.adapters.limitation import NO_FLOAT64, OUTPUT_PADDING_BELOW_STRIDE, ZEROS_AROUND
from conformance.adapters.onnx import Reader
from conformance.adapters.runtime import RuntimeClass

LIMITS = (NO_FLOAT64, OUTPUT_PADDING_BELOW_STRIDE, ZEROS_AROUND)
_CONVOLUTION = (
    '<ir_version: 6, opset_import: ["": 11]> convolution'
    " (float[1, 64, 8, 8] x, float[64, 64, 1, 1] w) => (float[1, 64, 8, 8] y) {y = Conv(x, w)}"
)
# The behaviour is probed: 1 + 2^-12 needs more than the ten bits that TF32 keeps of a number.
_FINE = (
    '"x": np.full((1, 64, 8, 8), 1 + 2**-12, np.float32),'
    ' "w": np.eye(64, dtype=np.float32)[..., None, None]'
)
_ON_CUDA = Device(
    setup=(
        "import onnx.parser",
        "settings = onnxruntime.SessionOptions()",
        "# What CUDA lacks is refused, where otherwise the CPU would compute it.",
        'settings.add_session_config_entry("session.disable_cpu_ep_fallback", "1")',
        'device = {"providers": ["CUDAExecutionProvider"], "sess_options": settings}',
        f"convolution = onnx.parser.parse_model('{_CONVOLUTION}').SerializeToString()",
        "session = onnxruntime.InferenceSession(convolution, **device)",
    ),
    probes={
        "tf32": f"session.run(None, {{{_FINE}}})[0].max() == 1",
        "cudnn benchmark": (
            "session.get_provider_options()['CUDAExecutionProvider']['cudnn_conv_algo_search']"
            " == 'EXHAUSTIVE'"
        ),
    },
    classes=(RuntimeClass(name="cuda-tf32", probes=("tf32",)), RuntimeClass(name="cuda")),
)

READER = Reader(
    name="onnxruntime",
    title="ONNX Runtime",
    module="onnxruntime",
    # A build for GPUs computes there where nothing is named.
    imports=("import onnxruntime", 'device = {"providers": ["CPUExecutionProvider"]}'),
    version="onnxruntime.__version__",
    load=("session = onnxruntime.InferenceSession(model.SerializeToString(), **device)",),
    argument='"{v}": {v}',
    run="session.run(None, {{{inputs}}})[0]",
    limits=LIMITS,
    device='device["providers"][0].removesuffix("ExecutionProvider").lower()',
    devices={CPU: Device(), "cuda": _ON_CUDA},
)

IN_JAVASCRIPT = tuple(
    Reader(
        name=f"onnxruntime-{package}",
        title=f"ONNX Runtime for JavaScript ({package})",
        module=f"ort.{package}",
        imports=("import base64", *javascript.IMPORTS),
        version="program.running().version",
        load=("content = base64.b64encode(model.SerializeToString()).decode()", "arrays = {}"),
        feed='arrays["{v}"] = {v}',
        run=(
            "program.ask('call', x.dtype.name, source='(await (await ort.InferenceSession.create("
            'Buffer.from(content, "base64"))).run({{{inputs}}})).y\', content=content, **arrays)'
        ),
        limits=LIMITS,
        variables=javascript.command("onnxruntime.js", f"onnxruntime-{package}"),
    )
    for package in ("node", "web")
)
