"""Read and diagnose the layers of a file that ``conformance.capture`` wrote."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

import click
from rich.table import Table
from rich.text import Text

from conformance.answers import lines
from conformance.answers.diagnosis import AnswerDiagnosis, diagnosis_of
from conformance.answers.files import AnswerFile, answer_files
from conformance.answers.submission import Layouts, Submission, port_submission, submission_of
from conformance.authoring.call_files import CannotUse, layer_named
from conformance.cli import correction
from conformance.cli.answer_records import facts_of
from conformance.cli.console import console
from conformance.utils.printable import printable

T = TypeVar("T")


def submission_in(
    file: AnswerFile, api: str | None, layouts: Layouts, names: Mapping[str, str | None]
) -> Submission:
    """Return the question and the answer of a file; an error has the place in the file."""
    try:
        return submission_of(
            file.values,
            api or file.api,
            layouts=layouts,
            names=names,
            can_ignore=True,
            typed=file.root is None,
        )
    except CannotUse as error:
        raise CannotUse(file.placed(str(error))) from None


def recorded_layers(
    path: Path, layer: str | None, api_ids: Iterable[str]
) -> Mapping[str, Submission]:
    """Return the calls of a file, by the names of their layers.

    ``layer`` is the number or the name of the only layer to return; None for all. Raises
    ``CannotUse`` if the file holds no such layer, or a call of another API.
    """
    files = answer_files(path)
    if files[0].layer is None:
        raise CannotUse(f"{path} has one call that capture did not record; --from takes such calls")
    named = _chosen({str(file.layer): file for file in files}, layer)
    known = set(api_ids)
    for file in named.values():
        if file.api not in known:
            raise CannotUse(file.placed(f"calls of {file.api} cannot be translated"))
    return {name: submission_in(file, None, Layouts(), {}) for name, file in named.items()}


def diagnose_layers(
    files: Sequence[AnswerFile],
    other_path: Path | None,
    layer: str | None,
    seconds: float,
    *,
    as_json: bool,
) -> NoReturn:
    """Print a line for each layer, or one layer in full, and exit.

    ``other_path`` are the calls of the model that this one was ported from, in the same order: each
    layer is then asked what the other one is, with its own input. None to take each call by itself.
    ``layer`` is the number or the name of the only layer to show, or None. Raises ``CannotUse`` if
    a call cannot be asked, or there is no such layer. Raises ``SystemExit`` with 0 if all layers
    are right, and 1 if not.
    """
    submissions = {str(file.layer): submission_in(file, None, Layouts(), {}) for file in files}
    if other_path is not None:
        originals = answer_files(other_path)
        if len(originals) != len(files):
            raise CannotUse(f"{other_path} has {len(originals)} calls, and not {len(files)}")
        pairs = zip(submissions.items(), originals, strict=True)
        submissions = {
            name: port_submission(submission_in(original, None, Layouts(), {}), port)
            for (name, port), original in pairs
        }
    chosen = _chosen(submissions, layer)
    diagnoses = {name: diagnosis_of(s, seconds) for name, s in chosen.items()}
    status = 0 if all(diagnosis.is_right for diagnosis in diagnoses.values()) else 1
    if as_json:
        records = [{"layer": name, **facts_of(d)} for name, d in diagnoses.items()]
        click.echo(json.dumps(records, indent=2))
        raise SystemExit(status)
    screen = console(highlight=False)
    if layer is not None:
        (diagnosis,) = diagnoses.values()
        screen.print_lines(lines.lines(diagnosis, screen.width))
        screen.print_lines(correction.correction_lines(diagnosis, screen.width))
    else:
        screen.print(_table(diagnoses))
    raise SystemExit(status)


def _chosen(by_name: Mapping[str, T], layer: str | None) -> Mapping[str, T]:
    if layer is None:
        return by_name
    name = layer_named(by_name, layer)
    return {name: by_name[name]}


def _table(diagnoses: Mapping[str, AnswerDiagnosis]) -> Table:
    table = Table("layer", "answer", "what it did", box=None, pad_edge=False)
    for name, diagnosis in diagnoses.items():
        words = " ".join(diagnosis.remarks) or diagnosis.words
        if diagnosis.names:
            words = " and ".join(diagnosis.names[0])
        table.add_row(
            Text(printable(name)),
            Text(diagnosis.status, style=lines.STYLES[diagnosis.status]),
            Text("" if diagnosis.is_right else words),
        )
    return table
