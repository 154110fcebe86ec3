"""Describe the runtime classes of oneDNN, with which torch and TensorFlow compute on a CPU.

It chooses its kernels by the CPU and by switches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.adapters.limitation import Limitation
from conformance.adapters.runtime import RuntimeClass
from conformance.question import Dtype, Question

FLOAT32, BFLOAT16, FLOAT16 = "onednn float32", "onednn bfloat16", "onednn float16"
"""The names of the probes that tell whether oneDNN computes in a dtype."""
DOT_PRODUCTS, TILES = "onednn bfloat16 instructions", "onednn tiles"
"""The names of the probes that tell whether oneDNN uses AVX512-BF16 and AMX."""
AMX = frozenset({"onednn-amx"})
WITH_FLOAT16 = AMX | {"onednn-avx512-fp16"}
WITH_BFLOAT16 = WITH_FLOAT16 | {"onednn-avx512", "onednn-avx512-core", "onednn-bfloat16"}
WITHOUT_BFLOAT16 = frozenset({"onednn-avx2", "onednn"})
ANY = WITH_BFLOAT16 | WITHOUT_BFLOAT16
DTYPES_BY_CLASS: tuple[tuple[frozenset[str], tuple[Dtype, ...]], ...] = (
    (WITH_FLOAT16, ("float32", "bfloat16", "float16")),
    (WITH_BFLOAT16 - WITH_FLOAT16, ("float32", "bfloat16")),
    (WITHOUT_BFLOAT16, ("float32",)),
)
"""The dtypes in which oneDNN computes, by runtime class."""
_SWITCHES = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
_BELOW_DOT_PRODUCTS = "SSE41 AVX AVX2 AVX2_VNNI AVX2_VNNI_2 AVX512_CORE AVX512_CORE_VNNI"
_BELOW_TILES = f"{_BELOW_DOT_PRODUCTS} AVX512_CORE_BF16 AVX512_CORE_FP16 AVX10_1_512"


def _uses(flag: str, lesser: str) -> str:
    """Return an expression that tells whether Linux has a flag of the CPU, and oneDNN may use it.

    No call tells these instructions apart: what they compute is the same but for bugs. ``lesser``
    has the values of oneDNN's switch that forbid them.
    """
    flags = "__import__('pathlib').Path('/proc/cpuinfo').read_text('utf-8').split()"
    values = "{__import__('os').environ.get(name, '').upper() for name in " + str(_SWITCHES) + "}"
    return f"'{flag}' in {flags} and not {values} & set({lesser.split()})"


INSTRUCTIONS = {
    DOT_PRODUCTS: _uses("avx512_bf16", _BELOW_DOT_PRODUCTS),
    TILES: _uses("amx_bf16", _BELOW_TILES),
}
"""The probes for instructions."""


def classes(without: str) -> tuple[RuntimeClass, ...]:
    """Return the runtime classes of a framework that computes with oneDNN where it is on.

    ``without`` is the name of the class where it is off.
    """
    both = (FLOAT32, BFLOAT16)
    of_x86 = {
        "onednn-amx": (*both, FLOAT16, TILES),
        "onednn-avx512-fp16": (*both, FLOAT16),
        "onednn-avx512": (*both, DOT_PRODUCTS),
        "onednn-avx512-core": both,
        "onednn-avx2": (FLOAT32,),
    }
    return (
        *(RuntimeClass(name=n, probes=p, architecture="x86_64") for n, p in of_x86.items()),
        RuntimeClass(name="onednn-bfloat16", probes=both),
        RuntimeClass(name="onednn", probes=(FLOAT32,)),
        RuntimeClass(name=without),
    )


def where_onednn_computes(limitation: Limitation) -> tuple[Limitation, ...]:
    """Return the limitation for each group of classes, for the dtypes in which oneDNN computes."""

    def refuses(dtypes: tuple[Dtype, ...]) -> Callable[[Question], bool]:
        return lambda q: q.dtype in dtypes and limitation.concerns(q)

    return tuple(
        replace(limitation, concerns=refuses(dtypes), classes=names)
        for names, dtypes in DTYPES_BY_CLASS
    )


def where_onednn_does_not(
    without: str, limitation: Limitation, remark: str = ""
) -> tuple[Limitation, ...]:
    """Return the limitation for each group of classes, for dtypes that oneDNN does not compute in.

    Parameters
    ----------
    without
        The name of the class where oneDNN is off, in which every dtype has the limitation.
    limitation
        What the framework's own routines do not do.
    remark
        The end of the reason where oneDNN is on.
    """

    def refuses(dtypes: tuple[Dtype, ...]) -> Callable[[Question], bool]:
        return lambda q: q.dtype not in dtypes and limitation.concerns(q)

    return (
        replace(
            limitation,
            reason=f"{limitation.reason} oneDNN, which is off",
            classes=frozenset({without}),
        ),
        *(
            replace(
                limitation,
                reason=f"{limitation.reason} {' or '.join(dtypes)}{remark}",
                concerns=refuses(dtypes),
                classes=names,
            )
            for names, dtypes in DTYPES_BY_CLASS
        ),
    )
