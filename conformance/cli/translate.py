"""``conformance translate``: a call of one API written for another, with its proof."""

from __future__ import annotations

import sys
from math import prod
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from conformance.adapters.base import Inexpressible
from conformance.adapters.registry import APIS
from conformance.cli import shared_options, translation_proof
from conformance.cli.exit_status import refuse
from conformance.cli.numbers import numbers, padding_words
from conformance.cli.translation_ends import End, opened, where
from conformance.cli.translation_proof import TRIES
from conformance.oracle import geometry
from conformance.oracle.geometry import padding_of, per_axis
from conformance.question import Question, stand_in
from conformance.recipes import search
from conformance.recipes.search import Plan
from conformance.runs.worker_limits import WorkerLimits
from conformance.translate import proofs, records, translation
from conformance.translate.records import NoRecord
from conformance.translate.translation import Place, Translation, Unknown
from conformance.utils.text import count, plain

TRANSPOSED = sorted(
    id_ for id_, api in APIS.items() if api.operator == "conv_transpose" and not api.is_variant
)
RANKS = (1, 2, 3)
"""How many spatial axes the APIs have."""
LARGEST = 2**32
"""Numbers in an array: more than a machine has memory for, with all that a call makes of them."""
CLASS = "The runtime class, such as onednn-avx2, where no interpreter is named."
NONE = 1
"""The status where there is no such call."""


class Rank(click.IntRange):
    """A number of spatial axes."""

    def __init__(self) -> None:
        super().__init__(RANKS[0], RANKS[-1])

    def fail(
        self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None
    ) -> NoReturn:
        """Say which there are."""
        super().fail(f"{message.rstrip('.')}: the APIs have 1, 2 or 3 spatial axes", param, ctx)


@click.command("translate")
@click.option("--from", "source_id", required=True, type=click.Choice(TRANSPOSED), metavar="API")
@click.option("--to", "target_id", required=True, type=click.Choice(TRANSPOSED), metavar="API")
@click.option("--kernel-size", required=True, callback=numbers)
@click.option("--channels", required=True, nargs=2, type=click.IntRange(1), metavar="IN OUT")
@click.option("--stride", default="1", callback=numbers)
@click.option(
    "--padding",
    callback=padding_words,
    help="1 | 1,2 | 0:1,2:2 | same | valid  [default: what the first API takes, 0 or same]",
)
@click.option(
    "--output-padding",
    "--adj",
    callback=numbers,
    help="1 | 1,2; to Keras 0 is another thing than none.  [default: none]",
)
@click.option("--dilation", default="1", callback=numbers)
@click.option("--groups", default=1, type=click.IntRange(1))
@click.option("--bias/--no-bias", default=False)
@click.option("--rank", type=Rank(), help="Spatial axes.  [default: as numbers say, or 2]")
@click.option("--size", callback=numbers, help="Spatial size of the input.  [default: 5,6,7]")
@click.option("--from-backend", metavar="NAME", type=shared_options.WORD, help="Of Keras.")
@click.option("--to-backend", metavar="NAME", type=shared_options.WORD, help="Of Keras.")
@click.option("--from-class", metavar="NAME", type=shared_options.WORD, help=CLASS)
@click.option("--to-class", metavar="NAME", type=shared_options.WORD, help=CLASS)
@click.option(
    "--run",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A run file, or a baseline, to go by before those that come with this package; repeatable."
    f"  [default: {records.RUNS}/*.jsonl]",
)
@click.option(
    "--verify", is_flag=True, help=f"Run both calls on {TRIES} random inputs and compare."
)
@click.option(
    "--from-python",
    type=shared_options.WORD,
    help="The interpreter of the first API: the call is made there, to see that it is not refused."
    "  [with --verify: this one]",
)
@click.option(
    "--to-python",
    type=shared_options.WORD,
    help="The interpreter of the second API: the call is written for it, and run there."
    "  [with --verify: this one]",
)
@shared_options.timeout()
@shared_options.startup()
def command(
    source_id: str,
    target_id: str,
    kernel_size: tuple[int, ...],
    channels: tuple[int, int],
    stride: tuple[int, ...],
    padding: str | tuple[object, ...] | None,
    output_padding: tuple[int, ...] | None,
    dilation: tuple[int, ...],
    groups: int,
    bias: bool,
    rank: int | None,
    size: tuple[int, ...] | None,
    from_backend: str | None,
    to_backend: str | None,
    from_class: str | None,
    to_class: str | None,
    paths: tuple[Path, ...],
    verify: bool,
    from_python: str | None,
    to_python: str | None,
    timeout: float,
    startup: float,
) -> None:
    """Write a call of one API for another; the arguments are in the first one's own words.

    What the first API means by them is observed, in runs or in the baselines that come with this
    package. That the other's call gives the same numbers is proven by the cases with such arguments
    that were run by the same recipe, in the same version and runtime class, or by running it.

    \b
    Example:
      conformance translate --from torch.nn.ConvTranspose --to keras.layers.ConvTranspose \\
          --kernel-size 3 --stride 2 --padding 1 --output-padding 1 --channels 8 16
    """
    lengths = {
        "--kernel-size": kernel_size, "--stride": stride, "--padding": padding,
        "--output-padding": output_padding, "--dilation": dilation, "--size": size,
    }  # fmt: skip
    if padding is None:
        padding = APIS[source_id].defaults.get("padding", (0,))
    try:
        rank = rank or _rank(lengths)
        question = _question(
            rank, kernel_size, channels, stride, padding, output_padding, dilation, groups, bias,
            size or (5, 6, 7)[:rank],
        )  # fmt: skip
        known = list(records.known(paths))
    except (ValueError, NoRecord) as error:
        raise click.UsageError(str(error)) from None
    this = sys.executable if verify else None
    terms = WorkerLimits(timeout=timeout, startup=startup)
    one = opened(source_id, "from", from_backend, from_class, from_python or this, known, terms)
    other = opened(target_id, "to", to_backend, to_class, to_python or this, known, terms)
    with one as source, other as target:
        _translate(question, source, target)


def _translate(question: Question, source: End, target: End) -> None:
    # Of another version that is asked itself nothing is foretold.
    objection = None
    if source.is_recorded:
        objection = proofs.refusal(source.place.api, question, source.record)
    if objection is not None and objection.is_certain:
        _end_refused(source, objection.reason)
    found = translation.translate(question, source.place, target.place, source.profile)
    if isinstance(found, Unknown):
        refuse("translate", f"it cannot be told: {found.reason}")
    if isinstance(found, Inexpressible):
        click.echo(f"inexpressible: {found.reason}")
        raise SystemExit(NONE)
    made = translation_proof.made(question, found, source, target)
    if made.refusal is not None:  # before anything is written in its place
        _end_refused(source, made.refusal.words)
    if objection is not None and source.client is None:
        click.echo(
            f"maybe:   {source.title} refuses this call itself: {plain(objection.reason)};"
            " --from-python asks it\n"
        )
    _show(found, source, target)
    if made.sentence:
        click.echo(made.sentence)


def _end_refused(source: End, reason: str) -> NoReturn:
    click.echo(f"refused: {source.title} refuses this call itself: {plain(reason)}")
    raise SystemExit(NONE)


def _rank(lengths: dict[str, Any]) -> int:
    """The spatial axes that there are numbers for."""
    several = {name: len(v) for name, v in lengths.items() if isinstance(v, tuple) and len(v) > 1}
    name, rank = max(several.items(), key=lambda item: item[1], default=("", 2))
    if rank not in RANKS:
        raise ValueError(f"{name} has {rank} numbers, and the APIs have 1, 2 or 3 spatial axes")
    return rank


def _question(
    rank: int,
    kernel_size: tuple[int, ...],
    channels: tuple[int, int],
    stride: tuple[int, ...],
    padding: Any,
    output_padding: tuple[int, ...] | None,
    dilation: tuple[int, ...],
    groups: int,
    bias: bool,
    size: tuple[int, ...],
) -> Question:
    def spread(name: str, numbers: tuple[int, ...], least: int = 1) -> tuple[int, ...]:
        return per_axis(name, numbers[0] if len(numbers) == 1 else numbers, rank, least=least)

    inputs, outputs = channels
    for name, number in (("in", inputs), ("out", outputs)):
        if number % groups:
            raise ValueError(f"channels {name} must be a multiple of groups {groups}, got {number}")
    if isinstance(padding, tuple) and len(padding) == 1:
        padding = padding * rank
    shapes = {
        "the input": (2, inputs, *spread("size", size)),
        "the kernel": (inputs, outputs // groups, *spread("kernel-size", kernel_size)),
        "the bias": (outputs,),
    }
    for name, shape in shapes.items():
        _keep_to(LARGEST, name, shape)
    x, kernel, added = map(stand_in, shapes.values())
    question = Question(
        op="conv_transpose",
        x=x,
        kernel=kernel,
        bias=added if bias else None,
        stride=spread("stride", stride),
        padding=padding_of(padding, rank),
        output_padding=spread("output-padding", output_padding or (0,), 0),
        zero_given=output_padding is not None and not any(output_padding),
        dilation=spread("dilation", dilation),
        groups=groups,
    )
    reach = geometry.effective_kernel_size(question.window, question.dilation)
    _keep_to(LARGEST, "the dilated kernel", (*kernel.shape[:2], *reach))
    ends = ((min(b, 0), min(e, 0)) for b, e in question.pairs)
    _keep_to(LARGEST, "the output", question.but(padding=tuple(ends)).output_shape)
    return question


def _keep_to(most: int, name: str, shape: tuple[int, ...]) -> None:
    """Raises ``ValueError`` for an array of too many numbers, of which none is made."""
    if prod(shape) > most:
        raise ValueError(
            f"{name} of shape {' x '.join(map(str, shape))} would have {prod(shape)} numbers;"
            f" at most {most} are allowed"
        )


def _show(found: Translation, source: End, target: End) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(Text(f"{source.title} -> {target.title}\n", style="bold"))
    wrong = proofs.falsehood(source.place.api, found.question, source.place.runtime)
    if wrong is not None:
        console.print(
            f"known:   {source.place.api.id} answers such calls wrongly: {wrong}\n", markup=False
        )
    if not source.is_recorded:
        console.print(
            f"meaning: as it is in {where(source.record.header)}, because there is no run of"
            f" {where(source.header)}\n",
            markup=False,
        )
    console.print("As it was written, over NumPy arrays x, w and b in its own layout:\n")
    _code(console, found.native.source)
    console.print("The same numbers from the other:\n")
    _code(console, found.call.source)
    for convention in found.meaning:
        console.print(f"meaning: {convention.choice.sentence}")
    console.print(f"kernel:  {'; '.join(found.kernel) or 'as it is'}")
    console.print(f"output:  {'; '.join(found.output) or 'as it is'}")
    _prices(console, found, target.place)
    for line in translation_proof.proof(found, target):
        console.print(line, markup=False)


def _prices(console: Console, found: Translation, target: Place) -> None:
    """What the call costs, and what the other ways would."""
    place = (target.api, found.question, target.runtime)
    plans = [search.recipe(*place), *search.alternatives(*place)]
    for plan in plans:
        assert isinstance(plan, Plan)  # as it was translated
        made, times = search.effort(plan, found.question)
        price = f"{count(made, 'call')}, {times:,.4g} times the multiplications that there must be"
        if plan is plans[0]:
            console.print(f"cost:    {plan.cost.words}: {price}", markup=False)
        else:
            moves = f" ({'; '.join(plan.moves)})" if plan.moves else ""
            console.print(f"or:      {plan.cost.words}{moves}: {price}", markup=False)


def _code(console: Console, source: str) -> None:
    if console.is_terminal:
        console.print(Syntax(source.rstrip(), "python", background_color="default"))
    else:
        console.print("".join(f"    {line}\n" for line in source.splitlines()), markup=False)
