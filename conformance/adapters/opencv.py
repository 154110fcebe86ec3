"""Describe OpenCV as a reader of ONNX: version 4 has one engine, and version 5 a new one beside."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters.limitation import (
    NO_EMPTY_BATCH,
    OUTPUT_PADDING_BELOW_STRIDE,
    SYMMETRIC_CROP,
    ZEROS_AROUND,
    Limitation,
    boundary,
    is_transposed,
)
from conformance.adapters.onnx import Reader
from conformance.question import all_finite

CLASSIC = (
    boundary("ConvTranspose takes two spatial axes", lambda q: is_transposed(q) and q.rank != 2),
    Limitation("float32 is all it computes", lambda q: q.dtype != "float32", is_refusal=False),
    Limitation(
        "the dilation of ConvTranspose is ignored: docs/findings.md",
        lambda q: is_transposed(q) and set(q.dilation) != {1},
        is_refusal=False,
    ),
    SYMMETRIC_CROP,
    Limitation(
        "of one axis Conv takes the padding at the start for both ends: docs/findings.md",
        lambda q: not is_transposed(q) and q.rank == 1 and any(b != e for b, e in q.pairs),
        is_refusal=False,
    ),
    OUTPUT_PADDING_BELOW_STRIDE,
    NO_EMPTY_BATCH,
    ZEROS_AROUND,
)
"""The limitations of the only engine of OpenCV 4, which OpenCV 5 calls the classic one."""
VERSION_5 = (
    Limitation(
        "a stride below 0 breaks the heap: docs/findings.md",
        lambda q: min(q.stride) < 0,
        corrupts_process=True,
    ),
    Limitation(
        "padding around a convolution by a kernel of size 1 is lost: docs/findings.md",
        lambda q: not is_transposed(q) and set(q.window) == {1} and max(map(max, q.pairs)) > 0,
        is_refusal=False,
    ),
    Limitation(
        "nine elements of a kernel along one axis are taken for 3 x 3, unless each channel has a"
        " group: docs/findings.md",
        lambda q: (
            not is_transposed(q)
            and sorted(q.window) in ([9], [1, 9])
            and set(q.dilation) == {1}
            and q.kernel.shape[:2] != (q.groups, 1)
        ),
        is_refusal=False,
    ),
    Limitation(
        "a convolution turns infinity and NaN into the largest number: docs/findings.md",
        lambda q: not is_transposed(q) and not all(map(all_finite, (q.x, q.kernel, q.bias))),
        is_refusal=False,
    ),
    Limitation(
        "infinity and NaN spread to the other groups of ConvTranspose: docs/findings.md",
        lambda q: is_transposed(q) and q.groups > 1 and not all_finite(q.x),
        is_refusal=False,
    ),
)
NEW = (
    Limitation("float32 is all it computes", lambda q: q.dtype != "float32", is_refusal=False),
    *VERSION_5,
    NO_EMPTY_BATCH,
)
BUFFER = "buffer = np.frombuffer(model.SerializeToString(), np.uint8)"
EXACT = "getattr(net, 'enableWinograd', lambda _: None)(False)"
"""By default kernels of 3 x 3 are transformed, which rounds whole numbers too."""
READER = Reader(
    name="opencv",
    title="OpenCV",
    module="cv2.dnn",
    modules=("cv2",),
    imports=("import cv2",),
    version="cv2.__version__",
    load=(BUFFER, "net = cv2.dnn.readNetFromONNX(buffer)", EXACT),
    feed='net.setInput({v}, "{v}")',
    run="net.forward()",
    limits=(
        *(replace(limit, versions="opencv<5") for limit in CLASSIC),
        *(replace(limit, versions="opencv>=5") for limit in NEW),
    ),
    input_limits=(
        replace(boundary("weights must be constants", lambda _: True), versions="opencv<5"),
    ),
)
ENGINES = tuple(
    replace(
        READER,
        suffix=f"(engine={name})",
        exists=f"cv2.dnn.ENGINE_{name}",
        versions="opencv>=5",
        load=(BUFFER, f"net = cv2.dnn.readNetFromONNX(buffer, cv2.dnn.ENGINE_{name})", EXACT),
        limits=limits,
    )
    for name, limits in (("CLASSIC", (*CLASSIC, *VERSION_5)), ("NEW", NEW))
)
