"""The table of a history: what is written is read again, and what is wrong has its line."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from pages import page

from conformance.history import table
from conformance.history.table import COLUMNS, BrokenTable, Row
from conformance.utils import resources

FLIP = Row(
    package="plain", version="1.10", date="2024-05-01", python="3.11", runtime="cpu",
    companions="numpy 2.4.6; other 1", api="plain.ask", axis="kernel flip", choice="flipped",
    cases=2,
)  # fmt: skip
ABSENT = replace(FLIP, api="plain.new", axis="", choice="", cases=0, reason="not in this version")
UNASKED = Row(package="plain", version="1.9", reason='no wheel, "today"')
OF_BACKEND = replace(FLIP, backend="torch")
HEAD = ",".join(COLUMNS)
LINE = "plain,1.10,2024-05-01,3.11,,cpu,numpy 2.4.6; other 1,plain.ask,kernel flip,flipped,2,"


def test_what_is_written_is_read_again_with_the_oldest_release_first(tmp_path: Path) -> None:
    table.write(tmp_path, [FLIP, OF_BACKEND, ABSENT, UNASKED])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain-torch.csv", "plain.csv"]
    assert table.read(tmp_path) == [OF_BACKEND, UNASKED, FLIP, ABSENT]
    assert (tmp_path / "plain-torch.csv").read_text().splitlines()[0] == HEAD


def test_a_file_of_another_package_stays(tmp_path: Path) -> None:
    table.write(tmp_path, [FLIP])
    table.write(tmp_path, [OF_BACKEND])
    assert table.read(tmp_path) == [OF_BACKEND, FLIP]


@pytest.mark.parametrize(
    ("lines", "place", "words"),
    [
        ([], 1, f"the columns must be {', '.join(COLUMNS)}"),
        ([HEAD[:-1]], 1, "the columns must be"),
        ([HEAD, LINE + ","], 2, "a row has 12 cells, got 13"),
        ([HEAD, LINE, LINE], 3, "plain 1.10 plain.ask kernel flip has a row before this one"),
        ([HEAD, LINE.replace("plain,", "other,")], 2, "other has a file of its own"),
        ([HEAD, LINE.replace("plain,", ",", 1)], 2, "package must not be empty"),
        ([HEAD, LINE.replace("1.10", "new")], 2, "version must be such as 3.8.0, got 'new'"),
        ([HEAD, LINE.replace("2024-05", "24-5")], 2, "date must be such as 2024-05-01, or empty"),
        ([HEAD, LINE.replace("3.11", "py3")], 2, "python must be such as 3.11, or empty, got"),
        ([HEAD, LINE.replace(",2,", ",-2,")], 2, "cases must be a number, got '-2'"),
        ([HEAD, LINE.replace("plain.ask", "")], 2, "the axis 'kernel flip' must name its api"),
        ([HEAD, LINE + "a reason"], 2, "a row must have an axis and a choice, or a reason"),
        ([HEAD, LINE.replace("flipped", "")], 2, "a row must have an axis and a choice, or a"),
        ([HEAD, LINE.replace("flipped", '"flip')], 2, "unexpected end of data"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named(tmp_path: Path, lines: list[str], place: int, words: str) -> None:
    file = tmp_path / "plain.csv"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with pytest.raises(BrokenTable, match=r"plain\.csv") as caught:
        table.read(tmp_path)
    assert str(caught.value).startswith(f"{file}:{place}: ")
    assert words in str(caught.value)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BrokenTable, match="is not text in UTF-8"):
        table.read(tmp_path)
    with pytest.raises(BrokenTable, match="nowhere: cannot be read: No such file"):
        table.read(tmp_path / "nowhere")


def test_the_committed_tables_are_as_they_would_be_written(tmp_path: Path) -> None:
    committed = resources.CASES.parent / table.FOLDER
    table.write(tmp_path, table.read(committed))
    for path in committed.glob("*.csv"):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_the_page_on_recording_names_every_column() -> None:
    text = page("record-a-history")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert [name for row in rows for name in re.findall("`(.*?)`", row.split("|")[1])] == [*COLUMNS]
