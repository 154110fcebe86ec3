"""Scripts to paste into a report: they run alone, hold the worker's own text, and say what came."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from case_files import HEAD, MINIMAL
from click.testing import CliRunner, Result
from convolver import FRAMEWORK
from reproductions import Make

from conformance.adapters.interop import Device
from conformance.cli.app import main
from conformance.explain.reproduction import (
    CallOutcome,
    Reproduction,
    first_outcome,
    newest,
    script,
)
from conformance.runs import lookup
from conformance.runs.run_files import Header, Run, writing

REAL = HEAD + "    x: [0.5, 2]\n    kernel: [1, 0.1]\n"
NO_ANSWER = MINIMAL + "    groups: 2\n    expected: {error: groups}\n"
COUNTED = MINIMAL + "    op: conv_transpose_parameters\n"


def run(r: Reproduction) -> list[str]:
    """The lines that the script prints in a process of its own, and the last of its troubles."""
    done = subprocess.run(
        [sys.executable, "-c", script(r)], capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines() + done.stderr.splitlines()[-1:]


def test_a_script_prints_the_answer_and_what_is_expected(make: Make) -> None:
    assert run(make("flipped"))[:5] == [
        "It answered:",
        "[[[10. 21.  2.]]]",
        "Expected:",
        "[[[ 1. 12. 20.]]]",
        "Wrong.",
    ]


def test_a_recipe_is_right(make: Make) -> None:
    assert "Right." in run(make("flipped", mode="recipe"))


def test_a_script_holds_the_very_text_that_a_worker_runs(make: Make) -> None:
    made = make("flipped", mode="recipe")
    assert f"\n{made.call.source}\n" in script(made)


def test_a_script_opens_with_its_case_and_why(make: Make) -> None:
    assert script(make("right")).splitlines()[2:4] == [
        "# one: convolver.right, native call.",
        "# It differs.",
    ]


def test_a_script_of_a_small_case_has_few_lines(make: Make) -> None:
    assert len(script(make("right", ask=True)).splitlines()) <= 22


def test_the_diagnosis_is_said_with_the_version_that_it_was_seen_in(make: Make) -> None:
    said = "Seen in Convolver 1.0: The kernel is read backwards along every axis."
    assert said in run(make("flipped", ask=True))


def test_the_versions_at_run_time_come_last(make: Make) -> None:
    assert run(make("right"))[-1].startswith("Now in Convolver 1.0, NumPy ")


def test_what_nobody_has_seen_is_not_said(make: Make) -> None:
    assert "Seen in" not in script(make("flipped"))


def test_a_refusal_comes_after_all_there_is_to_say(make: Make) -> None:
    seen, now, refusal = run(make("refusing", ask=True))
    assert seen == ("Seen in Convolver 1.0: It refused: ValueError: no such call is possible.")
    assert now.startswith("Now in Convolver 1.0")
    assert refusal == "ValueError: no such call is possible"


@pytest.mark.parametrize("name", ["wider", "longer"])
def test_an_answer_of_another_dtype_or_shape_is_wrong(make: Make, name: str) -> None:
    assert "Wrong." in run(make(name))


@pytest.mark.parametrize(("name", "verdict"), [("nearly", "Right."), ("off", "Wrong.")])
def test_a_real_answer_is_right_within_the_bound_only(make: Make, name: str, verdict: str) -> None:
    assert verdict in run(make(name, REAL))


def test_a_count_of_parameters_is_right_in_any_integers(make: Make) -> None:
    assert run(make("right", COUNTED))[:5] == ["It answered:", "2", "Expected:", "2", "Right."]


def test_where_there_is_no_answer_the_script_says_why_and_shows_what_comes(make: Make) -> None:
    no_answer, _, *answered = run(make("right", NO_ANSWER))
    assert no_answer == (
        "There is no answer: groups must divide 1, the first length of kernel, got 2."
    )
    assert answered == ["It answered:", "[[[ 1. 12. 20.]]]"]


def test_a_large_array_does_not_make_a_long_script(make: Make) -> None:
    large = HEAD + "    x: {shape: [1, 1, 4000], integers: [-3, 3]}\n    kernel: [1, 10]\n"
    made = make("right", large)
    assert len(script(made)) < 8000
    assert "Right." in run(made)


def test_a_sentence_of_any_length_and_character_is_printed_as_it_is(make: Make) -> None:
    made = make("flipped", ask=True)
    assert made.outcome is not None
    sentence = 'It said "no\\way", and ' * 12 + "that was \u00e9noug\u00e8."
    told = replace(made.outcome.observation, diagnosis=sentence)
    made = replace(made, outcome=replace(made.outcome, observation=told))
    assert f"Seen in Convolver 1.0: {sentence}" in run(made)
    assert max(map(len, script(made).splitlines())) <= 120


@pytest.fixture
def seen_run(make: Make) -> Run:
    made = make("flipped", ask=True)
    assert made.outcome is not None
    return Run(
        path=Path("run.jsonl"),
        header=Header(framework="convolver", version="0.9", backend="b"),
        observations=(made.outcome.observation,),
        complete=True,
    )


def sought(made: Reproduction, runs: list[Run], backend: str | None = None) -> CallOutcome | None:
    return first_outcome(runs, FRAMEWORK, made.api, made.prepared_case, made.mode, backend)


def test_what_was_seen_is_found_in_a_run(make: Make, seen_run: Run) -> None:
    seen = sought(make("flipped"), [seen_run])
    assert seen is not None
    assert (seen.version, seen.runtime.backend) == ("0.9", "b")


def test_a_script_chooses_the_device_of_what_was_seen(make: Make, seen_run: Run) -> None:
    abacus = Device(setup=("print('on an abacus')",), reported="frame")
    framework = replace(FRAMEWORK, devices={"cpu": Device(), "abacus": abacus})
    for device, lines in (("cpu", []), (None, []), ("frame", ["on an abacus"])):
        header = replace(seen_run.header, device=device, backend=None)
        seen = sought(make("flipped"), [replace(seen_run, header=header)])
        made = replace(make("flipped"), outcome=seen, framework=framework)
        assert [line for line in run(made) if line == "on an abacus"] == lines


def test_a_run_of_another_backend_does_not_count(make: Make, seen_run: Run) -> None:
    assert sought(make("flipped"), [seen_run], "c") is None


def test_a_run_of_the_case_as_it_was_does_not_count(make: Make, seen_run: Run) -> None:
    changed = MINIMAL.replace("[1, 2]", "[1, 3]")
    assert sought(make("flipped", changed), [seen_run]) is None


def test_the_first_of_the_runs_counts(make: Make, seen_run: Run) -> None:
    later = replace(seen_run, header=replace(seen_run.header, version="1.1"))
    seen = sought(make("flipped"), [later, seen_run])
    assert seen is not None
    assert seen.version == "1.1"


def test_what_is_no_run_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "rubbish.jsonl").write_text("rubbish\n", encoding="utf-8")
    with writing(tmp_path / "run.jsonl", Header(framework="convolver")):
        pass
    assert [run.path.name for run in newest(tmp_path)] == ["run.jsonl"]


@pytest.fixture
def repro(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setitem(lookup.FRAMEWORKS, "convolver", FRAMEWORK)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases.yaml").write_text(
        MINIMAL
        + "  - {id: two, why: So., x: [1], kernel: [1], output_padding: 1}\n"
        + "  - {id: none, why: So., x: [1], kernel: [1], output_padding: 1, padding: 2,"
        " expected: {error: leaves}}\n",
        encoding="utf-8",
    )

    def invoked(*words: str) -> Result:
        return CliRunner().invoke(main, ["repro", *words, "--cases", "cases.yaml"])

    return invoked


def test_repro_prints_the_script(repro: Callable[..., Result]) -> None:
    result = repro("one", "--api", "convolver.right")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[2] == "# one: convolver.right, native call."


def test_repro_writes_the_script_to_a_file(repro: Callable[..., Result], tmp_path: Path) -> None:
    result = repro("one", "--api", "convolver.right", "--out", "script.py")
    assert (result.exit_code, result.stdout) == (0, "script.py\n")
    assert "\n# one: convolver.right, native call.\n" in (tmp_path / "script.py").read_text()


def test_repro_asks_now_where_it_is_given_an_interpreter(repro: Callable[..., Result]) -> None:
    result = repro("one", "--api", "convolver.flipped", "--python", sys.executable)
    assert "Seen in Convolver 1.0: The kernel is read backwards along every axis." in result.stdout


def test_repro_says_in_its_script_what_the_newest_run_saw(
    repro: Callable[..., Result], seen_run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "reports" / "runs" / "convolver.jsonl"
    with writing(path, Header(framework="convolver", version="0.9")) as writer:
        writer.add(seen_run.observations[0])
    assert "Seen in Convolver 0.9:" in repro("one", "--api", "convolver.flipped").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("ones", "--api", "convolver.right"), "there is no case 'ones'; near to it: one"),
        (("one", "--api", "convolver.write"), "there is no API 'convolver.write'; near to it:"),
        (
            ("two", "--api", "convolver.right"),
            "convolver.right has no native call for it: there is no parameter for output padding",
        ),
        (
            ("none", "--api", "convolver.right", "--mode", "recipe"),
            "convolver.right has no recipe call for it: there is no parameter for output padding",
        ),
        (
            ("one", "--api", "convolver.right", "--backend", "jax"),
            "Convolver has no backends to choose from, got 'jax'",
        ),
        (
            ("one", "--api", "convolver.right", "--run", "none.jsonl"),
            "none.jsonl: cannot be read:",
        ),
        (
            ("one", "--api", "convolver.right", "--python", "no-such-python"),
            "There is no interpreter no-such-python.",
        ),
    ],
)
def test_repro_ends_with_2_and_a_sentence(
    repro: Callable[..., Result], words: tuple[str, ...], sentence: str
) -> None:
    result = repro(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"conformance repro: {sentence}")


def test_repro_refuses_a_run_without_the_call(repro: Callable[..., Result], tmp_path: Path) -> None:
    with writing(tmp_path / "run.jsonl", Header(framework="convolver")):
        pass
    result = repro("one", "--api", "convolver.right", "--run", "run.jsonl")
    assert result.exit_code == 2
    assert result.stderr == (
        "conformance repro: run.jsonl: has no native call of convolver.right for one"
        " as that case is now\n"
    )


def test_repro_asks_now_or_reads_what_was_seen_but_not_both(repro: Callable[..., Result]) -> None:
    both = ("--python", sys.executable, "--run", "run.jsonl")
    assert repro("one", "--api", "convolver.right", *both).exit_code == 2
