"""Show the gate's result on a terminal, in Markdown, as JUnit XML and as annotations of GitHub."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from conformance.cases.model import Place
from conformance.gate.result import Finding, Result
from conformance.utils.excerpt import first
from conformance.utils.markdown import template
from conformance.utils.text import count, plain, tick
from conformance.utils.text import markdown as escaped


def show(console: Console, result: Result) -> None:
    """Print the summary and every finding, those that fail the gate first.

    In a file or a pipe each finding is one line, so that it can be searched.
    """
    console.print(Text(result.summary, style="bold"), soft_wrap=not console.is_terminal)
    for finding in result.findings:
        console.print()
        console.print(Text(finding.title, style=_style(finding)), soft_wrap=not console.is_terminal)
        text = Text(finding.text)
        if console.is_terminal:
            console.print(Padding(text, (0, 0, 0, 2)))
        else:
            console.print(Text("  ").append_text(text), soft_wrap=True)
    if result.outlook:
        console.print()
    for words in result.outlook:
        console.print(Text(words, style="dim"), soft_wrap=not console.is_terminal)


def _style(finding: Finding) -> str:
    return "bold red" if finding.red else "dim" if finding.reason else "yellow"


LONGEST_MARKDOWN = 60_000
"""In characters: GitHub accepts 65,536 in a comment, and counts some of them twice."""
_MARKDOWN_LIMITS = ((100, 200), (20, 200), (0, 200), (0, 50), (0, 10))
"""How many cases of a finding are named and how many findings shown: the first that fits."""


def markdown(result: Result) -> str:
    """Return the Markdown of a result; one that is too long names fewer cases or findings."""
    gate = template("conformance.gate", "gate.md.j2")
    texts = (
        gate.render(result=result, cases=c, findings=f, ticked=_ticked) for c, f in _MARKDOWN_LIMITS
    )
    return next((text for text in texts if len(text) <= LONGEST_MARKDOWN), _summary(result))


def _ticked(cases: Sequence[str], most: int) -> str:
    return first([tick(plain(case)) for case in cases], most)


def _summary(result: Result) -> str:
    return f"### {escaped(result.summary)[:LONGEST_MARKDOWN]}\n"


MOST_CASES = 200
"""The number of cases that are listed for a finding."""
OTHER_TEST = "cases and expectations"
"""The test for findings that are of no API."""


def junit(result: Result) -> bytes:
    """Return the XML of a result, in UTF-8.

    Each API is a test, as APIs stay the same from day to day: CI shows since when one fails.
    """
    tests = _tests(result)
    failures = sum(any(f.red for f in findings) for findings in tests.values())
    counts = {
        "tests": str(len(tests)),
        "failures": str(failures),
        "errors": str(int(result.trouble is not None)),
        "skipped": "0",
        "time": "0",
    }
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": plain(result.title), **counts})
    for name, findings in tests.items():
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": "conformance.gate", "name": plain(name), "time": "0"}
        )
        if result.trouble is not None:
            _add_message(case, "error", result.trouble, result.trouble)
        red = [finding for finding in findings if finding.red]
        if red:
            more = f" (and {count(len(red) - 1, 'finding')} more)" if len(red) > 1 else ""
            _add_message(case, "failure", f"{red[0].text}{more}", _description(red))
        notes = [finding for finding in findings if not finding.red]
        if notes:
            ElementTree.SubElement(case, "system-out").text = _description(notes)
    if result.outlook:
        ElementTree.SubElement(suite, "system-out").text = "\n".join(map(plain, result.outlook))
    ElementTree.indent(root)
    xml: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _tests(result: Result) -> Mapping[str, Sequence[Finding]]:
    if result.trouble is not None:
        return {"gate": ()}
    tests: dict[str, list[Finding]] = {name: [] for name in (*result.apis, OTHER_TEST)}
    for finding in result.findings:
        for name in finding.apis or (OTHER_TEST,):
            tests.setdefault(name, []).append(finding)
    return tests


def _add_message(case: ElementTree.Element, tag: str, message: str, text: str) -> None:
    element = ElementTree.SubElement(case, tag, {"message": message, "type": "gate"})
    element.text = text


def _description(findings: Sequence[Finding]) -> str:
    return "\n\n".join("\n".join(_description_lines(finding)) for finding in findings)


def _description_lines(finding: Finding) -> Iterator[str]:
    yield finding.title
    yield finding.text
    yield from (f"  {plain(case)}" for case in finding.cases[:MOST_CASES])
    if len(finding.cases) > MOST_CASES:
        yield f"  and {len(finding.cases) - MOST_CASES:,} more"


def github_commands(result: Result, places: Mapping[str, Place]) -> Iterator[str]:
    """Yield a workflow command for each finding: an error if the gate fails for it, else a notice.

    ``places`` says where cases are written, by their ids, as far as that is known.
    """
    if result.trouble is not None:
        yield _command("error", {"title": "conformance gate"}, result.summary)
    for finding in result.findings:
        place = finding.place or _first_place(finding, places)
        position = {"file": _relative(place.file), "line": str(place.line)} if place else {}
        level = "error" if finding.red else "notice"
        yield _command(level, {**position, "title": finding.title}, finding.text)
    for words in result.outlook:
        yield _command("notice", {"title": "history"}, words)


def _first_place(finding: Finding, places: Mapping[str, Place]) -> Place | None:
    return next((places[case] for case in finding.cases if case in places), None)


def _relative(file: str) -> str:
    """Return the path in a checkout of the repository: GitHub knows no other paths."""
    path, folder = Path(file).absolute(), Path.cwd()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else file


def _command(level: str, properties: Mapping[str, str], message: str) -> str:
    values = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {values}::{_data(message)}"


def _data(text: str) -> str:
    """Escape the text after the colons, where GitHub reads percent signs and line ends."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property's value, where commas and colons have a meaning too."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
