"""``conformance repro``: one call as a script to run, to read and to paste into a bug report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from conformance.adapters.base import Api, Framework, Inexpressible
from conformance.adapters.runtime import Runtime
from conformance.cli import shared_options
from conformance.cli.exit_status import refuse
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import runtime_of
from conformance.explain import reproduction
from conformance.explain.reproduction import Reproduction, Seen
from conformance.observations import MODES, Mode
from conformance.runs import calls, evaluation, lookup, plan, run_files
from conformance.runs.lookup import NotFoundError
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import RunError
from conformance.utils import resources
from conformance.utils.printable import printable
from conformance.workers.worker_client import WorkerError

RUNS = Path("reports", "runs")


@click.command("repro")
@click.argument("case")
@click.option("--api", "api_id", required=True, metavar="ID", help="As `conformance apis` lists.")
@click.option(
    "--mode",
    default="native",
    show_default=True,
    type=click.Choice(MODES),
    help="The same-looking call, or the one that should give the oracle's answer.",
)
@click.option(
    "--python",
    type=shared_options.WORD,
    help="An interpreter to ask now, so that the script says what was seen.",
)
@click.option(
    "--run",
    "run_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A run file to take from what was seen."
    f"  [default: the newest in {RUNS.as_posix()} that has this call]",
)
@click.option(
    "--backend",
    metavar="NAME",
    type=shared_options.WORD,
    help="Of Keras.  [default: as it was seen, else KERAS_BACKEND, else tensorflow]",
)
@shared_options.timeout("Seconds for an interpreter to answer.")
@shared_options.startup()
@shared_options.case_files
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The script.  [default: printed]",
)
def command(
    case: str,
    api_id: str,
    mode: Mode,
    python: str | None,
    run_file: Path | None,
    backend: str | None,
    timeout: float,
    startup: float,
    paths: tuple[Path, ...],
    out: Path | None,
) -> None:
    """Write a script that asks CASE of one API, and needs only that framework and NumPy.

    CASE is an id, or the beginning of only one.

    \b
    Example:
      conformance repro d2l-basic --api jax.lax.conv_transpose
      conformance repro d2l-basic --api torch.nn.ConvTranspose --mode recipe --out repro.py
    """
    if python and run_file:
        raise click.UsageError("--python asks now and --run says what was seen; give one of them")
    shared_options.keep_inputs([("--out", out)], (*(paths or [resources.CASES]), run_file, python))
    try:
        framework, api = lookup.api_named(api_id)
        prepared_case = PreparedCase(lookup.case_named(case, paths))
        lookup.require_applicable(api, prepared_case.case)
        if backend is not None:
            lookup.refuse_backend(framework, backend)
        wish = _Wish(framework, api, prepared_case, mode)
        if python:
            made = _asked_now(wish, python, backend, timeout, startup)
        else:
            made = _as_seen(wish, run_file, backend)
        text = reproduction.script(made)
        if out is None:
            click.echo(text, nl=False)
        else:
            out.write_text(text, encoding="utf-8")
            click.echo(printable(str(out)))
    except (NotFoundError, RunError, WorkerError, OSError) as error:
        refuse("repro", error)


@dataclass(frozen=True, eq=False)
class _Wish:
    framework: Framework
    api: Api
    prepared_case: PreparedCase
    mode: Mode

    def item(self, runtime: Runtime) -> Invocation:
        """The call in question."""
        lookup.refuse_backend(self.framework, runtime.backend)
        items = plan.invocations(self.framework, runtime, [self.api], [self.prepared_case])
        return next(item for item in items if self.mode in item.modes)

    def made(self, item: Invocation, seen: Seen | None) -> Reproduction:
        """The reproduction of the call. Raises `NotThere` where it cannot be written."""
        if isinstance(item.call, Inexpressible):
            raise NotFoundError(f"{self.api.id} has no {self.mode} call for it: {item.call.reason}")
        return Reproduction(
            framework=self.framework,
            api=self.api,
            prepared_case=self.prepared_case,
            mode=self.mode,
            call=item.call,
            seen=seen,
        )


def _asked_now(
    wish: _Wish, python: str, backend: str | None, timeout: float, startup: float
) -> Reproduction:
    environment = Environment(framework=wish.framework.name, python=python, backend=backend)
    with lookup.examining(environment, timeout=timeout, startup=startup) as client:
        identity = client.identity
        runtime = runtime_of(wish.framework, identity)
        item = wish.item(runtime)
        made = wish.made(item, None)
        observation = evaluation.evaluate(item, wish.mode, calls.invoke(client, item))
        version = str(identity.facts["version"])
        return replace(made, seen=Seen(observation, version, runtime, identity.switches))


def _as_seen(wish: _Wish, run_file: Path | None, backend: str | None) -> Reproduction:
    framework = wish.framework
    wanted = backend if run_file else backend or framework.chosen_backend
    among = [run_files.read(run_file)] if run_file else reproduction.newest(RUNS)
    seen = reproduction.sighting(among, framework, wish.api, wish.prepared_case, wish.mode, wanted)
    if run_file and not seen:
        on = f" on {wanted}" if wanted else ""
        raise NotFoundError(
            f"{run_file}: has no {wish.mode} call of {wish.api.id}{on} for"
            f" {wish.prepared_case.case.id} as that case is now"
        )
    runtime = seen.runtime if seen else Runtime(backend=wanted or next(iter(framework.interops)))
    return wish.made(wish.item(runtime), seen)
