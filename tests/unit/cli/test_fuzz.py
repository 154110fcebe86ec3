"""``conformance fuzz``: what it prints, writes and ends with, in frameworks with known faults."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fakes import drive, searched
from fakes.frameworks import api
from fakes.searched import faulty

from conformance.adapters.framework import Api
from conformance.adapters.limitation import Limitation
from conformance.adapters.registry import FRAMEWORKS
from conformance.cases import Case, load
from conformance.cli.app import main
from conformance.fuzz import random_search

pytestmark = pytest.mark.usefixtures("shallow_diagnosis")
STOPPED = "conformance fuzz: not everything was asked: it was stopped"

Fuzz = Callable[..., Result]


@pytest.fixture
def fuzz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fuzz:
    """The command in the place of PyTorch: a few questions of a seed, two of them dilated."""
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])

    def ran(*words: str, of: tuple[Api, ...] = (api(), faulty("wrong")), **rest: Any) -> Result:
        framework = searched.plain(tmp_path, *of)
        FRAMEWORKS["torch"] = replace(framework, **rest)
        line = ["fuzz", "--framework", "torch", "--seed", "2805", "--op", "conv_transpose"]
        return CliRunner().invoke(main, [*line, "--count", "6", *words])

    return ran


def cases(text: str, folder: Path) -> tuple[Case, ...]:
    file = folder / "printed.yaml"
    file.write_text(text, encoding="utf-8")
    loaded = load([file])
    assert loaded.problems == ()
    return loaded.cases


# How it ends


def test_it_ends_well_where_nothing_fails(fuzz: Fuzz) -> None:
    ran = fuzz(of=(api(), api(id="plain.flipping", flips=True)))
    assert ran.exit_code == 0, ran.output
    assert ran.stdout == ""


def test_a_recipe_that_fails_is_an_error(fuzz: Fuzz) -> None:
    assert fuzz().exit_code == 1


def test_a_recipe_that_is_refused_is_an_error(fuzz: Fuzz) -> None:
    ran = fuzz("--count", "12", of=(faulty("refuses"),))
    assert ran.exit_code == 1
    assert "Recipes that are refused" in ran.stderr


def test_a_recipe_that_is_known_not_to_be_is_none(fuzz: Fuzz) -> None:
    known = Limitation("it takes no kernel", lambda _: True)
    ran = fuzz("--count", "12", of=(replace(api(), limits=(known,)),))
    assert ran.exit_code == 0
    assert "Recipes that cannot be written" in ran.stderr


def test_a_native_call_that_fails_is_none(fuzz: Fuzz) -> None:
    ran = fuzz(of=(faulty("wrong", recipe=api().recipe),))
    assert ran.exit_code == 0
    assert "Native calls that no convention explains" in ran.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--python", "/nowhere/python"), "There is no interpreter /nowhere/python."),
        (("--api", "plain.missing"), "there is no such API"),
        (("--api", "plain.wrong", "--op", "interpolate"), ""),
        (("--backend", "jax"), "Plain has no backends to choose from, got 'jax'"),
        (("--count", "0"), "--count"),
        (("--api", "no.such"), "'no.such' is none of"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    fuzz: Fuzz, words: tuple[str, ...], said: str
) -> None:
    ran = fuzz(*words, of=(faulty("wrong"), api(id="plain.missing", exists="plain.nothing")))
    assert ran.exit_code == (1 if "interpolate" in words else 2)
    assert said in ran.stderr


def test_operators_that_nobody_answers_are_not_drawn(fuzz: Fuzz) -> None:
    ran = fuzz("--op", "conv", of=(api(),))
    assert "6 questions" in ran.stderr


# What it prints


def test_the_cases_are_all_that_is_printed_on_standard_output(fuzz: Fuzz, tmp_path: Path) -> None:
    (case,) = cases(fuzz().stdout, tmp_path)
    assert case.id == "fuzz-torch-2805-0"
    assert case.topics == ("stride", "dilation")


def test_a_case_says_why_it_is_there(fuzz: Fuzz, tmp_path: Path) -> None:
    (case,) = cases(fuzz().stdout, tmp_path)
    assert case.why.startswith("plain.wrong, mismatch recipe: No known convention.")


def test_a_case_says_how_often_it_was_met(fuzz: Fuzz) -> None:
    assert "# 2 of 6 questions, such as 0." in fuzz().stdout


def test_the_same_seed_prints_the_same(fuzz: Fuzz) -> None:
    assert fuzz().stdout == fuzz().stdout


def test_groups_are_shown_with_their_counts(fuzz: Fuzz) -> None:
    row = next(line for line in fuzz().stderr.splitlines() if "plain.wrong" in line)
    assert row.split()[:4] == ["2", "plain.wrong", "recipe", "mismatch"]


def test_the_last_lines_count_questions_and_verdicts(fuzz: Fuzz) -> None:
    *_, questions, verdicts = fuzz().stderr.splitlines()
    assert questions.startswith("torch 1.0: 6 questions, ")
    assert verdicts == "10 same, 2 different"


def test_one_question_of_several_apis_is_one_case(fuzz: Fuzz, tmp_path: Path) -> None:
    twin = replace(faulty("wrong"), id="plain.wrong_too")
    (case,) = cases(fuzz(of=(faulty("wrong"), twin)).stdout, tmp_path)
    assert case.why.startswith("plain.wrong and plain.wrong_too, mismatch recipe:")


def test_cases_go_into_a_file(fuzz: Fuzz, tmp_path: Path) -> None:
    file = tmp_path / "new" / "found.yaml"
    ran = fuzz("--out", str(file))
    assert ran.stdout.splitlines()[-1] == str(file)
    assert len(load([file]).cases) == 1


def test_where_nothing_was_found_there_is_no_file(fuzz: Fuzz, tmp_path: Path) -> None:
    file = tmp_path / "found.yaml"
    fuzz("--out", str(file), of=(api(),))
    assert not file.exists()


def test_a_refused_recipe_is_a_case_if_it_is_said(fuzz: Fuzz, tmp_path: Path) -> None:
    assert fuzz(of=(faulty("refuses"),)).stdout == ""
    (case,) = cases(fuzz("--refused", "--count", "12", of=(faulty("refuses"),)).stdout, tmp_path)
    assert case.topics == ("groups",)


# Ends that come early


STARTS_TWICE = """
from fakes import plain, faulty
from pathlib import Path
import os
for name in ("first", "second"):
    try:
        Path(os.environ["FAKE_FOLDER"], name).touch(exist_ok=False)
        break
    except FileExistsError:
        pass
else:
    raise RuntimeError("no third time")
"""


def test_what_was_found_before_a_worker_could_not_be_replaced_is_told(fuzz: Fuzz) -> None:
    ran = fuzz("--seed", "11", of=(faulty("wrong"), faulty("exits")), prelude=STARTS_TWICE)
    assert ran.exit_code == 2
    assert "no third time" in ran.stderr
    assert "not everything was asked:" in ran.stderr
    assert "plain.wrong" in ran.stderr


def test_an_interrupt_leaves_what_was_found(
    fuzz: Fuzz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random_search, "ask", _and_then(random_search.ask))
    ran = fuzz()
    assert ran.exit_code == 2
    assert ran.stderr.splitlines()[-1] == STOPPED
    assert {case.id for case in cases(ran.stdout, tmp_path)} == {
        "fuzz-torch-2805-0",
        "fuzz-torch-2805-2",
    }
    assert "As it was drawn." in ran.stdout


def test_an_interrupt_while_shrinking_leaves_what_was_found(
    fuzz: Fuzz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random_search, "shrink_findings", lambda *_: _interrupted())
    ran = fuzz()
    assert ran.exit_code == 2
    assert len(cases(ran.stdout, tmp_path)) == 2


def _and_then(work: Callable[..., None]) -> Callable[..., None]:
    def interrupted(*words: Any, **options: Any) -> None:
        work(*words, **options)
        _interrupted()

    return interrupted


def _interrupted() -> Any:
    raise KeyboardInterrupt


def test_an_interrupt_leaves_no_worker(tmp_path: Path) -> None:
    words = ["--framework", "torch", "--seed", "2805", "--op", "conv_transpose", "--count", "20"]
    assert drive.interrupted(searched.__file__, ["fuzz", *words], tmp_path).endswith(f"{STOPPED}\n")
