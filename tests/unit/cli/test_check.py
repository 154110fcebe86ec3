"""``conformance check`` on what cases can tell: what it prints, where, and what it faults."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli.app import main
from conformance.conventions.axes import CONVENTIONS
from conformance.utils import resources

SHARP = "cases:\n  - {id: sharp, why: Why., x: [1, 2], kernel: [1, 10]}\n"
BLUNT = "cases:\n  - {id: blunt, why: Why., x: [1, 2], kernel: [5, 5]}\n"
IDLE = "cases:\n  - {id: idle, why: Why., op: conv_parameters, x: [1, 2], kernel: [1, 10]}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cases" / "cases.yaml"


def ran(file: Path, text: str, *words: str) -> Result:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, ["check", *words])


def test_a_kernel_that_cannot_show_a_flip_is_pointed_out_where_it_is_written(file: Path) -> None:
    said = ran(file, BLUNT, str(file))
    assert f"{file}:2:10: note: blunt: a flipped kernel survives" in said.output
    assert said.exit_code == 0


HIDDEN = (
    "cases:\n  - {id: hidden, why: Why., x: [100.0], kernel: [1.0], bias: [0.75],"
    " dtype: bfloat16, exact: false}\n"
)


def test_a_case_whose_answer_rounding_hides_is_a_finding(file: Path) -> None:
    said = ran(file, HIDDEN, str(file))
    assert f"{file}:2:10: hidden: cannot decide: within rounding of the right answer" in said.output
    assert "bias: dropped" in said.output
    assert said.exit_code == 1


def test_a_real_valued_case_that_shows_its_bias_is_none(file: Path) -> None:
    assert ran(file, HIDDEN.replace("0.75", "50.5"), str(file)).exit_code == 0


def test_conventions_of_one_length_that_is_not_the_oracles_are_told_apart(file: Path) -> None:
    text = (
        "cases:\n  - {id: c, why: One., x: [0.5, 1.5, 2.5], kernel: [0.1, 0.2, 0.3], padding: 2,"
        " stride: 2, exact: false}\n"
    )
    said = ran(file, text, str(file), "--each", "--matrix")
    assert said.exception is None or isinstance(said.exception, SystemExit)
    assert "c: kills answer layout; kernel flip; operator; stride; padding; " in said.output


def test_a_kernel_that_can_is_not(file: Path) -> None:
    assert "note" not in ran(file, SHARP, str(file)).output


def test_of_some_cases_nothing_is_told_that_others_may_have(file: Path) -> None:
    assert ran(file, SHARP, str(file)).output == "1 case, 0 findings\n"


def test_each_case_is_told_of_if_asked_for(file: Path) -> None:
    assert "\nsharp: kills " not in ran(file, SHARP, str(file)).output
    told = ran(file, SHARP, str(file), "--each").output
    assert "sharp: kills answer layout; kernel flip; " in told


def test_the_matrix_is_printed_if_asked_for(file: Path) -> None:
    assert "1 as it stands" in ran(file, SHARP, str(file), "--matrix").output


def test_what_is_long_goes_to_a_file(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "told.txt"
    said = ran(file, SHARP, str(file), "--matrix", "--each", "--out", str(out))
    assert "sharp: kills" not in said.output
    told = out.read_text(encoding="utf-8")
    assert told.startswith("answer layout")
    assert told.splitlines()[-1].startswith("sharp: kills")


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("words", [(), ("cases",)], ids=["not said", "by its folder"])
def test_all_cases_together_must_see_everything(
    file: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "CASES", file.parent)
    monkeypatch.chdir(file.parent.parent)
    said = ran(file, SHARP, *words)
    assert said.exit_code == 1
    assert "no case has operator forward with rank 1 with stride equal" in said.output
    assert "bias: dropped: killed by 0 cases; 3 are needed" in said.output
    assert "t-way coverage of transposed convolution's factors: 2-way 78 of 1149" in said.output
    assert f"conventions killed by 3 cases or more: 0 of {len(CONVENTIONS)}" in said.output
    assert "pairs of conventions killed: " in said.output
    assert "no case kills " in said.output


@pytest.mark.usefixtures("few_samples")
def test_a_case_among_all_must_see_something(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "CASES", file.parent)
    assert "idle: kills no convention, and is from no document" in ran(file, IDLE).output
