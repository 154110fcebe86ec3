"""``conformance repro``: writes one call as a script for a bug report."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import click

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.framework import Api, Framework
from conformance.adapters.runtime import Runtime
from conformance.cli import options
from conformance.cli.option_kinds import file, word
from conformance.cli.output_files import keep_inputs, write
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import device_of, runtime_of
from conformance.explain import reproduction
from conformance.explain.reproduction import CallOutcome, Reproduction
from conformance.observations import Mode
from conformance.runs import calls, lookup, plan, run_files
from conformance.runs.lookup import NotFoundError
from conformance.runs.plan import Invocation
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.worker_limits import WorkerLimits, client_in
from conformance.utils import resources
from conformance.utils.printable import printable
from conformance.utils.text import on

RUNS = Path("reports", "runs")


@click.command("repro")
@click.argument("case")
@click.option(
    "--api", "api_id", required=True, metavar="ID", help="An API that `conformance apis` lists."
)
@options.mode
@word("--python", help="An interpreter to ask now; the script then says what it answered.")
@file(
    "--run",
    "run_file",
    help="A run file with the answer that the script states."
    f"  [default: the newest in {RUNS.as_posix()} that has this call]",
)
@word(
    "--backend",
    metavar="NAME",
    help="The backend of Keras.  [default: that of the run, else KERAS_BACKEND, else tensorflow]",
)
@options.limits("Seconds for an interpreter to answer.", batched=False)
@options.case_files
@file("--out", help="The file for the script.  [default: printed]")
def command(
    case: str,
    api_id: str,
    mode: Mode,
    python: str | None,
    run_file: Path | None,
    backend: str | None,
    limits: WorkerLimits,
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
    keep_inputs([("--out", out)], (*(paths or [resources.CASES]), run_file, python))
    framework, api = lookup.api_named(api_id)
    prepared_case = PreparedCase(lookup.case_named(case, paths))
    lookup.require_applicable(api, prepared_case.case)
    if backend is not None:
        lookup.refuse_backend(framework, backend)
    call = _Call(framework, api, prepared_case, mode)
    if python:
        result = call.from_interpreter(python, backend, limits)
    else:
        result = call.from_runs(run_file, backend)
    write(reproduction.script(result), out)


class _Call(NamedTuple):
    """The call to reproduce."""

    framework: Framework
    api: Api
    prepared_case: PreparedCase
    mode: Mode

    def write(self, runtime: Runtime) -> tuple[Invocation, Reproduction]:
        """Write the call for a runtime; raise `NotFoundError` where it cannot be written."""
        lookup.refuse_backend(self.framework, runtime.backend)
        invocations = plan.invocations(self.framework, runtime, [self.api], [self.prepared_case])
        invocation = next(i for i in invocations if self.mode in i.modes)
        call = invocation.call
        if isinstance(call, Inexpressible):
            raise NotFoundError(f"{self.api.id} has no {self.mode} call for it: {call.reason}")
        return invocation, Reproduction(**self._asdict(), call=call)

    def from_interpreter(
        self, python: str, backend: str | None, limits: WorkerLimits
    ) -> Reproduction:
        """Return the call with the answer that an interpreter gives now."""
        environment = Environment(framework=self.framework.name, python=python, backend=backend)
        with client_in(environment, limits) as client:
            identity = client.identity
            runtime = runtime_of(self.framework, identity)
            invocation, result = self.write(runtime)
            observation = calls.run_one(client, invocation).observation(self.mode)
            version, device = str(identity.facts["version"]), device_of(identity)
            outcome = CallOutcome(observation, version, runtime, identity.switches, device)
            return replace(result, outcome=outcome)

    def from_runs(self, run_file: Path | None, backend: str | None) -> Reproduction:
        """Return the call with the answer in a run file, or in the newest one that has it."""
        if not run_file:
            backend = backend or self.framework.chosen_backend
        runs = [run_files.read(run_file)] if run_file else reproduction.newest(RUNS)
        for run in runs if run_file else ():
            if not run.complete:
                click.echo(
                    f"conformance repro: {printable(str(run_file))}: is incomplete", err=True
                )
        outcome = reproduction.first_outcome(runs, *self, backend)
        if run_file and not outcome:
            raise NotFoundError(
                f"{run_file}: has no {self.mode} call of {self.api.id}{on(backend)} for"
                f" {self.prepared_case.case.id} as that case is now"
            )
        default = Runtime(backend=backend or next(iter(self.framework.interops)))
        _, result = self.write(outcome.runtime if outcome else default)
        return replace(result, outcome=outcome)
