"""Describe IREE, which compiles a model of ONNX before it runs it."""

from __future__ import annotations

import math

from conformance.adapters.call_source import Inexpressible, output_space
from conformance.adapters.limitation import (
    NO_FLOAT64,
    SYMMETRIC_CROP,
    ZEROS_AROUND,
    ZEROS_BETWEEN,
    Limitation,
    has_groups_of_one,
    is_transposed,
)
from conformance.adapters.onnx import Reader
from conformance.oracle.geometry import effective_kernel_size
from conformance.question import Question


def _leaves_input_at_one_place(q: Question) -> bool:
    """Return whether along an axis one place of a convolution leaves out a part of the input.

    Then IREE (3.13.0) infers a shape of an operand that is not the operand's.
    """
    if is_transposed(q):
        return False
    extents = effective_kernel_size(q.window, q.dilation)
    padded = (n + sum(pair) for n, pair in zip(q.space, q.pairs, strict=True))
    return any(r < n < r + s for n, r, s in zip(padded, extents, q.stride, strict=True))


def _adds_bias_at_one_place(q: Question) -> bool:
    """Return whether groups have a bias and an output of a single place.

    A group of one channel compiles where it makes few outputs. Nothing needs that.
    """
    if q.groups == 1 or q.bias is None or q.dtype != "float32" or len(q.x) != 1:
        return False
    space = output_space(q)
    return not isinstance(space, Inexpressible) and math.prod(space) == 1


READER = Reader(
    name="iree",
    title="IREE",
    module="iree",
    imports=(
        "import iree.compiler.extras.onnx_importer, iree.compiler.ir",
        "import iree.runtime",
        "import importlib.metadata",
    ),
    version="importlib.metadata.version('iree-base-compiler')",
    load=(
        "model = onnx.shape_inference.infer_shapes(model)",
        "info = iree.compiler.extras.onnx_importer.ModelInfo(model)",
        "module = info.create_module(context=iree.compiler.ir.Context()).operation",
        "importer = iree.compiler.extras.onnx_importer.NodeImporter",
        "importer.define_function(info.main_graph, module).import_all()",
        'words = {"target_backends": ["llvm-cpu"], "input_type": "onnx"}',
        "binary = iree.compiler.compile_str(str(module), **words)",
        'config = iree.runtime.Config("local-sync")',
        "program = iree.runtime.VmModule.copy_buffer(config.vm_instance, binary)",
        "loaded = iree.runtime.load_vm_module(program, config)",
    ),
    # What `to_host` returns is a view of memory that goes with the array.
    run="(lambda array: array.to_host().copy())(loaded[graph.name]({inputs}))",
    limits=(
        SYMMETRIC_CROP,
        NO_FLOAT64,
        Limitation(
            "a convolution of one place does not compile where a part of the input is left out",
            _leaves_input_at_one_place,
        ),
        ZEROS_AROUND,
        ZEROS_BETWEEN,
        Limitation(
            "groups of one channel of the input and of the output each do not compile, those of"
            " convolutions only over three axes",
            lambda q: (is_transposed(q) or q.rank == 3) and q.groups > 1 and has_groups_of_one(q),
        ),
        Limitation(
            "groups and a bias do not compile in float32 for one place of one example",
            _adds_bias_at_one_place,
        ),
    ),
)
