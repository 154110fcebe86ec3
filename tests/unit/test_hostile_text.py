"""Words of a case, a run file or a framework are shown as words, and are nothing else."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from case_files import MINIMAL
from click.testing import CliRunner
from gate_runs import different, seen, write
from hostile import HARMLESS, WORDS
from markdown_it import MarkdownIt
from report_runs import both, case, erroneous, observed, report_of, run
from reproductions import Make
from rich.console import Console

from conformance.cases import load
from conformance.cases.model import Document
from conformance.cli.app import main
from conformance.explain import explanation
from conformance.explain.reproduction import CallOutcome, script
from conformance.gate.expected import Entry
from conformance.observations import Observation
from conformance.report import output, terminal
from conformance.report.model import Report
from conformance.runs.prepared_case import PreparedCase
from conformance.utils import resources

KINDS = pytest.mark.parametrize("words", WORDS.values(), ids=WORDS.keys())


def is_printed(text: str) -> bool:
    """Whether a terminal shows it, and a CI service obeys nothing in it."""
    lines = text.split("\n")
    obeyed = any(line.strip().startswith("::") or "##[" in line for line in lines)
    return all(map(str.isprintable, lines)) and not obeyed and "##vso[" not in text


# The report


def reported(words: str) -> Report:
    """A report in which a framework, a run and the cases all say this."""
    document = Document("codemia", words, words)
    one = case("one", why=f"{words}.", document=document, section=words, claims=("C9",))
    wrong = erroneous(section=words)
    assert wrong.erratum is not None
    wrong = replace(wrong, document=document, erratum=replace(wrong.erratum, sentence=f"{words}."))
    told = {
        "detail": words,
        "diagnosis": words,
        "limitation": words,
        "rewrites": (words,),
        "cost": words,
    }
    statuses = {"native": "rejected", "recipe": "mismatch"}
    new = run(*both(one, statuses, **told), *both(wrong, statuses, **told), version=words)
    old = run(observed(one, "native", "crashed", detail=words), version="1.0", failure=None)
    return report_of(new, old, run(version="0.9", complete=False), cases=(one, wrong))


def files(words: str, folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in output.write(reported(words), folder)}


class Tags(HTMLParser):
    """Every tag of a page with the names of its attributes, and what is no text between them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[object] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, [name for name, _ in attrs]))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(tag)

    def handle_comment(self, data: str) -> None:
        self.seen.append(data)


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return files(HARMLESS, tmp_path_factory.mktemp("harmless"))


def tokens(markdown: str) -> list[object]:
    """What a page of Markdown is made of, without its text."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    parsed = parser.parse(markdown)
    within = ([child.type for child in token.children or ()] for token in parsed)
    return [
        (token.type, token.tag, [kind for kind in kinds if kind != "text"])
        for token, kinds in zip(parsed, within, strict=True)
    ]


@KINDS
def test_a_report_has_the_same_parts_whatever_the_words(
    words: str, harmless: Mapping[str, str], tmp_path: Path
) -> None:
    made = files(words, tmp_path)
    assert Tags(made["index.html"]).seen == Tags(harmless["index.html"]).seen
    assert tokens(made["compatibility.md"]) == tokens(harmless["compatibility.md"])
    for name in (name for name in made if name.endswith(".csv")):
        rows, usual = (list(csv.reader(io.StringIO(f[name]))) for f in (made, harmless))
        assert [len(row) for row in rows] == [len(row) for row in usual]
        assert not any(cell[:1] and cell[0] in "=+-@\t\r" for row in rows for cell in row)
    assert all(map(is_printed, made.values()))


@KINDS
def test_what_is_told_of_a_report_is_printed(words: str) -> None:
    console = Console(file=io.StringIO(), width=80)
    terminal.show(console, reported(words))
    assert isinstance(console.file, io.StringIO)
    assert is_printed(console.file.getvalue())


# The gate


def gated(words: str, folder: Path) -> tuple[str, dict[str, str]]:
    """What the gate prints, and the files that it writes, where everything is called so."""
    named = {"api": words, "topics": (words,)}
    before = [seen(words, **named), seen("two", **named), seen("three", **named)]
    after = [
        different(words, (words,), detail=words, **named),
        seen("two", "rejected", detail=words, **named),
    ]
    header = {"framework": words, "backend": words, "apis": {words: True}}
    paths = [
        write(folder / "before.jsonl", *before, **header),
        write(folder / "after.jsonl", *after, **{**header, "version": words}),
    ]
    reports = {"--markdown": folder / "gate.md", "--junit": folder / "gate.xml"}
    line = [*map(str, paths), *(word for option in reports.items() for word in map(str, option))]
    done = CliRunner().invoke(main, ["gate", *line, "--github"])
    assert done.exit_code == 1, done.output
    return done.output, {path.suffix: path.read_text("utf-8") for path in reports.values()}


@pytest.fixture(scope="module")
def gated_harmless(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str]]:
    return gated(HARMLESS, tmp_path_factory.mktemp("harmless"))


@KINDS
def test_a_gate_has_the_same_parts_whatever_the_names(
    words: str,
    gated_harmless: tuple[str, dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resources, "CASES", tmp_path)  # none of them is met
    (said, made), (usual, others) = gated(words, tmp_path), gated_harmless
    assert tokens(made[".md"]) == tokens(others[".md"])
    assert all(map(is_printed, made.values()))
    trees = (ElementTree.fromstring(text[".xml"]) for text in (made, others))
    one, other = ([(part.tag, sorted(part.attrib)) for part in tree.iter()] for tree in trees)
    assert one == other
    lines, commands = said.splitlines(), usual.splitlines()
    assert len(lines) == len(commands)
    assert [line.startswith("::") for line in lines] == [line.startswith("::") for line in commands]
    assert is_printed("\n".join(line for line in lines if not line.startswith("::")))


# A script


@KINDS
def test_a_script_does_the_same_whatever_the_words(
    words: str,
    make: Make,
    tmp_path: Path,
) -> None:
    r = make("right")
    old = r.prepared_case.case
    document = Document("guide", f"A {words} book", words)
    told = PreparedCase(replace(old, why=f"{words}.", document=document))
    observation = Observation(
        api=r.api.id, case="one", mode="native", status="crashed", op=old.op, topics=("basic",),
        detail=words, content="c", exact=True,
    )  # fmt: skip
    sight = CallOutcome(observation, words)
    file = tmp_path / "script.py"
    file.write_text(script(replace(r, prepared_case=told, outcome=sight)), encoding="utf-8")
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Right." in done.stdout.splitlines()
    assert not [line for line in done.stdout.splitlines() if line == "EXECUTED"]
    assert is_printed(file.read_text(encoding="utf-8"))


# Commands that show a case or what is wrong with one


@KINDS
def test_an_explanation_is_printed(words: str) -> None:
    told = case("one", why=f"{words}.", document=Document("guide", words, words), section=words)
    lines = explanation.about(PreparedCase(told), 60)
    assert is_printed("\n".join(line.plain for line in lines))


@KINDS
def test_what_is_wrong_with_a_case_is_printed(words: str, tmp_path: Path) -> None:
    folder = tmp_path / words.replace("/", "").replace("\0", "")[:60]
    folder.mkdir(exist_ok=True)
    quoted = json.dumps(words)
    text = f"{MINIMAL}    {quoted}: {quoted}\n    stride: {quoted}\n"
    (folder / "cases.yaml").write_text(text, encoding="utf-8")
    problems = load([folder]).problems
    assert len(problems) > 1
    assert all(is_printed(str(problem)) for problem in problems)


@KINDS
def test_what_is_wrong_with_a_run_is_printed(words: str, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    header = {"kind": "header", "format": 1, "framework": words, words: 1}
    path.write_text(json.dumps(header) + "\n")
    for line in (["report", str(path), "--out", str(tmp_path)], ["gate", str(path), str(path)]):
        done = CliRunner().invoke(main, line)
        assert done.exit_code == 2
        assert is_printed(done.output)


@KINDS
@pytest.mark.parametrize(
    "line",
    [
        ("accept", "run.jsonl", "--to"),
        ("gate", "run.jsonl"),
        ("new", "--id", "a", "--why", "A.", "--x", "[1]", "--kernel", "[1]", "--into"),
    ],
    ids=" ".join,
)
def test_whatever_is_typed_is_printed(
    words: str, line: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("run.jsonl"), seen("fine"), framework="torch", backend=None)
    typed = words.replace("\0", "").replace("/", "")
    done = CliRunner().invoke(main, [*line, typed])
    assert done.exit_code in (0, 2)
    assert is_printed(done.output)


def test_an_expected_change_may_be_for_any_reason() -> None:
    for words in WORDS.values():
        assert Entry(api="x", reason=f"{words}.").reason == f"{words}."
