"""Describe a model of ONNX that onnx2tf converts for LiteRT, which has channels last."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import onnx, onnx_readers, onnxruntime
from conformance.adapters.limitation import NO_EMPTY_BATCH, NOT_FINITE, Limitation, boundary
from conformance.adapters.modes import only
from conformance.adapters.onnx import Reader
from conformance.oracle import geometry
from conformance.question import Question


def _is_cropped_same(q: Question) -> bool:
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    return q.padding == "same" and any(r > s for r, s in zip(extents, q.stride, strict=True))


READER = Reader(
    name="onnx2tf",
    title="ONNX through onnx2tf and LiteRT",
    module="onnx2tf",
    imports=(
        "import pathlib, tempfile",
        "import ai_edge_litert.interpreter, onnx2tf",
        *onnxruntime.READER.imports,
    ),
    version="onnx2tf.__version__",
    load=(
        "# Stage: convert",
        "with tempfile.TemporaryDirectory() as folder:",
        "    path = f'{folder}/model.onnx'",
        "    onnx.save(model, path)",
        "    words = {'non_verbose': True, 'not_use_onnxsim': True}",
        "    onnx2tf.convert(input_onnx_file_path=path, output_folder_path=folder, **words)",
        "    content = pathlib.Path(folder, 'model_float32.tflite').read_bytes()",
        "# Stage: load",
        "interpreter = ai_edge_litert.interpreter.Interpreter(model_content=content)",
        "interpreter.allocate_tensors()",
        "place = interpreter.get_input_details()[0]['index']",
        "interpreter.set_tensor(place, np.ascontiguousarray(np.moveaxis(x, 1, -1)))",
    ),
    feed="interpreter.invoke()",
    run="np.moveaxis(interpreter.get_tensor(interpreter.get_output_details()[0]['index']), -1, 1)",
    limits=(
        only("float32"),
        boundary(
            "it downloads images of three channels, with which it tests what it converts",
            lambda q: (q.rank, q.x.shape[1]) == (2, 3),
        ),
        Limitation("LiteRT has no dilation", lambda q: set(q.dilation) != {1}),
        Limitation(
            "the bias is dropped over three axes without groups: docs/findings.md",
            lambda q: q.bias is not None and (q.rank, q.groups) == (3, 1),
            is_refusal=False,
        ),
        Limitation("the crop of SAME_UPPER is lost: docs/findings.md", _is_cropped_same),
        NO_EMPTY_BATCH,
        NOT_FINITE,
    ),
    packages={
        "ai-edge-litert": "ai_edge_litert.__version__",
        "onnxruntime": "onnxruntime.__version__",
        "tensorflow": "onnx2tf.onnx2tf.tf.__version__",
    },
    variables={"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
)
_SOURCE = next(f for f in onnx_readers.FRAMEWORKS if f.name == onnxruntime.READER.name)
_TWIN = _SOURCE.apis[0]
_READ = onnx.framework(READER)
FRAMEWORK = replace(
    _READ,
    apis=(
        _TWIN,
        _SOURCE.api(str(_TWIN.forward)),
        replace(_READ.apis[0], twin=_TWIN.id, forward=_TWIN.forward, is_slow=True),
    ),
)
