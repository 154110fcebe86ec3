"""Describe a layer of Keras on TensorFlow that is converted to LiteRT (TFLite) or to ONNX."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import keras, onnxruntime
from conformance.adapters.framework import Api, Framework
from conformance.adapters.limitation import (
    NO_EMPTY_BATCH,
    NO_GRADIENTS,
    NOT_FINITE,
    Limitation,
)
from conformance.adapters.modes import framework_of, made_of_layer, mode, only
from conformance.oracle import geometry
from conformance.question import Question

_MODEL = (
    "inputs = keras.Input(batch_shape=x.shape, dtype=x.dtype)",
    "model = keras.Model(inputs, layer(inputs))",
)
_LITERT = (
    "# Stage: convert",
    *_MODEL,
    "model = tf.lite.TFLiteConverter.from_keras_model(model).convert()",
    "# Stage: load",
    "interpreter = ai_edge_litert.interpreter.Interpreter(model_content=model)",
    "interpreter.allocate_tensors()",
    "run = interpreter.get_signature_runner()",
    "# Stage: run",
)
_ONNX = (
    "# Stage: export",
    *_MODEL,
    "model(x)  # an export needs a model that was called",
    "with tempfile.TemporaryDirectory() as folder:",
    "    model.export(f'{folder}/model.onnx', format='onnx', verbose=False)",
    "    # Stage: load",
    "    session = onnxruntime.InferenceSession(f'{folder}/model.onnx', **device)",
    "# Stage: run",
)


def _is_longer_than_full(q: Question) -> bool:
    """Return whether the output, as Keras counts it, is longer than what nothing cropped gives."""
    extents = geometry.effective_kernel_size(q.window, q.dilation)
    if q.padding == "same" and not q.has_output_padding:
        return any(r < s for r, s in zip(extents, q.stride, strict=True))
    crops = (r // 2 * 2 if q.padding == "same" else 0 for r in extents)
    return any(p > crop for p, crop in zip(q.output_padding, crops, strict=True))


def _chain(
    api: Api, word: str, lines: tuple[str, ...], call: str, needs: str, *limits: Limitation
) -> Api:
    return mode(
        api,
        word,
        made_of_layer(*lines, call=f"tf.constant({call})"),
        needs=needs,
        limits=(NO_GRADIENTS, *limits),
        is_slow=True,
    )


def _framework(suffix: str, title: str, imports: tuple[str, ...], *apis: Api) -> Framework:
    chains = framework_of(keras.FRAMEWORK, suffix, title, *apis, imports=imports)
    return replace(chains, interops={"tensorflow": chains.interops["tensorflow"]})


LITERT = _framework(
    "litert",
    "Keras through LiteRT",
    ("import ai_edge_litert.interpreter",),
    _chain(
        keras.LAYER,
        "TFLiteConverter, LiteRT",
        _LITERT,
        "[*run(**{[*run.get_input_details()][0]: x}).values()][0]",
        "ai_edge_litert",
        only("float32"),
        Limitation("there is no dilation", lambda q: set(q.dilation) != {1}),
        NO_EMPTY_BATCH,
        NOT_FINITE,
    ),
)
ONNX = _framework(
    "onnx",
    "Keras through ONNX",
    ("import tempfile", *onnxruntime.READER.imports),
    _chain(
        keras.LAYER,
        "export, onnxruntime",
        _ONNX,
        "session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]",
        "onnxruntime",
        only("float32", "float16"),
        Limitation("a longer output than the full one is refused", _is_longer_than_full),
    ),
)
