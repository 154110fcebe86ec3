"""The gate's result as JUnit XML: a test for each API, since that is what stays from day to day.

A run of CI then shows which APIs are as they were, and since when one is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree

from conformance.gate.result import Finding, Result
from conformance.utils.text import count, plain

MOST = 200
"""How many cases are listed of a finding."""
OTHER = "cases and expectations"
"""The test that stands for what is of no API."""


def render(result: Result) -> bytes:
    """The XML, in UTF-8."""
    tests = _tests(result)
    failures = sum(any(finding.red for finding in own) for own in tests.values())
    counts = {
        "tests": str(len(tests)),
        "failures": str(failures),
        "errors": str(int(result.trouble is not None)),
        "skipped": "0",
        "time": "0",
    }
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": plain(result.title), **counts})
    for name, own in tests.items():
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": "conformance.gate", "name": plain(name), "time": "0"}
        )
        if result.trouble is not None:
            _said(case, "error", result.trouble, result.trouble)
        red = [finding for finding in own if finding.red]
        if red:
            more = f" (and {count(len(red) - 1, 'finding')} more)" if len(red) > 1 else ""
            _said(case, "failure", f"{red[0].text}{more}", _listed(red))
        notes = [finding for finding in own if not finding.red]
        if notes:
            ElementTree.SubElement(case, "system-out").text = _listed(notes)
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


def _said(case: ElementTree.Element, how: str, message: str, text: str) -> None:
    said = ElementTree.SubElement(case, how, {"message": message, "type": "gate"})
    said.text = text


def _listed(findings: Sequence[Finding]) -> str:
    return "\n\n".join("\n".join(_lines(finding)) for finding in findings)


def _lines(finding: Finding) -> Iterator[str]:
    yield finding.title
    yield finding.text
    yield from (f"  {plain(case)}" for case in finding.cases[:MOST])
    if len(finding.cases) > MOST:
        yield f"  and {len(finding.cases) - MOST:,} more"
