"""Options that commands share: what cannot be meant is refused, and no input is written over."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from fakes import drive
from gate_runs import seen, write

from conformance.adapters.registry import FRAMEWORKS
from conformance.cli.app import main
from conformance.cli.options import MOST_WORKERS
from conformance.gate import accept
from conformance.utils import resources

CASES = "cases:\n  - {id: fine, why: One., x: [1, 2], kernel: [1, 10], stride: 2}\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of every kind, and a fake in the place of PyTorch."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "fine.yaml").write_text(CASES)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "one.yaml").write_text(CASES.replace("fine", "one"))
    monkeypatch.setattr(resources, "CASES", tmp_path / "corpus")
    run = write(tmp_path / "run.jsonl", seen("fine"), framework="torch", backend=None)
    write(tmp_path / "observations.csv", seen("fine"), framework="torch", backend=None)
    accept.write(accept.snapshots([run]), tmp_path / "baseline")
    write(tmp_path / "baseline" / "keras-torch.csv", seen("fine"))
    (tmp_path / "expected.yaml").write_text("- {api: 'a.*', reason: It is so.}\n")
    (tmp_path / "link.yaml").symlink_to("cases/fine.yaml")
    (tmp_path / "same.yaml").hardlink_to("cases/fine.yaml")
    np.savez(tmp_path / "call.npz", x=np.ones((1, 1, 3)), kernel=np.ones((1, 1, 2)))
    monkeypatch.setitem(FRAMEWORKS, "torch", FRAMEWORKS["torch"])
    drive.fake(tmp_path)
    return tmp_path


def ran(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


# Outputs that are inputs

RUN = ("run", "--framework", "torch", "cases/fine.yaml", "--out")
REPRO = ("repro", "fine", "--api", "plain.right", "--cases", "cases/fine.yaml")
NEW = ("new", "--id", "mine", "--why", "Mine.", "--from-npz", "call.npz")

EXPECTING = ("gate", "baseline", "run.jsonl", "--expected", "expected.yaml")

OVERWRITING: dict[str, tuple[tuple[str, ...], str]] = {
    "a case file of a run": ((*RUN, "cases/fine.yaml"), "cases/fine.yaml"),
    "by another way": ((*RUN, "cases/../cases/fine.yaml"), "cases/fine.yaml"),
    "a link to it": ((*RUN, "link.yaml"), "cases/fine.yaml"),
    "the same file by another name": ((*RUN, "same.yaml"), "cases/fine.yaml"),
    "a case file of a folder": (
        ("run", "--framework", "torch", "cases", "--out", "cases/fine.yaml"),
        "cases/fine.yaml",
    ),
    "a case file of the corpus": (
        ("run", "--framework", "torch", "--out", "corpus/one.yaml"),
        "corpus/one.yaml",
    ),
    "a run of a report": (
        ("report", "run.jsonl", "observations.csv", "--out", "."),
        "observations.csv",
    ),
    "a run of a gate": (
        ("gate", "baseline", "run.jsonl", "--markdown", "run.jsonl"),
        "run.jsonl",
    ),
    "a baseline of a gate": (
        ("gate", "baseline/torch.csv", "run.jsonl", "--junit", "baseline/torch.csv"),
        "baseline/torch.csv",
    ),
    "a baseline of a folder": (
        ("gate", "baseline", "run.jsonl", "--junit", "baseline/torch.csv"),
        "baseline/torch.csv",
    ),
    "expected changes of a gate": (
        (*EXPECTING, "--markdown", "expected.yaml"),
        "expected.yaml",
    ),
    "an accepted run": (
        ("accept", "baseline/keras-torch.csv", "--to", "baseline"),
        "baseline/keras-torch.csv",
    ),
    "a capture": ((*NEW, "--into", "call.npz"), "call.npz"),
    "a case file of a script": ((*REPRO, "--out", "cases/fine.yaml"), "cases/fine.yaml"),
    "a run of a script": (
        (*REPRO, "--run", "run.jsonl", "--out", "run.jsonl"),
        "run.jsonl",
    ),
    "a case file of a check": (
        ("check", "cases", "--each", "--out", "cases/fine.yaml"),
        "cases/fine.yaml",
    ),
    "a case file of a history": (
        ("history", "x==1", "--cases", "cases", "--markdown", "cases/fine.yaml"),
        "cases/fine.yaml",
    ),
    "a file of two outputs": (
        ("gate", "baseline", "run.jsonl", "--markdown", "a", "--junit", "./a"),
        "run.jsonl",
    ),
}


@pytest.mark.parametrize(("words", "kept"), OVERWRITING.values(), ids=OVERWRITING)
def test_an_output_that_is_an_input_is_refused(
    place: Path, words: tuple[str, ...], kept: str
) -> None:
    before = (place / kept).read_bytes()
    said = ran(*words)
    assert said.exit_code == 2, said.output
    assert "would be overwritten" in said.stderr or "is the file of --markdown" in said.stderr
    assert (place / kept).read_bytes() == before


def test_an_interpreter_is_not_written_over(place: Path) -> None:
    python = place / "python"
    python.write_text("#!/bin/sh\n")
    words = ("--framework", "torch", "--python", str(python), "--out", str(python))
    for command in ("run", "fuzz"):
        assert ran(command, *words).exit_code == 2
    assert python.read_text() == "#!/bin/sh\n"


def test_a_device_may_take_every_output() -> None:
    words = ("gate", "baseline", "run.jsonl", "--markdown", "/dev/null", "--junit", "/dev/null")
    assert ran(*words).exit_code == 0


def test_an_output_beside_the_inputs_is_written(place: Path) -> None:
    assert ran("run", "--framework", "torch", "cases", "--out", "cases/run.jsonl").exit_code == 0
    assert (place / "cases" / "run.jsonl").exists()


# Values that cannot be meant


@pytest.mark.parametrize("command", ["run", "fuzz"])
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--jobs", "1000000000"), f"is not in the range 1<=x<={MOST_WORKERS}"),
        (("--jobs", "-1"), "is not in the range"),
        (("--timeout", "nan"), "nan is no number of seconds"),
        (("--timeout", "inf"), "is not in the range"),
        (("--timeout", "-inf"), "is not in the range"),
        (("--timeout", "1e30"), "is not in the range"),
        (("--backend", "jax"), "has no backends to choose from, got 'jax'"),
        (("--backend", ""), "it is empty"),
        (("--python", ""), "it is empty"),
        (("--python", "  "), "it is empty"),
        (("--api", ""), "it is empty"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(
    command: str, words: tuple[str, str], sentence: str
) -> None:
    said = ran(command, "--framework", "torch", *words)
    assert said.exit_code == 2
    assert sentence in said.stderr
    assert words[0] in said.stderr


ON_DASK = ("run", "--framework", "torch", "--executor", "dask", "--scheduler", "tcp://x:1")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("run", "--framework", "torch", "-k", ""), "it is empty"),
        (("run", "--framework", "torch", "--memory", "nan"), "is not a valid integer"),
        (
            (*ON_DASK, "--jobs", "2"),
            "--jobs has no meaning without --executor threads",
        ),
        (("check", "cases", "--out", "x"), "--out has no meaning without --each or --matrix"),
        (("new", "--crop", "2"), "--crop has no meaning without --from-npz"),
        (("new", "--api", "torch.nn.Conv"), "--api has no meaning without --from-npz"),
        (("explain", "fine", "--framework", "keras", "--backend", "theano"), "must be one of jax"),
        (("translate", "--rank", "4"), "is not in the range 1<=x<=3"),
    ],
)
def test_words_that_do_not_go_together_are_refused(words: tuple[str, ...], sentence: str) -> None:
    said = ran(*words)
    assert said.exit_code == 2
    assert sentence in said.stderr
