"""The page of findings: whatever is not in its form is an error, with its line."""

import pytest
from findings_pages import RIGHT, SCRIPT, SEEN, WRONG, add_json, block, entry, page, script

from conformance.adapters.registry import FRAMEWORKS
from conformance.findings import known_bugs
from conformance.findings.known_bugs import Bug
from conformance.findings.page import Entry, PageError, entries, parse
from conformance.findings.sightings import Sighting


@pytest.fixture(autouse=True)
def _json(monkeypatch: pytest.MonkeyPatch) -> None:
    add_json(monkeypatch)


def only(text: str) -> Entry:
    (read,) = parse(page(text))
    return read


# What is read


def test_an_entry_says_where_it_was_seen() -> None:
    assert only(entry()).sightings == (
        Sighting(name="json", versions=("json==1.0",), classes=("here",), others=("there",)),
    )


def test_a_range_of_versions_has_both_its_ends() -> None:
    read = only(entry(seen="- Seen with json 0.9.1 to 1.0 in `here` and `there`."))
    assert read.sightings[0].versions == ("json>=0.9.1,<=1.0",)
    assert read.sightings[0].classes == ("here", "there")


def test_a_backend_is_part_of_a_sighting() -> None:
    seen = "- Seen with keras 3.13.0 to 3.14.1 on jax 0.10.2 in `xla`; not in\n  `xla-x64`."
    read = only(entry(seen=seen, body=script("import keras\nimport jax\n")))
    assert read.sightings == (
        Sighting(
            name="keras-jax",
            versions=("keras>=3.13.0,<=3.14.1", "jax==0.10.2"),
            classes=("xla",),
            others=("xla-x64",),
        ),
    )


def test_a_script_has_what_it_prints() -> None:
    (read,) = only(entry()).scripts
    assert (read.framework, read.source) == ("json", SCRIPT)
    assert [text.strip() for text in (*read.wrong, *read.right)] == [WRONG, RIGHT]


def test_a_script_in_javascript_belongs_to_what_it_requires() -> None:
    source = 'const tf = require("@tensorflow/tfjs-core");\n'
    seen = "- Seen with tfjs 4.22.0 on cpu 4.22.0 in `cpu`."
    body = block("javascript", source) + block("text wrong", WRONG) + block("text right", RIGHT)
    (read,) = only(entry(seen=seen, body=body)).scripts
    assert (read.framework, read.language, read.source) == ("tfjs", "javascript", source)


def test_a_script_in_javascript_that_requires_no_framework_is_an_error() -> None:
    body = block("javascript", "require('fs')\n") + block("text wrong", WRONG)
    with pytest.raises(PageError, match="requires no framework, but fs"):
        only(entry(body=body + block("text right", RIGHT)))


def test_a_script_may_print_one_thing_or_another() -> None:
    (read,) = only(entry(body=script() + block("text wrong", "[3]"))).scripts
    assert len(read.wrong) == 2


def test_scripts_of_two_frameworks_belong_to_their_own_sightings() -> None:
    both = f"{SEEN}\n- Seen with torch 2.0 in `native`."
    read = only(entry(seen=both, body=script() + script("import torch\n")))
    owners = [[one.framework for one in read.scripts_for(seen)] for seen in read.sightings]
    assert owners == [["json"], ["torch"]]


def test_a_page_may_have_no_entries() -> None:
    assert parse(page()) == ()


def test_a_comment_in_a_script_is_no_heading() -> None:
    (read,) = only(entry(body=script(f"## A comment.\n{SCRIPT}"))).scripts
    assert read.source.startswith("## A comment.")


# What is refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (entry(seen="Nothing."), "does not begin with a list of lines `- Seen with ...`"),
        (entry(seen="- Seen with json 1.0."), "is not of the form"),
        (entry(seen="- Seen with json 1.0 in here."), "'here' is no runtime class between two"),
        (entry(seen="- Seen with json 1.0 in `here` and."), "is no runtime class between two"),
        (entry(seen="- Seen with json 1..0 in `here`."), "Invalid version: '1..0'"),
        (entry(seen=f"{SEEN}\n- And elsewhere."), "'- And elsewhere.' is not of the form"),
        (entry(seen="- Seen with numpy 1.0 in `here`."), "there is no adapter of numpy"),
        (entry(seen="- Seen with keras 3.0 in `xla`."), "there is no adapter of keras"),
        (entry(seen="- Seen with keras 3.0 on json 1.0 in `xla`."), "adapter of keras on json"),
        (
            entry(seen="- Seen with json 1.0 in `here`; not in `here`."),
            "it shows in here, and does not",
        ),
        (entry(seen=f"{SEEN}\n{SEEN}"), "two of its sightings are of the same framework"),
        (entry(seen="- Seen with torch 2.0 in `native`."), "sightings are of torch, and its"),
        (entry(body="Words."), "it has no script"),
        (entry(body=block("python", SCRIPT) + block("text wrong", WRONG)), "block `text right`"),
        (entry(body=block("python", SCRIPT) + block("text right", RIGHT)), "block `text wrong`"),
        (entry(body=block("text wrong", WRONG) + script()), "comes before any script"),
        (entry(body=script() + block("sh", "ls")), "a block is marked 'sh'"),
        (entry(body=script() + "```python\nimport json\n"), "one of its blocks does not end"),
        (entry(body=script("print(1)\n")), "has to import one framework"),
        (entry(body=script("import json, torch\n")), "has to import one framework"),
        (entry(body=script("import json, =\n")), "a script is not Python"),
        (entry() + entry(), "an entry before it has the same title"),
    ],
)
def test_what_is_not_in_the_form_is_refused(text: str, said: str) -> None:
    with pytest.raises(PageError) as refused:
        parse(page(text))
    assert said in str(refused.value)


def test_a_refusal_says_the_line_of_the_heading() -> None:
    text = page(entry("First"), entry("Second", seen="Nothing."))
    line = text[: text.index("## Second")].count("\n") + 1
    with pytest.raises(PageError, match=rf"^docs/findings.md:{line}: Second: "):
        parse(text)


# The page that ships


def test_the_page_is_in_its_form() -> None:
    assert entries()


def test_every_class_on_the_page_is_one_of_its_framework() -> None:
    for sighting in (one for section in entries() for one in section.sightings):
        backend = sighting.name.removeprefix(sighting.framework).removeprefix("-")
        interops = FRAMEWORKS[sighting.framework].interops
        known = {kind.name for kind in interops[backend or None].classes}
        assert {*sighting.classes, *sighting.others} <= known


@pytest.mark.parametrize("bug", known_bugs.bugs(), ids=lambda bug: bug.anchor)
def test_a_known_bug_is_of_the_versions_and_classes_of_its_section(bug: Bug) -> None:
    """A section may tell of what computes there alone, such as the backend of Keras."""
    (section,) = (one for one in entries() if one.title == bug.title)
    for occurrence in bug.occurrences:
        classes = [
            set(sighting.classes)
            for sighting in section.sightings
            if set(sighting.versions) <= set(occurrence.versions)
        ]
        assert set(occurrence.classes) in classes
