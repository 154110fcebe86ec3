"""Records: a baseline tells as much of an API as the run that it was accepted from."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gate_runs import seen, write

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.registry import APIS, FRAMEWORKS
from conformance.cases import load
from conformance.conventions.axes import BY_NAME
from conformance.conventions.interpretations import answer_under
from conformance.environments import definitions
from conformance.gate import accept
from conformance.runs import evaluation, plan, run_files
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Header
from conformance.translate import records
from conformance.translate.records import NoRecord, Record, Unfinished
from conformance.utils import resources
from conformance.workers.outcomes import Answer, Refusal

RECORDED = Path(__file__).parents[2] / "recorded"
TENSORFLOW = APIS["tf.nn.conv_transpose"]
TORCH = APIS["torch.nn.functional.conv_transpose"]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, Record]:
    """A run in which all recipes are right, and the baseline of it."""
    folder = tmp_path_factory.mktemp("records")
    cases = load([resources.CASES], check=False).cases
    prepared_cases = [PreparedCase(case) for case in cases if case.op == "conv_transpose"][::5]
    header = Header(framework="torch", version="1.0", apis={TORCH.id: True})
    path = folder / "run.jsonl"
    with run_files.writing(path, header) as writer:
        for item in plan.invocations(FRAMEWORKS["torch"], header.runtime, [TORCH], prepared_cases):
            wanted = item.prepared_case.oracle_answer
            outcome = Refusal("ValueError", "no") if wanted is None else Answer(wanted)
            for mode in item.modes:
                came = item.call if isinstance(item.call, Inexpressible) else outcome
                writer.add(evaluation.evaluate(item, mode, came))
    accept.write(accept.snapshots([path]), folder)
    (accepted,) = folder.glob("*.csv")
    return records.read(path), records.read(accepted)


def test_a_baseline_knows_how_each_recipe_was_made(both: tuple[Record, Record]) -> None:
    run, accepted = (
        {o.case: (o.status, o.rewrites, o.cost) for _, o in record.observations(TORCH, "recipe")}
        for record in both
    )
    assert any(moves for _, moves, _ in run.values())
    assert accepted == run


def test_a_baseline_tells_why_an_answer_is_wrong_and_which_array_it_is(tmp_path: Path) -> None:
    flipped = BY_NAME["kernel flip: flipped"]
    cases = load([resources.CASES], check=False).cases
    prepared_cases = [PreparedCase(case) for case in cases if "kernel-flip" in case.topics]
    header = Header(framework="torch", version="1.0", apis={TORCH.id: True})
    observations = []
    with run_files.writing(tmp_path / "run.jsonl", header) as writer:
        for item in plan.invocations(FRAMEWORKS["torch"], header.runtime, [TORCH], prepared_cases):
            array = answer_under(item.prepared_case.case.question, (flipped,))
            if array is not None and not isinstance(item.call, Inexpressible):
                observations.append(evaluation.evaluate(item, item.modes[0], Answer(array)))
                writer.add(observations[-1])
    accept.write(accept.snapshots([tmp_path / "run.jsonl"]), tmp_path)
    (accepted,) = tmp_path.glob("*.csv")
    run, baseline = (
        {o.key: (o.diagnosis, *((o.shape, o.dtype, o.digest) if o.exact else ())) for o in answers}
        for answers in (observations, records.run_of(records.read(accepted)).observations)
    )
    assert flipped.choice.sentence in {diagnosis for diagnosis, *_ in run.values()}
    assert baseline == run


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.jsonl")), ids=lambda path: path.stem)
def test_a_baseline_gives_the_profile_of_its_run(path: Path, tmp_path: Path) -> None:
    """Of real refusals too, whose words it does not hold."""
    accept.write(accept.snapshots([path]), tmp_path)
    (accepted,) = tmp_path.glob("*.csv")
    told = []
    for record in (records.read(path), records.read(accepted)):
        profiles = filter(None, map(record.profile, FRAMEWORKS[record.header.framework].apis))
        told.append({p.api: [(f.axis, f.choice) for f in p.findings] for p in profiles})
    assert told[0]
    assert told[0] == told[1]


def test_what_ships_tells_of_every_api_that_can_be_translated() -> None:
    """Of the frameworks whose environments have baselines."""
    ours = list(records.load_records())
    gated = {e.framework for e in definitions.pinned().values() if e.tier == "default"}
    for api in (api for name in gated for api in FRAMEWORKS[name].apis):
        is_derived = api.is_variant or api.twin
        if api.operator == "conv_transpose" and api.parameters and not is_derived:
            record = records.nearest(ours, api, "recipe")
            assert record is not None, api.id
            assert record.header.version is not None


def test_an_unfinished_run_is_no_record(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", seen(), complete=False)
    with pytest.raises(Unfinished, match="incomplete"):
        records.read(path)


@pytest.mark.parametrize("data", [b"", b"rubbish", b"{}\n", b"\xff\xfe\n"])
def test_rubbish_is_no_record(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "run.jsonl").write_bytes(data)
    with pytest.raises(NoRecord, match=r"run\.jsonl"):
        records.read(tmp_path / "run.jsonl")


def test_a_file_that_is_not_there_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(NoRecord, match="cannot be read"):
        records.read(tmp_path / "none.jsonl")


def test_an_unfinished_run_among_others_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(resources, "BASELINE", tmp_path / "none")
    records.RUNS.mkdir(parents=True)
    write(records.RUNS / "run.jsonl", seen())
    write(records.RUNS / "stopped.jsonl", seen(), complete=False)
    assert [record.path.name for record in records.load_records()] == ["run.jsonl"]
    with pytest.raises(Unfinished):
        list(records.load_records([records.RUNS / "stopped.jsonl"]))


# Which one tells most


def of(record: Record, **changes: object) -> Record:
    return replace(record, header=replace(record.header, **changes))  # type: ignore[arg-type]


@pytest.fixture
def several(both: tuple[Record, Record]) -> Iterator[list[Record]]:
    run, _ = both
    places = [("1.0", "plain"), ("2.0", "plain"), ("1.0", "fast"), ("2.0", "fast")]
    return [of(run, version=v, runtime_class=name) for v, name in places]


def test_the_record_of_the_class_and_version_is_taken(several: list[Record]) -> None:
    here = Header(framework="torch", version="2.0", runtime_class="fast")
    assert records.nearest(several, TORCH, "recipe", here) is several[3]


def test_the_class_counts_for_more_than_the_version(several: list[Record]) -> None:
    here = Header(framework="torch", version="3.0", runtime_class="fast")
    assert records.nearest(several, TORCH, "recipe", here) is several[2]


def test_tensorflow_is_the_backend_where_none_is_named(both: tuple[Record, Record]) -> None:
    run, _ = both
    backends = [of(run, backend=name) for name in ("jax", "tensorflow", "torch")]
    assert records.nearest(backends, TORCH, "native") is backends[1]
    assert records.nearest(backends, TORCH, "native", backend="torch") is backends[2]
    assert records.nearest(backends[:1], TORCH, "native", backend="torch") is None


def test_a_run_of_a_part_comes_last(both: tuple[Record, Record]) -> None:
    run, accepted = both
    part = run_files.Selection(apis=(TORCH.id,))
    assert records.nearest([of(run, selection=part), accepted], TORCH, "native") is accepted


def test_a_run_without_the_api_tells_nothing_of_it(both: tuple[Record, Record]) -> None:
    assert records.nearest(both, TENSORFLOW, "native") is None
