"""What a search found, as a table and as cases."""

from io import StringIO
from pathlib import Path
from typing import Any

from fakes import searched
from fakes.frameworks import api
from rich.console import Console

from conformance.adapters.runtime import ANY
from conformance.cases import Case, load
from conformance.cases.sampling import draw
from conformance.fuzz import findings
from conformance.fuzz.groups import Finding, Group, Occurrences
from conformance.fuzz.random_search import Search, Tally
from conformance.runs.run_files import Header

SEARCH = Search(
    framework=searched.plain(Path(), api()),
    runtime=ANY,
    apis=(api(),),
    ops=("conv_transpose",),
    seed=7,
    count=1000,
)
HEADER = Header(framework="keras", version="3.0", backend="jax")


def group(name: str = "plain.one", **rest: Any) -> Group:
    return Group(
        **{
            "api": name,
            "mode": "recipe",
            "status": "crashed",
            "reason": "It crashed: of age.",
            **rest,
        }
    )


def finding(name: str = "plain.one", number: int = 3, drawn_as: int = 3, **rest: Any) -> Finding:
    question = draw(7, drawn_as, ("conv_transpose",))
    return Finding(group(name), 2, number, question, **{"reproduced": True, **rest})


def read(text: str, folder: Path) -> tuple[Case, ...]:
    file = folder / "cases.yaml"
    file.write_text(text, encoding="utf-8")
    loaded = load([file])
    assert loaded.problems == ()
    return loaded.cases


def shown(*groups: tuple[Group, int]) -> str:
    tally = Tally(SEARCH)
    tally.groups = {group: Occurrences(count, {None: (1, 0)}) for group, count in groups}
    console = Console(file=StringIO(), width=140)
    findings.show(console, tally)
    return console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO


# Cases


def test_there_is_no_file_of_nothing() -> None:
    assert findings.cases(HEADER, SEARCH, ()) == ""


def test_a_finding_is_a_case(tmp_path: Path) -> None:
    (case,) = read(findings.cases(HEADER, SEARCH, [finding()]), tmp_path)
    assert case.id == "fuzz-keras-jax-7-3"
    assert case.why == "plain.one, crashed recipe: It crashed: of age."


def test_what_was_shrunk_to_the_same_is_one_case(tmp_path: Path) -> None:
    both = [finding("plain.one"), finding("plain.two"), finding("plain.three")]
    (case,) = read(findings.cases(HEADER, SEARCH, both), tmp_path)
    assert case.why.startswith("plain.one, plain.two and plain.three, crashed recipe:")


def test_two_questions_of_one_number_have_two_names(tmp_path: Path) -> None:
    both = [finding(drawn_as=3), finding(drawn_as=4)]
    one, other = read(findings.cases(HEADER, SEARCH, both), tmp_path)
    assert (one.id, other.id) == ("fuzz-keras-jax-7-3", "fuzz-keras-jax-7-3-2")


def test_a_finding_that_does_not_come_again_says_so() -> None:
    text = findings.cases(HEADER, SEARCH, [finding(reproduced=False)])
    assert "Asked once more, it was another." in text


# The table


def test_groups_stand_under_their_kinds_the_most_frequent_first() -> None:
    native = {"mode": "native", "status": "mismatch"}
    lines = shown(
        (group("plain.rare"), 1),
        (group("plain.frequent"), 1200),
        (group("plain.limited", **native, reason="no stride", explanation="limit"), 9000),
        (group("plain.other", **native, reason="bias: dropped", explanation="convention"), 7),
    ).splitlines()
    titles = [n for n, line in enumerate(lines) if line.strip() in findings.TITLES.values()]
    names = ("plain.frequent", "plain.rare", "plain.limited", "plain.other")
    rows = [next(n for n, line in enumerate(lines) if name in line) for name in names]
    assert titles[0] < rows[0] < rows[1] < titles[1] < rows[2] < titles[2] < rows[3]
    assert "1,200" in lines[rows[0]]


def test_of_what_is_no_bug_the_rest_is_summed_up() -> None:
    many = [
        (group(f"plain.n{n}", status="rejected", reason="It refused."), 2)
        for n in range(findings.SHOWN + 3)
    ]
    assert "6 more in 3 groups" in shown(*many)


def test_words_of_a_framework_are_no_markup() -> None:
    assert "[bold]" in shown((group(reason="It crashed: [bold]."), 1))
