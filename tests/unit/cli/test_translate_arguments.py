"""What `translate` takes an argument for that was given, or was not, and what it says of prices."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.adapters.call_source import Inexpressible
from conformance.adapters.registry import FRAMEWORKS
from conformance.adapters.runtime import Runtime
from conformance.cases import load
from conformance.cli.app import main
from conformance.conventions.axes import BY_NAME
from conformance.conventions.interpretations import apply_all
from conformance.runs import evaluation, plan
from conformance.runs.prepared_case import PreparedCase
from conformance.runs.run_files import Header, writing
from conformance.utils import resources
from conformance.workers.outcomes import Answer, Outcome, Refusal

TORCH, KERAS, TENSORFLOW = (
    "torch.nn.ConvTranspose", "keras.layers.ConvTranspose", "tf.nn.conv_transpose",
)  # fmt: skip
MEANINGS = {
    ("torch", TORCH, None): (),
    ("tensorflow", TENSORFLOW, None): (),
    ("keras", KERAS, "tensorflow"): (
        "same: output padding: half a kernel, centred",
        "valid: length: whole strides",
    ),
}
LINE = ("--rank", "1", "--size", "3", "--kernel-size", "3", "--stride", "2")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of a few cases on one axis, in which each API answers as it is said to mean them."""
    place = tmp_path_factory.mktemp("runs")
    files = [place / f"{name}.yaml" for name in ("same", "valid", "padding", "channels", "groups")]
    for file in files:
        shutil.copy(resources.CASES / "semantics" / file.name, file)
    cases = load(files, check=False).cases
    own = [PreparedCase(case) for case in cases if case.op == "conv_transpose"]
    own = [one for one in own if one.case.question.rank == 1 and one.case.exact]
    for (name, api_id, backend), names in MEANINGS.items():
        framework, runtime = FRAMEWORKS[name], Runtime(backend=backend)
        meant = [BY_NAME[name] for name in names]
        header = Header(framework=name, version="1.0", backend=backend, apis={api_id: True})
        with writing(place / "reports" / "runs" / f"{name}.jsonl", header) as writer:
            for item in plan.invocations(framework, runtime, [framework.api(api_id)], own):
                for mode in item.modes:
                    writer.add(evaluation.evaluate(item, mode, came(item, mode, meant)))
    return place


def came(item: plan.Invocation, mode: str, meant: list) -> Outcome | Inexpressible:
    q = item.prepared_case.case.question
    if isinstance(item.call, Inexpressible):
        return item.call
    try:
        return Answer(apply_all(q, meant if mode == "native" else ()).answer())
    except ValueError as error:
        return Refusal("ValueError", str(error))


def translated(
    place: Path, monkeypatch: pytest.MonkeyPatch, source: str, target: str, *words: str
) -> str:
    monkeypatch.chdir(place)
    monkeypatch.setattr(resources, "CASES", place)
    options = ("--from", source, "--to", target, *LINE, *words)
    if "--channels" not in words:
        options += ("--channels", "1", "1")
    said = CliRunner().invoke(main, ["translate", *options])
    assert said.exit_code == 0, said.output
    return said.stdout


@pytest.mark.parametrize(
    ("words", "native", "crop"),
    [
        # 1 10 102 20 203 30 300, of which the end goes, or one at each end.
        (("--padding", "same"), "padding='same', use_bias", "y[:, :, :-1]"),
        (
            ("--padding", "same", "--output-padding", "0"),
            "padding='same', output_padding=0, use_bias",
            "padding=1, bias",
        ),
        (("--padding", "valid", "--stride", "4"), "strides=4, use_bias", "output_padding=1, bias"),
        (
            ("--padding", "valid", "--stride", "4", "--output-padding", "0"),
            "strides=4, output_padding=0, use_bias",
            "stride=4, bias",
        ),
    ],
)
def test_an_output_padding_of_0_is_not_dropped(
    place: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], native: str, crop: str
) -> None:
    said = translated(place, monkeypatch, KERAS, TORCH, *words)
    assert native in said
    assert crop in said


def test_padding_that_nobody_gave_is_what_the_first_api_takes(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "padding='SAME'" in translated(place, monkeypatch, TENSORFLOW, TORCH)
    assert "padding='VALID'" in translated(place, monkeypatch, TENSORFLOW, TORCH, "--padding", "0")
    assert "padding=" not in translated(place, monkeypatch, TORCH, TORCH)


def test_alternatives_are_told_with_what_they_cost(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--groups", "8", "--channels", "8", "8")
    said = translated(place, monkeypatch, TORCH, KERAS, *words)
    prices = [line for line in said.splitlines() if line.startswith(("cost:", "or:"))]
    needed = "times the multiplications that there must be"
    assert prices == [
        f"cost:    block-diagonal kernel: 1 call, 8 {needed}",
        f"or:      composition of several calls (a call for each group): 8 calls, 1 {needed}",
    ]


def test_brackets_in_the_lines_of_a_kernel_are_printed(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--groups", "8", "--channels", "8", "8")
    output = translated(place, monkeypatch, TORCH, KERAS, *words)
    (line,) = (line for line in output.splitlines() if line.startswith("kernel:"))
    assert "[range(8), :, range(8)]" in line


def test_classes_of_a_rank_are_named_as_people_call_them(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    line = [
        "translate",
        "--size",
        "3",
        "--kernel-size",
        "3",
        "--stride",
        "2",
        "--channels",
        "1",
        "1",
    ]
    by_class = ["--from", "torch.nn.ConvTranspose1d", "--to", "tf.keras.layers.Conv1DTranspose"]
    by_id = ["--from", TORCH, "--to", KERAS, "--rank", "1"]
    results = [CliRunner().invoke(main, [*line, *words]) for words in (by_class, by_id)]
    assert results[0].exit_code == 0, results[0].output
    assert results[0].output == results[1].output


@pytest.mark.parametrize(
    ("words", "ranks"),
    [
        (("torch.nn.ConvTranspose1d", KERAS, "--rank", "2"), "--rank has 2, --from has 1"),
        (("torch.nn.ConvTranspose2d", "keras.layers.Conv1DTranspose"), "--from has 2, --to has 1"),
    ],
)
def test_names_of_two_ranks_are_refused(words: tuple[str, ...], ranks: str) -> None:
    source, target, *others = words
    line = ["translate", "--kernel-size", "3", "--channels", "1", "1"]
    result = CliRunner().invoke(main, [*line, "--from", source, "--to", target, *others])
    assert result.exit_code == 2
    assert f"these have another number of spatial axes: {ranks}" in result.output
