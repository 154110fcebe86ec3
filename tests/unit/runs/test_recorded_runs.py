"""Recorded runs of the runtime classes that no single machine has together.

Those of onednn-avx2 were made on a CPU with AVX-512 that was kept from using it, as
docs/runtime-classes.md says.
"""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import load
from conformance.cli.app import main
from conformance.gate import baseline
from conformance.gate.compare import compare
from conformance.gate.snapshot import CannotCompare, open_run
from conformance.observations import Observation
from conformance.runs import partial_runs, run_files
from conformance.runs.plan import is_asked
from conformance.runs.run_files import RunError
from conformance.utils import resources

FOLDER = Path(__file__).parents[2] / "recorded"
RUNS = sorted(FOLDER.glob("*.jsonl"))
TENSORFLOW = [path for path in RUNS if path.stem.startswith("tensorflow")]


def observed(path: Path) -> dict[tuple[str, str, str], Observation]:
    return {o.key: o for o in run_files.read(path).observations}


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_a_run_is_called_after_its_framework_and_its_class(path: Path) -> None:
    header = run_files.read(path).header
    assert path.stem == f"{header.framework}-{header.runtime_class}"


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_a_class_answers_what_was_accepted_of_it(path: Path) -> None:
    candidate = open_run(path)
    accepted = baseline.read(baseline.baseline_path(resources.BASELINE, candidate))
    comparison = compare(accepted, candidate)
    known = run_files.read(path).header.apis  # others were added since
    kinds = Counter(change.kind for change in comparison.changes if change.api in known)
    del kinds["case dropped"]  # a part of the cases was asked
    assert kinds == {}
    assert comparison.compared == len(run_files.read(path).observations)


def test_the_answers_of_one_class_are_not_held_to_another() -> None:
    other = resources.BASELINE / "tensorflow.onednn-avx512.csv"
    candidate = open_run(FOLDER / "tensorflow-onednn-avx2.jsonl")
    with pytest.raises(CannotCompare, match="need not be a change of tensorflow"):
        compare(baseline.read(other), candidate)


def test_what_is_refused_natively_depends_on_the_class() -> None:
    """And a recipe answers all the same, in every class of the three."""
    by_class = {run_files.read(path).header.runtime_class: observed(path) for path in TENSORFLOW}
    api = "tf.nn.conv_transpose"
    natively = {
        (case, name): by_class[name][api, case, "native"].status
        for case in ("dilation-alone-odd-kernel", "dtype-dilated-dtype-bfloat16")
        for name in ("eigen", "onednn-avx2", "onednn-avx512")
    }
    assert natively == {
        ("dilation-alone-odd-kernel", "eigen"): "rejected",
        ("dilation-alone-odd-kernel", "onednn-avx2"): "match",
        ("dilation-alone-odd-kernel", "onednn-avx512"): "match",
        ("dtype-dilated-dtype-bfloat16", "eigen"): "rejected",
        ("dtype-dilated-dtype-bfloat16", "onednn-avx2"): "rejected",
        ("dtype-dilated-dtype-bfloat16", "onednn-avx512"): "match",
    }
    for seen in by_class.values():
        recipes = {
            o.status for o in seen.values() if o.mode == "recipe" and o.topics[0] != "errors"
        }
        assert recipes == {"match"}


def test_a_report_shows_two_classes_of_one_version_as_two_columns(tmp_path: Path) -> None:
    words = ["report", *map(str, TENSORFLOW), "--out", str(tmp_path), "--only", "compatibility.csv"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    head = (tmp_path / "compatibility.csv").read_text(encoding="utf-8").splitlines()[0]
    for name in ("eigen", "onednn-avx2", "onednn-avx512"):
        assert f'"tf.nn.conv_transpose (2.21.0, {name})"' in head


def test_baselines_that_every_machine_can_make_again_hold_every_case() -> None:
    """Those of other classes may lack cases that were added since."""
    cases = load([resources.CASES]).cases
    for name in (
        *("torch.onednn-avx2", "keras-torch.onednn-avx2", "tensorflow.eigen"),
        *("keras-tensorflow.eigen", "jax.xla", "mxnet.onednn"),
    ):
        accepted = baseline.read(resources.BASELINE / f"{name}.csv")
        held = {(api, case) for api, case, _ in accepted.answers}
        apis = FRAMEWORKS[accepted.header.framework].apis
        wanted = {(api.id, case.id) for api in apis for case in cases if is_asked(api, case)}
        assert wanted - held == set(), name


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_a_run_of_format_1_has_its_fields_by_their_names_now(path: Path) -> None:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    run = run_files.read(path)
    assert (lines[0]["format"], run.header.format) == (1, 1)
    assert run.header.batching == lines[0]["asked"]
    assert run.header.fingerprint == lines[0]["sources"]
    by_old_names = [(line["limit"], tuple(line["moves"])) for line in lines[1:-1]]
    assert [(o.limitation, o.rewrites) for o in run.observations] == by_old_names


def test_a_stopped_run_of_format_1_is_not_resumed(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    stopped = b"".join(RUNS[0].read_bytes().splitlines(keepends=True)[:-1])
    path.write_bytes(stopped)
    run = run_files.read(path)
    with (
        pytest.raises(RunError, match="another run was stopped there than this one: format was 1"),
        partial_runs.writing(
            path,
            replace(run.header, format=2),
            (o.key for o in run.observations),
            resume=True,
        ),
    ):
        pass
    assert path.read_bytes() == stopped
