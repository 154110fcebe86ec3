"""``conformance findings``: what it prints and ends with, on pages of a framework that is here."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fakes import pythons as fake_pythons
from findings_pages import RIGHT, SEEN, add_json, entry, script
from findings_pages import page as written

from conformance.cli.app import main
from conformance.cli.findings import command
from conformance.environments import definitions
from conformance.environments.definitions import Environment
from conformance.findings import page

Findings = Callable[..., Result]


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> Findings:
    """The command on a page of these entries, in this interpreter of the class ``here``."""

    def ran(*entries: str, words: tuple[str, ...] = (), **rest: Any) -> Result:
        add_json(monkeypatch, **rest)
        (choice,) = (p.type for p in command.params if p.name == "framework")
        monkeypatch.setattr(choice, "choices", tuple(dict.fromkeys((*choice.choices, "json"))))
        monkeypatch.setattr(page, "entries", lambda: page.parse(written(*entries)))
        words = words or ("--framework", "json", "--python", sys.executable)
        return CliRunner().invoke(main, ["findings", *words])

    return ran


def prints(numbers: str) -> str:
    return f"import json\nprint(json.loads('{numbers}'))\n"


# What it says


def test_a_bug_that_shows_is_said_to(findings: Findings) -> None:
    ran = findings(entry())
    assert ran.exit_code == 0, ran.output
    line = f"  shows here           {sys.executable}: json 1.0, here"
    assert ran.stdout.splitlines() == ["A title", line]


def test_entries_are_said_in_the_order_of_the_page(findings: Findings) -> None:
    ran = findings(entry("First"), entry("Second"), entry("Third"))
    titles = [line for line in ran.stdout.splitlines() if not line.startswith(" ")]
    assert titles == ["First", "Second", "Third"]


def test_an_entry_of_another_framework_is_left_out(findings: Findings) -> None:
    seen = "- Seen with torch 2.0 in `native`."
    ran = findings(entry("Ours"), entry("Another", seen=seen, body=script("import torch\n")))
    assert "Another" not in ran.output


def test_a_class_that_is_not_here_is_said(findings: Findings) -> None:
    ran = findings(entry(body=script(prints(RIGHT))), runtime_class="elsewhere")
    assert ran.exit_code == 0
    assert "  not here             it was seen in here, with json==1.0" in ran.stdout


def test_what_a_script_printed_otherwise_is_shown_as_text(findings: Findings) -> None:
    source = "import json\nprint('\\x1b[1m', 'bold')\n"
    ran = findings(entry(body=script(source)), runtime_class="elsewhere")
    assert ran.exit_code == 0
    assert "ends otherwise here" in ran.stdout
    assert "\\x1b[1m bold" in ran.stdout


def test_what_an_interpreter_says_of_itself_is_shown_as_text(findings: Findings) -> None:
    ran = findings(entry(), version=r"'1.0\x1b[1m'")
    assert ran.exit_code == 2
    assert r"'1.0\x1b[1m'" in ran.stderr
    assert "\x1b" not in ran.output


# How it ends


@pytest.mark.parametrize(
    ("numbers", "runtime_class", "status"),
    [
        ("[1, 2]", "here", 0),
        (RIGHT, "here", 1),
        ("[3]", "here", 1),
        ("[1, 2]", "there", 1),
        (RIGHT, "there", 0),
        ("[3]", "there", 0),
        ("[1, 2]", "elsewhere", 0),
        (RIGHT, "elsewhere", 0),
    ],
)
def test_only_what_the_page_says_of_the_class_can_be_wrong(
    findings: Findings, numbers: str, runtime_class: str, status: int
) -> None:
    ran = findings(entry(body=script(prints(numbers))), runtime_class=runtime_class)
    assert ran.exit_code == status, ran.output


def test_what_is_wrong_on_the_page_is_a_sentence(findings: Findings) -> None:
    ran = findings(entry(body=script(prints(RIGHT))))
    assert ran.stderr.splitlines() == [
        f"conformance findings: A title: does not show here ({sys.executable}: json 1.0, here),"
        f" and docs/findings.md says that it does. The script printed: {RIGHT}"
    ]


def test_a_backend_that_is_not_known_is_a_sentence(findings: Findings) -> None:
    """Nobody asked for it: it is what is set up there."""
    ran = findings(entry(), backend="'abacus'")
    assert (ran.exit_code, ran.stderr.count("\n")) == (2, 1)
    assert "the backend of its framework must be nothing, got 'abacus'" in ran.stderr


def test_nothing_is_expected_of_other_versions(findings: Findings) -> None:
    ran = findings(entry(seen=SEEN.replace("1.0", "0.1 to 0.9"), body=script(prints(RIGHT))))
    assert ran.exit_code == 0
    assert "does not show here" in ran.stdout


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (entry(seen="Nothing."), (), "docs/findings.md:5: A title: it does not begin with"),
        (
            entry(),
            ("--framework", "json", "--python", "/nowhere/python"),
            "not looked for: There is no interpreter /nowhere/python.",
        ),
    ],
)
def test_what_cannot_be_looked_for_is_a_sentence(
    findings: Findings, text: str, words: tuple[str, ...], said: str
) -> None:
    ran = findings(text, words=words)
    assert (ran.exit_code, ran.stderr.count("\n")) == (2, 1)
    assert said in ran.stderr


@pytest.mark.parametrize(("flags", "status"), [((), 2), (("--skip-missing-interpreters",), 0)])
def test_a_missing_python_counts_unless_it_may_be_missing(
    findings: Findings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str, ...],
    status: int,
) -> None:
    fake_pythons.isolate(tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setattr(definitions, "program", lambda: "uv")
    ran = findings(entry(), words=("--environment", "mxnet", *flags))
    assert ran.exit_code == 0, "no entry is looked for in it"
    seen, body = "- Seen with mxnet 1.9.1 in `onednn`.", script("import mxnet\n")
    ran = findings(entry(seen=seen, body=body), words=("--environment", "mxnet", *flags))
    assert ran.exit_code == status, ran.output
    assert "mxnet: not looked for: " in ran.stderr


# Where it looks


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Environment]:
    """The environments that are to be made; each is this interpreter instead."""
    wanted: list[Environment] = []

    def build(environment: Environment) -> Path:
        wanted.append(environment)
        return Path(sys.executable)

    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setattr(definitions, "build", build)
    return wanted


def pins(of: list[Environment], *packages: str) -> list[list[str]]:
    return [
        [pin for pin in environment.pins if pin.partition("==")[0] in packages]
        for environment in of
    ]


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A pinned environment of the framework, at version 1.0 beside another package."""
    here = Environment(framework="json", pins=("json-cpu==1.0", "numpy==2.0"), python="3.11")
    pinned = dict(definitions.pinned())
    monkeypatch.setattr(definitions, "pinned", lambda: {**pinned, "torch": here})
    return pinned


@pytest.mark.usefixtures("old")
def test_the_pinned_versions_are_looked_at_as_pinned(
    findings: Findings, made: list[Environment]
) -> None:
    ran = findings(entry(), words=("--environment", "torch"))
    assert ran.exit_code == 0, ran.output
    assert pins(made, "json-cpu") == [["json-cpu==1.0"]]
    assert "torch: json 1.0, here" in ran.stdout


@pytest.mark.usefixtures("old")
def test_other_versions_get_environments_of_their_own(
    findings: Findings, made: list[Environment]
) -> None:
    """One for the first and one for the last, beside what is pinned."""
    seen = SEEN.replace("1.0", "0.8 to 0.9")
    ran = findings(entry("First", seen=seen), entry(seen=seen), words=("--environment", "torch"))
    assert ran.exit_code == 0, ran.output
    assert pins(made, "json-cpu", "numpy") == [
        ["json-cpu==0.8", "numpy==2.0"],
        ["json-cpu==0.9", "numpy==2.0"],
    ]
    assert ran.stdout.count("torch, other versions: json 1.0, here") == 4


@pytest.mark.usefixtures("old")
def test_with_another_pin_everything_is_looked_for_there(
    findings: Findings, made: list[Environment]
) -> None:
    words = ("--environment", "torch", "--with", "json-cpu==1.1")
    ran = findings(entry("First"), entry(seen=SEEN.replace("1.0", "0.9")), words=words)
    assert ran.exit_code == 0, ran.output
    assert pins(made, "json-cpu") == [["json-cpu==1.1"]]
    assert ran.stdout.count("torch: json 1.0, here") == 2


def test_every_sighting_has_a_pinned_environment() -> None:
    """Or else nobody would ever look for it again."""
    of = {
        f"{one.framework}-{one.backend}" if one.backend else one.framework
        for one in definitions.pinned().values()
    }
    assert {seen.name for one in page.entries() for seen in one.sightings} <= of
