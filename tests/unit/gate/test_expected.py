"""Expected changes: which ones an entry means, which entries are in vain, and what is malformed."""

from dataclasses import replace
from pathlib import Path

import pytest
from gate_runs import API, AT_BEGIN, FLIPPED, OTHER, different, seen, write

from conformance.gate.compare import Comparison, compare
from conformance.gate.expected import Expectation, applied, load
from conformance.gate.snapshot import CannotCompare, open_run, read_run

REASON = "It was mended."
SAME_ODD = "same: odd element: cropped at the start"


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """A case that is right now, another that was and is wrong, and one of another API."""
    folder = tmp_path_factory.mktemp("runs")
    before = [
        different("same-odd", AT_BEGIN),
        different("flip", FLIPPED, digest="a"),
        seen("other", api=OTHER),
    ]
    after = [
        seen("same-odd"),
        different("flip", FLIPPED, digest="b"),
        seen("other", "rejected", api=OTHER),
    ]
    baseline = read_run(write(folder / "before.jsonl", *before))
    candidate = write(folder / "after.jsonl", *after, version="3.15.0")
    return compare(baseline, open_run(candidate))


def entries(folder: Path, text: str) -> tuple[Expectation, ...]:
    path = folder / "expected.yaml"
    path.write_text(text)
    return load(path)


def meant(folder: Path, comparison: Comparison, entry: str) -> set[str]:
    """The cases whose changes one entry means."""
    reasons, _ = applied(entries(folder, f"- {{{entry}, reason: {REASON}}}\n"), comparison)
    assert set(reasons.values()) <= {REASON}
    return {change.case for change in reasons}


@pytest.mark.parametrize(
    ("entry", "cases"),
    [
        (f"api: {API}", {"same-odd", "flip"}),
        ("api: 'keras.*'", {"same-odd", "flip", "other"}),
        (f"api: {API}, cases: [same-odd]", {"same-odd"}),
        (f"api: {API}, cases: 'same-*'", {"same-odd"}),
        (f"api: {API}, cases: [flip, 'same-*']", {"same-odd", "flip"}),
        (f"api: {API}, change: newly matching", {"same-odd"}),
        (f"api: {API}, convention: '{SAME_ODD}'", {"same-odd"}),
        ("api: '*', convention: 'kernel flip: flipped'", {"flip"}),
        (f"api: {API}, change: answer changed, convention: '{SAME_ODD}'", set()),
        (f"api: {OTHER}, change: status changed", {"other"}),
        ("api: keras.layers", set()),
        ("api: '*', framework: keras, backend: torch", {"same-odd", "flip", "other"}),
        ("api: '*', versions: '>=3.15,<4'", {"same-odd", "flip", "other"}),
    ],
)
def test_an_entry_means_the_changes_that_fit_all_it_says(
    tmp_path: Path, comparison: Comparison, entry: str, cases: set[str]
) -> None:
    assert meant(tmp_path, comparison, entry) == cases


def in_vain(folder: Path, comparison: Comparison, entry: str) -> bool:
    _, stale = applied(entries(folder, f"- {{{entry}, reason: {REASON}}}\n"), comparison)
    return bool(stale)


def test_an_entry_that_applies_is_not_in_vain(tmp_path: Path, comparison: Comparison) -> None:
    assert not in_vain(tmp_path, comparison, f"api: {API}")


def test_an_entry_that_applies_to_nothing_is_in_vain(
    tmp_path: Path, comparison: Comparison
) -> None:
    assert in_vain(tmp_path, comparison, f"api: {API}, change: newly different")


@pytest.mark.parametrize(
    "of", ["framework: jax", "backend: jax", "versions: '<3.15'", "versions: '>=3.16'"]
)
def test_an_entry_that_is_about_something_else_is_passed_over(
    tmp_path: Path, comparison: Comparison, of: str
) -> None:
    entry = f"api: '*', {of}"
    assert not in_vain(tmp_path, comparison, entry)
    assert meant(tmp_path, comparison, entry) == set()


def of_version(comparison: Comparison, version: str) -> Comparison:
    header = replace(comparison.after.header, version=version)
    return replace(comparison, after=replace(comparison.after, header=header))


def test_a_version_that_is_none_is_within_no_range(tmp_path: Path, comparison: Comparison) -> None:
    odd = of_version(comparison, "from source")
    assert meant(tmp_path, odd, "api: '*', versions: '>=1'") == set()


def test_a_release_candidate_is_within_its_range(tmp_path: Path, comparison: Comparison) -> None:
    candidate = of_version(comparison, "3.16.0rc1")
    assert meant(tmp_path, candidate, "api: '*', versions: '>=3.15'") != set()


def test_of_two_entries_that_mean_a_change_the_first_gives_the_reason(
    tmp_path: Path, comparison: Comparison
) -> None:
    text = f"- {{api: {OTHER}, reason: One.}}\n- {{api: '*', reason: Two.}}\n"
    reasons, stale = applied(entries(tmp_path, text), comparison)
    assert {change.case: reason for change, reason in reasons.items()}["other"] == "One."
    assert stale == ()


def test_an_entry_knows_where_it_stands(tmp_path: Path) -> None:
    (_, second) = entries(tmp_path, "- {api: a, reason: A.}\n-   api: b\n    reason: B.\n")
    assert str(second.place) == f"{tmp_path / 'expected.yaml'}:2:5"


# What is malformed


LIST = "a file of expected changes is a list, each entry with at least api and reason"


def refusal(folder: Path, text: str) -> list[str]:
    with pytest.raises(CannotCompare) as refused:
        entries(folder, text)
    return str(refused.value).replace(str(folder / "expected.yaml"), "").splitlines()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", f":1:1: the file is empty; {LIST}"),
        ("# nothing yet\n", f":1:1: the file is empty; {LIST}"),
        ("---\n", f":1:1: the file is empty; {LIST}"),
        (
            "- {api: a, reason: A.}\n---\n- {api: b, reason: A.}\n",
            ":2:1: a file of expected changes is one YAML document, and another one begins here",
        ),
        (
            "- {api: !id a, reason: A.}\n",
            ":1:9: tags have no meaning in a file of expected changes, got !id",
        ),
        ("[]\n", ":1:1: this must be a list of expected changes"),
        ("api: a\n", ":1:1: this must be a list of expected changes"),
        ("- a\n", ":1:3: an expected change must be a mapping with at least api and reason"),
        ("- api: a\n", ":1:3: reason is missing"),
        ("- reason: A.\n", ":1:3: api is missing"),
        ("- api: [\n", ":2:1: "),
        ("- {api: a, reason: no stop}\n", ":1:20: reason must be a sentence that ends with a full"),
        ("- {api: 3, reason: A.}\n", ":1:9: api must be text, got 3"),
        ("- {api: a, reason: A., cases: 3}\n", ":1:31: cases must be a list, got 3"),
        ("- {api: a, reason: A., cases: []}\n", ":1:31: cases must have at least 1 entries"),
        ("- {api: a, reason: A., versions: new}\n", ":1:34: versions must be versions such as "),
        ("- {api: a, reason: A., versions: 3.15}\n", ":1:34: versions must be text, got 3.15"),
        (
            "- {api: a, reason: A., change: newly diferent}\n",
            "got the text 'newly diferent'; did you mean 'newly different'?",
        ),
        (
            "- {api: a, reason: A., convention: 'kernel flip'}\n",
            "convention must be the name of a convention; did you mean 'kernel flip: flipped'?",
        ),
        (
            "- {api: a, reason: A., convention: xyz}\n",
            "convention must be the name of a convention; one is 'kernel flip: flipped'",
        ),
        (
            "- {api: a, reason: A., case: b}\n",
            ":1:24: unknown key 'case'; did you mean 'cases'?",
        ),
        (
            "- {api: a, reason: A., topic: b}\n",
            ":1:24: unknown key 'topic'; the keys are api, reason, cases, change, convention,"
            " versions, framework, backend",
        ),
    ],
)
def test_what_is_malformed_is_said_at_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    (said,) = refusal(tmp_path, text)
    assert sentence in said


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, "- {api: 3, reason: A.}\n- {api: a}\n")
    assert said == [":1:9: api must be text, got 3", ":2:3: reason is missing"]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotCompare, match="cannot be read"):
        load(tmp_path / "none.yaml")
