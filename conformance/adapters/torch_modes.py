"""Describe PyTorch's modes: compiled, scripted, traced, packed for oneDNN, mapped, narrowed."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters import torch
from conformance.adapters.call_source import CallSource
from conformance.adapters.limitation import (
    NO_GRADIENTS,
    OUTPUT_PADDING_BELOW_STRIDE,
    Limitation,
    boundary,
)
from conformance.adapters.modes import framework_of, made_of_layer, mapped, mode, only, traced
from conformance.cases.exactness import rounds
from conformance.cases.output_lengths import as_asked
from conformance.question import Question, all_finite, tangents_of


def _autocast(q: Question, call_source: CallSource) -> CallSource:
    """Compute in bfloat16, and return the answer in the dtype of the input as a model would."""
    traced_source = traced("torch.autocast('cpu', dtype=torch.bfloat16)({function})")
    call_source = traced_source(q, call_source)
    return replace(call_source, expression=f"{call_source.expression}.to(x.dtype)")


def _compiled(q: Question, call_source: CallSource) -> CallSource:
    """Compile for these shapes alone: those of a call before would make the sizes symbols."""
    call_source = traced("torch.compile({function}, fullgraph=True)")(q, call_source)
    return replace(call_source, setup=(*call_source.setup, "torch.compiler.reset()"))


def _rounds_to_bfloat16(q: Question) -> bool:
    """Return whether autocast may round a number of a question, or lose one that is not finite."""
    if q.dtype not in ("float32", "float16"):
        return False
    if not all(map(all_finite, q.arrays.values())):
        return True
    try:
        return rounds(as_asked(q), "bfloat16")
    except ValueError:
        return False  # without an output nothing is rounded


def _no_tangents(reason: str) -> Limitation:
    return boundary(reason, lambda q: bool(tangents_of(q.op)))


_SCRIPT = "# Stage: script"
_RUN = "# Stage: run"

FRAMEWORK = replace(
    framework_of(
        torch.FRAMEWORK,
        "modes",
        "PyTorch in other modes",
        mode(
            torch.LAYER,
            "torch.jit.script",
            made_of_layer(_SCRIPT, "mode = torch.jit.script(layer)", _RUN),
            limits=(_no_tangents("a scripted layer is no function of its weights"),),
        ),
        mode(
            torch.LAYER,
            "torch.jit.optimize_for_inference",
            made_of_layer(
                _SCRIPT,
                "mode = torch.jit.script(layer.eval())",
                "mode = torch.jit.optimize_for_inference(mode)",
                _RUN,
            ),
            limits=(NO_GRADIENTS,),
        ),
        mode(
            replace(torch.LAYER, takes_unbatched=False),
            "to_mkldnn",
            made_of_layer(
                "# Stage: convert",
                "mode = torch.utils.mkldnn.to_mkldnn(layer)",
                "x = x.to_mkldnn()",
                _RUN,
                call="mode(x{words}).to_dense()",
            ),
            needs="torch.backends.mkldnn.is_available()",
            limits=(NO_GRADIENTS, OUTPUT_PADDING_BELOW_STRIDE, only("float32")),
        ),
        mode(
            torch.LAYER,
            "torch.export",
            made_of_layer(
                "# Stage: export", "mode = torch.export.export(layer, (x,){kwargs}).module()", _RUN
            ),
            is_slow=True,
        ),
        mode(torch.CONV_TRANSPOSE, "torch.vmap", mapped("torch.vmap({function})", "torch.stack")),
        mode(
            torch.CONV_TRANSPOSE,
            "torch.autocast",
            _autocast,
            limits=(boundary("it rounds what needs more bits to bfloat16", _rounds_to_bfloat16),),
        ),
        mode(
            torch.CONV_TRANSPOSE,
            "torch.compile",
            _compiled,
            limits=(_no_tangents("what is compiled has first derivatives only"),),
            is_slow=True,
        ),
        mode(
            torch.LAYER,
            "torch.compile, freezing",
            made_of_layer(
                "# Stage: compile",
                "torch.compiler.reset()",
                "options = {'freezing': True}",
                "mode = torch.compile(layer.eval(), fullgraph=True, options=options)",
                "mode = torch.no_grad()(mode)",
            ),
            needs="torch.compile",
            is_slow=True,
            limits=(NO_GRADIENTS,),
        ),
        imports=("import torch.utils.mkldnn",),
    ),
    compiled={"TORCHINDUCTOR_CACHE_DIR": "{folder}"},
)
