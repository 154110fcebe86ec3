"""Accepting runs: which become a baseline, which are refused, and which answers may differ."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from gate_runs import API, FLIPPED, OTHER, both, different, seen, write

from conformance.cli.app import main
from conformance.gate import accept, baseline
from conformance.gate.snapshot import CannotCompare
from conformance.observations import Key, Observation
from conformance.recorded_answers import NONDETERMINISTIC, Answer
from conformance.runs.run_files import RunError
from conformance.runs.selection import Selection

ONE: Key = (API, "one", "native")


def accepted(folder: Path, *runs: tuple[Observation, ...]) -> dict[Key, Answer]:
    paths = [write(folder / f"{number}.jsonl", *own) for number, own in enumerate(runs)]
    (given,) = accept.snapshots(paths).values()
    return given.answers


def refusal(*paths: Path) -> str:
    with pytest.raises((CannotCompare, RunError)) as refused:
        accept.snapshots(paths)
    return str(refused.value)


@pytest.mark.parametrize(
    "observations",
    [
        (seen(), replace(seen(), mode="recipe", content="of another case")),
        (seen(dtype="float32; x"),),
        (different("one", ("a + b",)),),
        (different("one", ("a | b",), ("c",)),),
    ],
)
def test_what_no_baseline_can_hold_is_refused(
    tmp_path: Path, observations: tuple[Observation, ...]
) -> None:
    given = accept.snapshots([write(tmp_path / "run.jsonl", *observations)])
    with pytest.raises(CannotCompare, match=f"no baseline can hold what it says of {API} one "):
        accept.write(given, tmp_path / "baseline")
    assert not (tmp_path / "baseline").exists()


# Several runs of the same thing


def test_runs_that_agree_are_one(tmp_path: Path) -> None:
    alone = accepted(tmp_path, both(seen()))
    assert accepted(tmp_path, both(seen()), both(seen())) == alone


def test_an_answer_that_differs_between_runs_is_nondeterministic(tmp_path: Path) -> None:
    answers = accepted(tmp_path, (different(digest="a"),), (different(digest="b"),))
    assert answers[ONE] == Answer(("mismatch",), NONDETERMINISTIC, (), "content of one")


def test_a_real_valued_answer_that_is_explained_otherwise_each_time_is_nondeterministic(
    tmp_path: Path,
) -> None:
    flipped = (different(exact=False),)
    dropped = (different("one", ("bias: dropped",), exact=False),)
    assert accepted(tmp_path, flipped, dropped)[ONE].mark == NONDETERMINISTIC
    assert accepted(tmp_path, flipped, flipped)[ONE].explanations == (FLIPPED,)


def test_a_status_that_differs_between_runs_is_any_of_them(tmp_path: Path) -> None:
    answers = accepted(tmp_path, (different(),), (seen(),), (seen(status="rejected"),))
    assert answers[ONE] == Answer(
        ("match", "mismatch", "rejected"), NONDETERMINISTIC, (), "content of one"
    )


def test_what_agrees_stays_steady_beside_what_does_not(tmp_path: Path) -> None:
    answers = accepted(tmp_path, (different(), seen("two")), (seen(), seen("two")))
    assert answers[API, "two", "native"].statuses == ("match",)


def test_a_nondeterministic_answer_is_read_as_that_again(tmp_path: Path) -> None:
    runs = [write(tmp_path / "a.jsonl", different()), write(tmp_path / "b.jsonl", seen())]
    (path,) = accept.write(accept.snapshots(runs), tmp_path)
    assert baseline.read(path).answers[ONE].mark == NONDETERMINISTIC


def test_the_order_of_runs_changes_nothing(tmp_path: Path) -> None:
    one, other = (different("one", FLIPPED),), (different("one", FLIPPED, ("bias: dropped",)),)
    assert accepted(tmp_path, one, other) == accepted(tmp_path, other, one)


def test_each_framework_and_backend_has_its_own(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", seen())
    other = write(tmp_path / "b.jsonl", seen(), backend="jax")
    assert list(accept.snapshots([one, other])) == ["keras-jax", "keras-torch"]


# Runs that are refused


def test_an_incomplete_run_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", seen(), complete=False)
    assert refusal(path) == f"{path}: the run is incomplete: it was stopped before its end"


def test_a_run_that_failed_is_refused_with_its_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", failure="There is no wheel.")
    assert refusal(path) == f"{path}: nothing was observed: There is no wheel."


def test_a_run_of_nothing_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl")
    assert refusal(path) == f"{path}: there are no observations to accept"


def test_an_observation_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", seen(), seen())
    assert refusal(path) == f"{path}: {ONE} was observed twice"


@pytest.mark.parametrize(
    ("observation", "header", "why"),
    [
        (seen(content="other"), {}, "one was not the same case"),
        (seen("two"), {}, "only one of them asked"),
        (seen(), {"version": "3.15.0"}, "of the versions 3.14.1 and 3.15.0"),
        (seen(), {"apis": {API: True}}, "have not the same APIs"),
    ],
)
def test_runs_that_contradict_each_other_are_refused(
    tmp_path: Path, observation: Observation, header: dict[str, object], why: str
) -> None:
    one = write(tmp_path / "a.jsonl", seen())
    other = write(tmp_path / "b.jsonl", observation, **header)
    said = refusal(one, other)
    assert said.startswith(f"{one} and {other} are both of keras-torch, but ")
    assert why in said


def test_a_framework_that_no_file_can_be_called_after_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", seen(), framework="../keras")
    assert refusal(path) == f"{path}: no file can be called after '../keras-torch'"


@pytest.mark.parametrize("given", [{"case": "o\nne"}, {"api": "a\x1b[31m"}, {"digest": "\u2028"}])
def test_characters_that_nobody_can_read_are_refused(tmp_path: Path, given: dict[str, str]) -> None:
    path = write(tmp_path / "a.jsonl", seen(**given))
    assert refusal(path).endswith(" holds characters nobody can read")


@pytest.mark.parametrize(
    ("case", "header"),
    [
        ('=HYPERLINK("https://evil.example")', {}),
        ("@SUM(A1)", {}),
        ("+one", {}),
        ("one", {"version": "1.0, =1+1"}),
        ("one", {"apis": {API: True, "a,+a": True}}),
    ],
)
def test_what_a_spreadsheet_would_compute_is_refused(
    tmp_path: Path, case: str, header: dict[str, Any]
) -> None:
    path = write(tmp_path / "run.jsonl", seen(case), **header)
    assert refusal(path).endswith(" would be a formula where a table shows it")


# The command


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["accept", *map(str, words)])


def test_the_command_writes_a_file_for_each_framework(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", seen())
    other = write(tmp_path / "b.jsonl", *both(seen()), framework="jax", backend=None)
    folder = tmp_path / "new" / "baseline"
    said = run(one, other, "--to", folder)
    assert (said.exit_code, sorted(path.name for path in folder.iterdir())) == (
        0,
        ["jax.csv", "keras-torch.csv"],
    )
    assert f"{folder / 'jax.csv'}: 2 answers\n" in said.output


def test_the_command_says_how_much_is_nondeterministic(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", seen(), different("two", digest="a"))
    other = write(tmp_path / "b.jsonl", seen(), different("two", digest="b"))
    assert "2 answers, 1 of them nondeterministic" in run(one, other, "--to", tmp_path / "c").output


def test_where_one_run_is_refused_nothing_is_written(tmp_path: Path) -> None:
    good = write(tmp_path / "a.jsonl", seen())
    bad = write(tmp_path / "b.jsonl", seen(), backend="jax", complete=False)
    said = run(good, bad, "--to", tmp_path / "baseline")
    assert (said.exit_code, (tmp_path / "baseline").exists()) == (2, False)
    assert "the run is incomplete" in said.output


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("rubbish\n")
    said = run(path, "--to", tmp_path)
    assert said.exit_code == 2
    assert said.output.startswith(f"conformance accept: {path}:1: not a line of a run file")


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = run(write(tmp_path / "a.jsonl", seen()), "--to", tmp_path / "file" / "baseline")
    assert said.exit_code == 2


def test_two_apis_are_two_lines(tmp_path: Path) -> None:
    run(write(tmp_path / "a.jsonl", seen(), seen(api=OTHER)), "--to", tmp_path)
    text = (tmp_path / "keras-torch.csv").read_text()
    assert [line.partition(",")[0] for line in text.splitlines()[-2:]] == [API, OTHER]


def test_a_baseline_is_on_the_disk_before_it_takes_the_place_of_another(
    tmp_path: Path, synced: list[Path]
) -> None:
    given = accept.snapshots([write(tmp_path / "run.jsonl", seen())])
    synced.clear()
    (path,) = accept.write(given, tmp_path / "baseline")
    written, folder = synced
    assert written.parent == folder == path.parent
    assert [path] == list(path.parent.iterdir())


# Runs of a part


def test_a_run_of_a_part_is_said_to_be_one(tmp_path: Path) -> None:
    selection = Selection(
        expression="same and not d2l", apis=(API,), cases=("mine.yaml", "a b/"), profile=True
    )
    run = write(tmp_path / "a.jsonl", seen(), selection=selection)
    (path,) = accept.write(accept.snapshots([run]), tmp_path)
    assert "# selected by: -k same and not d2l\n" in path.read_text()
    assert baseline.read(path).header.selection == selection


def test_a_run_of_a_part_does_not_replace_more(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.jsonl", seen("a"), seen("b"))
    (path,) = accept.write(accept.snapshots([whole]), tmp_path / "baseline")
    before = path.read_text()
    part = write(tmp_path / "part.jsonl", seen("a"), selection=Selection(expression="a"))
    ran = CliRunner().invoke(main, ["accept", str(part), "--to", str(tmp_path / "baseline")])
    assert ran.exit_code == 2
    assert ran.stderr == (
        f"conformance accept: {path} has 1 answer more than a run of -k a; accept a run of"
        " everything, or name another folder with --to\n"
    )
    assert path.read_text() == before


def test_a_run_of_a_part_replaces_one_of_the_same(tmp_path: Path) -> None:
    part = write(tmp_path / "part.jsonl", seen("a"), selection=Selection(expression="a"))
    words = ["accept", str(part), "--to", str(tmp_path / "baseline")]
    assert [CliRunner().invoke(main, words).exit_code for _ in range(2)] == [0, 0]
