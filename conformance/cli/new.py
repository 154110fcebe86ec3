"""``conformance new``: a case from flags, from answers to prompts, or from a captured call."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from conformance.adapters.base import Api
from conformance.authoring import captures, drafts, yaml_writer
from conformance.authoring.captures import CannotUse
from conformance.authoring.drafts import Draft, NoCase
from conformance.authoring.yaml_writer import CannotAdd
from conformance.cases import Place, json_schema, load
from conformance.cases.fields import TOPICS
from conformance.cases.loader import SUFFIXES
from conformance.cli import case_types, shared_options
from conformance.cli.exit_status import refuse
from conformance.question import DTYPES, OPS
from conformance.runs import lookup
from conformance.runs.lookup import NotFoundError
from conformance.utils import resources
from conformance.utils.printable import printable

_KEYS = tuple(key for key in yaml_writer.ORDER if key not in ("exact", "expected"))
"""Options that are keys of a case, in the order in which it has them."""
OF_CAPTURES: Mapping[str, str] = {
    "--x-name": "x_name",
    "--kernel-name": "kernel_name",
    "--bias-name": "bias_name",
    "--ignore": "ignored",
    "--api": "api_id",
    "--x-layout": "x_layout",
    "--kernel-layout": "kernel_layout",
    "--integers": "seed",
    "--real": "real",
    "--crop": "crop",
}
"""Options that say something of a captured call, each with its value."""


@click.command("new")
@click.option("--id", metavar="NAME", help="Words of a-z and 0-9 joined by '-'; unique.")
@click.option("--why", metavar="SENTENCE", help="What the case tells apart.")
@click.option(
    "--x", callback=case_types.operand, metavar="YAML", help="Numbers, or a rule for them."
)
@click.option("--kernel", callback=case_types.operand, metavar="YAML", help="As --x.")
@click.option(
    "--bias", callback=case_types.operand, metavar="YAML", help="One number for each output."
)
@click.option(
    "--gradient", callback=case_types.operand, metavar="YAML", help="For the gradient ops; as --x."
)
@click.option("--rank", type=click.IntRange(1, 3), help="Spatial axes; for bare 3-D arrays.")
@click.option("--stride", callback=case_types.stride, metavar="N", help="1 | 1,2")
@click.option(
    "--padding", callback=case_types.padding, metavar="N", help="1 | 1,2 | 0:1,2:2 | same | valid"
)
@click.option(
    "--output-padding", "--adj", callback=case_types.stride, metavar="N", help="As --stride."
)
@click.option("--dilation", callback=case_types.stride, metavar="N", help="As --stride.")
@click.option("--groups", type=click.IntRange(1))
@click.option("--op", type=click.Choice(OPS), help="[default: conv_transpose]")
@click.option("--dtype", type=click.Choice(DTYPES), help="[default: float32, or as captured]")
@click.option(
    "--topic",
    "topics",
    multiple=True,
    type=click.Choice(TOPICS),
    metavar="TOPIC",
    help=f"Repeatable; one of {', '.join(TOPICS)}.",
)
@click.option(
    "--tag", "tags", multiple=True, metavar="WORD", help="A word of your own; repeatable."
)
@click.option("--claim", "claims", multiple=True, metavar="ID", help="Such as D4; repeatable.")
@click.option("--section", metavar="TEXT", help="Where in the document it is from.")
@click.option("--document", nargs=3, metavar="ID TITLE SOURCE", help="What a new file is from.")
@click.option("--no-answer", is_flag=True, help="The question has none, and that is expected.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A case file to add to, or to make.  [default: standard output]",
)
@click.option(
    "--from-npz",
    "npz",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A captured call: its arrays and arguments, by the names used here or by the API's own.",
)
@click.option(
    "--x-name",
    metavar="NAME",
    type=shared_options.WORD,
    help="Of the array in that file.  [default: x, or what the API calls it]",
)
@click.option("--kernel-name", metavar="NAME", type=shared_options.WORD, help="As --x-name.")
@click.option("--bias-name", metavar="NAME", type=shared_options.WORD, help="As --x-name.")
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    metavar="NAME",
    help="Leave an array of that file out, such as the answer; repeatable.",
)
@click.option(
    "--api", "api_id", metavar="ID", help="What was called, which tells the layouts and the names."
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
@click.option("--real", is_flag=True, help="Keep numbers that are not whole.")
@click.option(
    "--crop",
    type=click.IntRange(1),
    metavar="N",
    help="Keep the first N along each axis but those of the kernel's window.",
)
def command(into: Path | None, document: tuple[str, str, str] | None, **said: Any) -> None:
    """Write a case as YAML, with the oracle's answer filled in for review.

    On a terminal, what is missing is asked for. The case is checked before it is written.

    \b
    Example:
      conformance new --id my-crop --why "More is cropped at the end than at the begin." \\
          --x "[1, 2, 3]" --kernel "[1, 10, 100]" --padding 0:1 --into cases/mine.yaml
      conformance new --id my-layer --why "The layer that went wrong." --from-npz call.npz \\
          --kernel-name w --api keras.ops.conv_transpose --stride 2 --padding same --integers 1
    """
    for option, key in OF_CAPTURES.items():
        if not said["npz"] and said[key] not in (None, (), False):
            shared_options.needs(option, "--from-npz")
    shared_options.keep_inputs([("--into", into)], [said["npz"]])
    try:
        taken = _taken(into)
        fields = {key: said[key] for key in _KEYS if said[key] not in (None, ())}
        remarks: list[str] = []
        choices: Sequence[Mapping[str, Any]] = ({},)
        if said["npz"]:
            choices, remarks = _captured(said, fields)
        fields = _completed(fields, {*fields, *choices[0]}, taken)
        draft = _drafted(fields, choices, remarks, no_answer=said["no_answer"])
        text = _text(draft, into, document)
        if into is not None:
            into.parent.mkdir(parents=True, exist_ok=True)
            into.write_bytes(text.encode("utf-8"))
    except (NoCase, CannotAdd, CannotUse, OSError) as error:
        refuse("new", error)
    if into is None:
        click.echo(text, nl=False)
    _remark(draft, into)


def _captured(
    said: Mapping[str, Any], fields: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[str]]:
    """What the file's arrays may become in a case, the best first, and where they are from.

    Adds to ``fields`` what else the capture says.
    """
    for key in (*captures.ARRAYS, "gradient"):
        if key in fields:
            raise CannotUse(f"--{key} is said, and --from-npz has arrays of its own")
    file, api = said["npz"], None if said["api_id"] is None else _api(said["api_id"])
    names = {key: said[f"{key}_name"] for key in captures.ARRAYS}
    arrays, arguments = captures.named(captures.read(file, said["ignored"]), names, api)
    defaults = {} if api is None else api.defaults
    silent = {key: value for key, value in defaults.items() if key not in {*fields, *arguments}}
    for key, value in {**arguments, **silent}.items():
        fields.setdefault(key, value)
    if api is not None and api.operator != "conv_transpose":
        fields.setdefault("op", api.operator)
    op = fields.get("op", "conv_transpose")
    operator = "conv_transpose" if op.startswith("conv_transpose") else "conv"
    if api is not None and api.operator == "interpolate":
        raise CannotUse(
            f"{api.id} has no kernel; what is captured is a convolution or its transpose"
        )
    if api is not None and api.operator != operator:
        raise CannotUse(f"{api.id} is asked for {api.operator}, not for {op}")
    canonical = "in out *k" if operator == "conv_transpose" else "out in *k"
    groups = fields.get("groups", 1)
    capture = captures.capture(
        arrays,
        x_axes=said["x_layout"] or (api.layout if api else captures.X_AXES),
        kernel_axes=said["kernel_layout"] or (api.kernel_axes if api else canonical),
        canonical=canonical,
        groups=groups if isinstance(groups, int) else 1,
        dtype=said["dtype"],
    )
    left = f" Left out: {', '.join(said['ignored'])}." if said["ignored"] else ""
    shapes = ", ".join(f"{key} {array.shape}" for key, array in capture.arrays.items())
    remarks = [f"Captured: {shapes} of {file.name}{f', a call of {api.id}' if api else ''}.{left}"]
    if api is not None and silent:
        meant = ", ".join(f"{key} {value}" for key, value in silent.items())
        remarks.append(f"Not given, and so as {api.id} takes it: {meant}.")
    if said["crop"] is not None:
        capture = captures.cropped(capture, said["crop"])
        remarks.append(f"Cut to the first {said['crop']} along each axis but the kernel's window.")
        if capture.groups != groups:
            fields["groups"] = capture.groups
    if capture.x.dtype != "float32":
        fields.setdefault("dtype", capture.x.dtype.name)
    if said["seed"] is None:
        return [captures.literal(capture, real=said["real"])], remarks
    remarks.append("The numbers are small whole ones in place of those captured.")
    return [captures.drawn(capture, said["seed"], bounds) for bounds in captures.RANGES], remarks


def _api(name: str) -> Api:
    try:
        return lookup.api_named(name)[1]
    except NotFoundError as missing:
        raise CannotUse(str(missing)) from None


def _completed(
    fields: Mapping[str, Any], known: Collection[str], taken: Mapping[str, Place]
) -> dict[str, Any]:
    """The fields with what was missing from them, if there is somebody to ask. Raises `NoCase`."""
    whole = dict(fields)
    needed = ("id", "why", "x", *(() if fields.get("op") == "interpolate" else ("kernel",)))
    missing = [key for key in needed if key not in known]
    if missing and not case_types.is_terminal():
        raise NoCase(f"missing: {', '.join(f'--{key}' for key in missing)}")
    if missing:
        missing += [key for key, p in case_types.PROMPTS.items() if p.default and key not in known]
    for key in missing:
        whole[key] = case_types.PROMPTS[key].ask()
    if whole["id"] in taken:
        raise NoCase(f"the id {whole['id']} is taken, at {taken[whole['id']]}")
    whole["why"] = " ".join(whole["why"].split())
    return {key: value for key, value in whole.items() if value is not None}


def _drafted(
    fields: Mapping[str, Any],
    choices: Sequence[Mapping[str, Any]],
    remarks: Sequence[str],
    *,
    no_answer: bool,
) -> Draft:
    """The case with the first of the choices that makes one. Raises the `NoCase` of the last."""
    *firsts, last = choices
    for choice in firsts:
        try:
            return drafts.drafted({**fields, **choice}, remarks, no_answer=no_answer)
        except NoCase:
            continue
    return drafts.drafted({**fields, **last}, remarks, no_answer=no_answer)


def _taken(into: Path | None) -> dict[str, Place]:
    """Every id that there is. Raises `CannotAdd` for a file that nothing should be added to."""
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
    """The whole of the file with the case in it."""
    whence = document and dict(zip(("id", "title", "source"), document, strict=True))
    if into is None or not into.exists():
        return yaml_writer.fresh(
            draft.fields, draft.comments, document=whence, schema=_schema(into)
        )
    text = into.read_bytes().decode("utf-8")
    if whence not in (None, yaml_writer.said_by(text).get("document")):
        raise CannotAdd(f"{into} has a document already, or is from none; it is said at its head")
    try:
        return yaml_writer.appended(text, draft.fields, draft.comments)
    except CannotAdd as why:
        raise CannotAdd(f"{into}: {why}; add the case by hand, or name another file") from None


def _schema(into: Path | None) -> str | None:
    """The way from a file to the schema beside it, so that it goes along with a clone."""
    if into is None or not into.resolve().is_relative_to(resources.CASES.parent):
        return None
    return Path(os.path.relpath(json_schema.PATH, into.resolve().parent)).as_posix()


def _remark(draft: Draft, into: Path | None) -> None:
    """What to know of the case, beside what was written."""
    if into is not None:
        click.echo(printable(f"{into}: wrote {draft.case.id}"), err=True)
    for remark in drafts.remarks(draft.case):
        click.echo(remark, err=True)
