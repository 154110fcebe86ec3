"""Draw a diagnosis as lines of text, with both answers side by side."""

from collections.abc import Iterator

from rich.text import Text

from conformance.answers.diagnosis import AnswerDiagnosis, Status
from conformance.explain import array_diff, explanation
from conformance.explain.text_lines import indented, wrapped
from conformance.utils.text import plain

WIDTH = 100
"""The most characters of a line in an error."""
STYLES: dict[Status, str] = {"right": "green", "wrong": "bold red", "undecided": "bold magenta"}


def lines(diagnosis: AnswerDiagnosis, width: int = WIDTH) -> Iterator[Text]:
    """Yield lines about an answer: its question, both answers, and what explains the difference."""
    title = Text("The answer is ")
    title.append(diagnosis.status, style=STYLES[diagnosis.status])
    yield title
    yield from question_lines(diagnosis, width)
    if diagnosis.expected is None:
        yield from wrapped(f"{plain(str(diagnosis.difference)).capitalize()}. It answered:", width)
        yield from indented(array_diff.alone(diagnosis.answer, width - 4))
    elif diagnosis.difference is not None:
        comparison = array_diff.compared(
            diagnosis.answer, diagnosis.expected, diagnosis.agrees, width - 4
        )
        yield from indented(comparison)
    yield from wrapped(diagnosis.words, width, style="bold" if diagnosis.explanations else "")
    for names in diagnosis.names:
        yield from wrapped(f"convention: {' and '.join(names)}", width)


def question_lines(diagnosis: AnswerDiagnosis, width: int) -> Iterator[Text]:
    """Yield lines about the question, and about what was converted."""
    yield from wrapped(f"Asked: {explanation.words(diagnosis.question)}.", width)
    for remark in diagnosis.remarks:
        yield from wrapped(remark, width)
