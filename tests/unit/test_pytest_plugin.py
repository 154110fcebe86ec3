"""Cases as tests: what a run observes is what pytest shows, by a name that one can select.

A fake stands where PyTorch would; pytest is run as a process of its own, with nothing but the
plugin, so that it makes no difference what else is installed.
"""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from fakes import drive, troubled

from conformance import pytest_items
from conformance.adapters.registry import FRAMEWORKS
from conformance.runs import calls, run_files

pytest_plugins = ["pytester"]

PRELUDE = """
import os
with open(os.environ["FAKE_FOLDER"] + "/started", "a") as file:
    file.write(".")
from fakes import plain, troubled
"""
CONFTEST = f"""
import os
from fakes import drive

os.environ.pop(drive.COVERAGE, None)
drive.fake(os.environ["FAKE_FOLDER"], {PRELUDE!r})
"""
FINE = """
cases:
  - {id: fine, why: One., x: [1, 2], kernel: [1, 10], topics: [stride], claims: [D4]}
  - {id: even, why: Two., x: [1, 3], kernel: [1, 1], stride: 2, op: conv_transpose}
"""
TROUBLE = """
cases:
  - {id: nothing-left, why: Three., x: [1, 2], kernel: [1, 10], padding: 2,
     expected: {error: leaves}}
"""
for name in ("refuses", "segfaults", "answers NaN", "answers in another shape"):
    case_id, number = name.replace(" ", "-").lower(), troubled.FIRST_NUMBER[name]
    TROUBLE += f"  - {{id: {case_id}, why: It is., x: [{number}, 1], kernel: [1, 10]}}\n"
Inside = Callable[..., pytest.RunResult]
OUR = ("-p", "conformance.pytest_plugin")
FAKE = ("--conformance-framework", "torch")


@dataclass(frozen=True)
class Ran:
    """What a pytest process said, and how each test went, by its name."""

    status: int
    output: str
    tests: Mapping[str, ET.Element]

    def outcome(self, name: str) -> str:
        test = self.tests[name]
        tags = {"failure": "failed", "error": "error", "skipped": "skipped"}
        return next((tags[part.tag] for part in test if part.tag in tags), "passed")

    def words(self, name: str) -> str:
        return "".join(part.text or "" for part in self.tests[name])

    def property(self, name: str, key: str) -> str | None:
        found = self.tests[name].findall(f"properties/property[@name='{key}']")
        return found[0].get("value") if found else None


def ran(home: Path, *words: str, plugins: tuple[str, ...] = OUR) -> Ran:
    quiet = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    told = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "--junitxml", "junit.xml", *words],
        cwd=home,
        env={**drive.variables(home), **quiet},
        capture_output=True,
        text=True,
    )
    file = home / "junit.xml"
    found = ET.parse(file).iter("testcase") if file.exists() else ()
    tests = {f"{test.get('classname')}.{test.get('name')}": test for test in found}
    return Ran(told.returncode, told.stdout + told.stderr, tests)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cases that go well and cases that do not."""
    made = tmp_path_factory.mktemp("plugin")
    (made / "conftest.py").write_text(CONFTEST)
    (made / "inner").mkdir()
    (made / "inner" / "fine.yaml").write_text(FINE)
    (made / "inner" / "trouble.yaml").write_text(TROUBLE)
    return made


@pytest.fixture(scope="module")
def both(home: Path) -> Ran:
    """Every case in both modes."""
    return ran(home, *FAKE, "--conformance-mode", "both", "-rs", "inner")


@pytest.fixture
def inside(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inside]:
    """Runs pytest in this process, which is sooner done, on the cases that go well."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:cacheprovider")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    assert pytest_items  # imported before, as pytester forgets what is imported inside
    pytester.path.joinpath("fine.yaml").write_text(FINE)
    with patch.dict(FRAMEWORKS):
        drive.fake(pytester.path, PRELUDE)
        yield lambda *words: pytester.runpytest_inprocess(*OUR, "-v", *words)


def names(result: pytest.RunResult) -> list[str]:
    """The tests that there were, by their ids."""
    return [line.split()[0] for line in result.outlines if re.match(r"\S+::\S+ [A-Z]+ ", line)]


# What is a test, and what comes of it


def test_a_recipe_that_gives_the_oracles_answer_passes(both: Ran) -> None:
    assert both.outcome("inner.fine.yaml.fine.plain.backwards.recipe") == "passed"


def test_a_native_call_that_means_something_else_fails(both: Ran) -> None:
    assert both.outcome("inner.fine.yaml.fine.plain.backwards.native") == "failed"


def test_a_failure_names_the_convention(both: Ran) -> None:
    said = both.words("inner.fine.yaml.fine.plain.backwards.native")
    assert "The kernel is read backwards along every axis." in said


def test_a_failure_shows_the_call_and_the_case(both: Ran) -> None:
    said = both.words("inner.fine.yaml.fine.plain.backwards.native")
    assert "y = plain.ask('conv_transpose', x, w" in said
    assert said.startswith("inner/fine.yaml:3:")
    assert "Traceback" not in said


def test_a_failure_says_how_to_see_it_alone(both: Ran) -> None:
    said = both.words("inner.fine.yaml.fine.plain.backwards.native")
    command = "conformance repro fine --cases inner/fine.yaml --api plain.backwards --mode native"
    assert command in said


@pytest.mark.parametrize(
    ("case", "outcome"),
    [
        ("refuses", "skipped"),
        ("segfaults", "failed"),
        ("answers-nan", "failed"),
        ("answers-in-another-shape", "failed"),
    ],
)
def test_a_refusal_is_a_fact_and_other_trouble_a_failure(
    both: Ran, case: str, outcome: str
) -> None:
    assert both.outcome(f"inner.trouble.yaml.{case}.plain.troubled.recipe") == outcome


def test_a_skipped_test_says_why_and_where(both: Ran) -> None:
    said = "inner/trouble.yaml:5: rejected: It refused: ValueError: such an x is not supported."
    assert said in both.output


def test_an_api_that_this_version_lacks_is_skipped(both: Ran) -> None:
    assert both.outcome("inner.fine.yaml.fine.plain.gone.recipe") == "skipped"
    assert "not in Plain 1.0" in both.output


def test_a_refusal_where_there_is_no_answer_passes(both: Ran) -> None:
    assert both.outcome("inner.trouble.yaml.nothing-left.plain.right.recipe") == "passed"


def test_statuses_are_those_of_a_run(both: Ran, home: Path) -> None:
    words = ["run", "--framework", "torch", "--out", "run.jsonl", "inner"]
    subprocess.run(
        [sys.executable, "-m", "fakes.drive", *words],
        cwd=home, env=drive.variables(home), check=True, capture_output=True,
    )  # fmt: skip
    observed = {o.key: o.status for o in run_files.read(home / "run.jsonl").observations}
    files = {case: "trouble" if "trouble" in name else "fine" for name, case in cases(both)}
    shown = {
        (api, case, mode): both.property(f"inner.{files[case]}.yaml.{case}.{api}.{mode}", "status")
        for api, case, mode in observed
    }
    assert shown == observed
    gone = [name for name in both.tests if "plain.gone" in name]
    assert len(both.tests) == len(observed) + len(gone)


def cases(of: Ran) -> list[tuple[str, str]]:
    return [(name, name.split(".")[3]) for name in of.tests]


def test_only_recipes_are_asked_unless_it_is_said(inside: Inside) -> None:
    asked = names(inside(*FAKE, "fine.yaml"))
    assert len(asked) == 8
    assert {name.rpartition("::")[2] for name in asked} == {"recipe"}


# Which tests


@pytest.mark.parametrize(
    "expression", ["fine and right and not even", "stride and right", "D4 and plain.right"]
)
def test_tests_are_selected_by_names_topics_and_claims(inside: Inside, expression: str) -> None:
    # "fine" is in the name of the file, too.
    found = inside(*FAKE, "-k", expression, "fine.yaml")
    assert names(found) == ["fine.yaml::fine::plain.right::recipe"]


def test_a_test_is_selected_by_its_id(inside: Inside) -> None:
    name = "fine.yaml::even::plain.backwards::recipe"
    assert names(inside(*FAKE, name)) == [name]


def test_only_the_named_apis_are_tests(inside: Inside) -> None:
    found = inside(*FAKE, "--conformance-api", "plain.right", ".")
    assert names(found) == [f"fine.yaml::{case}::plain.right::recipe" for case in ("fine", "even")]


def test_without_a_framework_no_file_is_a_test(inside: Inside) -> None:
    assert inside(".").ret == pytest.ExitCode.NO_TESTS_COLLECTED


# Processes


def test_nobody_is_started_to_collect(inside: Inside, pytester: pytest.Pytester) -> None:
    found = inside(*FAKE, "--collect-only", "-qq", "fine.yaml")
    assert "fine.yaml::fine::plain.right::recipe" in found.outlines
    assert not (pytester.path / "started").exists()


def test_one_worker_is_asked_everything(inside: Inside, pytester: pytest.Pytester) -> None:
    inside(*FAKE, "fine.yaml")
    assert (pytester.path / "started").read_text() == "."


def test_a_call_that_both_modes_write_is_made_once(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    really = calls.run_one
    monkeypatch.setattr(calls, "run_one", lambda e, item: asked.append("") or really(e, item))
    words = ("--conformance-mode", "both", "--conformance-api", "plain.right", "fine.yaml")
    assert len(names(inside(*FAKE, *words))) == 4
    assert len(asked) == 2


def test_processes_share_the_tests_and_have_a_worker_each(both: Ran, home: Path) -> None:
    (home / "started").unlink()
    words = ("--conformance-mode", "both", "-n", "2", "inner/fine.yaml")
    shared = ran(home, *FAKE, *words, plugins=("-p", "xdist.plugin", *OUR))
    fine = [name for name in both.tests if ".fine.yaml." in name]
    assert outcomes(shared) == {name: both.outcome(name) for name in fine}
    assert (home / "started").read_text() in (".", "..")


def outcomes(of: Ran) -> dict[str, str]:
    return {name: of.outcome(name) for name in of.tests}


# What cannot be


def test_what_is_wrong_with_a_file_is_told_at_its_place(
    inside: Inside, pytester: pytest.Pytester
) -> None:
    (pytester.path / "wrong.yaml").write_text(FINE.replace("stride: 2", "stride: 0"))
    found = inside(*FAKE, "wrong.yaml")
    assert found.ret == pytest.ExitCode.INTERRUPTED
    assert "wrong.yaml:4:62: even: stride must be at least 1 per axis, got 0" in found.outlines


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--conformance-framework", "tor"), "must be one of aesara, chainer, "),
        ((*FAKE, "--conformance-api", "plain.wrong"), "must be one of plain.right, "),
        ((*FAKE, "--conformance-timeout", "0"), "must be more than 0 and at most 604800, got 0"),
        ((*FAKE, "--conformance-timeout", "nan"), "at most 604800, got nan"),
        ((*FAKE, "--conformance-startup", "inf"), "at most 604800, got inf"),
    ],
)
def test_what_cannot_be_meant_is_refused(inside: Inside, words: tuple[str, ...], why: str) -> None:
    found = inside(*words, "fine.yaml")
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    assert why in found.stderr.str()


def test_where_nobody_is_to_be_asked_it_ends_at_once(inside: Inside) -> None:
    found = inside(*FAKE, "--conformance-python", "/nowhere/python", "fine.yaml")
    found.assert_outcomes(failed=1)
    assert "Plain cannot be asked: There is no interpreter /nowhere/python." in found.outlines


def test_the_plugin_imports_nothing_that_others_have_to_wait_for() -> None:
    program = "import sys, pytest, conformance.pytest_plugin\nprint(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", program],
        env=drive.variables(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    ours: Any = {name for name in told.stdout.split() if name.startswith("conformance")}
    assert ours == {"conformance", "conformance.pytest_plugin"}
    assert "numpy" not in told.stdout.split()


# YAML files that hold no cases

STRANGERS = {
    "compose.yaml": "services: {web: {image: nginx}}\n",
    "nothing.yaml": "",
    "broken.yaml": "a: [1, 2\n",
    "binary.yaml": "\x00\xff",
    "list.yml": "- 1\n- 2\n",
    "several.yaml": "---\na: 1\n---\nb: 2\n",
    "template.yaml": "{{ if .Values.on }}\nname: x\n{{ end }}\n",
    "tagged.yaml": "!Ref thing\n",
    "cases of others.yaml": "cases:\n  - {name: Smith v Jones, x: 3}\n  - 5\n",
    "a number of cases.yaml": "cases: 12\n",
}


def test_a_yaml_file_in_a_folder_that_holds_no_cases_is_passed_over(
    inside: Inside, pytester: pytest.Pytester
) -> None:
    for name, text in STRANGERS.items():
        pytester.path.joinpath(name).write_text(text, encoding="latin-1")
    pytester.path.joinpath("unreadable.yaml").symlink_to("nowhere.yaml")
    result = inside(*FAKE, ".")
    assert names(result) == names(inside(*FAKE, "fine.yaml"))


@pytest.mark.parametrize("name", ["compose.yaml", "nothing.yaml", "broken.yaml", "list.yml"])
def test_a_yaml_file_that_is_named_is_told_what_it_lacks(
    inside: Inside, pytester: pytest.Pytester, name: str
) -> None:
    pytester.path.joinpath(name).write_text(STRANGERS[name])
    result = inside(*FAKE, name)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([f"{name}:*"])


@pytest.mark.parametrize(
    "text",
    [
        "cases:\n  - {id: one, why: A., x: [1], kernel: [1], stride: 0}\n",
        "cases:\n  - {x: [1], kernel: [1]}\n",
        "cases:\n  - id: one\n    x: [1\n    kernel: [1]\n",
    ],
)
def test_a_case_file_in_a_folder_that_is_wrong_is_told(
    inside: Inside, pytester: pytest.Pytester, text: str
) -> None:
    pytester.path.joinpath("wrong.yaml").write_text(text)
    result = inside(*FAKE, ".")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["wrong.yaml:*"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--conformance-timeout", "nan"), "*--conformance-timeout must be more than 0*got nan*"),
        (("--conformance-timeout", "inf"), "*--conformance-timeout must be more than 0*got inf*"),
        (("--conformance-backend", "jax"), "*Plain has no backends to choose from, got 'jax'*"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    inside: Inside, words: tuple[str, ...], said: str
) -> None:
    result = inside(*FAKE, *words, "fine.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])
