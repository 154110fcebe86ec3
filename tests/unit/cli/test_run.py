"""``conformance run``: a run file whatever happens, and a status that says whether it is one.

A fake stands where PyTorch would, and is asked in workers of its own.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fakes import drive, troubled
from fakes.clock import PATIENCE

from conformance.adapters.registry import FRAMEWORKS, LIBRARIES
from conformance.cases import profile_set
from conformance.cli.app import main
from conformance.runs import run_files
from conformance.runs.selection import Selection
from conformance.runs.worker_limits import WorkerLimits

CASES = """
cases:
  - {id: fine, why: One., x: [1, 2], kernel: [1, 10], topics: [stride]}
  - {id: also-fine, why: Two., x: [1, 3], kernel: [1, 10], stride: 2}
  - {id: nothing-left, why: Three., x: [1, 2], kernel: [1, 10], padding: 2,
     expected: {error: leaves}}
"""

Run = Callable[..., Result]


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    file = tmp_path / "cases.yaml"
    file.write_text(CASES, encoding="utf-8")
    return file


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "new" / "run.jsonl"


@pytest.fixture
def run(tmp_path: Path, cases: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command on the cases above, with a fake for PyTorch, unless something else is said."""
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    drive.fake(tmp_path)

    def ran(*words: str, of: Path = cases, to: Path | None = out) -> Result:
        where = [] if to is None else ["--out", str(to)]
        line = ["run", str(of), "--framework", "torch", *where, *words]
        return CliRunner().invoke(main, line)

    return ran


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


# Complete runs


def test_a_run_is_complete_whatever_it_found(run: Run, out: Path) -> None:
    ran = run()
    assert ran.exit_code == 0, ran.output
    assert run_files.read(out).complete


def test_a_run_observes_every_case_of_every_api_that_is_there(run: Run, out: Path) -> None:
    run()
    observed = {o.key for o in run_files.read(out).observations}
    assert observed == {
        (api, case, mode)
        for api in ("plain.right", "plain.troubled", "plain.backwards")
        for case in ("fine", "also-fine", "nothing-left")
        for mode in ("native", "recipe")
    }


def test_a_run_says_which_apis_are_there(run: Run, out: Path) -> None:
    run()
    apis = run_files.read(out).header.apis
    assert (apis["plain.right"], apis["plain.gone"]) == (True, False)


def test_a_run_says_where_it_is_and_what_it_counted(run: Run, out: Path) -> None:
    ran = run("-k", "fine")
    assert ran.output.splitlines()[-1] == f"{out}: 10 match, 2 mismatch"


def test_a_run_of_apis_that_no_case_is_for_is_refused_and_writes_nothing(
    run: Run, out: Path, cases: Path
) -> None:
    cases.write_text("cases:\n  - {id: up, why: It., op: interpolate, x: [1, 2], stride: 2}\n")
    ran = run("--api", "plain.right")
    assert ran.exit_code == 2
    assert "none of 1 cases asks anything of plain.right" in ran.stderr
    assert not out.exists()


def test_a_run_of_an_api_that_is_not_there_says_that_nothing_is_asked(run: Run, out: Path) -> None:
    ran = run("--api", "plain.gone")
    assert ran.output.splitlines()[-1] == (
        f"{out}: nothing is asked, as no API there is for these cases"
    )


def test_a_refusal_where_there_is_no_answer_is_a_match(run: Run, out: Path) -> None:
    run("-k", "nothing-left", "--api", "plain.right")
    assert {o.status for o in run_files.read(out).observations} == {"match"}


def test_the_footer_comes_last_and_counts(run: Run, out: Path) -> None:
    run("--api", "plain.right")
    *before, last = out.read_bytes().splitlines(keepends=True)
    checksum = hashlib.sha256(b"".join(before)).hexdigest()[:32]
    counts = {"observations": 6, "statuses": {"match": 6}}
    assert json.loads(last) == {"kind": "footer", **counts, "checksum": checksum}


def test_only_the_named_apis_are_asked(run: Run, out: Path) -> None:
    run("--api", "plain.right", "--api", "plain.backwards")
    assert {o.api for o in run_files.read(out).observations} == {"plain.right", "plain.backwards"}


def test_only_the_cases_that_are_meant_are_asked(run: Run, out: Path) -> None:
    run("-k", "stride and not also-fine")
    assert {o.case for o in run_files.read(out).observations} == {"fine"}


def test_of_the_profile_set_the_naive_calls_are_made(
    run: Run, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile_set, "IDS", {"fine", "elsewhere"})
    assert run("--profile").exit_code == 0
    recorded = run_files.read(out)
    assert {(o.case, o.mode) for o in recorded.observations} == {("fine", "native")}
    assert recorded.header.selection is not None
    assert str(recorded.header.selection).endswith("--profile")
    assert run("--profile", "--resume").output.endswith("the run is complete\n")


def test_where_no_case_is_in_the_profile_set_that_is_said(run: Run) -> None:
    assert "none of 3 cases is meant by --profile" in run("--profile").stderr
    words = ("--profile", "-k", "spare")
    assert "none of 3 cases is meant by -k 'spare' and --profile" in run(*words).stderr


def test_side_by_side_finds_the_same(run: Run, out: Path, tmp_path: Path) -> None:
    run()
    run("--jobs", "2", to=tmp_path / "two.jsonl")
    alone, together = (run_files.read(file) for file in (out, tmp_path / "two.jsonl"))
    assert together.complete
    assert sorted(together.observations, key=lambda o: o.key) == sorted(
        alone.observations, key=lambda o: o.key
    )


def test_a_run_has_a_place_of_its_own(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("--api", "plain.right", to=None)
    assert run_files.read(tmp_path / "reports" / "runs" / "torch.jsonl").complete


def test_trouble_is_observed_and_ends_no_run(run: Run, out: Path, tmp_path: Path) -> None:
    number = troubled.FIRST_NUMBER["segfaults"]
    file = tmp_path / "trouble.yaml"
    file.write_text(f"cases:\n  - {{id: one, why: Why., x: [{number}, 2], kernel: [1, 10]}}\n")
    assert run("--api", "plain.troubled", of=file).exit_code == 0
    assert {o.status for o in run_files.read(out).observations} == {"crashed"}


# Runs that could not be


def test_an_unknown_api_is_refused_with_those_that_are_known(run: Run, out: Path) -> None:
    ran = run("--api", "plain.wrong")
    assert ran.exit_code == 2
    known = "plain.right, plain.troubled, plain.backwards, plain.gone"
    assert f"--api: 'plain.wrong' is none of {known}" in ran.output
    assert not out.exists()


def test_how_long_a_start_may_take_is_said(run: Run, out: Path, tmp_path: Path) -> None:
    drive.fake(tmp_path, prelude="import time; time.sleep(1000)")
    ran = run("--startup", "1")
    assert ran.exit_code == 2
    assert "was not ready within 1 s." in ran.output
    assert run_files.read(out).header.failure is not None


@pytest.mark.parametrize("seconds", ["nan", "0", "-1", "inf", "soon"])
def test_a_start_takes_a_number_of_seconds(run: Run, out: Path, seconds: str) -> None:
    ran = run("--startup", seconds)
    assert ran.exit_code == 2
    assert "--startup" in ran.output
    assert not out.exists()


def test_how_long_a_start_may_take_makes_no_other_run() -> None:
    assert str(WorkerLimits(startup=1.0)) == str(WorkerLimits())


def test_a_worker_that_reports_a_mistake_of_ours_ends_its_run_with_a_sentence(
    run: Run, out: Path, tmp_path: Path
) -> None:
    lie = "lying.say(kind='mistake', type='NameError', message='no')"
    drive.fake(tmp_path, prelude=f"from fakes import lying, plain, troubled\nlying.later({lie!r})")
    ran = run("--api", "plain.right")
    assert ran.exit_code == 2
    assert "conformance run: torch: plain.right fine: NameError: no in" in ran.output
    assert "Traceback" not in ran.output
    assert not run_files.read(out).complete


def test_an_unknown_framework_is_refused_with_those_that_are_known() -> None:
    ran = CliRunner().invoke(main, ["run", "--framework", "caffe"])
    assert ran.exit_code == 2
    assert all(f"'{name}'" in ran.output for name in ("caffe", *LIBRARIES))


@pytest.mark.parametrize("expression", ["stride and", "(stride", "1", "backwards"])
def test_an_expression_that_means_no_case_is_refused(run: Run, expression: str) -> None:
    ran = run("-k", expression)
    assert ran.exit_code == 2
    assert f"-k {expression!r}" in ran.output


@pytest.mark.parametrize(
    "words", [("--jobs", "0"), ("--timeout", "0"), ("--timeout", "-1"), ("--memory", "0")]
)
def test_numbers_that_make_no_sense_are_refused(run: Run, words: tuple[str, str]) -> None:
    ran = run(*words)
    assert ran.exit_code == 2
    assert f"'{words[0]}'" in ran.output


def test_wrong_cases_are_told_and_nothing_is_asked(run: Run, out: Path, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("cases:\n  - {id: one, why: Why., x: [1], kernel: [1], stride: 0}\n")
    ran = run(of=file)
    assert ran.exit_code == 2
    assert ran.output.startswith(f"{file}:2:")
    assert not out.exists()


def test_a_missing_interpreter_leaves_a_run_that_says_so(run: Run, out: Path) -> None:
    ran = run("--python", "/nowhere/python")
    sentence = "There is no interpreter /nowhere/python."
    assert ran.exit_code == 2
    assert ran.output == f"conformance run: torch: {sentence}\n"
    assert run_files.read(out).header.failure == sentence


def test_a_missing_framework_leaves_a_run_that_says_so(run: Run, out: Path, tmp_path: Path) -> None:
    drive.fake(tmp_path, prelude="import no_such_framework")
    assert run().exit_code == 2
    assert "no_such_framework" in run_files.read(out).header.failure


def test_without_a_place_for_it_a_failure_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("--python", "/nowhere/python", to=None).exit_code == 2
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("python", [(), ("--python", "/nowhere/python")])
def test_a_place_that_cannot_be_written_to_is_refused_in_a_sentence(
    run: Run, cases: Path, python: tuple[str, ...]
) -> None:
    ran = run(*python, to=cases / "run.jsonl")
    assert ran.exit_code == 2
    assert isinstance(ran.exception, SystemExit)
    assert "run.jsonl" in ran.output or "cases.yaml" in ran.output


def test_an_environment_that_cannot_be_made_leaves_a_run_that_says_so(
    run: Run, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path / "environments"))
    assert run("--with", "plain==1.0").exit_code == 2
    assert run_files.read(out).header.failure.startswith("uv is not installed")


STARTS_ONCE = """
from fakes import plain, troubled
from pathlib import Path
import os
Path(os.environ["FAKE_FOLDER"], "started").touch(exist_ok=False)
"""


def test_what_was_observed_before_a_worker_could_not_be_replaced_is_kept(
    run: Run, out: Path, tmp_path: Path
) -> None:
    drive.fake(tmp_path, prelude=STARTS_ONCE)
    file = tmp_path / "trouble.yaml"
    file.write_text(
        "cases:\n"
        "  - {id: fine, why: One., x: [1, 2], kernel: [1, 10]}\n"
        f"  - {{id: bad, why: Two., x: [{troubled.FIRST_NUMBER['exits']}, 2], kernel: [1, 10]}}\n"
    )
    ran = run("--api", "plain.troubled", of=file)
    assert ran.exit_code == 2
    assert "FileExistsError" in ran.output
    left = run_files.read(out)
    assert not left.complete
    assert {o.case for o in left.observations} == {"fine"}


# What must not be overwritten


def test_what_is_no_run_is_left_as_it_is(run: Run, out: Path) -> None:
    out.parent.mkdir()
    out.write_text("not a run\n", encoding="utf-8")
    ran = run()
    assert ran.exit_code == 2
    assert f"{out}: this is no run file, and would be overwritten" in ran.output
    assert out.read_text(encoding="utf-8") == "not a run\n"


@pytest.mark.parametrize("lines", [('{"kind": "he',), None], ids=["header", "observations"])
def test_the_beginning_of_a_run_is_made_one(
    run: Run, out: Path, lines: tuple[str, ...] | None
) -> None:
    run()
    whole = out.read_bytes()
    kept = lines or [line.decode() for line in whole.splitlines(keepends=True)[:-1]]
    out.write_text("".join(kept), encoding="utf-8")
    assert run().exit_code == 0
    assert out.read_bytes() == whole


# What is there already


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/true"])
def test_a_start_that_fails_leaves_a_run_as_it_was(run: Run, out: Path, python: str) -> None:
    run()
    before = out.read_bytes()
    ran = run("--python", python)
    assert ran.exit_code == 2
    assert ran.output.endswith(f"conformance run: {out} is left as it was\n")
    assert out.read_bytes() == before


def test_a_start_that_fails_leaves_a_run_that_was_stopped(run: Run, out: Path) -> None:
    run()
    stopped = b"".join(out.read_bytes().splitlines(keepends=True)[:-2])
    out.write_bytes(stopped)
    run("--python", "/nowhere/python")
    assert out.read_bytes() == stopped


def test_a_failure_takes_the_place_of_a_failure(run: Run, out: Path) -> None:
    run("--python", "/nowhere/python")
    run("--python", "/nowhere/else")
    assert "/nowhere/else" in str(run_files.read(out).header.failure)


def test_a_start_that_fails_leaves_what_is_no_run(run: Run, out: Path) -> None:
    out.parent.mkdir()
    out.write_text("mine\n", encoding="utf-8")
    run("--python", "/nowhere/python")
    assert out.read_text(encoding="utf-8") == "mine\n"


# What part is asked


@pytest.mark.parametrize(
    ("words", "selection"),
    [
        (("-k", "fine"), Selection(expression="fine")),
        (("--api", "plain.right"), Selection(apis=("plain.right",))),
        ((), Selection()),
    ],
)
def test_a_run_says_which_part_it_was_asked(
    run: Run, out: Path, cases: Path, words: tuple[str, ...], selection: Selection
) -> None:
    run(*words)
    named = replace(selection, cases=(str(cases),))
    assert run_files.read(out).header.selection == named


def test_a_run_of_the_whole_corpus_has_no_selection(
    run: Run, out: Path, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.utils.resources.CASES", cases.parent)
    run(of=cases.parent)
    assert run_files.read(out).header.selection is None


# Interrupts, in a process of its own


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_leaves_what_was_observed_and_no_worker(
    tmp_path: Path, out: Path, jobs: str
) -> None:
    number = troubled.FIRST_NUMBER["holds on"]
    cases = tmp_path / "cases.yaml"
    cases.write_text(
        "cases:\n"
        "  - {id: fine, why: One., x: [1, 2], kernel: [1, 10]}\n"
        "  - {id: also-fine, why: One., x: [1, 3], kernel: [1, 10]}\n"
        f"  - {{id: held, why: Two., x: [{number}, 2], kernel: [1, 10]}}\n"
    )
    options = {"--api": "plain.troubled", "--timeout": PATIENCE, "--jobs": jobs, "--out": out}
    words = [str(word) for option in options.items() for word in option]
    said = drive.interrupted(
        drive.__file__, ["run", str(cases), "--framework", "torch", *words], tmp_path
    )
    assert said.endswith("conformance run: stopped; --resume goes on from there\n")
    run = run_files.read(out)
    assert not run.complete
    assert "held" not in {o.case for o in run.observations}


def test_an_option_of_what_every_run_does_now_is_taken(run: Run, out: Path) -> None:
    assert run("--reuse").exit_code == 0
    assert run_files.read(out).complete
