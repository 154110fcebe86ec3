"""The runs of a report: which of them cannot stand together, and how they are called."""

from dataclasses import replace
from pathlib import Path

import pytest
from report_runs import case, failed, observed, run

from conformance.adapters.registry import FRAMEWORKS
from conformance.report.environments import environments
from conformance.runs.run_files import Run, RunError

ONE = case("one")


def refusal(*runs: Run) -> str:
    with pytest.raises(RunError) as refused:
        environments(runs)
    return str(refused.value)


def test_the_same_run_twice_is_refused() -> None:
    assert refusal(run(), run()) == "torch-2.0.jsonl: the same run is given twice"


def test_two_runs_of_one_version_backend_and_runtime_class_are_refused() -> None:
    one = run(runtime_class="onednn-avx2")
    other = Run(path=Path("z.jsonl"), header=one.header, observations=(), complete=True)
    assert refusal(other, one) == (
        "torch-2.0.jsonl and z.jsonl are both of torch 2.0, onednn-avx2;"
        " a report takes one run of each version, backend and runtime class"
    )


def test_two_runtime_classes_of_one_version_are_two_environments() -> None:
    """A version that is there once needs no class to be told, which may be another elsewhere."""
    made = environments(
        [
            run(runtime_class="onednn-avx2"),
            run(version="2.1", runtime_class="onednn-avx2"),
            replace(run(runtime_class="onednn-avx512"), path=Path("z.jsonl")),
        ]
    )
    titles = ["torch 2.0, onednn-avx2", "torch 2.0, onednn-avx512", "torch 2.1"]
    assert [e.title for e in made] == titles


def test_two_versions_are_two_environments() -> None:
    titles = [e.title for e in environments([run(version="2.10"), run(version="2.9")])]
    assert titles == ["torch 2.9", "torch 2.10"]


def test_a_backend_is_part_of_the_environment() -> None:
    keras = run(framework="keras", version="3.15.1", backend="jax")
    assert environments([keras])[0].title == "keras 3.15.1 on jax"


def test_several_failed_runs_of_a_framework_are_told_apart_by_their_files() -> None:
    both = environments([failed("keras", "No.", "b.jsonl"), failed("keras", "No.", "a.jsonl")])
    assert [e.title for e in both] == ["keras (not run, a)", "keras (not run, b)"]


def test_an_incomplete_run_is_in_trouble() -> None:
    assert environments([run(complete=False)])[0].problem == (
        "The run is incomplete: it was stopped before its end."
    )


def test_an_unknown_framework_is_refused_with_those_there_are() -> None:
    assert refusal(run(framework="caffe")) == (
        "caffe-2.0.jsonl: its framework is 'caffe', which is none of " + ", ".join(FRAMEWORKS)
    )


def test_a_name_with_control_characters_is_refused() -> None:
    said = refusal(run(observed(ONE, "native", "match", api="torch\x1b[31m")))
    assert said.endswith("a name that holds characters nobody can read")
