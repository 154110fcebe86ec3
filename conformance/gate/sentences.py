"""Describe a group of changes in one sentence that a person can act upon."""

from collections.abc import Iterator, Mapping, Sequence

from conformance.adapters.registry import FRAMEWORKS
from conformance.conventions.axes import BY_NAME
from conformance.gate.groups import Explanation, Group, Side, State
from conformance.gate.result import names, title
from conformance.observations import Mode, Status
from conformance.recorded_answers import Names
from conformance.runs.run_files import Header
from conformance.utils.excerpt import first
from conformance.utils.resources import table
from conformance.utils.text import count, name

SHOWN = 3
"""The number of cases that a sentence names."""
_WORDS: Mapping[str, Mapping[str, str]] = table(__file__, "sentences.toml")
_MODES: Mapping[Mode, str] = {"native": "natively", "recipe": "by recipe"}


def sentence(group: Group, before: Header, after: Header) -> str:
    """Return what changed, in which cases, and which conventions explain it before and after."""
    subject = f"{title(before, after, _subject(group.apis, after))}: "
    if not group.cases:
        return f"{subject}{_inflected(_WORDS['of_apis'][group.kind], group.apis)}."
    cases = f"{_cases(group.cases)}{_topics(group)} {_event(group)}"
    return " ".join((f"{subject}{cases}.", *_explanations(group)))


def _subject(apis: Sequence[str], header: Header) -> str | None:
    """Return the APIs, in one word where they are all APIs of an operator in the framework."""
    if len(apis) <= 1:
        return apis[0] if apis else None
    framework = FRAMEWORKS.get(header.framework)
    available = [api for api in framework.apis if header.apis.get(api.id)] if framework else []
    for operator in {api.operator for api in available if api.id in apis}:
        of_operator = [api for api in available if api.operator == operator]
        plain_ids = {api.id for api in of_operator if not api.is_variant}
        all_ids = {api.id for api in of_operator}
        if len(plain_ids) > 1 and plain_ids <= set(apis) <= all_ids and framework:
            return f"all {len(apis)} {framework.title} APIs of {operator}"
    return names(apis)


def _cases(cases: Sequence[str]) -> str:
    return f"{count(len(cases), 'case')} ({first(list(map(name, cases)), SHOWN)})"


def _topics(group: Group) -> str:
    """Return the topics of all cases, or else those of most of them."""
    number = len(group.cases)
    for minimum, words in ((number, "all about" if number > 1 else "about"), (1, "mostly about")):
        topics = [t for t, cases in group.topics.items() if cases >= max(minimum, number / 2)]
        if topics:
            return f", {words} {_ticked(topics[:SHOWN])},"
    return ""


def _ticked(topics: Sequence[str]) -> str:
    return ", ".join(f"`{name(topic)}`" for topic in topics)


def _event(group: Group) -> str:
    if group.before is None or group.after is None:
        return _inflected(_WORDS["of_cases"][group.kind], group.cases)
    (status,) = group.after.statuses
    if group.kind == "answer changed":
        event = _WORDS["changed_answers"][status]
    elif not group.has_answer and status in _WORDS["unanswerable"]:
        event = _WORDS["unanswerable"][status]
    elif group.before.statuses == ("match",) and status == "mismatch":
        event = "no longer agree{s} with the oracle"
    else:
        event = _WORDS["new_statuses"][status]
    modes = " and ".join(_MODES[mode] for mode in group.modes)
    return _inflected(f"{event}, {modes}{_earlier_status(group.before, status)}", group.cases)


def _earlier_status(before: State, status: Status) -> str:
    """Return the earlier status, where the new one does not imply it."""
    if before.statuses == (status,) or {*before.statuses, status} == {"match", "mismatch"}:
        return ""
    events = " or ".join(_WORDS["old_statuses"][old] for old in before.statuses)
    return f", where {{it}} {events} before"


def _inflected(predicate: str, subjects: Sequence[str]) -> str:
    """Return a predicate whose words in braces have the number of its subjects."""
    plurals = _WORDS["plurals"]
    return predicate.format_map(plurals if len(subjects) > 1 else {word: word for word in plurals})


def _explanations(group: Group) -> Iterator[str]:
    """Yield the explanations before and after, where there is a mismatch to explain."""
    sides: tuple[tuple[Side, str], ...] = (("before", "Before"), ("after", "Now"))
    if group.before == group.after:
        sides = (("after", "Before and now"),)
    for side, when in sides:
        state = group.state(side)
        if state is None or not group.has_answer:
            continue
        if state.statuses == ("mismatch",):
            yield f"{when}: {_meaning(state.explanation, group.ties(side))}"
        elif state.statuses == ("undecided",) and state.explanation:
            others = ", or from ".join(map(_names, (state.explanation, *group.ties(side))))
            yield f"{when}: the cases cannot tell the right answer from {others}."


def _meaning(explanation: Explanation, ties: Names) -> str:
    if not explanation:
        return "no known convention explains it."
    sentences = " ".join(
        BY_NAME[choice].choice.sentence if choice in BY_NAME else f"{name(choice)}."
        for choice in explanation
    )
    meaning = f"{sentences[:-1]} ({_names(explanation)})."
    if not ties:
        return meaning
    return f"{meaning} The cases cannot tell that from {', or from '.join(map(_names, ties))}."


def _names(explanation: Explanation) -> str:
    return " and ".join(map(name, explanation))
