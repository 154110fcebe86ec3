"""Writes the call that is right, for an answer that is not, with its proof."""

from collections.abc import Iterator

from rich.text import Text

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.registry import APIS
from conformance.answers.diagnosis import AnswerDiagnosis
from conformance.answers.vocabulary import ONNX
from conformance.conventions import interpretations
from conformance.explain import explanation
from conformance.explain.text_lines import indented, wrapped
from conformance.recipes import call_writer
from conformance.runs import lookup
from conformance.runs.profiles import Profile
from conformance.translate import proofs, records, translation
from conformance.translate.ends import End
from conformance.translate.translation import Place, Translation
from conformance.translate.verification import proof_lines
from conformance.utils.text import plain


def end_of(diagnosis: AnswerDiagnosis) -> End | None:
    """Return the API in whose words an answer is, where calls of it were recorded.

    Returns None for an API without an adapter or a record.
    """
    if diagnosis.api not in APIS:
        return None
    framework, api = lookup.api_named(diagnosis.api)
    record = records.nearest(records.load_records(), api, "recipe")
    if record is None:
        return None
    return End(Place(framework, record.runtime, api), record, record.header)


def refusal(diagnosis: AnswerDiagnosis, end: End) -> str | None:
    """Return a sentence if the API itself refuses the call, or may refuse it."""
    objection = proofs.refusal(end.place.api, diagnosis.question, end.record)
    if objection is None:
        return None
    verb = "refuses" if objection.is_certain else "may refuse"
    return f"{end.title} {verb} this call: {plain(objection.reason)}."


def correction(diagnosis: AnswerDiagnosis, end: End) -> Translation | Inexpressible | None:
    """Write the call of the API that gives the right answer.

    It reads arrays in the layout of the API, or, where a naive call cannot be written, with
    canonical axes.

    Returns the call, or why there is none; None where there is no right answer or this is it, and
    for what `translate` does not write.
    """
    if diagnosis.is_right or diagnosis.expected is None:
        return None
    question, place = diagnosis.question, end.place
    if question.op != "conv_transpose":
        return None
    result = translation.translate(question, place, place, Profile(place.api.id, ()))
    if isinstance(result, Translation):
        return result
    call = call_writer.write(place.framework, place.runtime, place.api, question, "recipe")
    if isinstance(call, Inexpressible):
        return call
    return Translation(native=call, call=call, kernel=(), output=(), meaning=(), question=question)


def correction_lines(diagnosis: AnswerDiagnosis, width: int) -> Iterator[Text]:
    """Yield lines about the call as it was written, and about the one that is right."""
    if diagnosis.api in ONNX and not diagnosis.is_right:
        specified = f"The specification of ONNX has the oracle's numbers for {diagnosis.api}."
        yield from wrapped(specified, width)
    end = end_of(diagnosis)
    if end is None:
        return
    if reason := refusal(diagnosis, end):
        yield from wrapped(reason, width)
    result = correction(diagnosis, end)
    if result is None:
        return
    if isinstance(result, Inexpressible):
        yield from wrapped(f"There is no call to write instead: {result.reason}.", width)
        return
    if _is_usual(diagnosis, end):
        yield from wrapped(f"{end.title} answers so when it is called so:", width)
        yield from indented(explanation.source(result.native.source, width - 4))
    layout = "canonical axes" if result.native is result.call else "its own layout"
    yield from wrapped(f"The right answer of {end.title}, from arrays in {layout}:", width)
    yield from indented(explanation.source(result.call.source, width - 4))
    for line in proof_lines(result, end):
        yield from wrapped(line, width)


def _is_usual(diagnosis: AnswerDiagnosis, end: End) -> bool:
    """Return whether the API gives this answer to the naive call, as far as its profile tells."""
    profile = end.record.profile(end.place.api)
    if profile is None or not diagnosis.explanations:
        return False
    conventions = interpretations.apply_all(diagnosis.question, profile.conventions).explanation
    by_axis = ({c for c in found if not c.axis.incidental} for found in diagnosis.explanations)
    return {*conventions} in by_axis
