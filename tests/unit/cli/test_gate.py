"""The command ``gate``: what it is given, what it prints and writes, and what it ends with."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from gate_runs import API, AT_BEGIN, OTHER, both, different, seen, write

import conformance
from conformance.cli.app import main
from conformance.gate import accept
from conformance.observations import Observation
from conformance.runs.selection import Selection

ROOT = Path(conformance.__file__).parent.parent
CASES = [f"same-{number}" for number in range(140)]
RIGHT = [seen(case, topics=("same",)) for case in CASES]
BEGIN = [different(case, AT_BEGIN, topics=("same",)) for case in CASES]


def gate(*words: object) -> Result:
    return invoke("gate", *words)


def invoke(*words: object) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return write(tmp_path / "before.jsonl", *BEGIN)


@pytest.fixture
def after(tmp_path: Path) -> Path:
    return write(tmp_path / "after.jsonl", *RIGHT, version="3.15.0")


@pytest.fixture
def baseline(tmp_path: Path, before: Path) -> Path:
    """A folder with the baseline of ``before`` and one of another backend."""
    other = write(tmp_path / "other.jsonl", seen(), backend="jax")
    accept.write(accept.snapshots([before, other]), tmp_path / "baseline")
    return tmp_path / "baseline"


# What is compared


def test_a_run_against_itself_is_silent(before: Path) -> None:
    said = gate(before, before)
    assert (said.exit_code, said.stdout) == (0, "")


def test_a_run_against_its_own_baseline_is_silent(baseline: Path, before: Path) -> None:
    said = gate(baseline / "keras-torch.csv", before)
    assert (said.exit_code, said.stdout) == (0, "")


def test_one_line_says_to_the_standard_error_that_nothing_changed(before: Path) -> None:
    assert gate(before, before).stderr == (
        "keras, torch backend, 3.14.1: nothing changed in 140 answers.\n"
    )


def test_140_cases_are_one_sentence(before: Path, after: Path) -> None:
    said = gate(before, after)
    assert said.exit_code == 1  # also where all of them got better
    assert said.stdout == (
        "keras, torch backend, 3.14.1 -> 3.15.0: 1 of 1 finding fails the gate,"
        " among 140 answers compared.\n\n"
        f"newly matching: {API}\n"
        f"  {API}, torch backend, 3.14.1 -> 3.15.0: 140 cases (same-0, same-1, same-10 and 137"
        " more), all about `same`, now agree with the oracle, natively."
        " Before: Where `same` crops an odd total, the odd element goes at the start"
        " (same: odd element: cropped at the start).\n"
    )


def test_of_a_folder_the_baseline_of_the_candidate_is_taken(baseline: Path, after: Path) -> None:
    said = gate(baseline, after)
    assert said.exit_code == 1
    assert "140 cases" in said.stdout


def test_the_baseline_that_comes_with_the_package_goes_by_a_word(
    baseline: Path, before: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.utils.resources.BASELINE", baseline)
    assert gate("shipped", before).exit_code == 0


def test_a_baseline_names_the_convention_that_it_was(baseline: Path, after: Path) -> None:
    assert "(same: odd element: cropped at the start)" in gate(baseline, after).stdout


# What fails


def test_with_only_regressions_what_got_better_is_noted(before: Path, after: Path) -> None:
    said = gate(before, after, "--only-regressions")
    assert said.exit_code == 0
    assert "140 cases" in said.stdout


@pytest.mark.parametrize(
    ("was", "is_", "status"),
    [
        (seen(), different(), 1),
        (different(digest="a"), different(digest="b"), 1),
        (different(), seen(status="rejected"), 1),
        (seen(status="crashed"), seen(status="rejected"), 0),
        (seen(status="rejected"), seen(status="inexpressible"), 0),
        (seen(), seen("other"), 1),
        (different(), seen(), 0),
        (seen(), seen(content="other"), 0),
        (seen("stays"), seen(), 0),
    ],
)
def test_with_only_regressions_what_got_worse_fails(
    tmp_path: Path, was: object, is_: object, status: int
) -> None:
    stays = seen("stays")
    one = write(tmp_path / "a.jsonl", *{stays, was})
    other = write(tmp_path / "b.jsonl", *{stays, is_})
    assert gate(one, other, "--only-regressions").exit_code == status


def test_with_only_regressions_an_api_that_is_gone_fails(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", seen(), seen(api=OTHER))
    other = write(tmp_path / "b.jsonl", seen(), apis={API: True, OTHER: False})
    said = gate(one, other, "--only-regressions")
    assert said.exit_code == 1
    assert "this API is gone" in said.stdout


# What was expected

EXPECTED = "- api: keras.layers.*\n  change: newly matching\n  reason: It was mended.\n"
VAIN = "- api: keras.ops.*\n  reason: It was mended.\n"


@pytest.fixture
def expected(tmp_path: Path) -> Path:
    return tmp_path / "expected.yaml"


def test_what_was_expected_does_not_fail(before: Path, after: Path, expected: Path) -> None:
    expected.write_text(EXPECTED)
    said = gate(before, after, "--expected", expected)
    assert said.exit_code == 0
    assert "Expected: It was mended." in said.stdout


def test_what_was_expected_in_vain_fails_at_its_place(
    before: Path, after: Path, expected: Path
) -> None:
    expected.write_text(EXPECTED + VAIN)
    said = gate(before, after, "--expected", expected)
    assert said.exit_code == 1
    assert f"{expected}:4:3: a change is expected of keras.ops.*, and there is" in said.stdout


def test_what_was_expected_and_did_not_happen_fails_without_any_change(
    before: Path, expected: Path
) -> None:
    expected.write_text(EXPECTED)
    assert gate(before, before, "--expected", expected).exit_code == 1


def test_an_entry_for_other_versions_is_passed_over(before: Path, expected: Path) -> None:
    expected.write_text(f"{EXPECTED}  versions: '>=3.15'\n")
    assert gate(before, before, "--expected", expected).exit_code == 0


def test_a_malformed_file_of_expected_changes_ends_with_2(
    before: Path, after: Path, expected: Path
) -> None:
    expected.write_text("- {api: a}\n")
    said = gate(before, after, "--expected", expected)
    assert (said.exit_code, said.stderr) == (
        2,
        f"conformance gate: {expected}:1:3: reason is missing\n",
    )


# What cannot be compared


def refusal(*words: object) -> str:
    said = gate(*words)
    assert (said.exit_code, said.stdout) == (2, "")
    return said.stderr


def test_a_run_without_its_footer_cannot_pass(tmp_path: Path, before: Path) -> None:
    path = write(tmp_path / "a.jsonl", *BEGIN, complete=False)
    assert "the run is incomplete" in refusal(before, path)
    assert "the run is incomplete" in refusal(path, before)


def test_another_framework_is_refused(tmp_path: Path, before: Path) -> None:
    other = write(tmp_path / "jax.jsonl", *BEGIN, framework="jax", backend=None)
    assert f"{other} is of jax, and {before} is of keras on torch" in refusal(before, other)


def test_a_framework_without_a_baseline_is_refused(tmp_path: Path, baseline: Path) -> None:
    other = write(tmp_path / "jax.jsonl", *BEGIN, framework="jax", backend=None)
    assert f"{baseline}: no baseline of 'jax', only of keras-jax, keras-torch;" in refusal(
        baseline, other
    )


def test_a_runtime_class_without_a_baseline_is_refused_and_the_others_are_named(
    tmp_path: Path, baseline: Path
) -> None:
    """Nothing is said of the framework: what is different there may be the machine's."""
    other = write(tmp_path / "other.jsonl", *BEGIN, runtime_class="onednn-avx2")
    accepted(tmp_path, "onednn-avx512", baseline)
    assert refusal(baseline, other).startswith(
        f"conformance gate: {baseline}: no baseline of keras-torch for the runtime class"
        " 'onednn-avx2', only for 'onednn-avx512', which may answer otherwise"
        " without any change of keras-torch; `conformance accept RUN... --to"
    )


def accepted(folder: Path, runtime_class: str, to: Path) -> None:
    run = write(folder / f"{runtime_class}.jsonl", *BEGIN, runtime_class=runtime_class)
    assert invoke("accept", run, "--to", to).exit_code == 0


def test_each_runtime_class_is_held_to_its_own_baseline(tmp_path: Path) -> None:
    to = tmp_path / "baselines"
    for runtime_class in ("onednn-avx2", "onednn-avx512"):
        accepted(tmp_path, runtime_class, to)
        done = invoke("gate", to, tmp_path / f"{runtime_class}.jsonl")
        assert done.exit_code == 0
        assert done.output.startswith(f"keras, torch backend, runtime class {runtime_class}, 3.14")
    assert sorted(path.name for path in to.iterdir()) == [
        "keras-torch.onednn-avx2.csv",
        "keras-torch.onednn-avx512.csv",
    ]


def test_a_run_that_knows_no_runtime_class_is_refused_where_baselines_have_one(
    tmp_path: Path,
) -> None:
    accepted(tmp_path, "xla", tmp_path / "baselines")
    old = write(tmp_path / "old.jsonl", *BEGIN)
    assert f"{old}: it does not say in which runtime class it ran" in refusal(
        tmp_path / "baselines", old
    )


def test_runs_of_two_runtime_classes_are_not_held_against_each_other(tmp_path: Path) -> None:
    one, other = (
        write(tmp_path / f"{name}.jsonl", *BEGIN, runtime_class=name) for name in ("eigen", "xla")
    )
    assert f"{other} ran in the runtime class xla, and {one} in eigen" in refusal(one, other)


def test_new_cases_are_counted_and_do_not_fail_the_gate(tmp_path: Path, before: Path) -> None:
    """A baseline of a class that this machine is not of cannot be made again here."""
    after = write(tmp_path / "after.jsonl", *BEGIN, *both(seen("new")))
    done = invoke("gate", before, after)
    assert done.exit_code == 0
    assert "2 answers to new or changed cases not compared." in done.output


def test_other_cases_are_refused(tmp_path: Path, before: Path) -> None:
    other = write(tmp_path / "a.jsonl", seen())
    assert "no case in common" in refusal(before, other)


def test_a_failed_environment_is_refused(tmp_path: Path, before: Path) -> None:
    other = write(tmp_path / "a.jsonl", failure="There is no wheel.")
    assert "nothing was observed: There is no wheel." in refusal(before, other)


EDITS: dict[str, Callable[[list[str]], list[str]]] = {
    "a digest": lambda lines: [line.replace("mismatch of same-7;", "0;") for line in lines],
    "a status": lambda lines: [line.replace(",mismatch", ",match") for line in lines],
    "a version": lambda lines: [line.replace("3.14.1", "3.14.2") for line in lines],
    "its opening": lambda lines: ["x", *lines],
    "a line that is deleted": lambda lines: lines[:-1],
    "a line that is doubled": lambda lines: [*lines, lines[-1]],
    "two lines that change places": lambda lines: [*lines[:-2], lines[-1], lines[-2]],
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_baseline_that_was_edited_by_hand_is_refused(
    baseline: Path, before: Path, edit: Callable[[list[str]], list[str]]
) -> None:
    path = baseline / "keras-torch.csv"
    lines = path.read_text().splitlines(keepends=True)
    assert edit(lines) != lines
    path.write_text("".join(edit(lines)))
    said = refusal(baseline, before)
    assert str(path) in said
    assert f"`conformance accept RUN... --to {baseline}` writes it" in said


@pytest.mark.parametrize("which", ["baseline", "candidate"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, before: Path, which: str) -> None:
    none = tmp_path / "none.jsonl"
    words = (none, before) if which == "baseline" else (before, none)
    assert f"{none}: cannot be read" in refusal(*words)


@pytest.mark.parametrize("which", ["baseline", "candidate", "expected"])
def test_a_file_that_is_not_there_is_named_once(tmp_path: Path, before: Path, which: str) -> None:
    none = tmp_path / "none.jsonl"
    words = {
        "baseline": (none, before),
        "candidate": (before, none),
        "expected": (before, before, "--expected", none),
    }
    assert refusal(*words[which]) == (
        f"conformance gate: {none}: cannot be read: No such file or directory\n"
    )


def test_what_is_no_run_file_is_refused_at_its_line(tmp_path: Path, before: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"kind": "aside"}\n')
    assert f"{path}:1: not a run file: there is no header" in refusal(before, path)


# A part of the baseline

WHOLE = tuple(seen(case, api=api) for case in ("a", "b", "c") for api in (API, OTHER))


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write(tmp_path / "whole.jsonl", *WHOLE)


def part(folder: Path, *observations: Observation, **selection: object) -> Path:
    return write(folder / "part.jsonl", *observations, selection=Selection(**selection))


def test_a_run_of_some_cases_is_held_against_these(tmp_path: Path, whole: Path) -> None:
    run = part(tmp_path, *WHOLE[:2], expression="a")
    said = gate(whole, run)
    assert (said.exit_code, said.stdout) == (0, "")
    assert said.stderr.endswith(
        "nothing changed in 2 of 6 answers of the baseline, selected by -k a.\n"
    )


def test_a_run_of_some_apis_is_held_against_these(tmp_path: Path, whole: Path) -> None:
    own = [o for o in WHOLE if o.api == API]
    said = gate(whole, part(tmp_path, *own, apis=(API,)))
    assert said.exit_code == 0
    assert f"in 3 of 6 answers of the baseline, selected by --api {API}." in said.stderr


def test_a_run_of_ones_own_files_is_held_against_what_is_known(tmp_path: Path, whole: Path) -> None:
    run = part(tmp_path, *WHOLE[:2], seen("mine"), cases=("mine.yaml",))
    said = gate(whole, run)
    assert said.exit_code == 0
    assert "selected by cases mine.yaml" in said.stdout
    assert "is not in the baseline" in said.stdout


def test_a_change_within_the_part_fails(tmp_path: Path, whole: Path) -> None:
    said = gate(whole, part(tmp_path, different("a"), WHOLE[1], expression="a"))
    assert said.exit_code == 1
    assert "among 2 of 6 answers of the baseline, selected by -k a." in said.stdout


def test_what_an_api_of_the_part_was_not_asked_fails(tmp_path: Path, whole: Path) -> None:
    said = gate(whole, part(tmp_path, WHOLE[0], expression="a"))
    assert said.exit_code == 1
    assert "1 case (a) was accepted and not asked" in said.stdout


@pytest.mark.parametrize(("asked", "status"), [(API, 1), (OTHER, 0)])
def test_an_api_that_is_gone_fails_where_it_was_to_be_asked(
    tmp_path: Path, whole: Path, asked: str, status: int
) -> None:
    own = [o for o in WHOLE if o.api == OTHER] if asked == OTHER else []
    selection = Selection(apis=(asked,))
    gone = write(tmp_path / "part.jsonl", *own, selection=selection, apis={API: False, OTHER: True})
    assert gate(whole, gone).exit_code == status


def test_cases_that_nobody_accepted_are_told_how_to_be(tmp_path: Path, whole: Path) -> None:
    run = part(tmp_path, seen("mine"), cases=("mine.yaml",))
    said = refusal(whole, run)
    assert "no case in common" in said
    assert f"it is a run of cases mine.yaml, and `conformance accept {run} --to FOLDER`" in said


def test_a_whole_run_is_held_against_a_baseline_of_a_part(tmp_path: Path, whole: Path) -> None:
    accepted = accept.snapshots([part(tmp_path, *WHOLE[:2], expression="a")])
    accept.write(accepted, tmp_path / "narrow")
    said = gate(tmp_path / "narrow", whole)
    assert (said.exit_code, said.stdout) == (0, "")
    assert "in 2 of 2 answers of the baseline, selected by -k a." in said.stderr


# What is written


def test_a_result_is_written_in_every_form(tmp_path: Path, before: Path, after: Path) -> None:
    files = tmp_path / "gate.md", tmp_path / "gate.xml"
    gate(before, after, "--markdown", files[0], "--junit", files[1])
    assert ["140 cases" in file.read_text() for file in files] == [True, True]


def test_silence_is_written_too(tmp_path: Path, before: Path) -> None:
    files = tmp_path / "gate.md", tmp_path / "gate.xml"
    gate(before, before, "--markdown", files[0], "--junit", files[1])
    assert "nothing changed in 140 answers" in files[0].read_text()
    assert "failure " not in files[1].read_text()


def test_a_trouble_is_written_too(tmp_path: Path, before: Path) -> None:
    files = tmp_path / "gate.md", tmp_path / "gate.xml"
    gate(before, tmp_path / "none", "--markdown", files[0], "--junit", files[1])
    assert ["cannot be read" in file.read_text() for file in files] == [True, True]


def test_a_file_that_cannot_be_written_ends_with_2(tmp_path: Path, before: Path) -> None:
    assert gate(before, before, "--markdown", tmp_path / "none" / "gate.md").exit_code == 2


def test_annotations_stand_at_the_cases_of_the_corpus(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", seen("d2l-basic"))
    other = write(tmp_path / "b.jsonl", different("d2l-basic"))
    said = gate(one, other, "--github").stdout
    assert "::error file=" in said
    assert "d2l.yaml,line=" in said


def test_annotations_stand_at_the_cases_of_ones_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(
        "cases:\n  - id: mine\n    why: It is mine.\n    x: [1, 2]\n    kernel: [1, 10]\n"
    )
    one = write(tmp_path / "a.jsonl", seen("mine"))
    other = write(tmp_path / "b.jsonl", different("mine"), files=("own.yaml", "gone.yaml"))
    assert "::error file=own.yaml,line=2,title=" in gate(one, other, "--github").stdout
    assert "::error file=own.yaml,line=2,title=" in gate(other, one, "--github").stdout


def test_no_annotation_is_printed_where_nothing_changed(before: Path) -> None:
    assert gate(before, before, "--github").stdout == ""


# What it costs


@pytest.mark.parametrize("of", ["baseline", "before"])
def test_a_silent_gate_imports_nothing_heavy(baseline: Path, before: Path, of: str) -> None:
    program = (
        "import sys\n"
        "from conformance.cli.gate import command\n"
        "try:\n"
        "    command(sys.argv[1:])\n"
        "except SystemExit as end:\n"
        "    print(end.code, *sys.modules)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(baseline if of == "baseline" else before), str(before)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    status, *modules = told.stdout.split()
    heavy = {
        "numpy",
        "pandas",
        "pydantic",
        "yaml",
        "rich",
        "jinja2",
        "conformance.conventions.axes",
    }
    assert (status, heavy & set(modules)) == ("0", set())


def test_both_modes_of_a_case_are_two_answers(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", *both(seen()))
    assert "nothing changed in 2 answers" in gate(path, path).stderr
