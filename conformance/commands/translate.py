"""``conformance translate``: a call of one API written for another, with its proof."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from conformance import runs, shipped, survey, translation
from conformance.api import Inexpressible
from conformance.cases import load
from conformance.commands import _options
from conformance.frameworks import APIS, FRAMEWORKS
from conformance.geometry import padding_of, per_axis
from conformance.numerals import numbers, padding_words
from conformance.profiles import Profile, profiles
from conformance.question import Question
from conformance.report.text import count, plain
from conformance.runs import Run, RunError
from conformance.survey import Subject
from conformance.translation import Place, Translation
from conformance.workers.controller import Examination, Interpreter, Task, WorkerError
from conformance.workers.outcomes import Answer

TRANSPOSED = sorted(
    id_ for id_, api in APIS.items() if api.operator == "conv_transpose" and not api.is_variant
)
TRIES = 3
"""How many random inputs verify a translation."""


@click.command("translate")
@click.option("--from", "source_id", required=True, type=click.Choice(TRANSPOSED), metavar="API")
@click.option("--to", "target_id", required=True, type=click.Choice(TRANSPOSED), metavar="API")
@click.option("--kernel-size", required=True, callback=numbers)
@click.option("--channels", required=True, nargs=2, type=click.IntRange(1), metavar="IN OUT")
@click.option("--stride", default="1", callback=numbers)
@click.option(
    "--padding", default="0", callback=padding_words, help="1 | 1,2 | 0:1,2:2 | same | valid"
)
@click.option("--output-padding", "--adj", default="0", callback=numbers)
@click.option("--dilation", default="1", callback=numbers)
@click.option("--groups", default=1, type=click.IntRange(1))
@click.option("--bias/--no-bias", default=False)
@click.option(
    "--rank", type=click.IntRange(1, 3), help="Spatial axes.  [default: as numbers say, or 2]"
)
@click.option("--size", callback=numbers, help="Spatial size of the input.  [default: 5,6,7]")
@click.option("--from-backend", help="Of Keras.")
@click.option("--to-backend", help="Of Keras.")
@click.option(
    "--run",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A run file that tells what an API means.  [default: reports/runs/*.jsonl]",
)
@click.option("--verify", is_flag=True, help="Run both calls on random integers and compare.")
@click.option("--from-python", default=sys.executable, help="The interpreter of the first API.")
@click.option("--to-python", default=sys.executable, help="The interpreter of the second API.")
@_options.timeout("Seconds for a call that is verified.")
@_options.startup()
def command(
    source_id: str,
    target_id: str,
    kernel_size: tuple[int, ...],
    channels: tuple[int, int],
    stride: tuple[int, ...],
    padding: str | tuple[object, ...],
    output_padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    bias: bool,
    rank: int | None,
    size: tuple[int, ...] | None,
    from_backend: str | None,
    to_backend: str | None,
    paths: tuple[Path, ...],
    verify: bool,
    from_python: str,
    to_python: str,
    timeout: float,
    startup: float,
) -> None:
    """Write a call of one API for another; the arguments are in the first one's own words.

    What the first API means by them, and that the other's call gives the same numbers, is taken
    from runs of both. Ends with 0, with 1 where there is no such call, and with 2 where it cannot
    be told.

    \b
    Example:
      conformance translate --from torch.nn.ConvTranspose --to keras.layers.ConvTranspose \\
          --kernel-size 3 --stride 2 --padding 1 --output-padding 1 --channels 8 16
    """
    given = (kernel_size, stride, output_padding, dilation, size or (0,))
    rank = rank or max([len(numbers) for numbers in given if len(numbers) > 1], default=2)
    try:
        question = _question(
            rank, kernel_size, channels, stride, padding, output_padding, dilation, groups, bias,
            size or (5, 6, 7)[:rank],
        )  # fmt: skip
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    known = _runs(paths)
    source, source_run = _place(source_id, from_backend, known)
    target, target_run = _place(target_id, to_backend, known)
    found = translation.translate(question, source, target, _profile(source_run, source_id))
    if isinstance(found, Inexpressible):
        click.echo(f"inexpressible: {found.reason}")
        raise SystemExit(1)
    _show(found, (source, source_run), (target, target_run))
    if verify:
        examine = partial(Examination, timeout=timeout, startup=startup)
        _verify(found, (source, from_python), (target, to_python), examine)


def _question(
    rank: int,
    kernel_size: tuple[int, ...],
    channels: tuple[int, int],
    stride: tuple[int, ...],
    padding: Any,
    output_padding: tuple[int, ...],
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
    return Question(
        op="conv_transpose",
        x=np.zeros((2, inputs, *spread("size", size)), np.float32),
        kernel=np.zeros(
            (inputs, outputs // groups, *spread("kernel-size", kernel_size)), np.float32
        ),
        bias=np.zeros(outputs, np.float32) if bias else None,
        stride=spread("stride", stride),
        padding=padding_of(padding, rank),
        output_padding=spread("output-padding", output_padding, 0),
        dilation=spread("dilation", dilation),
        groups=groups,
    )


def _runs(paths: tuple[Path, ...]) -> list[Run]:
    files = paths or tuple(sorted(Path("reports", "runs").glob("*.jsonl")))
    try:
        found = [runs.read(path) for path in files]
    except RunError as error:
        raise click.UsageError(str(error)) from None
    complete = [run for run in found if run.complete and not run.header.failure]
    if not complete:
        where = ", ".join(map(str, paths)) or "reports/runs"
        raise click.UsageError(f"there is no complete run in {where}; `conformance run` makes one")
    return complete


def _place(api_id: str, backend: str | None, known: list[Run]) -> tuple[Place, Run]:
    framework = next(f for f in FRAMEWORKS.values() if APIS[api_id] in f.apis)
    fitting = [
        run
        for run in known
        if (run.header.framework, run.header.apis.get(api_id)) == (framework.name, True)
        and backend in (None, run.header.backend)
    ]
    if not fitting:
        where = f" on {backend}" if backend else ""
        raise click.UsageError(f"no run has observed {api_id}{where}; `conformance run` makes one")
    # Keras means the same on TensorFlow, its default, unless a backend was named.
    run = next((run for run in fitting if run.header.backend == "tensorflow"), fitting[0])
    if refusal := framework.without(run.header.backend):
        raise click.UsageError(f"{run.path}: {refusal}")
    return Place(framework, run.header.runtime, APIS[api_id]), run


def _profile(run: Run, api_id: str) -> Profile:
    subjects = {case.id: Subject(case) for case in load([shipped.CASES], check=False).cases}
    asked = (o for o in run.observations if o.api == api_id)
    found = profiles(asked, subjects)
    if not found:
        raise click.UsageError(
            f"{run.path} has not observed {api_id} on the cases as they are; run it again"
        )
    return found[0]


def _named(place: Place, run: Run) -> str:
    on = f" on {place.runtime.backend}" if place.runtime.backend else ""
    return f"{place.api.id} ({plain(str(run.header.version))}{on})"


def _show(found: Translation, source: tuple[Place, Run], target: tuple[Place, Run]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(Text(f"{_named(*source)} -> {_named(*target)}\n", style="bold"))
    console.print("As it was written, over NumPy arrays x, w and b in its own layout:\n")
    _code(console, found.native.source)
    console.print("The same numbers from the other:\n")
    _code(console, found.call.source)
    for convention in found.meaning:
        console.print(f"meaning: {convention.choice.sentence}")
    console.print(f"kernel:  {'; '.join(found.kernel) or 'as it is'}")
    console.print(f"output:  {'; '.join(found.output) or 'as it is'}")
    console.print(f"cost:    {found.call.cost.words}")
    run = target[1]
    proofs = translation.proofs(found, run.observations, target[0].api)
    how = f" ({'; '.join(found.call.moves)})" if found.call.moves else ""
    console.print(
        f"proof:   exactly this recipe{how} was run on {count(proofs, 'case')} and gave the right"
        f" answer, in {run.header.framework} {plain(str(run.header.version))}",
        markup=False,
    )


def _code(console: Console, source: str) -> None:
    if console.is_terminal:
        console.print(Syntax(source.rstrip(), "python", background_color="default"))
    else:
        console.print("".join(f"    {line}\n" for line in source.splitlines()), markup=False)


def _verify(
    found: Translation,
    source: tuple[Place, str],
    target: tuple[Place, str],
    examine: Callable[[Interpreter], Examination],
) -> None:
    data = [translation.random_arrays(found, seed) for seed in range(TRIES)]
    answers = []
    for (place, python), call in ((source, found.native), (target, found.call)):
        tasks = [Task(str(seed), call.source, arrays) for seed, arrays in enumerate(data)]
        try:
            interpreter = survey.interpreter_for(place.framework, python)
            with examine(interpreter) as examination:
                outcomes = [outcome for _, outcome in examination.ask(tasks)]
        except WorkerError as error:
            click.echo(f"cannot verify: {place.framework.title}: {error}", err=True)
            raise SystemExit(2) from None
        for outcome in outcomes:
            if not isinstance(outcome, Answer):
                click.echo(f"cannot verify: {place.api.id}: {outcome.words}", err=True)
                raise SystemExit(2)
        answers.append([outcome.array for outcome in outcomes if isinstance(outcome, Answer)])
    if all(np.array_equal(one, other) for one, other in zip(*answers, strict=True)):
        click.echo(f"verified: the same to the bit on {TRIES} random inputs, by running both")
        return
    click.echo("not verified: the two calls give different numbers; this is a bug here", err=True)
    raise SystemExit(2)
