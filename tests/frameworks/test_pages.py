"""The commands of the tutorial and of the how-tos, with this environment's interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner
from pages import blocks, commands, page

from conformance.cli import explain
from conformance.cli.app import main
from conformance.environments.definitions import Environment
from conformance.runs.worker_limits import WorkerLimits
from conformance.workers.interpreter import Interpreter
from conformance.workers.worker_client import WorkerClient


@pytest.mark.parametrize("name", ["tutorial", "gate-an-upgrade"])
def test_commands_print_what_is_shown_for_this_framework(
    name: str,
    environment: Environment,
    interpreter: Interpreter,
    client: WorkerClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(explain, "client_in", lambda *_: nullcontext(client))  # which has started
    for variable, value in interpreter.variables.items():
        monkeypatch.setenv(variable, value)
    Path("mine.yaml").write_text(blocks(page("tutorial"), "yaml")[0])
    for words, printed in commands(page(name)):
        own = of_environment(words, environment, interpreter)
        result = CliRunner().invoke(main, own[1:])
        assert result.exit_code == 0, (own, result.output)
        if environment.framework in (words if "--framework" in words else ("torch",)):
            lines = [line.strip() for line in result.output.splitlines()]
            assert [line for line in printed if not is_in(line.strip(), lines)] == []


def of_environment(
    words: Sequence[str], environment: Environment, interpreter: Interpreter
) -> list[str]:
    """The command with the environment's framework and interpreter; of another one, all APIs."""
    own = [interpreter.executable if word == "python" else word for word in words]
    if "--framework" in own:
        framework = own.index("--framework") + 1
        if own[framework] != environment.framework and "--api" in own:
            api = own.index("--api")
            del own[api : api + 2]
        own[framework] = environment.framework
        own += [] if environment.backend is None else ["--backend", environment.backend]
    if "run" in own:
        own += ["--timeout", str(WorkerLimits().timeout * environment.timeout_multiplier)]
    return own


def is_in(line: str, lines: Sequence[str]) -> bool:
    """Whether a line is printed; one about a runtime goes on with its class and version."""
    return line in lines or any(printed.startswith(f"{line} ") for printed in lines)
