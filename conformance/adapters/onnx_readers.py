"""List the readers of ONNX; a new one is a value here, and a table of its environment."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import iree, onednn_limitations, onnx, onnxruntime, opencv, tinygrad
from conformance.adapters.framework import Framework
from conformance.adapters.limitation import (
    NO_EMPTY_BATCH,
    NOT_FINITE,
    OUTPUT_PADDING_BELOW_STRIDE,
    ZEROS_AROUND,
    ZEROS_BETWEEN,
    Limitation,
    boundary,
    has_groups_of_one,
    is_transposed,
)
from conformance.adapters.onnx import Reader
from conformance.oracle.geometry import effective_kernel_size
from conformance.question import Question, all_finite

ZEROS_OF_DILATION = Limitation(
    "infinite numbers are multiplied with the zeros that dilation puts into the kernel",
    lambda q: set(q.dilation) != {1} and not all_finite(q.x),
    is_refusal=False,
)


def is_alone_and_padded_beyond(q: Question) -> bool:
    """Return whether a channel that has a group to itself is padded by more than its kernel."""
    sizes = effective_kernel_size(q.window, q.dilation)
    is_beyond = any(max(pair) > size for pair, size in zip(q.pairs, sizes, strict=True))
    return is_transposed(q) and has_groups_of_one(q) and is_beyond


def is_padded_beyond_end(q: Question) -> bool:
    """Return whether the kernel fits into the padding at the end of an axis."""
    sizes = effective_kernel_size(q.window, q.dilation)
    return any(end >= size for (_, end), size in zip(q.pairs, sizes, strict=True))


REFERENCE = Reader(
    name="onnx",
    title="ONNX's reference evaluator",
    module="onnx.reference",
    imports=("import onnx.reference",),
    version="onnx.__version__",
    load=("evaluator = onnx.reference.ReferenceEvaluator(model)",),
    argument='"{v}": {v}',
    run="evaluator.run(None, {{{inputs}}})[0]",
    limits=(
        Limitation(
            "groups need one channel of the input and of the output each",
            lambda q: is_transposed(q) and q.groups > 1 and not has_groups_of_one(q),
        ),
        Limitation(
            "every group adds the bias of the first one: docs/findings.md",
            lambda q: is_transposed(q) and q.groups > 1 and q.bias is not None,
            is_refusal=False,
        ),
        OUTPUT_PADDING_BELOW_STRIDE,
        NO_EMPTY_BATCH,
        ZEROS_AROUND,
        replace(
            ZEROS_OF_DILATION,
            concerns=lambda q: not is_transposed(q) and ZEROS_OF_DILATION.concerns(q),
        ),
    ),
)

OPENVINO = Reader(
    name="openvino",
    title="OpenVINO",
    module="openvino",
    imports=(
        "try:\n    from openvino import Core, get_version",
        "except ImportError:  # before 2023.1\n    from openvino.runtime import Core, get_version",
    ),
    version="get_version().partition('-')[0]",
    load=(
        "core = Core()",
        "model = core.read_model(model.SerializeToString())",
        # On some CPUs the default is bfloat16.
        'compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})',
    ),
    run="compiled([{inputs}])[compiled.output()]",
    limits=(
        Limitation(
            "float64 is computed in float32", lambda q: q.dtype == "float64", is_refusal=False
        ),
        Limitation(
            "with a bias, padding at the end as long as the kernel ends the process:"
            " docs/findings.md",
            lambda q: not is_transposed(q) and q.bias is not None and is_padded_beyond_end(q),
            is_refusal=False,
            corrupts_process=True,
        ),
        # oneDNN computes, and on some CPUs only these are wrong.
        onednn_limitations.ONE_PLACE,
        ZEROS_AROUND,
        ZEROS_BETWEEN,
    ),
)

TRACT = Reader(
    name="tract",
    title="tract",
    module="tract",
    imports=("import tempfile", "import tract"),
    version="tract.version()",
    load=(
        'with tempfile.NamedTemporaryFile(suffix=".onnx") as file:',
        "    file.write(model.SerializeToString())",
        "    file.flush()",
        "    reader = tract.onnx()",
        '    load = getattr(reader, "load", None) or reader.model_for_path  # before 0.23',
        "    model = load(file.name)",
        'into_model = getattr(model, "into_model", None) or model.into_typed  # before 0.23',
        "runnable = into_model().into_runnable()",
    ),
    run="runnable.run([{inputs}])[0].to_numpy()",
    limits=(ZEROS_AROUND,),
)

TINYGRAD = Reader(
    name="tinygrad-onnx",
    title="tinygrad's reader of ONNX",
    module="tinygrad.nn.onnx",
    modules=("tinygrad.nn.onnx",),
    imports=("import importlib.metadata", "import tinygrad.nn.onnx"),
    version="importlib.metadata.version('tinygrad')",
    load=("runner = tinygrad.nn.onnx.OnnxRunner(tinygrad.Tensor(model.SerializeToString()))",),
    argument='"{v}": tinygrad.Tensor({v})',
    run='runner({{{inputs}}})["y"].numpy()',
    switches=tinygrad.INTEROP.switches,
    probes=tinygrad.INTEROP.probes,
    classes=tinygrad.INTEROP.classes,
    device=tinygrad.INTEROP.device,
    limits=tinygrad.LIMITS,
)

TVM = Reader(
    name="tvm",
    title="TVM",
    module="tvm.relax.frontend.onnx",
    imports=("import tvm.relax.frontend.onnx",),
    version="tvm.__version__",
    load=(
        "module = tvm.relax.frontend.onnx.from_onnx(model)",
        'machine = tvm.relax.VirtualMachine(tvm.compile(module, "llvm"), tvm.cpu())',
    ),
    argument="tvm.runtime.tensor({v})",
    run='machine["main"]({inputs}).numpy()',
    limits=(
        OUTPUT_PADDING_BELOW_STRIDE,
        ZEROS_AROUND,
        ZEROS_BETWEEN,
        replace(
            ZEROS_OF_DILATION,
            concerns=lambda q: is_transposed(q) and ZEROS_OF_DILATION.concerns(q),
        ),
    ),
)

MNN = Reader(
    name="mnn",
    title="MNN",
    module="MNN",
    isolated=True,  # what it writes where it should not is seen in later answers
    modules=("MNN",),
    imports=("import tempfile", "import _tools", "import MNN.nn, MNN.expr"),
    version="MNN.version()",
    load=(
        "with tempfile.TemporaryDirectory() as folder:",
        '    onnx.save(model, folder + "/model.onnx")',
        '    words = ["", "-f", "ONNX", "--modelFile", folder + "/model.onnx"]',
        '    _tools.mnnconvert([*words, "--MNNModel", folder + "/model.mnn"])',
        "    names = [value.name for value in inputs]",
        '    net = MNN.nn.load_module_from_file(folder + "/model.mnn", names, ["y"])',
        "arrays = []",
    ),
    feed="arrays.append(MNN.expr.const({v}, {v}.shape, MNN.expr.NCHW))",
    limits=(
        boundary("of one spatial axis it answers with two", lambda q: q.rank == 1),
        Limitation("float32 is all it takes", lambda q: q.dtype != "float32"),
        NO_EMPTY_BATCH,
        NOT_FINITE,
        Limitation(
            "padding beyond the kernel ends the process where a group has one channel:"
            " docs/findings.md",
            is_alone_and_padded_beyond,
            is_refusal=False,
            corrupts_process=True,
        ),
        Limitation(
            "over three axes ConvTranspose needs one group and no bias: docs/findings.md",
            lambda q: is_transposed(q) and q.rank == 3 and (q.groups > 1 or q.bias is not None),
            is_refusal=False,
        ),
        Limitation(
            "over three axes the first takes no dilation: docs/findings.md",
            lambda q: q.rank == 3 and q.dilation[0] > 1,
            is_refusal=False,
        ),
    ),
    input_limits=(
        boundary("three spatial axes need constant weights", lambda q: q.rank == 3),
        Limitation(
            "groups need constant weights: docs/findings.md",
            lambda q: is_transposed(q) and q.groups > 1,
            is_refusal=False,
            corrupts_process=True,
        ),
    ),
    # What read() returns lies in the memory of the output, and does not keep it.
    run="np.array((output := MNN.expr.convert(net.forward(arrays)[0], MNN.expr.NCHW)).read())",
)

FRAMEWORKS: tuple[Framework, ...] = (
    *map(
        onnx.framework,
        (
            *(onnxruntime.READER, REFERENCE, OPENVINO, TRACT, TINYGRAD, TVM, MNN, iree.READER),
            *onnxruntime.IN_JAVASCRIPT,
        ),
    ),
    onnx.framework(opencv.READER, *opencv.ENGINES),
)
