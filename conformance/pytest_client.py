"""Hold the worker that answers the tests of a pytest session."""

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.adapters.framework import Api, Framework
from conformance.environments.definitions import Environment
from conformance.observations import Mode
from conformance.runs import calls
from conformance.runs.calls import InvocationResult
from conformance.runs.plan import Invocation
from conformance.runs.worker_limits import WorkerLimits, client_in
from conformance.utils.printable import PrintableError
from conformance.workers.worker_client import WorkerClient, WorkerError


class UnavailableError(PrintableError):
    """Raised with a sentence where the framework cannot be asked."""


@dataclass
class FrameworkClient:
    """A framework in its interpreter, with one worker that starts when it is first needed.

    Attributes
    ----------
    framework
        The framework.
    apis, modes
        The APIs and modes to test.
    environment, limits
        The interpreter with its backend, and the limits of the worker.
    failure
        The reason why there is no worker; with a reason, no other worker is started.
    """

    framework: Framework
    apis: Sequence[Api]
    modes: Sequence[Mode]
    environment: Environment
    limits: WorkerLimits
    failure: str | None = None
    _worker: WorkerClient | None = None

    @property
    def worker(self) -> WorkerClient:
        """The worker, started when it is first needed; raises `UnavailableError`."""
        if self.failure is None and self._worker is None:
            try:
                self._worker = client_in(self.environment, self.limits).__enter__()
            except WorkerError as error:
                self.failure = f"{self.framework.title} cannot be asked: {error}"
        if self.failure is not None:
            raise UnavailableError(self.failure)
        assert self._worker is not None
        return self._worker

    def run(self, invocation: Invocation) -> InvocationResult:
        """Make a call, and return its result; raise `UnavailableError`."""
        try:
            return calls.run_one(self.worker, invocation)
        except WorkerError as error:  # such as a worker that died and did not start again
            self.failure = f"{self.framework.title} cannot be asked any more: {error}"
            raise UnavailableError(self.failure) from None

    def close(self) -> None:
        """Close the worker."""
        if self._worker is not None:
            self._worker.__exit__(None, None, None)
