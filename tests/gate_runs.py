"""Runs made by hand for the tests of the gate: what was given for a few cases, as files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.gate.compare import Comparison, compare
from conformance.gate.snapshot import open_run, read_run
from conformance.observations import ANSWERED, Mode, Observation
from conformance.runs.run_files import Header, writing

API = "keras.layers.ConvTranspose"
OTHER = "keras.ops.conv_transpose"
FLIPPED = ("kernel flip: flipped",)
AT_BEGIN = ("same: odd element: cropped at the start",)
EARLIER = ("position: one earlier along every axis",)
BIAS_DROPPED = ("bias: dropped",)


def seen(case: str = "one", status: str = "match", **given: Any) -> Observation:
    """What an API gave natively for a case; all right answers of it are the same."""
    told: dict[str, Any] = {
        "api": API,
        "case": case,
        "mode": "native",
        "status": status,
        "op": "conv_transpose",
        "topics": ("basic",),
        "content": f"content of {case}",
        "exact": True,
    }
    if status in ANSWERED:
        told |= {"shape": (1, 1, 3), "dtype": "float32", "digest": f"{status} of {case}"}
    return Observation(**(told | given))


def different(case: str = "one", *explanations: tuple[str, ...], **given: Any) -> Observation:
    """An answer that differs from the oracle's, and what explains it."""
    return seen(case, "mismatch", explanations=explanations or (FLIPPED,), **given)


def undecided(case: str = "one", *explanations: tuple[str, ...], **given: Any) -> Observation:
    """A real-valued answer that is within rounding of the oracle's, and of what else."""
    told = {"explanations": explanations or (BIAS_DROPPED,), "exact": False, **given}
    return seen(case, "undecided", **told)


def both(observation: Observation) -> tuple[Observation, Observation]:
    """The same in both modes."""
    modes: tuple[Mode, Mode] = ("native", "recipe")
    native, recipe = (replace(observation, mode=mode) for mode in modes)
    return native, recipe


def write(path: Path, *observations: Observation, complete: bool = True, **header: Any) -> Path:
    """A run of Keras on torch at ``path``."""
    told: dict[str, Any] = {
        "framework": "keras",
        "version": "3.14.1",
        "backend": "torch",
        "python": "3.11.7",
        "platform": "Linux",
        "apis": {API: True, OTHER: True},
    }
    with writing(path, Header(**(told | header))) as writer:
        for observation in observations:
            writer.add(observation)
    if not complete:
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[:-1]))
    return path


def compared(
    folder: Path,
    before: tuple[Observation, ...],
    after: tuple[Observation, ...],
    **header: Any,
) -> Comparison:
    """A run of 3.14.1 that holds the one, and one of 3.15.0 that holds the other."""
    baseline = read_run(write(folder / "before.jsonl", *before))
    run = write(folder / "after.jsonl", *after, **({"version": "3.15.0"} | header))
    return compare(baseline, open_run(run))
