"""How fast the oracle is, as ratios that hold on other machines: `python benchmarks/oracle.py`.

The contestants of a line take turns in one process, on one thread each, and every number is the
least processor time of its rounds, as the load of a machine only adds to it. `product` is the bare
matrix product in NumPy, nothing added up: the floor for an oracle that leaves its products to BLAS.
onnxruntime has a matrix product of its own, and both use all instructions that the CPU has.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

for library in ("OPENBLAS", "OMP", "MKL", "BLIS", "VECLIB_MAXIMUM"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # read once, when NumPy is imported
os.environ.pop("OPENBLAS_CORETYPE", None)  # it would be the instructions of NumPy only
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402  # after the number of threads

from conformance.oracle.operators import conv_transpose  # noqa: E402  # it imports NumPy

try:
    import onnx
    import onnxruntime
    from onnx.reference import ReferenceEvaluator
except ImportError as missing:
    sys.exit(
        f"{Path(__file__).name}: {missing.name} is not installed here; the oracle is measured"
        " against it. Install the packages numpy, onnx and onnxruntime."
    )

Shape = tuple[int, ...]
Contestants = dict[str, Callable[[], Any]]

# x, kernel, stride, padding, rounds, and rounds of the reference, which takes seconds a call
COMPARED: list[tuple[Shape, Shape, int, int, int, int]] = [
    ((1, 1, 4, 4), (1, 1, 3, 3), 1, 0, 2000, 200),
    ((1, 64, 28, 28), (64, 64, 4, 4), 2, 1, 101, 5),
    ((8, 64, 28, 28), (64, 32, 4, 4), 2, 1, 41, 3),
]
SCALED: dict[str, list[tuple[Shape, Shape]]] = {
    "batch": [((n, 32, 28, 28), (32, 32, 4, 4)) for n in (1, 4, 16)],
    "channels": [((1, c, 28, 28), (c, c, 4, 4)) for c in (4, 32, 256)],
    "space": [((1, 32, n, n), (32, 32, 4, 4)) for n in (7, 28, 112)],
    "kernel": [((1, 32, 28, 28), (32, 32, k, k)) for k in (2, 4, 8)],
}
ROW = "{:38}{:>12}{:>12}{:>12}{:>13}{:>9}{:>9}{:>9}"
HEADS = ("x * kernel", "oracle", "ort", "product", "reference", "/ ort", "/ prod.", "ref. /")


def main() -> None:
    print(f"numpy {np.__version__}, onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}")
    print(
        "least milliseconds of processor; then oracle / ort, oracle / product, reference / oracle\n"
    )
    print(ROW.format(*HEADS))
    for x, kernel, stride, padding, rounds, of_reference in COMPARED:
        print_row(x, kernel, stride, padding, rounds, of_reference)
    for name, shapes in SCALED.items():
        print(f"\n{name}, at stride 2 and padding 1")
        for x, kernel in shapes:
            print_row(x, kernel, 2, 1, 21, 0)


def print_row(
    x_shape: Shape, kernel_shape: Shape, stride: int, padding: int, rounds: int, of_reference: int
) -> None:
    """Measure one question and print its line; refuses to time wrong answers."""
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, x_shape).astype(np.float32)
    kernel = rng.integers(-3, 4, kernel_shape).astype(np.float32)
    model = model_of(x, kernel, stride, padding)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    feed = {"x": x, "kernel": kernel}
    matrix = kernel.reshape(len(kernel), -1).T
    vectors = x.reshape(*x.shape[:2], -1)
    room = np.empty((len(matrix), vectors.shape[2]), np.float32)
    contestants: Contestants = {
        "oracle": lambda: conv_transpose(x, kernel, stride=stride, padding=padding),
        "ort": lambda: session.run(None, feed)[0],
        "product": lambda: [np.matmul(matrix, vector, out=room) for vector in vectors],
    }
    if not np.array_equal(contestants["oracle"](), contestants["ort"]()):
        sys.exit(f"the oracle and onnxruntime part on {x_shape} * {kernel_shape}: nothing to time")
    times = measured(contestants, rounds)
    times["reference"] = float("nan")
    if of_reference:
        evaluator = ReferenceEvaluator(model)
        slow: Contestants = {
            "oracle": contestants["oracle"],
            "reference": lambda: evaluator.run(None, feed),
        }
        times["reference"] = measured(slow, of_reference)["reference"]
    print(
        ROW.format(
            f"{x_shape} * {kernel_shape}".replace(" ", "").replace("*", " * "),
            *(
                f"{times[name] * 1e3:.4g}" if times[name] == times[name] else "-"
                for name in ("oracle", "ort", "product", "reference")
            ),
            f"{times['oracle'] / times['ort']:.2f}",
            f"{times['oracle'] / times['product']:.2f}",
            f"{times['reference'] / times['oracle']:.0f}" if of_reference else "-",
        ),
        flush=True,
    )


def measured(contestants: Contestants, rounds: int) -> dict[str, float]:
    """The least processor time of each in seconds, taking turns."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, call in contestants.items():
            start = process_time()
            call()
            times[name].append(process_time() - start)
    return {name: min(taken) for name, taken in times.items()}


def model_of(x: Any, kernel: Any, stride: int, padding: int) -> Any:
    """An ONNX model of one ConvTranspose."""
    rank = x.ndim - 2
    node = onnx.helper.make_node(
        "ConvTranspose",
        ["x", "kernel"],
        ["y"],
        strides=[stride] * rank,
        pads=[padding] * 2 * rank,
    )
    inputs = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, array.shape)
        for name, array in (("x", x), ("kernel", kernel))
    ]
    outputs = [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)]
    graph = onnx.helper.make_graph([node], "conv_transpose", inputs, outputs)
    # An opset and a format that every ONNX runtime of recent years reads.
    opset = onnx.helper.make_opsetid("", 17)
    return onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8)


if __name__ == "__main__":
    main()
