"""The gate's result in each of its forms: complete, within limits, and safe whatever it holds."""

from dataclasses import replace
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from gate_runs import API, OTHER
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from conformance.cases.model import Place
from conformance.gate.outputs import (
    LONGEST_MARKDOWN,
    OTHER_TEST,
    github_commands,
    junit,
    markdown,
    show,
)
from conformance.gate.result import Finding, Result, trouble
from conformance.gate.snapshot import CannotCompare

RED = Finding(
    kind="newly different",
    apis=(API,),
    sentence=f"{API}, 1.0 -> 2.0: 2 cases (a, b) no longer agree with the oracle, natively.",
    cases=("a", "b"),
    red=True,
)
ANOTHER = Finding(kind="answer changed", apis=(API,), sentence="Another.", red=True)
NOTE = Finding(
    kind="newly matching",
    apis=(OTHER,),
    sentence="It agrees.",
    cases=("c",),
    red=False,
    reason="It was mended.",
)
STALE = Finding(
    kind="expected and unused",
    sentence="A change is expected of x, and there is none that this fits.",
    red=True,
    place=Place("expected.yaml", 3, 5),
)
OF_CASES = Finding(kind="case added", sentence="1 case (d) is new.", cases=("d",), red=True)
NOTHING = Result(title="keras, 1.0 -> 2.0", apis=(API, OTHER), compared=1704)
SOME = Result(
    title="keras, 1.0 -> 2.0",
    apis=(API, OTHER),
    compared=1704,
    findings=(RED, ANOTHER, STALE, OF_CASES, NOTE),
)
TROUBLE = trouble(CannotCompare("a.jsonl: the run is incomplete"))
NASTY = Finding(
    kind="status changed",
    apis=("a|b <script>",),
    sentence="a: 1 case (`x` <b>|*y*_) is now rejected.",
    message="]]> & </details> [x](y)",
    cases=tuple(f"case-{number}" for number in range(5)),
    red=True,
)


def of(*findings: Finding) -> Result:
    return Result(title="title", apis=(API,), compared=1, findings=findings)


# The result


@pytest.mark.parametrize(
    ("result", "status"),
    [(NOTHING, 0), (SOME, 1), (of(RED), 1), (of(NOTE), 0), (of(STALE), 1), (TROUBLE, 2)],
)
def test_a_result_ends_with_its_status(result: Result, status: int) -> None:
    assert result.status == status


@pytest.mark.parametrize(
    ("result", "summary"),
    [
        (NOTHING, "keras, 1.0 -> 2.0: nothing changed in 1,704 answers."),
        (SOME, "keras, 1.0 -> 2.0: 4 of 5 findings fail the gate, among 1,704 answers compared."),
        (of(RED), "title: 1 of 1 finding fails the gate, among 1 answer compared."),
        (of(NOTE), "title: 0 of 1 finding fail the gate, among 1 answer compared."),
        (TROUBLE, "conformance gate: a.jsonl: the run is incomplete"),
    ],
)
def test_a_result_is_summed_up(result: Result, summary: str) -> None:
    assert result.summary == summary


def test_a_trouble_is_fit_to_print_and_keeps_its_lines() -> None:
    made = trouble(CannotCompare("a\x1b[31m\nb"))
    assert made.trouble == "a\\x1b[31m\nb"


# The terminal


def shown(result: Result, *, as_terminal: bool = False) -> str:
    file = StringIO()
    show(Console(file=file, width=40, force_terminal=as_terminal, color_system=None), result)
    return file.getvalue()


def test_the_terminal_shows_every_finding() -> None:
    said = shown(SOME)
    assert [said.count(finding.sentence) for finding in SOME.findings] == [1] * 5


def test_into_a_pipe_a_finding_is_one_line() -> None:
    assert f"  {RED.sentence}\n" in shown(SOME)


def test_on_a_terminal_no_line_is_wider_than_it() -> None:
    assert max(map(len, shown(SOME, as_terminal=True).splitlines())) <= 40


def test_the_terminal_gives_the_reason_of_what_was_expected() -> None:
    assert "It agrees. Expected: It was mended." in shown(SOME)


def test_the_terminal_says_which_entry_is_in_vain() -> None:
    assert "expected.yaml:3:5: A change is expected of x" in shown(SOME)


def test_the_terminal_reads_no_markup() -> None:
    assert "[x](y)" in shown(of(NASTY))


# Markdown


def test_markdown_begins_with_the_summary() -> None:
    assert markdown(NOTHING) == ("### keras, 1.0 -&gt; 2.0: nothing changed in 1,704 answers.\n")


def test_markdown_tells_what_fails_from_what_is_noted() -> None:
    text = markdown(SOME)
    fails, noted = text.index("#### Fails the gate"), text.index("#### Noted")
    assert fails < text.index("**newly different**") < noted < text.index("**newly matching**")


def test_markdown_gives_the_reason_and_the_place() -> None:
    text = markdown(SOME)
    assert "*Expected:* It was mended." in text
    assert "(`expected.yaml:3:5`)" in text


def test_markdown_folds_many_cases() -> None:
    text = markdown(of(NASTY))
    assert (
        "\n  <details><summary>All 5 cases</summary>\n\n"
        "  `case-0`, `case-1`, `case-2`, `case-3`, `case-4`\n\n  </details>\n"
    ) in text


def test_markdown_folds_no_cases_that_the_sentence_names() -> None:
    assert "details" not in markdown(of(RED))


def test_markdown_says_why_nothing_was_compared() -> None:
    assert markdown(TROUBLE) == "### conformance gate: a.jsonl: the run is incomplete\n"


def test_markdown_holds_no_markup_of_others() -> None:
    text = markdown(of(replace(NASTY, cases=())))
    assert "<" not in text
    assert "\\]\\]&gt; &amp; &lt;/details&gt; \\[x\\](y)" in text


def test_markdown_fits_a_comment_whatever_there_is_to_say() -> None:
    cases = tuple(f"a-case-with-a-long-name-{number}" for number in range(1_000))
    many = tuple(
        Finding(kind="newly different", apis=(API,), sentence="It. " * 80, cases=cases, red=True)
        for _ in range(500)
    )
    text = markdown(of(*many))
    assert len(text) <= LONGEST_MARKDOWN < 65_536
    assert "- and 450 more" in text


def test_markdown_leaves_cases_out_before_findings() -> None:
    cases = tuple(f"a-case-with-a-long-name-{number}" for number in range(1_000))
    many = tuple(
        Finding(kind="newly different", apis=(API,), sentence=f"It {n}.", cases=cases, red=True)
        for n in range(60)
    )
    text = markdown(of(*many))
    assert all(f"It {n}." in text for n in range(60))
    assert "`a-case-with-a-long-name-19` and 980 more" in text


# JUnit


def junit_tests(result: Result) -> dict[str, ElementTree.Element]:
    root = ElementTree.fromstring(junit(result))
    return {case.attrib["name"]: case for case in root.iter("testcase")}


def test_junit_has_a_test_for_each_api_changed_or_not() -> None:
    assert list(junit_tests(NOTHING)) == [API, OTHER, OTHER_TEST]


def test_junit_passes_what_did_not_change() -> None:
    assert [len(case) for case in junit_tests(NOTHING).values()] == [0, 0, 0]


def test_junit_fails_an_api_once_for_all_its_findings() -> None:
    (failure,) = junit_tests(SOME)[API].findall("failure")
    assert failure.attrib["message"] == f"{RED.sentence} (and 1 finding more)"
    assert failure.text == (
        f"newly different: {API}\n{RED.sentence}\n  a\n  b\n\nanswer changed: {API}\nAnother."
    )


def test_junit_passes_what_was_expected_and_notes_it() -> None:
    case = junit_tests(SOME)[OTHER]
    assert [child.tag for child in case] == ["system-out"]
    assert "Expected: It was mended." in (case[0].text or "")


def test_junit_fails_a_test_of_its_own_for_what_is_of_no_api() -> None:
    (failure,) = junit_tests(SOME)[OTHER_TEST].findall("failure")
    assert "expected.yaml:3:5: " in failure.attrib["message"]
    assert "1 case (d) is new." in (failure.text or "")


@pytest.mark.parametrize(
    ("result", "counts"),
    [
        (NOTHING, {"tests": "3", "failures": "0", "errors": "0"}),
        (SOME, {"tests": "3", "failures": "2", "errors": "0"}),
        (TROUBLE, {"tests": "1", "failures": "0", "errors": "1"}),
    ],
)
def test_junit_counts_what_it_holds(result: Result, counts: dict[str, str]) -> None:
    root = ElementTree.fromstring(junit(result))
    for element in (root, root[0]):
        assert {name: element.attrib[name] for name in counts} == counts


def test_junit_has_an_error_where_nothing_was_compared() -> None:
    (error,) = junit_tests(TROUBLE)["gate"].findall("error")
    assert error.attrib["message"] == "a.jsonl: the run is incomplete"


def test_junit_lists_no_endless_cases() -> None:
    many = Finding(
        kind="k", apis=(API,), sentence="S.", cases=tuple(map(str, range(500))), red=True
    )
    (failure,) = junit_tests(of(many))[API].findall("failure")
    assert (failure.text or "").endswith("\n  199\n  and 300 more")


@given(st.text())
def test_junit_is_xml_whatever_names_and_troubles_hold(text: str) -> None:
    finding = Finding(
        kind="k", apis=(text,) if text else (), sentence="S.", cases=(text,), red=True
    )
    assert OTHER_TEST in junit_tests(of(finding))
    assert "gate" in junit_tests(trouble(CannotCompare(text)))


# Annotations

PLACES = {"b": Place("cases/same.yaml", 97, 9), "d": Place("cases/d%,:.yaml", 1, 1)}


def test_a_finding_is_annotated_at_the_first_case_whose_place_is_known() -> None:
    assert next(github_commands(of(RED), PLACES)) == (
        f"::error file=cases/same.yaml,line=97,title=newly different%3A {API}::{RED.sentence}"
    )


def test_a_finding_whose_cases_are_unknown_is_annotated_without_a_place() -> None:
    assert next(github_commands(of(RED), {})).startswith("::error title=newly different%3A ")


def test_an_entry_in_vain_is_annotated_where_it_stands() -> None:
    assert next(github_commands(of(STALE), {})).startswith("::error file=expected.yaml,line=3,")


def test_what_does_not_fail_the_gate_is_a_notice() -> None:
    assert next(github_commands(of(NOTE), {})).startswith("::notice title=")


def test_nothing_is_annotated_where_nothing_changed() -> None:
    assert list(github_commands(NOTHING, {})) == []


def test_a_trouble_is_annotated_on_one_line() -> None:
    made = trouble(CannotCompare("a.yaml:1:1: 100 %\nb"))
    assert list(github_commands(made, {})) == [
        "::error title=conformance gate::conformance gate: a.yaml:1:1: 100 %25%0Ab"
    ]


def test_what_means_something_to_github_is_escaped_in_a_path() -> None:
    assert next(github_commands(of(OF_CASES), PLACES)).startswith(
        "::error file=cases/d%25%2C%3A.yaml,line=1,"
    )


def test_a_file_of_the_checkout_is_named_from_its_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"a": Place(str(tmp_path / "cases" / "a.yaml"), 1, 1)}
    assert next(github_commands(of(RED), places)).startswith("::error file=cases/a.yaml,line=1,")


def test_a_file_from_elsewhere_keeps_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"a": Place("/elsewhere/a.yaml", 1, 1)}
    assert next(github_commands(of(RED), places)).startswith("::error file=/elsewhere/a.yaml,")


# A finding of several APIs

SEVERAL = tuple(f"plain.api{number}" for number in range(4))
MERGED = Finding(kind="newly different", apis=SEVERAL, sentence="They differ.", red=True)


def test_a_finding_of_several_apis_names_all_of_them() -> None:
    assert MERGED.title == "newly different: plain.api0, plain.api1 and 2 more"
    assert MERGED.text == f"They differ. These are {', '.join(SEVERAL)}."


def test_a_finding_of_two_apis_needs_no_list() -> None:
    two = replace(MERGED, apis=SEVERAL[:2])
    assert (two.title, two.text) == ("newly different: plain.api0 and plain.api1", "They differ.")


def test_a_finding_of_several_apis_fails_the_test_of_each() -> None:
    tests = ElementTree.fromstring(junit(replace(of(MERGED), apis=SEVERAL)))
    failed = [
        case.get("name") for case in tests.iter("testcase") if case.find("failure") is not None
    ]
    assert failed == list(SEVERAL)


def test_markdown_names_all_apis_of_a_finding() -> None:
    text = markdown(of(MERGED))
    assert all(f"`{api}`" in text for api in SEVERAL)


# A part of the baseline


def test_a_part_is_said_to_be_one() -> None:
    part = replace(NOTHING, of=3100, selection="-k stride")
    assert part.summary == (
        "keras, 1.0 -> 2.0: nothing changed in 1,704 of 3,100 answers of the baseline,"
        " selected by -k stride."
    )


def test_findings_of_a_part_are_counted_among_it() -> None:
    part = replace(SOME, of=3100, selection="-k stride")
    assert part.summary.endswith(
        "fail the gate, among 1,704 of 3,100 answers of the baseline, selected by -k stride."
    )
