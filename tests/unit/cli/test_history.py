"""``conformance history`` and ``bisect``: releases of a fake, in environments that a fake makes."""

import platform
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from fakes import drive, installer
from fakes.aged_releases import CASES, PLACE
from fakes.installer import Uv
from history_tables import failed, rows, written

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.app import main
from conformance.history import companions, releases
from conformance.runs import run_files
from conformance.utils import resources

IT = f"Python {platform.python_version()}, NumPy {np.__version__}"
PYTHON = ".".join(platform.python_version_tuple()[:2])
"""The Python that answers in place of those that uv is said to have."""

Run = Callable[..., Result]


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uv:
    """Python 3.11 and 3.9, and releases of ``plain``: 1.4 has wheels for the older one only."""
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    monkeypatch.setattr(companions, "pinned", lambda: {"plain": PLACE})
    releases.uploaded.cache_clear()
    drive.aged()
    uv = installer.pretend(tmp_path, monkeypatch)
    uv.has_pythons(9, 11)
    uv.releases(["0.9", "1.0", "1.1", "1.2", "1.3", "1.4", "1.5"], "--ignore-requires-python")
    uv.releases(["1.0", "1.1", "1.2", "1.3", "1.5"], "3.11")
    uv.releases(["1.0", "1.4"], "3.9")
    uv.say("pip list", [{"name": "plain", "version": "?"}, {"name": "companion", "version": "5.0"}])
    return uv


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    file = tmp_path / "cases.yaml"
    file.write_text(CASES, encoding="utf-8")
    return file


@pytest.fixture
def run(uv: Uv, cases: Path) -> Run:  # noqa: ARG001  # the command needs it
    def ran(*words: str) -> Result:
        line = [*words, "--framework", "torch", "--cases", str(cases)]
        return CliRunner().invoke(main, line, env={"COLUMNS": "200"})

    return ran


def told(result: Result) -> list[str]:
    return [" ".join(line.split()) for line in result.stdout.splitlines() if line.strip()]


# History


def test_it_is_told_until_and_since_when_which_convention_holds(run: Run) -> None:
    ran = run("history", "plain==1.1", "plain==1.3", "plain==1.5")
    assert ran.exit_code == 0, ran.output
    lines = told(ran)
    start = lines.index("plain.ask")
    assert lines[start + 1 : start + 3] == [
        "kernel flip (2 cases) until 1.3 ◆ flipped",
        "from 1.5 = as it stands",
    ]


def test_where_releases_were_passed_over_it_is_told_how_to_find_the_one(run: Run) -> None:
    hint = "`conformance bisect` finds the one that changed a case."
    ran = run("history", "plain==1.1", "plain==1.3", "plain==1.5")
    assert told(ran)[-1] == f"2 releases between these were not asked; {hint}"
    assert "bisect" not in run("history", "plain==1.4", "plain==1.5").stdout


def test_apis_that_changed_alike_are_told_of_once(run: Run) -> None:
    lines = told(run("history", "plain==1.3", "plain==1.5"))
    start = lines.index("plain.ask and plain.new")
    assert lines[start + 1].startswith("kernel flip (2 cases) until 1.3 ◆ flipped")
    assert "plain.new" not in lines


def test_what_did_not_change_is_told_in_one_line(run: Run) -> None:
    lines = told(run("history", "plain==1.4", "plain==1.5"))
    unchanged = "Nothing changed in 3 cases; as the reference has it: kernel flip, dilation, "
    assert lines[lines.index("plain.ask") + 1].startswith(unchanged)


def test_an_api_that_came_is_told(run: Run) -> None:
    lines = told(run("history", "plain==1.1", "plain==1.3"))
    assert lines[lines.index("plain.new") + 1] == "the API itself until 1.1 - not there"


def test_a_range_is_sampled(run: Run) -> None:
    ran = run("history", "plain>=1.3", "--at-most", "2", "-k", "even")
    assert [line for line in told(ran) if "plain 1" in line] == [
        f"plain 1.3 {PYTHON} - 4 companion 5.0",
        f"plain 1.5 {PYTHON} - 4 companion 5.0",
    ]


def line_of(ran: Result, release: str) -> str:
    return next(line for line in told(ran) if line.startswith(f"plain {release} "))


def test_the_python_is_one_that_there_is_a_wheel_for(run: Run, uv: Uv) -> None:
    run("history", "plain==1.4", "plain==1.5")
    venvs = [call["arguments"] for call in uv.calls if call["arguments"][0] == "venv"]
    names = [Path(venv[venv.index("--python") + 1]).name for venv in venvs]
    assert names == ["python3.9", "python3.11"]


def test_other_companions_are_tried_and_told(run: Run, uv: Uv) -> None:
    ran = run("history", "plain==1.0")
    assert line_of(ran, "1.0").endswith(" 6 companion 5.0 *")
    assert "* The pinned companions do not go with it." in told(ran)
    assert [made[made.index("plain==1.0") + 1] for made in uv.made] == [
        "companion==5",
        "companion==5",
        "companion",
    ]


@pytest.mark.parametrize(
    ("release", "why"),
    [
        ("0.9", "not asked: pip finds no wheel of it for a Python that is installed here"),
        ("7.7", "not asked: pip finds no wheel of it for a Python that is installed here"),
        ("1.2", "released by mistake"),
    ],
)
def test_a_release_that_cannot_be_asked_is_a_line_that_says_so(
    run: Run, release: str, why: str
) -> None:
    ran = run("history", f"plain=={release}", "plain==1.5", "-k", "even")
    assert ran.exit_code == 0
    assert why in " ".join(told(ran))


def test_one_that_cannot_be_installed_is_a_line_that_says_so(run: Run, uv: Uv) -> None:
    uv.fail_on("plain==1.3")
    ran = run("history", "plain==1.3", "plain==1.5", "-k", "even")
    assert "not asked: error: No solution found" in line_of(ran, "1.3")


def test_where_nothing_could_be_asked_the_status_says_so(run: Run) -> None:
    assert run("history", "plain==0.9").exit_code == 2


def test_nothing_is_asked_twice(run: Run, uv: Uv) -> None:
    first = told(run("history", "plain==1.0", "plain==1.5"))
    before = len(uv.made)
    assert told(run("history", "plain==1.0", "plain==1.5")) == first
    assert len(uv.made) == before


def test_other_cases_are_another_run(run: Run) -> None:
    run("history", "plain==1.5")
    ran = run("history", "plain==1.5", "-k", "even")
    assert line_of(ran, "1.5") == f"plain 1.5 {PYTHON} - 4 companion 5.0"


def test_the_run_files_are_kept_where_it_is_said(run: Run, tmp_path: Path) -> None:
    run("history", "plain==1.3", "plain==1.5", "--out", str(tmp_path / "out"))
    kept = [run_files.read(path) for path in sorted((tmp_path / "out").iterdir())]
    assert [(one.path.name, one.header.version, one.complete) for one in kept] == [
        ("torch-plain-1.3.jsonl", "1.3", True),
        ("torch-plain-1.5.jsonl", "1.5", True),
    ]


def test_the_same_is_told_in_markdown(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    run("history", "plain==0.9", "plain==1.3", "plain==1.5", "--markdown", str(page))
    lines = page.read_text(encoding="utf-8").splitlines()
    assert f"| plain 1.3 | {PYTHON} | \\- | 12 | companion 5.0 |" in lines
    assert (
        "| kernel flip (2 cases) | until 1.3<br>from 1.5 | **◆ flipped**<br>= as it stands |"
        in lines
    )


@pytest.mark.parametrize("python", ["3.9", "python3.9", "{uv}/python3.9"])
def test_the_python_may_be_named_in_any_way(run: Run, uv: Uv, python: str) -> None:
    ran = run("history", "plain==1.4", "-k", "even", "--python", python.format(uv=uv.folder))
    assert ran.exit_code == 0, ran.output
    (venv,) = (call["arguments"] for call in uv.calls if call["arguments"][0] == "venv")
    assert venv[venv.index("--python") + 1] == str(uv.folder / "python3.9")


def test_a_python_that_no_worker_runs_on_is_refused(run: Run, uv: Uv) -> None:
    uv.has_pythons(7)
    ran = run("history", "plain==1.4", "--python", "3.7")
    assert (ran.exit_code, ran.stderr) == (
        2,
        "conformance history: 3.7 is older than Python 3.8, which workers need at least\n",
    )


def test_a_python_is_downloaded_where_that_is_allowed(run: Run, uv: Uv) -> None:
    uv.has_pythons(11)
    words = ("history", "plain==1.4", "-k", "even", "--python", "3.9")
    assert run(*words).exit_code == 2
    assert run(*words, "--download-python", "--dry-run").exit_code == 0
    assert [c for c in uv.calls if c["arguments"][0] == "python"] == []
    ran = run(*words, "--download-python")
    assert ran.exit_code == 0, ran.output
    assert [c["arguments"][-1] for c in uv.calls if c["arguments"][0] == "python"] == ["3.9"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("plain==1", "other==1"), "plain and other are two packages"),
        (("plain=1",), "'plain=1' is no package with a range"),
        (("other>1",), "no pinned environment has other"),
        (("plain>9",), "no release of 7 is within 'plain>9'"),
        (("plain>1", "--python", "3.12"), "there is no Python 3.12 here; `uv python install 3.12`"),
        (("plain>1", "--python", "3.12"), "; installed are 3.11, 3.9"),
        (("plain>1", "--python", "nothing"), "nothing is not a Python interpreter"),
        (("plain>1", "--python", "/nowhere/python"), "/nowhere/python is not a Python interpreter"),
        (("plain>1", "--with", "x=1"), "'x=1' is no package with a range"),
    ],
)
def test_what_cannot_be_meant_is_told_in_a_sentence(
    run: Run, words: tuple[str, ...], sentence: str
) -> None:
    ran = run("history", *words)
    assert ran.exit_code == 2
    assert ran.stderr.startswith("conformance history: ")
    assert sentence in ran.stderr


# What is downloaded

MB = 10**6
WHEELS = {f"plain==1.{minor}": 12 * MB for minor in range(6)}
WHEELS |= {"companion==5": MB, "companion==4": 50 * MB, "packaging==1": 1000, "setuptools==1": 1000}
REFUSED = (
    "conformance history: 3 downloads, about 25 MB, is more than the 20 MB that --max-download"
    " allows; --max-download 25MB would allow it"
)


@pytest.fixture
def wheels(uv: Uv) -> Uv:
    """Releases of 12 MB each, and a companion of 1 MB, or else of 50."""
    uv.has_wheels(WHEELS)
    return uv


TWO = ("history", "plain==1.3", "plain==1.5", "-k", "even")


@pytest.mark.usefixtures("wheels")
def test_what_is_to_be_downloaded_is_said_before(run: Run) -> None:
    said = run(*TWO).stderr.splitlines()
    assert said[0] == "2 releases to ask at most: 3 downloads, about 25 MB"
    assert said[1] == "plain 1.3 (1 of 2)"


def test_more_than_is_allowed_is_not_downloaded(run: Run, wheels: Uv) -> None:
    ran = run(*TWO, "--max-download", "20MB")
    assert (ran.exit_code, ran.stderr.splitlines()[-1]) == (2, REFUSED)
    assert wheels.made == []


@pytest.mark.parametrize("limit", ["25MB", "0.025 GB", "unlimited"])
def test_what_is_allowed_is_downloaded(run: Run, wheels: Uv, limit: str) -> None:
    assert run(*TWO, "--max-download", limit).exit_code == 0
    assert len(wheels.made) == 2


@pytest.mark.usefixtures("wheels")
def test_what_is_kept_is_not_downloaded_again(run: Run) -> None:
    run(*TWO)
    again = run(*TWO, "--max-download", "0")
    assert again.exit_code == 0
    assert again.stderr.splitlines() == ["plain 1.3 (1 of 2)", "plain 1.5 (2 of 2)"]


def test_the_limit_holds_for_what_was_not_foreseen(run: Run, wheels: Uv) -> None:
    """Release 1.0 does not start beside the companion that is pinned."""
    ran = run("history", "plain==1.0", "--max-download", "20MB")
    assert ran.exit_code == 2
    assert "about 50 MB, after 13 MB before, is more than the 20 MB" in ran.stderr
    assert [words[-1] for words in wheels.made] == ["companion==5", "setuptools"]


@pytest.mark.parametrize("words", ["2", "-1GB", "nan", "much"])
def test_a_limit_that_is_no_size_is_refused(run: Run, words: str) -> None:
    ran = run(*TWO, f"--max-download={words}")
    assert ran.exit_code == 2
    assert "is no size with its unit, such as 500MB or 2GB, nor 'unlimited'" in ran.stderr


def test_a_rehearsal_makes_and_asks_nothing(run: Run, wheels: Uv) -> None:
    run("history", "plain==1.5", "-k", "even")
    wheels.fail_on("plain==1.1")
    before = len(wheels.made)
    words = [f"plain=={version}" for version in ("0.9", "1.2", "1.3", "1.4", "1.5")]
    ran = run("history", *words, "-k", "even", "--dry-run", "--max-download", "1MB")
    assert ran.exit_code == 0
    assert ran.stdout.splitlines() == [
        "plain 0.9: cannot be asked: pip finds no wheel of it for a Python that is installed here",
        "plain 1.2: Python 3.11, 1 download, about 12 MB",
        "plain 1.3: Python 3.11, 1 download, about 12 MB",
        "plain 1.4: Python 3.9, 1 download, about 12 MB",
        "plain 1.5: its run is kept",
        "3 releases to ask at most: 3 downloads, about 36 MB",
    ]
    assert len(wheels.made) == before


def test_a_release_for_which_there_is_no_solution_is_foreseen(run: Run, uv: Uv) -> None:
    uv.has_wheels({"companion==5": MB})
    ran = run(*TWO[:2], "--dry-run")
    line = "plain 1.3: cannot be asked: error: No solution found for plain==1.3"
    assert ran.stdout.splitlines()[0] == line


# Bisect


def test_the_first_release_that_answers_otherwise_is_found(run: Run) -> None:
    ran = run("bisect", "plain>=1.1", "--case", "flip", "--api", "plain.ask")
    assert ran.exit_code == 0, ran.output
    assert "plain 1.4 is the first that answers otherwise than 1.3. 4 of 5 releases asked." in told(
        ran
    )


def test_a_search_begins_where_the_history_has_a_change(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = {"1.1": {"kernel flip": "flipped"}, "1.3": {"kernel flip": "flipped"}}
    choices["1.4"] = {"kernel flip": "as it stands"}
    known = [*rows(choices, api="plain.ask", package="plain")]
    known.append(failed("1.2", "released by mistake", package="plain"))
    monkeypatch.setattr(resources, "HISTORY", written(tmp_path / "history", *known))
    lines = told(run("bisect", "plain>=1.1", "--case", "flip", "--api", "plain.ask"))
    assert lines[:2] == [
        "flip: 4 releases of plain, 1.1 to 1.5",
        "The history has a change between plain 1.3 and 1.4; these are asked first.",
    ]
    sentence = "plain 1.4 is the first that answers otherwise than 1.3. 2 of 4 releases asked."
    assert sentence in lines


def test_both_answers_are_drawn_with_what_explains_them(run: Run) -> None:
    lines = told(run("bisect", "plain>=1.1", "--case", "flip", "--api", "plain.ask"))
    before, after = (lines.index(f"torch {version}, {IT}") for version in ("1.3", "1.4"))
    assert "10* 21* 2* | 1* 12* 20*" in lines[before:after]
    assert "The kernel is read backwards along every axis." in lines[before:after]
    assert "It is the oracle's answer." in lines[after:]


def test_apis_that_changed_alike_are_drawn_once(run: Run) -> None:
    lines = told(run("bisect", "plain>=1.3", "--case", "flip"))
    assert [line for line in lines if line.startswith("plain.")] == [
        "plain.ask and plain.new: different",
        "plain.ask and plain.new: same",
    ]


def test_ends_that_answer_alike_leave_nothing_to_find(run: Run) -> None:
    ran = run("bisect", "plain>=1.1", "--case", "even", "--api", "plain.ask")
    assert ran.exit_code == 1
    assert "plain 1.1 and 1.5 answer alike: there is nothing to find." in ran.stdout


def test_given_ends_may_stand_in_any_order(run: Run) -> None:
    ran = run("bisect", "plain", "--case", "flip", "--good", "1.5", "--bad", "1.3")
    assert "plain 1.4 is the first that answers otherwise than 1.3." in ran.stdout


def test_a_release_that_leaves_it_open_is_named(run: Run) -> None:
    ran = run("bisect", "plain", "--case", "spread", "--good", "1.1", "--bad", "1.3")
    assert ran.exit_code == 0
    assert "Between plain 1.1 and 1.3 the answer changes." in ran.stdout
    assert "It may be plain 1.2: cannot be asked: " in ran.stdout


def test_refused_and_answered_are_other_answers(run: Run) -> None:
    ran = run("bisect", "plain", "--case", "spread", "--api", "plain.ask", "--bad", "1.1")
    assert "plain 1.1 is the first that answers otherwise than 1.0." in ran.stdout


def test_a_search_says_about_what_it_downloads(run: Run, wheels: Uv) -> None:
    ran = run("bisect", "plain>=1.1", "--case", "even", "--dry-run")
    assert ran.exit_code == 0
    assert ran.stdout.splitlines() == [
        "even: 5 releases of plain, 1.1 to 1.5",
        "plain 1.5: Python 3.11, 2 downloads, about 13 MB",
        "plain 1.1: Python 3.11, 2 downloads, about 13 MB",
        "plain 1.3: Python 3.11, 2 downloads, about 13 MB",
        "4 releases to ask at most: 5 downloads, about 49 MB",
    ]
    assert wheels.made == []


def test_a_search_between_two_releases_asks_only_these(run: Run, wheels: Uv) -> None:
    ends = ("--good", "1.3", "--bad", "1.4")
    ran = run("bisect", "plain", "--case", "even", *ends, "--dry-run")
    assert ran.stdout.splitlines()[-1] == "2 releases to ask at most: 3 downloads, about 25 MB"
    assert wheels.made == []


def test_a_search_downloads_no_more_than_is_allowed(run: Run, wheels: Uv) -> None:
    ran = run("bisect", "plain>=1.1", "--case", "even", "--max-download", "20MB")
    assert ran.exit_code == 2
    assert "is more than the 20 MB that --max-download allows" in ran.stderr
    assert wheels.made == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--case", "none"), "there is no case 'none'"),
        (("--case", "even", "--api", "plain.asks"), "there is no API 'plain.asks'"),
        (("--case", "even", "--good", "1.2"), "plain 1.2: cannot be asked: "),
        (("--case", "even", "--good", "0.9"), "pip finds no wheel of it for a Python"),
        (("--case", "even", "--good", "x"), "'plain==x' is no package"),
    ],
)
def test_what_cannot_be_bisected_is_told_in_a_sentence(
    run: Run, words: tuple[str, ...], sentence: str
) -> None:
    ran = run("bisect", "plain", *words)
    assert ran.exit_code == 2
    assert ran.stderr.startswith("conformance bisect: ")
    assert sentence in ran.stderr


def test_where_no_release_can_be_asked_that_is_told(run: Run) -> None:
    ran = run("bisect", "plain<1", "--case", "even")
    assert (ran.exit_code, ran.stderr) == (
        2,
        "conformance bisect: none of 1 release can be asked\n",
    )
