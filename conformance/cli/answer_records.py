"""Makes the JSON of ``conformance diagnose`` for programs."""

from pathlib import Path
from typing import Any

from conformance.adapters.call_source import Inexpressible
from conformance.answers.contrast import Contrast
from conformance.answers.diagnosis import AnswerDiagnosis
from conformance.cli import correction
from conformance.conventions.interpretations import Explanation
from conformance.translate.verification import proof_lines


def record_of(path: Path, diagnosis: AnswerDiagnosis, contrast: Contrast | None) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    record = {"file": str(path), **facts_of(diagnosis)}
    if contrast is not None:
        record["other"] = facts_of(contrast.second)
        record["same"] = contrast.is_same
        record["only_here"] = _conventions(contrast.only_first)
        record["only_there"] = _conventions(contrast.only_second)
        return record
    end = correction.end_of(diagnosis)
    if end is None:
        return record
    record["refusal"] = correction.refusal(diagnosis, end)
    result = correction.correction(diagnosis, end)
    if result is not None:
        record["correction"] = (
            {"reason": result.reason}
            if isinstance(result, Inexpressible)
            else {"source": result.call.source, "proof": [*proof_lines(result, end)]}
        )
    return record


def facts_of(diagnosis: AnswerDiagnosis) -> dict[str, Any]:
    q, expected = diagnosis.question, diagnosis.expected
    return {
        "status": diagnosis.status,
        "conventions": [list(names) for names in diagnosis.names],
        "words": diagnosis.words,
        "difference": diagnosis.difference,
        "remarks": list(diagnosis.remarks),
        "api": diagnosis.api,
        "question": {
            "op": q.op,
            "x": q.x.shape,
            "kernel": q.kernel.shape,
            "stride": q.stride,
            "padding": q.pairs,
            "output_padding": q.output_padding,
            "dilation": q.dilation,
            "groups": q.groups,
            "dtype": q.dtype,
            **({"operand_dtypes": q.operand_dtypes} if q.operand_dtypes else {}),
        },
        "answer": {"shape": diagnosis.answer.shape, "dtype": diagnosis.answer.dtype.name},
        "expected": None if expected is None else {"shape": expected.shape},
        "tried": diagnosis.cut,
    }


def _conventions(explanation: Explanation | None) -> list[str] | None:
    return None if explanation is None else list(map(str, explanation))
