"""Write the gate's result as JUnit XML.

Each API is a test, as APIs stay the same from day to day: CI shows since when one fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree

from conformance.gate.result import Finding, Result
from conformance.utils.text import count, plain

MOST = 200
"""The number of cases that are listed for a finding."""
OTHER = "cases and expectations"
"""The test for findings that are of no API."""


def render(result: Result) -> bytes:
    """Return the XML of a result, in UTF-8."""
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
    ElementTree.indent(root)
    xml: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _tests(result: Result) -> Mapping[str, Sequence[Finding]]:
    if result.trouble is not None:
        return {"gate": ()}
    tests: dict[str, list[Finding]] = {name: [] for name in (*result.apis, OTHER)}
    for finding in result.findings:
        for name in finding.apis or (OTHER,):
            tests.setdefault(name, []).append(finding)
    return tests


def _add_message(case: ElementTree.Element, tag: str, message: str, text: str) -> None:
    element = ElementTree.SubElement(case, tag, {"message": message, "type": "gate"})
    element.text = text


def _description(findings: Sequence[Finding]) -> str:
    return "\n\n".join("\n".join(_lines(finding)) for finding in findings)


def _lines(finding: Finding) -> Iterator[str]:
    yield finding.title
    yield finding.text
    yield from (f"  {plain(case)}" for case in finding.cases[:MOST])
    if len(finding.cases) > MOST:
        yield f"  and {len(finding.cases) - MOST:,} more"
