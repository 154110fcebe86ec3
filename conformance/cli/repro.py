"""``conformance repro``: writes one call as a script for a bug report."""

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
from conformance.runs import calls, lookup, plan, run_files
from conformance.runs.lookup import NotFoundError
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import RunError
from conformance.runs.worker_limits import WorkerLimits, client_in
from conformance.utils import resources
from conformance.utils.printable import printable
from conformance.workers.worker_client import WorkerError

RUNS = Path("reports", "runs")


@click.command("repro")
@click.argument("case")
@click.option(
    "--api", "api_id", required=True, metavar="ID", help="An API that `conformance apis` lists."
)
@click.option(
    "--mode",
    default="native",
    show_default=True,
    type=click.Choice(MODES),
    help="The naive call, or the equivalent call, which should give the oracle's answer.",
)
@click.option(
    "--python",
    type=shared_options.WORD,
    help="An interpreter to ask now; the script then says what it answered.",
)
@click.option(
    "--run",
    "run_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A run file with the answer that the script states."
    f"  [default: the newest in {RUNS.as_posix()} that has this call]",
)
@click.option(
    "--backend",
    metavar="NAME",
    type=shared_options.WORD,
    help="The backend of Keras.  [default: that of the run, else KERAS_BACKEND, else tensorflow]",
)
@shared_options.timeout("Seconds for an interpreter to answer.")
@shared_options.startup()
@shared_options.case_files
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file for the script.  [default: printed]",
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

    CASE is the id of a case, or a prefix of only one id.

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
        target = _Target(framework, api, prepared_case, mode)
        if python:
            result = _from_interpreter(target, python, backend, timeout, startup)
        else:
            result = _from_runs(target, run_file, backend)
        text = reproduction.script(result)
        if out is None:
            click.echo(text, nl=False)
        else:
            out.write_text(text, encoding="utf-8")
            click.echo(printable(str(out)))
    except (NotFoundError, RunError, WorkerError, OSError) as error:
        refuse("repro", error)


@dataclass(frozen=True, eq=False)
class _Target:
    """The call to reproduce."""

    framework: Framework
    api: Api
    prepared_case: PreparedCase
    mode: Mode

    def invocation(self, runtime: Runtime) -> Invocation:
        """Write the call for a runtime; raise `NotFoundError` for an unknown backend."""
        lookup.refuse_backend(self.framework, runtime.backend)
        calls = plan.invocations(self.framework, runtime, [self.api], [self.prepared_case])
        return next(call for call in calls if self.mode in call.modes)

    def reproduction(self, invocation: Invocation, seen: Seen | None) -> Reproduction:
        """Return the reproduction; raise `NotFoundError` where the call cannot be written."""
        if isinstance(invocation.call, Inexpressible):
            reason = invocation.call.reason
            raise NotFoundError(f"{self.api.id} has no {self.mode} call for it: {reason}")
        return Reproduction(
            framework=self.framework,
            api=self.api,
            prepared_case=self.prepared_case,
            mode=self.mode,
            call=invocation.call,
            seen=seen,
        )


def _from_interpreter(
    target: _Target, python: str, backend: str | None, timeout: float, startup: float
) -> Reproduction:
    environment = Environment(framework=target.framework.name, python=python, backend=backend)
    limits = WorkerLimits(timeout=timeout, startup=startup, batched=False)
    with client_in(environment, limits) as client:
        identity = client.identity
        runtime = runtime_of(target.framework, identity)
        invocation = target.invocation(runtime)
        result = target.reproduction(invocation, None)
        observation = calls.run_one(client, invocation).observation(target.mode)
        version = str(identity.facts["version"])
        return replace(result, seen=Seen(observation, version, runtime, identity.switches))


def _from_runs(target: _Target, run_file: Path | None, backend: str | None) -> Reproduction:
    framework, api, prepared_case = target.framework, target.api, target.prepared_case
    if not run_file:
        backend = backend or framework.chosen_backend
    runs = [run_files.read(run_file)] if run_file else reproduction.newest(RUNS)
    seen = reproduction.sighting(runs, framework, api, prepared_case, target.mode, backend)
    if run_file and not seen:
        suffix = f" on {backend}" if backend else ""
        raise NotFoundError(
            f"{run_file}: has no {target.mode} call of {api.id}{suffix} for"
            f" {prepared_case.case.id} as that case is now"
        )
    runtime = seen.runtime if seen else Runtime(backend=backend or next(iter(framework.interops)))
    return target.reproduction(target.invocation(runtime), seen)
