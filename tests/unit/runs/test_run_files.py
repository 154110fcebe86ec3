"""Run files: what is written is read again, and what is no run file is refused in a sentence."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.gate.snapshot import read_run
from conformance.observations import Observation
from conformance.runs.partial_runs import stopped_run
from conformance.runs.run_files import Header, Run, RunError, lines, read, writing

HEADER = {"kind": "header", "format": 2, "framework": "torch", "version": "2.0"}
OBSERVED = {
    "kind": "observation",
    "api": "torch.nn.ConvTranspose",
    "case": "one",
    "mode": "native",
    "status": "match",
    "op": "conv_transpose",
    "topics": ["basic", "stride"],
    "content": "c",
    "exact": True,
    "shape": [1, 1, 3],
}
FOOTER = {"kind": "footer", "observations": 1}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(*lines: Any, end: str = "\n") -> Path:
        path = tmp_path / "run.jsonl"
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path.write_text("\n".join(texts) + end, encoding="utf-8")
        return path

    return written


def refusal(path: Path) -> str:
    with pytest.raises(RunError) as refused:
        read(path)
    return str(refused.value).removeprefix(str(path))


def observation() -> Observation:
    return Observation(
        api="torch.nn.ConvTranspose",
        case="one",
        mode="recipe",
        status="rejected",
        op="conv_transpose",
        topics=("stride", "padding"),
        detail="It refused: ValueError: ärger.",
        shape=(1, 1, 3),
        content="c",
        exact=True,
    )


def written_run(path: Path) -> Run:
    with writing(path, Header(framework="torch", version="2.0", apis={"a": True})) as writer:
        writer.add(observation())
    return read(path)


def test_an_observation_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert written_run(tmp_path / "run.jsonl").observations == (observation(),)


def test_a_header_is_read_as_it_was_written(tmp_path: Path) -> None:
    header = written_run(tmp_path / "run.jsonl").header
    assert header == Header(framework="torch", version="2.0", apis={"a": True})


def test_a_run_with_its_footer_is_complete(tmp_path: Path) -> None:
    assert written_run(tmp_path / "run.jsonl").complete


def test_a_run_that_was_interrupted_keeps_its_observations_and_is_incomplete(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.jsonl"
    with (
        pytest.raises(KeyboardInterrupt),
        writing(path, Header(framework="torch")) as writer,
    ):
        writer.add(observation())
        raise KeyboardInterrupt
    run = read(path)
    assert (len(run.observations), run.complete) == (1, False)


def test_a_line_that_was_being_written_is_left_out_of_an_incomplete_run(write: Write) -> None:
    run = read(write(HEADER, OBSERVED, '{"kind": "observation", "api": "tor', end=""))
    assert (len(run.observations), run.complete) == (1, False)


def test_a_run_with_a_failure_says_it(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with writing(path, Header(framework="mxnet", failure="There is no wheel.")):
        pass
    run = read(path)
    assert (run.header.failure, run.observations, run.complete) == ("There is no wheel.", (), True)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.jsonl").startswith(": cannot be read: ")


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    assert refusal(path) == ":1: not a run file: there is no header"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("", encoding="utf-8")
    assert refusal(path) == ":1: not a run file: there is no header"


def test_a_run_without_a_header_is_refused(write: Write) -> None:
    assert refusal(write(OBSERVED, FOOTER)) == ":1: not a run file: there is no header"


def test_a_footer_that_counts_other_observations_is_refused(write: Write) -> None:
    path = write(HEADER, OBSERVED, {"kind": "footer", "observations": 2})
    assert refusal(path) == ": the footer counts 2 observations, and there are 1"


def test_a_footer_that_counts_other_statuses_is_refused(write: Write) -> None:
    path = write(HEADER, OBSERVED, FOOTER | {"statuses": {"match": 0, "mismatch": 1}})
    assert refusal(path) == (
        ": the footer counts 0 observations with the status 'match', and there are 1"
    )


def test_a_footer_that_counts_a_status_that_there_is_not_is_refused(write: Write) -> None:
    path = write(HEADER, OBSERVED, FOOTER | {"statuses": {"match": 1, "great": 2}})
    assert refusal(path) == (
        ": the footer counts 2 observations with the status 'great', and there are 0"
    )


@pytest.mark.parametrize("footer", [FOOTER, FOOTER | {"statuses": {"match": 1}}])
def test_a_footer_of_a_version_that_summed_up_nothing_is_read(
    write: Write, footer: dict[str, Any]
) -> None:
    assert read(write(HEADER, OBSERVED, footer)).complete


def many(path: Path) -> bytes:
    """What a run file holds that nobody has touched."""
    with writing(path, Header(framework="torch", version="2.0")) as writer:
        for number in range(4):
            writer.add(replace(observation(), case=f"case-{number}"))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("was", "instead"),
    [
        (b'"status": "rejected"', b'"status": "match"'),
        (b'"case": "case-2"', b'"case": "case-4"'),
        (b'"version": "2.0"', b'"version": "2.1"'),
        (b'"detail": "It refused', b'"detail": "it refused'),
        (b'"digest": null', b'"digest": "0"'),
        (b'"api": "torch', b'"api":  "torch'),
        (b"}\n{", b"} \n{"),
    ],
)
@pytest.mark.parametrize("reader", [read, read_run], ids=["report", "gate"])
def test_an_edit_by_hand_is_noticed_by_every_reader(
    tmp_path: Path, reader: Callable[[Path], object], was: bytes, instead: bytes
) -> None:
    path = tmp_path / "run.jsonl"
    whole = many(path)
    assert was in whole
    path.write_bytes(whole.replace(was, instead, 1))
    with pytest.raises(RunError):
        reader(path)


def test_an_edit_that_the_counts_know_nothing_of_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(many(path).replace(b'"version": "2.0"', b'"version": "2.1"'))
    assert refusal(path) == (
        ": this run was edited by hand or damaged: the checksum in its footer does not hold;"
        " `conformance run` makes it anew"
    )


def test_a_line_that_moved_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    header, one, other, *rest = many(path).splitlines(keepends=True)
    path.write_bytes(b"".join((header, other, one, *rest)))
    assert "edited by hand or damaged" in refusal(path)


def test_a_changed_bit_anywhere_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    whole = many(path)
    for place in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(RunError):
            read(path)


def test_a_line_longer_than_any_is_not_kept_in_memory(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.runs.run_files.LONGEST_LINE", 1000)
    path = write(HEADER, OBSERVED | {"detail": "a" * 1000})
    assert refusal(path) == ":2: a line must have at most 1000 bytes"


@pytest.mark.parametrize("name", ["framework", "version", "backend"])
def test_a_name_longer_than_any_is_refused(write: Write, name: str) -> None:
    path = write(HEADER | {name: "1" * 5000}, FOOTER)
    assert refusal(path) == f":1: {name} must have at most 200 characters"


def test_a_finished_run_is_on_the_disk(tmp_path: Path, synced: list[Path]) -> None:
    path = tmp_path / "run.jsonl"
    many(path)
    assert synced == [path, tmp_path]


def test_a_line_after_the_footer_is_refused(write: Write) -> None:
    again = OBSERVED | {"case": "two"}
    assert refusal(write(HEADER, OBSERVED, FOOTER, again)) == ":4: a line after the footer"


def test_an_observation_that_stands_twice_is_refused(write: Write) -> None:
    said = refusal(write(HEADER, OBSERVED, OBSERVED))
    assert said == ":3: ('torch.nn.ConvTranspose', 'one', 'native') was observed twice"


@pytest.mark.parametrize(
    ("version", "name"), [(1, "rewrites"), (1, "limitation"), (2, "moves"), (2, "limit")]
)
def test_a_field_of_another_format_is_refused(write: Write, version: int, name: str) -> None:
    said = refusal(write(HEADER | {"format": version}, OBSERVED | {name: []}))
    assert said == f":2: not a line of a run file: Object contains unknown field `{name}`"


@pytest.mark.parametrize("version", [0, True, "1", 1.0, None, []])
def test_a_format_that_is_no_version_is_refused(write: Write, version: object) -> None:
    assert refusal(write(HEADER | {"format": version})).startswith(f":1: format {version!r}, and")


def test_another_format_is_refused(write: Write) -> None:
    said = refusal(write(HEADER | {"format": 7}))
    assert said == ":1: format 7, and this version reads formats up to 2"


def test_a_second_header_is_refused(write: Write) -> None:
    said = refusal(write(HEADER, OBSERVED, HEADER))
    assert said.startswith(":3: not a line of a run file: ")
    assert "header" in said


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("not json", ""),
        ("[1, 2]", ""),
        ('"text"', ""),
        ("", ""),
        ("{}", "kind"),
        ("[" * 100_000, ""),
        ('{"kind": "aside"}', "aside"),
        (OBSERVED | {"surprise": 1}, "surprise"),
        (OBSERVED | {"status": "great"}, "great"),
        (OBSERVED | {"mode": "sideways"}, "sideways"),
        (OBSERVED | {"detail": 3}, "detail"),
        (OBSERVED | {"exact": 1}, "exact"),
        (OBSERVED | {"shape": [1, 1.5]}, "shape"),
        (OBSERVED | {"shape": [1, -1]}, "shape"),
        (OBSERVED | {"shape": [10**30]}, "shape"),
        (OBSERVED | {"detail": "a" * 200_000}, "detail"),
        (OBSERVED | {"topics": "same"}, "topics"),
        ({"kind": "observation", "api": "a"}, "case"),
        ({"kind": "footer"}, "observations"),
    ],
)
def test_a_line_of_something_else_is_refused_with_its_number_and_what_it_is(
    write: Write, line: Any, name: str
) -> None:
    place, _, said = refusal(write(HEADER, line)).partition(" not a line of a run file: ")
    assert place == ":2:"
    assert said and name in said


@pytest.mark.parametrize("field", ["api", "case", "mode", "status", "op", "topics", "exact"])
def test_an_observation_without_what_it_needs_is_refused(write: Write, field: str) -> None:
    line = {name: value for name, value in OBSERVED.items() if name != field}
    said = refusal(write(HEADER, line))
    assert said.startswith(":2: not a line of a run file: ")
    assert field in said.removeprefix(":2: not a line of a run file: ")


@pytest.mark.parametrize("header", [HEADER | {"version": 2.0}, HEADER | {"apis": ["a"]}])
def test_a_header_of_something_else_is_refused(write: Write, header: Any) -> None:
    assert refusal(write(header)).startswith(":1: not a line of a run file: ")


def test_half_a_surrogate_pair_in_a_frameworks_words_costs_no_run(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with writing(path, Header(framework="torch")) as writer:
        writer.add(replace(observation(), detail="bad \ud800"))
    assert read(path).observations[0].detail == "bad ?"


# Lines


def test_lines_of_an_incomplete_run_have_no_footer(write: Write) -> None:
    assert [type(line) for line in lines(write(HEADER, OBSERVED))] == [Header, Observation]


def test_what_is_not_asked_for_may_be_anything_that_is_json(write: Write) -> None:
    deep = json.dumps(OBSERVED).replace('"c"', "[" * 100_000)
    with pytest.raises(RunError, match=":2: not a line of a run file: "):
        list(lines(write(HEADER, deep)))


@pytest.mark.parametrize(
    "change", [{"op": 5}, {"cost": []}, {"claim": "yes"}, {"rewrites": "none"}, {"verdict": "same"}]
)
@pytest.mark.parametrize("reader", [read, read_run, stopped_run], ids=["report", "gate", "resume"])
def test_what_a_reader_does_not_need_is_held_to_its_type_too(
    write: Write, reader: Callable[[Path], object], change: dict[str, Any]
) -> None:
    with pytest.raises(RunError, match=":2: not a line of a run file: "):
        reader(write(HEADER, OBSERVED | change, FOOTER))


@pytest.mark.parametrize("reader", [read, read_run, stopped_run], ids=["report", "gate", "resume"])
def test_no_reader_takes_what_was_observed_twice(
    write: Write, reader: Callable[[Path], object]
) -> None:
    with pytest.raises(RunError, match="was observed twice"):
        reader(write(HEADER, OBSERVED, OBSERVED, FOOTER | {"observations": 2}))
