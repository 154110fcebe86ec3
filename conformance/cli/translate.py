"""``conformance translate``: writes a call of one API for another, with its proof."""

import sys
from collections.abc import Mapping, Set
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click

from conformance.adapters.call_source import Inexpressible
from conformance.authoring.call_files import CannotUse
from conformance.cli import options
from conformance.cli.answer_layers import recorded_layers
from conformance.cli.case_types import numbers, padding_words
from conformance.cli.console import console
from conformance.cli.exit_status import refuse
from conformance.cli.option_kinds import FILE, PATH, flag, several, word
from conformance.cli.translate_arguments import (
    ApiName,
    NamedApi,
    Rank,
    only_rank,
    translated_question,
)
from conformance.cli.translate_text import layer_table, show
from conformance.question import Question
from conformance.runs import lookup
from conformance.runs.worker_limits import WorkerLimits
from conformance.translate import proofs, records, translation, verification
from conformance.translate.ends import End, open_end
from conformance.translate.records import NoRecord
from conformance.translate.translation import TRANSLATED, Unknown
from conformance.translate.verification import TRIES
from conformance.utils.text import plain
from conformance.workers.outcomes import Refusal

CLASS = "The runtime class, such as onednn-avx2, where no interpreter is named."
NONE = 1
"""The status if there is no such call."""


@click.command("translate")
@click.option(
    "--from",
    "source_api",
    type=ApiName(),
    metavar="API",
    help="An id of `conformance apis`, or a name of a rank, such as keras.layers.Conv2DTranspose.",
)
@click.option("--to", "target_api", required=True, type=ApiName(), metavar="API")
@click.option("--kernel-size", type=numbers)
@click.option("--channels", nargs=2, type=click.IntRange(1), metavar="IN OUT")
@click.option("--stride", default="1", type=numbers)
@click.option(
    "--padding",
    type=padding_words,
    metavar="PADDING",
    help="1 | 1,2 | 0:1,2:2 | same | valid | circular  [default: that of the first API, 0 or same]",
)
@click.option(
    "--output-padding",
    "--adj",
    type=numbers,
    help="1 | 1,2; in Keras 0 differs from none.  [default: none]",
)
@click.option(
    "--output-size",
    "--output-shape",
    "--target-shape",
    "output_size",
    type=numbers,
    help="8 | 8,9: the length of the output, where the first API has a word for it.",
)
@click.option("--dilation", default="1", type=numbers)
@click.option("--groups", default=1, type=click.IntRange(1))
@click.option("--bias/--no-bias", default=False)
@click.option("--rank", type=Rank(), help="Spatial axes.  [default: as many as numbers, or 2]")
@click.option("--size", type=numbers, help="Spatial size of the input.  [default: 5,6,7]")
@click.option(
    "--recorded",
    type=FILE,
    help="A file that conformance.capture wrote, in place of --from and its arguments: every layer"
    " is a line.",
)
@word("--layer", metavar="NAME", help="One layer of --recorded in full, by its number or name.")
@word("--from-backend", metavar="NAME", help="The backend of Keras.")
@word("--to-backend", metavar="NAME", help="The backend of Keras.")
@word("--from-class", metavar="NAME", help=CLASS)
@word("--to-class", metavar="NAME", help=CLASS)
@several(
    "--run",
    "paths",
    type=PATH,
    help="A run file, or a baseline, with precedence over those of this package; repeatable."
    f"  [default: {records.RUNS}/*.jsonl]",
)
@flag("--verify", help=f"Run both calls on {TRIES} random inputs and compare.")
@word(
    "--from-python",
    help="The interpreter of the first API, which makes the call to see that it is not refused."
    "  [with --verify: this one]",
)
@word(
    "--to-python",
    help="The interpreter of the second API, which the call is written for and which runs it."
    "  [with --verify: this one]",
)
@options.limits(batched=False)
def command(
    source_api: NamedApi | None,
    target_api: NamedApi,
    rank: int | None,
    recorded: Path | None,
    layer: str | None,
    from_backend: str | None,
    to_backend: str | None,
    from_class: str | None,
    to_class: str | None,
    paths: tuple[Path, ...],
    verify: bool,
    from_python: str | None,
    to_python: str | None,
    limits: WorkerLimits,
    **arguments: Any,
) -> None:
    """Write a call of one API for another; the arguments have the meaning of the first API.

    Runs, or the baselines of this package, have observed that meaning. The proof that the other
    call gives the same numbers is a list of cases with such arguments that were run by the same
    recipe, in the same version and runtime class, or the run of both calls.

    \b
    Example:
      conformance translate --from torch.nn.ConvTranspose --to keras.layers.ConvTranspose \\
          --kernel-size 3 --stride 2 --padding 1 --output-padding 1 --channels 8 16
      conformance translate --recorded calls.npz --to keras.layers.ConvTranspose
    """
    try:
        if recorded is None:
            if layer is not None:
                raise click.UsageError("--layer is for the layers of --recorded")
            _require("source_api", "kernel_size", "channels")
            assert source_api is not None  # as it is required
            rank = only_rank({"--rank": rank, "--from": source_api.rank, "--to": target_api.rank})
            layers = {"": (source_api.id, translated_question(source_api.id, rank, arguments))}
        else:
            _refuse_beside_recorded(_OF_LAYERS if layer is None else {*_OF_LAYERS, "verify"})
            submissions = recorded_layers(recorded, layer, TRANSLATED)
            layers = {name: (str(s.api), s.question) for name, s in submissions.items()}
        all_records = list(records.load_records(paths))
    except (ValueError, NoRecord, CannotUse) as error:
        raise click.UsageError(str(error)) from None
    default_python = sys.executable if verify else None
    from_python, to_python = from_python or default_python, to_python or default_python
    with ExitStack() as ends:
        find = partial(open_end, all_records=all_records, limits=limits)
        try:
            sources = {}
            for id_ in dict.fromkeys(id_ for id_, _ in layers.values()):
                _check_end("from", id_, from_backend, from_class, from_python)
                sources[id_] = ends.enter_context(
                    find(id_, "native", from_backend, from_class, from_python)
                )
            _check_end("to", target_api.id, to_backend, to_class, to_python)
            target = ends.enter_context(
                find(target_api.id, "recipe", to_backend, to_class, to_python)
            )
        except NoRecord as error:
            raise click.UsageError(str(error)) from None
        if recorded is None or layer is not None:
            ((id_, question),) = layers.values()
            _translate(question, sources[id_], target)
        else:
            _translate_layers({n: (q, sources[id_]) for n, (id_, q) in layers.items()}, target)


_OF_LAYERS = {
    *("target_api", "recorded", "layer", "paths", "timeout", "startup"),
    *(f"{end}_{word}" for end in ("from", "to") for word in ("backend", "class", "python")),
}
"""The options that have a meaning beside --recorded."""


def _require(*names: str) -> None:
    """Raise ``click.MissingParameter`` for the first of these options that has no value."""
    context = click.get_current_context()
    for parameter in context.command.params:
        if parameter.name in names and not options.is_set(parameter.name):
            raise click.MissingParameter(ctx=context, param=parameter)


def _refuse_beside_recorded(names: Set[str]) -> None:
    """Raise ``click.UsageError`` for an option that has none of these names."""
    for name, option in options.typed():
        if name not in names:
            raise click.UsageError(f"{option} has no meaning beside --recorded")


def _translate_layers(layers: Mapping[str, tuple[Question, End]], target: End) -> None:
    """Print a line for each layer, and exit with `NONE` if one of them has no translation."""
    translations = {
        name: translation.translate(question, source.place, target.place, source.profile)
        for name, (question, source) in layers.items()
    }
    console(highlight=False).print(layer_table(translations, target))
    if any(isinstance(result, Inexpressible) for result in translations.values()):
        raise SystemExit(NONE)


def _check_end(
    end: str, api_id: str, backend: str | None, runtime_class: str | None, python: str | None
) -> None:
    """Refuse a backend that the framework does not have, and a class of an interpreter."""
    framework, _ = lookup.api_named(api_id)
    options.refuse_backend(framework.name, backend, f"--{end}-backend")
    if python is not None and runtime_class is not None:
        raise click.UsageError(f"--{end}-class is for no interpreter: --{end}-python has its own")


def _translate(question: Question, source: End, target: End) -> None:
    # A record of another version predicts no refusal of the interpreter that is asked.
    objection = None
    if source.is_recorded:
        objection = proofs.refusal(source.place.api, question, source.record)
    if objection is not None and objection.is_certain:
        _exit_refused(source, objection.reason)
    result = translation.translate(question, source.place, target.place, source.profile)
    if isinstance(result, Unknown):
        refuse("translate", f"it cannot be told: {result.reason}")
    if isinstance(result, Inexpressible):
        click.echo(f"inexpressible: {result.reason}")
        raise SystemExit(NONE)
    outcome = verification.verify(question, result, source, target)
    if isinstance(outcome, Refusal):  # before the translation is printed
        _exit_refused(source, outcome.words)
    if objection is not None and source.client is None:
        click.echo(
            f"maybe:   {source.title} refuses this call itself: {plain(objection.reason)};"
            " --from-python asks it\n"
        )
    show(result, source, target)
    if outcome is not None:
        click.echo(outcome)


def _exit_refused(source: End, reason: str) -> NoReturn:
    click.echo(f"refused: {source.title} refuses this call itself: {plain(reason)}")
    raise SystemExit(NONE)
