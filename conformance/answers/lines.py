"""Draw a diagnosis as lines of text, with both answers side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.text import Text

from conformance.answers.diagnosis import AnswerDiagnosis, Status
from conformance.explain import array_diff, explanation
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
        yield from sentence_lines(
            f"{plain(str(diagnosis.difference)).capitalize()}. It answered:", width
        )
        yield from indent(array_diff.alone(diagnosis.answer, width - 4))
    elif diagnosis.difference is not None:
        comparison = array_diff.compared(
            diagnosis.answer, diagnosis.expected, diagnosis.agrees, width - 4
        )
        yield from indent(comparison)
    yield from sentence_lines(
        diagnosis.words, width, style="bold" if diagnosis.explanations else ""
    )
    for names in diagnosis.names:
        yield from sentence_lines(f"convention: {' and '.join(names)}", width)


def question_lines(diagnosis: AnswerDiagnosis, width: int) -> Iterator[Text]:
    """Yield lines about the question, and about what was converted."""
    yield from sentence_lines(f"Asked: {explanation.words(diagnosis.question)}.", width)
    for remark in diagnosis.remarks:
        yield from sentence_lines(remark, width)


def sentence_lines(sentence: str, width: int, *, style: str = "") -> Iterator[Text]:
    """Yield a sentence as indented lines."""
    indent = "  "
    parts = textwrap.wrap(plain(sentence), width - 2, break_on_hyphens=False)
    return (Text(indent + part, style=style) for part in parts)


def indent(lines: Iterator[Text]) -> Iterator[Text]:
    """Yield drawn lines, indented further than sentences."""
    for line in lines:
        line.pad_left(4 if line.plain else 0)
        yield line
