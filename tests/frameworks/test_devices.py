"""Devices: a run computes on the one that it chose, or ends and says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.adapters.framework import Framework
from conformance.adapters.interop import CPU
from conformance.environments.definitions import Environment
from conformance.environments.interpreters import interpreter_in
from conformance.runs import run_header
from conformance.workers.interpreter import CannotStart
from conformance.workers.worker_client import WorkerClient


def test_the_cpu_computes_where_nothing_else_was_chosen(
    environment: Environment, framework: Framework, client: WorkerClient
) -> None:
    """tinygrad reports the name of its compiler, which its environment chooses."""
    device = run_header.header(framework, client.identity, ()).device
    assert device == environment.variables.get("DEV", CPU)


def test_another_device_computes_or_is_said_to_be_missing(
    environment: Environment, framework: Framework
) -> None:
    """A bare ``AssertionError`` says nothing; which device is there depends on the machine."""
    others = {name: device for name, device in framework.devices.items() if name != CPU}
    if not others:
        pytest.skip(f"{framework.title} can only be asked on the CPU")
    for name, device in others.items():
        chosen = interpreter_in(replace(environment, device=name), batched=False)
        try:
            with WorkerClient(chosen) as client:
                reported = run_header.header(framework, client.identity, ()).device
        except CannotStart as told:
            _, _, reason = told.sentence.partition("It refused: ")
            assert ": " in reason, told.sentence
        else:
            assert framework.reported_device(reported) is device
