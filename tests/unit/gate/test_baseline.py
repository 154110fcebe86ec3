"""Baselines: small, the same on every day, read as they were written, never edited unnoticed."""

from dataclasses import replace
from pathlib import Path

import pytest
from gate_runs import (
    API,
    BIAS_DROPPED,
    EARLIER,
    FLIPPED,
    OTHER,
    different,
    seen,
    write,
)
from hypothesis import given
from hypothesis import strategies as st

from conformance.conventions.axes import CONVENTIONS
from conformance.gate import baseline
from conformance.gate.snapshot import Candidate, CannotCompare, Snapshot, read_run
from conformance.observations import MODES, Key, Observation
from conformance.recorded_answers import NONDETERMINISTIC, Answer, answer_of
from conformance.runs.run_files import Header

HEADER = Header(
    framework="keras",
    backend="torch",
    version="3.15.1",
    apis={API: True, OTHER: False},
)
HELD = (
    "# conformance baseline, format 2, written by `conformance accept` and by nobody's hand\n"
    "# framework: keras\n"
    "# backend: torch\n"
    "# version: 3.15.1\n"
    "# api: keras.layers.ConvTranspose\n"
    "# no api: keras.ops.conv_transpose\n"
    "# checksum: 6762d8d440dc3887db227e5d14b7b113\n"
    "api,case,content,native,recipe\n"
    "keras.layers.ConvTranspose,one,content of one,"
    "mismatch float32 1x1x3 mismatch of one; kernel flip: flipped,"
    "match float32 1x1x3 match of one\n"
    "keras.layers.ConvTranspose,two,content of two,rejected,as native\n"
)
HELD_IN_FORMAT_1 = (
    "# conformance baseline, format 1, written by `conformance accept` and by nobody's hand\n"
    "# framework: keras\n"
    "# backend: torch\n"
    "# version: 3.15.1\n"
    "# api: keras.layers.ConvTranspose\n"
    "# no api: keras.ops.conv_transpose\n"
    "# checksum: 792a5207441bf32981c6a2cd15cd9d83\n"
    "api,case,content,native,recipe\n"
    "keras.layers.ConvTranspose,one,content of one,mismatch float32 1x1x3 of-one;"
    " same: odd element: cropped at the begin + bias: dropped"
    " | output padding: more at the begin,\n"
    "keras.layers.ConvTranspose,two,content of two,match/mismatch unsteady,\n"
)


def held(*observations: Observation, header: Header = HEADER) -> Snapshot:
    return Snapshot(Path("run.jsonl"), header, {o.key: answer_of(o) for o in observations})


def recipe(observation: Observation) -> Observation:
    return replace(observation, mode="recipe")


def row(*observations: Observation) -> str:
    return baseline.text(held(*observations)).splitlines()[-1]


SMALL = held(
    different("one"),
    recipe(seen("one")),
    seen("two", "rejected"),
    recipe(seen("two", "rejected")),
)


# What it holds


def test_it_is_a_table_under_a_head_that_sums_it_up() -> None:
    assert baseline.text(SMALL) == HELD


def test_the_order_of_the_observations_changes_nothing() -> None:
    backwards = replace(SMALL, answers=dict(reversed(SMALL.answers.items())))
    assert baseline.text(backwards) == baseline.text(SMALL)


def test_where_and_when_it_was_observed_is_not_in_it(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", seen(), python="3.11.7", platform="Linux", fingerprint="s")
    other = write(tmp_path / "b.jsonl", seen(), python="3.12.1", platform="Darwin", numpy="2.0")
    texts = {baseline.text(read_run(path)) for path in (one, other)}
    assert len(texts) == 1


def test_of_a_real_valued_case_only_its_status_is_kept() -> None:
    assert row(seen(exact=False)).endswith(",match real-valued,")


def test_what_was_no_answer_is_only_its_status() -> None:
    assert row(seen(status="inexpressible", exact=False)).endswith(",inexpressible,")


def test_a_single_number_has_a_shape_too() -> None:
    assert row(seen(shape=())).endswith(",match float32 scalar match of one,")


def test_explanations_are_the_names_of_conventions() -> None:
    said = row(different("one", (*FLIPPED, *BIAS_DROPPED), EARLIER))
    assert said.endswith(
        "; kernel flip: flipped + bias: dropped | position: one earlier along every axis,"
    )


def test_no_name_of_a_convention_can_be_taken_for_what_stands_between_names() -> None:
    assert not any(mark in str(c) for c in CONVENTIONS for mark in (" + ", " | ", "; "))


# What is read

NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=8)
MARKS = st.sampled_from(["", "real-valued", "nondeterministic", "float32 1x2 0123456789abcdef"])
STATUSES = st.sets(st.sampled_from(baseline.STATUSES), min_size=1, max_size=3).map(sorted)
EXPLANATIONS = st.lists(
    st.lists(st.sampled_from(CONVENTIONS).map(str), min_size=1, max_size=3).map(tuple), max_size=3
).map(tuple)
ANSWERS = st.builds(Answer, STATUSES.map(tuple), MARKS, EXPLANATIONS, st.just("0123"))
KEYS = st.tuples(NAMES, NAMES, st.sampled_from(MODES))
HEADERS = st.builds(
    Header,
    framework=NAMES,
    backend=st.none() | NAMES,
    version=st.none() | NAMES,
    apis=st.dictionaries(NAMES, st.booleans(), max_size=3),
)


@given(HEADERS, st.dictionaries(KEYS, ANSWERS, max_size=5))
def test_it_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, header: Header, answers: dict[Key, Answer]
) -> None:
    path = tmp_path_factory.getbasetemp() / "b.csv"
    snapshot = Snapshot(path, header, answers)
    path.write_bytes(baseline.text(snapshot).encode())
    assert baseline.read(path) == snapshot


# What is noticed

LINES = HELD.splitlines(keepends=True)


def refusal(path: Path, text: str | bytes) -> str:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(CannotCompare) as refused:
        baseline.read(path)
    return str(refused.value)


@pytest.mark.parametrize(
    ("was", "is_"),
    [
        ("match of one", "match of One"),
        ("rejected", "match"),
        ("3.15.1", "3.15.2"),
        ("content of two", "content of tow"),
        (LINES[-1], ""),
        (LINES[-1], LINES[-1] * 2),
        (LINES[-2] + LINES[-1], LINES[-1] + LINES[-2]),
        (LINES[4], ""),
        (LINES[6], ""),
        ("; kernel flip: flipped", ""),
    ],
)
def test_an_edit_by_hand_is_noticed(tmp_path: Path, was: str, is_: str) -> None:
    path = tmp_path / "keras-torch.csv"
    assert refusal(path, HELD.replace(was, is_, 1)) == (
        f"{path}: this baseline was edited by hand or damaged: its checksum does not hold;"
        f" `conformance accept RUN... --to {tmp_path}` writes it"
    )


@given(st.data())
def test_any_single_edit_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(HELD)))
    length = data.draw(st.integers(0, len(HELD) - place))
    instead = data.draw(st.text(max_size=3) | st.sampled_from(LINES))
    edited = HELD[:place] + instead + HELD[place + length :]
    path = tmp_path_factory.getbasetemp() / "keras-torch.csv"
    if edited != HELD:
        said = refusal(path, edited.encode(errors="surrogatepass"))
        assert said.startswith(f"{path}: this baseline was edited by hand or damaged: ")


@given(st.data())
def test_any_line_that_is_deleted_doubled_or_moved_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    line = data.draw(st.integers(0, len(LINES) - 1))
    times = data.draw(st.sampled_from([0, 2]))
    to = data.draw(st.integers(0, len(LINES) - 1))
    rest = LINES[:line] + LINES[line + 1 :]
    edited = "".join(rest[:to] + [LINES[line]] * times + rest[to:])
    path = tmp_path_factory.getbasetemp() / "keras-torch.csv"
    assert "edited by hand or damaged" in refusal(path, edited)


def test_line_ends_of_windows_everywhere_are_no_edit(tmp_path: Path) -> None:
    path = tmp_path / "keras-torch.csv"
    path.write_bytes(HELD.replace("\n", "\r\n").encode())
    assert baseline.read(path).answers == SMALL.answers


def test_another_format_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path / "b.csv", HELD.replace("format 2", "format 3"))
    assert "it does not begin with '# conformance baseline, format 2'" in said


def test_format_1_is_read_with_the_names_of_today(tmp_path: Path) -> None:
    path = tmp_path / "keras-torch.csv"
    path.write_text(HELD_IN_FORMAT_1, encoding="utf-8")
    first, second = baseline.read(path).answers.values()
    assert first.explanations == (
        ("same: odd element: cropped at the start", "bias: dropped"),
        ("output padding: more at the start",),
    )
    assert second.mark == NONDETERMINISTIC


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    assert "it is not text" in refusal(tmp_path / "b.csv", HELD.encode() + b"\xff")


def test_a_table_that_something_else_has_summed_up_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path / "b.csv", summed(HELD.replace("rejected", "refused")))
    assert "it holds what no baseline holds" in said


@pytest.mark.parametrize(
    ("was", "why"),
    [
        ("# framework: keras\n", "it is of no framework"),
        (",rejected,as native", "values to unpack"),
        ("api,case,", "its columns are not api, case, content, native, recipe"),
    ],
)
def test_a_table_that_lacks_something_is_refused(tmp_path: Path, was: str, why: str) -> None:
    said = refusal(tmp_path / "b.csv", summed(HELD.replace(was, "", 1)))
    assert "it holds what no baseline holds: " in said
    assert why in said


@pytest.mark.parametrize(
    ("was", "instead", "why"),
    [
        (",rejected,", ",refused,", "the status 'refused'"),
        (
            "# framework: keras\n",
            "# framework: keras\n# colour: red\n",
            "begins with '# colour: red'",
        ),
        (
            "# framework: keras\n",
            "# framework: keras\n# selected by: luck\n",
            "selection by 'luck'",
        ),
    ],
)
def test_a_table_that_holds_another_word_is_refused_with_it(
    tmp_path: Path, was: str, instead: str, why: str
) -> None:
    assert why in refusal(tmp_path / "b.csv", summed(HELD.replace(was, instead, 1)))


@pytest.mark.parametrize("end", ['"open', 'one,"two"three,four,five,six', "a" * 200_000])
def test_a_table_that_is_no_table_is_refused(tmp_path: Path, end: str) -> None:
    said = refusal(tmp_path / "b.csv", summed(f"{HELD}{end}\n"))
    assert "it holds what no baseline holds: " in said


def test_a_line_that_stands_twice_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path / "b.csv", summed(HELD + LINES[-1]))
    assert "keras.layers.ConvTranspose two native stands in it twice" in said


def test_a_file_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baseline, "LONGEST", len(HELD))
    (tmp_path / "b.csv").write_text(HELD)
    assert baseline.read(tmp_path / "b.csv").answers == SMALL.answers
    assert f"at most {len(HELD)} bytes" in refusal(tmp_path / "b.csv", f"{HELD}\n")


def summed(text: str) -> str:
    """A file with a checksum that holds, whatever is in it."""
    head, _, rest = text.partition(baseline.CHECKSUM)
    rest = rest.partition("\n")[2]
    return f"{head}{baseline.CHECKSUM}{baseline.checksum(head, rest)}\n{rest}"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotCompare, match="cannot be read"):
        baseline.read(tmp_path / "none.csv")


# Which files they are


def test_a_baseline_with_a_broken_first_line_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "b.txt"
    path.write_text(HELD[1:])
    assert baseline.is_baseline(path)


def test_what_begins_with_a_brace_is_a_run(tmp_path: Path) -> None:
    assert not baseline.is_baseline(write(tmp_path / "run.jsonl", seen()))


def test_of_a_folder_it_is_the_one_of_the_name(tmp_path: Path) -> None:
    for name in ("keras-torch.xla", "keras-jax", "keras-jax.xla"):
        (tmp_path / f"{name}.csv").write_text("")
    xla = replace(CANDIDATE, header=replace(CANDIDATE.header, runtime_class="xla"))
    assert baseline.baseline_path(tmp_path, xla) == tmp_path / "keras-jax.xla.csv"
    assert baseline.baseline_path(tmp_path, CANDIDATE) == tmp_path / "keras-jax.csv"


CANDIDATE = Candidate(
    Path("run.jsonl"), Header(framework="keras", backend="jax", version="3.15.1"), iter(())
)


def test_a_name_that_a_folder_lacks_is_refused_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "torch.csv").write_text("")
    with pytest.raises(CannotCompare) as refused:
        baseline.baseline_path(tmp_path, CANDIDATE)
    assert str(refused.value) == (
        f"{tmp_path}: no baseline of 'keras-jax', only of torch;"
        f" `conformance accept RUN... --to {tmp_path}` writes one of your own, and"
        " `conformance gate history run.jsonl` compares with the nearest releases"
    )
