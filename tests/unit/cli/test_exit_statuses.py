"""What every command ends with: each documented status, and never 1 where something broke."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import findings_pages
import pytest
from click.testing import CliRunner, Result
from fakes import drive, installer, searched
from fakes.frameworks import api
from fakes.searched import faulty
from gate_runs import different, seen, write
from history_tables import END, START, odd, rows, written

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.registry import FRAMEWORKS
from conformance.adapters.runtime import Runtime
from conformance.cases import load
from conformance.cli import app, exit_status
from conformance.cli.app import COMMANDS, main
from conformance.cli.exit_status import MISTAKE, STATUSES
from conformance.environments.definitions import Environment
from conformance.history import companions, releases
from conformance.runs import evaluation, plan
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Header, writing
from conformance.utils import resources
from conformance.workers.outcomes import Answer, Refusal

PATIENCE = 60  # seconds that nothing takes on a loaded machine
RIGHT = """
cases:
  - {id: fine, why: One., x: [1, 2], kernel: [1, 10], stride: 2}
  - {id: even, why: Two., x: [1, 2], kernel: [1, 1]}
"""
WRONG = "cases:\n  - {id: fine, why: One., x: [1, 2], kernel: [1, 10], stride: 0}\n"
PLACE = Environment(framework="torch", pins=("plain==1.5",), python="3.11")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in, with files of every kind and a fake in the place of PyTorch."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "fine.yaml").write_text(RIGHT)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    (tmp_path / "answer.yaml").write_text("x: [1, 2]\nkernel: [1, 10]\n")
    monkeypatch.setattr(resources, "CASES", tmp_path / "corpus")
    monkeypatch.setattr(resources, "BASELINE", resources.BASELINE)
    monkeypatch.setattr(resources, "FINDINGS", tmp_path / "findings.md")
    resources.FINDINGS.write_text(findings_pages.page())
    monkeypatch.setenv("CONFORMANCE_ENVIRONMENTS", str(tmp_path / "environments"))
    table = written(tmp_path / "history", *rows(odd(START, START, END)))
    monkeypatch.setattr(resources, "HISTORY", table)
    write(tmp_path / "run.jsonl", seen("fine"), framework="torch", backend=None)
    write(tmp_path / "changed.jsonl", different("fine"), framework="torch", backend=None)
    write(tmp_path / "stopped.jsonl", seen("fine"), complete=False)
    with patch.dict(FRAMEWORKS):
        drive.fake(tmp_path)
        yield tmp_path


def ran(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


# Every documented status


def _no_other_framework(_: Path) -> None:
    for name in FRAMEWORKS.keys() - {"torch"}:
        del FRAMEWORKS[name]


def _only_a_fake(place: Path) -> None:
    FRAMEWORKS["torch"] = searched.plain(place, api())


def _one_that_fails(place: Path) -> None:
    FRAMEWORKS["torch"] = searched.plain(place, faulty("wrong"))


def _oracles(place: Path) -> None:
    """Runs of all cases, in which two layers answer as the oracle does whatever they are asked."""
    resources.CASES = CORPUS  # until the fixture puts back what it found
    (place / "reports" / "runs").mkdir(parents=True)
    for name, run in _oracle_runs().items():
        FRAMEWORKS[name] = REAL[name]
        (place / "reports" / "runs" / f"{name}.jsonl").write_bytes(run)


@cache
def _oracle_runs() -> Mapping[str, bytes]:
    cases = load([CORPUS], check=False).cases
    own = [PreparedCase(case) for case in cases if case.op == "conv_transpose"]
    runs = {}
    for name, layer, backend in (("torch", TORCH, None), ("keras", KERAS, "tensorflow")):
        framework = REAL[name]
        header = Header(framework=name, version="1.0", backend=backend, apis={layer: True})
        items = plan.invocations(framework, Runtime(backend=backend), [framework.api(layer)], own)
        with TemporaryDirectory() as folder:
            with writing(Path(folder, "run.jsonl"), header) as writer:
                for item in items:
                    wanted = item.prepared_case.oracle_answer
                    outcome = Refusal("ValueError", "no") if wanted is None else Answer(wanted)
                    for mode in item.modes:
                        came = item.call if isinstance(item.call, Inexpressible) else outcome
                        writer.add(evaluation.evaluate(item, mode, came))
            runs[name] = Path(folder, "run.jsonl").read_bytes()
    return runs


def _nothing_ships(place: Path) -> None:
    _oracles(place)
    resources.BASELINE = place / "none"


def _no_page(_: Path) -> None:
    resources.FINDINGS.unlink()


def _page(prints: str) -> Callable[[Path], None]:
    """A page of a bug whose script prints 1 where it shows, and a fake in which it prints that."""

    def prepare(_: Path) -> None:
        source = f"import sys\nsys.modules['torch'] = sys\nimport torch\nprint({prints})\n"
        FRAMEWORKS["torch"] = findings_pages.fake("torch", "import json")
        seen = "- Seen with torch 1.0 in `here`."
        entry = findings_pages.entry(seen=seen, body=findings_pages.script(source, "1", "2"))
        resources.FINDINGS.write_text(findings_pages.page(entry))

    return prepare


TORCH, KERAS = "torch.nn.ConvTranspose", "keras.layers.ConvTranspose"
CORPUS = resources.CASES
REAL = dict(FRAMEWORKS)

FUZZ = ("fuzz", "--framework", "torch", "--seed", "9", "--op", "conv_transpose", "--count", "6")
TRANSLATE = ("translate", "--rank", "1", "--kernel-size", "3", "--channels", "1", "1", "--from")
NEW = ("new", "--id", "mine", "--why", "Mine.", "--x", "[1]", "--kernel")

ENDS: tuple[tuple[int, tuple[str, ...], Callable[[Path], None] | None], ...] = (
    (0, ("accept", "run.jsonl", "--to", "baseline"), None),
    (2, ("accept", "stopped.jsonl"), None),
    (2, ("accept", "none.jsonl"), None),
    (0, ("apis",), _no_other_framework),
    (2, ("apis", "--python", "/nowhere/python"), None),
    (0, ("check", "corpus/fine.yaml"), None),
    (1, ("check", "wrong.yaml"), None),
    (2, ("check", "none.yaml"), None),
    (0, ("compat", "keras<3.2"), None),
    (1, ("compat", "keras>=3"), None),
    (2, ("compat", "keras>=9"), None),
    (0, ("diagnose", "answer.yaml", "-a", "y=[1, 12, 20]"), None),
    (1, ("diagnose", "answer.yaml", "-a", "y=[7, 7, 7]"), None),
    (2, ("diagnose", "none.npz"), None),
    (0, ("environments", "list"), None),
    (2, ("environments", "prune", "nothing"), None),
    (0, ("explain", "fine", "--framework", "torch"), None),
    (2, ("explain", "fine", "--framework", "torch", "--python", "/nowhere/python"), None),
    (2, ("explain", "fine", "--framework", "torch", "--cases", "wrong.yaml"), None),
    (0, ("findings", "--framework", "torch"), _page("1")),
    (1, ("findings", "--framework", "torch"), _page("2")),
    (2, ("findings", "--framework", "torch", "--python", "/nowhere/python"), _page("1")),
    (2, ("findings", "--framework", "torch"), _no_page),
    (0, FUZZ, _only_a_fake),
    (1, FUZZ, _one_that_fails),
    (2, (*FUZZ, "--python", "/nowhere/python"), None),
    (0, ("gate", "run.jsonl", "run.jsonl"), None),
    (1, ("gate", "run.jsonl", "changed.jsonl"), None),
    (2, ("gate", "run.jsonl", "stopped.jsonl"), None),
    (2, ("gate", "run.jsonl", "run.jsonl", "--markdown", "none/gate.md"), None),
    (0, (*NEW, "[2]"), None),
    (2, (*NEW, "[2]", "--stride", "0"), None),
    (0, ("report", "run.jsonl", "--out", "report"), None),
    (2, ("report", "none.jsonl", "--out", "report"), None),
    (2, ("report", "run.jsonl", "--out", "run.jsonl/report"), None),
    (0, ("repro", "fine", "--api", "plain.right"), None),
    (2, ("repro", "fine", "--api", "plain.wrong"), None),
    (0, ("run", "--framework", "torch", "--out", "new.jsonl"), None),
    (2, ("run", "--framework", "torch", "--out", "new.jsonl", "--python", "/nowhere"), None),
    (2, ("run", "wrong.yaml", "--framework", "torch"), None),
    (0, (*TRANSLATE, TORCH, "--to", TORCH), _oracles),
    (
        1,
        (*TRANSLATE, KERAS, "--padding", "1", "--to", TORCH),
        _oracles,
    ),
    (1, (*TRANSLATE, TORCH, "--to", TORCH, "--padding=-1"), _oracles),
    (2, (*TRANSLATE, TORCH, "--to", "tf.nn.conv_transpose"), _nothing_ships),
    (2, (*TRANSLATE, TORCH, "--to", TORCH, "--verify"), _oracles),
)  # fmt: skip


@pytest.mark.parametrize(("status", "words", "prepare"), ENDS)
def test_a_command_ends_as_its_help_says(
    place: Path, status: int, words: tuple[str, ...], prepare: Callable[[Path], None] | None
) -> None:
    if prepare is not None:
        prepare(place)
    said = ran(*words)
    assert said.exit_code == status, said.output
    assert status != 2 or said.stderr


RELEASES = (
    (0, ("history", "plain==1.4", "plain==1.5", "-k", "flip")),
    (2, ("history", "nothing==1")),
    (0, ("bisect", "plain>=1.3", "--case", "flip")),
    (1, ("bisect", "plain>=1.4", "--case", "flip")),
    (2, ("bisect", "plain", "--case", "none")),
)


@pytest.mark.parametrize(("status", "words"), RELEASES)
def test_a_command_over_releases_ends_as_its_help_says(
    place: Path, monkeypatch: pytest.MonkeyPatch, status: int, words: tuple[str, ...]
) -> None:
    (place / "corpus" / "flip.yaml").write_text(RIGHT.replace("fine", "flip").replace("even", "e"))
    monkeypatch.setattr(companions, "pinned", lambda: {"plain": PLACE})
    releases.uploaded.cache_clear()
    drive.aged()
    uv = installer.pretend(place, monkeypatch)
    uv.has_pythons(11)
    uv.releases(["1.3", "1.4", "1.5"], "--ignore-requires-python")
    uv.releases(["1.3", "1.4", "1.5"], "3.11")
    uv.say("pip list", [{"name": "plain", "version": "?"}])
    said = ran(*words, "--framework", "torch")
    assert said.exit_code == status, said.output


def test_every_documented_status_is_tried() -> None:
    tried = {(words[0], status) for status, words, _ in ENDS}
    tried |= {(words[0], status) for status, words in RELEASES}
    assert tried == {(name, status) for name, own in STATUSES.items() for status in own}
    assert set(STATUSES) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_says_what_it_ends_with(name: str) -> None:
    help_ = ran(name, "--help").output
    lines = [line.split(maxsplit=1) for line in help_.partition("Exit status:")[2].splitlines()]
    told = {int(line[0]): line[1] for line in lines if line}
    assert told == {**STATUSES[name], MISTAKE: exit_status.MEANING_OF_MISTAKE}


def test_the_page_of_statuses_is_that_of_the_help() -> None:
    page = (Path(app.__file__).parents[2] / "docs" / "exit-statuses.md").read_text()
    rows = [line.strip("|").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    told = {(row[0].strip(" `"), int(row[1])): row[2].strip() for row in rows}
    assert told == {
        (name, status): meaning for name, own in STATUSES.items() for status, meaning in own.items()
    }


# Whatever else happens


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, whatever a command does raises this."""

    def raises(*_: object) -> None:
        raise error

    monkeypatch.setattr(app.LazyGroup, "invoke", raises)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (KeyboardInterrupt(), "stopped"),
        (EOFError(), "stopped"),
        (MemoryError(), "there is not enough memory for this"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "writing failed: No space left on device",
        ),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), "writing failed: Broken pipe"),
        (PermissionError(errno.EACCES, "Permission denied", "a.md"), "a.md: Permission denied"),
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_the_system_does_is_a_sentence_and_2(
    monkeypatch: pytest.MonkeyPatch, command: str, error: BaseException, sentence: str
) -> None:
    raising(error, monkeypatch)
    said = ran(command)
    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr.strip() == f"conformance {command}: {sentence}"


@pytest.mark.parametrize("error", [KeyError("x"), RecursionError("deep"), AssertionError()])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_mistake_of_ours_is_a_sentence_and_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, error: Exception
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    raising(error, monkeypatch)
    said = ran(command)
    assert (said.exit_code, said.stdout) == (3, "")
    first, second = said.stderr.splitlines()
    assert first.startswith(
        f"conformance {command}: this is a mistake in conformance: {type(error).__name__}"
    )
    report = Path(second.removeprefix(f"conformance {command}: please report it, with "))
    assert "Traceback (most recent call last):" in report.read_text()


def test_where_no_report_can_be_written_the_sentence_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    raising(KeyError("x"), monkeypatch)
    said = ran("gate")
    assert said.exit_code == 3
    assert said.stderr.count("\n") == 1


# As a process


def started(
    *words: str, code: str = "from conformance.__main__ import main; main()", **rest: object
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        env=drive.variables(),
        stderr=subprocess.PIPE,
        text=True,
        **rest,  # type: ignore[call-overload]
    )


@pytest.mark.parametrize(
    "words", [("gate", "run.jsonl", "changed.jsonl"), ("--help",), ("check", "--help")]
)
def test_a_device_that_is_full_is_no_change(place: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full, started(*words, stdout=full, cwd=place) as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert said.count("\n") == 1
    assert "writing failed: No space left on device" in said


def test_a_reader_that_is_gone_is_no_change(place: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    words = ("gate", "run.jsonl", "changed.jsonl")
    with os.fdopen(writer, "w") as pipe, started(*words, stdout=pipe, cwd=place) as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert said == "conformance gate: writing failed: Broken pipe\n"


def test_without_a_standard_output_the_status_is_the_same(place: Path) -> None:
    words = json.dumps(["gate", "run.jsonl", "changed.jsonl"])
    code = f"import sys; sys.stdout = None; from conformance.cli.app import main; main({words})"
    with started(code=code, cwd=place, stdout=subprocess.DEVNULL) as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (1, "")


INTERRUPTED: Mapping[str, tuple[str, str]] = {
    "while the command line is imported": ("conformance.cli.app", "interrupt()"),
    "while a command is imported": ("conformance.cli.run", "interrupt()"),
    # After that, Python ends by the signal whatever the status.
    "while a string of code runs": ("conformance.cli.run", "exec('interrupt()')"),
    "while the rest of a command is imported": ("conformance.cli.run_requests", "interrupt()"),
}


@pytest.mark.parametrize(("module", "what"), INTERRUPTED.values(), ids=INTERRUPTED)
def test_an_interrupt_in_the_first_moments_ends_with_2(place: Path, module: str, what: str) -> None:
    """The import that is under way interrupts itself, so that no time matters."""
    code = f"""
import os, signal, sys
def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    while True:
        pass
class Interrupting:
    def find_spec(self, name, *_):
        if name == {module!r}:
            {what}
sys.meta_path.insert(0, Interrupting())
from conformance.__main__ import main
main()
"""
    words = ("run", "--framework", "torch")
    with started(*words, code=code, cwd=place, stdout=subprocess.PIPE) as process:
        out, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (2, "")
    assert said.splitlines()[-1].endswith(": stopped")
    assert "Traceback" not in said


def test_the_installed_command_is_the_module() -> None:
    text = (Path(app.__file__).parents[2] / "pyproject.toml").read_text()
    assert 'conformance = "conformance.__main__:main"' in text


# Narrow terminals


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("columns", ["0", "1", "7", "-3", "wide", "100000"])
@pytest.mark.parametrize(
    "words",
    [
        ("explain", "fine", "--framework", "torch"),
        ("gate", "run.jsonl", "changed.jsonl"),
        ("report", "run.jsonl", "--out", "report"),
        FUZZ,
    ],
    ids=lambda words: words[0],
)
def test_however_wide_a_terminal_says_it_is_the_status_is_the_same(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    said = ran(*words)
    assert said.exit_code == {"gate": 1, "fuzz": 1}.get(words[0], 0), said.output
