"""``conformance diagnose``: explains an answer that somebody brings."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from conformance.answers import lines
from conformance.answers.contrast import Contrast, contrast_lines, contrast_of
from conformance.answers.diagnosis import SECONDS, AnswerDiagnosis, diagnosis_of
from conformance.answers.files import answer_file, answer_files, value_of
from conformance.answers.submission import ARRAYS, Layouts
from conformance.authoring.call_files import ANSWERS, CannotUse
from conformance.cli import correction, options
from conformance.cli.answer_layers import diagnose_layers, submission_in
from conformance.cli.answer_records import record_of
from conformance.cli.console import console
from conformance.cli.exit_status import refuse
from conformance.cli.option_kinds import FILE, Seconds, file, several, word

NOT_RIGHT = 1
"""The status if the answer is not right."""


def _names(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name the arrays of the file."""
    for key in reversed(ARRAYS):
        option = word(f"--{key}-name", metavar="NAME", help=f"The name of {key} in the file.")
        command = option(command)
    return command


@click.command("diagnose")
@click.argument("path", metavar="FILE", type=FILE)
@word(
    "--api",
    metavar="ID",
    help="The API in whose words and layouts the file is, onnx.ConvTranspose among them."
    "  [default: as in the file, or the words of a case]",
)
@several(
    "--argument",
    "-a",
    "arguments",
    metavar="NAME=VALUE",
    help="An argument that the file does not have, such as stride=2 or pads=[1,1]; repeatable.",
)
@click.option("--x-layout", metavar="AXES", help="Such as NHWC or 'N *s C'.")
@click.option("--kernel-layout", metavar="AXES", help="Such as HWOI or '*k out in'.")
@click.option("--y-layout", metavar="AXES", help="As --x-layout.  [default: that of x]")
@_names
@several("--ignore", "ignored", metavar="NAME", help="Leave a name out; repeatable.")
@file(
    "--against",
    "other_path",
    metavar="FILE",
    help="Another answer to the same question, in its own words and layout, to compare with.",
)
@word(
    "--layer",
    metavar="NAME",
    help="One layer in full, by its number or name, of a file that conformance.capture wrote.",
)
@click.option(
    "--seconds",
    default=SECONDS,
    show_default=True,
    type=Seconds(),
    help="Seconds to search for an explanation.",
)
@options.as_json
def command(
    path: Path,
    api: str | None,
    arguments: tuple[str, ...],
    x_layout: str | None,
    kernel_layout: str | None,
    y_layout: str | None,
    ignored: tuple[str, ...],
    other_path: Path | None,
    layer: str | None,
    seconds: float,
    as_json: bool,
    **names: str | None,
) -> None:
    """Explain the answer of a converter, a phone or another runtime.

    FILE ends in .npz, .safetensors or .yaml. It has x, kernel and the answer y, and may have bias
    and the arguments of the call, and api, the API in whose words they are. Of a file that
    conformance.capture wrote, every layer is a line.

    \b
    Example:
      conformance diagnose answer.yaml
      conformance diagnose layer.npz --api onnx.ConvTranspose -a strides=[2,2] -a pads=[1,1,1,1]
      conformance diagnose phone.npz --against desktop.npz
      conformance diagnose keras-calls.npz --against torch-calls.npz
    """
    layouts = Layouts(x=x_layout, kernel=kernel_layout, y=y_layout)
    by_key = {key: names[f"{key}_name"] for key in ARRAYS}
    contrast = None
    try:
        answers, *more = answer_files(path, ignored)
        if answers.layer is not None:
            of_one_call = {
                "--api": api,
                "--argument": arguments,
                "--x-layout": x_layout,
                "--kernel-layout": kernel_layout,
                "--y-layout": y_layout,
                **{f"--{key}-name": name for key, name in by_key.items()},
            }
            unused = [option for option, value in of_one_call.items() if value]
            if unused:
                raise CannotUse(f"{unused[0]} has no meaning for {path}, which has layers")
            diagnose_layers((answers, *more), other_path, layer, seconds, as_json=as_json)
        if layer is not None:
            raise CannotUse(f"{path} has one call, and no layers")
        for name, value in map(_argument, arguments):
            if name in answers.values:
                raise CannotUse(f"{path} has {name!r} already; --ignore {name} leaves it out")
            answers.values[name] = value
        diagnosis = diagnosis_of(submission_in(answers, api, layouts, by_key), seconds)
        if other_path is not None:
            other = answer_file(other_path)
            if {*other.values} <= ANSWERS:
                other = replace(other, values=_with_answer(answers.values, other.values))
                submission = submission_in(
                    other, api or answers.api, layouts, {**by_key, "y": None}
                )
            else:
                submission = submission_in(other, None, Layouts(), {})
            contrast = contrast_of(diagnosis, diagnosis_of(submission, seconds))
    except CannotUse as error:
        refuse("diagnose", error)
    if as_json:
        click.echo(json.dumps(record_of(path, diagnosis, contrast), indent=2))
        raise SystemExit(_status(diagnosis, contrast))
    screen = console(highlight=False)
    if contrast is not None and other_path is not None:
        screen.print_lines(contrast_lines(contrast, (path.name, other_path.name), screen.width))
    else:
        screen.print_lines(lines.lines(diagnosis, screen.width))
        screen.print_lines(correction.correction_lines(diagnosis, screen.width))
    raise SystemExit(_status(diagnosis, contrast))


def _status(diagnosis: AnswerDiagnosis, contrast: Contrast | None) -> int:
    is_well = diagnosis.is_right if contrast is None else contrast.is_same
    return 0 if is_well else NOT_RIGHT


def _argument(text: str) -> tuple[str, Any]:
    """Read ``NAME=VALUE``, the value as in YAML."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise CannotUse(f"--argument is NAME=VALUE, got {text!r}")
    return name.strip(), value_of(value)


def _with_answer(values: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a question with another answer."""
    question = {name: value for name, value in values.items() if name not in ANSWERS}
    return question | {name: value for name, value in answer.items() if name in ANSWERS}
