"""Translations between the APIs of one environment, by the command, run at both ends."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import product

import pytest
from click.testing import CliRunner

from conformance.adapters.framework import Framework
from conformance.cli.app import main
from conformance.environments.definitions import Environment
from conformance.translate import ends
from conformance.workers.interpreter import Interpreter
from conformance.workers.worker_client import WorkerClient

LAYER = ("--kernel-size", "4,6", "--stride", "2", "--channels", "2", "3", "--bias")


def test_what_is_translated_gives_the_same_numbers(
    framework: Framework,
    environment: Environment,
    interpreter: Interpreter,
    client: WorkerClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if environment.tier != "default":
        pytest.skip("only default environments have the baseline that a translation reads")
    for name, value in environment.variables.items():
        monkeypatch.setenv(name, value)
    apis = [
        a.id for a in framework.apis if a.operator == "conv_transpose" and not (a.topics or a.twin)
    ]
    python = interpreter.executable
    words = [*LAYER, "--verify", "--from-python", python, "--to-python", python]
    if environment.backend is not None:
        words += ["--from-backend", environment.backend, "--to-backend", environment.backend]
    verified = 0
    pairs = zip(apis, (*apis[1:], apis[0]), strict=True)
    monkeypatch.setattr(ends, "client_in", lambda *_: nullcontext(client))  # which has started
    for (source, target), padding in product(pairs, ("same", "1")):
        line = ("--from", source, "--to", target, f"--padding={padding}")
        result = CliRunner().invoke(main, ["translate", *line, *words])
        assert result.exit_code in (0, 1), (line, result.output)
        assert result.exit_code or "\nverified: " in result.output
        verified += not result.exit_code
    assert verified >= len(apis) / 2  # as most take one of the two paddings at least
