"""``conformance new``: writes a case from options, prompts or a captured call."""

import os
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from conformance.authoring import captured_cases, drafts, yaml_writer
from conformance.authoring.drafts import Draft, NoCase
from conformance.authoring.yaml_writer import CannotAdd
from conformance.cases import Place, load
from conformance.cases.fields import TOPICS
from conformance.cases.loader import SUFFIXES
from conformance.cli import case_types
from conformance.cli.option_kinds import file, flag, several, word
from conformance.cli.output_files import keep_inputs, refuse_without
from conformance.question import DTYPES, OPS
from conformance.utils import resources
from conformance.utils.printable import printable

SCHEMA = resources.CASES / "schema.json"
_KEYS = tuple(key for key in yaml_writer.ORDER if key not in ("exact", "expected"))
"""Options that are keys of a case, in the order of a case."""
CAPTURE_OPTIONS: Mapping[str, str] = {
    "--x-name": "x_name",
    "--kernel-name": "kernel_name",
    "--bias-name": "bias_name",
    "--ignore": "ignored",
    "--layer": "layer",
    "--api": "api_id",
    "--x-layout": "x_layout",
    "--kernel-layout": "kernel_layout",
    "--integers": "seed",
    "--real": "real",
    "--crop": "crop",
}
"""Options with a meaning only for a captured call, each with the name of its value."""

_operand = partial(click.option, type=case_types.operand, metavar="YAML")
_axes = partial(click.option, type=case_types.stride, metavar="N")


@click.command("new")
@click.option("--id", metavar="NAME", help="The id: words of a-z and 0-9 joined by '-'.")
@click.option("--why", metavar="SENTENCE", help="What the case tells apart.")
@_operand("--x", help="Numbers, or a rule for them.")
@_operand("--kernel", help="As --x.")
@_operand("--bias", help="One number for each output.")
@_operand("--gradient", help="For the gradient ops; as --x.")
@_operand("--x-tangent", help="For jvp and the double backward ops; as --x.")
@_operand("--kernel-tangent", help="As --x-tangent.")
@_operand("--bias-tangent", help="As --x-tangent.")
@click.option("--rank", type=click.IntRange(1, 3), help="Spatial axes; for bare 3-D arrays.")
@_axes("--stride", help="1 | 1,2")
@click.option(
    "--padding",
    type=case_types.padding,
    metavar="N",
    help="1 | 1,2 | 0:1,2:2 | same | valid | circular",
)
@_axes("--output-padding", "--adj", help="As --stride.")
@_axes(
    "--output-size",
    "--output-shape",
    "output_size",
    help="8 | 8,9 | a whole shape: the length of the output.",
)
@_axes("--dilation", help="As --stride.")
@click.option("--groups", type=click.IntRange(1))
@click.option("--op", type=click.Choice(OPS), help="[default: conv_transpose]")
@click.option("--dtype", type=click.Choice(DTYPES), help="[default: float32, or as captured]")
@click.option("--kernel-dtype", type=click.Choice(DTYPES), help="[default: as --dtype]")
@several(
    "--topic",
    "topics",
    type=click.Choice(TOPICS),
    metavar="TOPIC",
    help=f"Repeatable; one of {', '.join(TOPICS)}.",
)
@several("--tag", "tags", metavar="WORD", help="A word of your own; repeatable.")
@several("--claim", "claims", metavar="ID", help="Such as D4; repeatable.")
@click.option("--section", metavar="TEXT", help="The section of the document.")
@click.option("--document", nargs=3, metavar="ID TITLE SOURCE", help="The source of a new file.")
@flag("--no-answer", help="Expect the question to have no answer.")
@file("--into", help="A case file to add to, or to make.  [default: standard output]")
@click.option(
    "--from-npz",
    "npz",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A captured call: arrays and arguments, by the names of this command or of the API.",
)
@word(
    "--x-name",
    metavar="NAME",
    help="The name of x in that file.  [default: x, or the name of the API]",
)
@word("--kernel-name", metavar="NAME", help="As --x-name.")
@word("--bias-name", metavar="NAME", help="As --x-name.")
@several(
    "--ignore",
    "ignored",
    metavar="NAME",
    help="Leave an array of that file out, such as the answer; repeatable.",
)
@word("--layer", help="The number or the name of a call, in a file of `conformance.capture`.")
@click.option(
    "--api", "api_id", metavar="ID", help="The API of the call, for its layouts and names."
)
@click.option("--x-layout", metavar="AXES", help="Such as 'N *s C'.  [default: 'N C *s']")
@click.option(
    "--kernel-layout",
    metavar="AXES",
    help="Such as '*k out in'.  [default: 'in out *k', or 'out in *k' of a convolution]",
)
@click.option(
    "--integers",
    "seed",
    type=click.IntRange(0),
    metavar="SEED",
    help="Keep the shapes only, and draw small whole numbers.",
)
@flag("--real", help="Keep numbers that are not whole.")
@click.option(
    "--crop",
    type=click.IntRange(1),
    metavar="N",
    help="Keep the first N along each axis but those of the kernel's window.",
)
def command(into: Path | None, document: tuple[str, str, str] | None, **options: Any) -> None:
    """Write a case as YAML, with the oracle's answer filled in for review.

    On a terminal the command prompts for missing values. It checks the case before it writes it.

    \b
    Example:
      conformance new --id my-crop --why "More is cropped at the end than at the start." \\
          --x "[1, 2, 3]" --kernel "[1, 10, 100]" --padding 0:1 --into cases/mine.yaml
      conformance new --id my-layer --why "The layer that went wrong." --from-npz call.npz \\
          --kernel-name w --api keras.ops.conv_transpose --stride 2 --padding same --integers 1
    """
    for option, key in CAPTURE_OPTIONS.items():
        if not options["npz"] and options[key] not in (None, (), False):
            refuse_without(option, "--from-npz")
    keep_inputs([("--into", into)], [options["npz"]])
    places = _places(into)
    fields = {key: options[key] for key in _KEYS if options[key] not in (None, ())}
    remarks: list[str] = []
    choices: Sequence[Mapping[str, Any]] = ({},)
    if options["npz"]:
        choices, remarks = captured_cases.choices(options, fields)
    fields = _complete(fields, {*fields, *choices[0]}, places)
    draft = _draft(fields, choices, remarks, no_answer=options["no_answer"])
    text = _text(draft, into, document)
    if into is not None:
        into.parent.mkdir(parents=True, exist_ok=True)
        into.write_bytes(text.encode("utf-8"))
    if into is None:
        click.echo(text, nl=False)
    _print_remarks(draft, into)


def _complete(
    fields: Mapping[str, Any], keys: Collection[str], places: Mapping[str, Place]
) -> dict[str, Any]:
    """Prompt for missing fields; raise `NoCase` where there is no terminal or the id exists."""
    answers = dict(fields)
    required = ("id", "why", "x", *(() if fields.get("op") == "interpolate" else ("kernel",)))
    missing = [key for key in required if key not in keys]
    if missing and not case_types.is_terminal():
        raise NoCase(f"missing: {', '.join(f'--{key}' for key in missing)}")
    if missing:
        missing += [
            key for key, prompt in case_types.PROMPTS.items() if prompt.default and key not in keys
        ]
    for key in missing:
        answers[key] = case_types.PROMPTS[key].ask()
    if answers["id"] in places:
        raise NoCase(f"the id {answers['id']} is taken, at {places[answers['id']]}")
    answers["why"] = " ".join(answers["why"].split())
    return {key: value for key, value in answers.items() if value is not None}


def _draft(
    fields: Mapping[str, Any],
    choices: Sequence[Mapping[str, Any]],
    remarks: Sequence[str],
    *,
    no_answer: bool,
) -> Draft:
    """Return the draft of the first choice that makes a case; raise the `NoCase` of the last."""
    *others, last = choices
    for choice in others:
        try:
            return drafts.draft({**fields, **choice}, remarks, no_answer=no_answer)
        except NoCase:
            continue
    return drafts.draft({**fields, **last}, remarks, no_answer=no_answer)


def _places(into: Path | None) -> dict[str, Place]:
    """Return the places of all ids; raise `CannotAdd` for a file that cannot take a case."""
    cases = load([resources.CASES], check=False).cases
    if into is not None:
        if into.suffix not in SUFFIXES:
            raise CannotAdd(f"a case file ends in {' or '.join(SUFFIXES)}, got {into}")
        if into.exists():
            loaded = load([into])
            if loaded.problems:
                raise CannotAdd(f"{into} does not hold up as it is: {loaded.problems[0]}")
            cases += loaded.cases
    return {case.id: case.place for case in cases}


def _text(draft: Draft, into: Path | None, document: tuple[str, str, str] | None) -> str:
    """Return the text of the file with the case in it."""
    origin = document and dict(zip(("id", "title", "source"), document, strict=True))
    if into is None or not into.exists():
        return yaml_writer.new_file(
            draft.fields, draft.comments, document=origin, schema=_schema(into)
        )
    text = into.read_bytes().decode("utf-8")
    if origin not in (None, yaml_writer.content_of(text).get("document")):
        raise CannotAdd(f"{into} has a document already, or is from none; it is said at its head")
    try:
        return yaml_writer.append(text, draft.fields, draft.comments)
    except CannotAdd as error:
        raise CannotAdd(f"{into}: {error}; add the case by hand, or name another file") from None


def _schema(into: Path | None) -> str | None:
    """Return the relative path to the schema, for a file in the same checkout."""
    if into is None or not into.resolve().is_relative_to(resources.CASES.parent):
        return None
    return Path(os.path.relpath(SCHEMA, into.resolve().parent)).as_posix()


def _print_remarks(draft: Draft, into: Path | None) -> None:
    """Print where the case was written, and remarks on it."""
    if into is not None:
        click.echo(printable(f"{into}: wrote {draft.case.id}"), err=True)
    for remark in drafts.remarks(draft.case):
        click.echo(remark, err=True)
